"""The landmarker's 52 expression scores (blendshapes) as a model input, with their left-right pairs.

Convention: as in the names of ARKit, which the landmarker takes over, Left and Right are the subject's (checked by
warping one corner of the mouth and one brow of a photo).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLENDSHAPES = (
    "_neutral",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""Names of the scores, in the landmarker's order."""

LEFT_RIGHT = tuple((name, name.removesuffix("Left") + "Right") for name in BLENDSHAPES if name.endswith("Left"))
"""Pairs of names, (subject's left, subject's right), in the order of `BLENDSHAPES`. In ``jaw*`` and ``mouthLeft``,
``mouthRight`` the side is the direction of the movement."""


def expressions(blendshapes: ArrayLike) -> NDArray[np.float32]:
    """Return the expression scores as they are.

    Parameters
    ----------
    blendshapes : (..., 52), 0 to 1, in the order of `BLENDSHAPES`.

    Returns
    -------
    (..., 52) float32, a copy.

    Raises
    ------
    ValueError
        `blendshapes` of a wrong shape.
    """
    scores = np.array(blendshapes, dtype=np.float32)
    if scores.ndim < 1 or scores.shape[-1] != len(BLENDSHAPES):
        raise ValueError(f"expression scores of shape {scores.shape}; expected (..., {len(BLENDSHAPES)})")
    return scores


def mirror_expressions(blendshapes: ArrayLike) -> NDArray[np.float32]:
    """Return the scores, (..., 52), of the mirrored face: the two of each pair of `LEFT_RIGHT` change places."""
    return expressions(blendshapes)[..., _MIRROR]


def _mirror() -> NDArray[np.intp]:
    partner = dict(LEFT_RIGHT) | {right: left for left, right in LEFT_RIGHT}
    return np.array([BLENDSHAPES.index(partner.get(name, name)) for name in BLENDSHAPES], dtype=np.intp)


_MIRROR = _mirror()
