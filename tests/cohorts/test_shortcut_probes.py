"""The probes of shortcuts find what is there and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
from benchmarks.shortcuts import bootstrap_auc, mask_of, probes_of, scores

from facialis.faces.mesh import CONTOURS, canonical_face


def test_equal_scores_of_a_pair_give_one_half_and_a_shift_is_seen() -> None:
    rng = np.random.default_rng(0)
    pairs = np.repeat(np.arange(30), 2)
    labels = np.tile([0, 1], 30)
    same = np.repeat(rng.standard_normal(30), 2)
    assert np.allclose(bootstrap_auc(same, labels, pairs, 0), 0.5)
    train = pairs >= 15
    shifted = scores((same + 3.0 * labels)[:, None], labels, train)
    drawn = bootstrap_auc(shifted, labels[~train], pairs[~train], 0)
    assert np.quantile(drawn[1:], 0.025) > 0.8


def test_what_happens_in_the_face_does_not_reach_the_masked_probe_and_light_does() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(60, 180, (512, 512, 3), dtype=np.uint8)
    points = canonical_face()[:, :2] * [14.0, -14.0] + 256.0
    changed = picture.copy()
    changed[220:290, 220:290] = 0
    oval = points[[start for start, _ in CONTOURS["face_oval"]]]
    face = mask_of((512, 512), [oval], 1.7)
    assert face[220:290, 220:290].all()
    assert not face[:20].any()
    one, other, bright = (probes_of(rgb, face) for rgb in (picture, changed, picture + np.uint8(20)))
    for name in ("face masked out", "background"):
        assert np.array_equal(one[name], other[name])
        assert not np.array_equal(one[name], bright[name])
    assert not np.array_equal(one["colour"], other["colour"])
