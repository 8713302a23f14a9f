"""A painted subject's looks: skin, brows, lips, eyes, hair, clothes, background, light; and the texture of the face.

The texture is a picture of the canonical face as seen from the front; the mesh carries it along. Lengths in cm on the
canonical face. Colours are linear factors of white, 0 to 1, RGB.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.faces.fields import Array
from facialis.faces.mesh import canonical_face

PX_PER_CM = 34
LEFT, TOP = -8.4, 9.0
WIDTH, HEIGHT = round(16.8 * PX_PER_CM), round(19.0 * PX_PER_CM)

Colour = tuple[float, float, float]
Picture = NDArray[np.float32]

SKIN: tuple[Colour, ...] = (
    (0.96, 0.82, 0.74),
    (0.91, 0.74, 0.63),
    (0.83, 0.63, 0.49),
    (0.70, 0.49, 0.36),
    (0.52, 0.35, 0.25),
    (0.36, 0.24, 0.18),
)
"""Skin from fair to dark (own choice, after the spread of photographs); a subject's lies between two neighbours."""
HAIR: tuple[Colour, ...] = (
    (0.06, 0.05, 0.05),
    (0.14, 0.09, 0.06),
    (0.28, 0.18, 0.11),
    (0.58, 0.43, 0.24),
    (0.5, 0.49, 0.48),
)
IRIS: tuple[Colour, ...] = (
    (0.22, 0.13, 0.07),
    (0.35, 0.22, 0.11),
    (0.33, 0.38, 0.24),
    (0.36, 0.47, 0.58),
    (0.46, 0.51, 0.55),
)

SHADES: tuple[tuple[float, float, float, float, float], ...] = (
    (2.2, 3.1, 0.75, 0.6, 0.26),  # inner corner of the eye socket
    (3.2, 3.75, 1.3, 0.35, 0.13),  # below the brow
    (3.0, 1.75, 1.1, 0.3, 0.12),  # below the eye
    (1.45, 0.6, 0.45, 1.3, 0.13),  # side of the nose
    (1.95, -1.35, 0.22, 0.5, 0.26),  # groove of the ala
    (0.0, -1.95, 1.0, 0.25, 0.26),  # below the nose
    (0.0, -2.95, 0.22, 0.4, 0.07),  # philtrum
    (0.0, -6.15, 1.2, 0.3, 0.22),  # below the lower lip
    (2.65, -4.35, 0.28, 0.22, 0.3),  # corner of the mouth
    (6.9, -2.5, 1.3, 3.5, 0.2),  # side of the face
    (4.6, -2.6, 1.4, 1.2, 0.07),  # below the cheekbone
)
"""Where light hardly comes: x (either side), y, standard deviations across and down (cm), share of light lost."""
BLUSH: tuple[tuple[float, float, float, float], ...] = (
    (4.2, -0.4, 1.5, 0.9),
    (0.0, -1.0, 0.9, 0.8),
    (0.0, -8.0, 1.2, 0.5),
)
"""x (either side), y, standard deviation (cm), share: redness of cheeks, nose and chin."""
NOSTRIL = (0.72, -1.43, 0.34, 0.15)
"""x (either side), y, half width, half height, among the landmarks of the nostril's rim (79, 238, 20, 60, 75)."""
UPPER_BROW, LOWER_BROW = (70, 63, 105, 66, 107), (46, 53, 52, 65, 55)
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LID_FOLD = (247, 30, 29, 27, 28, 56, 190)


class Look(NamedTuple):
    """What a painted subject looks like, apart from the shape."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    brow: float
    brow_width: float
    blush: float
    long_hair: float
    hairline: float
    clothes: Colour
    background: tuple[Colour, Colour]
    spots: float
    light: tuple[float, float]
    ambient: float
    fill: float
    gloss: float
    freckles: int


def draw_look(rng: np.random.Generator) -> Look:
    """Draw a subject's looks; light comes from the front, N(0, 25°) from the side and N(25°, 10°) from above."""

    def between(table: tuple[Colour, ...], at: float) -> Colour:
        below = min(int(at), len(table) - 2)
        part = at - below
        r, g, b = ((1 - part) * x + part * y for x, y in zip(table[below], table[below + 1], strict=True))
        return (r, g, b)

    tone = float(rng.uniform(0.0, len(SKIN) - 1.0))
    skin = between(SKIN, tone)
    dark = tone > 2.5
    hair = HAIR[int(rng.integers(0, 2 if dark else len(HAIR)))]
    iris = IRIS[int(rng.integers(0, 2 if dark else len(IRIS)))]
    red = float(rng.uniform(0.0, 1.0))
    lips = (skin[0] * (0.93 - 0.08 * red), skin[1] * (0.68 - 0.16 * red), skin[2] * (0.70 - 0.14 * red))

    def anything(low: float, high: float) -> Colour:
        grey = rng.uniform(low, high)
        r, g, b = np.clip(grey + rng.normal(0.0, 0.07, 3), 0.02, 0.98)
        return (float(r), float(g), float(b))

    return Look(
        skin=skin,
        hair=hair,
        iris=iris,
        lips=lips,
        brow=float(rng.uniform(0.55, 0.95)),
        brow_width=float(rng.uniform(0.75, 1.15)),
        blush=float(rng.uniform(0.02, 0.09)),
        long_hair=float(rng.choice([0.0, 0.0, 5.0, 9.0])),
        hairline=float(rng.uniform(0.6, 1.2)),
        clothes=anything(0.1, 0.8),
        background=(anything(0.15, 0.9), anything(0.15, 0.9)),
        spots=float(rng.uniform(0.0, 0.12)),
        light=(float(rng.normal(0.0, 25.0)), float(rng.normal(25.0, 10.0))),
        ambient=float(rng.uniform(0.42, 0.6)),
        fill=float(rng.uniform(0.1, 0.25)),
        gloss=float(rng.uniform(0.02, 0.1)),
        freckles=int(rng.integers(0, 60)) if tone < 2 else 0,
    )


def dimmed(colour: Colour, factor: float) -> Colour:
    """Return the colour times a factor."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def at_texture(points: Array) -> Array:
    """Return (..., 2): where points (..., 2 or 3), cm on the canonical face, lie in the texture, px."""
    return np.stack([(points[..., 0] - LEFT) * PX_PER_CM, (TOP - points[..., 1]) * PX_PER_CM], axis=-1)


def _blob(x: float, y: float, across: float, down: float) -> Picture:
    """Return (HEIGHT, WIDTH): a Gaussian on either side of the face."""
    columns = np.arange(WIDTH) / PX_PER_CM + LEFT
    rows = TOP - np.arange(HEIGHT) / PX_PER_CM
    one = np.exp(-0.5 * ((columns - x) / across) ** 2)
    both = one if x == 0 else one + np.exp(-0.5 * ((columns + x) / across) ** 2)
    return (np.exp(-0.5 * ((rows - y) / down) ** 2)[:, None] * both[None]).astype(np.float32)


def _noise(rng: np.random.Generator, cm: float) -> Picture:
    """Return (HEIGHT, WIDTH) smooth noise of standard deviation 1 and this length scale."""
    step = max(1.0, cm * PX_PER_CM / 2.0)
    rough = rng.standard_normal((int(HEIGHT / step) + 3, int(WIDTH / step) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _mask(indices: tuple[int, ...], blur_cm: float, grow: float = 1.0) -> Picture:
    """Return (HEIGHT, WIDTH), 0 to 1: the polygon of these landmarks, its edge blurred."""
    points = at_texture(canonical_face()[list(indices)])
    middle = points.mean(axis=0)
    stretched = middle + (points - middle) * np.array([1.0, grow])
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(stretched * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32) / 255.0, (0, 0), blur_cm * PX_PER_CM))


def _towards(picture: Picture, colour: Colour, share: Picture) -> Picture:
    return np.asarray(picture + share[..., None] * (np.array(colour, dtype=np.float32) - picture))


def _brows(rng: np.random.Generator, look: Look) -> Picture:
    """Return (HEIGHT, WIDTH), 0 to 1: a soft band and some hundred hairs for each brow."""
    points = canonical_face()
    share = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for side in (1.0, -1.0):
        turn = np.array([side, 1.0])
        upper, lower = (points[list(row), :2] * turn for row in (UPPER_BROW, LOWER_BROW))
        middle = (upper + lower) / 2.0
        polygon = np.concatenate([upper, lower[::-1]])
        spine = np.concatenate([middle, middle[::-1]])
        polygon = spine + (polygon - spine) * look.brow_width * 0.8
        band = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        cv2.fillPoly(band, [np.round(at_texture(polygon) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        share = np.maximum(share, 0.62 * cv2.GaussianBlur(band.astype(np.float32) / 255.0, (0, 0), 0.1 * PX_PER_CM))
        along = rng.uniform(0.0, 3.98, 170)
        across = rng.uniform(-0.05, 0.9, 170)
        below = along.astype(int)
        part = (along - below)[:, None]
        low = lower[below] * (1 - part) + lower[below + 1] * part
        high = upper[below] * (1 - part) + upper[below + 1] * part
        start = low + across[:, None] * (high - low) * look.brow_width
        lean = np.stack([-side * (0.35 - 0.16 * along), 0.22 + 0.03 * along], axis=-1)
        hairs = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        ends = np.stack([at_texture(start), at_texture(start + lean * rng.uniform(0.6, 1.2, (170, 1)))], axis=1)
        cv2.polylines(hairs, list(np.round(ends * 16).astype(np.int32)), False, 255, 1, cv2.LINE_AA, 4)
        share = np.maximum(share, 0.8 * hairs.astype(np.float32) / 255.0)
    return np.asarray(look.brow * cv2.GaussianBlur(share, (0, 0), 0.8))


def texture(rng: np.random.Generator, look: Look) -> Picture:
    """Return (HEIGHT, WIDTH, 3): the subject's face without light, as seen from the front."""
    picture = np.empty((HEIGHT, WIDTH, 3), dtype=np.float32)
    picture[:] = np.array(look.skin, dtype=np.float32)
    mottle = 0.018 * _noise(rng, 2.5) + 0.012 * _noise(rng, 0.6) + 0.012 * _noise(rng, 0.08)
    picture *= 1.0 + mottle[..., None]
    red = sum((share * _blob(x, y, wide, wide) for x, y, wide, share in BLUSH), np.zeros((HEIGHT, WIDTH), np.float32))
    picture *= 1.0 + look.blush * red[..., None] * np.array([0.6, -1.0, -0.8], dtype=np.float32)
    light = np.ones((HEIGHT, WIDTH), dtype=np.float32)
    for x, y, across, down, share in SHADES:
        light *= 1.0 - share * np.float32(rng.uniform(0.7, 1.2)) * _blob(x, y, across, down)
    lips = _mask(OUTER_LIPS, 0.06, 0.97)
    picture = _towards(picture, look.lips, 0.85 * lips)
    picture *= (1.0 + 0.05 * _noise(rng, 0.12) * lips)[..., None]
    for _ in range(look.freckles):
        x, y = at_texture(np.array([rng.uniform(-5.0, 5.0), rng.normal(0.0, 0.9)])).round().astype(int).tolist()
        picture[y : y + 2, x : x + 2] *= 0.86
    fold = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for side in (1.0, -1.0):
        line = at_texture(canonical_face()[list(LID_FOLD), :2] * np.array([side, 1.0]) + np.array([0.0, 0.05]))
        cv2.polylines(fold, [np.round(line * 16).astype(np.int32)], False, 255, 3, cv2.LINE_AA, 4)
    light *= 1.0 - 0.32 * cv2.GaussianBlur(fold.astype(np.float32) / 255.0, (0, 0), 1.5)
    x, y, across, down = NOSTRIL
    light *= 1.0 - 0.75 * np.clip(1.4 * _blob(x, y, across * 0.7, down * 0.75), 0.0, 1.0)
    picture *= light[..., None]
    dark = (look.hair[0] * 0.8, look.hair[1] * 0.8, look.hair[2] * 0.8)
    return np.clip(_towards(picture, dark, _brows(rng, look)), 0.0, 1.0)
