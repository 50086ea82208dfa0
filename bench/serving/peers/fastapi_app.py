"""FastAPI and scikit-learn on uvicorn: `fastapi_app.py PORT MODEL_DIRECTORY [batching]`, the one process that most teams begin with."""

import asyncio
import sys

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import ConfigDict, create_model

from wine_model import DTYPE, Model

port, directory, *options = sys.argv[1:]
model = Model(directory)
Record = create_model("Record", __config__=ConfigDict(extra="forbid", strict=True), **{one: (float, ...) for one in model.fields})
Prediction = create_model(
    "Prediction", label=(int, ...), confidence=(float, ...), **{f"p_{slug}": (float, ...) for slug in model.slugs}
)
app = FastAPI()


def row_of(record: Record) -> list[float]:
    return [getattr(record, field) for field in model.fields]


def prediction_of(probabilities: np.ndarray) -> Prediction:
    best = int(probabilities.argmax())
    values = probabilities.tolist()
    named = {f"p_{slug}": value for slug, value in zip(model.slugs, values)}
    return Prediction(label=model.labels[best], confidence=values[best], **named)


class Batcher:
    """What arrives in one turn of the event loop is predicted together, without waiting for more."""

    def __init__(self):
        self.waiting: list[tuple[list[float], asyncio.Future]] = []

    def submit(self, row: list[float]) -> asyncio.Future:
        loop = asyncio.get_running_loop()
        if not self.waiting:
            loop.call_soon(self.flush)
        future = loop.create_future()
        self.waiting.append((row, future))
        return future

    def flush(self):
        waiting, self.waiting = self.waiting, []
        answers = model.pipeline.predict_proba(np.array([row for row, _ in waiting], DTYPE))
        for (_, future), answer in zip(waiting, answers):
            if not future.cancelled():
                future.set_result(answer)


batcher = Batcher()

if "batching" in options:

    @app.post("/predict")
    async def predict(record: Record) -> Prediction:
        return prediction_of(await batcher.submit(row_of(record)))

else:

    @app.post("/predict")
    async def predict(record: Record) -> Prediction:
        return prediction_of(model.pipeline.predict_proba(np.array([row_of(record)], DTYPE))[0])


uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(port),
    loop="uvloop",
    http="httptools",
    access_log=False,
    log_level="warning",
    timeout_keep_alive=60,
)
