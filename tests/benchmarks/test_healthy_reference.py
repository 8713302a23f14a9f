"""benchmarks/healthy_reference.py on simulated faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.faces import geometry
from facialis.faces.mesh import canonical_face
from tests.benchmarks.conftest import Run


def healthy_file(path: Path, stretch: float = 1.0) -> Path:
    """700 healthy faces; `stretch` multiplies the asymmetry of their x and y."""
    faces = simulate_faces(0, 350, 2, seed=5)
    points = faces.landmarks.astype(np.float64)
    middle = geometry.iris_centres(points).mean(axis=1, keepdims=True)
    level = geometry.level(points) - middle
    twin = geometry.mirror(level)
    points = middle + np.concatenate(
        [((level + twin) / 2 + stretch * (level - twin) / 2)[..., :2], level[..., 2:]], axis=-1
    )
    n = len(points)
    np.savez(path, landmarks_px=points, transform=faces.transforms, label=np.zeros(n), visible=np.full(n, -1))
    return path


def test_faces_of_the_same_simulation_agree(tmp_path: Path, run: Run) -> None:
    import healthy_reference as script

    result, text = run(script.main, str(healthy_file(tmp_path / "same.npz")), "--subjects", "500")
    assert result["compared"] == len(result["rows"]) == 34
    assert result["agree"] >= 32
    assert sum(row["agrees"] for row in result["rows"]) == result["agree"]
    assert set(result["misfits"]) == {row["name"] for row in result["rows"] if not row["agrees"]}
    assert f"{result['agree']} of 34 agree" in text
    assert "700 real healthy faces" in text
    for row in result["rows"]:
        low, high = row["real_q50_interval"]
        assert low <= row["real_q50"] <= high
        assert row["real_q10"] <= row["real_q50"] <= row["real_q90"]


def test_faces_twice_as_asymmetric_do_not_and_are_named(tmp_path: Path, run: Run) -> None:
    import healthy_reference as script

    result, text = run(script.main, str(healthy_file(tmp_path / "twice.npz", 2.0)), "--subjects", "300")
    assert {"mouth tilt", "corner height difference", "brow height difference"} <= set(result["misfits"])
    assert result["agree"] < 17
    row = next(row for row in result["rows"] if row["name"] == "mouth tilt")
    assert row["ratio_q50"] == pytest.approx(0.5, abs=0.12)
    assert "mouth tilt" in text.split("by absolute yaw")[1]


def test_a_symmetric_face_has_no_asymmetry(tmp_path: Path) -> None:
    import healthy_reference as script
    from real_faces import Faces

    points = (canonical_face() * [100.0, -100.0, -100.0])[None]
    values = script.quantities(Faces(points, np.eye(4)[None], np.zeros(1, int), np.zeros(1, int)))
    sizes = ("f18", "f19", "f20", "f21", "f25", "f26", "f27", "f28")
    for name, value in values.items():
        if name.split()[0] in sizes:
            assert value[0] > 0.05
        else:
            assert value[0] == pytest.approx(0.0, abs=1e-6), name


def test_weights_spread_the_yaw_as_the_real_one() -> None:
    import healthy_reference as script

    rng = np.random.default_rng(2)
    simulated, real = rng.normal(0.0, 25.0, 4000), rng.normal(0.0, 6.0, 300)
    weights = script.yaw_weights(simulated, real)
    assert weights.sum() == pytest.approx(1.0)
    share = weights[np.abs(simulated) < 8.0].sum()
    assert share == pytest.approx(np.mean(np.abs(real) < 8.0))
    with pytest.raises(SystemExit, match="20 to 30"):
        script.yaw_weights(np.array([1.0, 2.0]), np.array([1.0, 25.0]))
    ones = np.ones(4000)
    assert script.weighted_quantiles(simulated, ones) == pytest.approx(
        np.quantile(simulated, script.QUANTILES), abs=0.05
    )
