"""What may lie over a face: hair, sunglasses, glasses, a hand, a mask, drawn on a picture whose landmarks are known.

Lengths are in interocular distances, in the face's own frame: the origin midway between the irises, x from the
subject's right iris to the left one, y down. `side` is -1 for the subject's right, 1 for the left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.look import HAIR
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres

Picture = NDArray[np.uint8]
_SHIFT = 4
_CHEEKS = (50, 280, 205, 425)


class _Frame(NamedTuple):
    """Where a face lies: midpoint of the irises (2,), px; px along x and along y of one interocular distance (2, 2)."""

    middle: Array
    axes: Array

    def put(self, points: Array) -> NDArray[np.int32]:
        """Return points (n, 2) of the face's frame in the picture, in sixteenths of a px as OpenCV draws."""
        at = self.middle + points @ self.axes - 0.5
        return np.asarray(np.round(at * 2**_SHIFT), dtype=np.int32)

    @property
    def unit(self) -> float:
        """Return px in one interocular distance."""
        return float(np.hypot(*self.axes[0]))


def _frame(landmarks: Array) -> _Frame:
    right, left = iris_centres(landmarks[:, :2])
    along = left - right
    return _Frame((right + left) / 2, np.stack([along, np.array([-along[1], along[0]])]))


def _over(rgb: Picture, shape: NDArray[np.uint8], colour: Array, share: float = 1.0, soft: float = 1.0) -> None:
    """Lay a colour (3,) or (h, w, 3) over the picture, in place, where `shape` (0 to 255) is; its edge `soft` px."""
    mask = cv2.GaussianBlur(shape, (0, 0), soft).astype(np.float32)[..., None] * np.float32(share / 255)
    rgb[:] = np.clip(rgb + mask * (colour - rgb), 0, 255)


def _polygon(rgb: Picture, frame: _Frame, points: Array) -> NDArray[np.uint8]:
    shape = np.zeros(rgb.shape[:2], dtype=np.uint8)
    cv2.fillPoly(shape, [frame.put(points)], 255, cv2.LINE_AA, _SHIFT)
    return shape


def _skin(rgb: Picture, landmarks: Array) -> Array:
    places = landmarks[list(_CHEEKS), :2].astype(int).clip(0, np.array(rgb.shape[1::-1]) - 1)
    return np.asarray(np.median(rgb[places[:, 1], places[:, 0]], axis=0), dtype=np.float64)


def _hair(rgb: Picture, landmarks: Array, rng: np.random.Generator, low: Callable[[Array], Array], ends: Array) -> None:
    """Lay hair over the forehead between x = ends[0] and ends[1], down to y = low(x)."""
    frame = _frame(landmarks)
    colour = np.array(HAIR[int(rng.integers(len(HAIR)))]) * 255 * rng.uniform(0.7, 1.2)
    x = np.linspace(ends[0], ends[1], 60)
    tips = low(x) - 0.12 * np.abs(rng.normal(0, 1, 60))
    outline = np.concatenate([np.stack([x, tips], -1), np.stack([x[::-1], np.full(60, -1.5)], -1)])
    _over(rgb, _polygon(rgb, frame, outline), colour, 1.0, max(0.5, 0.02 * frame.unit))
    sway, count = rng.normal(0, 0.15), 260
    for _ in range(count):
        end = rng.uniform(ends[0], ends[1])
        stop = float(low(np.array([end]))[0]) + rng.normal(0, 0.06)
        t = np.linspace(0, 1, 8)
        strand = np.stack([end + (sway + rng.normal(0, 0.05)) * (1 - t) ** 2, -1.5 + (stop + 1.5) * t], -1)
        tone = tuple(float(v) for v in np.clip(colour * rng.uniform(0.55, 1.5) + rng.normal(0, 4), 0, 255))
        width = max(1, round(0.02 * frame.unit * rng.uniform(0.6, 1.6)))
        cv2.polylines(rgb, [frame.put(strand)], False, tone, width, cv2.LINE_AA, _SHIFT)


def fringe(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with hair over both brows, down to about the upper lids."""
    made, deep = rgb.copy(), rng.uniform(-0.22, -0.1)
    _hair(made, landmarks, rng, lambda x: deep + 0.05 * x**2, np.array([-1.15, 1.15]))
    return made


def short_fringe(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with hair over the forehead that leaves the brows free."""
    made, deep = rgb.copy(), rng.uniform(-0.85, -0.68)
    _hair(made, landmarks, rng, lambda x: deep + 0.05 * x**2, np.array([-1.15, 1.15]))
    return made


def hair_over_a_brow(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with hair combed over one brow."""
    made, side, deep = rgb.copy(), rng.choice([-1, 1]), rng.uniform(-0.2, -0.08)
    inner = rng.uniform(-0.1, 0.1)
    _hair(
        made, landmarks, rng, lambda x: deep - 0.9 * np.maximum(0, 0.25 - x * side), np.sort([inner * side, 1.2 * side])
    )
    return made


def hair_over_an_eye(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with hair over brow and eye of one side."""
    made, side, deep = rgb.copy(), rng.choice([-1, 1]), rng.uniform(0.3, 0.7)
    _hair(made, landmarks, rng, lambda x: deep - 2.0 * np.maximum(0, 0.3 - x * side), np.sort([0.1 * side, 1.2 * side]))
    return made


def _lens(side: float, wide: float, high: float) -> Array:
    angle = np.linspace(0, 2 * np.pi, 80)
    x, y = np.cos(angle), np.sin(angle)
    return np.stack(
        [0.52 * side + wide * np.sign(x) * np.abs(x) ** 0.7, 0.06 + high * np.sign(y) * np.abs(y) ** 0.7], -1
    )


def _glasses(rgb: Picture, landmarks: Array, rng: np.random.Generator, colour: Array, share: float) -> Picture:
    made, frame = rgb.copy(), _frame(landmarks)
    wide, high = rng.uniform(0.36, 0.44), rng.uniform(0.26, 0.34)
    slope = np.linspace(0, 1, made.shape[0])[:, None, None] * rng.uniform(0, 40) * share
    rim = np.clip(rng.uniform(10, 120) + rng.normal(0, 15, 3), 0, 255)
    width = max(1, round(frame.unit * rng.uniform(0.02, 0.06)))
    for side in (-1.0, 1.0):
        outline = _lens(side, wide, high)
        shape = _polygon(made, frame, outline)
        if share:
            _over(made, shape, np.clip(colour + slope, 0, 255), share, 0.6)
        shine = _polygon(
            made, frame, np.array([0.52 * side - 0.12, -0.08]) + rng.uniform(0.05, 0.12) * _lens(0, 1, 0.5)
        )
        _over(made, cv2.min(shine, shape), np.full(3, 235.0), rng.uniform(0.05, 0.35), 0.04 * frame.unit)
        cv2.polylines(made, [frame.put(outline)], True, rim.tolist(), width, cv2.LINE_AA, _SHIFT)
        arm = np.array([[side * (0.52 + wide), -0.05], [side * 1.25, -0.08]])
        cv2.polylines(made, [frame.put(arm)], False, rim.tolist(), width, cv2.LINE_AA, _SHIFT)
    bridge = np.array([[-0.52 + wide, -0.02], [0.0, -0.06], [0.52 - wide, -0.02]])
    cv2.polylines(made, [frame.put(bridge)], False, rim.tolist(), width, cv2.LINE_AA, _SHIFT)
    return made


def sunglasses(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with dark sunglasses, through which hardly anything is seen."""
    dark = np.clip(rng.uniform(8, 40) + rng.normal(0, 6, 3), 0, 255)
    return _glasses(rgb, landmarks, rng, dark, float(rng.uniform(0.92, 1.0)))


def tinted_glasses(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with light sunglasses: the eyes are seen through them."""
    tint = np.clip(rng.uniform(30, 90) + rng.normal(0, 15, 3), 0, 255)
    return _glasses(rgb, landmarks, rng, tint, float(rng.uniform(0.35, 0.6)))


def clear_glasses(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with spectacles: a rim and faint reflections."""
    return _glasses(rgb, landmarks, rng, np.zeros(3), 0.0)


def _finger(made: Picture, frame: _Frame, start: Array, end: Array, width: float, skin: Array) -> None:
    along = (end - start) / np.hypot(*(end - start))
    across = np.array([-along[1], along[0]])
    for share in np.linspace(1, 0.1, 7):  # a cylinder: darker towards its edges, darkest at the rim
        ring = width * share / 2
        turn = np.linspace(-np.pi / 2, np.pi / 2, 12)[:, None]
        tip = end + ring * (np.cos(turn) * along + np.sin(turn) * across)
        outline = np.concatenate([[start - ring * across], tip, [start + ring * across]])
        tone = skin * (0.5 if share == 1 else 1.08 - 0.35 * share**2)
        _over(made, _polygon(made, frame, outline), np.clip(tone, 0, 255), 1.0, max(0.5, 0.015 * frame.unit))
    for part in (0.35, 0.65):
        at = start + part * (end - start)
        crease = np.stack([at - 0.35 * width * across, at + 0.35 * width * across])
        cv2.polylines(made, [frame.put(crease)], False, (skin * 0.75).tolist(), 1, cv2.LINE_AA, _SHIFT)


def _hand(rgb: Picture, landmarks: Array, rng: np.random.Generator, side: float, start: Array, end: Array) -> Picture:
    made, frame = rgb.copy(), _frame(landmarks)
    skin = _skin(rgb, landmarks) * rng.uniform(0.8, 1.1)
    angle = np.linspace(0, 2 * np.pi, 60)
    palm = start + np.stack([0.55 * np.cos(angle), 0.7 * np.sin(angle)], -1)
    turn = np.array([side, 1.0])
    _over(made, _polygon(made, frame, palm * turn), skin * 0.92, 1.0, 0.03 * frame.unit)
    for k in rng.permutation(4):
        shift = np.array([0.0, 0.27 * (k - 1.5)])
        reach = end + np.array([0.1 * abs(k - 1.2), 0.0]) + rng.normal(0, 0.03, 2)
        _finger(made, frame, (start + shift) * turn, (reach + shift) * turn, 0.29, skin * rng.uniform(0.93, 1.05))
    return made


def hand_over_the_mouth(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with a hand over cheek and mouth."""
    height = rng.uniform(0.95, 1.15)
    return _hand(rgb, landmarks, rng, rng.choice([-1, 1]), np.array([1.1, height + 0.1]), np.array([-0.55, height]))


def hand_over_an_eye(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with a hand over brow and eye of one side."""
    return _hand(
        rgb, landmarks, rng, rng.choice([-1, 1]), np.array([1.3, 0.0]), np.array([0.2, rng.uniform(-0.1, 0.0)])
    )


def mask(rgb: Picture, landmarks: Array, rng: np.random.Generator) -> Picture:
    """Return the picture with a medical or cloth mask from the nose to below the chin."""
    made, frame = rgb.copy(), _frame(landmarks)
    colours = ((150, 190, 215), (235, 235, 235), (30, 30, 35), (180, 150, 170), (120, 150, 120))
    cloth = np.array(colours[int(rng.integers(len(colours)))], dtype=np.float64)
    top = rng.uniform(0.35, 0.5)
    outline = np.array([[-1.05, top + 0.2], [-0.35, top], [0, top - 0.1], [0.35, top], [1.05, top + 0.2],
                        [1.0, 1.2], [0.6, 1.7], [0, 1.95], [-0.6, 1.7], [-1.0, 1.2]])  # fmt: skip
    height = np.arange(rgb.shape[0])[:, None, None] / frame.unit
    across = (np.arange(rgb.shape[1])[None, :, None] - frame.middle[0]) / frame.unit
    folds = 10 * np.sin(2 * np.pi * height / rng.uniform(0.25, 0.4)) - 25 * across**2
    grain = rng.normal(0, 4, (*rgb.shape[:2], 1))
    _over(made, _polygon(made, frame, outline), np.clip(cloth + folds + grain, 0, 255), 1.0, 0.8)
    return made


OCCLUDERS: dict[str, Callable[[Picture, Array, np.random.Generator], Picture]] = {
    "fringe over both brows": fringe,
    "hair over one brow": hair_over_a_brow,
    "hair over one eye": hair_over_an_eye,
    "dark sunglasses": sunglasses,
    "light sunglasses": tinted_glasses,
    "hand over cheek and mouth": hand_over_the_mouth,
    "hand over one eye": hand_over_an_eye,
    "mask": mask,
}
"""What hides a part of the face. Light sunglasses let the eyes through."""
HARMLESS = {"spectacles": clear_glasses, "short fringe": short_fringe}
"""What hides nothing that is measured."""
