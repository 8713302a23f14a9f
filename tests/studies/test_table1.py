"""The paper's table from a user's folders: thirteen rows, those that cannot run say why, duplicates are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import CohortError, FacialisError, WeightsError
from facialis.studies import jobs
from facialis.studies.paper import PAPER_FIGURES
from facialis.studies.recipes import RECIPES, TINY, load_recipes
from facialis.studies.study import run_study
from facialis.studies.table1 import extracted_cohort, table1_facts
from tests.data_sets import write_ckplus, write_meei, write_yfp

Make = Callable[..., Cohort]
ROWS = ("expressions-net", "lines-mixer", "early-fusion")
FAST = {**TINY, "net.epochs": 2, "image.epochs": 1, "fusion.epochs": 1}


def test_rows_of_yfp_and_ckplus(tmp_path: Path) -> None:
    palsy, healthy, out = str(write_yfp(tmp_path)), str(write_ckplus(tmp_path, 3)), tmp_path / "out"
    cohort = extracted_cohort(palsy, healthy, out)
    assert cohort.provenance["healthy_subjects"]["n"] == 3  # all, for they are fewer than the paper's 20
    assert cohort.frames.groupby("group")["subject_id"].nunique().to_dict() == {"patient": 2, "healthy": 3}
    recipes = [recipe for recipe in load_recipes("table1", FAST) if recipe.name in ROWS]
    results = run_study(cohort, recipes, out, random_weights=True, n_bootstrap=20, keep_going=True)
    facts = json.loads(json.dumps(table1_facts(results), allow_nan=False))
    assert (facts["simulated"], facts["weights"]) == (False, "random")
    assert [row["recipe"] for row in facts["rows"]] == list(ROWS)
    for row in facts["rows"]:
        assert row["error"] is None
        assert row["paper_f1"] == PAPER_FIGURES[row["recipe"]][0]
        assert (row["n_folds"], row["n_subjects"], len(row["folds"])) == (2, 5, 2)
        assert row["n_frames"] == len(cohort)
        assert len(row["f1_interval"]) == 2
        for fold in row["folds"]:
            assert len(fold["palsy_subjects"]) == 1
            assert fold["healthy_subjects"]
    compared = [row for row in results["rows"] if row.get("comparison")]
    assert [row["recipe"] for row in compared] == list(ROWS[:-1])
    assert extracted_cohort(palsy, healthy, out).hash == cohort.hash  # not made again
    with pytest.raises(CohortError, match="holds a study of other data"):
        extracted_cohort(palsy, f"folder:{healthy}", out)


def test_one_source_for_both_sides(tmp_path: Path) -> None:
    source = f"meei:{write_meei(tmp_path, photos=1, videos=False)}"
    cohort = extracted_cohort(source, source, tmp_path / "out", healthy_subjects=2)
    assert set(cohort.frames["group"]) == {"patient", "healthy"}
    with pytest.raises(CohortError, match="unknown kind of data set 'yfq'"):
        extracted_cohort(f"yfq:{tmp_path}", source, tmp_path / "other")


def test_a_row_that_cannot_run_says_why_and_the_others_go_on(make_cohort: Make, tmp_path: Path) -> None:
    recipes = [RECIPES["measures-logistic"], *load_recipes("lines-mixer", FAST)]
    options = {"n_bootstrap": 10, "keep_going": True, "random_weights": True}
    results = run_study(make_cohort(crops=False), recipes, tmp_path / "out", **options)
    ran, failed = results["rows"]
    assert ran["f1"] == 100.0
    assert "holds no 'lines'" in failed["error"]
    row = table1_facts(results)["rows"][1]
    assert (row["f1"], row["n_folds"], row["folds"]) == (None, None, [])
    assert row["error"] == failed["error"]
    with pytest.raises(FacialisError, match="no row could run; the first: .* holds no 'lines'"):
        run_study(make_cohort(name="b", crops=False), recipes[1], tmp_path / "c", **options)


def test_a_row_whose_weights_come_later_is_added(
    make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an encoder's weights a row is left out; once they are there the same study goes on with it."""
    cohort, recipes = make_cohort(), (*load_recipes("rgb-mixer", FAST), RECIPES["measures-logistic"])
    options = {"random_weights": True, "n_bootstrap": 10, "keep_going": True}
    real = jobs.load_encoder

    def offline(name: str, **_: object) -> object:
        raise WeightsError(f"the weights of {name} cannot be had")

    monkeypatch.setattr(jobs, "load_encoder", offline)
    rows = run_study(cohort, recipes, tmp_path / "out", **options)["rows"]
    assert rows[0]["error"] == "the weights of mixer_tiny cannot be had"
    assert rows[1]["f1"] == 100.0
    fold = tmp_path / "out" / "folds" / "measures-logistic" / "fold-00.parquet"
    before = fold.stat().st_mtime_ns
    monkeypatch.setattr(jobs, "load_encoder", real)
    rows = run_study(cohort, recipes, tmp_path / "out", **options)["rows"]
    assert "error" not in rows[0]
    assert fold.stat().st_mtime_ns == before
    monkeypatch.setattr(jobs, "load_encoder", offline)
    assert "error" in run_study(cohort, recipes, tmp_path / "out", **options)["rows"][0]


def test_duplicates_are_refused_unless_allowed(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(crops=False)
    hashes = [f"{k:032x}" for k in range(len(cohort))]
    hashes[-1] = hashes[0]  # a healthy subject's last picture is a patient's first
    frames = cohort.frames.assign(content_hash=hashes, portrait="")
    arrays = {"measures": np.array(cohort.array("measures"))}
    twice = write_cohort(tmp_path / "twice", frames, arrays, {"simulated": False})
    recipe = RECIPES["measures-logistic"]
    with pytest.raises(CohortError, match=r"the same picture under .*: p00-0, h02-3; .* --allow-duplicates"):
        run_study(twice, recipe, tmp_path / "out", n_bootstrap=10)
    assert not (tmp_path / "out").exists()
    assert run_study(twice, recipe, tmp_path / "out", n_bootstrap=10, allow_duplicates=True)["rows"][0]["n_folds"] == 3
