"""Signed left-right differences: signs, symmetry, units."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facialis.faces.geometry import mirror, undo_pose
from facialis.faces.mesh import canonical_face
from facialis.modalities.measures import REGIONS
from facialis.modalities.signed import (
    QUANTITIES,
    SIGNED_MEASURES,
    signed_measure_names,
    signed_measures,
)

NAMES = signed_measure_names()
FIXTURES = Path(__file__).parents[1] / "fixtures"


def random_face(seed: int, strength: float = 0.2) -> np.ndarray:
    """A canonical face in px, its points moved by about `strength` cm each."""
    moved = canonical_face() + np.random.default_rng(seed).normal(0, strength, (478, 3))
    return moved * [40, -40, -40] + [500, 600, 0]


def picture_face() -> np.ndarray:
    return canonical_face() * [50, -50, -50] + [500, 600, 0]


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=50, deadline=None)
@given(seed=seeds, width=st.floats(0, 2000))
def test_mirroring_turns_every_sign(seed, width):
    face = random_face(seed)
    np.testing.assert_allclose(signed_measures(mirror(face, width)), -signed_measures(face), atol=1e-10)
    assert (signed_measures(face) != 0).all()


@settings(max_examples=25, deadline=None)
@given(seed=seeds, roll=st.floats(-180, 180), scale=st.floats(0.01, 10), shift=st.floats(-900, 900))
def test_shift_scale_and_roll_change_nothing(seed, roll, scale, shift):
    face = random_face(seed)[:, :2]
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    moved = scale * face @ np.array([[c, s], [-s, c]]) + [shift, -shift]
    np.testing.assert_allclose(signed_measures(moved), signed_measures(face), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_symmetric_face_gives_zero(seed):
    face = random_face(seed)
    symmetric = (face + mirror(face, 1000)) / 2
    np.testing.assert_allclose(signed_measures(symmetric), [m.symmetric for m in SIGNED_MEASURES], atol=1e-10)


@pytest.mark.parametrize(
    ("landmarks", "move", "expected"),
    [  # what moves on the subject's right (image left), in IOD, x to image right, y down
        ([46, 70], (0, 0.1), {"brow_outer_height": -0.1}),
        ([52, 105], (0, -0.1), {"brow_middle_height": 0.1}),
        ([55, 107], (0, 0.1), {"brow_inner_height": -0.1}),
        ([158, 159, 160], (0, 0.1), {"upper_lid_height": -0.1, "palpebral_fissure_height": -0.1}),
        ([144, 145, 153], (0, 0.1), {"lower_lid_height": -0.1, "palpebral_fissure_height": 0.1}),
        ([33], (0, 0.1), {"outer_canthus_height": -0.1}),
        ([133], (0, -0.1), {"inner_canthus_height": 0.1}),
        ([64, 98], (-0.1, 0.1), {"ala_height": -0.1, "ala_distance": 0.1}),
        ([1, 4], (-0.1, 0), {"nose_tip_deviation": 0.1}),
        ([50, 205], (0, 0.1), {"cheek_height": -0.1}),
        ([61], (0.1, 0.1), {"commissure_height": -0.1, "commissure_distance": -0.1}),
        ([37, 39], (0, 0.1), {"upper_lip_height": -0.1}),
        ([84, 181], (0, -0.1), {"lower_lip_height": 0.1}),
        ([81, 82], (0, -0.1), {"lip_opening": 0.1}),
        ([0, 164], (0.1, 0), {"philtrum_deviation": -0.1}),
        ([14, 17], (-0.1, 0), {"lower_lip_deviation": 0.1}),
        ([152], (0.1, 0), {"chin_deviation": -0.1}),
    ],
)
def test_a_known_move_is_measured_with_its_sign(landmarks, move, expected):
    face = picture_face()[:, :2]
    unit = face[473, 0] - face[468, 0]
    face[landmarks] += np.array(move) * unit
    found = dict(zip(NAMES, signed_measures(face), strict=True))
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    tied = {"brow_tilt", "palpebral_fissure_width", "commissure_philtrum_distance", "half_mouth_area"}
    rest = [abs(value) for name, value in found.items() if name not in tied | set(expected)]
    assert max(rest) < 1e-9


def test_sizes_of_tilt_length_and_area():
    face = picture_face()[:, :2]
    unit = face[473, 0] - face[468, 0]
    face[[46, 70], 1] -= 0.1 * unit  # the outer end of the brow rises
    face[33, 0] -= 0.1 * unit  # the fissure widens
    face[61] += [0.1 * unit, 0]  # the commissure moves in
    found = dict(zip(NAMES, signed_measures(face), strict=True))
    assert 5 < found["brow_tilt"] < 20
    assert 0.09 < found["palpebral_fissure_width"] <= 0.1
    assert -0.1 <= found["commissure_philtrum_distance"] < -0.08
    height = (face[17, 1] - face[61, 1]) / unit
    assert found["half_mouth_area"] == pytest.approx(-0.1 * height / 2)


def test_turned_symmetric_head_is_even_again_once_its_pose_is_undone():
    angle = np.radians(20)
    turn = np.eye(4)
    turn[0, 0] = turn[2, 2] = np.cos(angle)
    turn[0, 2], turn[2, 0] = np.sin(angle), -np.sin(angle)
    camera = canonical_face() @ turn[:3, :3].T
    points = camera * [40, -40, -40] + [300, 400, 0]
    assert abs(signed_measures(points)).max() > 0.05
    np.testing.assert_allclose(signed_measures(undo_pose(points, turn)), 0, atol=1e-10)


def test_real_face_raw_and_pose_corrected():
    data = np.load(FIXTURES / "astronaut_landmarks.npz")
    both = np.stack([data["landmarks"], undo_pose(data["landmarks"], data["transform"])])
    found = signed_measures(both)
    assert found.shape == (2, len(SIGNED_MEASURES))
    lengths = [m.unit != "deg" for m in SIGNED_MEASURES]
    assert abs(found[:, lengths]).max() < 0.2


@pytest.mark.filterwarnings("error")
@settings(max_examples=30, deadline=None)
@given(face=arrays(np.float64, (478, 2), elements=st.sampled_from([0.0, 1.0, 2.0, 1e-300, 1e9])))
def test_every_face_has_finite_values(face):
    assert np.isfinite(signed_measures(face)).all()
    face[468:] = 1.0
    assert (signed_measures(face) == 0).all()


def test_table():
    assert len(set(NAMES)) == len(NAMES) == len(SIGNED_MEASURES)
    assert {entry.region for entry in SIGNED_MEASURES} == set(REGIONS)
    positions = canonical_face()
    for entry in SIGNED_MEASURES:
        assert entry.clinical_name
        assert entry.unit in {"IOD", "IOD^2", "deg"}
        assert entry.kind in {*QUANTITIES, "deviation"}
        midline = entry.kind == "deviation"
        x = positions[list(entry.landmarks[0]), 0]
        assert (abs(x) < 1e-9).all() if midline else (x < 0).all(), "subject's right has negative x"


@pytest.mark.parametrize("shape", [(468, 2), (478,), (478, 1), (2, 478)])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"landmarks of shape .* expected"):
        signed_measures(np.zeros(shape))
