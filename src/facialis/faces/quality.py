"""Is the face fit to be judged? Size, pose, sharpness, light and border, and the reasons in words when it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facialis.faces.covered import Cover, covered
from facialis.faces.face import Face
from facialis.faces.geometry import head_pose
from facialis.faces.mesh import CONTOURS
from facialis.faces.reasons import reason

NO_FACE, SEVERAL_FACES = reason("no_face"), reason("several_faces")
LIPS = (61, 291, 0, 17, 37, 267, 84, 314)


@dataclass(frozen=True)
class Limits:
    """What a face must meet to be judged.

    Attributes
    ----------
    interocular_px
        Smallest distance of the iris centres; below 40 px the landmarker's noise doubles, below 25 px it triples.
    yaw, pitch
        Largest absolute angle in degrees: beyond it the landmarker's guess of depth fakes asymmetry.
    roll
        The same of a head that lies on its side: turned by 90°, 25 pictures' log odds moved by 1.3 to 1.8 (median), by
        10 to 60° by 0.3 to 0.7.
    sharpness
        Smallest share of fine detail (see `sharpness`); a Gaussian blur of 0.08 interocular distances falls below it.
    darkest, brightest
        Range of the face's mean grey level, 0 to 255.
    contrast
        Smallest standard deviation of the face's grey levels.
    outside
        Largest share of the landmarks that may lie outside the picture.
    eyes
        Smallest ratio of the grey levels' spread about one eye to that about the other: a covered eye has hardly any.
    mouth
        Smallest ratio of the spread about the mouth to that about the eyes: under a mask or a hand there may be hardly
        any.
    hair
        Most steps of colour by which the forehead may differ from the skin and not from the brow: hair over a brow. Not
        judged unless it is set (2.8 notices six in ten): on a real portrait it rose with a simulated palsy, to 3.1.
        See `facialis.faces.covered.Cover` for this and the following.
    likeness
        Least likeness of an eye and brow with the mirror image of the other: a covered one is like nothing.
    lenses, lens_range
        Smallest logarithm of the grey level about both eyes over that of the cheeks, for eyes of so little range: dark
        glasses.
    lip_redness
        Smallest redness of the lips over the upper face: a mask is less red than skin.
    lip_steps, mouth_range
        Fewest steps of colour between the lips and what is around them, for a mouth of so little range: a mask or hand.
    bleached
        Mean grey level beyond which what seems hidden is put down to the light: lips and brows are white by then.
    """

    interocular_px: float = 25.0
    yaw: float = 25.0
    pitch: float = 25.0
    roll: float = 45.0
    sharpness: float = 0.0006
    darkest: float = 25.0
    brightest: float = 242.0
    contrast: float = 8.0
    outside: float = 0.01
    eyes: float = 0.15
    mouth: float = 0.2
    hair: float = math.inf
    likeness: float = 0.5
    lenses: float = -0.2
    lens_range: float = 0.85
    lip_redness: float = -0.12
    lip_steps: float = 0.2
    mouth_range: float = 0.4
    bleached: float = 225.0


@dataclass(frozen=True)
class Quality:
    """What was measured of a face's fitness, and why it is unfit (`reasons` is empty when it is fit).

    What is read off the picture is None where there is none.
    """

    interocular_px: float
    yaw: float
    pitch: float
    roll: float
    outside: float
    reasons: tuple[str, ...]
    sharpness: float | None = None
    brightness: float | None = None
    contrast: float | None = None
    eyes: float | None = None
    mouth: float | None = None
    cover: Cover | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the numbers, rounded, without the reasons."""
        numbers = {name: getattr(self, name) for name in _TOLD}
        numbers |= dict.fromkeys(Cover._fields) if self.cover is None else self.cover._asdict()
        return {name: None if value is None else round(value, 4) for name, value in numbers.items()}


_TOLD = (
    "interocular_px", "yaw", "pitch", "roll", "sharpness", "brightness", "contrast", "outside", "eyes", "mouth",
)  # fmt: skip


def assess_landmarks(face: Face, limits: Limits | None = None) -> Quality:
    """Measure what the landmarks alone tell of a face's fitness: size, pose, and whether the border cuts it."""
    limits = limits or Limits()
    yaw, pitch, roll = (float(angle) for angle in head_pose(face.transform))
    height, width = face.size
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    outside = float(np.mean((x < 0) | (y < 0) | (x > width) | (y > height)))
    found = (
        ("small", face.interocular_px < limits.interocular_px, face.interocular_px, limits.interocular_px),
        ("turned", abs(yaw) > limits.yaw, abs(yaw), limits.yaw),
        ("tilted_up" if pitch > 0 else "tilted_down", abs(pitch) > limits.pitch, abs(pitch), limits.pitch),
        ("on_its_side", abs(roll) > limits.roll, abs(roll), limits.roll),
        ("cut", outside > limits.outside, outside, limits.outside),
    )
    reasons = tuple(reason(name, value=value, limit=limit) for name, unfit, value, limit in found if unfit)
    return Quality(face.interocular_px, yaw, pitch, roll, outside, reasons)


def assess(face: Face, rgb: NDArray[np.uint8], limits: Limits | None = None) -> Quality:
    """Measure a face's fitness to be judged in the (height, width, 3) picture it was found in."""
    limits = limits or Limits()
    seen = assess_landmarks(face, limits)
    grey = _face_grey(face, rgb)
    brightness, contrast = float(grey.mean()), float(grey.std())
    detail = sharpness(grey)
    spreads = _eye_spreads(face, rgb)
    eyes = min(spreads) / max(*spreads, 1e-6)
    mouth = float(_grey_box(face.landmarks[list(LIPS), :2], rgb).std()) / max(*spreads, 1e-6)
    cover = covered(face, rgb)
    hidden = (
        ("eye_hidden", eyes < limits.eyes, eyes),
        ("eyes_unlike", eyes >= limits.eyes and cover.likeness < limits.likeness, cover.likeness),
        ("brow_hidden", cover.hair > limits.hair, cover.hair),
        ("eyes_hidden", cover.lenses < limits.lenses and cover.eye_range < limits.lens_range, cover.lenses),
        ("mouth_hidden", mouth < limits.mouth or _no_mouth(cover, limits), mouth),
    )
    bleached = brightness > limits.bleached and any(unfit for _, unfit, _ in hidden)
    bright = brightness > limits.brightest or bleached
    found = (
        *(() if bright else hidden),
        ("dark", brightness < limits.darkest, brightness),
        ("bright", bright, brightness),
        ("flat", contrast < limits.contrast, contrast),
        ("blurred", contrast >= limits.contrast and detail < limits.sharpness, detail),
    )
    return replace(
        seen,
        reasons=(*seen.reasons, *(reason(name, value=value) for name, unfit, value in found if unfit)),
        sharpness=detail,
        brightness=brightness,
        contrast=contrast,
        eyes=eyes,
        mouth=mouth,
        cover=cover,
    )


def _no_mouth(cover: Cover, limits: Limits) -> bool:
    """Whether there is something less red than skin where the lips should be, or nothing that looks like lips."""
    plain = cover.lip_steps < limits.lip_steps and cover.mouth_range < limits.mouth_range
    return cover.lip_redness < limits.lip_redness or plain


def sharpness(grey: NDArray[np.float32]) -> float:
    """Return the share of the grey levels' variance that lies in fine detail: var(Laplacian / 4) / var.

    `grey` is a face at a standard size (see `_face_grey`), so that the number does not depend on the picture's.
    """
    laplacian = grey[1:-1, 1:-1] - (grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]) / 4
    return float(laplacian.var() / max(float(grey.var()), 1e-6))


def _face_grey(face: Face, rgb: NDArray[np.uint8], interocular: float = 32.0) -> NDArray[np.float32]:
    """Cut the face out of the picture, grey, shrunk so that the irises are at most `interocular` px apart."""
    import cv2

    grey = _grey_box(face.landmarks[:, :2], rgb)
    scale = interocular / max(face.interocular_px, 1.0)
    if scale < 1:
        size = (max(3, round(grey.shape[1] * scale)), max(3, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.float32)


def _eye_spreads(face: Face, rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the standard deviation of the grey levels about the subject's right and left eye and brow.

    The brow is in it because a tightly closed eye alone looks as even as a covered one.
    """
    right, left = (
        float(_grey_box(face.landmarks[[i for part in parts for edge in CONTOURS[part] for i in edge], :2], rgb).std())
        for parts in (("subject_right_eye", "subject_right_brow"), ("subject_left_eye", "subject_left_brow"))
    )
    return right, left


def _grey_box(points: NDArray[np.float32], rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut the box of some points (n, 2) px out of the picture, at least 2 px wide and high, grey."""
    import cv2

    height, width = rgb.shape[:2]
    low = np.clip(np.floor(points.min(axis=0)), 0, (width - 2, height - 2)).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), low + 2, (width, height)).astype(int)
    cut = np.ascontiguousarray(rgb[low[1] : high[1], low[0] : high[0]])
    return np.asarray(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
