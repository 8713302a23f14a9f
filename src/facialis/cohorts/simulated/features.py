"""Eyes and mouth of a painted face, painted larger than they will be and then made small."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.look import Colour, Look, Picture, dimmed
from facialis.faces.fields import Array
from facialis.faces.mesh import IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, mirror_permutation

FINE = 4
"""Eyes and mouth are painted this much larger and then made small, so that their edges are smooth."""

INNER_LIPS_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LIPS_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)


def _patch(picture: Picture, points: Array, indices: tuple[int, ...], margin: float) -> tuple[int, int, int, int]:
    at = points[list(indices)]
    low = np.floor(at.min(axis=0) - margin).astype(int).clip(0, len(picture) - 2)
    high = np.ceil(at.max(axis=0) + margin).astype(int).clip(2, len(picture))
    return int(low[0]), int(low[1]), int(max(high[0], low[0] + 2)), int(max(high[1], low[1] + 2))


def smooth_curve(points: Array, steps: int = 6) -> Array:
    """Return a smooth curve (Catmull-Rom) through points (n, 2)."""
    full = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.arange(steps)[:, None] / steps
    parts = []
    for a, b, c, d in zip(full, full[1:], full[2:], full[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, points[-1:]])


class _Fine:
    """A part of a picture, `FINE` times enlarged, to paint on."""

    def __init__(self, picture: Picture, box: tuple[int, int, int, int]) -> None:
        x0, y0, x1, y1 = box
        self.box, self.picture = box, picture
        self.size = ((x1 - x0) * FINE, (y1 - y0) * FINE)
        self.pixels: Picture = np.asarray(cv2.resize(picture[y0:y1, x0:x1], self.size, interpolation=cv2.INTER_LINEAR))

    def at(self, points: Array) -> NDArray[np.int32]:
        return np.round(((points - self.box[:2] + 0.5) * FINE - 0.5) * 16).astype(np.int32)

    def polygon(self, points: Array, blur: float = 0.0) -> Picture:
        mask = np.zeros(self.size[::-1], dtype=np.uint8)
        cv2.fillPoly(mask, [self.at(points)], 255, cv2.LINE_AA, 4)
        return self._soft(mask, blur)

    def line(self, points: Array, width: float, blur: float = 0.0) -> Picture:
        mask = np.zeros(self.size[::-1], dtype=np.uint8)
        cv2.polylines(mask, [self.at(points)], False, 255, max(1, round(width * FINE)), cv2.LINE_AA, 4)
        return self._soft(mask, blur)

    def _soft(self, mask: NDArray[np.uint8], blur: float) -> Picture:
        numbers = mask.astype(np.float32) / np.float32(255.0)
        return np.asarray(cv2.GaussianBlur(numbers, (0, 0), blur * FINE) if blur else numbers)

    def paint(self, share: Picture, colour: Colour | Picture) -> None:
        self.pixels += share[..., None] * (np.asarray(colour, dtype=np.float32) - self.pixels)

    def close(self) -> None:
        x0, y0, x1, y1 = self.box
        self.picture[y0:y1, x0:x1] = cv2.resize(self.pixels, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)


def paint_eye(picture: Picture, look: Look, points: Array, cm: float, side: int, light: float) -> None:
    """Paint one eye: white, iris, pupil, highlight, the upper lid's shadow, lashes.

    Parameters
    ----------
    points : (478, 2) px.
    cm : px.
    side : index into `SIDES`.
    light : 0 to 1, on the face there.
    """
    permutation = np.arange(478) if side == 0 else mirror_permutation()
    upper, lower = points[permutation[list(UPPER_LID)]], points[permutation[list(LOWER_LID)]]
    top, bottom = smooth_curve(upper), smooth_curve(lower)
    fine = _Fine(picture, _patch(picture, points, tuple(permutation[[*UPPER_LID, *LOWER_LID]].tolist()), 0.5 * cm))
    bottom = np.stack([bottom[:, 0], np.maximum(bottom[:, 1], np.interp(bottom[:, 0], *_sorted(top)))], axis=-1)
    opening = fine.polygon(np.concatenate([top, bottom[::-1]]), 0.15)
    eye = fine.pixels.copy()
    white = np.array([0.93, 0.91, 0.89], dtype=np.float32) * np.float32(light)
    eye[:] = white
    iris = points[list(IRIS_SUBJECT_RIGHT if side == 0 else IRIS_SUBJECT_LEFT)]
    centre = iris.mean(axis=0)
    radius = float(np.sqrt(((iris[1:] - centre) ** 2).sum(axis=-1)).mean())
    rows, columns = np.mgrid[: fine.size[1], : fine.size[0]].astype(np.float32) / FINE
    x0, y0 = centre - np.array(fine.box[:2])
    away = np.sqrt((columns - x0) ** 2 + (rows - y0) ** 2) / radius

    def disc(size: float, soft: float) -> Picture:
        return np.asarray(np.clip((size - away) / soft + 0.5, 0.0, 1.0), dtype=np.float32)[..., None]

    rays = 1.0 + 0.15 * np.sin(23.0 * np.arctan2(rows - y0, columns - x0))[..., None]
    colour = np.array(look.iris, dtype=np.float32)
    eye += disc(1.0, 0.12) * (colour * 0.45 - eye)
    eye += disc(0.86, 0.2) * ((colour * rays * light).astype(np.float32) - eye)
    eye += disc(0.42, 0.08) * (0.02 - eye)
    glint = np.exp(-(((columns - x0 - 0.3 * radius) ** 2 + (rows - y0 + 0.35 * radius) ** 2) / (0.16 * radius) ** 2))
    eye += glint[..., None] * (0.95 - eye)
    shadow = fine.line(top, 0.22 * cm, 0.1 * cm)[..., None]
    eye *= 1.0 - 0.55 * shadow
    fine.paint(opening, eye)
    inner = upper[-1]
    ball = np.exp(-((columns + fine.box[0] - inner[0]) ** 2 + (rows + fine.box[1] - inner[1]) ** 2) / (0.13 * cm) ** 2)
    fine.paint((0.5 * ball * opening).astype(np.float32), (0.75, 0.45, 0.42))
    lash = dimmed(look.hair, 0.5)
    fine.paint(0.9 * fine.line(top, 0.1 * cm, 0.2), lash)
    fine.paint(0.45 * fine.line(bottom, 0.05 * cm, 0.3), dimmed(look.skin, 0.4))
    fine.close()


def _sorted(points: Array) -> tuple[Array, Array]:
    order = np.argsort(points[:, 0], kind="stable")
    return points[order, 0], points[order, 1]


def paint_mouth(picture: Picture, look: Look, points: Array, cm: float, light: float) -> None:
    """Paint the line between the lips or, where they part, teeth, tongue and dark."""
    upper, lower = smooth_curve(points[list(INNER_LIPS_UPPER)]), smooth_curve(points[list(INNER_LIPS_LOWER)])
    lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
    fine = _Fine(picture, _patch(picture, points, (*INNER_LIPS_UPPER, *INNER_LIPS_LOWER), 0.5 * cm))
    opening = fine.polygon(np.concatenate([upper, lower[::-1]]), 0.2)
    inside = np.empty_like(fine.pixels)
    inside[:] = (0.16, 0.05, 0.05)
    teeth = fine.polygon(np.concatenate([upper, upper[::-1] + np.array([0.0, 0.75 * cm])]), 0.4)
    inside += teeth[..., None] * (np.float32(light) * np.array([0.86, 0.83, 0.76], dtype=np.float32) - inside)
    left, right = points[78, 0], points[308, 0]
    for number in range(1, 12):
        x = left + (right - left) * number / 12.0
        gap = np.array([[x, upper[:, 1].min()], [x, upper[:, 1].max() + 0.8 * cm]])
        inside *= 1.0 - 0.25 * fine.line(gap, 0.03 * cm, 0.3)[..., None]
    across = np.abs(np.linspace(fine.box[0], fine.box[2], fine.size[0]) - (left + right) / 2.0) / (
        abs(right - left) / 2
    )
    inside *= (1.0 - 0.75 * np.clip(across, 0.0, 1.0) ** 2).astype(np.float32)[None, :, None]
    inside *= 1.0 - 0.6 * fine.line(upper, 0.2 * cm, 0.12 * cm)[..., None]
    fine.paint(opening, inside)
    seam = dimmed(look.lips, 0.35)
    fine.paint(0.75 * fine.line(upper, 0.07 * cm, 0.35), seam)
    fine.paint(0.5 * fine.line(lower, 0.05 * cm, 0.35), seam)
    fine.close()
