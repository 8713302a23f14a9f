"""The paper's Table 1: thirteen rows beside its own figures, on a user's data or on a tiny simulated cohort."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.sources import READERS, extract_sources
from facialis.errors import CohortError
from facialis.files import write_text
from facialis.studies.claim import check_folder

TINY_SUBJECTS, TINY_FRAMES = 4, 2
PAPER_HEALTHY = 20
"""Healthy subjects that the paper took of CK+."""


def tiny_cohort(out: Path, *, seed: int = 0) -> Cohort:
    """Return the simulated picture cohort of a dry run, made in ``OUT/cohort`` if it is not there yet."""
    return _in_folder(
        out,
        {"simulated": [TINY_SUBJECTS, TINY_SUBJECTS, TINY_FRAMES, seed]},
        lambda path: simulate_cohort(path, TINY_SUBJECTS, TINY_SUBJECTS, TINY_FRAMES, seed=seed, pictures=True),
    )


def extracted_cohort(
    palsy: str,
    healthy: str,
    out: Path,
    *,
    healthy_subjects: int | None = None,
    seed: int = 0,
    workers: int = 1,
    engine: str = "processes",
) -> Cohort:
    """Return the cohort of two data sets, extracted into ``OUT/cohort`` if it is not there yet.

    Parameters
    ----------
    palsy, healthy
        ``KIND:DIR``, or a folder: of the YFP database for palsy, of CK+ for healthy people.
    healthy_subjects, seed
        How many healthy subjects take part, drawn with the seed and written into the cohort's provenance; by default
        the paper's 20, or all where they are fewer.
    """
    sources = list(dict.fromkeys((_source(palsy, "yfp"), _source(healthy, "ckplus"))))

    def make(path: Path) -> Cohort:
        n = healthy_subjects or min(PAPER_HEALTHY, _n_healthy(sources)) or None
        return extract_sources(sources, path, healthy_subjects=n, seed=seed, workers=workers, engine=engine)

    return _in_folder(out, {"sources": sources, "healthy_subjects": healthy_subjects, "seed": seed}, make)


def table1_facts(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``table1.json`` holds: the rows with the paper's F1 beside ours, in per cent, None where undefined.

    A row that could not run has ``error`` and no figures.
    """
    kinds = sorted({row["weights"] for row in results["rows"] if row["weights"]})
    return {
        "simulated": results["simulated"],
        "weights": ", ".join(kinds) or None,
        "rows": [_row(row) for row in results["rows"]],
    }


def write_table1(results: Mapping[str, Any], out: Path) -> None:
    """Write ``table1.json``."""
    write_text(out / "table1.json", json.dumps(table1_facts(results), indent=1, allow_nan=False) + "\n")


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    numbers = ("f1", "precision", "recall", "f1_interval", "n_folds", "n_subjects", "n_frames")
    folds = ("f1", "precision", "recall", "palsy_subjects", "healthy_subjects")
    return {
        "modality": row["modality"],
        "model": row["model"],
        **{key: row.get(key) for key in numbers},
        "paper_f1": row["paper"]["f1"] if row["paper"] else None,
        "folds": [{key: fold[key] for key in folds} for fold in row.get("folds", [])],
        "recipe": row["recipe"],
        "name": row["name"],
        "error": row.get("error"),
    }


def _n_healthy(sources: list[str]) -> int:
    """Return how many healthy subjects the sources list; an unknown kind is left to be told by the extraction."""
    listed = [READERS[kind](Path(folder)).frames for kind, _, folder in (s.partition(":") for s in sources)
              if kind in READERS]  # fmt: skip
    return sum(int(table.loc[table["group"] == "healthy", "subject_id"].nunique()) for table in listed)


def _source(text: str, kind: str) -> str:
    return f"{kind}:{text}" if Path(text).is_dir() or ":" not in text else text


def _in_folder(out: Path, asked: dict[str, Any], make: Any) -> Cohort:
    """Open the cohort in ``OUT/cohort``, or make it; one that was made of something else is refused."""
    path, note = out / "cohort", out / "cohort-of.json"
    text = json.dumps(asked)
    if note.exists() and note.read_text(encoding="utf-8", errors="replace") != text:
        raise CohortError(f"{out} holds a study of other data; choose another folder, or remove that one")
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    write_text(note, text)
    cohort: Cohort = Cohort.open(path) if (path / "cohort.json").exists() else make(path)
    return cohort
