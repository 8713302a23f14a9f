"""A study's typical errors as landmark drawings: the most wrong test frames, never their photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError
from facialis.faces.mesh import CONTOURS
from facialis.modalities.coordinates import in_iris_frame

if TYPE_CHECKING:
    import pandas as pd

MOST = 4
"""Frames shown of each kind of error, each of another subject."""


class Wrong(NamedTuple):
    """A drawing: the row it is of, what was missed ("patient" or "healthy"), the probability given, and an SVG path in
    a box from (-1.5, -1.3) to (1.5, 2.4) interocular distances, the irises level.
    """

    recipe: str
    group: str
    probability: float
    path: str


def wrong_frames(predictions: pd.DataFrame, cohort: Cohort) -> list[Wrong]:
    """Return of each row the frames whose answer is furthest from their label, subject by subject.

    Parameters
    ----------
    predictions : ``predictions.parquet`` of a study of this cohort.

    Raises
    ------
    CohortError
        The cohort holds no landmarks, or is not the study's.
    """
    if "landmarks" not in cohort.modalities:
        raise CohortError(f"{cohort.path}: holds no landmarks to draw")
    landmarks = cohort.array("landmarks")
    number = {name: row for row, name in enumerate(cohort.frames["frame_id"])}
    if not set(predictions["frame_id"]) <= set(number):
        raise CohortError(f"{cohort.path}: is not the study's cohort: it lacks frames that the study judged")
    wrong = predictions[predictions["predicted"] != predictions["label"]]
    far = wrong.assign(off=(wrong["probability"] - wrong["label"]).abs()).sort_values("off", ascending=False)
    first = far.drop_duplicates(["recipe", "label", "subject_id"]).groupby(["recipe", "label"], sort=True).head(MOST)
    missed_first = first.sort_values(["recipe", "label", "off"], ascending=[True, False, False])
    return [
        Wrong(
            str(row["recipe"]),
            "patient" if row["label"] == 1 else "healthy",
            float(row["probability"]),
            _path(landmarks[number[row["frame_id"]]]),
        )
        for row in missed_first.to_dict("records")
    ]


def _path(points: NDArray[Any]) -> str:
    framed = in_iris_frame(points[:, :2])
    edges = (edge for name in CONTOURS for edge in CONTOURS[name])
    steps = (np.concatenate([framed[a], framed[b]]) for a, b in edges)
    return "".join("M{:.3f} {:.3f}L{:.3f} {:.3f}".format(*step) for step in steps)
