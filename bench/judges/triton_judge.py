"""tritonclient.http against the service: health, metadata, statistics, inference in JSON and binary, compressed, refused."""
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

url = sys.argv[1].removeprefix("http://")
passed = 0


def check(name, holds):
    global passed
    if not holds:
        sys.exit(f"tritonclient: {name}: not so")
    passed += 1


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return str(error)
    return ""


client = triton.InferenceServerClient(url)
model = "wine"
check("live", client.is_server_live())
check("ready", client.is_server_ready())
check("model ready", client.is_model_ready(model))
check("another model is not ready", not client.is_model_ready("nope"))
server = client.get_server_metadata()
check("binary extension", "binary_tensor_data" in server["extensions"])
metadata = client.get_model_metadata(model)
version = metadata["versions"][0]
check("version ready", client.is_model_ready(model, version))
check("metadata of a version", client.get_model_metadata(model, version) == metadata)
names = [tensor["name"] for tensor in metadata["inputs"]]
before = client.get_inference_statistics(model)["model_stats"][0]["inference_count"]


def inputs(rows, binary, dtype=np.float64, datatype="FP64", columns=names):
    tensors = []
    for index, name in enumerate(columns):
        tensor = triton.InferInput(name, [rows, 1], datatype)
        tensor.set_data_from_numpy(np.full((rows, 1), index + 1, dtype=dtype), binary_data=binary)
        tensors.append(tensor)
    return tensors


reference = None
for rows in (1, 3, 1000):
    for binary_in in (False, True):
        for named in (None, False, True):
            for compression in (None, "gzip", "deflate"):
                outputs = None
                if named is not None:
                    outputs = [
                        triton.InferRequestedOutput(name, binary_data=named)
                        for name in ("probabilities", "label", "confidence")
                    ]
                answer = client.infer(
                    model,
                    inputs(rows, binary_in),
                    outputs=outputs,
                    request_id="r-1",
                    model_version=version if binary_in else "",
                    request_compression_algorithm=compression,
                    response_compression_algorithm=compression,
                )
                what = f"rows {rows}, binary in {binary_in}, out {named}, {compression}"
                probabilities = answer.as_numpy("probabilities")
                check(f"shape, {what}", probabilities.shape == (rows, 3))
                check(f"type, {what}", probabilities.dtype == np.float32)
                check(f"sum, {what}", np.allclose(probabilities.sum(axis=1), 1, atol=1e-5))
                check(f"label, {what}", (answer.as_numpy("label")[:, 0] == probabilities.argmax(axis=1) + 1).all())
                check(f"confidence, {what}", (answer.as_numpy("confidence")[:, 0] == probabilities.max(axis=1)).all())
                check(f"id, {what}", answer.get_response()["id"] == "r-1")
                reference = probabilities[0] if reference is None else reference
                check(f"the same answer, {what}", (probabilities == reference).all())

for dtype, datatype in [(np.float32, "FP32"), (np.float16, "FP16"), (np.int8, "INT8"), (np.uint8, "UINT8"),
                        (np.int16, "INT16"), (np.uint16, "UINT16"), (np.int32, "INT32"), (np.uint32, "UINT32"),
                        (np.int64, "INT64"), (np.uint64, "UINT64")]:
    answer = client.infer(model, inputs(2, True, dtype, datatype))
    check(f"the same answer in {datatype}", (answer.as_numpy("probabilities") == reference).all())

only = client.infer(model, inputs(1, True), outputs=[triton.InferRequestedOutput("confidence")])
check("only the output asked for", only.as_numpy("probabilities") is None)
top = client.infer(model, inputs(1, True), outputs=[triton.InferRequestedOutput("probabilities", class_count=2)])
check("classification", len(top.as_numpy("probabilities").flatten()[0].split(b":")) == 3)
client.infer(model, inputs(1, True), priority=1, timeout=60_000_000)
check("a deadline", "within" in refusal(lambda: client.infer(model, inputs(1, True), timeout=1)))
check("an unknown model", "nope" in refusal(lambda: client.infer("nope", inputs(1, True))))
check("an unknown version", "version" in refusal(lambda: client.infer(model, inputs(1, True), model_version="7")))
check("a missing input", "missing field" in refusal(lambda: client.infer(model, inputs(1, True, columns=names[1:]))))
check("an unknown output", "expected some of" in refusal(
    lambda: client.infer(model, inputs(1, True), outputs=[triton.InferRequestedOutput("nope")])))
asked = client.async_infer(model, inputs(2, True)).get_result()
check("asynchronously", asked.as_numpy("probabilities").shape == (2, 3))
after = client.get_inference_statistics(model)["model_stats"][0]["inference_count"]
check("statistics count rows", after > before)
print(f"tritonclient: {passed} checks passed")
