"""The facial muscles as displacement fields on the mesh: one literal table, and the face that their effort makes.

Each muscle is a sum of Gaussian bumps ``(landmark, radius cm, (x, y, z) cm at full effort)`` on the subject's right
side (x < 0 in the canonical face), mirrored for the subject's left. Sizes: hand-built from anatomy and the
literature on excursions (a full smile moves the commissure by about 0.7 cm).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.fields import Array, bump, exact_product, mirror_field
from facialis.faces.mesh import N_LANDMARKS, canonical_face, mirror_permutation

Vector = tuple[float, float, float]
Bump = tuple[int, float, Vector]

SIDES = ("subject_right", "subject_left")
"""The order of the last axis of activations."""

REGIONS = ("brow", "eye", "mouth")
"""The parts of the face that a palsy can weaken apart."""


class Muscle(NamedTuple):
    """A muscle: the region whose weakness it shares, its bumps on the subject's right, and the mask it keeps to."""

    name: str
    region: str
    bumps: tuple[Bump, ...]
    mask: str = "all"


MUSCLES: tuple[Muscle, ...] = (
    Muscle(
        "frontalis",
        "brow",
        ((105, 1.6, (0, 0.45, 0)), (66, 1.2, (0, 0.25, 0)), (104, 1.8, (0, 0.2, 0)), (70, 1.0, (0, 0.15, 0))),
        "above_eyes",
    ),
    Muscle("corrugator", "brow", ((55, 1.0, (0.18, -0.25, 0.05)), (107, 0.9, (0.1, -0.15, 0)))),
    Muscle(
        "orbicularis_oculi",
        "eye",
        ((230, 0.8, (0, 0.15, 0)), (50, 1.3, (0, 0.15, 0.1)), (46, 1.0, (0, -0.08, 0))),
    ),
    Muscle(
        "zygomaticus",
        "mouth",
        (
            (61, 1.0, (-0.55, 0.45, -0.25)),
            (205, 1.3, (-0.15, 0.3, 0.15)),
            (50, 1.2, (-0.05, 0.2, 0.1)),
            (91, 0.8, (-0.25, 0.15, -0.1)),
            (40, 0.8, (-0.2, 0.2, 0)),
        ),
    ),
    Muscle(
        "levator_labii",
        "mouth",
        ((39, 0.9, (-0.03, 0.35, 0)), (64, 0.7, (-0.05, 0.15, 0)), (206, 0.9, (0, 0.2, 0))),
        "not_lower_lip",
    ),
    Muscle("risorius", "mouth", ((61, 1.1, (-0.5, -0.02, -0.25)), (214, 1.0, (-0.2, 0, 0)))),
    Muscle("depressor_anguli_oris", "mouth", ((61, 0.9, (-0.08, -0.4, 0)), (212, 0.9, (0, -0.2, 0)))),
    Muscle("depressor_labii", "mouth", ((181, 0.9, (-0.05, -0.35, 0)), (84, 0.7, (0, -0.2, 0))), "below_mouth"),
    Muscle(
        "orbicularis_oris",
        "mouth",
        (
            (61, 1.0, (0.6, 0, 0.35)),
            (40, 0.7, (0.25, 0.02, 0.3)),
            (91, 0.7, (0.25, -0.02, 0.3)),
            (37, 0.6, (0.03, 0.03, 0.3)),
            (84, 0.6, (0.03, -0.03, 0.3)),
        ),
    ),
    Muscle("mentalis", "mouth", ((201, 0.9, (0, 0.25, 0.1)), (18, 0.6, (0, 0.15, 0.05)))),
    Muscle("nasalis", "mouth", ((48, 0.7, (-0.12, 0.12, 0)), (129, 0.6, (-0.08, 0.1, 0)))),
)
MUSCLE_NAMES = tuple(muscle.name for muscle in MUSCLES)

UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
"""Lid margins of the subject's right eye, pair by pair from the outer to the inner canthus."""
UPPER_RING = (247, 30, 29, 27, 28, 56, 190)
LOWER_RING = (25, 110, 24, 23, 22, 26, 112)
"""The rings of skin next to the lid margins, in the same order."""
CLOSURE = ((UPPER_LID, -0.8), (UPPER_RING, -0.35), (LOWER_LID, 0.14), (LOWER_RING, 0.08))
"""How much of the lid gap each row moves (up is positive) as the eye closes."""

LOWER_LIP = (
    146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324,
    77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325,
)  # fmt: skip
UPPER_LIP = (
    185, 40, 39, 37, 0, 267, 269, 270, 409, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)  # fmt: skip
EYEBALL = tuple(range(468, N_LANDMARKS))


@cache
def mask(name: str) -> Array:
    """Return (478,) weights 0 to 1: the part of the face that a field named `name` keeps to."""
    y = canonical_face()[:, 1]
    weights = np.ones(N_LANDMARKS)
    if name == "above_eyes":
        weights = np.clip((y - 2.2) / 1.8, 0.0, 1.0)
        lids = np.array([*UPPER_LID, *UPPER_RING])
        weights[[*lids, *mirror_permutation()[lids]]] = 0.25
    elif name == "not_lower_lip":
        weights = np.where(y < -4.6, 0.15, 1.0)
        weights[list(LOWER_LIP)] = 0.15
    elif name == "below_mouth":
        weights = np.where(y < -4.8, 1.0, 0.0)
        weights[list(LOWER_LIP)] = 1.0
        weights[list(UPPER_LIP)] = 0.0
    elif name != "all":
        raise ValueError(f"unknown mask {name!r}")
    weights[list(EYEBALL)] = 0.0
    return weights


def field(bumps: tuple[Bump, ...], mask_name: str = "all") -> Array:
    """Return (478, 3), cm: the sum of `bumps`, kept to the named part of the face and off the eyeballs."""
    total = np.zeros((N_LANDMARKS, 3))
    for landmark, radius, vector in bumps:
        total += bump(landmark, radius)[:, None] * np.array(vector, dtype=np.float64)
    return np.asarray(total * mask(mask_name)[:, None])


@cache
def muscle_fields() -> Array:
    """Return (muscles, 2, 478, 3), cm at full effort; second axis as `SIDES`."""
    right = np.stack([field(muscle.bumps, muscle.mask) for muscle in MUSCLES])
    return np.stack([right, mirror_field(right)], axis=1)


@cache
def jaw_field() -> Array:
    """Return (478, 3), cm: the jaw opened by 1 cm. Not the facial nerve's."""
    points = canonical_face()
    below = np.clip((-4.2 - points[:, 1]) / 1.2, 0.0, 1.0)
    below[list(LOWER_LIP)] = 1.0
    below[list(UPPER_LIP)] = 0.0
    corners = [61, 291, 76, 306, 62, 292, 78, 308]
    below[corners] = 0.45
    return np.asarray(below[:, None] * np.array([0.0, -1.0, -0.35]))


def muscle_displacement(activations: Array, jaw: Array) -> Array:
    """Return (n, 478, 3), cm: what muscles of effort `activations` (n, muscles, 2) and the `jaw` (n,), cm, move."""
    fields = muscle_fields().reshape(-1, N_LANDMARKS, 3)
    weights = np.concatenate([activations.reshape(len(activations), -1), jaw[:, None]], axis=1)
    return exact_product(weights, np.concatenate([fields, jaw_field()[None]]))


def close_lids(faces: Array, closure: Array) -> Array:
    """Return `faces` (n, 478, 3) with the lids closed by `closure` (n, 2) of their gap; negative opens them wider."""
    closed = faces.copy()
    for side in (0, 1):
        permutation: NDArray[np.intp] = np.arange(N_LANDMARKS) if side == 0 else mirror_permutation()
        gap = faces[:, permutation[list(UPPER_LID)]] - faces[:, permutation[list(LOWER_LID)]]
        for row, share in CLOSURE:
            closed[:, permutation[list(row)]] += share * closure[:, side, None, None] * gap
    return closed
