"""What is degraded, by how much and where; and that an answer falls to chance when nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import CohortError
from facialis.faces.geometry import interocular_distance
from facialis.faces.mesh import canonical_face, mirror_permutation
from facialis.modalities.coordinates import coordinates
from facialis.modalities.measures import POINTS, measure
from facialis.studies.questions import landmark_noise, question
from facialis.studies.questions.degraded import (
    MM,
    Step,
    degraded_crops,
    degraded_landmarks,
    hidden,
    mean_face,
    own_noise,
    steps,
)
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.recipes import TINY
from tests.studies.conftest import frames_of

FAST = {**TINY, "net.layers": 2, "net.epochs": 8, "image.epochs": 1, "fusion.epochs": 4}
CORNER_LEFT, CORNER_RIGHT = 291, 61


def faces(n: int, *, drop_mm: float = 0.0, roll: float = 0.0, seed: int = 0) -> np.ndarray:
    """Faces (n, 478, 2), px, IOD near 100, each a little different; the subject's left mouth corner hangs."""
    rng = np.random.default_rng(seed)
    face = canonical_face()[:, :2] * (1, -1)
    face = face / interocular_distance(face) * 100.0
    many = np.repeat(face[None], n, axis=0) * rng.uniform(0.9, 1.1, (n, 1, 1))
    many[:, [CORNER_LEFT, 267, 269, 405], 1] += drop_mm / MM * 100.0
    many += rng.normal(0, 0.3, many.shape)
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    return np.asarray(many @ turn + (200, 220))


def at(step: Step, points: np.ndarray) -> np.ndarray:
    return degraded_landmarks(step, points, mean_face(points, np.arange(len(points))), np.random.default_rng(0))


def test_noise_has_the_size_that_is_said_and_the_landmarkers_own_is_among_the_steps() -> None:
    points = faces(200)
    iod = interocular_distance(points)[:, None, None]
    for size in (0.005, 0.1):
        moved = (at(Step("noise", size), points) - points) / iod
        assert np.sqrt((moved**2).mean()) == pytest.approx(size, rel=0.05)
    assert steps()[0].kind == "clean"
    assert steps()[1].value == pytest.approx(own_noise(100.0), abs=1e-4)
    assert own_noise(25.0) > own_noise(100.0)
    assert len({step.folder for step in steps()}) == len(steps())


@pytest.mark.parametrize("roll", [0.0, 0.5])
def test_bias_pushes_one_corner_of_the_mouth_down_the_face(roll: float) -> None:
    points = faces(3, roll=roll)
    moved = at(Step("mouth bias", 6.3), points) - points
    mm = np.linalg.norm(moved, axis=-1) / interocular_distance(points)[:, None] * MM
    assert mm[:, CORNER_LEFT] == pytest.approx(6.3, rel=1e-6)
    assert mm[:, CORNER_RIGHT].max() < 0.3
    chinwards = points[:, 152] - points[:, 168]
    cosine = (moved[:, CORNER_LEFT] * chinwards).sum(axis=1)
    assert (cosine / np.linalg.norm(moved[:, CORNER_LEFT], axis=1) / np.linalg.norm(chinwards, axis=1) > 0.99).all()
    mirrored = points * (-1, 1)
    assert at(Step("mouth bias", 6.3), mirrored) == pytest.approx(at(Step("mouth bias", 6.3), points) * (-1, 1))


def test_a_hidden_region_becomes_symmetric_and_nothing_else_moves() -> None:
    points = faces(5, drop_mm=8.0)
    after = at(Step("missing", region="mouth"), points)
    gone = np.array([i for patch in hidden("mouth") for i in patch])
    rest = np.setdiff1d(np.arange(478), gone)
    assert (after[:, rest] == points[:, rest]).all()
    assert {CORNER_LEFT, CORNER_RIGHT, 0, 17} <= set(gone.tolist())
    assert not set(gone.tolist()) & {i for region in ("brow", "eye") for patch in hidden(region) for i in patch}
    drop = after[:, CORNER_LEFT, 1] - after[:, CORNER_RIGHT, 1]
    assert np.abs(drop).max() < 1.0 < (points[:, CORNER_LEFT, 1] - points[:, CORNER_RIGHT, 1]).min()
    named = set(POINTS) - {127, 356, 152}
    assert named <= {i for r in ("brow", "eye", "nose", "mouth") for patch in hidden(r) for i in patch}
    mean = mean_face(points, np.arange(5))
    assert mean == pytest.approx(mean[mirror_permutation()] * (-1, 1))


def test_fewer_pixels_add_noise_and_blur_the_crop_and_larger_ones_change_nothing() -> None:
    points = faces(60)
    for value, low, high in ((200.0, -1e-9, 1e-9), (25.0, 0.002, 0.012), (12.0, 0.008, 0.03)):
        moved = at(Step("resolution", value), points) - points
        assert low < np.sqrt((moved**2).mean()) / 100 < high
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 255, (2, 256, 256)).astype(np.uint8)
    sizes = np.full((2, 2), np.inf)
    spread = [
        degraded_crops(Step("resolution", value), crops, points[:2], points[:2], sizes).std()
        for value in (200.0, 50.0, 12.0)
    ]
    assert spread[0] == crops.std() > 2 * spread[1] > 2 * spread[2]


def test_crops_are_covered_and_cut_by_the_degraded_landmarks() -> None:
    points, sizes = faces(1), np.full((1, 2), np.inf)
    picture = np.tile(np.arange(256, dtype=np.uint8), (256, 1))[None]
    covered = degraded_crops(Step("missing", region="mouth"), picture, points, points, sizes)[0]
    changed = np.argwhere(covered != picture[0])
    assert changed[:, 0].min() > 128  # the mouth is in the lower half
    assert 0.02 < len(changed) / 256**2 < 0.25
    wider = points + (points - points.mean(axis=1, keepdims=True)) * 0.5
    cut = degraded_crops(Step("noise", 0.1), picture, points, wider, sizes)[0].astype(float)
    assert np.diff(cut[128, 60:196]).mean() == pytest.approx(1.5, abs=0.05)


@pytest.fixture(scope="module", autouse=True)
def fewer_steps() -> Iterator[None]:
    """Nine of the steps, of every kind one or more: each is a pass of five models."""
    some = tuple(step for step in steps() if step.value in (0.0, 0.1, 0.5, 8.0, 12.0) and step.region != "nose")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landmark_noise, "steps", lambda: some)
        yield


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cohort, Answer]:
    folder = tmp_path_factory.mktemp("noise")
    frames = frames_of(4, 4, 4).assign(height=480, width=400)
    ill = frames["label"].to_numpy() == 1
    points = np.where(ill[:, None, None], faces(32, drop_mm=4.0), faces(32, seed=1))
    arrays = {
        "landmarks": np.concatenate([points, np.zeros((32, 478, 1))], axis=-1).astype(np.float32),
        "measures": measure(points, origin="face"),
        "coordinates": coordinates(points),
        "crops": np.random.default_rng(0).integers(0, 255, (32, 256, 256)).astype(np.uint8),
    }
    cohort = write_cohort(folder / "cohort", frames, arrays, {"simulated": True})
    asking = Asking(cohort, folder / "out", FAST, random_weights=True, split="2-fold", n_bootstrap=50)
    return cohort, question("landmark-noise")(asking)


def test_the_answer_falls_to_chance_as_the_noise_grows(answer: tuple[Cohort, Answer]) -> None:
    cohort, found = answer
    value = {figure.what: figure.value for figure in found.figures}
    curve = [value[f"measures-logistic, {s.title}"] for s in landmark_noise.steps() if s.kind in ("clean", "noise")]
    assert curve[0] == pytest.approx(1.0, abs=0.02)
    assert curve[-1] == pytest.approx(0.5, abs=0.25)
    assert max(curve[1:]) < curve[0]
    assert value["measures-logistic, mouth hidden"] < 0.9 < value["measures-logistic, brow hidden"]
    assert all(figure.n_frames == len(cohort) for figure in found.figures)
    assert any("rgb-mixer" in name for name in value)
    assert any("early-fusion" in name for name in value)
    noise = found.plots[0]
    assert noise.curves[-1].x == [own_noise(100.0)] * 2
    assert "simulated" in found.sentences[0]
    assert "chance" in " ".join(found.sentences)  # the image branch saw random pictures


def test_what_cannot_run_says_why(answer: tuple[Cohort, Answer], tmp_path: Path) -> None:
    cohort = answer[0]
    arrays = {name: np.asarray(cohort.array(name)) for name in ("measures", "landmarks")}
    few = write_cohort(tmp_path / "few", cohort.frames, arrays, {"simulated": True})
    found = question("landmark-noise")(Asking(few, tmp_path / "out", FAST, split="2-fold", n_bootstrap=10))
    assert "rgb-mixer could not run: the cohort holds no crops" in found.sentences
    bare = write_cohort(tmp_path / "bare", cohort.frames, {"measures": arrays["measures"]}, {"simulated": True})
    with pytest.raises(CohortError, match="holds no 'landmarks'"):
        question("landmark-noise")(Asking(bare, tmp_path / "none", FAST))
