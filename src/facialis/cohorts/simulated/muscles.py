"""The facial muscles as displacement fields on the mesh: one literal table, and the face that their effort makes.

Each muscle has the weights of the facial nerve's branches that drive it and a sum of Gaussian bumps ``(landmark,
radius mm, (x, y, z) mm at full effort)`` on the subject's right side (x < 0 in the canonical face, y up, z towards the
viewer), mirrored for the subject's left. Sizes: hand-built from anatomy and published excursions of healthy people: a
large smile moves the commissure by 9.3 mm (SD 2.8; 12 people, "Objective computorized evaluation of normal patterns of
facial muscles contraction", Brazilian Journal of Otorhinolaryngology), a raised brow rises by 7.6 to 9.0 mm above the
middle of the eye (81 people; Cruz and Cruz, "Quantification of frontalis muscle action", Arquivos Brasileiros de
Oftalmologia 2004). The standard views have 9.0 mm and 8.3 mm on average.

The upper lid's elevator (levator palpebrae) is the oculomotor nerve's, not the facial nerve's: it is no muscle of this
table and no palsy weakens it, hence the open eye; a negative `closure` is its work.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.errors import CohortError
from facialis.faces.fields import Array, bump, exact_product, mirror_field
from facialis.faces.mesh import (
    LOWER_LID,
    LOWER_LIP,
    N_LANDMARKS,
    UPPER_LID,
    UPPER_LIP,
    canonical_face,
    mirror_permutation,
)

Vector = tuple[float, float, float]
Bump = tuple[int, float, Vector]

SIDES = ("subject_right", "subject_left")
"""The order of the last axis of activations."""

BRANCHES = ("temporal", "zygomatic", "buccal", "marginal_mandibular", "cervical")
"""The facial nerve's branches, from the forehead to the neck."""


class Muscle(NamedTuple):
    """A facial muscle.

    Attributes
    ----------
    name : as in anatomy, without "musculus".
    family : muscles of one family are driven together; a healthy person's sides differ by family.
    branches : share of its drive that comes through each of the nerve's branches; sums to 1.
    bumps : landmark, radius (mm), displacement at full effort (mm), on the subject's right.
    mask : the part of the face that the field keeps to.
    """

    name: str
    family: str
    branches: dict[str, float]
    bumps: tuple[Bump, ...]
    mask: str = "all"


MUSCLES: tuple[Muscle, ...] = (
    Muscle(
        "frontalis_medial",
        "frontalis",
        {"temporal": 1.0},
        ((66, 16, (0, 4.0, 0)), (107, 12, (0, 4.5, 0))),
        "above_eyes",
    ),
    Muscle(
        "frontalis_lateral",
        "frontalis",
        {"temporal": 1.0},
        ((105, 16, (0, 4.4, 0)), (104, 18, (0, 2.4, 0)), (70, 12, (0, 2.4, 0))),
        "above_eyes",
    ),
    Muscle("corrugator", "corrugator", {"temporal": 1.0}, ((55, 10, (1.8, -2.5, 0.5)), (107, 9, (1, -1.5, 0)))),
    Muscle(
        "orbicularis_oculi_palpebral",
        "orbicularis_oculi",
        {"temporal": 0.4, "zygomatic": 0.6},
        ((230, 8, (0, 1.5, 0)),),
    ),
    Muscle(
        "orbicularis_oculi_orbital",
        "orbicularis_oculi",
        {"temporal": 0.4, "zygomatic": 0.6},
        ((50, 13, (0, 1.5, 1)), (46, 12, (0, -2, 0)), (105, 14, (0, -2.5, 0))),
    ),
    Muscle("nasalis", "nasalis", {"buccal": 1.0}, ((48, 7, (-1.2, 1.2, 0)), (129, 6, (-0.8, 1, 0)))),
    Muscle(
        "levator_labii",
        "levator_labii",
        {"buccal": 1.0},
        ((39, 9, (-0.3, 3.5, 0)), (64, 7, (-0.5, 1.5, 0)), (206, 9, (0, 2, 0))),
        "not_lower_lip",
    ),
    Muscle(
        "zygomaticus_major",
        "zygomaticus",
        {"zygomatic": 0.5, "buccal": 0.5},
        ((61, 10, (-5.5, 4.5, -2.5)), (205, 13, (-1.5, 3, 1.5)), (91, 8, (-2.5, 1.5, -1))),
    ),
    Muscle(
        "zygomaticus_minor",
        "zygomaticus",
        {"zygomatic": 0.5, "buccal": 0.5},
        ((50, 12, (-0.5, 2, 1)), (40, 8, (-2, 2, 0))),
    ),
    Muscle("risorius", "risorius", {"buccal": 1.0}, ((61, 11, (-5, -0.2, -2.5)),)),
    Muscle("buccinator", "risorius", {"buccal": 1.0}, ((214, 10, (-2, 0, 0)),)),
    Muscle(
        "orbicularis_oris",
        "orbicularis_oris",
        {"buccal": 0.6, "marginal_mandibular": 0.4},
        (
            (61, 10, (6, 0, 3.5)),
            (40, 7, (2.5, 0.2, 3)),
            (91, 7, (2.5, -0.2, 3)),
            (37, 6, (0.3, 0.3, 3)),
            (84, 6, (0.3, -0.3, 3)),
        ),
    ),
    Muscle(
        "depressor_labii",
        "depressor_labii",
        {"marginal_mandibular": 1.0},
        ((181, 9, (-0.5, -3.5, 0)), (84, 7, (0, -2, 0))),
        "below_mouth",
    ),
    Muscle(
        "depressor_anguli_oris",
        "depressor_anguli_oris",
        {"buccal": 0.3, "marginal_mandibular": 0.7},
        ((61, 9, (-0.8, -4, 0)), (212, 9, (0, -2, 0))),
    ),
    Muscle("mentalis", "mentalis", {"marginal_mandibular": 1.0}, ((201, 9, (0, 2.5, 1)), (18, 6, (0, 1.5, 0.5)))),
    Muscle(
        "platysma",
        "platysma",
        {"cervical": 1.0},
        ((212, 12, (-0.8, -2, 0)), (169, 14, (-0.5, -1.5, 0)), (61, 8, (-0.5, -1.2, 0))),
    ),
)
MUSCLE_NAMES = tuple(muscle.name for muscle in MUSCLES)
FAMILIES = tuple(dict.fromkeys(muscle.family for muscle in MUSCLES))
MOUTH = ("levator_labii", "zygomaticus", "risorius", "orbicularis_oris", "depressor_labii", "depressor_anguli_oris")
"""The families that move the mouth, in which the healthy side outdoes the weak one."""


def muscle_index(name: str) -> int:
    """Return the row of the muscle `name` in `MUSCLES`; `CohortError` naming the nearest if there is none."""
    if name in MUSCLE_NAMES:
        return MUSCLE_NAMES.index(name)
    raise CohortError(unknown("muscle", name, MUSCLE_NAMES))


def unknown(what: str, name: object, names: tuple[str, ...]) -> str:
    """Return the one line that says that there is no `what` called `name`, and which of `names` comes nearest.

    Examples
    --------
    >>> unknown("muscle", "zygomatic_major", MUSCLE_NAMES)
    "no muscle is called 'zygomatic_major'; the nearest is zygomaticus_major"
    """
    near = get_close_matches(str(name), names, n=1, cutoff=0.4)
    rest = f"the nearest is {near[0]}" if near else f"there are {', '.join(names)}"
    return f"no {what} is called {name!r}; {rest}"


@cache
def branch_weights() -> Array:
    """Return (muscles, 5): how much of each muscle's drive comes through each of `BRANCHES`."""
    return np.array([[muscle.branches.get(name, 0.0) for name in BRANCHES] for muscle in MUSCLES])


@cache
def family_of() -> NDArray[np.intp]:
    """Return (muscles,): the place of each muscle's family in `FAMILIES`."""
    return np.array([FAMILIES.index(muscle.family) for muscle in MUSCLES], dtype=np.intp)


UPPER_RING = (247, 30, 29, 27, 28, 56, 190)
LOWER_RING = (25, 110, 24, 23, 22, 26, 112)
"""The rings of skin next to the lid margins (`facialis.faces.mesh`), in the same order."""
CLOSURE = ((UPPER_LID, -0.8), (UPPER_RING, -0.35), (LOWER_LID, 0.14), (LOWER_RING, 0.08))
"""How much of the lid gap each row moves (up is positive) as the eye closes."""
PRESSED = 1.0
"""How far, in lid gaps, closed lids are pressed up by an effort of 1 beyond closure: healthy people's closed eyes
differ more between the sides than their open ones."""

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
    """Return (478, 3), cm: the sum of `bumps` (mm), kept to the named part of the face and off the eyeballs."""
    total = np.zeros((N_LANDMARKS, 3))
    for landmark, radius, vector in bumps:
        total += bump(landmark, radius / 10.0)[:, None] * np.array(vector, dtype=np.float64) / 10.0
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
    """Return `faces` (n, 478, 3) with the lids closed by `closure` (n, 2) of their gap.

    Negative opens them wider; what is above 1 presses the closed lids.
    """
    closed, pressed = faces.copy(), np.maximum(closure - 1.0, 0.0)
    closure = np.minimum(closure, 1.0)
    for side in (0, 1):
        permutation: NDArray[np.intp] = np.arange(N_LANDMARKS) if side == 0 else mirror_permutation()
        gap = faces[:, permutation[list(UPPER_LID)]] - faces[:, permutation[list(LOWER_LID)]]
        for row, share in CLOSURE:
            moved = share * closure[:, side] + PRESSED * pressed[:, side]
            closed[:, permutation[list(row)]] += moved[:, None, None] * gap
    return closed
