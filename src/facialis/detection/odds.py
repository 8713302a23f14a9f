"""Probabilities and log odds."""

from __future__ import annotations

import math


def sigmoid(logit: float) -> float:
    """Return the probability of log odds."""
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, logit))))


def logit_of(probability: float) -> float:
    """Return the log odds of a probability between 0 and 1."""
    return math.log(probability / (1 - probability))
