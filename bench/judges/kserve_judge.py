"""The kserve client against the service, v1 and v2: readiness, inference in JSON and binary, and errors it can show."""
import asyncio
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

url = sys.argv[1]
passed = 0


def check(name, holds):
    global passed
    if not holds:
        sys.exit(f"kserve: {name}: not so")
    passed += 1


async def refusal(call):
    try:
        await call
    except httpx.HTTPStatusError as error:
        return str(error)
    return ""


async def main():
    model = "wine"
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    check("v2 server ready", await v2.is_server_ready(url))
    check("v2 server live", await v2.is_server_live(url))
    check("v2 model ready", await v2.is_model_ready(url, model))
    check("v1 model ready", await v1.is_model_ready(url, model))
    metadata = (await httpx.AsyncClient().get(f"{url}/v2/models/{model}")).json()
    names = [tensor["name"] for tensor in metadata["inputs"]]

    rows = [{name: index + 1.0 for index, name in enumerate(names)}] * 2
    answer = await v1.infer(url, {"instances": rows}, model_name=model)
    check("v1 answers every row", len(answer["predictions"]) == 2)
    check("v1 names an error", "unknown field" in await refusal(v1.infer(url, {"instances": [{"nope": 1}]}, model_name=model)))
    check("v1 unknown model", "Servable not found" in await refusal(v1.infer(url, {"instances": rows}, model_name="nope")))

    for binary in (False, True):
        inputs = []
        for index, name in enumerate(names):
            tensor = InferInput(name, [2, 1], "FP64")
            tensor.set_data_from_numpy(np.full((2, 1), index + 1.0), binary_data=binary)
            inputs.append(tensor)
        for out in (False, True):
            request = InferRequest(model, inputs, request_id="k-1", parameters={"binary_data_output": out})
            found = await v2.infer(url, request, model_name=model)
            tensors = {output.name: output for output in found.outputs}
            check(f"v2 binary in {binary}, out {out}: id", found.id == "k-1")
            check(f"v2 binary in {binary}, out {out}: shape", list(tensors["probabilities"].shape) == [2, 3])
            values = np.asarray(tensors["probabilities"].as_numpy()).reshape(2, 3)
            check(f"v2 binary in {binary}, out {out}: as v1", np.allclose(values[0], answer["predictions"][0]["probabilities"]))
    check("v2 unknown model", "expected a model" in await refusal(v2.infer(url, InferRequest("nope", inputs), model_name="nope")))
    check("v2 names an error", "missing field" in await refusal(v2.infer(url, InferRequest(model, inputs[1:]), model_name=model)))
    print(f"kserve: {passed} checks passed")


asyncio.run(main())
