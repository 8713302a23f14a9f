"""A portrait's head turned by known angles, and what the landmarker reports of it.

The picture becomes a surface: the canonical mesh, posed as the landmarker reports the face and laid under its
landmarks, and around it a shell for hair, ears and neck that falls away behind the face. The surface is turned as a
whole about the neck, fading into the unturned background, seen from a known distance, and drawn point by point, near
over far. Rough pictures: light and shadow turn with the head, what was hidden in the portrait stays hidden.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.camera import rotation
from facialis.cohorts.simulated.framing import Frame, Picture
from facialis.faces import geometry
from facialis.faces.face import Landmarker
from facialis.faces.fields import Array
from facialis.faces.mesh import CONTOURS, canonical_face

DISTANCES_CM = (60.0, 200.0)
"""A photo at arm's length, and a portrait or press photo."""
YAWS = (-25.0, -20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
PITCHES = (-15.0, -10.0, -5.0, 5.0, 10.0, 15.0)
FINE = 2
"""Points drawn for each pixel of the portrait, each way."""
SHELL = (1.35, 2.3)
"""The shell turns wholly up to the first multiple of the face's half size, and not at all beyond the second."""
FALL_CM = 9.0
"""How far the shell lies behind the face's edge at twice the face's half size."""
NECK_CM = -6.0
"""The axis of turning: z on the canonical face."""


class Surface(NamedTuple):
    """A portrait as a surface, cm, camera axes (x to image right, y up, z to the viewer), 0 at the canonical origin.

    Attributes
    ----------
    points : (m, 3) of the drawn points, in the plane of the picture before perspective is undone; colours : (m, 3).
    share : (m,) of the turning that a point takes part in.
    landmarks : (478, 3) cm, the truth.
    centre : px of the origin; scale : px a cm; size : of the picture; distance : of the camera, cm.
    """

    points: Array
    colours: Picture
    share: Array
    landmarks: Array
    centre: Array
    scale: float
    size: tuple[int, int]
    distance: float


def surface(portrait: Frame, distance: float = DISTANCES_CM[0]) -> Surface:
    """Return a framed portrait as a surface that can be turned before a camera `distance` cm away."""
    face, rgb = portrait.face, portrait.rgb
    posed = canonical_face() @ face.transform[:3, :3].astype(np.float64).T
    seen = face.landmarks[:, :2].astype(np.float64)
    iris = geometry.iris_centres(posed), geometry.iris_centres(seen)
    scale = float(np.linalg.norm(np.diff(iris[1], axis=0)) / np.linalg.norm(np.diff(iris[0][:, :2], axis=0)))
    centre = iris[1].mean(axis=0) - scale * iris[0].mean(axis=0)[:2] * [1.0, -1.0]
    landmarks = np.concatenate([(seen - centre) / scale * [1.0, -1.0], posed[:, 2:]], axis=1)

    oval = seen[[start for start, _ in CONTOURS["face_oval"]]]
    depth = landmarks[[start for start, _ in CONTOURS["face_oval"]], 2]
    middle = oval.mean(axis=0)
    rings = [(middle + (oval - middle) * (1 + t), depth - FALL_CM * t) for t in (0.12, 0.3, 0.5, 0.75, 1.0)]
    far = [(middle + (oval - middle) * t, depth.min() - FALL_CM * np.ones(len(oval))) for t in (2.5, 6.0)]
    at = np.concatenate([seen, *(ring for ring, _ in (*rings, *far))])
    z = np.concatenate([landmarks[:, 2], *(value for _, value in (*rings, *far))])
    height, width = rgb.shape[:2]
    x, y = np.meshgrid(np.arange(0.0, width - 1, 1 / FINE), np.arange(0.0, height - 1, 1 / FINE))
    coarse = _interpolated(at, z, width, height)
    dense = cv2.remap(coarse, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    colours = cv2.remap(rgb, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    angle = np.arctan2(y - middle[1], x - middle[0])
    around = np.arctan2(*(oval - middle).T[::-1])
    order = np.argsort(around)
    radius = np.interp(angle, around[order], np.linalg.norm(oval - middle, axis=1)[order], period=2 * np.pi)
    away = np.hypot(x - middle[0], y - middle[1]) / radius
    share = np.clip((SHELL[1] - away) / (SHELL[1] - SHELL[0]), 0.0, 1.0)
    points = np.stack([(x - centre[0]) / scale, (centre[1] - y) / scale, dense], axis=-1).reshape(-1, 3)
    return Surface(
        points,
        np.asarray(colours.reshape(-1, 3), np.uint8),
        (share * share * (3 - 2 * share)).ravel(),
        landmarks,
        centre,
        scale,
        (height, width),
        distance,
    )


def _interpolated(at: Array, z: Array, width: int, height: int) -> NDArray[np.float32]:
    from scipy.interpolate import LinearNDInterpolator

    x, y = np.meshgrid(np.arange(width), np.arange(height))
    filled = LinearNDInterpolator(at, z, fill_value=float(z.min()))(x, y).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(filled, (0, 0), 2.0), np.float32)


def turned(made: Surface, points: Array, share: Array, angles: Array) -> Array:
    """Return (m, 3): `points` as they lie in the picture (px, and cm of depth) after turning by yaw, pitch, roll."""
    lens = (made.distance - points[:, 2:]) / made.distance
    space = points * np.concatenate([lens, lens, np.ones_like(lens)], axis=1)
    neck = np.array([0.0, 0.0, NECK_CM])
    rotated = (space - neck) @ rotation(np.asarray(angles, dtype=np.float64)).T + neck
    lens = made.distance / (made.distance - rotated[:, 2:])
    there = rotated[:, :2] * lens
    mixed = points[:, :2] + share[:, None] * (there - points[:, :2])
    px = made.centre + made.scale * mixed * [1.0, -1.0]
    return np.concatenate([px, rotated[:, 2:]], axis=1)


def draw(made: Surface, angles: Array) -> tuple[Picture, Array]:
    """Return the picture of the head turned by `angles` (yaw, pitch, roll; degrees) and its true landmarks, px."""
    height, width = made.size
    placed = turned(made, made.points, made.share, angles)
    column, row = np.round(placed[:, 0]).astype(int), np.round(placed[:, 1]).astype(int)
    inside = np.flatnonzero((column >= 0) & (column < width) & (row >= 0) & (row < height))
    inside = inside[np.argsort(placed[inside, 2], kind="stable")]
    picture = np.zeros((height, width, 3), np.uint8)
    empty = np.full((height, width), 255, np.uint8)
    picture[row[inside], column[inside]] = made.colours[inside]
    empty[row[inside], column[inside]] = 0
    if empty.any():
        picture = np.asarray(cv2.inpaint(picture, empty, 2, cv2.INPAINT_TELEA), np.uint8)
    truth = turned(made, made.landmarks, np.ones(len(made.landmarks)), angles)
    return picture, truth[:, :2]


class Turned(NamedTuple):
    """What was reported of heads turned by known angles.

    Attributes
    ----------
    true : (n, 3) yaw, pitch, roll, degrees, on top of the portrait's own; reported : (n, 3).
    uneven : (n, 478, 2) IOD: half the left-right difference left after undoing the reported pose, x to the
        subject's left and y up.
    frontal : (n, 478, 2) IOD, the landmarks after undoing the reported pose, same axes.
    missed : (n, 478) IOD in the picture: distance of the reported landmark from the true one.
    """

    true: Array
    reported: Array
    uneven: Array
    frontal: Array
    missed: Array


def turn_and_look(landmarker: Landmarker, portrait: Frame, angles: Array, distance: float = DISTANCES_CM[0]) -> Turned:
    """Turn the portrait by each of `angles` (n, 3) and ask the landmarker; pictures without a face are left out."""
    made = surface(portrait, distance)
    rows = []
    for one in np.asarray(angles, dtype=np.float64):
        picture, truth = draw(made, one)
        faces = landmarker.detect(picture)
        if not faces:
            continue
        face = faces[0]
        points = face.landmarks.astype(np.float64)
        frontal = geometry.undo_pose(points, face.transform)
        uneven = (frontal - geometry.mirror(frontal))[:, :2] / 2.0
        missed = np.linalg.norm(points[:, :2] - truth, axis=1) / portrait.face.interocular_px
        axes = np.array([1.0, -1.0])
        rows.append((one, geometry.head_pose(face.transform), uneven * axes, frontal[:, :2] * axes, missed))
    return Turned(*(np.stack(column) for column in zip(*rows, strict=True)))


def views() -> Array:
    """Return (n, 3): the yaws at pitch 0, the pitches at yaw 0, and the corners of both."""
    corners = [(yaw, pitch, 0.0) for yaw in (-15.0, 15.0) for pitch in (-10.0, 10.0)]
    return np.array([*((yaw, 0.0, 0.0) for yaw in YAWS), *((0.0, pitch, 0.0) for pitch in PITCHES), *corners])


def slopes(seen: Turned) -> tuple[Array, Array]:
    """Return the linear response to turning.

    Returns
    -------
    (2,) reported yaw per true yaw and reported pitch per true pitch; (2, 478, 2) IOD per degree of reported yaw and
    of reported pitch: what is left in x and y of the left-right difference.
    """
    scale = solve(design(seen.true), seen.reported[:, :2])
    left = solve(design(seen.reported), seen.uneven.reshape(len(seen.true), -1))
    return np.array([scale[0, 0], scale[1, 1]]), left[:2].reshape(2, -1, 2)


def design(angles: Array) -> Array:
    """Return (n, 4): yaw, pitch, their product and 1, to be fitted to."""
    yaw, pitch = angles[:, 0], angles[:, 1]
    return np.stack([yaw, pitch, yaw * pitch, np.ones(len(yaw))], axis=1)


def solve(matrix: Array, target: Array) -> Array:
    """Return the least-squares solution."""
    return np.asarray(np.linalg.lstsq(matrix, target, rcond=None)[0], dtype=np.float64)
