"""benchmarks/transfer.py on a simulated file of the same form as the real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "transfer.py"
KEYS = {
    "name", "primary", "auc_clear", "auc_visible", "auc_all", "auc_nothing", "auc_clear_yaw10", "auc_visible_yaw10",
    "sensitivity_clear", "specificity",
}  # fmt: skip


def transfer(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True)


def test_it_prints_one_json_object_with_the_promised_rows(landmarks: Path) -> None:
    run = transfer(str(landmarks), "--json", "--seeds", "1", "--pairs", "150")
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)["rows"]
    assert [row["primary"] for row in rows] == [True] + [False] * (len(rows) - 1)
    assert rows[0]["name"].startswith("logistic regression, 29 measures")
    assert all(row.keys() >= KEYS for row in rows)
    first = rows[0]
    assert first["auc_clear"] > 0.85, "simulated faces tell simulated faces"
    assert first["auc_clear"] > first["auc_nothing"]
    for key in ("auc_clear", "auc_visible", "sensitivity_clear", "specificity"):
        low, high = first[f"{key}_interval"]
        assert low <= first[key] <= high
    names = " / ".join(row["name"] for row in rows)
    for wanted in ("mirrored-pair", "small net", "the study's net", "21 measures", "symmetric shape alone"):
        assert wanted in names
    alone = [row for row in rows if "yaw alone" in row["name"] or "distance in px alone" in row["name"]]
    assert len(alone) == 2
    assert all(abs(row["auc_clear"] - 0.5) < 0.2 for row in alone), "pose and size tell nothing in pairs"


def test_its_table_names_every_row_and_counts_the_faces(landmarks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transfer as script
    from real_faces import read

    monkeypatch.setattr(script, "MODELS", {name: script.MODELS[name] for name in (script.PRIMARY,)})
    text = script.table(script.run(read(landmarks), (0,), 100))
    assert "60 healthy" in text
    assert f"* {script.PRIMARY}" in text


def test_the_threshold_is_chosen_on_simulated_faces_alone(landmarks: Path) -> None:
    import transfer as script
    from real_faces import read

    faces = read(landmarks)
    yaw = "absolute yaw alone (less is palsy)"
    (scores, thresholds) = script.train_and_score(faces, [yaw], (3,), 200)[yaw]
    held = script.simulated(1003, 200)
    assert scores[0] == pytest.approx(-np.abs(faces.yaw))
    assert np.mean(-np.abs(held.yaw)[held.label == 0] > thresholds[0]) == pytest.approx(0.1, abs=0.01)


def test_areas_under_curves_count_pairs(landmarks: Path) -> None:
    from real_faces import auc

    rng = np.random.default_rng(1)
    scores, ill = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[ill] for b in scores[~ill]]
    assert auc(scores, ill) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"something": np.zeros(3)}, "landmarks_px"),
        ({"landmarks_px": np.zeros((2, 5, 3)), "transform": np.zeros((2, 4, 4)), "label": np.zeros(2),
          "visible": np.zeros(2)}, "(n, 478, 3)"),
        ({"landmarks_px": np.zeros((2, 478, 3)), "transform": np.zeros((2, 4, 4)), "label": np.zeros(2),
          "visible": np.zeros(2)}, "no face with visible"),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused_in_one_line(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    import transfer as script

    path = tmp_path / "other.npz"
    np.savez(path, **arrays)
    with pytest.raises(SystemExit) as stop:
        script.main([str(path)])
    assert words in str(stop.value)
    assert "\n" not in str(stop.value)


def test_a_missing_file_ends_the_program_with_one_line_and_no_output(tmp_path: Path) -> None:
    run = transfer(str(tmp_path / "none.npz"), "--json")
    assert run.returncode == 1
    assert run.stdout == ""
    assert len(run.stderr.strip().splitlines()) == 1
