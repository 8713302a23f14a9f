"""The probes find a shortcut that was put in, and none where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort, write_cohort
from facialis.faces.mesh import canonical_face
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.shortcuts import ask
from tests.studies.conftest import frames_of


def answer(folder: Path, brighter: float) -> Answer:
    """20 + 20 subjects; the corner of the patients' crops is brighter by this much."""
    frames = frames_of(20, 20, 2).assign(height=400, width=400)
    rng = np.random.default_rng(3)
    patients = frames["label"].to_numpy() == 1
    crops = rng.normal(100, 20, size=(len(frames), 256, 256))
    crops[patients, :32, :32] += brighter
    marks = np.repeat((canonical_face() * (12, -12, 12) + (200, 200, 0))[None], len(frames), axis=0)
    arrays = {"crops": crops.clip(0, 255).astype(np.uint8), "landmarks": marks.astype(np.float32)}
    cohort: Cohort = write_cohort(folder / "cohort", frames, arrays, {"simulated": True})
    return ask(Asking(cohort, folder / "out", split="5-fold", n_bootstrap=500))


@pytest.mark.parametrize(("brighter", "found"), [(40.0, True), (0.0, False)])
def test_background_shortcut(tmp_path: Path, brighter: float, found: bool) -> None:
    given = answer(tmp_path, brighter)
    rows = {row["probe"]: row["shortcut"] for row in given.sheets["Holm"]}
    assert rows["background"] == found
    assert ("background" in given.sentences[0]) == found
    assert "simulated" in given.sentences[0]
    assert given.write(tmp_path / "out").is_file()
    assert any("head pose could not run" in note for note in given.notes)
