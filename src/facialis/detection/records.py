"""Clinicians' records of Sunnybrook, eFACE and House-Brackmann, read and written as `facialis-palsy-file-models` has
them (a package of the registry with a name near this one's, by others; MIT).

Its own sum of Sunnybrook's synkinesis takes each point four times, which the scale does not (Ross 1996): totals here
are this package's. A record of ours holds a number only where the range is one number; the ranges are in the record's
time series, so that no grade stands alone.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facialis import __version__
from facialis.detection.grade_tables import SUNNYBROOK_MOVES
from facialis.errors import FacialisError
from facialis.files import write_text

RATER = "facialis, experimental ranges from photos; no clinician"
_REST = ("rest_eye", "rest_cheek", "rest_mouth")
_STATIC = ("rest_brow", "rest_palpebral", "rest_oral", "rest_nasolabialfold", "rest_nasolabialfoldorientation")
_DYNAMIC = (
    "frowning_brow", "gentleeye_dynamic", "fulleye_dynamic", "dental_oral", "dental_nasolabialdepth",
    "dental_nasolabialorientation", "snarl_dynamic",
)  # fmt: skip
_EFACE_VIEWS = ("frowning", "gentleeye", "fulleye", "dental", "snarl")
_SYNKINESIS = ("ocular", "midfacial", "mentalis", "platysmal")
_NOT_SCORED: dict[str, Any] = {
    **dict.fromkeys((f"sunnybrook_score{part}" for part in ("", "_rest", "_volu", "_synk")), True),
    "age": True, "directory": True, "houseBrackmann": {"houseBrackmann": True},
}  # fmt: skip
"""What the model has no empty value for."""


def _models() -> Any:
    """Return the package's model of a record, or say what to install."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is written for an older pydantic, and says so on import
            from facialis_palsy_file_models.jauto_eface_file_type import EfaceSunnybrookFile
    except ModuleNotFoundError as error:
        raise FacialisError("records need facialis-palsy-file-models: pip install 'facialis[records]'") from error
    return EfaceSunnybrookFile


def read_record(path: Path | str) -> dict[str, Any]:
    """Return a clinician's record.

    Returns
    -------
    ``rater`` and, for each scale that was scored, its ``items`` by name and its ``score`` (None where items are
    missing): `sunnybrook` 0 to 100, `eface` 0 to 100 (of each synkinesis its worst movement), `house_brackmann` 1 to 6.

    Raises
    ------
    FacialisError
        The package is not installed, the file cannot be read, or holds no such record or values out of range.
    """
    model = _models()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            record = model.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FacialisError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        why = str(error).splitlines()[0]
        raise FacialisError(f"{path}: no record of facialis-palsy-file-models: {why}") from error
    told: dict[str, Any] = {"rater": record.rater}
    points = {name: _number(path, name, getattr(entry, "value", None), 5) for name, entry in record.sunnybrook}
    points = {name: value for name, value in points.items() if value is not None}
    if points:
        told["sunnybrook"] = {"items": points, "score": _sunnybrook(points)}
    marks = {name: _number(path, name, value, 200) for name, value in record.eface if isinstance(value, int)}
    if marks:
        told["eface"] = {"items": marks, "score": _eface(marks)}
    grade = record.houseBrackmann.houseBrackmann
    if grade:  # 0 is the model's word for not scored
        told["house_brackmann"] = {"items": {}, "score": _number(path, "houseBrackmann", grade, 6)}
    if len(told) == 1:
        raise FacialisError(f"{path}: a record in which nothing is scored")
    return told


def _number(path: Path | str, name: str, value: Any, most: int) -> float | None:
    if value is None or isinstance(value, dict):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= most:
        raise FacialisError(f"{path}: {name} is {value!r}, expected a number from 0 to {most}")
    return number


def _sunnybrook(points: Mapping[str, float | None]) -> float | None:
    groups = (_REST, [f"{m}_symmetry" for m in SUNNYBROOK_MOVES], [f"{m}_synkinesis" for m in SUNNYBROOK_MOVES])
    if any(points.get(name) is None for group in groups for name in group):
        return None
    rest, movement, synkinesis = (sum(points[name] or 0.0 for name in group) for group in groups)
    return 4 * movement - 5 * rest - synkinesis


def _eface(marks: Mapping[str, float | None]) -> float | None:
    def balanced(name: str) -> float | None:
        mark = marks.get(name)  # 100 is balanced; above it the sides differ the other way
        return None if mark is None else min(mark, 200 - mark)

    static = [balanced(name) for name in _STATIC]
    dynamic = [balanced(name) for name in _DYNAMIC]
    worst = []
    for name in _SYNKINESIS:
        seen = [mark for view in _EFACE_VIEWS if (mark := marks.get(f"{view}_{name}")) is not None]
        worst.append(min(seen) if seen else None)
    parts = [[v for v in part if v is not None] for part in (static, dynamic, worst)]
    if [len(part) for part in parts] != [len(_STATIC), len(_DYNAMIC), len(_SYNKINESIS)]:
        return None
    means = [sum(part) / len(part) for part in parts]
    return (means[0] + 2 * means[1] + means[2]) / 4


def record_of(grades: Mapping[str, Any], *, when: str) -> dict[str, Any]:
    """Return a record of our ranges, JSON-ready.

    Parameters
    ----------
    grades : as `facialis.detection.grades.grade_ranges` gives them.
    when : date and time, for the record.
    """
    model = _models()
    kinds = {name: model.model_fields[name].annotation for name in ("eface", "sunnybrook")}

    def entry(key: str, value: Any) -> dict[str, Any]:
        return {"key": key, "value": value, "time": when}

    def told(scale: str) -> dict[str, float]:
        items = grades[scale]["items"]
        return {item["item"]: item["range"][0] for item in items if item["range"][0] == item["range"][1]}

    def ranges(scale: str) -> list[dict[str, Any]]:
        whole = {"range": grades[scale]["range"], "ends": grades[scale]["ends"], "experimental": True}
        items = {item["item"]: item["range"] for item in grades[scale]["items"]}
        # two entries: the package takes a list of one for its only member
        return [entry(f"facialis range {scale}", whole), entry(f"facialis items {scale}", items)]

    own = {"application_version": __version__, "application_org": "facialis"}
    parts: dict[str, dict[str, Any]] = {}
    for scale, kind in kinds.items():
        empty = {name: None for name in kind.model_fields if name not in ("time_series", "metadata_object_version")}
        values = told(scale)
        known = {n: entry(n, v) if scale == "sunnybrook" else int(v) for n, v in values.items() if n in empty}
        parts[scale] = empty | own | known | {"time_series": ranges(scale)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = model(**own, **parts, houseBrackmann={**own, "time_series": ranges("house_brackmann")}, rater=RATER)
        record.rating_start = record.rating_end = when
        # a total of 0 would read as a complete palsy: it is not written
        made: dict[str, Any] = record.model_dump(mode="json", exclude=_NOT_SCORED)
    return made


def write_record(path: Path | str, grades: Mapping[str, Any], *, when: str) -> None:
    """Write `record_of` as a JSON file, atomically."""
    write_text(path, json.dumps(record_of(grades, when=when), indent=1, ensure_ascii=False) + "\n")
