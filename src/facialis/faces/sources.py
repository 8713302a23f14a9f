"""What is given to be judged: files and folders, their names in messages, opening them, the size allowed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from PIL import Image

from facialis.errors import FacialisError, PictureError, TooLargeError
from facialis.files import check_writable

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".dib"}
    | {".pbm", ".pgm", ".ppm", ".pnm", ".jp2", ".avif", ".heic", ".heif", ".hif"}
)
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".3gp", ".mts", ".m2ts", ".flv", ".ogv"}
)
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB of RGB


class Source(NamedTuple):
    """A file to be judged: where it is, and its name in results (as given, or the folder given and the rest)."""

    path: Path
    name: str


def is_video(path: str | Path) -> bool:
    """Return whether the path has the suffix of a video; the file is not looked at."""
    return os.path.splitext(os.fspath(path))[1].lower() in VIDEO_SUFFIXES


def check_output(path: str | Path, given: Iterable[str | Path] = ()) -> None:
    """Raise now if a table or page must not, or cannot, be written to `path`.

    Parameters
    ----------
    given : files that are read: none of them is written over, and nothing named as a picture or video is.

    Raises
    ------
    FacialisError
        What is wrong, in one line.
    """
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in PICTURE_SUFFIXES | VIDEO_SUFFIXES:
        raise FacialisError(
            f"{display_name(path)}: a table or page is no {suffix} file; choose a name of another ending"
        )
    for name in given:
        if os.path.exists(path) and os.path.exists(name) and os.path.samefile(path, name):
            raise FacialisError(f"{display_name(path)}: is one of the files to be read; write to another one")
    check_writable(path)


def list_sources(paths: Iterable[str | Path]) -> list[Source]:
    """Return the pictures and videos of `paths`: files as they are given, folders with all that is in them.

    In folders only the files with a suffix of a picture or video (in any case) count, in natural order (img2
    before img10); what is hidden is left out, and each folder is walked once, so links may form a ring. Nothing
    that was given vanishes: a missing file, an empty folder and a folder that cannot be listed are in the
    result, and `read_picture` says what is wrong with them.
    """
    sources = []
    for given in paths:
        name = os.fspath(given)
        if os.path.isdir(name):
            found = list(_walk(name, set()))
            sources += [Source(Path(path), path) for path in found or [name]]
        else:
            sources.append(Source(Path(name), name))
    return sources


def name_as_text(name: str) -> str:
    """Return a file's name as text that any table can hold: bytes that are not UTF-8 become ``\\udc..``.

    Examples
    --------
    >>> name_as_text("caf\\udce9.png")
    'caf\\\\udce9.png'
    """
    return name.encode("utf-8", "backslashreplace").decode()


def name_from_text(text: str) -> str:
    """Return the file's name that `name_as_text` made text of."""
    return re.sub(r"\\udc([89a-f][0-9a-f])", lambda found: chr(0xDC00 + int(found[1], 16)), text)


def display_name(path: str | bytes | os.PathLike[Any]) -> str:
    r"""Return `path` as one line that can be printed: other characters and undecodable bytes are escaped.

    >>> display_name("a\nb.jpg")
    'a\\nb.jpg'
    """

    def shown(character: str) -> str:
        if character.isprintable():
            return character
        if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
            return f"\\x{ord(character) - 0xDC00:02x}"
        return character.encode("unicode_escape").decode("ascii")

    return "".join(map(shown, os.fsdecode(path)))


def without_name(message: str, path: str | os.PathLike[Any]) -> str:
    """Return the message of an error without the name of the file at `path`, with which such messages begin.

    Examples
    --------
    >>> without_name("photos/Anna.jpg: no such file; check the path", "./photos/Anna.jpg")
    'no such file; check the path'
    """
    given = os.fsdecode(path)
    rest = message
    for name in (given, str(Path(given))):  # messages say ./photos/Anna.jpg without its dot
        rest = rest.removeprefix(f"{display_name(name)}: ")
    for name in sorted({given, display_name(given), os.path.basename(given)}, key=len)[::-1]:
        if len(name) > 3:  # shorter ones stand in words, too
            rest = rest.replace(name, "-")
    return rest


@contextmanager
def opened(path: str | os.PathLike[Any]) -> Iterator[IO[bytes]]:
    """Open the regular file at `path`, which holds at least a byte; raise PictureError with the reason."""
    name = display_name(path)
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise PictureError(_about_folder(os.fspath(path), name))
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{name}: not a regular file; copy its content into one")
        file = open(path, "rb")  # noqa: SIM115 (the errors of opening are told apart from those of reading)
    except FileNotFoundError as error:
        raise PictureError(f"{name}: no such file; check the path") from error
    except PermissionError as error:
        raise PictureError(f"{name}: no permission to read it; change its permissions") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name}: cannot be opened ({reason}); check the path") from error
    with file:
        if status.st_size == 0:
            raise PictureError(f"{name}: the file is empty (0 bytes); copy it again from where it came")
        yield file


def check_size(width: int, height: int, name: str) -> None:
    """Raise PictureError for more pixels than `MAX_PIXELS`, or than Pillow's own limit where that is lower."""
    limit = min(MAX_PIXELS, Image.MAX_IMAGE_PIXELS or MAX_PIXELS)
    if width * height > limit:
        raise TooLargeError(
            f"{name}: too large, {width} x {height} pixels, {limit:,} in all are allowed; make it smaller first"
        )


def _about_folder(path: str, name: str) -> str:
    try:
        holds = any(_walk(path, set()))
        with os.scandir(path):
            pass
    except OSError as error:
        return f"{name}: the folder cannot be listed ({(error.strerror or str(error)).lower()}); change its permissions"
    if holds:
        return f"{name}: a folder, not a picture; give the files in it"
    return f"{name}: the folder holds no pictures or videos; give another, or a file"


def _walk(folder: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    """Yield the files below `folder`, and the folders that cannot be listed, in natural order."""
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        yield folder
        return
    for name in sorted(names, key=_natural):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            yield from _walk(path, seen)
        elif os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES:
            yield path


def _natural(name: str) -> tuple[list[str | int], str]:
    parts = re.split("([0-9]+)", name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name
