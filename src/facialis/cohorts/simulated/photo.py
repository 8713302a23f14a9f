"""How a simulated picture is taken: framing, light, colour, focus and compression.

Framing, light and colour are drawn once for both of a pair. Focus and compression are each picture's own, drawn from
one distribution whatever the group, as no two shots are equally sharp.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.faces.fields import Array


class Photo(NamedTuple):
    """How one picture is taken: see `take_photo`."""

    roll: float
    zoom: float
    shift: tuple[float, float]
    light: float
    gamma: float
    tint: tuple[float, float, float]
    slope: tuple[float, float]
    blur: float
    quality: int


def draw_photos(rng: np.random.Generator) -> tuple[Photo, Photo]:
    """Draw how the two pictures of a pair are taken.

    Both have the same roll N(0, 3°), zoom, shift, light, gamma, tint and gradient of light; blur (standard deviation
    0 to 1.2 px) and JPEG quality 60-95 are drawn for each. The two may be exchanged.
    """
    one = Photo(
        roll=float(rng.normal(0.0, 3.0)),
        zoom=float(np.exp(rng.normal(0.0, 0.08))),
        shift=(float(rng.normal(0.0, 8.0)), float(rng.normal(0.0, 8.0))),
        light=float(np.exp(rng.normal(-0.03, 0.1))),
        gamma=float(np.exp(rng.normal(0.0, 0.1))),
        tint=(float(rng.normal(1.0, 0.04)), 1.0, float(rng.normal(1.0, 0.04))),
        slope=(float(rng.normal(0.0, 0.12)), float(rng.normal(0.0, 0.08))),
        blur=float(rng.uniform(0.0, 1.2)),
        quality=int(rng.integers(60, 96)),
    )
    return one, one._replace(blur=float(rng.uniform(0.0, 1.2)), quality=int(rng.integers(60, 96)))


def in_photo(points: Array, photo: Photo, height: int, width: int) -> Array:
    """Return (..., 2) px: where this photo puts points of a picture of that size, the first pixel's middle at 0.5."""
    matrix = photo_matrix(photo, height, width)
    return np.asarray((points - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5)


def photo_matrix(photo: Photo, height: int, width: int) -> NDArray[np.float64]:
    """Return (2, 3): where this photo puts (x, y, 1), px, of a picture of that size, a pixel's middle being whole."""
    matrix = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), photo.roll, photo.zoom), dtype=np.float64)
    matrix[:, 2] += photo.shift
    return matrix


def take_photo(rgb: NDArray[np.uint8], photo: Photo) -> NDArray[np.uint8]:
    """Return the picture (h, w, 3) RGB as this photo shows it."""
    height, width = rgb.shape[:2]
    matrix = photo_matrix(photo, height, width)
    picture = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    if photo.blur > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), photo.blur)
    tone = 255.0 * photo.light * (np.arange(256) / 255.0) ** photo.gamma
    tables = np.stack([tone * tint for tint in photo.tint], axis=-1)
    toned = cv2.LUT(picture, np.clip(np.round(tables), 0, 255).astype(np.uint8)[None])
    across = 1.0 + photo.slope[0] * np.linspace(-1.0, 1.0, width)
    down = 1.0 + photo.slope[1] * np.linspace(-1.0, 1.0, height)
    shade = (down[:, None] * across[None]).astype(np.float32)[..., None]
    lit = np.clip(toned * shade + np.float32(0.5), 0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", lit[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, photo.quality])
    read: Any = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(read[..., ::-1])
