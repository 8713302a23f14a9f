"""MediaPipe and ONNX Runtime tell their makers how they are used; here they do not.

Both libraries, as their packages are built, send metrics (never pictures) to their makers: MediaPipe since 0.10.35 to
play.googleapis.com, without a way to decline; ONNX Runtime since 1.29 on Linux, too, unless
``ORT_DISABLE_TELEMETRY`` is set, which `facialis` does when it is imported. This program promises that nothing leaves
the machine.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from importlib.resources import files
from typing import Any

ADDRESS = b"https://play.googleapis.com/log"
"""Where MediaPipe sends its metrics."""
NOWHERE = b"none://nothing.is.sent".ljust(len(ADDRESS), b"/")
"""Of the same length; no program knows this scheme."""
_RIGHTS = {"r": 1, "w": 2, "x": 4}  # mmap.PROT_*, which Windows has not
NO_AUTHORITIES = os.path.join(os.path.dirname(__file__), "no-certificate-authorities.pem")
"""A file that does not exist: without authorities no connection to anybody is trusted, so nothing is sent."""


def declined(options: Any) -> Any:
    """Make MediaPipe's base options such that its metrics cannot be sent: they trust no server's certificate.

    Parameters
    ----------
    options : ``mediapipe.tasks.python.BaseOptions``; changed and returned.
    """
    made = options.to_ctypes

    def to_ctypes(*arguments: Any, **named: Any) -> Any:
        found = made(*arguments, **named)
        found.ca_bundle_path = os.fsencode(NO_AUTHORITIES)
        return found

    options.to_ctypes = to_ctypes
    return options


def forget_address() -> bool:
    """Overwrite the address in this process's copy of MediaPipe, so that nobody is even looked up; Linux alone.

    Returns
    -------
    Whether the address is gone; False where MediaPipe holds no such address, or its memory is protected.
    """
    library = files("mediapipe.tasks.c").joinpath("libmediapipe.so")
    if not sys.platform.startswith("linux") or not library.is_file():
        return False
    ctypes.CDLL(str(library))  # the very copy that MediaPipe takes
    protect = ctypes.CDLL(None).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for path, parts in _mapped(library.name).items():
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.find(ADDRESS)
        for start, end, offset, rights in parts:
            if not offset <= at < offset + end - start:
                continue
            place = start + at - offset
            if ctypes.string_at(place, len(ADDRESS)) == ADDRESS:
                page = place // mmap.PAGESIZE * mmap.PAGESIZE
                size = place + len(ADDRESS) - page
                if protect(page, size, _RIGHTS["r"] | _RIGHTS["w"]):
                    return False
                ctypes.memmove(place, NOWHERE, len(NOWHERE))
                protect(page, size, rights)
            return ctypes.string_at(place, len(NOWHERE)) == NOWHERE
    return False


def _mapped(library: str) -> dict[str, list[tuple[int, int, int, int]]]:
    """Return start, end, offset in the file, and rights of a library's parts in memory, by its path."""
    parts: dict[str, list[tuple[int, int, int, int]]] = {}
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.rstrip("\n").split(maxsplit=5)
            if len(fields) == 6 and os.path.basename(fields[5]) == library:
                start, end = (int(edge, 16) for edge in fields[0].split("-"))
                rights = sum(right for letter, right in _RIGHTS.items() if letter in fields[1])
                parts.setdefault(fields[5], []).append((start, end, int(fields[2], 16), rights))
    return parts
