"""Signed left-right differences: subject's right minus subject's left, so that a number says which side is weak.

Source: own; the quantities are those that clinicians look at (margin reflex distances, palpebral fissure, commissure,
philtrum). The 29 published measures are nearly blind to the side.

Convention: the face is turned until the line of the iris centres is level; that line is height 0, the midline is
the perpendicular through the middle between the irises. Lengths are in units of the interocular distance (iris
centre to iris centre, "IOD"), heights count upwards, distances from the midline count outwards on either side.
A midline point's deviation counts towards the subject's right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import mirror_permutation
from facialis.modalities.coordinates import in_iris_frame

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SignedMeasure:
    """One signed difference: what is measured on each side, and on which landmarks of the subject's right."""

    name: str
    clinical_name: str
    region: str
    """One of `facialis.modalities.measures.REGIONS`."""
    unit: str
    """``"IOD"``, ``"IOD^2"`` or ``"deg"``."""
    kind: str
    """The quantity of a side, a key of `QUANTITIES`, or ``"deviation"`` for points on the midline."""
    landmarks: tuple[tuple[int, ...], ...]
    """Groups of landmarks on the subject's right; a group stands for the mean of its points."""
    symmetric: float = 0.0


_UPPER_LID, _LOWER_LID = (160, 159, 158), (144, 145, 153)

SIGNED_MEASURES: tuple[SignedMeasure, ...] = (
    SignedMeasure("brow_outer_height", "height of the brow's outer end", "brow", "IOD", "height", ((46, 70),)),
    SignedMeasure("brow_middle_height", "height of the brow's middle", "brow", "IOD", "height", ((52, 105),)),
    SignedMeasure("brow_inner_height", "height of the brow's inner end", "brow", "IOD", "height", ((55, 107),)),
    SignedMeasure("brow_tilt", "rise of the brow from its inner to its outer end", "brow", "deg", "tilt",
                  ((55, 107), (46, 70))),
    SignedMeasure("upper_lid_height", "margin reflex distance 1, iris centres to upper lid", "eye", "IOD", "height",
                  (_UPPER_LID,)),
    SignedMeasure("lower_lid_height", "margin reflex distance 2 (negative), iris centres to lower lid", "eye", "IOD",
                  "height", (_LOWER_LID,)),
    SignedMeasure("palpebral_fissure_height", "height of the palpebral fissure", "eye", "IOD", "rise",
                  (_LOWER_LID, _UPPER_LID)),
    SignedMeasure("palpebral_fissure_width", "width of the palpebral fissure", "eye", "IOD", "length",
                  ((33,), (133,))),
    SignedMeasure("outer_canthus_height", "height of the outer canthus", "eye", "IOD", "height", ((33,),)),
    SignedMeasure("inner_canthus_height", "height of the inner canthus", "eye", "IOD", "height", ((133,),)),
    SignedMeasure("ala_height", "height of the ala of the nose", "nose_cheek", "IOD", "height", ((64, 98),)),
    SignedMeasure("ala_distance", "distance of the ala of the nose from the midline", "nose_cheek", "IOD", "outwards",
                  ((64, 98),)),
    SignedMeasure("nose_tip_deviation", "deviation of the nose tip", "nose_cheek", "IOD", "deviation", ((1, 4),)),
    SignedMeasure("cheek_height", "height of the cheek", "nose_cheek", "IOD", "height", ((50, 205),)),
    SignedMeasure("commissure_height", "height of the oral commissure", "mouth", "IOD", "height", ((61,),)),
    SignedMeasure("commissure_distance", "distance of the oral commissure from the midline", "mouth", "IOD",
                  "outwards", ((61,),)),
    SignedMeasure("commissure_philtrum_distance", "distance of the oral commissure from the middle of the upper lip",
                  "mouth", "IOD", "length", ((61,), (0,))),
    SignedMeasure("upper_lip_height", "height of the upper lip's border", "mouth", "IOD", "height", ((37, 39),)),
    SignedMeasure("lower_lip_height", "height of the lower lip's border", "mouth", "IOD", "height", ((84, 181),)),
    SignedMeasure("lip_opening", "height of the gap between the lips beside the midline", "mouth", "IOD", "rise",
                  ((178, 87), (81, 82))),
    SignedMeasure("half_mouth_area", "triangle of the oral commissure, its foot and the lower lip's on the midline",
                  "mouth", "IOD^2", "area", ((61,), (17,))),
    SignedMeasure("philtrum_deviation", "deviation of the philtrum", "mouth", "IOD", "deviation", ((0, 164),)),
    SignedMeasure("lower_lip_deviation", "deviation of the middle of the lower lip", "mouth", "IOD", "deviation",
                  ((14, 17),)),
    SignedMeasure("chin_deviation", "deviation of the chin", "whole_face", "IOD", "deviation", ((152,),)),
)  # fmt: skip
"""The signed measures, in the order of `signed_measures`'s last axis."""


def _height(p: Values) -> Values:
    return p[..., 1]


def _outwards(p: Values) -> Values:
    return p[..., 0]


def _rise(p: Values, q: Values) -> Values:
    return q[..., 1] - p[..., 1]


def _length(p: Values, q: Values) -> Values:
    return np.asarray(np.hypot(q[..., 0] - p[..., 0], q[..., 1] - p[..., 1]))


def _tilt(p: Values, q: Values) -> Values:
    return np.degrees(np.arctan2(q[..., 1] - p[..., 1], q[..., 0] - p[..., 0]))


def _area(p: Values, q: Values) -> Values:
    return p[..., 0] * (p[..., 1] - q[..., 1]) / 2


QUANTITIES = {
    "height": _height,
    "outwards": _outwards,
    "rise": _rise,
    "length": _length,
    "tilt": _tilt,
    "area": _area,
}
"""What can be measured on a side, from points with x outwards from the midline and y up."""


def signed_measure_names() -> tuple[str, ...]:
    """Return the short names, in the order of `signed_measures`'s last axis."""
    return tuple(entry.name for entry in SIGNED_MEASURES)


def signed_measures(points: ArrayLike) -> Values:
    """Compute the signed left-right differences: subject's right minus subject's left.

    ``commissure_height`` of -0.1, say: the corner of the mouth hangs lower on the subject's right than on the
    subject's left by a tenth of the interocular distance. A symmetric face gives 0 throughout; mirroring a face
    turns every sign (to rounding); shift, scale and roll change nothing. A turned head (yaw) fakes differences:
    undo the pose first (`facialis.faces.geometry.undo_pose`) where it is known.

    Finite for every face of finite landmarks; where both irises lie in one place there is no unit and all are 0.

    Parameters
    ----------
    points : (..., 478, 2 or 3), px or any other unit, x to image right, y down; z is not used.

    Returns
    -------
    (..., k) float64, in the order of `SIGNED_MEASURES`: lengths in units of the interocular distance, tilts in degrees.

    Raises
    ------
    ValueError
        `points` of a wrong shape (the ten points of the irises are needed).

    Examples
    --------
    >>> from facialis.faces.mesh import canonical_face
    >>> face = canonical_face() * [100, -100, -100]  # y down, as in a picture
    >>> face[61, 1] += 50  # the commissure of the subject's right, down
    >>> float(signed_measures(face)[signed_measure_names().index("commissure_height")].round(3))
    -0.079
    """
    framed = in_iris_frame(points)
    # Both sides with x outwards and y up, both under the landmark numbers of the subject's right.
    sides = (framed * [-1.0, -1.0], np.take(framed, mirror_permutation(), axis=-2) * [1.0, -1.0])
    columns = []
    for entry in SIGNED_MEASURES:
        right, left = ([side[..., group, :].mean(axis=-2) for group in entry.landmarks] for side in sides)
        if entry.kind == "deviation":
            columns.append((right[0][..., 0] - left[0][..., 0]) / 2)
        else:
            quantity: Any = QUANTITIES[entry.kind]
            columns.append(quantity(*right) - quantity(*left))
    return np.stack(columns, axis=-1)
