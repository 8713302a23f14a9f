"""What is read off one face: the graph's answers and every number, of the landmarks and of their noisy copies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.errors import spread
from facialis.detection.finding import Number
from facialis.detection.millimetres import IRIS_SPREAD, millimetre_names
from facialis.modalities.asymmetry import with_sign_of, without_sign
from facialis.modalities.measures import MEASURES
from facialis.modalities.signed import SIGNED_MEASURES

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle

Values = NDArray[np.float64]

WIDENED = 1.5
"""Factor on the error of the log odds. Of simulated pictures changed a little the copies tell it right, of the one real
portrait at hand they tell 0.6 of it (``benchmarks/coverage.py``): the real one counts."""


class Reading(NamedTuple):
    """One face (first row) and its noisy copies (the others).

    Attributes
    ----------
    answers : the graph's, each (1 + copies, ...).
    measures : (29,) of the face itself.
    all_measures : (1 + copies, 29).
    signed : (1 + copies, 24), the pose undone.
    millimetres : (1 + copies, k).
    """

    answers: dict[str, Values]
    measures: Values
    all_measures: Values
    signed: Values
    millimetres: Values


def log_odds(answers: dict[str, Values]) -> Values:
    """Return the log odds of palsy (n,)."""
    return np.asarray(answers["logits"][:, 1] - answers["logits"][:, 0])


def logit_error(answers: dict[str, Values], of_crop: float = 0.0) -> float:
    """Return the standard deviation of the log odds over the noisy copies, widened by `WIDENED`.

    Parameters
    ----------
    of_crop : that by how the crop is cut, which is one for all copies (`Bundle.crop_noise`).
    """
    return WIDENED * math.hypot(float(spread(log_odds(answers))), of_crop)


def mean_answers(one: dict[str, Values], mirrored: dict[str, Values]) -> dict[str, Values]:
    """Return the mean of what was answered for a picture and for its mirror image (landmarks mirrored back)."""
    return {name: (array + mirrored[name]) / 2 for name, array in one.items()}


def numbers(reading: Reading, bundle: Bundle) -> dict[str, dict[str, Number]]:
    """Return every number of a face with its error, healthy range and percentile: measures, differences, millimetres.

    A measure with a sign is held against the reference without it, as are differences. The error of a length in
    millimetres holds the spread of the iris among people.
    """
    definition = bundle.card.input["definition"]
    sizes = without_sign(reading.measures, definition)
    reference = bundle.reference

    def number(name: str, value: float, error: float, unit: str, size: float) -> Number:
        if name not in reference.quantiles:
            return Number(float(value), float(error), unit)
        return Number(float(value), float(error), unit, reference.interval(name), reference.percentile(name, size))

    measured = {
        entry.name: number(entry.name, value, error, entry.unit, size)
        for entry, value, error, size in zip(
            MEASURES, reading.measures, spread(reading.all_measures), sizes, strict=True
        )
    }
    signed = {
        entry.name: number(f"difference {entry.name}", value, error, entry.unit, abs(value))
        for entry, value, error in zip(SIGNED_MEASURES, reading.signed[0], spread(reading.signed), strict=True)
    }
    lengths = reading.millimetres
    errors = np.hypot(spread(lengths), IRIS_SPREAD * np.abs(lengths[0]))
    in_mm = {
        name: number(name, value, error, "mm", abs(value))
        for name, value, error in zip(millimetre_names(), lengths[0], errors, strict=True)
    }
    return {"measures": measured, "differences": signed, "millimetres": in_mm}


def effects(measures: Values, bundle: Bundle) -> Values | None:
    """Return by how much the log odds fall (29,) when one measure at a time is put to its healthy median.

    None where the bundle's label reads more than the measures.
    """
    if not bundle.by_measures:
        return None
    card = bundle.card
    healthy = card.reference["quantiles"]["0.5"][: len(measures)]
    batch = np.tile(measures, (len(measures) + 1, 1))
    batch[np.arange(1, len(batch)), np.arange(len(measures))] = with_sign_of(
        measures, healthy, card.input["definition"]
    )
    odds = log_odds({"logits": bundle.logits(batch)})
    return np.asarray(odds[0] - odds[1:])
