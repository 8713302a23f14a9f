"""Palsy against its own source and another; one source's model on another: who trains, who is tested, what is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.sources import extract_sources
from facialis.cohorts.writing import write_cohort
from facialis.studies.questions import question
from facialis.studies.questions.cross_cohort import elsewhere
from facialis.studies.questions.question import Asking
from facialis.studies.questions.same_source import Pair, pair
from facialis.studies.questions.tables import one_class
from tests.data_sets import write_ckplus, write_yfp
from tests.studies.conftest import frames_of

LOGISTIC = ("measures-logistic",)


def sources(path: Path, *, shortcut: float = 0.0, palsy: float = 1.5) -> Cohort:
    """YFP-like patients whose last frames show nothing, healthy people elsewhere, and a clinic of two wards."""
    parts = [frames_of(3, 0, 6).assign(source="yfp"), frames_of(0, 4, 6).assign(source="ckplus")]
    parts += [frames_of(3, 3, 6).assign(source="clinic")]
    frames = pd.concat(parts, ignore_index=True)
    for column in ("subject_id", "frame_id"):
        frames[column] = frames["source"] + "/" + frames[column]
    number = frames["frame_id"].str[-1].astype(int)
    frames.loc[(frames["source"] == "yfp") & (number >= 3), "label"] = 0
    frames["site"] = np.where(frames["source"] == "clinic", np.where(number < 3, "east", "west"), "")
    rng = np.random.default_rng(0)
    measures = rng.normal(size=(len(frames), 29))
    measures[:, 0] += palsy * frames["label"]
    measures[:, 1] += shortcut * (frames["source"] == "yfp")
    return write_cohort(path, frames.assign(portrait=""), {"measures": measures}, {"simulated": True})


def test_a_source_shortcut_shows_as_the_gap_between_the_two_figures_of_a_row(tmp_path: Path) -> None:
    cohort = sources(tmp_path / "cohort", shortcut=8.0)
    found = question("same-source")(Asking(cohort, tmp_path / "out", n_bootstrap=50, recipes=LOGISTIC))
    value = {(f.what.split(",")[0], f.figure[:2], f.beside): f.value for f in found.figures}
    assert (value["yfp", "F1", True] or 0) > (value["yfp", "F1", False] or 0) + 10
    (rows,) = found.sheets.values()
    yfp = next(row for row in rows if row["source"] == "yfp")
    assert yfp["without palsy"] == "its patients' own frames without palsy"
    assert f"{value['yfp', 'F1', False]:.1f}" in yfp["F1, one source"]
    assert f"{value['yfp', 'F1', True]:.1f}" in yfp["F1, other healthy side"]
    assert "ckplus: it has one group only, healthy subjects." in found.sentences


def test_folds_of_one_source_hold_no_subject_on_both_sides_and_the_same_palsy_frames(tmp_path: Path) -> None:
    frames = sources(tmp_path / "cohort").frames
    found = pair(frames, "yfp", seed=0)
    assert isinstance(found, Pair)
    assert not isinstance(found.own, str)
    assert not isinstance(found.other, str)
    tested = []
    for folds in (found.own, found.other):
        for train, test in folds:
            assert not set(frames["subject_id"].iloc[train]) & set(frames["subject_id"].iloc[test])
        rows = np.unique(np.concatenate([test for _, test in folds]))
        tested.append(set(rows[frames["label"].to_numpy()[rows] == 1].tolist()))
    assert tested[0] == tested[1]
    assert set(frames["source"].iloc[np.concatenate(found.own[0])]) == {"yfp"}


def test_yfp_and_ckplus_in_their_layouts(tmp_path: Path) -> None:
    yfp, ckplus = write_yfp(tmp_path), write_ckplus(tmp_path, 2)
    (yfp / "annotations" / "2_1.csv").write_text("frame,region,x,y,width,height,intensity\n1,eye,1,2,3,4,strong\n")
    cohort = extract_sources([f"yfp:{yfp}", f"ckplus:{ckplus}"], tmp_path / "cohort", pictures=False)
    asking = Asking(cohort, tmp_path / "out", n_bootstrap=20, recipes=LOGISTIC, allow_duplicates=True)
    found = question("same-source")(asking)
    (rows,) = found.sheets.values()
    assert [(row["source"], row["other healthy side"]) for row in rows] == [("yfp", "ckplus")]
    assert found.figures[0].n_frames == (cohort.frames["source"] == "yfp").sum()


def test_cross_cohort_fills_the_matrix_and_says_what_is_defined(tmp_path: Path) -> None:
    cohort = sources(tmp_path / "cohort", palsy=5.0)
    found = question("cross-cohort")(Asking(cohort, tmp_path / "out", n_bootstrap=50, recipes=LOGISTIC))
    (rows,) = found.sheets.values()
    assert [row["trained on"] for row in rows] == ["yfp", "clinic"]
    assert set(rows[0]) == {"trained on", "yfp", "ckplus", "clinic", "clinic, east", "clinic, west"}
    cells = {(f.what.split(": ")[1], f.figure.split(",")[0]): f for f in found.figures}
    assert cells["clinic to ckplus", "specificity"].n_subjects == 4
    assert "F1 and AUC are undefined" in cells["clinic to ckplus", "specificity"].note
    assert cells["clinic to clinic, east", "AUC"].n_frames == 18
    assert (cells["clinic to yfp", "AUC"].value or 0) > 0.7
    assert "ckplus trains no model: it has frames without palsy only." in found.sentences


def test_who_trains_is_not_tested_elsewhere(tmp_path: Path) -> None:
    frames = sources(tmp_path / "cohort").frames.copy()
    frames.loc[frames["subject_id"] == "ckplus/h00", "subject_id"] = "clinic/h00"  # one person in two sources
    train, test = elsewhere(frames, "clinic")
    assert not set(frames["subject_id"].iloc[train]) & set(frames["subject_id"].iloc[test])
    assert len(test) == len(frames) - len(train) - 6


def test_one_source_says_so(tmp_path: Path) -> None:
    cohort = sources(tmp_path / "cohort")
    rows = np.flatnonzero(cohort.frames["source"] == "clinic")
    arrays = {"measures": np.asarray(cohort.array("measures"))[rows]}
    one = write_cohort(tmp_path / "one", cohort.frames.iloc[rows].reset_index(drop=True), arrays, {"simulated": True})
    for name, line in (("same-source", "no other healthy side"), ("cross-cohort", "no other to test on")):
        found = question(name)(Asking(one, tmp_path / name, n_bootstrap=20, recipes=LOGISTIC))
        assert any(line in sentence for sentence in found.sentences)
        assert any(figure.value is not None for figure in found.figures)


def test_a_model_that_answers_one_class_is_told() -> None:
    table = pd.DataFrame({"fold": [0, 0, 1, 1, 2], "label": [0, 1, 0, 1, 1], "predicted": [1, 1, 0, 1, 1]})
    assert one_class(table) == "the model answers one class in 1 of 2 folds"
    assert one_class(table.assign(predicted=0)).endswith("in 2 of 2 folds: nothing can be said")
    assert one_class(table.assign(predicted=table["label"])) == ""
