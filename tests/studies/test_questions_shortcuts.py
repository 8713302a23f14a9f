"""The probes find a shortcut that was put in, and none where there is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.metrics import roc_auc_score

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.faces.mesh import canonical_face
from facialis.studies.questions.areas import area_and_draws
from facialis.studies.questions.probes import BACKGROUND, COLOUR, POSE, PROBES, SHARPNESS, SIZE, SYMMETRIC, sharpness
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.shortcuts import ask
from facialis.studies.questions.tables import predictions
from facialis.studies.recipes import RECIPES
from tests.studies.conftest import frames_of

STILL = "every head straight"


def asking(folder: Path, planted: str) -> Asking:
    """20 + 20 subjects; the patients' crops, picture sizes or head poses differ in the planted way."""
    frames = frames_of(20, 20, 2)
    rng = np.random.default_rng(3)
    patients, n = frames["label"].to_numpy() == 1, len(frames)
    crops = rng.normal(100, 20, size=(n, 256, 256)).astype(np.float32)
    yaw, height = rng.normal(0, 6, size=n), 400 + rng.integers(0, 30, size=n)
    if planted == BACKGROUND:
        crops[patients, :32, :32] += 40
    elif planted == SHARPNESS:
        crops[patients] = [cv2.GaussianBlur(crop, (0, 0), 0.5) for crop in crops[patients]]
    elif planted == SIZE:
        height[patients] += 40
    elif planted == POSE:
        yaw[patients] += 15
    elif planted == STILL:
        yaw[:] = 0
    transforms = np.repeat(np.eye(4)[None], n, axis=0)
    transforms[:, :3, :3] = Rotation.from_euler("y", yaw[:, None], degrees=True).as_matrix()
    marks = np.repeat((canonical_face() * (12, -12, 12) + (200, 200, 0))[None], n, axis=0)
    arrays = {
        "crops": crops.clip(0, 255).astype(np.uint8),
        "landmarks": marks.astype(np.float32),
        "transforms": transforms,
        "measures": rng.normal(size=(n, 29)) + patients[:, None],
    }
    cohort: Cohort = write_cohort(
        folder / "cohort", frames.assign(height=height, width=400), arrays, {"simulated": True}
    )
    return Asking(cohort, folder / "out", split="5-fold", n_bootstrap=500)


def shown(answer: Answer) -> set[str]:
    return {row["probe"] for row in answer.sheets["Is it above chance?"] if row["shortcut"]}


@pytest.mark.parametrize("planted", [BACKGROUND, SHARPNESS, SIZE, POSE])
def test_a_planted_shortcut_is_found(tmp_path: Path, planted: str) -> None:
    answer = ask(asking(tmp_path, planted))
    assert planted in shown(answer)
    assert not shown(answer) & ({SIZE, POSE} - {planted})  # what is in the crop several probes can see
    assert f"{planted} (AUC " in answer.sentences[0]
    assert answer.write(tmp_path / "out").is_file()


def test_where_there_is_no_shortcut_none_is_found_and_the_model_stands_beside(tmp_path: Path) -> None:
    asked = asking(tmp_path, "")
    answer = ask(asked)
    assert not shown(answer)
    assert answer.sentences[0].endswith("none tells the group after Holm's correction.")
    assert "simulated" in answer.sentences[0]
    figures = {figure.what: figure for figure in answer.figures}
    assert [name for name, figure in figures.items() if figure.beside] == ["measures-logistic"]
    table = predictions(asked, RECIPES["measures-logistic"])
    auc = roc_auc_score(table["label"], table["logit_palsy"] - table["logit_no_palsy"])
    assert figures["measures-logistic"].value == pytest.approx(auc)
    assert auc > max(figures[name].value or 0.0 for name in PROBES)
    assert answer.sentences[1].startswith(f"On simulated faces: measures-logistic has AUC {auc:.2f}, +")
    assert figures[COLOUR].value is None
    assert "grey" in figures[COLOUR].note
    assert figures[SYMMETRIC].note == "the cohort holds no coordinates"


def test_a_probe_below_chance_is_named_as_such_and_no_shortcut(tmp_path: Path) -> None:
    asked = dataclasses.replace(asking(tmp_path, STILL), split="leave-one-subject-out")
    answer = ask(asked)  # a score without a tell is the training side's share of patients: less for a held-out one
    figure = next(figure for figure in answer.figures if figure.what == POSE)
    assert figure.high is not None
    assert figure.high < 0.5
    assert POSE not in shown(answer)
    rows = {row["probe"]: row for row in answer.sheets["Is it above chance?"]}
    assert rows[POSE]["p, Holm"] < 0.05
    assert rows[POSE]["why not"] == "below chance"
    assert answer.sentences[1].startswith("below 0.5, and so no shortcut: ")
    assert f"{POSE} (AUC {figure.value:.2f})" in answer.sentences[1]


def test_a_model_that_cannot_run_says_why(tmp_path: Path) -> None:
    asked = asking(tmp_path, "")
    arrays = {"transforms": asked.cohort.array("transforms")}
    bare = write_cohort(tmp_path / "bare", asked.cohort.frames, arrays, {"simulated": True})
    answer = ask(Asking(bare, tmp_path / "asked", split="5-fold", n_bootstrap=50))
    assert answer.figures[-1].note == "the cohort holds no measures"
    assert len(answer.sentences) == 1


def test_sharpness_tells_no_brightness_and_no_contrast() -> None:
    crop = np.random.default_rng(0).integers(40, 90, size=(256, 256)).astype(np.uint8)
    np.testing.assert_allclose(sharpness(2 * crop + 30), sharpness(crop), atol=1e-4)
    blurred = sharpness(cv2.GaussianBlur(crop, (0, 0), 1.0))
    assert blurred[-1] < sharpness(crop)[-1] - 1
    assert np.exp(blurred).sum() == pytest.approx(1, abs=1e-4)


def test_areas_are_exact_and_their_draws_those_of_frames_drawn_by_subject() -> None:
    rng = np.random.default_rng(1)
    subject = np.repeat(np.arange(12), 5)
    patient = subject < 6
    label = (patient & (rng.random(60) < 0.8)).astype(int)
    score = np.round(rng.normal(size=60) + label, 1)  # with ties
    value, draws = area_and_draws(score, label, subject, patient, seed=5, n_bootstrap=40)
    assert value == pytest.approx(roc_auc_score(label, score))
    order = np.random.default_rng(5)
    times = np.hstack([order.multinomial(6, np.full(6, 1 / 6), size=40) for _ in range(2)])
    slow = [roc_auc_score(label, score, sample_weight=weights[subject]) for weights in times]
    np.testing.assert_allclose(draws, slow)
