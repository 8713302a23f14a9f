"""The face's contour lines, white on black, in the frame of the face crop.

Source: the line-segment images of Oo, Lee, Lim, arXiv 2503.10371 (brows, eyes, lips, nose, face oval).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import CONTOURS
from facialis.modalities.crops import CROP_SIZE, crop_frame

THICKNESS = 2
"""px of the 256 by 256 image."""

_SUBPIXEL_BITS = 4
_FAR = 1 << 14  # px; beyond it nothing is drawn, and OpenCV's fixed-point numbers still hold it


def line_image(landmarks: ArrayLike, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw `CONTOURS` white on black, without antialiasing, 2 px thick.

    Parameters
    ----------
    landmarks : (478, 2 or 3), px, x to image right, y down.
    size : height and width of the picture, px; the frame ends at its border, as that of the crop does.

    Returns
    -------
    (256, 256) uint8, 0 or 255.

    Raises
    ------
    PictureError
        The face lies outside the picture.
    """
    import cv2

    left, top, right, bottom = crop_frame(landmarks, size)
    points = np.asarray(landmarks, dtype=np.float64)[:, :2]
    scaled = (points - (left, top)) * CROP_SIZE / (right - left, bottom - top) - 0.5  # OpenCV counts from centres
    fixed = np.rint(np.clip(scaled, -_FAR, _FAR) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    edges = np.array([edge for contour in CONTOURS.values() for edge in contour])
    image = np.zeros((CROP_SIZE, CROP_SIZE), dtype=np.uint8)
    cv2.polylines(image, list(fixed[edges]), False, 255, THICKNESS, cv2.LINE_8, _SUBPIXEL_BITS)
    return image
