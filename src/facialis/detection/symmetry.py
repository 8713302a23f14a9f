"""The smallest symmetric correction of a face after which a bundle would call it free of palsy.

The way goes straight from the found landmarks to the same face made mirror-symmetric: every landmark and its
counterpart meet in the middle between where one is and where the mirror puts the other. The mirror plane is the one for
which these ways are shortest (least squares over all landmarks in 3D), so no head pose is needed and a turned head
keeps its turn. Source: own; the plane is that of orthogonal Procrustes analysis restricted to reflections (Mardia,
Bookstein, Moreton, "Statistical assessment of bilateral symmetry of shapes", Biometrika 2000).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.millimetres import iris_scale
from facialis.detection.odds import sigmoid
from facialis.faces.mesh import canonical_face, mirror_permutation
from facialis.modalities.regions import REGIONS, region_landmarks

Values = NDArray[np.float64]

STEPS = 16
"""Shares of the way that are looked at first, evenly; between the last that is palsy and the first that is not the
middle is taken."""
HALVINGS = 6
"""How often: the share is known to 1 / (STEPS 2^HALVINGS), about 0.001."""


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """A corrected face that the bundle would call free of palsy.

    Attributes
    ----------
    share
        How far the corrected regions go towards the symmetric face, 0 to 1.
    regions
        The regions that are corrected.
    landmarks
        (478, 3) px in the picture.
    largest_mm, mean_mm
        Largest and mean move of a landmark in the picture plane, by the iris; the mean is over all 478.
    regions_mm
        Largest move in each region; 0 where it is not corrected.
    logit, probability
        What the bundle says of the corrected face, at even odds.
    """

    share: float
    regions: tuple[str, ...]
    landmarks: Values
    largest_mm: float
    mean_mm: float
    regions_mm: Mapping[str, float]
    logit: float
    probability: float

    def as_dict(self, *, landmarks: bool = False) -> dict[str, object]:
        """Return a JSON-ready object, with the corrected landmarks if asked for."""
        row: dict[str, object] = {
            "share": round(self.share, 4),
            "regions": list(self.regions),
            "largest_mm": round(self.largest_mm, 3),
            "mean_mm": round(self.mean_mm, 4),
            "regions_mm": {name: round(value, 3) for name, value in self.regions_mm.items()},
            "logit": round(self.logit, 6),
            "probability": round(self.probability, 6),
        }
        return row | ({"landmarks": self.landmarks.round(2).tolist()} if landmarks else {})


def symmetrised(points: NDArray[np.floating[Any]]) -> Values:
    """Return a face (478, 3) made mirror-symmetric in 3D, about the plane that moves it least.

    Mirroring the result about that plane, left and right landmarks changing places, gives the result again.
    """
    points = np.asarray(points, dtype=np.float64)
    middle = points.mean(axis=0)
    centred = points - middle
    other = centred[mirror_permutation()]
    # The best reflection flips the axis along which a face and its counterpart point apart most.
    normal = np.linalg.eigh(centred.T @ other + other.T @ centred)[1][:, 0]
    mirrored = other - 2 * (other @ normal)[:, None] * normal
    return np.asarray((centred + mirrored) / 2 + middle)


@cache
def region_of_landmarks() -> NDArray[np.intp]:
    """Return (478,): to which of `REGIONS` a landmark belongs, by the nearest of those by which regions are told."""
    face = canonical_face()
    nearest = [
        np.linalg.norm(face[:, None] - face[None, region_landmarks(region)], axis=-1).min(axis=1) for region in REGIONS
    ]
    found = np.argmin(nearest, axis=0)
    return np.asarray(np.minimum(found, found[mirror_permutation()]), dtype=np.intp)  # one region for both sides


def subsets() -> list[tuple[str, ...]]:
    """Return the 15 choices of regions that can be corrected."""
    return [chosen for size in range(1, len(REGIONS) + 1) for chosen in itertools.combinations(REGIONS, size)]


def smallest_correction(
    looks: list[Values], odds: Callable[[list[Values]], Values], threshold: float
) -> Counterfactual | None:
    """Find the smallest correction after which the log odds lie below the threshold; None if even the whole is not
    enough.

    Each of the 15 choices of regions goes its own way; the one whose mean move is smallest is taken.

    Parameters
    ----------
    looks : (478, 3) px of each look at the face (the second, mirrored back, where there is one): all are corrected.
    odds : takes (k, 478, 3) of each look, returns the log odds (k,).
    threshold : log odds from which a face is called palsy.
    """
    ways = [symmetrised(look) - look for look in looks]
    member = region_of_landmarks()
    choices = subsets()
    moved = np.array([[REGIONS[number] in chosen for number in member] for chosen in choices])[..., None]

    def at(rows: NDArray[np.intp], shares: Values) -> Values:
        faces = [look + shares[:, None, None] * moved[rows] * way for look, way in zip(looks, ways, strict=True)]
        return odds(faces)

    grid = np.arange(1, STEPS + 1) / STEPS
    rows = np.repeat(np.arange(len(choices)), STEPS)
    free = (at(rows, np.tile(grid, len(choices))) < threshold).reshape(-1, STEPS)
    able = np.flatnonzero(free.any(axis=1))
    if not len(able):
        return None
    high = grid[free[able].argmax(axis=1)]
    low = high - 1 / STEPS
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = at(able, middle) < threshold
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    scale = float(iris_scale(looks[0][:, :2]))
    lengths = scale * high[:, None] * np.hypot(*ways[0][:, :2].T) * moved[able, :, 0]
    best = int(np.argmin(lengths.mean(axis=1)))
    row, share, length = int(able[best]), float(high[best]), lengths[best]
    logit = float(at(np.array([row]), np.array([share]))[0])
    return Counterfactual(
        share,
        choices[row],
        looks[0] + share * moved[row] * ways[0],
        float(length.max()),
        float(length.mean()),
        {region: float(length[member == number].max()) for number, region in enumerate(REGIONS)},
        logit,
        sigmoid(logit),
    )
