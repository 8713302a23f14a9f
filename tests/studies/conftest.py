"""Small cohorts on disk, for studies that take seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort


def frames_of(n_patients: int, n_healthy: int, n_frames: int, portraits: tuple[str, ...] = ("a",)) -> pd.DataFrame:
    """A table of frames; the portrait changes from subject to subject."""
    subjects = [("patient", f"p{i:02d}") for i in range(n_patients)]
    subjects += [("healthy", f"h{i:02d}") for i in range(n_healthy)]
    return pd.DataFrame(
        [
            {
                "frame_id": f"{subject}-{k}",
                "subject_id": subject,
                "group": group,
                "label": int(group == "patient"),
                "source": "test",
                "sequence": "",
                "time": np.nan,
                "portrait": portraits[number % len(portraits)],
                "path": "",
                "quality": "",
            }
            for number, (group, subject) in enumerate(subjects)
            for k in range(n_frames)
        ]
    )


@pytest.fixture
def make_cohort(tmp_path: Path) -> Callable[..., Cohort]:
    def make(
        n_patients: int = 3,
        n_healthy: int = 3,
        n_frames: int = 4,
        *,
        name: str = "cohort",
        gap: float = 4.0,
        seed: int = 0,
        simulated: bool = True,
        crops: bool = True,
    ) -> Cohort:
        frames = frames_of(n_patients, n_healthy, n_frames)
        rng = np.random.default_rng(seed)
        y, n = frames["label"].to_numpy(), len(frames)
        arrays = {
            "measures": rng.normal(size=(n, 29)) + gap * y[:, None],
            "expressions": (rng.normal(size=(n, 52)) + gap * y[:, None]).astype(np.float32),
            "coordinates": (rng.normal(size=(n, 956)) + gap * y[:, None]).astype(np.float32),
        }
        if crops:
            grey = rng.normal(100, 20, size=(n, 256, 256)) + 15 * gap * y[:, None, None]
            arrays["crops"] = np.clip(grey, 0, 255).astype(np.uint8)
            arrays["lines"] = np.where(grey > 110, 255, 0).astype(np.uint8)
        return write_cohort(tmp_path / name, frames, arrays, {"simulated": simulated, "seed": seed})

    return make


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """One thread for these small nets: on a busy machine two take many times longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
