# Botocore's description of one AWS API as JSON Schema: shapes, members, enumerations, bounds and patterns.
import gzip
import json

BOUNDS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
    "integer": ("minimum", "maximum"),
    "long": ("minimum", "maximum"),
    "float": ("minimum", "maximum"),
    "double": ("minimum", "maximum"),
}
TYPES = {
    "string": "string", "blob": "string", "boolean": "boolean", "integer": "integer", "long": "integer",
    "float": "number", "double": "number", "timestamp": "number",
}


def cut(wheel, source, operations):
    model = json.loads(gzip.decompress(wheel.read(source)))
    shapes, kept, definitions = model["shapes"], {}, {}

    def refer(name):
        if name not in definitions:
            definitions[name] = None
            definitions[name] = schema(shapes[name])
        return {"$ref": f"#/definitions/{name}"}

    def member(shape):
        # The JSON protocols spell a member as it is named; a member with a place in the path or a header is a member still.
        return refer(shape["shape"])

    def schema(shape):
        kind = shape["type"]
        least, most = BOUNDS.get(kind, (None, None))
        bounds = {name: shape[key] for key, name in (("min", least), ("max", most)) if name and key in shape}
        if kind == "structure":
            made = {"type": "object", "additionalProperties": False}
            made["properties"] = {name: member(one) for name, one in shape["members"].items()}
            if shape.get("required"):
                made["required"] = sorted(shape["required"])
            return {**made, **({"maxProperties": 1} if shape.get("union") else {})}
        if kind == "list":
            return {"type": "array", "items": member(shape["member"]), **bounds}
        if kind == "map":
            keys, values = member(shape["key"]), member(shape["value"])
            return {"type": "object", "propertyNames": keys, "additionalProperties": values, **bounds}
        made = {"type": TYPES[kind], **bounds}
        if "enum" in shape:
            made["enum"] = shape["enum"]
        if "pattern" in shape:
            # The vendor matches the whole text.
            made["pattern"] = f"^(?:{shape['pattern']})$"
        return made

    for name in operations:
        operation = model["operations"][name]
        kept[name] = {
            **({"request": refer(operation["input"]["shape"])} if "input" in operation else {}),
            **({"answer": refer(operation["output"]["shape"])} if "output" in operation else {}),
            "errors": sorted(one["shape"] for one in operation.get("errors", [])),
        }
    return {"operations": kept, "definitions": definitions}
