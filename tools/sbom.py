"""Write software bills of materials (CycloneDX, JSON) of the wheel in ``dist/``: its core, and with train and serve.

Run by ``make sbom``. The wheel goes into an environment with nothing else in it, so that a bill names exactly what an
installation brings, with versions and licences; the models that facialis ships or fetches stand in it with their
SHA-256. ``--list`` prints the packages of the bills that were written as requirements instead, for ``make audit``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

BILLS = {"core": "", "train-serve": "[train,serve]"}
"""Name of the bill -> extras."""
SCRIPTS = Path(sys.executable).parent
MODELS = """
import json
from importlib.resources import files
import hashlib
import facialis
from facialis.faces.asset_table import ASSETS
graph = files("facialis").joinpath("detection/default.bundle/model.onnx").read_bytes()
models = [("default.bundle", facialis.__version__, hashlib.sha256(graph).hexdigest(), "Apache-2.0", None, "shipped")]
models += [(a.filename, None, a.sha256, a.licence, a.address, "fetched when first needed") for a in ASSETS.values()]
print(json.dumps(models))
"""


def main() -> None:
    """Install the wheel, extra by extra, and write what is then there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("dist"))
    parser.add_argument("--list", action="store_true", help="print what the written bills name")
    args = parser.parse_args()
    if args.list:
        print("\n".join(packages(args.folder)))
        return
    wheels = sorted(args.folder.glob("facialis-*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{args.folder}: {len(wheels)} wheels, expected one; run make dist")
    version = wheels[0].name.split("-")[1]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder)
        python = Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        for name, extras in BILLS.items():
            install(python, f"{wheels[0]}{extras}")
            bill = bill_of(python, version)
            if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)):
                sys.exit(f"{name}: no valid CycloneDX 1.6: {wrong}")
            target = args.folder / f"facialis-{version}-{name}.cdx.json"
            target.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
            print(f"{target}: {len(bill['components'])} components")


def install(python: Path, requirement: str) -> None:
    """Install `requirement` where `python` is."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, requirement], check=True)


def packages(folder: Path) -> list[str]:
    """Return the packages of the bills in `folder` as NAME==VERSION, without facialis itself and local suffixes."""
    bills = sorted(folder.glob("facialis-*.cdx.json"))
    if len(bills) != len(BILLS):
        sys.exit(f"{folder}: {len(bills)} bills of materials, expected {len(BILLS)}; run make sbom")
    found = [entry for bill in bills for entry in json.loads(bill.read_text(encoding="utf-8"))["components"]]
    return sorted(
        {f"{entry['name']}=={entry['version'].partition('+')[0]}" for entry in found if entry["type"] == "library"}
    )


def bill_of(python: Path, version: str) -> dict[str, Any]:
    """Return the bill of what is installed where `python` is; the root is facialis at `version`, its models with it."""
    tool = [str(SCRIPTS / "cyclonedx-py"), "environment", str(python), "--pyproject", "pyproject.toml"]
    options = ["--mc-type", "application", "--output-format", "JSON", "--output-reproducible"]
    bill: dict[str, Any] = json.loads(
        subprocess.run([*tool, *options], check=True, stdout=subprocess.PIPE, text=True).stdout
    )
    bill["metadata"]["component"] |= {"version": version, "purl": f"pkg:pypi/facialis@{version}"}
    models = json.loads(subprocess.run([python, "-c", MODELS], check=True, stdout=subprocess.PIPE, text=True).stdout)
    bill["components"] += [_model(*entry) for entry in models]
    return bill


def _model(name: str, version: str | None, sha256: str, licence: str, address: str | None, how: str) -> dict[str, Any]:
    """Return one model as a component."""
    component: dict[str, Any] = {
        "type": "machine-learning-model" if name.endswith((".bundle", ".task")) else "file",
        "bom-ref": f"file:{name}",
        "name": name,
        "description": how,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": [{"license": {"id": licence}}],
    }
    if version:
        component["version"] = version
    if address:
        component["externalReferences"] = [{"type": "distribution", "url": address}]
    return component


if __name__ == "__main__":
    main()
