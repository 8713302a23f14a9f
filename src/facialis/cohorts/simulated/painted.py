"""Painted faces: the mesh with a subject's own shape, shaded under two lights, textured, with eyes, mouth and hair.

No photo goes into them. Both of a pair are painted from the same draws; only the shape of the face differs.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.draw import interocular_cm
from facialis.cohorts.simulated.features import (
    INNER_LIPS_LOWER,
    INNER_LIPS_UPPER,
    paint_eye,
    paint_mouth,
    smooth_curve,
)
from facialis.cohorts.simulated.look import Colour, Look, Picture, at_texture, dimmed, draw_look, texture
from facialis.cohorts.simulated.raster import normals, rasterise
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import canonical_face, triangles

SIZE = 512
MIDDLE = (256.0, 238.0)
"""Where the midpoint of the irises lies, px."""
MOST_TURNED = 25.0
"""Largest yaw and pitch, degrees: what lies behind the mesh is only sketched."""
EDGE = (127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356)

"""The forehead's edge, where the mesh ends, from the subject's right temple to the left one."""
ABOVE = (0.92, 2.6, -2.0)
"""How the forehead goes on above the mesh, where it is highest: share of x, cm up, cm towards the viewer."""


class Painted(NamedTuple):
    """A painted subject: name, looks, texture, what is behind, and the seed of the hair."""

    name: str
    look: Look
    texture: Picture
    background: Picture
    seed: tuple[int, ...]


class Scene(NamedTuple):
    """One painted face in its picture.

    Attributes
    ----------
    surface : (493, 2) px, x to image right, y down, middle of a pixel whole: the mesh and the forehead above `EDGE`.
    nearness : (493,) cm towards the viewer from the irises.
    normals : (493, 3) camera axes: x to image right, y up, z towards the viewer.
    angles : (3,) degrees; px_per_cm : at the irises; distance : cm.
    """

    surface: Array
    nearness: Array
    normals: Array
    angles: Array
    px_per_cm: float
    distance: float

    @property
    def points(self) -> Array:
        """(478, 2) px: the landmarks, middle of a pixel whole as OpenCV draws."""
        return self.surface[: len(canonical_face())]


def _background(look: Look, seed: tuple[int, ...]) -> Picture:
    """Return (SIZE, SIZE, 3): a slope between two colours, with soft spots."""
    rng = np.random.default_rng([*seed, 1])
    one, other = (np.array(colour) for colour in look.background)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    line = np.linspace(-0.5, 0.5, SIZE)
    slope = 0.5 + 0.7 * (np.cos(angle) * line[None] + np.sin(angle) * line[:, None])
    spots = cv2.resize(rng.standard_normal((9, 9)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    mix = np.clip(slope + look.spots * 3.0 * spots, 0.0, 1.0)[..., None]
    return np.asarray((one + mix * (other - one)).astype(np.float32))


def draw_painted(name: str, seed: tuple[int, ...]) -> Painted:
    """Draw a painted subject."""
    rng = np.random.default_rng(seed)
    look = draw_look(rng)
    return Painted(name, look, texture(rng, look), _background(look, seed), seed)


def close_lips(face: Array) -> Array:
    """Return the face (478, 3) with the lips closer by the gap that they have in the canonical face.

    The canonical mouth stands 0.55 cm open, the painted one is closed at rest.
    """
    base = canonical_face()
    result = face.copy()
    upper, lower = list(INNER_LIPS_UPPER[1:-1]), list(INNER_LIPS_LOWER[1:-1])
    gap = face[upper] - face[lower]
    share = np.minimum((base[upper, 1] - base[lower, 1]) / np.maximum(gap[:, 1], 1e-3), 1.0)[:, None]
    share = np.where(gap[:, 1:2] > 0, share, 0.0)
    result[upper] -= share * gap / 2.0
    result[lower] += share * gap / 2.0
    return result


def _height(points: Array) -> Array:
    """Return (n, 1), 0 at the temples' ends of `EDGE` to 1 in its middle, of `points` (n, ...) in that order."""
    return np.asarray(np.sin(np.pi * np.arange(len(points)) / (len(points) - 1.0))[:, None])


@cache
def _table() -> NDArray[np.intp]:
    """Return the mesh's triangles and those of the forehead above it."""
    edge, above = np.array(EDGE), len(canonical_face()) + np.arange(len(EDGE))
    one = np.stack([edge[:-1], edge[1:], above[:-1]], axis=-1)
    two = np.stack([edge[1:], above[1:], above[:-1]], axis=-1)
    return np.concatenate([triangles(), one, two])


@cache
def _texture_places() -> Array:
    """Return (493, 2) px: where the texture of the mesh and of the forehead above it lies."""
    base = canonical_face()[:, :2]
    edge = base[list(EDGE)]
    return at_texture(np.concatenate([base, edge + 0.6 * _height(edge) * np.array([0.0, 1.0])]))


def in_picture(face: Array, camera: cameras.Camera, perspective: Array) -> tuple[Array, Array]:
    """Put one face (n, 3), cm, before a camera (of one row): within `MOST_TURNED`, middle of the picture.

    `perspective` (n,) is the share of the geometric perspective that each point shows. Returns (n, 2) px, a pixel's
    middle being whole, and (n, 3) cm, the turned face.
    """
    at = camera._replace(angles=np.clip(camera.angles, -MOST_TURNED, MOST_TURNED), centre=np.array([MIDDLE]))
    turned = cameras.turn(face[None], at.angles)
    return cameras.project(turned, at, interocular_cm(face[None]), perspective)[0], turned[0]


def place(face: Array, camera: cameras.Camera) -> Scene:
    """Return the scene of one face (478, 3), cm, before a camera (of one row)."""
    centres = iris_centres(face)
    middle, edge = centres.mean(axis=0), face[list(EDGE)]
    high = _height(edge)
    share, up, near = ABOVE
    above = middle + (edge - middle) * (1.0 + high * np.array([share - 1.0, 0.0, 0.0])) + high * np.array([0, up, near])
    surface, turned = in_picture(np.concatenate([face, above]), camera, np.ones(len(face) + len(above)))
    normal = normals(turned[: len(face)])
    tilted = normal[list(EDGE)] + 0.5 * high * np.array([0.0, 1.0, 0.0])
    return Scene(
        surface=surface,
        nearness=turned[:, 2],
        normals=np.concatenate([normal, tilted / np.sqrt((tilted**2).sum(axis=-1, keepdims=True))]),
        angles=np.clip(camera.angles, -MOST_TURNED, MOST_TURNED),
        px_per_cm=float(camera.iod_px[0] / interocular_cm(face[None])[0]),
        distance=float(camera.distance[0]),
    )


def _behind(scene: Scene, points: Array) -> Array:
    """Return (n, 2) px: points (n, 3), cm from the midpoint of the irises on the unturned head, in the picture."""
    turned = cameras.rotate(points[None], cameras.rotation(scene.angles))[0]
    scale = scene.px_per_cm * scene.distance / (scene.distance - turned[:, 2])
    return np.asarray(np.array(MIDDLE) + scale[:, None] * turned[:, :2] * np.array([1.0, -1.0]))


def _fill(picture: Picture, points: Array, colour: Colour | Array, blur: float = 0.0) -> None:
    """Paint a polygon (n, 2), px, in place; with `blur` (px) its edge is soft."""
    margin = 3.0 * blur + 2.0
    left, top = np.floor(points.min(axis=0) - margin).astype(int).clip(0, SIZE).tolist()
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int).clip(0, SIZE).tolist()
    if left >= right or top >= bottom:
        return
    mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
    corners = np.round((points - np.array([left, top])) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, lineType=cv2.LINE_AA, shift=4)
    if blur:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), dtype=np.uint8)
    share = mask.astype(np.float32)[..., None] / np.float32(255.0)
    part = picture[top:bottom, left:right]
    part += share * (np.array(colour, dtype=np.float32) - part)


def _arc(x: float, y: float, z: float, wide: float, high: float, start: float = 0.0, end: float = 360.0) -> Array:
    angle = np.radians(np.linspace(start, end, 60))
    return np.stack([x + wide * np.cos(angle), y + high * np.sin(angle), np.full(60, z)], axis=-1)


def _backdrop(subject: Painted, scene: Scene) -> Picture:
    """Return (SIZE, SIZE, 3): background, hair behind, shoulders, neck, ears and skull."""
    look = subject.look
    picture = subject.background.copy()
    head = _behind(scene, _arc(0.0, 1.2, -7.0, 8.9, 10.4))
    if look.long_hair:
        low = -4.0 - look.long_hair
        _fill(picture, _behind(scene, _arc(0.0, low + 6.5, -9.0, 9.2, 9.5)), look.hair, 3.0)
    neck = np.array([[-5.4, -6, -6], [5.4, -6, -6], [5.9, -19, -7], [-5.9, -19, -7]], dtype=np.float64)
    shoulders = _arc(0.0, -27.0, -8.0, 21.0, 11.5)
    _fill(picture, _behind(scene, shoulders), look.clothes, 1.0)
    _fill(picture, _behind(scene, neck), dimmed(look.skin, 0.48), 1.5)
    collar = _arc(0.0, -19.2, -5.5, 7.0, 3.6)
    _fill(picture, _behind(scene, collar), dimmed(look.clothes, 0.92), 1.0)
    _fill(picture, head, look.hair, 1.5)
    for side in (-1.0, 1.0):
        if not look.long_hair:
            _fill(picture, _behind(scene, _arc(8.2 * side, -1.6, -8.3, 1.3, 2.9)), dimmed(look.skin, 0.72), 1.2)
            _fill(picture, _behind(scene, _arc(8.3 * side, -1.5, -8.3, 0.7, 2.0)), dimmed(look.skin, 0.55), 2.0)
    return picture


def _hair(picture: Picture, subject: Painted, scene: Scene) -> None:
    """Paint the hair that lies over the forehead's edge, with strands, in place."""
    look = subject.look
    rng = np.random.default_rng([*subject.seed, 2])
    last, above = scene.points[list(EDGE)], scene.surface[len(scene.points) :]
    t = np.linspace(-1.0, 1.0, len(EDGE))[:, None]
    edge = smooth_curve(last + (look.hairline * (1.0 - t**2) - 0.12 * np.sin(np.pi * t) ** 2) * (above - last))
    outer = _arc(0.0, 1.2, -7.0, 8.9, 10.4, 175.0, 5.0)
    rim = _behind(scene, outer)
    _fill(picture, np.concatenate([edge, rim[::-1]]), look.hair, 2.5)
    along = rng.uniform(0.0, 1.0, 420)
    roots = np.stack([np.interp(along * (len(edge) - 1), np.arange(len(edge)), edge[:, i]) for i in (0, 1)], axis=-1)
    tips = np.stack([np.interp(along * (len(rim) - 1), np.arange(len(rim)), rim[:, i]) for i in (0, 1)], axis=-1)
    low, high = np.sort(rng.uniform(0.0, 1.0, (2, 420, 1)), axis=0)
    ends = np.stack([roots + low * (tips - roots), roots + high * (tips - roots)], axis=1)
    shine = np.zeros((SIZE, SIZE), dtype=np.uint8)
    cv2.polylines(shine, list(np.round(ends * 16).astype(np.int32)), False, 255, 1, cv2.LINE_AA, 4)
    tone = np.array(look.hair, dtype=np.float32) * 0.5 + 0.05
    rows = max(2, min(SIZE, int(edge[:, 1].max()) + 12))
    picture[:rows] += (np.float32(0.45 / 255.0) * shine[:rows].astype(np.float32))[..., None] * tone


def _light(subject: Painted, normal: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what a surface of these normals (m, 3) gets of light (m,), and its gloss (m,)."""
    look = subject.look
    side, above = np.radians(look.light)
    direction = np.array([np.sin(side) * np.cos(above), np.sin(above), np.cos(side) * np.cos(above)])
    x, y, z = normal[:, 0], normal[:, 1], normal[:, 2]
    key = np.maximum(direction[0] * x + direction[1] * y + direction[2] * z, 0.0)
    fill = np.maximum(-0.6 * np.sign(side) * x + 0.1 * y + 0.75 * z, 0.0)
    sky = 0.5 + 0.5 * y
    half = direction + np.array([0.0, 0.0, 1.0])
    half /= np.sqrt((half**2).sum())
    gloss = look.gloss * np.maximum(half[0] * x + half[1] * y + half[2] * z, 0.0) ** 18
    light = look.ambient * (0.75 + 0.25 * sky) + (1.02 - look.ambient - look.fill) * key + look.fill * fill
    return light.astype(np.float32), gloss.astype(np.float32)


def paint(subject: Painted, scene: Scene) -> NDArray[np.uint8]:
    """Return the picture (SIZE, SIZE, 3) RGB of the subject whose face lies as `scene` says."""
    picture = _backdrop(subject, scene)
    seen = rasterise(scene.surface, scene.nearness, SIZE, _table())
    values = seen.mix(np.concatenate([_texture_places(), scene.normals], axis=-1))
    at = np.zeros((SIZE, SIZE, 2), dtype=np.float32)
    at[seen.rows, seen.columns] = values[:, :2]
    skin = cv2.remap(subject.texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    skin = skin[seen.rows, seen.columns]
    light, gloss = _light(subject, values[:, 2:])
    mask = np.zeros((SIZE, SIZE), dtype=np.float32)
    mask[seen.rows, seen.columns] = 1.0
    soft = np.maximum(2.0 * cv2.GaussianBlur(mask, (0, 0), 1.2)[seen.rows, seen.columns, None] - 1.0, 0.0)
    behind = picture[seen.rows, seen.columns]
    picture[seen.rows, seen.columns] = behind + soft * (skin * light[:, None] + gloss[:, None] - behind)
    iris = scene.points[[468, 473]].mean(axis=0)
    level = float(light[np.abs(seen.rows - iris[1]) + np.abs(seen.columns - iris[0]) < 40].mean())
    for side in (0, 1):
        paint_eye(picture, subject.look, scene.points, scene.px_per_cm, side, min(level, 1.0))
    paint_mouth(picture, subject.look, scene.points, scene.px_per_cm, min(level, 1.0))
    _hair(picture, subject, scene)
    return np.asarray(np.clip(np.round(picture * 255.0), 0, 255), dtype=np.uint8)
