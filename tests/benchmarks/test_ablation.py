"""benchmarks/ablation.py on a simulated file of the same form as the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.conftest import Run


def test_it_leaves_out_one_ingredient_at_a_time(landmarks: Path, run: Run) -> None:
    import ablation as script

    arguments = ("--seeds", "2", "--pairs", "120", "--without", "pose", "--without", "rest_droop")
    result, text = run(script.main, str(landmarks), *arguments)
    whole, pose, droop = result["rows"]
    assert (whole["without"], pose["without"], droop["without"]) == ("", "pose", "rest_droop")
    assert "differences" not in whole
    change = pose["differences"]["auc_visible"]
    assert change["difference"] == pytest.approx(pose["auc_visible"] - whole["auc_visible"], abs=2e-4)
    assert change["interval_over_seeds"][0] <= change["difference"] <= change["interval_over_seeds"][1]
    assert pose["specificity"] < whole["specificity"] - 0.1, "who never saw a turned head takes it for palsy"
    assert "rest droop" in text


def test_all_seven_ingredients_are_known_and_leave_the_frames_alone() -> None:
    import ablation as script

    assert set(script.INGREDIENTS) == {
        "instrument", "noise", "antisymmetric_identity", "rest_droop", "contralateral_pull", "pose", "synkinesis",
    }  # fmt: skip
    whole = script.simulated(script.EVERYTHING, 4, 20)
    for name in script.INGREDIENTS:
        without = script.simulated(name, 4, 20)
        assert not np.array_equal(without.landmarks, whole.landmarks), name
        assert np.array_equal(without.visible == -1, whole.visible == -1), name


def test_equal_scores_differ_by_nothing(landmarks: Path) -> None:
    import ablation as script
    from real_faces import read

    faces = read(landmarks)
    scores = np.random.default_rng(0).normal(size=(3, len(faces.label)))
    result = script.difference(scores, scores, np.arange(len(faces.label)), faces)
    assert result == {"difference": 0.0, "interval_over_seeds": [0.0, 0.0], "interval_over_faces": [0.0, 0.0]}
