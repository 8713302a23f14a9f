"""The benchmarks of the detector: what abstaining buys, and how stable a finding is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def test_abstaining_leaves_fewer_wrong_labels(landmarks: Path, tmp_path: Path) -> None:
    import risk_coverage
    from real_faces import read

    wrong = np.array([True, False, False, True])
    np.testing.assert_allclose(risk_coverage.curve(wrong, np.array([0.1, 3.0, 2.0, 1.0])), [0, 0, 1 / 3, 1 / 2])
    curves = risk_coverage.run(read(landmarks))
    assert curves["healthy"][len(curves["healthy"]) // 2] <= curves["healthy"][-1]
    assert "under 45 px" in risk_coverage.table(curves)
    risk_coverage.draw(curves, tmp_path / "f.png")
    assert Image.open(tmp_path / "f.png").width > 300


def test_looking_twice_is_stable_under_a_mirror(astronaut: np.ndarray, tmp_path: Path) -> None:
    import stability

    Image.fromarray(astronaut).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"broken")
    once, twice = (stability.run(tmp_path, 9, careful) for careful in (False, True))
    assert (once["n"], twice["twice"]) == (1, 1)
    assert twice["moves"]["mirrored"][0] < 0.02
    assert twice["moves"]["mirrored"][0] < once["moves"]["mirrored"][0]
    stability.draw(once, tmp_path / "s.png")
    assert "mirrored" in stability.table(once)
