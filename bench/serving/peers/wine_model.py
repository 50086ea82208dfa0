"""The locked model as scikit-learn has it: the same weights and the same standardising, checked against the golden answers."""

import json
import pathlib

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

# Quicker here than scikit-learn's own 64 bits, and what our service computes in.
DTYPE = np.float32


class Model:
    def __init__(self, directory: str):
        folder = pathlib.Path(directory)
        document = json.loads((folder / "model.json").read_text())
        golden = json.loads((folder / "golden.json").read_text())
        self.fields = [one["name"] for one in document["inputs"]]
        self.labels = [one["label"] for one in document["classes"]]
        self.slugs = [one["slug"] for one in document["classes"]]
        self.example = golden["cases"][0]["input"]
        self.pipeline = pipeline(document, json.loads((folder / "network.json").read_text()), folder / "weights.bin")
        for case in golden["cases"]:
            found = self.pipeline.predict_proba(self.matrix([case["input"]]))[0]
            expected = [case["output"][f"p_{slug}"] for slug in self.slugs]
            if not np.allclose(found, expected, atol=1e-5):
                raise SystemExit(f"expected the golden answer {expected}, found {found}")

    def matrix(self, records: list[dict]) -> np.ndarray:
        return np.array([[record[field] for field in self.fields] for record in records], DTYPE)


def pipeline(document: dict, network: dict, weights: pathlib.Path) -> Pipeline:
    values = np.fromfile(weights, "<f4")
    kernels, biases, at = [], [], 0
    for weight in [one for group in network["weightsManifest"] for one in group["weights"]]:
        size = int(np.prod(weight["shape"]))
        tensor = values[at : at + size].reshape(weight["shape"]).astype(DTYPE)
        (kernels if tensor.ndim == 2 else biases).append(tensor)
        at += size
    classifier = MLPClassifier(hidden_layer_sizes=[len(bias) for bias in biases[:-1]], activation="relu")
    classifier.coefs_, classifier.intercepts_ = kernels, biases
    classifier.n_layers_, classifier.n_outputs_ = len(kernels) + 1, len(biases[-1])
    classifier.out_activation_ = "softmax"
    classifier.classes_ = np.array([one["label"] for one in document["classes"]])
    classifier.n_features_in_ = len(document["inputs"])
    scaler = StandardScaler()
    scaler.mean_ = np.array([one["mean"] for one in document["inputs"]], DTYPE)
    scaler.scale_ = np.array([one["std"] for one in document["inputs"]], DTYPE)
    scaler.var_ = scaler.scale_**2
    scaler.n_features_in_ = len(document["inputs"])
    return make_pipeline(scaler, classifier)
