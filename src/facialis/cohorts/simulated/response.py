"""How the landmarker answers to a face that is moved by known lengths: gain and noise, measured on portraits.

A portrait is warped by a smooth one-sided displacement of known size, the landmarker is run on it and on the same
picture unwarped, in several settings (size, crop, light, mirrored), and what it reports is held against what was done.

Convention: displacements are in units of the interocular distance (IOD), in the portrait's frame, turned level: x to
the subject's left (image right), y up, as on the canonical face.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from facialis.cohorts.simulated import warp
from facialis.cohorts.simulated.framing import SETTINGS, Frame, Setting, find, level
from facialis.cohorts.simulated.muscles import EYEBALL, LOWER_RING, UPPER_RING
from facialis.faces import geometry, instrument
from facialis.faces.face import Landmarker
from facialis.faces.fields import Array, bump, mirror_field
from facialis.faces.mesh import LOWER_LID, N_LANDMARKS, UPPER_LID, canonical_face, mirror_permutation

IOD_CM = float(np.diff(geometry.iris_centres(canonical_face())[:, 0])[0])
MOVED = 0.1
"""A landmark counts as moved if it moves by this share of the largest movement."""


class Push(NamedTuple):
    """A smooth displacement: its name, bumps (landmark, radius cm, direction at the centre) and three sizes, IOD.

    `still` names landmarks of the subject's right that stay where they are.
    """

    name: str
    centre: int
    bumps: tuple[tuple[int, float, tuple[float, float]], ...]
    sizes: tuple[float, float, float]
    still: tuple[int, ...] = ()


_UPPER, _LOWER = (*UPPER_LID, *UPPER_RING, 33, 133), (*LOWER_LID, *LOWER_RING, 33, 133)

PUSHES: tuple[Push, ...] = (
    Push("mouth corner down", 61, ((61, 0.9, (0.0, -1.0)),), (0.05, 0.10, 0.20)),
    Push("mouth corner down and in", 61, ((61, 0.9, (0.6, -0.8)),), (0.05, 0.10, 0.20)),
    Push("whole mouth sideways", 0, ((13, 1.5, (1.0, 0.0)),), (0.05, 0.10, 0.20)),
    Push("middle of the brow down", 105, ((105, 1.2, (0.0, -1.0)),), (0.04, 0.08, 0.16)),
    Push("tail of the brow down", 70, ((70, 0.9, (0.0, -1.0)),), (0.05, 0.10, 0.20)),
    Push("lower lid down", 145, ((145, 0.7, (0.0, -1.0)),), (0.025, 0.05, 0.10), _UPPER),
    Push("upper lid down", 159, ((159, 0.7, (0.0, -1.0)),), (0.02, 0.04, 0.08), _LOWER),
    Push("nose tip sideways", 1, ((1, 1.0, (1.0, 0.0)),), (0.03, 0.06, 0.12)),
    Push("cheek down", 205, ((205, 1.2, (0.0, -1.0)),), (0.04, 0.08, 0.16)),
    Push(
        "whole palsy",
        61,
        (
            (105, 1.5, (0.0, -0.8)),
            (70, 1.0, (0.0, -0.3)),
            (145, 0.8, (0.0, -0.35)),
            (205, 1.4, (0.0, -0.3)),
            (61, 1.0, (0.35, -0.7)),
            (13, 1.4, (1.0, 0.0)),
            (1, 1.0, (0.25, 0.0)),
            (152, 1.4, (0.2, 0.0)),
        ),
        (0.05, 0.10, 0.20),
    ),
    Push("eye wider", 159, ((159, 0.6, (0.0, 1.0)), (145, 0.6, (0.0, -1.0))), (0.02, 0.04, 0.08)),
    Push("mouth corner up and out", 61, ((61, 1.0, (-0.8, 0.6)), (205, 1.3, (-0.2, 0.4))), (0.05, 0.10, 0.20)),
    Push("chin sideways", 152, ((152, 1.5, (1.0, 0.0)),), (0.04, 0.08, 0.16)),
    Push("ala down", 64, ((64, 0.7, (0.0, -1.0)),), (0.03, 0.06, 0.12)),
)
"""What is done to the subject's right side (mirrored portraits have it done to the left)."""

METROLOGY: tuple[Push, ...] = (
    *PUSHES,
    Push("outer canthus outwards", 33, ((33, 0.6, (-1.0, 0.0)),), (0.02, 0.04, 0.08)),
    Push("outer canthus down", 33, ((33, 0.6, (0.0, -1.0)),), (0.02, 0.04, 0.08)),
    Push("side of the face outwards", 127, ((127, 1.5, (-1.0, 0.0)),), (0.03, 0.06, 0.12)),
    Push(
        "whole eye's lids down", 159, ((159, 1.0, (0.0, -1.0)),), (0.02, 0.04, 0.08), (*LOWER_LID, *LOWER_RING, 33, 133)
    ),
    Push("inner end of the brow down", 55, ((55, 0.8, (0.0, -1.0)),), (0.03, 0.06, 0.12)),
)
"""The same and more, for measures that those hardly move: `facialis metrology`."""


def field(push: Push, size: float, *, both_sides: bool = False) -> Array:
    """Return (478, 3) cm on the canonical face: `push` such that its largest movement is `size` (IOD)."""
    total = np.zeros((N_LANDMARKS, 3))
    for landmark, radius, direction in push.bumps:
        total[:, :2] += bump(landmark, radius)[:, None] * np.array(direction)
    total[list(push.still)] = 0.0
    if both_sides:
        total += mirror_field(total)
    total[list(EYEBALL)] = 0.0
    if not total.any():
        raise ValueError(f"{push.name}: nothing is left of it when done on both sides")
    return np.asarray(total * (size * IOD_CM / np.sqrt((total**2).sum(axis=-1)).max()))


def done(portrait: Frame, moves: Array) -> Array:
    """Return (478, 2), the frame's px: how far the warp by `moves` (478, 3), cm, really moves each landmark."""
    back = warp.pull_back(portrait.warp, moves)
    start = portrait.face.landmarks[:, :2].astype(np.float32)
    to = start.copy()
    for _ in range(30):  # to = start + back(to), damped
        at = (to - np.array(portrait.warp.origin, np.float32)) / np.float32(portrait.warp.step)
        found = cv2.remap(back, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        to = (to + start + found) / np.float32(2.0)
    return np.asarray(to - start, dtype=np.float64)


class Answer(NamedTuple):
    """One warp of one portrait in one setting: what was done, what was reported, what the instrument predicts.

    `true`, `got`, `predicted` : (478, 2), IOD, level.
    """

    portrait: str
    push: Push
    size: float
    setting: str
    both_sides: bool
    true: Array
    got: Array
    predicted: Array


def answers(
    landmarker: Landmarker,
    portrait: Frame,
    pushes: Iterable[Push] = PUSHES,
    settings: Sequence[Setting] = SETTINGS,
    *,
    both_sides: bool = False,
) -> list[Answer]:
    """Warp a portrait by each push in its three sizes and ask the landmarker in each setting; faces lost: left out."""
    before = {setting: find(landmarker, portrait.rgb, setting) for setting in settings}
    found = []
    for push in pushes:
        if both_sides and all(canonical_face()[at, 0] == 0.0 for at, _, _ in push.bumps):
            continue
        for size in push.sizes:
            moves = field(push, size, both_sides=both_sides)
            picture = warp.apply(portrait.rgb, portrait.warp, moves)
            true = level(portrait, done(portrait, moves))
            seen = instrument.pull_to_symmetry(np.concatenate([true, np.zeros((N_LANDMARKS, 1))], axis=1)[None])[0]
            for setting in settings:
                after, start = find(landmarker, picture, setting), before[setting]
                if after is not None and start is not None:
                    got = level(portrait, after - start)
                    found.append(Answer(portrait.name, push, size, setting.name, both_sides, true, got, seen[:, :2]))
    return found


def one_sided(shifts: Array) -> Array:
    """Return the one-sided part of displacements (..., 478, 2): half the difference to the mirrored displacement."""
    mirrored = np.take(shifts, mirror_permutation(), axis=-2) * np.array([-1.0, 1.0])
    return np.asarray((shifts - mirrored) / 2.0)


def gain_of(true: Array, got: Array) -> float:
    """Return the projection of `got` on `true` (478, 2), over the landmarks that moved."""
    length = np.sqrt((true**2).sum(axis=-1))
    moved = length > MOVED * length.max()
    return float((got[moved] * true[moved]).sum() / (true[moved] ** 2).sum())


def at_centre(answer: Answer) -> float:
    """Return how much of the movement of the push's centre is reported there, IOD, along the true movement."""
    true = answer.true[answer.push.centre]
    return float(answer.got[answer.push.centre] @ true / np.sqrt(true @ true))


NOISE_SETTINGS = 24


def noise(landmarker: Landmarker, portrait: Frame, iod_px: float, seed: int = 0) -> Array:
    """Return (2, 478), IOD: the spread of each landmark (x and y, root mean square) over small changes of one photo.

    Of the part that both sides share (first row) and of the one-sided part: the landmarker errs mostly alike on both
    sides. Shifts, scalings (3 %), rolls (2 degrees) and JPEG qualities 50-95; a similarity transform is taken off.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(NOISE_SETTINGS):
        setting = Setting(
            "noise",
            iod_px=iod_px * float(rng.uniform(0.97, 1.03)),
            shift=(float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08))),
            roll=float(rng.uniform(-2.0, 2.0)),
            quality=int(rng.integers(50, 96)),
        )
        points = find(landmarker, portrait.rgb, setting)
        if points is not None:
            found.append(points)
    if len(found) < 3:
        return np.full((2, N_LANDMARKS), np.nan)
    errors = level(portrait, _without_similarity(np.array(found)))
    sided = one_sided(errors)
    return np.stack([np.sqrt(part.var(axis=0, ddof=1).mean(axis=-1)) for part in (errors - sided, sided)])


def _without_similarity(points: Array) -> Array:
    """Return how (k, 478, 2) px differ from their mean once shifted, turned and scaled onto it."""
    plane = points[..., 0] + 1j * points[..., 1]
    plane = plane - plane.mean(axis=1, keepdims=True)
    mean = plane.mean(axis=0)
    onto = (plane * mean.conj()).sum(axis=1) / (np.abs(mean) ** 2).sum()
    rest = plane / onto[:, None] - mean
    return np.stack([rest.real, rest.imag], axis=-1)
