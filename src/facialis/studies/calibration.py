"""Do the probabilities mean what they say? Reliability, expected calibration error and Brier score."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import brier_score_loss

N_BINS = 10


def calibration(labels: ArrayLike, probability: ArrayLike, *, n_bins: int = N_BINS) -> dict[str, Any]:
    """Return the calibration of probabilities of palsy.

    Returns
    -------
    dict
        ``ece``: mean distance of stated probability and share of palsy over bins of equal width, each weighted by its
        frames (Guo et al. 2017, eq. 3); ``brier``: mean squared error; ``reliability``: for each bin that holds a frame
        its mean ``stated`` probability, the ``found`` share of palsy, and ``n``.

    Examples
    --------
    >>> calibration([0, 1, 1, 1], [0.05, 0.75, 0.75, 0.75])["ece"]
    0.2
    """
    y, p = np.asarray(labels, dtype=np.int64), np.asarray(probability, dtype=np.float64)
    bins = np.minimum((p * n_bins).astype(np.int64), n_bins - 1)
    n = np.bincount(bins, minlength=n_bins)
    used = n > 0
    stated, found = (np.bincount(bins, weights=w, minlength=n_bins)[used] / n[used] for w in (p, y))
    return {
        "ece": round(float(np.sum(np.abs(stated - found) * n[used]) / n.sum()), 6),
        "brier": round(float(brier_score_loss(y, p, pos_label=1)), 6),
        "reliability": [
            {"stated": round(float(s), 4), "found": round(float(f), 4), "n": int(k)}
            for s, f, k in zip(stated, found, n[used], strict=True)
        ],
    }
