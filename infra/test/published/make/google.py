# Google's discovery document of one API as JSON Schema: its REST operations with their parameters, and its messages.
import json
import re

FORMATS = {
    "int64": {"pattern": "^-?[0-9]+$"},
    "uint64": {"pattern": "^[0-9]+$"},
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"minimum": 0, "maximum": 2**32 - 1},
    "google-datetime": {"format": "date-time"},
    "date-time": {"format": "date-time"},
    "google-duration": {"pattern": "^-?[0-9]+([.][0-9]{1,9})?s$"},
}


def cut(wheel, source, operations):
    document = json.loads(wheel.read(source))
    definitions, kept = {}, {}

    def refer(name):
        if name not in definitions:
            definitions[name] = None
            definitions[name] = schema(document["schemas"][name])
        return {"$ref": f"#/definitions/{name}"}

    def schema(one):
        if "$ref" in one:
            return refer(one["$ref"])
        if one["type"] == "object":
            if "additionalProperties" in one:
                return {"type": "object", "additionalProperties": schema(one["additionalProperties"])}
            made = {"type": "object", "additionalProperties": False, "properties": {}}
            required = []
            for name, property in one.get("properties", {}).items():
                said = property.get("description", "")
                output = property.get("readOnly") or said.startswith("Output only.")
                made["properties"][name] = {**schema(property), **({"readOnly": True} if output else {})}
                if said.startswith("Required.") and not output:
                    required.append(name)
            return {**made, **({"required": sorted(required)} if required else {})}
        if one["type"] == "array":
            return {"type": "array", "items": schema(one["items"])}
        if one["type"] == "any":
            return {}
        bounds = {key: float(one[key]) if "." in one[key] else int(one[key]) for key in ("minimum", "maximum") if key in one}
        texts = {key: one[key] for key in ("enum", "pattern") if key in one}
        return {"type": one["type"], **FORMATS.get(one.get("format"), {}), **bounds, **texts}

    def find(path):
        *resources, method = path.split(".")
        node = document
        for name in resources:
            node = node["resources"][name]
        return node["methods"][method]

    def parameter(one):
        made = schema({key: value for key, value in one.items() if key in ("type", "format", "enum", "pattern", "minimum", "maximum")})
        return {"type": "array", "items": made} if one.get("repeated") else made

    anywhere = {name: parameter(one) for name, one in document.get("parameters", {}).items()}
    for path in operations:
        method = find(path)
        parameters = method.get("parameters", {})
        place = "/" + document.get("servicePath", "") + method["path"]
        for name, one in parameters.items():
            if one["location"] == "path":
                # `{+name}` stands for several segments, of the pattern that the parameter has.
                pattern = one.get("pattern", "^[^/]+$").removeprefix("^").removesuffix("$")
                place = re.sub(r"\{\+?%s\}" % name, lambda _: f"(?:{pattern})", place)
        kept[path] = {
            "method": method["httpMethod"],
            "path": f"^{place}$",
            "query": {name: parameter(one) for name, one in sorted(parameters.items()) if one["location"] == "query"},
            **({"request": refer(method["request"]["$ref"])} if "request" in method else {}),
            "answer": refer(method["response"]["$ref"]),
        }
    return {"query": anywhere, "operations": kept, "definitions": definitions}
