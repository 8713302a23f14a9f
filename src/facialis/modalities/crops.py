"""The grey face crop, 256 by 256, and its ten crops of 224 by 224.

Source: the frame and the sizes are those of Oo, Lee, Lim, arXiv 2503.10371: landmarks 127, 10, 356 and 152 are
the face's edges; grey, so that a grey data set beside one in colour gives nothing away. One channel is stored; the
models repeat it three times.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.errors import PictureError

EDGES = (127, 10, 356, 152)
"""Landmarks at the face's edges on an upright, unmirrored picture: image left, top, image right, bottom."""
CROP_SIZE = 256
TEN_CROP_SIZE = 224


def crop_frame(landmarks: ArrayLike, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the frame of the face crop: the upright box around the four `EDGES`, cut off at the picture's border.

    Smallest and largest x and y of the four are taken, so that rolled and mirrored faces are framed as well. What
    reaches over the border is cut off, not padded: the crop of a face at the border is then stretched.

    Parameters
    ----------
    landmarks : (478, 2 or 3), px, x to image right, y down.
    size : height and width of the picture, px.

    Returns
    -------
    image left, top, image right and bottom, px (pixel i covers i to i + 1).

    Raises
    ------
    PictureError
        Less than a pixel of the frame lies in the picture.
    """
    edges = np.asarray(landmarks, dtype=np.float64)[list(EDGES), :2]
    height, width = size
    low = np.clip(edges.min(axis=0), 0, (width, height))
    high = np.clip(edges.max(axis=0), 0, (width, height))
    if not (high - low >= 1).all():
        raise PictureError(
            f"face's frame {_text(edges)} px shows less than a pixel in a picture of {width} x {height} px; "
            "expected a face inside the picture"
        )
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def crop(rgb: NDArray[np.uint8], landmarks: ArrayLike) -> NDArray[np.uint8]:
    """Cut the face out of a picture as a grey square; see `crop_frame` for where.

    Grey is Pillow's: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Resized with Pillow's antialiased bicubic filter;
    width and height are scaled apart, so that every face fills the square.

    Parameters
    ----------
    rgb : (height, width, 3) uint8.
    landmarks : (478, 2 or 3), px, x to image right, y down.

    Returns
    -------
    (256, 256) uint8.

    Raises
    ------
    PictureError
        The face lies outside the picture.
    """
    from PIL import Image

    height, width = rgb.shape[:2]
    left, top, right, bottom = crop_frame(landmarks, (height, width))
    margin = 2 + math.ceil(2 * max(right - left, bottom - top) / CROP_SIZE)  # what the filter sees beyond the frame
    x0, y0 = max(0, math.floor(left) - margin), max(0, math.floor(top) - margin)
    x1, y1 = min(width, math.ceil(right) + margin), min(height, math.ceil(bottom) + margin)
    grey = Image.fromarray(np.ascontiguousarray(rgb[y0:y1, x0:x1])).convert("L")
    box = (left - x0, top - y0, right - x0, bottom - y0)
    return np.asarray(grey.resize((CROP_SIZE, CROP_SIZE), Image.Resampling.BICUBIC, box=box))


def ten_crops(images: NDArray[Any], size: int = TEN_CROP_SIZE) -> NDArray[Any]:
    """Return ten crops of each image: corners and centre, then those of the mirrored image.

    The order is that of torchvision's ``TenCrop``: top left, top right, bottom left, bottom right, centre.

    Parameters
    ----------
    images : (..., height, width), of any dtype.
    size : height and width of a crop, px.

    Returns
    -------
    (..., 10, size, size), a copy of the same dtype.

    Raises
    ------
    ValueError
        The images are smaller than a crop.
    """
    if images.ndim < 2 or min(images.shape[-2:]) < size:
        raise ValueError(f"images of shape {images.shape}; expected (..., {size} or more, {size} or more)")
    bottom, right = images.shape[-2] - size, images.shape[-1] - size
    corners = ((0, 0), (0, right), (bottom, 0), (bottom, right), (round(bottom / 2), round(right / 2)))
    return np.stack(
        [side[..., y : y + size, x : x + size] for side in (images, images[..., ::-1]) for y, x in corners],
        axis=-3,
    )


def _text(edges: NDArray[np.float64]) -> str:
    (left, top), (right, bottom) = edges.min(axis=0), edges.max(axis=0)
    return f"({left:.0f}, {top:.0f}) to ({right:.0f}, {bottom:.0f})"
