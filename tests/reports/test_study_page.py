"""A study's page and tables: what they must say, and what must not get into them."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.errors import CohortError
from facialis.reports.checklists import checklists
from facialis.reports.study import render_study, write_study
from facialis.reports.study_tables import explanation, latex_table, markdown_table, table_rows, text_table
from facialis.reports.wrong_frames import wrong_frames

HOSTILE = "<script>alert(1)</script> & 50 % of $x_1$ | {"


def figures(f1: float | None = 60.0) -> dict[str, Any]:
    metrics: dict[str, Any] = {"f1": f1, "precision": None, "recall": 55.5}
    return (
        metrics | {f"{name}_interval": [40.0, 80.0] for name in metrics} | {"undefined": {key: [] for key in metrics}}
    )


def curve(n: int) -> dict[str, Any]:
    x = np.linspace(0, 1, n).round(3).tolist()
    return {"x": x, "y": x, "low": [None, *x[1:]], "high": x, "treat_all": x}


def results(simulated: bool = True) -> dict[str, Any]:
    fold = {"f1": 60.0, "precision": None, "recall": 50.0, "palsy_subjects": [HOSTILE], "healthy_subjects": ["h"]}
    fold |= {"n_train": 10, "n_test": 4, "threshold": 0.5}
    group = {"n_usable": 4, "n_unusable": 3, "right": 50.0, "right_all": 28.6}
    names = {"simulated": simulated, "weights": "random", "flags": ["random weights"]}
    row = {
        **names, "recipe": "early-fusion", "name": "measures + RGB: early fusion", "model": "early fusion",
        "modality": "measures + RGB", "paper": {"f1": 96.0, "precision": 94.8, "recall": 98.3}, **figures(),
        "pooled": figures(61.0), "n_folds": 2, "n_subjects": 4, "n_patients": 2, "n_healthy": 2, "n_frames": 8,
        "levels": {"sequence": {**figures(), "pooled": figures()}, "subject": {**figures(), "pooled": figures(12.3)}},
        "all_frames": {**figures(44.4), "pooled": figures(), "n_unusable": 3},
        "groups": {"patient": group, "healthy": group},
        "calibration": {"ece": 0.1, "brier": 0.2, "reliability": [{"stated": 0.1, "found": 0.2, "n": 4}]},
        "curves": {"roc": curve(5), "pr": curve(5), "decision": curve(5), "auc": 0.7, "auc_interval": [0.6, 0.8],
                   "average_precision": 0.7, "average_precision_interval": [None, None]},
        "seeds": {"seed": {"f1": [60.0, 62.0], "sd": 1.41}, "split": {"f1": [60.0, 50.0], "sd": 7.07}},
        "folds": [fold, fold],
        "undefined": {"f1": [], "precision": [0, 1], "recall": []},
    }  # fmt: skip
    other = {**row, "recipe": "net", "name": HOSTILE, "modality": HOSTILE, "paper": None, "seeds": {}}
    other["comparison"] = {"with": "early-fusion", "difference": -3.2, "p": 0.01, "p_holm": 0.0001, "n_tests": 1}
    failed = {**names, "recipe": "rgb", "name": "RGB: FasterViT", "modality": "RGB", "model": "FasterViT"}
    failed |= {"paper": {"f1": 84.0, "precision": 89.9, "recall": 81.5}, "error": "pip install 'facialis[fastervit]'"}
    return {
        "simulated": simulated,
        "rows": [row, other, failed],
        "split": {"name": "leave-one-patient-out", "n_folds": 2},
        "select": {},
        "recipes": {"early-fusion": {}, "net": {}, "rgb": {}},
        "weights": {"mixer_tiny": {"kind": "random"}, "fastervit": None},
        "cohort": {"hash": "abc"},
        "seed": 0,
        "versions": {"facialis": "1"},
    }


def test_the_page_says_what_it_must_and_needs_nothing_beside_it() -> None:
    page = render_study(results(), command="facialis study " + HOSTILE)
    assert "Research use; not a medical device." in page
    assert "<strong>simulated</strong>" in page
    assert page.count("<article") == 3
    assert "Did not run: pip install &#39;facialis[fastervit]&#39;" in page
    assert "precision undefined in 2 of 2 folds (0, 1)" in page
    assert "±1.4 by seed" in page
    assert "±7.1 by split" in page
    assert "44.4" in page  # no face counted as wrong
    assert "12.3" in page  # by subject, pooled
    assert "&lt; 0.001" in page
    assert "96.00" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:image/svg)', page)
    assert "simulated" not in render_study(results(simulated=False)).lower()


def test_each_picture_is_whole_and_runs_nothing() -> None:
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', render_study(results()))
    assert len(pictures) == 1 + 2 * 5  # of all rows, and five a row that ran
    for picture in pictures:
        root = ElementTree.fromstring(base64.b64decode(picture))
        assert root.tag.endswith("svg")
        assert not [part for part in root.iter() if part.tag.endswith("script")]


def test_a_row_of_one_label_has_no_curves_and_no_fold_a_defined_figure() -> None:
    made = results()
    row = made["rows"][0]
    row["curves"] = dict.fromkeys(row["curves"])
    row["f1"], row["f1_interval"] = None, [None, None]
    row["folds"] = [{**fold, "f1": None, "recall": None} for fold in row["folds"]]
    page = render_study(made)
    assert "undefined to undefined" in page
    assert len(re.findall("data:image", page)) == 1 + 2 + 5


def test_tables_in_four_formats(tmp_path: Path) -> None:
    made = results()
    write_study(made, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"report.html", *(f"table.{e}" for e in ("txt", "md", "tex", "csv"))}
    found = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [row["F1"] for row in found] == ["60.0", "60.0", "did not run"]
    assert [row["Paper's F1"] for row in found] == ["96.00", "", "84.00"]
    assert found[1]["Row"] == HOSTILE
    assert found[1]["p (Holm)"] == "< 0.001"
    assert found[0]["F1 moves"] == "±1.4 by seed, ±7.1 by split"
    assert found[2]["Notes"] == "did not run: pip install 'facialis[fastervit]'"
    markdown = markdown_table(table_rows(made), made).splitlines()
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in markdown[:5]]
    assert len(set(bars)) == 1
    text = text_table(table_rows(made), made)
    assert "Simulated faces" in text
    assert "1 comparisons" not in text


def test_latex_escapes_and_has_as_many_cells_in_each_row() -> None:
    made = results()
    lines = latex_table(made).splitlines()
    rows = [line for line in lines if line.endswith("\\\\")]
    assert [len(re.findall(r"(?<!\\)&", line)) for line in rows[:3]] == [7, 7, 7]
    assert "\\multicolumn{6}{l}{did not run: pip install 'facialis[fastervit]'}" in rows[3]
    assert "50 \\% of \\$x\\_1\\$" in rows[2]
    assert {"\\toprule", "\\midrule", "\\bottomrule"} <= set(lines)
    for row in made["rows"]:
        row["paper"] = None
    assert len(re.findall(r"(?<!\\)&", latex_table(made).splitlines()[5])) == 4


@pytest.mark.parametrize("simulated", [True, False])
def test_what_the_figures_are_is_said_once(simulated: bool) -> None:
    said = " ".join(explanation(results(simulated)))
    assert said.count("Research use; not a medical device.") == 1
    assert ("Simulated" in said) == simulated
    assert json.dumps(said)


def test_checklists_hold_what_the_study_knows_and_leave_the_rest_to_the_authors() -> None:
    lists = checklists(results())
    tripod = {line.item: line.known for line in lists["TRIPOD+AI"]}
    assert list(tripod)[:3] == ["1", "2", "3a"]
    assert len(tripod) == 52
    assert "2 patients" in (tripod["10"] or "")
    assert "60.0 (95 % 40.0 to 80.0)" in (tripod["23a"] or "")
    assert "seed 0" in (tripod["12a"] or "")
    assert [tripod[item] for item in ("6a", "17", "18a")] == [None] * 3
    assert "Simulated" in (tripod["5a"] or "")
    assert {line.item: line.known for line in checklists(results(simulated=False))["TRIPOD+AI"]}["5a"] is None
    assert render_study(results()).count('class="blank"') >= sum(known is None for known in tripod.values())
    only_failed = {**results(), "rows": results()["rows"][2:]}
    assert {line.item: line.known for line in checklists(only_failed)["TRIPOD+AI"]}["10"] is None


def test_typical_errors_are_drawn_one_a_subject_and_most_wrong_first(tmp_path: Path) -> None:
    cohort = simulate_cohort(tmp_path / "c", n_patients=6, n_healthy=6, frames=2, seed=5, pictures=False)
    table = cohort.frames[["frame_id", "subject_id", "label"]].assign(recipe="net", probability=0.5, predicted=0)
    sick = table.index[table["label"] == 1]
    table.loc[sick, "probability"] = np.linspace(0.4, 0.01, len(sick))
    found = wrong_frames(table, cohort)
    subjects = table.loc[sick].drop_duplicates("subject_id", keep="last")
    assert [w.group for w in found] == ["patient"] * min(4, len(subjects))
    assert [w.probability for w in found] == sorted(w.probability for w in found)
    assert found[0].probability == pytest.approx(0.01)
    page = render_study(results(), wrong=found)
    assert page.count("palsy, missed") == len(found)
    assert found[0].path in page
    with pytest.raises(CohortError, match="not the study's cohort"):
        wrong_frames(table.assign(frame_id="other"), cohort)
