"""Videos in: the frames nearest to a regular grid of times, as RGB uint8, upright; one at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from facialis.errors import PictureError, RecipeError
from facialis.faces.sources import check_size, display_name, opened
from facialis.faces.video_frames import frame_rgb

if TYPE_CHECKING:
    import av
    import av.container

T = TypeVar("T")

_UNKNOWN_RATE = 25.0  # frames a second, to sample by where a file tells neither times nor a rate
# Demuxers that state a duration of their own; others estimate it, which says nothing of a file cut off.
_STATE_DURATION = ("mov,mp4", "matroska", "avi", "asf", "flv")


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of a video: its number in the file from 0, seconds from the first frame, (h, w, 3) uint8 RGB."""

    index: int
    time: float | None
    rgb: NDArray[np.uint8]


Video = str | os.PathLike[str] | bytes
"""A video's path, or the content of its file."""


def read_video(path: Video, *, rate: float = 6.0, name: str | None = None) -> Iterator[VideoFrame]:
    """Yield the frames of a video that lie nearest to the times 0, 1 / rate, 2 / rate, ... s.

    Each frame comes at most once, so a video of fewer frames a second comes whole. Turned and mirrored as the
    file's display matrix says, pixels made square. Only a frame or two are in memory at a time; the file is
    closed when the generator is, also half-way.

    Parameters
    ----------
    path
        The video's file, or its content.
    rate
        Frames a second, more than 0.
    name
        What a file's content is called in errors.

    Yields
    ------
    VideoFrame
        `time` is by presentation time; where the file has none, by its frame rate; else None.

    Raises
    ------
    PictureError
        Not a video, no index, no video track, no frame, too large; or it breaks off, raised after its good frames.
    RecipeError
        `rate` is not above 0.
    """
    _check_rate(rate)
    with _opened_video(path, name) as (container, stream, name):
        for index, time, frame in _nearest(_timed(container, stream, name), rate):
            yield VideoFrame(index, time, frame_rgb(frame, stream, name))


def read_frames(path: str | os.PathLike[str], indices: Collection[int]) -> Generator[VideoFrame]:
    """Yield the frames of a video that have these numbers, in order; the others are decoded, not converted.

    Raises
    ------
    PictureError
        As `read_video`; a number beyond the end gives no frame and no error.
    """
    wanted, last = frozenset(indices), max(indices, default=-1)
    with _opened_video(path) as (container, stream, name):
        for _, (index, time, frame) in _timed(container, stream, name):
            if index in wanted:
                yield VideoFrame(index, time, frame_rgb(frame, stream, name))
            if index >= last:
                return


class Sampling(NamedTuple):
    """What a video's packets tell of it: numbers and times (s) of the frames on a grid, and what is missing.

    Attributes
    ----------
    frames : number and time of each frame that `read_video` would yield, if all can be decoded.
    end : (number, time) after the last frame, where the file states more than it holds; else None.
    """

    frames: list[tuple[int, float]]
    end: tuple[int, float] | None


def sample_video(path: Video, *, rate: float = 6.0, name: str | None = None) -> Sampling:
    """Tell which frames lie nearest to the times 0, 1 / rate, ... s by reading the packets; nothing is decoded.

    Raises
    ------
    PictureError
        Not a video, no video track, no frame, too large.
    RecipeError
        `rate` is not above 0.
    """
    _check_rate(rate)
    with _opened_video(path, name) as (container, stream, name):
        step = 1 / (float(stream.average_rate) if stream.average_rate else _UNKNOWN_RATE)
        clocks = _packet_clocks(container, stream, step)
        if not clocks:
            raise PictureError(f"{name}: no frame of it can be decoded; convert it to MP4 or copy it again")
        whole = _stated_duration(container, stream)
        end = clocks[-1] + step
        short = whole is not None and whole - end > max(0.5, 3 * step)
        frames = list(_nearest(((clock, (index, clock)) for index, clock in enumerate(clocks)), rate))
        return Sampling(frames, (len(clocks), end) if short else None)


def _packet_clocks(container: av.container.InputContainer, stream: av.VideoStream, step: float) -> list[float]:
    """Return the seconds from the first frame of each frame in the order of presentation."""
    import av

    runs: list[list[float]] = [[]]  # a new one where recordings were pieced together
    last = -math.inf  # decoding time
    try:
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard:
                continue
            base = float(packet.time_base or 0)
            if packet.dts is not None:
                if packet.dts * base < last:
                    runs.append([])
                last = packet.dts * base
            stamp = packet.pts if packet.pts is not None else packet.dts
            runs[-1].append(stamp * base if stamp is not None else (runs[-1][-1] + step if runs[-1] else 0.0))
    except av.FFmpegError:  # cut off: what came before counts
        pass
    clocks: list[float] = []
    for run in runs:
        origin = clocks[-1] + step if clocks else 0.0
        clocks += [origin + stamp - min(run) for stamp in sorted(run)]
    return clocks


def _check_rate(rate: float) -> None:
    if not (math.isfinite(rate) and rate > 0):
        raise RecipeError(f"rate is {rate}; expected frames a second, more than 0")


@contextmanager
def _opened_video(
    path: Video,
    name: str | None = None,
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream, str]]:
    import av
    import av.stream

    name = (name or f"video of {len(path):,} bytes") if isinstance(path, bytes) else display_name(path)
    with BytesIO(path) if isinstance(path, bytes) else opened(path) as file:
        try:
            # A file object and no protocol: a playlist cannot make FFmpeg open other files or addresses.
            container = av.open(file, mode="r", options={"protocol_whitelist": "none"})
        except (av.FFmpegError, UnicodeDecodeError) as error:
            file.seek(4)
            if file.read(4) == b"ftyp":
                raise PictureError(
                    f"{name}: cut off or damaged: it begins as an MP4 or MOV file, but its index, which cameras write "
                    "last, is missing; copy it again from where it came"
                ) from error
            raise PictureError(
                f"{name}: not a video that can be read; give an MP4, MOV, MKV, WebM or AVI file"
            ) from error
        with container:
            cover = av.stream.Disposition.attached_pic
            streams = [stream for stream in container.streams.video if not stream.disposition & cover]
            if not streams:
                raise PictureError(f"{name}: no video track in it; give a video")
            stream = streams[0]
            check_size(stream.codec_context.width, stream.codec_context.height, name)
            stream.thread_type = "AUTO"
            yield container, stream, name


def _nearest(timed: Iterable[tuple[float, T]], rate: float) -> Iterator[T]:
    """Of things with their clock (s) yield the nearest to 0, 1 / rate, ...; what came before an error comes first."""
    held: tuple[float, T] | None = None  # the nearest yet to the grid point `cell`
    cell = 0
    try:
        for clock, thing in timed:
            nearest = round(clock * rate)
            distance = abs(clock - nearest / rate)
            if held is not None and nearest != cell:
                yield held[1]
                held = None
            if held is None or distance < held[0]:
                held, cell = (distance, thing), nearest
    except PictureError:
        if held is not None:
            yield held[1]
        raise
    if held is not None:
        yield held[1]


def _timed(
    container: av.container.InputContainer, stream: av.VideoStream, name: str
) -> Iterator[tuple[float, tuple[int, float | None, av.VideoFrame]]]:
    """Yield each frame's clock (s from the first), number, time where it has one, and the frame."""
    known = float(stream.average_rate) if stream.average_rate else None
    step = 1 / (known or _UNKNOWN_RATE)
    clock = 0.0
    end = 0.0  # where the last frame's display ends
    last: float | None = None  # its presentation time
    decoded = _whole_frames(container, stream)
    index = -1
    while True:
        try:
            frame = next(decoded)
        except StopIteration as stop:
            broken: str = stop.value
            break
        index += 1
        now = cast("float | None", frame.time)
        if index:
            # Times missing or jumping back (recordings pieced together) go on by the frame rate.
            clock += now - last if now is not None and last is not None and now >= last else step
        last = now if now is not None else (last + step if last is not None else None)
        end = clock + max(float(frame.duration * (frame.time_base or 0)), step)
        yield clock, (index, clock if now is not None or known else None, frame)
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
