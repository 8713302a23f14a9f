"""Painted faces: the mesh with a subject's own shape, shaded under two lights, textured, with eyes, mouth and hair.

No photo goes into them. Both of a pair are painted from the same draws; only the shape of the face differs.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.look import Colour, Look, Picture, at_texture, draw_look, texture
from facialis.cohorts.simulated.raster import normals, rasterise
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import CONTOURS, canonical_face, mirror_permutation

SIZE = 512
MIDDLE = (256.0, 238.0)
"""Where the midpoint of the irises lies, px."""
MOST_TURNED = 25.0
"""Largest yaw and pitch, degrees: what lies behind the mesh is only sketched."""
FINE = 4
"""Eyes and mouth are painted this much larger and then made small, so that their edges are smooth."""

INNER_LIPS_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LIPS_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
HAIRLINE = (127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356)
OVAL = tuple(start for start, _ in CONTOURS["face_oval"])


class Painted(NamedTuple):
    """A painted subject: name, looks, texture, and the seed of hair and background."""

    name: str
    look: Look
    texture: Picture
    seed: tuple[int, ...]


class Scene(NamedTuple):
    """One painted face in its picture.

    Attributes
    ----------
    points : (478, 2) px, x to image right, y down.
    nearness : (478,) cm towards the viewer from the irises.
    normals : (478, 3) camera axes: x to image right, y up, z towards the viewer.
    angles : (3,) degrees; px_per_cm : at the irises; distance : cm.
    """

    points: Array
    nearness: Array
    normals: Array
    angles: Array
    px_per_cm: float
    distance: float


def draw_painted(name: str, seed: tuple[int, ...]) -> Painted:
    """Draw a painted subject."""
    rng = np.random.default_rng(seed)
    look = draw_look(rng)
    return Painted(name, look, texture(rng, look), seed)


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


def place(face: Array, camera: cameras.Camera) -> Scene:
    """Put one face (478, 3), cm, before a camera (of one row): within `MOST_TURNED`, middle of the picture."""
    angles = np.clip(camera.angles, -MOST_TURNED, MOST_TURNED)
    centres = iris_centres(face)
    interocular = float(np.sqrt(((centres[1] - centres[0]) ** 2).sum()))
    turned = cameras.turn(face[None], angles)
    at = camera._replace(angles=angles, centre=np.array([MIDDLE]))
    flat = cameras.project(turned, at, np.array([interocular]), np.ones(len(face)))
    return Scene(
        points=flat[0],
        nearness=turned[0, :, 2],
        normals=normals(turned[0]),
        angles=angles,
        px_per_cm=float(camera.iod_px[0]) / interocular,
        distance=float(camera.distance[0]),
    )


def _behind(scene: Scene, points: Array) -> Array:
    """Return (n, 2) px: points (n, 3), cm from the midpoint of the irises on the unturned head, in the picture."""
    turned = cameras.rotate(points[None], cameras.rotation(scene.angles))[0]
    scale = scene.px_per_cm * scene.distance / (scene.distance - turned[:, 2])
    return np.asarray(np.array(MIDDLE) + scale[:, None] * turned[:, :2] * np.array([1.0, -1.0]))


def _fill(picture: Picture, points: Array, colour: Colour | Array, blur: float = 0.0) -> None:
    """Paint a polygon (n, 2), px, in place; with `blur` (px) its edge is soft."""
    mask = np.zeros(picture.shape[:2], dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    if blur:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), dtype=np.uint8)
    share = mask.astype(np.float32)[..., None] / np.float32(255.0)
    picture += share * (np.array(colour, dtype=np.float32) - picture)


def _arc(x: float, y: float, z: float, wide: float, high: float, start: float = 0.0, end: float = 360.0) -> Array:
    angle = np.radians(np.linspace(start, end, 60))
    return np.stack([x + wide * np.cos(angle), y + high * np.sin(angle), np.full(60, z)], axis=-1)


def _dimmed(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _backdrop(subject: Painted, scene: Scene) -> Picture:
    """Return (SIZE, SIZE, 3): background, hair behind, shoulders, neck, ears and skull."""
    look = subject.look
    rng = np.random.default_rng([*subject.seed, 1])
    one, other = (np.array(colour) for colour in look.background)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    line = np.linspace(-0.5, 0.5, SIZE)
    slope = 0.5 + 0.7 * (np.cos(angle) * line[None] + np.sin(angle) * line[:, None])
    spots = cv2.resize(rng.standard_normal((9, 9)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    mix = np.clip(slope + look.spots * 3.0 * spots, 0.0, 1.0)[..., None]
    picture = (one + mix * (other - one)).astype(np.float32)
    head = _behind(scene, _arc(0.0, 1.2, -7.0, 8.9, 10.4))
    if look.long_hair:
        low = -4.0 - look.long_hair
        _fill(picture, _behind(scene, _arc(0.0, low + 6.5, -9.0, 9.2, 9.5)), look.hair, 3.0)
    neck = np.array([[-5.4, -6, -6], [5.4, -6, -6], [5.9, -19, -7], [-5.9, -19, -7]], dtype=np.float64)
    shoulders = _arc(0.0, -27.0, -8.0, 21.0, 11.5)
    _fill(picture, _behind(scene, shoulders), look.clothes, 1.0)
    _fill(picture, _behind(scene, neck), _dimmed(look.skin, 0.62), 1.5)
    collar = _arc(0.0, -19.2, -5.5, 7.0, 3.6)
    _fill(picture, _behind(scene, collar), _dimmed(look.clothes, 0.92), 1.0)
    _fill(picture, head, look.hair, 1.5)
    for side in (-1.0, 1.0):
        if not look.long_hair:
            _fill(picture, _behind(scene, _arc(8.2 * side, -1.6, -8.3, 1.3, 2.9)), _dimmed(look.skin, 0.72), 1.2)
            _fill(picture, _behind(scene, _arc(8.3 * side, -1.5, -8.3, 0.7, 2.0)), _dimmed(look.skin, 0.55), 2.0)
    return picture


def _hair(picture: Picture, subject: Painted, scene: Scene) -> None:
    """Paint the hair that lies over the forehead's edge, with strands, in place."""
    look = subject.look
    rng = np.random.default_rng([*subject.seed, 2])
    base = canonical_face()
    middle = iris_centres(base).mean(axis=0)
    line = base[list(HAIRLINE)] - middle
    line = line * np.array([1.0, look.hairline, 1.0])
    outer = _arc(0.0, 1.2, -7.0, 8.9, 10.4, 175.0, 5.0)
    edge, rim = _behind(scene, line), _behind(scene, outer)
    _fill(picture, np.concatenate([edge, rim[::-1]]), look.hair, 2.5)
    along = rng.uniform(0.0, 1.0, 420)
    roots = np.stack([np.interp(along * (len(edge) - 1), np.arange(len(edge)), edge[:, i]) for i in (0, 1)], axis=-1)
    tips = np.stack([np.interp(along * (len(rim) - 1), np.arange(len(rim)), rim[:, i]) for i in (0, 1)], axis=-1)
    low, high = np.sort(rng.uniform(0.0, 1.0, (2, 420, 1)), axis=0)
    ends = np.stack([roots + low * (tips - roots), roots + high * (tips - roots)], axis=1)
    shine = np.zeros((SIZE, SIZE), dtype=np.uint8)
    cv2.polylines(shine, list(np.round(ends * 16).astype(np.int32)), False, 255, 1, cv2.LINE_AA, 4)
    tone = np.array(look.hair, dtype=np.float32) * 0.5 + 0.05
    picture += (0.45 * shine.astype(np.float32) / 255.0)[..., None] * tone


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


def _patch(scene: Scene, indices: tuple[int, ...], margin: float) -> tuple[int, int, int, int]:
    points = scene.points[list(indices)]
    low = np.floor(points.min(axis=0) - margin).astype(int).clip(0, SIZE - 2)
    high = np.ceil(points.max(axis=0) + margin).astype(int).clip(2, SIZE)
    return int(low[0]), int(low[1]), int(max(high[0], low[0] + 2)), int(max(high[1], low[1] + 2))


def _smooth(points: Array, steps: int = 6) -> Array:
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


def _eye(picture: Picture, subject: Painted, scene: Scene, side: int, light: float) -> None:
    """Paint one eye: white, iris, pupil, highlight, the upper lid's shadow, lashes."""
    permutation = np.arange(478) if side == 0 else mirror_permutation()
    upper, lower = scene.points[permutation[list(UPPER_LID)]], scene.points[permutation[list(LOWER_LID)]]
    top, bottom = _smooth(upper), _smooth(lower)
    cm = scene.px_per_cm
    fine = _Fine(picture, _patch(scene, tuple(permutation[[*UPPER_LID, *LOWER_LID]].tolist()), 0.5 * cm))
    bottom = np.stack([bottom[:, 0], np.maximum(bottom[:, 1], np.interp(bottom[:, 0], *_sorted(top)))], axis=-1)
    opening = fine.polygon(np.concatenate([top, bottom[::-1]]), 0.15)
    eye = fine.pixels.copy()
    white = np.array([0.93, 0.91, 0.89], dtype=np.float32) * np.float32(light)
    eye[:] = white
    iris = scene.points[[468, 469, 470, 471, 472] if side == 0 else [473, 474, 475, 476, 477]]
    centre = iris.mean(axis=0)
    radius = float(np.sqrt(((iris[1:] - centre) ** 2).sum(axis=-1)).mean())
    rows, columns = np.mgrid[: fine.size[1], : fine.size[0]].astype(np.float32) / FINE
    x0, y0 = centre - np.array(fine.box[:2])
    away = np.sqrt((columns - x0) ** 2 + (rows - y0) ** 2) / radius

    def disc(size: float, soft: float) -> Picture:
        return np.asarray(np.clip((size - away) / soft + 0.5, 0.0, 1.0), dtype=np.float32)[..., None]

    rays = 1.0 + 0.15 * np.sin(23.0 * np.arctan2(rows - y0, columns - x0))[..., None]
    colour = np.array(subject.look.iris, dtype=np.float32)
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
    lash = _dimmed(subject.look.hair, 0.5)
    fine.paint(0.9 * fine.line(top, 0.1 * cm, 0.2), lash)
    fine.paint(0.45 * fine.line(bottom, 0.05 * cm, 0.3), _dimmed(subject.look.skin, 0.4))
    fine.close()


def _sorted(points: Array) -> tuple[Array, Array]:
    order = np.argsort(points[:, 0], kind="stable")
    return points[order, 0], points[order, 1]


def _mouth(picture: Picture, subject: Painted, scene: Scene, light: float) -> None:
    """Paint the line between the lips or, where they part, teeth, tongue and dark."""
    upper, lower = _smooth(scene.points[list(INNER_LIPS_UPPER)]), _smooth(scene.points[list(INNER_LIPS_LOWER)])
    cm = scene.px_per_cm
    lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
    fine = _Fine(picture, _patch(scene, (*INNER_LIPS_UPPER, *INNER_LIPS_LOWER), 0.5 * cm))
    opening = fine.polygon(np.concatenate([upper, lower[::-1]]), 0.2)
    inside = np.empty_like(fine.pixels)
    inside[:] = (0.16, 0.05, 0.05)
    teeth = fine.polygon(np.concatenate([upper, upper[::-1] + np.array([0.0, 0.75 * cm])]), 0.4)
    inside += teeth[..., None] * (np.float32(light) * np.array([0.86, 0.83, 0.76], dtype=np.float32) - inside)
    left, right = scene.points[78, 0], scene.points[308, 0]
    for number in range(1, 12):
        x = left + (right - left) * number / 12.0
        gap = np.array([[x, upper[:, 1].min()], [x, upper[:, 1].max() + 0.8 * cm]])
        inside *= 1.0 - 0.25 * fine.line(gap, 0.03 * cm, 0.3)[..., None]
    across = np.abs(np.linspace(fine.box[0], fine.box[2], fine.size[0]) - (left + right) / 2.0) / (abs(right - left) / 2)
    inside *= (1.0 - 0.75 * np.clip(across, 0.0, 1.0) ** 2).astype(np.float32)[None, :, None]
    inside *= 1.0 - 0.6 * fine.line(upper, 0.2 * cm, 0.12 * cm)[..., None]
    fine.paint(opening, inside)
    seam = _dimmed(subject.look.lips, 0.35)
    fine.paint(0.75 * fine.line(upper, 0.07 * cm, 0.35), seam)
    fine.paint(0.5 * fine.line(lower, 0.05 * cm, 0.35), seam)
    fine.close()


def paint(subject: Painted, scene: Scene) -> NDArray[np.uint8]:
    """Return the picture (SIZE, SIZE, 3) RGB of the subject whose face lies as `scene` says."""
    picture = _backdrop(subject, scene)
    seen = rasterise(scene.points, scene.nearness, SIZE)
    where = at_texture(canonical_face())
    values = seen.mix(np.concatenate([where, scene.normals], axis=-1))
    at = np.zeros((SIZE, SIZE, 2), dtype=np.float32)
    at[seen.rows, seen.columns] = values[:, :2]
    skin = cv2.remap(subject.texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    skin = skin[seen.rows, seen.columns]
    light, gloss = _light(subject, values[:, 2:])
    layer = picture.copy()
    layer[seen.rows, seen.columns] = skin * light[:, None] + gloss[:, None]
    mask = np.zeros((SIZE, SIZE), dtype=np.float32)
    mask[seen.rows, seen.columns] = 1.0
    soft = cv2.GaussianBlur(mask, (0, 0), 1.0) * mask
    picture += soft[..., None] * (layer - picture)
    iris = scene.points[[468, 473]].mean(axis=0)
    level = float(light[np.abs(seen.rows - iris[1]) + np.abs(seen.columns - iris[0]) < 40].mean())
    for side in (0, 1):
        _eye(picture, subject, scene, side, min(level, 1.0))
    _mouth(picture, subject, scene, min(level, 1.0))
    _hair(picture, subject, scene)
    return np.asarray(np.clip(np.round(picture * 255.0), 0, 255), dtype=np.uint8)
