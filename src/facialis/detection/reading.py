"""What is read off one face: the graph's answers and every number, of the landmarks and of their noisy copies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.millimetres import IRIS_SPREAD, millimetre_names
from facialis.detection.number import Number
from facialis.detection.number_errors import spread
from facialis.faces.face import Face
from facialis.faces.geometry import undo_pose
from facialis.modalities.asymmetry import without_sign
from facialis.modalities.measures import MEASURES, measure
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
    answers : the graph's, each (1 + copies, ...), or (1, ...) where the copies were not asked
        (`facialis.detection.bundle.OF_COPIES`).
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


def answer_errors(answers: dict[str, Values]) -> dict[str, Values]:
    """Return the standard deviation of side, regions (log odds) and severity over the noisy copies, widened alike."""
    return {
        name: np.asarray(WIDENED * spread(answers[name])) for name in ("side", "regions", "severity") if name in answers
    }


def mean_answers(one: dict[str, Values], mirrored: dict[str, Values]) -> dict[str, Values]:
    """Return the mean of what was answered for a picture and for its mirror image (landmarks mirrored back)."""
    return {name: (array + mirrored[name]) / 2 for name, array in one.items()}


def measured(landmarks: NDArray[np.floating[Any]], face: Face, bundle: Bundle) -> Values:
    """Return the (n, 29) measures that a bundle wants of landmarks (n, 478, 3) px of one face."""
    inputs = bundle.card.input
    points: NDArray[Any] = np.asarray(landmarks, dtype=np.float64)
    if inputs["pose_corrected"]:
        points = undo_pose(points, face.transform)
    return measure(
        points,
        definition=inputs["definition"],
        coordinates=inputs["coordinates"],
        size=face.size,
        origin=inputs.get("origin", "picture"),
    )


def numbers(reading: Reading, bundle: Bundle) -> dict[str, dict[str, Number]]:
    """Return every number of a face with its error, healthy range and percentile: measures, differences, millimetres.

    A measure with a sign is held against the reference without it, as are differences. The error of a length in
    millimetres holds the spread of the iris among people.
    """
    definition = bundle.card.input["definition"]
    reference = bundle.reference

    def told(names: Iterable[tuple[str, str, str]], values: Values, errors: Values, sizes: Values) -> dict[str, Number]:
        # plain numbers: one by one, numpy's take three times as long
        return {
            name: Number(value, error, unit, reference.interval(known_as), reference.percentile(known_as, size))
            if known_as in reference.quantiles
            else Number(value, error, unit)
            for (name, known_as, unit), value, error, size in zip(
                names, values.tolist(), errors.tolist(), sizes.tolist(), strict=True
            )
        }

    measures, signed, lengths = reading.measures, reading.signed[0], reading.millimetres[0]
    measured = told(
        ((entry.name, entry.name, entry.unit) for entry in MEASURES),
        measures,
        spread(reading.all_measures),
        np.asarray(without_sign(measures, definition)),
    )
    differences = told(
        ((entry.name, f"difference {entry.name}", entry.unit) for entry in SIGNED_MEASURES),
        signed,
        spread(reading.signed),
        np.abs(signed),
    )
    in_mm = told(
        ((name, name, "mm") for name in millimetre_names()),
        lengths,
        np.hypot(spread(reading.millimetres), IRIS_SPREAD * np.abs(lengths)),
        np.abs(lengths),
    )
    return {"measures": measured, "differences": differences, "millimetres": in_mm}
