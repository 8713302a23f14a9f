"""What is served below ``engine/``: judging in the browser, whole or not at all."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from facialis.detection.bundle import Bundle
from facialis.faces.assets import verify
from facialis.service.engine_facts import engine_facts, fits
from facialis.service.runtimes import runtime_files

MODEL, HEAD, LANDMARKER = "model.onnx", "head.onnx", "face_landmarker.task"


def engine_files(bundle: Bundle) -> dict[str, Path | bytes] | None:
    """Return the files below ``engine/`` by their address there: where on this disk they lie, or their content.

    None where the bundle reads more than landmarks, or where the browser's runtimes or the landmarker's model file are
    not on this disk; nothing is fetched (`facialis.service.runtimes.fetch_runtimes` does).
    """
    runtimes = runtime_files()
    model, whole = verify("face_landmarker")
    if runtimes is None or model is None or not whole or not fits(bundle):
        return None
    found: dict[str, Path | bytes] = {**runtimes, LANDMARKER: model, MODEL: bundle.graph}
    if bundle.by_measures:
        found[HEAD] = bundle.head[0]
    large = {name: _size(content) for name, content in found.items() if not name.endswith((".js", ".mjs"))}
    facts = json.dumps(engine_facts(bundle, large), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return found | {"facts.json": facts.encode()} | engine_modules()


def engine_modules() -> dict[str, Path | bytes]:
    """Return the engine's own modules by name."""
    folder = files("facialis.service").joinpath("engine")
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(".js")}


def _size(content: Path | bytes) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)
