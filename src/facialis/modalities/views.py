"""Which of the standard views a photo shows: what it is told by, the higher and the lower side apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import mirror_permutation
from facialis.modalities.coordinates import in_iris_frame

VIEWS = (
    "rest", "small_closed_smile", "large_smile", "brow_raise", "gentle_closure", "tight_closure", "pucker",
    "lower_teeth", "nose_wrinkle", "nasal_base",
)  # fmt: skip
"""The ten standard views, as a simulated standard plan names them."""
REGIONS = ("brow", "eye", "nose_cheek", "mouth")
"""Regions of the face that palsy can move; `facialis.modalities.measures.REGIONS` without the whole face."""
TOLD: dict[str, tuple[str, ...]] = {
    "rest": ("mouth", "eye"),
    "small_closed_smile": ("mouth",),
    "large_smile": ("mouth", "nose_cheek"),
    "brow_raise": ("brow",),
    "gentle_closure": ("eye",),
    "tight_closure": ("eye",),
    "pucker": ("mouth", "eye"),
    "lower_teeth": ("mouth",),
    "nose_wrinkle": ("nose_cheek",),
}
"""What each view is taken for. The nasal base is seen from below, where no asymmetry is measured."""

_HEIGHTS = {"brow": (52, 105), "brow_inner": (55, 107), "upper_lid": (160, 159, 158), "lower_lid": (144, 145, 153),
            "commissure": (61,), "ala": (64, 98), "cheek": (50, 205)}  # fmt: skip


def view_features(points: ArrayLike) -> NDArray[np.float64]:
    """Return what tells a view, in interocular distances: heights, the mouth's width and opening, the fissures.

    Parameters
    ----------
    points : (..., 478, 2 or 3), the pose undone, x to image right, y down.

    Returns
    -------
    (..., 2 * 7 + 7) float64: of each height the higher and the lower side's; then the mouth's width, the commissures'
    larger distance from the midline, the opening and thickness of the lips, and the fissures (larger, smaller).
    """
    framed: NDArray[Any] = in_iris_frame(points)
    right, left = framed * [-1.0, -1.0], np.take(framed, mirror_permutation(), axis=-2) * [1.0, -1.0]
    columns = []
    for group in _HEIGHTS.values():
        sides = np.stack([side[..., group, 1].mean(axis=-1) for side in (right, left)])
        columns += [sides.max(axis=0), sides.min(axis=0)]
    outwards = np.stack([side[..., 61, 0] for side in (right, left)])
    fissures = np.stack([side[..., [160, 159, 158], 1].mean(-1) - side[..., [144, 145, 153], 1].mean(-1)
                         for side in (right, left)])  # fmt: skip
    middle = right[..., 1]
    columns += [outwards.sum(axis=0), outwards.max(axis=0), middle[..., 13] - middle[..., 14],
                middle[..., 0] - middle[..., 13], middle[..., 14] - middle[..., 17],
                fissures.max(axis=0), fissures.min(axis=0)]  # fmt: skip
    return np.stack(columns, axis=-1)
