"""What many tests share: the free portrait, the real landmarker (made once), and pictures on disk."""

from __future__ import annotations

import importlib.util
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

# Without the extra `train`, what needs none of it is tested all the same: see `make test-lowest`.
TRAIN = importlib.util.find_spec("torch") is not None
collect_ignore = (
    []
    if TRAIN
    else [
        "app/test_weights_command.py",
        "benchmarks",
        "cohorts/test_landmarker_response.py",
        "cohorts/test_shortcut_probes.py",
        "detection/test_round_trip.py",
        "models",
        "studies",
        "test_architecture.py",  # needs import-linter, as `make lint` does
        "web/test_agreement.py",
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `train` where the extra is not installed."""
    for item in items:
        if not TRAIN and item.get_closest_marker("train"):
            item.add_marker(pytest.mark.skip(reason="needs the extra `train`"))


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
        Image.fromarray(astronaut[: 300 + number, number:400]).save(folder / f"{number}.png", compress_level=1)
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(root / "palsy" / "a" / "wall.png")
    (root / "healthy" / "b" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    return root
