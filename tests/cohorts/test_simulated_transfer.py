"""benchmarks/transfer.py on a simulated file of the same form as the real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.simulated.simulate import simulate_faces

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "transfer.py"
KEYS = {
    "name", "primary", "auc_clear", "auc_visible", "auc_all", "auc_nothing", "auc_clear_yaw10", "auc_visible_yaw10",
    "sensitivity_clear", "specificity",
}  # fmt: skip


def transfer(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True)


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    faces = simulate_faces(60, 60, 1, seed=77)
    ill = (faces.frames["group"] == "patient").to_numpy()
    visible = np.where(ill, np.digitize(faces.frames["palsy_mm"], [1.0, 5.0]), -1)
    path = tmp_path / "faces.npz"
    np.savez(
        path,
        landmarks_px=faces.landmarks,
        transform=faces.transforms,
        blendshapes=np.zeros((120, 52)),
        size_hw=faces.frames[["height", "width"]].to_numpy(),
        label=ill,
        visible=visible,
    )
    return path


def test_transfer_prints_one_json_object_with_the_promised_rows(landmarks: Path) -> None:
    run = transfer(str(landmarks), "--json", "--seeds", "1", "--pairs", "150")
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    rows = result["rows"]
    assert [row["primary"] for row in rows] == [True] + [False] * (len(rows) - 1)
    assert all(row.keys() >= KEYS for row in rows)
    first = rows[0]
    assert first["auc_clear"] > 0.85, "simulated faces tell simulated faces"
    assert first["auc_clear"] > first["auc_nothing"]
    low, high = first["auc_clear_interval"]
    assert low <= first["auc_clear"] <= high
    alone = [row for row in rows if "yaw alone" in row["name"] or "distance alone" in row["name"]]
    assert len(alone) == 2
    assert all(abs(row["auc_clear"] - 0.5) < 0.2 for row in alone), "pose and size tell nothing in pairs"


def test_a_file_of_another_form_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, something=np.zeros(3))
    run = transfer(str(path))
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1
    assert "landmarks_px" in run.stderr
