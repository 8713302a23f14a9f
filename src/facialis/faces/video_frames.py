"""A video's decoded frame as an upright picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from facialis.faces.sources import check_size

if TYPE_CHECKING:
    import av
    from av.buffer import Buffer


def frame_rgb(frame: av.VideoFrame, stream: av.VideoStream, name: str) -> NDArray[np.uint8]:
    """Return a decoded frame (h, w, 3) upright, its pixels made square; a `PictureError` if it is too large."""
    check_size(frame.width, frame.height, name)  # it may change on the way
    ratio = float(stream.sample_aspect_ratio or 1)
    width = round(frame.width * ratio) if 0.25 <= ratio <= 4 else frame.width
    check_size(width, frame.height, name)
    rgb = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    return np.ascontiguousarray(_upright(cast("NDArray[np.uint8]", rgb), frame))


def _upright(rgb: NDArray[np.uint8], frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Turn and mirror by the display matrix (a b . / c d . / . . .): x' = a x + c y, y' = b x + d y.

    Only quarter turns and mirrorings are applied; an angle between is rounded to the nearest of them.
    """
    try:
        data = cast("Buffer | None", frame.side_data.get("DISPLAYMATRIX"))
    except ValueError:  # side data of a kind that this PyAV has no name for
        return np.rot90(rgb, round(frame.rotation / 90))
    if data is None:
        return rgb
    a, b, _, c, d = np.frombuffer(bytes(data), dtype=np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        rgb = rgb.transpose(1, 0, 2)
        a, d = c, b
    return rgb[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
