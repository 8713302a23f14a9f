"""Six left-right ratios of a face, smaller side over larger: 1 is symmetric.

Source: the definitions of a published thesis program, which computed them with MediaPipe on the 480 photos of the MEEI
Facial Palsy Photo and Video Standard Set (Greene et al. 2020); so the same numbers can be had of other faces.

Convention: E is the line through both iris centres, O the midpoint between them, S the perpendicular to E through O;
all in the picture plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import CONTOURS, mirror_permutation
from facialis.modalities.coordinates import in_iris_frame

RATIOS: dict[str, str] = {
    "brow_eye": "distance of the brow's centroid to its iris centre",
    "brow_eyeline": "distance of the brow's centroid to E",
    "brow_midpoint": "distance of the brow's centroid to O",
    "eye_area": "area of the convex hull of the eyelids' contour",
    "lip_centre": "distance of the oral commissure to the middle of the upper lip",
    "mouth_area": "triangle of the oral commissure, its foot on S, and the lower lip's foot on S",
}
"""Name: what is measured on either side, in the order of the last axis of `ratios`."""

BROW = (70, 63, 105, 66, 107)
IRIS = (468, 469, 470, 471, 472)
EYELIDS = tuple(sorted({landmark for edge in CONTOURS["subject_right_eye"] for landmark in edge}))
COMMISSURE, UPPER_LIP, LOWER_LIP = 61, 0, 17
"""Landmarks of the subject's right and the midline."""

Values = NDArray[np.float64]


def ratios(points: ArrayLike) -> Values:
    """Compute the six ratios of one face or of many.

    Shift, roll, scale and mirroring of the face change nothing; a turned head does: photos should be frontal.
    A side of 0 beside one that is not (a closed eye) gives 0, 0 on both sides gives 1.

    Parameters
    ----------
    points : (..., 478, 2 or 3), px, x to image right, y down; z is not used.

    Returns
    -------
    (..., 6) float64, 0 to 1, in the order of `RATIOS`.

    Raises
    ------
    ValueError
        `points` of a wrong shape (the ten points of the irises are needed).

    Examples
    --------
    >>> from facialis.faces.mesh import canonical_face
    >>> face = canonical_face() * [100, -100, -100]  # y down, as in a picture
    >>> ratios(face).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    >>> face[61, 0] += 50  # the commissure of the subject's right, inwards
    >>> ratios(face).round(2).tolist()
    [1.0, 1.0, 1.0, 1.0, 0.83, 0.8]
    """
    framed = in_iris_frame(points)
    mirrored = np.take(framed, mirror_permutation(), axis=-2) * np.array([-1.0, 1.0])
    sides = np.stack([_quantities(framed), _quantities(mirrored)])
    smaller, larger = sides.min(axis=0), sides.max(axis=0)
    return np.asarray(np.divide(smaller, larger, out=np.ones_like(larger), where=larger > 0))


def _quantities(face: Values) -> Values:
    """Return (..., 6): the quantities of the subject's right, of faces (..., 478, 2) with E and S as axes."""
    brow = face[..., BROW, :].mean(axis=-2)
    iris = face[..., IRIS, :].mean(axis=-2)
    commissure, upper, lower = (face[..., landmark, :] for landmark in (COMMISSURE, UPPER_LIP, LOWER_LIP))
    columns: list[Any] = [
        _length(brow - iris),
        np.abs(brow[..., 1]),
        _length(brow),
        hull_area(face[..., EYELIDS, :]),
        _length(commissure - upper),
        np.abs(commissure[..., 0] * (commissure[..., 1] - lower[..., 1])) / 2.0,
    ]
    return np.stack(columns, axis=-1)


def _length(vectors: Values) -> Values:
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]))


def hull_area(points: ArrayLike) -> Values:
    """Return (...): the area of the convex hull of each set of points (..., k, 2); 0 where they lie on one line.

    With the points sorted by x, the hull's upper border above a point is the highest of the chords that span it; the
    area is what lies between that and the lower border.

    Examples
    --------
    >>> float(hull_area([[0, 0], [2, 0], [2, 1], [0, 1], [1, 0.5]]))
    2.0
    """
    points = np.asarray(points, dtype=np.float64)
    flat = points.reshape(-1, *points.shape[-2:])
    areas = [_hull_area(flat[start : start + 256]) for start in range(0, len(flat), 256)]
    return np.concatenate([*areas, np.zeros(0)]).reshape(points.shape[:-2])


def _hull_area(points: Values) -> Values:
    x = np.take_along_axis(points[..., 0], (order := np.argsort(points[..., 0], axis=-1)), axis=-1)
    y = np.take_along_axis(points[..., 1], order, axis=-1)
    k = x.shape[-1]
    first, last = np.triu_indices(k)
    run = x[:, last] - x[:, first]
    slope = np.divide(y[:, last] - y[:, first], run, out=np.zeros_like(run), where=run > 0)
    chord = y[:, first, None] + slope[..., None] * (x[:, None, :] - x[:, first, None])  # (n, chords, k)
    spans = (first[:, None] <= np.arange(k)) & (np.arange(k) <= last[:, None])
    upper = np.where(spans, chord, -np.inf).max(axis=1)
    lower = np.where(spans, chord, np.inf).min(axis=1)
    height = upper - lower
    return np.asarray(((height[:, 1:] + height[:, :-1]) * np.diff(x, axis=-1)).sum(axis=-1) / 2.0)
