"""What many tests share: the free portrait, the real landmarker (made once), and pictures on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings
from numpy.typing import NDArray
from PIL import Image
from skimage.data import astronaut as portrait

from facialis.detection.detector import Detector
from facialis.faces.landmarks import Face, FaceLandmarker

# A busy machine is no reason to fail: no time limit for an example.
settings.register_profile("facialis", deadline=None)
# For `make mutants`: a failing example says enough, it need not be the smallest, and no run may know of another.
settings.register_profile("mutants", deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile("facialis")


@pytest.fixture(scope="session")
def landmarker() -> Iterator[FaceLandmarker]:
    with FaceLandmarker() as made:
        yield made


@pytest.fixture(scope="session")
def detector(landmarker: FaceLandmarker) -> Detector:
    return Detector.load(landmarker=landmarker)


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    return np.asarray(portrait())


@pytest.fixture(scope="session")
def astronaut_face(landmarker: FaceLandmarker, astronaut: NDArray[np.uint8]) -> Face:
    return landmarker.detect(astronaut)[0]


@pytest.fixture
def people(tmp_path: Path, astronaut: NDArray[np.uint8]) -> Path:
    """A folder GROUP/SUBJECT/* of eight crops of the portrait, one picture without a face, and one broken file."""
    root = tmp_path / "people"
    for number in range(8):
        group, subject = ("palsy", "a") if number < 4 else ("healthy", "b")
        folder = root / group / subject
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(astronaut[: 300 + number, number:400]).save(folder / f"{number}.png")
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(root / "palsy" / "a" / "wall.png")
    (root / "healthy" / "b" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    return root
