"""The net over time: missing frames take no part, a mirrored face is judged the same, and a planted lag is learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facialis.modalities.trajectories import CHANNELS
from facialis.models.temporal import TemporalClassifier, TemporalNet, features

N = len(CHANNELS)


def smiles(n, late, seed=0, frames=30):
    """Return sequences in which both sides go up and down alike, on every second one later on one side."""
    rng = np.random.default_rng(seed)
    made, labels = [], np.arange(n) % 2 == 1
    for lag in labels:
        at = np.arange(frames) / 15
        values = rng.normal(0, 0.002, (frames, N))
        start = rng.uniform(0.5, 0.9)
        for side in (0, 1):
            moment = start + (late if lag and side == rng.integers(2) else 0.0)
            values[:, side * 11 + 6] += 0.2 / (1 + np.exp(-(at - moment) * 12))
        made.append(values)
    return made, labels


def mirrored(values):
    return np.concatenate([values[:, 11:22], values[:, :11], values[:, 22:]], axis=1)


@pytest.fixture(scope="module")
def fitted():
    made, labels = smiles(120, 0.3)
    return TemporalClassifier(seed=0, epochs=25).fit(made, labels)


def test_a_lag_that_no_single_frame_shows_for_sure_is_learned(fitted):
    made, labels = smiles(60, 0.3, seed=1)
    odds = fitted.log_odds(made)
    # of those whose side was drawn late at all (in a quarter both or none are)
    assert odds[labels].mean() > odds[~labels].mean() + 1
    assert np.mean(np.sort(odds[labels])[-20:] > np.median(odds[~labels])) == 1


def test_a_mirrored_face_is_judged_the_same(fitted):
    made, _ = smiles(6, 0.3, seed=2)
    assert fitted.log_odds(made) == pytest.approx(fitted.log_odds([mirrored(values) for values in made]), abs=1e-4)
    one = features(made[0])
    other = features(mirrored(made[0]))
    assert np.abs(one[:, :11] - other[:, :11]).max() < 1e-12
    assert np.abs(one[:, 11:22] + other[:, 11:22]).max() < 1e-12


def test_the_same_seed_gives_the_same_net():
    made, labels = smiles(20, 0.3)
    first, again = (TemporalClassifier(seed=3, epochs=2).fit(made, labels).log_odds(made) for _ in range(2))
    assert np.array_equal(first, again)


def test_missing_frames_take_no_part():
    torch.manual_seed(0)
    net = TemporalNet(46).eval()
    x, seen = torch.randn(1, 20, 46), torch.ones(1, 20)
    seen[0, 15:] = 0
    wild = x.clone()
    wild[0, 15:] = 1e3
    with torch.no_grad():
        assert torch.allclose(net(x, seen), net(wild, seen))
        assert torch.allclose(net(x[:, :15], seen[:, :15]), net(x, seen), atol=1e-5)
        nobody = net(x, torch.zeros(1, 20))
    assert torch.isfinite(nobody).all()


def test_gaps_and_lengths_in_sequences(fitted):
    made, _ = smiles(4, 0.3, seed=4)
    gappy = [values.copy() for values in made]
    for values in gappy:
        values[3:6] = np.nan
    assert np.isfinite(fitted.log_odds(gappy)).all()
    longer = np.concatenate([made[0], np.full((25, N), np.nan)])
    alone = fitted.log_odds([made[0]])
    assert fitted.log_odds([longer]) == pytest.approx(alone, abs=1e-4)
    assert np.isfinite(fitted.log_odds([np.full((5, N), np.nan)])).all()
