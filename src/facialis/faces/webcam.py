"""A camera of this machine as frames, for a stated time."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from facialis.errors import PictureError
from facialis.faces.video_frames import frame_rgb
from facialis.faces.videos import VideoFrame


def is_webcam(name: str | os.PathLike[str]) -> bool:
    """Return whether a name means a camera, ``webcam`` or ``webcam:N``, and not a file called so.

    Examples
    --------
    >>> is_webcam("webcam"), is_webcam("webcam:1"), is_webcam("webcam.mp4")
    (True, True, False)
    """
    text = os.fspath(name)
    return re.fullmatch(r"webcam(:\d+)?", text) is not None and not os.path.exists(text)


def read_webcam(name: str = "webcam", *, seconds: float = 20.0) -> Iterator[VideoFrame]:
    """Yield a camera's frames as they come, mirrored as they were recorded; nothing is kept.

    Ends after `seconds`.

    Parameters
    ----------
    name
        ``webcam`` for the first camera, ``webcam:1`` for the second, and so on.

    Raises
    ------
    PictureError
        There is no such camera, it is in use, or this system does not let it be read.
    """
    import av

    device, form, options = _device(int(name.partition(":")[2] or 0))
    try:
        container = av.open(device, format=form, options=options)
    except (av.FFmpegError, ValueError) as error:
        why = f"{device}: {getattr(error, 'strerror', None) or error}"
        raise PictureError(f"{name}: no camera to be read ({why}); is it connected, free and allowed?") from error
    with container:
        stream = container.streams.video[0]
        first: float | None = None
        try:
            for index, frame in enumerate(container.decode(stream)):
                now = float(frame.time) if frame.time is not None else index / 30
                first = now if first is None else first
                if now - first > seconds:
                    return
                yield VideoFrame(index, now - first, frame_rgb(frame, stream, name))
        except av.FFmpegError as error:
            raise PictureError(f"{name}: the camera stopped ({error.strerror})") from error


def _device(number: int) -> tuple[str, str, dict[str, str]]:
    """Return what FFmpeg calls the n-th camera on this system: its address, its kind, and options."""
    if sys.platform == "darwin":
        return f"{number}:none", "avfoundation", {"framerate": "30"}
    if sys.platform == "win32":
        return f"video={number}", "vfwcap", {}
    return f"/dev/video{number}", "v4l2", {"video_size": "1280x720", "input_format": "mjpeg"}
