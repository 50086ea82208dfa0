# The models of one of Azure's Python packages as JSON Schema, read from their source: both forms in which they are generated.
import ast
import re


def cut(wheel, source, operations):
    """`operations`: name in the package → (file of operations, builder, request, answer); without a builder only the request counts."""
    classes = {}
    for name in wheel.namelist():
        if name.startswith(source) and re.search(r"/_(models|models_py3|enums|.*_enums)\.py$", name):
            for node in ast.parse(wheel.read(name)).body:
                if isinstance(node, ast.ClassDef):
                    classes[node.name] = node
    children = {}
    for node in classes.values():
        for base in bases(node):
            children.setdefault(base, []).append(node.name)
    definitions, kept = {}, {}

    def refer(name):
        if is_enum(classes[name]):
            return {"type": "string", "enum": enum_values(classes[name])}
        kinds = [one for one in descendants(name) if discriminator(classes[one])]
        if kinds:
            return {"anyOf": [define(one) for one in sorted(kinds)]}
        return define(name)

    def descendants(name):
        return [one for child in children.get(name, []) for one in (child, *descendants(child))]

    def define(name):
        if name not in definitions:
            definitions[name] = None
            definitions[name] = structure(name)
        return {"$ref": f"#/definitions/{name}"}

    def lineage(name):
        node = classes.get(name)
        return [] if node is None else [*[one for base in bases(node) for one in lineage(base)], node]

    def structure(name):
        made = {"type": "object", "additionalProperties": False, "properties": {}}
        required = set()
        for node in lineage(name):
            for wire, schema, needed in [*fields_of(node), *mapped(node)]:
                if wire == "":
                    made["additionalProperties"] = True
                    continue
                # `properties.profiles`: the package flattens what the wire nests.
                *outer, last = [one.replace("\0", ".") for one in wire.replace("\\.", "\0").split(".")]
                place, needs = made, required
                for step in outer:
                    place = place["properties"].setdefault(step, {"type": "object", "additionalProperties": False, "properties": {}})
                    needs = place.setdefault("required", [])
                place["properties"][last] = schema
                if needed:
                    needs.add(last) if isinstance(needs, set) else needs.append(last)
        return tidy({**made, **({"required": sorted(required)} if required else {})})

    def fields_of(node):
        for one in node.body:
            if not isinstance(one, ast.AnnAssign) or not isinstance(one.value, ast.Call):
                continue
            if getattr(one.value.func, "id", "") not in ("rest_field", "rest_discriminator"):
                continue
            given = {key.arg: ast.literal_eval(key.value) for key in one.value.keywords if key.arg in ("name", "visibility")}
            schema = typed(one.annotation)
            if given.get("visibility") == ["read"]:
                schema = {**schema, "readOnly": True}
            optional = ast.unparse(one.annotation).startswith("Optional[")
            yield given.get("name", one.target.id), schema, not optional and not schema.get("readOnly")

    def typed(node):
        if isinstance(node, ast.Constant):
            return typed(ast.parse(node.value, mode="eval").body) if isinstance(node.value, str) else {}
        if isinstance(node, ast.Subscript):
            outer = ast.unparse(node.value)
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if outer == "Optional":
                return typed(inner[0])
            if outer == "Union":
                return typed(inner[-1])
            if outer in ("list", "List"):
                return {"type": "array", "items": typed(inner[0])}
            if outer in ("dict", "Dict"):
                return {"type": "object", "additionalProperties": typed(inner[1])}
            if outer == "Literal":
                values = [ast.unparse(one) if isinstance(one, ast.Attribute) else ast.literal_eval(one) for one in inner]
                return {"type": "string", "enum": [literal(one) for one in values]}
        return named(ast.unparse(node).removeprefix("_models."))

    def literal(text):
        # `AuthType.ANONYMOUS`
        owner, _, member = text.rpartition(".")
        return dict(members(classes[owner]))[member] if owner in classes else text

    def named(name):
        simple = {"str": "string", "int": "integer", "bool": "boolean", "float": "number"}
        if name in simple:
            return {"type": simple[name]}
        if name in ("datetime.datetime", "iso-8601"):
            return {"type": "string", "format": "date-time"}
        if name in ("datetime.timedelta", "duration"):
            return {"type": "string", "pattern": "^P"}
        if name in ("datetime.date", "date", "bytes", "bytearray"):
            return {"type": "string"}
        return refer(name) if name in classes else {}

    def mapped(node):
        # The older form: `_attribute_map` and `_validation`; enumerations are named in the comment only.
        tables = {}
        for one in node.body:
            if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None:
                target = one.targets[0] if isinstance(one, ast.Assign) else one.target
                if getattr(target, "id", "") in ("_attribute_map", "_validation"):
                    tables[target.id] = ast.literal_eval(one.value)
        said = " ".join((ast.get_docstring(node) or "").split())
        fixed = discriminator(node)
        for attribute, entry in tables.get("_attribute_map", {}).items():
            rule = tables.get("_validation", {}).get(attribute, {})
            schema = wired(entry["type"])
            enum = re.search(r":vartype %s: str or ~[\w.]+\.(\w+)" % re.escape(attribute), said)
            if schema == {"type": "string"} and enum and enum[1] in classes:
                schema = refer(enum[1])
            if fixed and fixed[0] == attribute:
                schema = {"type": "string", "enum": [fixed[1]]}
            length = {"max_length": "maxLength", "min_length": "minLength", "pattern": "pattern", "max_items": "maxItems",
                      "min_items": "minItems", "maximum": "maximum", "minimum": "minimum"}
            bounds = {length[key]: value for key, value in rule.items() if key in length and value != 0}
            schema = {**schema, **bounds, **({"readOnly": True} if rule.get("readonly") else {})}
            yield entry["key"], schema, rule.get("required", False) and not rule.get("readonly")

    def wired(text):
        if text.startswith("["):
            return {"type": "array", "items": wired(text[1:-1])}
        if text.startswith("{"):
            return {"type": "object", "additionalProperties": wired(text[1:-1])}
        return named(text)

    def discriminator(node):
        """The attribute and the value by which this class is told from its siblings; in the newer form a literal tells it."""
        for base in bases(node):
            for one in classes[base].body if base in classes else []:
                if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == "_subtype_map":
                    for attribute, values in ast.literal_eval(one.value).items():
                        for value, name in values.items():
                            if name == node.name:
                                return attribute, value
        return None

    def answered(name):
        if not name.startswith("["):
            return refer(name)
        # https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#collections
        page = {"value": {"type": "array", "items": refer(name[1:-1])}, "nextLink": {"type": "string"}}
        return {"type": "object", "additionalProperties": False, "properties": page, "required": ["value"]}

    for name, (file, builder, request, answer) in operations.items():
        kept[name] = {
            **(route(wheel.read(file).decode(), builder) if builder else {}),
            **({"request": refer(request)} if request else {}),
            **({"answer": answered(answer)} if answer else {}),
        }
    return {"operations": kept, "definitions": definitions}


def route(text, builder):
    found = re.search(r"^def %s\(.*?^    return HttpRequest\(method=\"(\w+)\"" % builder, text, re.S | re.M)
    body = found[0]
    assigned = [one for one in ast.walk(ast.parse(f"{body[:body.rindex('return')]}return")) if isinstance(one, ast.Assign)]
    [url] = [one.value for one in assigned if ast.unparse(one.targets[0]) == "_url"]
    path = ast.literal_eval(url.args[-1] if isinstance(url, ast.Call) else url)
    # `{resourceUri}` alone stands for a whole path.
    pattern = re.sub(r"\{(\w+)\}", lambda one: ".+" if one[1] == "resourceUri" else "[^/]+", path)
    query = sorted(set(re.findall(r'_SERIALIZER\.query\(\s*"(\w+)"', body)))
    wire = dict(re.findall(r'_params\["([^"]+)"\] = _SERIALIZER\.query\(\s*"(\w+)"', body))
    return {
        "method": found[1],
        "path": f"^/?{pattern.removeprefix('/')}$",
        "query": {name: {"type": "string"} for name in sorted(wire) if wire[name] in query},
    }


def bases(node):
    return [ast.unparse(one).removeprefix("_models.").split(".")[-1] for one in node.bases]


def is_enum(node):
    return any("Enum" in ast.unparse(one) for one in node.bases)


def members(node):
    return [
        (one.targets[0].id, ast.literal_eval(one.value))
        for one in node.body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
    ]


def enum_values(node):
    return sorted(value for _, value in members(node))


def tidy(schema):
    for one in schema.get("properties", {}).values():
        if one.get("required") == []:
            del one["required"]
        tidy(one)
    return schema
