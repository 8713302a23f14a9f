"""Videos in: the frames nearest to a regular grid of times, as RGB uint8, upright; one at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from facialis.errors import PictureError, RecipeError
from facialis.faces.sources import check_size, display_name, opened

if TYPE_CHECKING:
    import av
    import av.container
    from av.buffer import Buffer

_UNKNOWN_RATE = 25.0  # frames a second, to sample by where a file tells neither times nor a rate
# Demuxers that state a duration of their own; others estimate it, which says nothing of a file cut off.
_STATE_DURATION = ("mov,mp4", "matroska", "avi", "asf", "flv")


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of a video: its number in the file from 0, seconds from the first frame, (h, w, 3) uint8 RGB."""

    index: int
    time: float | None
    rgb: NDArray[np.uint8]


def read_video(path: str | os.PathLike[str], *, rate: float = 6.0) -> Iterator[VideoFrame]:
    """Yield the frames of a video that lie nearest to the times 0, 1 / rate, 2 / rate, ... s.

    Each frame comes at most once, so a video of fewer frames a second comes whole. Turned and mirrored as the
    file's display matrix says, pixels made square. Only a frame or two are in memory at a time; the file is
    closed when the generator is, also half-way.

    Parameters
    ----------
    path
        The video's file.
    rate
        Frames a second, more than 0.

    Yields
    ------
    VideoFrame
        `time` is by presentation time; where the file has none, by its frame rate; else None.

    Raises
    ------
    PictureError
        Not a video, no video track, no frame, too large; or the video breaks off, raised after its good frames.
    RecipeError
        `rate` is not above 0.
    """
    if not (math.isfinite(rate) and rate > 0):
        raise RecipeError(f"rate is {rate}; expected frames a second, more than 0")
    import av

    name = display_name(path)
    with opened(path) as file:
        try:
            # A file object and no protocol: a playlist cannot make FFmpeg open other files or addresses.
            container = av.open(file, mode="r", options={"protocol_whitelist": "none"})
        except (av.FFmpegError, UnicodeDecodeError) as error:
            raise PictureError(
                f"{name}: not a video that can be read; give an MP4, MOV, MKV, WebM or AVI file"
            ) from error
        with container:
            yield from _sampled(container, name, rate)


def _sampled(container: av.container.InputContainer, name: str, rate: float) -> Iterator[VideoFrame]:
    import av.stream

    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise PictureError(f"{name}: no video track in it; give a video")
    stream = streams[0]
    check_size(stream.codec_context.width, stream.codec_context.height, name)
    stream.thread_type = "AUTO"

    known = float(stream.average_rate) if stream.average_rate else None
    step = 1 / (known or _UNKNOWN_RATE)
    clock = 0.0  # seconds from the first frame
    end = 0.0  # where the last frame's display ends
    last: float | None = None  # its presentation time
    held: tuple[float, int, float | None, av.VideoFrame] | None = None  # the nearest yet to the grid point `cell`
    cell = 0
    decoded = _whole_frames(container, stream)
    index = -1
    broken = ""
    while True:
        try:
            frame = next(decoded)
        except StopIteration as stop:
            broken = stop.value
            break
        index += 1
        now = cast("float | None", frame.time)
        if index:
            # Times missing or jumping back (recordings pieced together) go on by the frame rate.
            clock += now - last if now is not None and last is not None and now >= last else step
        last = now if now is not None else (last + step if last is not None else None)
        end = clock + max(float(frame.duration * (frame.time_base or 0)), step)
        time = clock if now is not None or known else None
        nearest = round(clock * rate)
        distance = abs(clock - nearest / rate)
        if held is not None and nearest != cell:
            yield VideoFrame(held[1], held[2], _rgb(held[3], stream, name))
            held = None
        if held is None or distance < held[0]:
            held, cell = (distance, index, time, frame), nearest
    if held is not None:
        yield VideoFrame(held[1], held[2], _rgb(held[3], stream, name))
    if index < 0:
        raise PictureError(f"{name}: no frame of it can be decoded; convert it to MP4 or copy it again")
    whole = _stated_duration(container, stream)
    if not broken and whole is not None and whole - end > max(0.5, 3 * step):
        broken = f"{whole:.1f} s were expected"
    if broken:
        raise PictureError(
            f"{name}: the video breaks off after {end:.1f} s ({broken}); copy it again from where it came"
        )


def _whole_frames(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Generator[av.VideoFrame, None, str]:
    """Yield frames up to the first that is damaged; return why it stopped, empty at the proper end."""
    import av

    decoded = container.decode(stream)
    while True:
        try:
            frame = next(decoded, None)
        except av.FFmpegError as error:
            return display_name(str(error.strerror).lower())
        if frame is None:
            return ""
        if frame.is_corrupt:
            return "damaged data"
        yield frame


def _stated_duration(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Return the seconds the video track should last as the file states them, None where it does not."""
    if not container.format.name.startswith(_STATE_DURATION):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    hours, _, rest = stream.metadata.get("DURATION", "").partition(":")  # Matroska: 00:00:03.000000000
    minutes, _, seconds = rest.partition(":")
    try:
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return container.duration / 1e6 if container.duration is not None else None


def _rgb(frame: av.VideoFrame, stream: av.VideoStream, name: str) -> NDArray[np.uint8]:
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
