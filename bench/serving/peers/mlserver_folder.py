"""Writes the folder that MLServer serves, with adaptive batching: `mlserver_folder.py FOLDER MODEL_DIRECTORY PORT GRPC_PORT METRICS_PORT`."""

import json
import pathlib
import sys

import joblib

from wine_model import Model

folder, directory, port, grpc, metrics = sys.argv[1:]
target = pathlib.Path(folder)
joblib.dump(Model(directory).pipeline, target / "model.joblib")
settings = {
    "host": "127.0.0.1",
    "http_port": int(port),
    "grpc_port": int(grpc),
    "metrics_port": int(metrics),
    # In the process itself: https://mlserver.readthedocs.io/en/latest/user-guide/parallel-inference.html says what the workers cost a light model.
    "parallel_workers": 0,
    "debug": False,
}
model = {
    "name": "wine",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "max_batch_size": 64,
    "max_batch_time": 0.001,
    "parameters": {"uri": "./model.joblib"},
}
(target / "settings.json").write_text(json.dumps(settings))
(target / "model-settings.json").write_text(json.dumps(model))
