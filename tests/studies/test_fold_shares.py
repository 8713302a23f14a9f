"""What a fold's model leans on: the shares of regions and of branches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.modalities.measures import MEASURES
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier
from facialis.studies.fold_shares import fold_shares, summary
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study


def test_a_model_of_the_eyes_alone_leans_on_the_eyes() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    measures = rng.normal(size=(200, 29))
    eyes = [entry.number for entry in MEASURES if entry.region == "eye"]
    measures[:, eyes] += 2 * labels[:, None]
    inputs = Inputs({"measures": measures})
    row = load_recipes("measures-logistic")[0]
    blind = Inputs({"measures": np.where(np.isin(np.arange(29), eyes), measures, 0.0)})
    model = LogisticClassifier(inputs=("measures",), strength=1.0, balanced=True).fit(blind, labels)
    test = np.arange(150, 200)
    shares = fold_shares(model, row, inputs, np.arange(100), test)
    odds = np.diff(model.predict_logits(inputs[test]), axis=1)[:, 0]
    median = Inputs({"measures": np.median(measures[:100], axis=0)[None]})
    reference = np.diff(model.predict_logits(median), axis=1)[0, 0]
    np.testing.assert_allclose(sum(shares.values()), odds - reference, atol=1e-4)
    assert np.abs(shares["mouth"]).max() < 1e-6
    assert shares["eye"].mean() > 1.0


def test_a_study_says_what_its_rows_lean_on(make_cohort: Callable[..., Cohort], tmp_path: Path) -> None:
    cohort = make_cohort()
    rows = [*load_recipes("measures-logistic"), *load_recipes("expressions-net")]
    results = run_study(cohort, rows, tmp_path / "out", n_bootstrap=10)
    leaning, none = (row["leans_on"] for row in results["rows"])
    assert none is None
    assert leaning["simulated"] is True
    assert (leaning["n_patients"], leaning["n_healthy"]) == (3, 3)
    assert {part["name"] for part in leaning["parts"]} == {"brow", "eye", "nose_cheek", "mouth", "whole_face"}
    for part in leaning["parts"]:
        assert part["patient"] > part["healthy"]  # all measures of this cohort are raised in patients
        assert part["patient_interval"][0] <= part["patient"] <= part["patient_interval"][1]


def test_subjects_weigh_alike_and_frames_not_asked_are_left_out() -> None:
    table = pd.DataFrame(
        {
            "group": ["patient"] * 4 + ["healthy"] * 2,
            "subject_id": ["a", "a", "a", "b", "c", "d"],
            "share_eye": [1.0, 1.0, np.nan, 3.0, -1.0, 0.0],
        }
    )
    found = summary(table, seed=0, simulated=False)
    assert found is not None
    assert found["parts"][0]["patient"] == pytest.approx(2.0)
    assert found["parts"][0]["size"] == pytest.approx((2.0 + 0.5) / 2)
    assert found["n_frames"] == 5
    assert summary(table.drop(columns="share_eye"), seed=0, simulated=False) is None
