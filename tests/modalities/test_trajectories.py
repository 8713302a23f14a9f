"""A sequence's dynamics: missing frames stay missing, a mirror turns the signs, a late side is found late."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face
from facialis.modalities.trajectories import CHANNELS, FEWEST, PAIRS, TRAJECTORIES, channels, trajectories

FACE = canonical_face() * [100, -100, -100]
TIMES = np.arange(90) / 30
RIGHT, LEFT = 61, 291


def smile(right: float, left: float, lag: float = 0.0) -> np.ndarray:
    """Return (90, 478, 3): both commissures rise and fall once, the subject's right `lag` seconds later."""
    points = np.repeat(FACE[None], len(TIMES), axis=0)
    for landmark, size, late in ((RIGHT, right, lag), (LEFT, left, 0.0)):
        points[:, landmark, 1] -= size * np.exp(-(((TIMES - 1.5 - late) / 0.3) ** 2))
    return points


def value(name: str, points: np.ndarray, times: np.ndarray = TIMES) -> float:
    return float(trajectories(channels(points), times)[TRAJECTORIES.index(name)])


def test_the_names_are_110_and_each_is_one():
    assert len(CHANNELS) == 23
    assert len(TRAJECTORIES) == len(set(TRAJECTORIES)) == 110


def test_a_face_at_rest_moves_by_nothing_and_is_compared_with_nothing():
    still = trajectories(channels(np.repeat(FACE[None], 90, axis=0)), TIMES)
    for name, number in zip(TRAJECTORIES, still, strict=True):
        if name.endswith(("spread", "range", "top_speed")):
            assert number == pytest.approx(0, abs=1e-12)
        elif any(name.startswith(pair) for pair in PAIRS) and name.endswith(("correlation", "ratio", "lag")):
            assert np.isnan(number)
        else:
            assert np.isfinite(number)


def test_the_weaker_side_has_the_smaller_amplitude_and_speed():
    points = smile(20, 60)
    assert value("commissure_height_log_amplitude_ratio", points) == pytest.approx(np.log(20 / 60), abs=0.02)
    right, left = (value(f"commissure_height_subject_{side}_top_speed", points) for side in ("right", "left"))
    assert right == pytest.approx(left / 3, rel=0.02)
    assert value("commissure_height_correlation", points) == pytest.approx(1)


@pytest.mark.parametrize("lag", [-0.2, 0.0, 0.1, 0.3])
def test_a_side_that_follows_is_found_that_much_later(lag):
    assert value("commissure_height_lag", smile(40, 40, lag)) == pytest.approx(lag, abs=1 / 30)


def test_a_mirror_exchanges_the_sides_and_turns_the_signs():
    points = smile(20, 60, 0.1)
    turned = np.stack([mirror(frame) for frame in points])
    one, other = trajectories(channels(points), TIMES), trajectories(channels(turned), TIMES)
    for k, name in enumerate(TRAJECTORIES):
        twin = name
        for a, b in (("subject_right", "subject_left"), ("subject_left", "subject_right")):
            if a in name:
                twin = name.replace(a, b)
        sign = -1 if name.endswith(("_log_amplitude_ratio", "_lag")) else 1
        np.testing.assert_allclose(other[TRAJECTORIES.index(twin)], sign * one[k], atol=1e-2, err_msg=name)


def test_missing_frames_stay_missing():
    points = smile(20, 60)
    holes = points.copy()
    holes[::7] = np.nan
    table = channels(holes)
    assert np.isnan(table[::7]).all()
    assert np.isfinite(table[1:7]).all()
    whole, partly = trajectories(channels(points), TIMES), trajectories(table, TIMES)
    np.testing.assert_allclose(partly[: 23 * 4], whole[: 23 * 4], atol=0.1)
    few = np.full_like(points, np.nan)
    few[: FEWEST - 1] = points[: FEWEST - 1]
    assert np.isnan(trajectories(channels(few), TIMES)).all()


def test_no_speed_over_a_long_gap():
    points = smile(60, 60)
    times = TIMES.copy()
    times[45:] += 100
    gap = points.copy()
    gap[45:, RIGHT, 1] -= 500
    jump = value("commissure_height_subject_right_top_speed", gap, times)
    assert jump < value("commissure_height_subject_right_top_speed", gap, TIMES) + 1e-9
    assert jump < 10


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must increase"):
        trajectories(channels(smile(1, 1)), TIMES[::-1])
    with pytest.raises(ValueError, match="expected"):
        trajectories(np.zeros((9, 5)), np.arange(9.0))
