"""What a study is, written into its folder; another study is not let in."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, FacialisError, RecipeError
from facialis.files import check_own, write_text
from facialis.models.encoders import Encoder
from facialis.studies.settings import Recipe

SCHEMA = 2
SIGNS = (".lock", "study.json", "cohort-of.json", "answer.json")
"""Any of these makes a folder a study's or a question's own, from its first moment on."""
_PACKAGES = ("numpy", "torch", "timm", "skorch", "scikit-learn")


def describe(
    cohort: Cohort,
    recipes: Sequence[Recipe],
    encoders: Mapping[str, Encoder | None],
    *,
    seed: int,
    split: Mapping[str, object],
    select: Mapping[str, Sequence[object]],
    device: str,
) -> dict[str, Any]:
    """Return what a study is: all that decides its figures. A folder holds one such study."""
    from facialis import __version__

    facts = {
        "schema": SCHEMA,
        "simulated": cohort.simulated,
        "cohort": {"hash": cohort.hash, "provenance": cohort.provenance},
        "recipes": {recipe.name: asdict(recipe) for recipe in recipes},
        "weights": {name: _weights(encoder) if encoder else None for name, encoder in encoders.items()},
        "split": dict(split),
        "select": {key: list(values) for key, values in select.items()},
        "seed": seed,
        "device": device,
        "versions": {
            "facialis": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


def check_folder(out: Path) -> None:
    """Raise `FacialisError` if a study or a question shall go into a folder that holds files of somebody else.

    Its own is one that it was begun in, or that holds nothing but its cohort, as OUT/cohort.
    """
    begun = any((out / sign).exists() for sign in SIGNS)
    prepared = (out / "cohort" / "cohort.json").exists() and [entry.name for entry in out.iterdir()] == ["cohort"]
    check_own(out, own=begun or prepared, whose="study")


def claim(out: Path, facts: dict[str, Any]) -> None:
    """Write down what the folder's study is, or refuse a folder that holds another; what differs is named.

    An encoder that could not be had when the study was begun, or cannot now, makes no other study of it.
    """
    path = out / "study.json"
    held = _read(path)
    if held is not None:
        weights = dict(held.get("weights") or {})
        known = {name: facts["weights"].get(name) or value for name, value in weights.items() if value is None}
        missing = {name: weights.get(name) for name, value in facts["weights"].items() if value is None}
        there = _flat({**held, "weights": {**weights, **known}})
        here = _flat({**facts, "weights": {**facts["weights"], **missing}})
        different = [key for key in [*here, *there] if there.get(key) != here.get(key)]
        if different:
            key = different[0]
            kind = CohortError if key.startswith("cohort") else RecipeError
            raise kind(
                f"{out} holds another study: {key} is {_short(there.get(key))} there and {_short(here.get(key))} here;"
                " choose another folder, or remove that one"
            )
        facts = {**facts, "weights": {**facts["weights"], **missing}}
        if facts == held:
            return
    write_text(path, json.dumps(facts, indent=1) + "\n")


def _weights(encoder: Encoder) -> dict[str, Any]:
    """Return where an encoder's weights come from, and the version of its library where it has one of its own."""
    extra = encoder.spec.extra
    return asdict(encoder.weights) | ({"library": f"{extra} {version(extra)}"} if extra else {})


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FacialisError(f"{path}: cannot be read ({error}); choose another folder") from error
    if not isinstance(held, dict) or not isinstance(held.get("weights"), dict):
        raise FacialisError(f"{path}: is not a study's; choose another folder")
    return held


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    return {k: v for key, part in value.items() for k, v in _flat(part, f"{prefix}.{key}" if prefix else key).items()}


def _short(value: Any) -> str:
    text = "missing" if value is None else str(value)
    return text if len(text) <= 40 else text[:16] + "..."
