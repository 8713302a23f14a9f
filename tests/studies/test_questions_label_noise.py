"""Labels that were flipped are found among the frames that look mislabelled, far more often than by chance."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import CohortError
from facialis.reports.contact_sheet import write_contact_sheet
from facialis.studies.questions.label_noise import FILE, SHEET, ask, suspects
from facialis.studies.questions.question import Asking

Make = Callable[..., Cohort]
FLIPPED = [f"p{k:02d}-{k % 5}" for k in range(10)]


def asking(make_cohort: Make, folder: Path, flipped: list[str]) -> Asking:
    """12 + 12 subjects with 5 frames; the palsy of some frames is labelled none."""
    cohort = make_cohort(12, 12, 5, gap=0.8, crops=False, name="right")
    frames = cohort.frames.copy()
    frames.loc[frames["frame_id"].isin(flipped), "label"] = 0
    arrays = {"measures": cohort.array("measures")}
    return Asking(write_cohort(folder / "wrong", frames, arrays, {"simulated": True}), folder / "out", split="6-fold",
                  n_bootstrap=100)  # fmt: skip


def test_flipped_labels_are_found(make_cohort: Make, tmp_path: Path) -> None:
    answer = ask(asking(make_cohort, tmp_path, FLIPPED))
    with (tmp_path / "out" / FILE).open() as file:
        rows = list(csv.DictReader(file))
    found = [row["frame_id"] for row in rows]
    right = set(found) & set(FLIPPED)
    by_chance = len(FLIPPED) / 120
    assert len(right) / len(FLIPPED) >= 0.5  # recall: a tenth by chance
    assert len(right) / len(found) >= 5 * by_chance  # precision
    assert {row["subject_id"] for row in rows} >= {name.split("-")[0] for name in right}
    given = [float(row["of_given_label"]) for row in rows]
    assert given == sorted(given)
    assert f"{len(found)} of 120 frames" in answer.sentences[0]
    assert "simulated" in answer.sentences[0]
    assert [row["frame_id"] for row in answer.sheets[SHEET]] == found[:50]
    assert answer.write(tmp_path / "out").is_file()


def test_little_is_listed_where_labels_are_right(make_cohort: Make, tmp_path: Path) -> None:
    answer = ask(asking(make_cohort, tmp_path, []))
    assert len(answer.sheets[SHEET]) <= 3
    assert [figure.figure for figure in answer.figures] == ["frames listed, %"] * 2 + ["AUC, pooled"]


def test_a_subject_in_the_wrong_group_is_named(make_cohort: Make, tmp_path: Path) -> None:
    asked = asking(make_cohort, tmp_path, [])
    frames = asked.cohort.frames.copy()
    frames.loc[frames["subject_id"] == "h03", ["subject_id", "group", "label"]] = ["=h03", "patient", 1]
    cohort = write_cohort(tmp_path / "group", frames, {"measures": asked.cohort.array("measures")}, {"simulated": True})
    answer = ask(Asking(cohort, tmp_path / "asked", split="6-fold", n_bootstrap=100))
    assert "(=h03)" in answer.sentences[1]
    rows = list(csv.DictReader((tmp_path / "asked" / FILE).open()))
    assert "'=h03" in {row["subject_id"] for row in rows}  # no formula in a spreadsheet
    assert all(float(row["of_given_label"]) <= 1 for row in rows)


def test_thresholds_are_those_of_the_labels() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    p = np.array([0.1, 0.1, 0.1, 0.7, 0.6, 0.6, 0.6, 0.55])  # means: 0.75 for none, 0.5875 for palsy
    assert suspects(labels, p).tolist() == [False] * 3 + [True] + [False] * 4
    assert not suspects(np.ones(3), p[:3]).any()


def test_faces_are_shown_where_they_are_asked_for(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(2, 2, 1)
    rows = [{"frame_id": "p01-0", "label": 1, "probability": 0.1}]
    write_contact_sheet(cohort, rows, tmp_path / "faces.html", title="Look <again>", columns=("label", "probability"))
    page = (tmp_path / "faces.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 1
    assert "p01-0" in page
    assert "&lt;again&gt; (simulated faces)" in page
    assert (tmp_path / "faces.html").stat().st_mode & 0o077 == 0
    with pytest.raises(CohortError, match="holds no crops"):
        write_contact_sheet(make_cohort(2, 2, 1, name="bare", crops=False), rows, tmp_path / "x", title="", columns=())
