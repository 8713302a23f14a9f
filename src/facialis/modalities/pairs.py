"""Landmark pairs as tokens: how each pair differs between the sides of the face, and where it lies.

Source: own. One token a pair of landmarks, subject's right and subject's left, and one a landmark on the midline; four
channels a token, so that a Mixer mixes along the face in one step and between difference and place in the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import mirror_permutation
from facialis.modalities.coordinates import in_iris_frame

CHANNELS = ("difference_outwards", "difference_up", "place_outwards", "place_up")
"""What is known of a pair: right minus left, outwards from the midline and up; and the mean of both."""

PAIRS: dict[str, tuple[int, ...]] = {
    "brow": (46, 70, 53, 63, 52, 105, 65, 66, 55, 107),
    "eye": (33, 133, 161, 160, 159, 158, 157, 163, 144, 145, 153, 154),
    "nose_cheek": (1, 4, 2, 98, 64, 129, 50, 205, 187, 206),
    "mouth": (61, 185, 40, 39, 37, 0, 164, 146, 91, 181, 84, 17, 81, 82, 13, 178, 87, 14),
    "whole_face": (152, 172, 136, 132),
}
"""Landmarks of the subject's right, or on the midline, by region."""

PAIR_LANDMARKS = tuple(landmark for landmarks in PAIRS.values() for landmark in landmarks)
N_PAIRS = len(PAIR_LANDMARKS)


def landmark_pairs(points: ArrayLike) -> NDArray[np.float32]:
    """Return the pairs' differences and places, free of place, size and roll.

    A symmetric face has differences of 0; mirroring a face turns their signs and leaves the places. Undo the head pose
    first (`facialis.faces.geometry.undo_pose`) where it is known.

    Parameters
    ----------
    points : (..., 478, 2 or 3), px or any other unit, x to image right, y down; z is not used.

    Returns
    -------
    (..., `N_PAIRS`, 4) float32 in units of the interocular distance, in the order of `PAIR_LANDMARKS` and `CHANNELS`;
    differences are the subject's right minus left, x outwards from the midline, y up. A landmark on the midline
    differs outwards by twice its deviation towards the subject's right.

    Raises
    ------
    ValueError
        `points` of a wrong shape.
    """
    framed: NDArray[Any] = in_iris_frame(points)
    index = np.array(PAIR_LANDMARKS)
    right = framed[..., index, :] * (-1.0, -1.0)
    left = framed[..., mirror_permutation()[index], :] * (1.0, -1.0)
    return np.asarray(np.concatenate([right - left, (right + left) / 2], axis=-1), dtype=np.float32)
