"""Simulated landmark faces: same bytes, equal groups but for the palsy, sides, poses, errors."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.draw import draws, faces_of, interocular_cm
from facialis.cohorts.simulated.landmarker import reported
from facialis.cohorts.simulated.muscles import SIDES
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.simulate import SimulatedFaces, simulate_faces
from facialis.cohorts.simulated.truth import VISIBLE_MM
from facialis.errors import CohortError
from facialis.faces import geometry, instrument
from facialis.faces.fields import exact_product, mirror_field, smooth_noise
from facialis.faces.mesh import mirror_permutation
from facialis.modalities.measures import measure

PROGRAM = """
import hashlib
from facialis.cohorts.simulated.simulate import simulate_faces
faces = simulate_faces(9, 7, 11, seed=5)
total = hashlib.sha256(faces.landmarks.tobytes() + faces.transforms.tobytes())
total.update(faces.frames.to_csv().encode())
print(total.hexdigest())
"""


@pytest.fixture(scope="module")
def faces() -> SimulatedFaces:
    return simulate_faces(60, 60, 2, seed=3)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_same_seed_gives_the_same_bytes_with_any_number_of_threads(threads: str) -> None:
    here = simulate_faces(9, 7, 11, seed=5)
    digest = hashlib.sha256(here.landmarks.tobytes() + here.transforms.tobytes())
    digest.update(here.frames.to_csv().encode())
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.strip() == digest.hexdigest()


def test_another_seed_gives_other_faces() -> None:
    assert not np.array_equal(simulate_faces(1, 0, 1, 1).landmarks, simulate_faces(1, 0, 1, 2).landmarks)


def test_a_pair_shares_everything_drawn_before_the_palsy(faces: SimulatedFaces) -> None:
    shared = [
        "source", "sequence", "portrait", "height", "width", "pair", "seed", "movement", "yaw", "pitch", "roll",
        "distance_cm", "iod_px",
    ]  # fmt: skip
    patients, healthy = (faces.frames[faces.frames.group == group] for group in ("patient", "healthy"))
    for column in shared:
        assert (patients[column].to_numpy() == healthy[column].to_numpy()).all(), column
    # a head's reported turn is part of the landmarker's errors, hence shared too; its place follows the landmarks
    half = len(patients)
    assert np.array_equal(faces.transforms[:half, :3, :3], faces.transforms[half:, :3, :3])


def test_without_palsy_a_patient_is_the_healthy_twin() -> None:
    draw, errors = next(draws(20, 3, seed=1))
    healthy = faces_of(draw, palsy.no_palsy(len(draw.pair)))
    nothing = faces_of(draw, draw.palsy.scaled(0.0))
    assert np.array_equal(healthy, nothing)
    width = interocular_cm(draw.identity)
    twice = [reported(face, width, draw.camera, errors) for face in (healthy, nothing)]
    assert np.array_equal(twice[0][0], twice[1][0])
    assert not np.array_equal(healthy, faces_of(draw, draw.palsy))


def test_a_group_may_be_larger_and_the_first_pairs_stay() -> None:
    few, many = simulate_faces(2, 2, 3, seed=9), simulate_faces(5, 3, 3, seed=9)
    assert many.frames.groupby("group").subject_id.nunique().to_dict() == {"healthy": 3, "patient": 5}
    for group in ("patient", "healthy"):
        first = many.landmarks[(many.frames.group == group) & (many.frames.pair < 2)]
        assert np.array_equal(first, few.landmarks[few.frames.group == group])


def test_ids_are_unique_and_labels_follow_the_stated_rule(faces: SimulatedFaces) -> None:
    frames = faces.frames
    assert frames.frame_id.is_unique
    assert frames.subject_id.iloc[0] == "patient-0001"
    assert frames.subject_id.iloc[-1] == "healthy-0060"
    assert (frames.label == ((frames.group == "patient") & (frames.palsy_mm >= VISIBLE_MM))).all()
    assert (frames[frames.group == "healthy"][["severity", "palsy_mm"]] == 0).all(axis=None)
    assert 0.7 < frames[frames.group == "patient"].label.mean() < 1.0


def test_the_mirrored_palsy_on_a_mirrored_face_is_the_mirrored_face() -> None:
    draw, _ = next(draws(30, 1, seed=2))
    face = faces_of(draw, draw.palsy)
    other = draw._replace(
        identity=mirror_field(draw.identity),
        intended=draw.intended._replace(
            efforts=draw.intended.efforts[..., ::-1], closure=draw.intended.closure[..., ::-1]
        ),
        palsy=draw.palsy._replace(side=1 - draw.palsy.side),
    )
    np.testing.assert_allclose(faces_of(other, other.palsy), mirror_field(face), atol=1e-5)


@pytest.mark.parametrize("side", [0, 1])
def test_a_flaccid_palsy_droops_on_its_side(side: int) -> None:
    draw, _ = next(draws(40, 1, seed=4))
    n = len(draw.pair)
    whole = make_palsy(SIDES[side], "complete", n=n)
    change = faces_of(draw, whole) - faces_of(draw, palsy.no_palsy(n))
    weak = [(61, 105, 145), (291, 334, 374)][side]
    assert (change[:, weak, 1].mean(axis=0) < -0.1).all(), "corner, brow and lower lid sink on the weak side"
    assert (change[:, 0, 0].mean() > 0.2) if side == 0 else (change[:, 0, 0].mean() < -0.2), "philtrum to the healthy"


def test_head_pose_of_the_transform_is_the_drawn_pose_up_to_the_instrument(faces: SimulatedFaces) -> None:
    truth = faces.frames[["yaw", "pitch", "roll"]].to_numpy()
    np.testing.assert_allclose(geometry.head_pose(cameras.rotation(truth)), truth, atol=1e-9)
    seen = geometry.head_pose(faces.transforms)
    error = seen - truth * [instrument.REPORTED_YAW, 1.0, 1.0]
    assert (np.abs(error.mean(axis=0)) < 0.5).all()
    assert (error.std(axis=0) < 1.3 * np.array(instrument.POSE_NOISE)).all()


def test_landmarks_have_the_landmarkers_convention(faces: SimulatedFaces) -> None:
    points, frames = faces.landmarks, faces.frames
    right, left = np.moveaxis(geometry.iris_centres(points), 1, 0)
    assert (left[:, 0] > right[:, 0]).all(), "subject's left on image right"
    assert (points[:, 152, 1] > points[:, 10, 1]).all(), "chin below forehead: y down"
    depth = points[frames.yaw.abs().to_numpy() < 15][..., 2]
    assert (depth[:, 1] < depth[:, 234]).all(), "nose nearer than the ear: smaller z"
    turned = frames.yaw.to_numpy() > 15
    assert (points[turned, 1, 0] > (right + left)[turned, 0] / 2).all(), "yaw > 0: nose to image right"
    frontal = frames.yaw.abs().to_numpy() < 5
    ratio = geometry.interocular_distance(points)[frontal] / frames.iod_px.to_numpy()[frontal]
    np.testing.assert_allclose(ratio, 1.0, atol=0.05)


def test_measures_see_the_palsy(faces: SimulatedFaces) -> None:
    tilt = np.abs(measure(faces.landmarks, definition="oo-2025")[:, 14])
    frontal = faces.frames.yaw.abs() < 15
    severe = (faces.frames.palsy_mm > 6) & frontal
    assert np.median(tilt[severe]) > 1.5 * np.median(tilt[(faces.frames.group == "healthy") & frontal])


def test_exact_product_does_not_depend_on_the_order_of_the_sum() -> None:
    rng = np.random.default_rng(0)
    weights, fields = rng.standard_normal((50, 300)), rng.standard_normal((300, 40))
    order = rng.permutation(300)
    assert np.array_equal(exact_product(weights, fields), exact_product(weights[:, order], fields[order]))
    np.testing.assert_allclose(exact_product(weights, fields), weights @ fields, atol=1e-4)


def test_smooth_noise_has_the_asked_size_and_length() -> None:
    field = smooth_noise(np.random.default_rng(0), 4000, 1.8, (0.5,))[..., 0]
    assert abs(field.std() / 0.5 - 1.0) < 0.03
    near, far = (np.corrcoef(field[:, 61], field[:, other])[0, 1] for other in (185, 105))
    assert near > 0.9
    assert abs(far) < 0.1


def test_the_instrument_pulls_to_symmetry_only_what_is_one_sided() -> None:
    rng = np.random.default_rng(0)
    both = rng.standard_normal((1, 478, 3))
    both = both + mirror_field(both)
    np.testing.assert_allclose(instrument.pull_to_symmetry(both), both)
    one = np.zeros((1, 478, 3))
    one[0, 61, 1] = -1.0
    seen = instrument.pull_to_symmetry(one)[0, :, 1]
    opposite = mirror_permutation()[61]
    along = instrument.ALONG_Y[instrument.PLACES_Y.index(61)][instrument.PLACES_Y.index(61)]
    assert seen[opposite] - seen[61] == pytest.approx(instrument.gain()[61, 1] + along, abs=0.08)
    assert abs(instrument.gain()[61, 1] - instrument.GAIN[61][1]) < 0.1


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((0, 0, 1, 0), "at least one subject"),
        ((-1, 2, 1, 0), "patients is -1"),
        ((2, -3, 1, 0), "healthy subjects is -3"),
        ((1, 1, 0, 0), "frames a subject is 0"),
        ((1, 1, 1, -1), "seed is -1"),
        ((1.5, 1, 1, 0), "patients is 1.5"),
    ],
)
def test_counts_out_of_range_are_refused(counts: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(CohortError, match=message):
        simulate_faces(*counts)
