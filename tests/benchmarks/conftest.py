"""Simulated files of the same form as the real ones that the benchmarks measure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facialis.cohorts.simulated.simulate import simulate_faces

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

Run = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripts be imported as when they are run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture(scope="session")
def landmarks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 simulated faces in the form of the file of real landmarks."""
    faces = simulate_faces(60, 60, 1, seed=77)
    ill = (faces.frames["group"] == "patient").to_numpy()
    path = tmp_path_factory.mktemp("landmarks") / "faces.npz"
    np.savez(
        path,
        landmarks_px=faces.landmarks,
        transform=faces.transforms,
        blendshapes=np.zeros((120, 52)),
        size_hw=faces.frames[["height", "width"]].to_numpy(),
        label=ill,
        visible=np.where(ill, np.digitize(faces.frames["palsy_mm"], [1.0, 5.0]), -1),
    )
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a script's `main`, first with ``--json``, then without; return the object and the text that it printed."""

    def run_(main: Callable[[list[str]], int], *arguments: str) -> tuple[dict[str, Any], str]:
        assert main([*arguments, "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert main(list(arguments)) == 0
        return result, capsys.readouterr().out

    return run_
