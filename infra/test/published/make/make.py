# Cuts what trireme uses out of the vendors' own published API models, so that tests need neither Python nor a network.
# `python3 infra/test/published/make/make.py` writes ../models; with `--check` it only says whether they are what it would write.
# Needs Python 3.10 or later with pip, and PyPI; every package is pinned by version and hash in requirements.txt.
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import aws
import azure
import google
from selection import AWS, AZURE, GOOGLE

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "models"
LICENCES = {"botocore": "Apache-2.0", "google-api-python-client": "Apache-2.0"}


def main():
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", HERE / "requirements.txt", "-d", directory], check=True)
        wheels = {wheel_name(path): path for path in pathlib.Path(directory).glob("*.whl")}
        made = {}
        for cutter, selection in ((aws.cut, AWS), (google.cut, GOOGLE), (azure.cut, AZURE)):
            for name, (package, source, operations) in selection.items():
                made[f"{name}.json"] = written(model(wheels[package], package, source, cutter, operations))
    return compare(made) if "--check" in sys.argv else write(made)


def wheel_name(path):
    return path.name.split("-")[0].replace("_", "-")


def model(path, package, source, cutter, operations):
    with zipfile.ZipFile(path) as wheel:
        files = [source] if not source.endswith("/") else sorted(one for one in wheel.namelist() if one.startswith(source) and one.endswith(".py"))
        digest = hashlib.sha256(b"".join(wheel.read(one) for one in files)).hexdigest()
        return {
            "package": package,
            "version": path.name.split("-")[1],
            "licence": LICENCES.get(package, "MIT"),
            "file": source,
            "sha256": digest,
            **cutter(wheel, source, operations),
        }


def written(made):
    """One line per operation and definition: small, and a change of the vendor's shows as one line."""
    parts = []
    for key, value in made.items():
        if key in ("operations", "definitions"):
            lines = ",\n".join(f"{json.dumps(name)}:{compact(value[name])}" for name in sorted(value))
            parts.append(f"{json.dumps(key)}:{{\n{lines}\n}}")
        else:
            parts.append(f"{json.dumps(key)}:{compact(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write(made):
    MODELS.mkdir(exist_ok=True)
    for old in MODELS.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (MODELS / name).write_text(text)
        print(f"{len(text):7d} {name}")
    return 0


def compare(made):
    there = {path.name: path.read_text() for path in MODELS.glob("*.json")}
    stale = sorted(name for name in {*made, *there} if made.get(name) != there.get(name))
    for name in stale:
        print(f"{name} is not what the packages pinned in requirements.txt give: run `npm run published-models`", file=sys.stderr)
    if not stale:
        print(f"{len(made)} models are as published")
    return 1 if stale else 0


sys.exit(main())
