"""What a question to a study is: what it is asked of, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facialis.cohorts.cohort import Cohort
from facialis.errors import FacialisError
from facialis.files import locked, write_text
from facialis.studies.claim import check_folder
from facialis.studies.splits import PATIENT_OUT


@dataclass(frozen=True)
class Asking:
    """What a question is asked of: a cohort, and how its studies are run; as the parameters of `run_study`.

    `out` is the question's own folder: its studies are kept below it, so that a question that was stopped goes on.
    `overrides` are settings of the recipes, dotted key to value; `recipes` names those that are asked about, where a
    question leaves the choice.
    """

    cohort: Cohort
    out: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | str | Mapping[str, Path | str] | None = None
    random_weights: bool = False
    split: str = PATIENT_OUT
    seed: int = 0
    n_bootstrap: int = 2000
    device: str = "cpu"
    engine: str = "processes"
    workers: int = 1
    allow_duplicates: bool = False
    recipes: Sequence[str] = ()

    @property
    def run(self) -> dict[str, Any]:
        """The keyword parameters of `run_study` that are the same in all of a question's studies."""
        names = ("weights", "random_weights", "split", "seed", "n_bootstrap", "device", "engine", "workers")
        return {name: getattr(self, name) for name in (*names, "allow_duplicates")}


@dataclass(frozen=True)
class Figure:
    """One figure of an answer, with its interval and the subjects and frames that it stands on.

    `what` names the row (a probe, a group, an encoder); `figure` the metric ("F1, mean of folds", "AUC, pooled"). The
    interval is a bootstrap over subjects at 95 %. `value` is None where it is undefined, and `note` then says why.
    `beside` marks what the others are held against (a model beside what shortcuts reach), drawn in another colour.
    """

    what: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    n_subjects: int
    n_frames: int
    note: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Curve:
    """A line of a plot: `y` with its band over `x`."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Plot:
    """A plot of an answer; its axes with their units."""

    title: str
    x_axis: str
    y_axis: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Answer:
    """What a question found.

    `sentences` say it in plain words, each made from the figures; `sheets` are tables beyond the figures (a title, and
    rows of the same keys); `simulated` and `weights` ("random", "local", "hub" or None) are said wherever it is shown.
    """

    name: str
    title: str
    sentences: Sequence[str]
    figures: Sequence[Figure]
    simulated: bool
    weights: str | None = None
    plots: Sequence[Plot] = ()
    sheets: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return asdict(self)

    def write(self, out: Path) -> Path:
        """Write the answer as ``answer.json`` into a folder and return the file."""
        out.mkdir(parents=True, exist_ok=True)
        path = out / "answer.json"
        write_text(path, json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n")
        return path


@contextmanager
def claimed(out: Path, name: str) -> Iterator[None]:
    """Hold a question's folder, made where it is missing, for the time of the block.

    Raises
    ------
    FacialisError
        It holds files of somebody else, a study or the answer to another question, another process is at work there,
        or it cannot be made.
    """
    other = "a study" if (out / "study.json").exists() else _answered(out / "answer.json")
    if other not in ("", name):
        what = other if other == "a study" else f"the answer to {other}"
        raise FacialisError(f"{out}: holds {what}; choose another folder for {name}")
    check_folder(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacialisError(f"cannot make the folder {out}: {error.strerror or error}") from error
    with locked(out / ".lock", f"{out}: another question is asked there; wait for it or choose another folder"):
        yield


def _answered(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
