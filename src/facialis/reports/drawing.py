"""What the pages draw: faces cut from pictures, contour lines, and bars that read without colour."""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.batch import FacePicture
from facialis.faces.mesh import CONTOURS

WIDE = 3.0
"""A range bar's axis reaches from the middle of the healthy range to this many times its half width, either way."""


def as_jpeg(rgb: NDArray[np.uint8], quality: int = 85) -> bytes:
    """Return a picture (h, w, 3) as a JPEG that holds nothing but its pixels."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return file.getvalue()


def embedded(jpeg: bytes) -> str:
    """Return a JPEG as the text of a ``data:`` address."""
    return base64.b64encode(jpeg).decode()


def in_cut(points: NDArray[np.floating[Any]], picture: FacePicture) -> NDArray[np.float64]:
    """Return where points (n, 2 or 3), px of the whole picture, lie in its cut: (n, 2) px."""
    return (np.asarray(points, np.float64)[:, :2] - picture.origin) * picture.scale


def contours(points: NDArray[np.floating[Any]], only: NDArray[np.bool_] | None = None) -> str:
    """Return the contour lines of landmarks (478, 2 or 3) as the data of one SVG path.

    Parameters
    ----------
    only : (478,) the landmarks of which one at least must lie at a line's end; None: all lines.
    """
    drawn = np.round(points[:, :2].astype(np.float64), 1)
    edges = (edge for name in CONTOURS for edge in CONTOURS[name] if only is None or only[list(edge)].any())
    return "".join(f"M{drawn[a, 0]:g} {drawn[a, 1]:g}L{drawn[b, 0]:g} {drawn[b, 1]:g}" for a, b in edges)


class RangeBar(NamedTuple):
    """A number against its healthy range, in the bar's own units: 0 to 100, the range from 33.3 to 66.7.

    Attributes
    ----------
    at : of the number's mark, within 2 to 98.
    error : both ends of its error, within 0 to 100.
    beyond : -1 or 1 where the mark would lie beyond the axis, else 0.
    reading : ``within``, ``borderline`` (the error reaches over the edge) or ``outside``.
    """

    at: float
    error: tuple[float, float]
    beyond: int
    reading: str


def range_bar(value: float, error: float, low: float, high: float) -> RangeBar:
    """Place a number with its error (one standard deviation) against a healthy range.

    Examples
    --------
    >>> range_bar(0.0, 0.1, -1.0, 1.0)
    RangeBar(at=50.0, error=(48.3, 51.7), beyond=0, reading='within')
    >>> range_bar(9.0, 0.1, -1.0, 1.0).beyond
    1
    """
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-12)

    def place(number: float) -> float:
        return round(50 + 50 * (number - middle) / (half * WIDE), 1)

    away = abs(value - middle) - half
    reading = "outside" if away > error else "borderline" if away > -error else "within"
    at, ends = place(value), (place(value - error), place(value + error))
    beyond = -1 if at < 4 else 1 if at > 96 else 0  # a mark there would be cut
    inside = min(100.0, max(0.0, ends[0])), min(100.0, max(0.0, ends[1]))
    return RangeBar(min(98.0, max(2.0, at)), inside, beyond, reading)
