"""The regions of the face that palsy can move, and the landmarks by which each is told."""

from __future__ import annotations

from facialis.faces.mesh import BROW, LOWER_LID, LOWER_LIP, UPPER_LID, UPPER_LIP, mirror_permutation

REGIONS = ("brow", "eye", "nose_cheek", "mouth")
"""In the order of every array of regions; `facialis.modalities.measures.REGIONS` has the whole face as well."""

_RIGHT: dict[str, tuple[int, ...]] = {
    "brow": BROW,
    "eye": (*UPPER_LID, *LOWER_LID, 33, 133),
    "nose_cheek": (1, 4, 2, 98, 64, 48, 129, 205, 50, 187, 206),
    "mouth": (*UPPER_LIP, *LOWER_LIP, 61, 291),
}


def region_landmarks(region: str) -> list[int]:
    """Return the landmarks, of both sides, by which a region's displacement is told."""
    mirror = mirror_permutation()
    return sorted({*_RIGHT[region], *(int(mirror[landmark]) for landmark in _RIGHT[region])})
