"""The layers give what their numpy twins give."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from facialis.cohorts.simulated.simulate import SimulatedFaces, simulate_faces
from facialis.faces.geometry import undo_pose
from facialis.modalities.measures import DEFINITIONS, measure
from facialis.modalities.pairs import landmark_pairs
from facialis.modalities.signed import signed_measures
from facialis.models.landmark_layers import FrontalFrame, Measures, Pairs, Sides, Signed


@pytest.fixture(scope="module")
def faces() -> SimulatedFaces:
    return simulate_faces(24, 24, 2, 3)


@pytest.fixture(scope="module")
def sides(faces: SimulatedFaces) -> tuple[torch.Tensor, torch.Tensor]:
    framed = FrontalFrame()(torch.from_numpy(faces.landmarks), torch.from_numpy(faces.transforms))
    right, left = Sides()(framed)
    return right, left


@pytest.fixture(scope="module")
def frontal(faces: SimulatedFaces) -> NDArray[np.floating]:
    return undo_pose(faces.landmarks.astype(np.float64), faces.transforms)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_the_29_measures(faces: SimulatedFaces, definition: str) -> None:
    found = Measures(definition)(torch.from_numpy(faces.landmarks)).numpy()
    np.testing.assert_allclose(
        found, measure(faces.landmarks, definition=definition, origin="face"), rtol=1e-4, atol=2e-4
    )


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_face_in_one_place_has_the_same_defined_values(definition: str) -> None:
    nowhere = np.full((2, 478, 3), 7.0, dtype=np.float32)
    found = Measures(definition)(torch.from_numpy(nowhere)).numpy()
    np.testing.assert_allclose(found, measure(nowhere, definition=definition, origin="face"))
    framed = FrontalFrame()(torch.from_numpy(nowhere), torch.eye(4).expand(2, 4, 4))
    assert (framed == 0).all()


def test_the_pairs(sides: tuple[torch.Tensor, torch.Tensor], frontal: NDArray[np.floating]) -> None:
    np.testing.assert_allclose(Pairs()(*sides).numpy(), landmark_pairs(frontal), atol=2e-6)


def test_the_signed_measures(sides: tuple[torch.Tensor, torch.Tensor], frontal: NDArray[np.floating]) -> None:
    np.testing.assert_allclose(Signed()(*sides).numpy(), signed_measures(frontal), rtol=1e-4, atol=1e-4)
