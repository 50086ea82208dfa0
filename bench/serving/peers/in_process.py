"""scikit-learn without a service: for each line `MILLISECONDS ROWS` it predicts that long and answers with rows per CPU-second."""

import sys
import time

import numpy as np

from wine_model import Model

model = Model(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    milliseconds, rows = map(int, line.split())
    matrix = np.repeat(model.matrix([model.example]), rows, 0)
    end, started, predicted = time.monotonic() + milliseconds / 1000, time.process_time(), 0
    while time.monotonic() < end:
        model.pipeline.predict_proba(matrix)
        predicted += rows
    print(predicted / (time.process_time() - started), flush=True)
