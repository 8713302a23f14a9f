"""Writing so that nothing half-written is ever left looking whole."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from facialis.errors import FacialisError

T = TypeVar("T")
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}(\.\w+)?")
"""How `tempfile.mkstemp` names the temporary files of `atomic_path`."""


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is renamed to `path`, on failure removed.

    A link is followed; what is no regular file (a device, a pipe) is written to, never replaced.

    Raises
    ------
    FacialisError
        The folder does not exist or cannot be written, `path` is a folder, or the disk is full: one line naming `path`.
    """
    path = Path(path)
    target = path.resolve() if path.is_symlink() else path
    special = target.exists() and not target.is_file()
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        folder = None if special else target.parent
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=target.suffix, dir=folder)
        os.close(handle)
    except OSError as error:
        reason = error.strerror or error
        if isinstance(error, FileNotFoundError) and not target.parent.exists():
            reason = _unexpanded(path) or f"the folder {target.parent} is missing; make it first"
        raise FacialisError(f"cannot write {path}: {reason}") from error
    temporary = Path(name)
    try:
        yield temporary
        if special:
            with temporary.open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        else:
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
    except OSError as error:
        raise FacialisError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove from a folder and those within what a killed program left of its `atomic_path`; hold its lock for it."""
    for path in folder.rglob(".*"):
        if _TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def check_writable(path: Path | str) -> None:
    """Raise `FacialisError` now if `path` could not be written later, so that long work is not done in vain."""
    try:
        with atomic_path(path):
            raise _Tried
    except _Tried:
        pass


class _Tried(Exception):
    """Ends a trial before anything is renamed."""


def make_folder(path: Path | str) -> Path:
    """Make a folder with its parents, or take it as it is; `FacialisError` if it cannot be made or written into."""
    folder = Path(path)
    if reason := _unexpanded(folder):
        raise FacialisError(f"cannot write {folder}: {reason}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacialisError(f"cannot write {folder}: {error.strerror or error}") from error
    check_writable(folder / "written")
    return folder


def check_own(folder: Path | str, *, own: bool, whose: str, error: type[FacialisError] = FacialisError) -> None:
    """Raise `error` if a folder that is to be written into holds files of somebody else, or is none that was meant.

    Parameters
    ----------
    own : whether the folder is known as our own.
    whose : of what it would be the folder, for the message.
    """
    folder = Path(folder)
    if reason := _unexpanded(folder):
        raise error(f"cannot write {folder}: {reason}")
    try:
        foreign = not own and folder.is_dir() and any(folder.iterdir())
    except OSError as denied:
        raise error(f"cannot read the folder {folder}: {denied.strerror or denied}") from denied
    if foreign:
        raise error(f"{folder}: holds files that are no {whose}'s; choose a new or an empty folder")


def _unexpanded(path: Path) -> str:
    """Return why a path begins with a folder ``~`` that is not there, or nothing where it does not."""
    parts = path.parts
    if len(parts) < 2 or not parts[0].startswith("~") or Path(parts[0]).exists():
        return ""
    return f"the shell did not expand {parts[0]} (in quotes, or after =); write $HOME, or the folder's whole path"


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 to `path`, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def plain_cell(value: T) -> T | str:
    """Return a table's cell that no spreadsheet takes for a formula: a text that begins like one follows a ``'``.

    Not for tables that are read back: there a name is a name.

    Examples
    --------
    >>> plain_cell("=cmd.jpg"), plain_cell("-1.5"), plain_cell(-1.5)
    ("'=cmd.jpg", '-1.5', -1.5)
    """
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def file_digest(path: Path | str) -> bytes:
    """Return the SHA-256 of a file's bytes, by which copies are known; of one that cannot be read, its path."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:  # what is wrong with it is told by whoever needs what is in it
        return os.fsencode(path)


@contextmanager
def locked(path: Path | str, busy: str) -> Iterator[None]:
    """Hold a lock file for the time of the block; it is let go even when the process is killed.

    Raises
    ------
    FacialisError
        Another process holds it (the message is `busy`), or the file cannot be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FacialisError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        if not _try_lock(handle):
            raise FacialisError(busy)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
