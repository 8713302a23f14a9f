"""The thresholds of photo sets, set on local healthy people's sets.

A set's log odds depend on which views it has. So each local person's are held against those of the simulated healthy
people who have the same views, as a score (`facialis.modalities.photo_sets.score`: 0 at their median, 1 at the built-in
threshold), and the thresholds are local people's own quantiles of that score, as for single photos
(`facialis.detection.recalibration`). No distribution is assumed; n people leave their exact interval open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.detection.photo_set import photos_log_odds
from facialis.detection.recalibration import FEWEST, exact_interval, operating_point
from facialis.modalities.photo_sets import LocalSets, counted, score

FEWEST_VIEWS = 2
"""A person counts with so many different views; a single photo is judged as a photo."""

Photos = Sequence[tuple[str, str | None, Finding]]
"""Of each photo of a person its name, its view where the name tells it, and its finding."""


class SetThresholds(NamedTuple):
    """Thresholds of sets, None where they were left as they are, and why or on what, in words."""

    local: LocalSets | None
    said: str


def set_thresholds(bundle: Bundle, people: Mapping[str, Photos], specificity: float = 0.90) -> SetThresholds:
    """Return the thresholds of photo sets that local healthy people's number supports.

    Parameters
    ----------
    people : of each person, their photos.
    specificity : asked for, from 0.5 and below 1.
    """
    model = bundle.photo_set
    if model is None:
        return SetThresholds(None, f"the bundle {bundle.card.name} knows no photo sets")
    scores, views = [], 0
    for photos in people.values():
        odds, present = photos_log_odds(photos, bundle)
        if len(present) >= FEWEST_VIEWS:
            scores.append(score(odds, counted(model, present).healthy))
            views += len(present)
    n = len(scores)
    if n < FEWEST:
        left = "as they were" if model.local is None else f"those of {model.local.n} people before"
        return SetThresholds(
            None,
            f"{n} healthy people with {FEWEST_VIEWS} or more views that can be judged, {FEWEST} or more are needed: "
            f"thresholds of photo sets left {left}",
        )
    values = np.array(scores)
    low, edge, high = (round(float(value), 4) for value in operating_point(values, specificity))
    called = int((values >= edge).sum())
    least, most = exact_interval(n - called, n)
    basis = (
        f"the score below which {specificity:.0%} of {n} local healthy people's sets lie ({views / n:.1f} views each); "
        f"their own specificity {1 - called / n:.3f} (95 % exact interval {least:.3f} to {most:.3f}; {n} people, the "
        "threshold is theirs); the score is 0 at the median of simulated healthy people with the same views and 1 at "
        "the built-in threshold"
    )
    return SetThresholds(LocalSets((low, edge, high), n, basis), basis)
