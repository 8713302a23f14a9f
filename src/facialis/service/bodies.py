"""Bodies of requests, in memory alone and within limits: of bytes, of time, and of all bytes held at once."""

from __future__ import annotations

import asyncio
import ntpath
import posixpath
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from facialis.faces.sources import display_name
from facialis.service.problems import Busy, Problem
from facialis.service.settings import Settings
from facialis.service.work import File, is_video_file

SMALL_BODY = 8 << 20
"""Bytes: larger bodies have a share of the memory of their own, so that they do not crowd out photos."""
SLOWEST = 64 << 10
"""Bytes a second that a large body must keep up over its time."""
LONGEST_NAME = 200
_FIELD_BYTES = 4 << 20


class Held:
    """Bytes of bodies that are held now, small and large ones apart."""

    def __init__(self, most: int) -> None:
        self.most = most // 2
        self.bytes = {"small": 0, "large": 0}

    def take(self, kind: str, count: int) -> None:
        """Count bytes in.

        Raises
        ------
        Busy
            There is no room for them.
        """
        if self.bytes[kind] + count > self.most:
            raise Busy("busy: too much is being uploaded at once; try again in a moment", seconds=5)
        self.bytes[kind] += count


class Form(NamedTuple):
    """A multipart body: its files, and its other fields by name."""

    files: list[File]
    fields: dict[str, str]


class _InMemory(MultiPartParser):
    """Starlette's parser, whose files never go to disk: the body is limited already."""

    spool_max_size = 1 << 62


class Bodies:
    """Reads bodies by the service's settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.held = Held(settings.held_bytes)

    @asynccontextmanager
    async def form(self, request: Request, *, fewest: int = 1) -> AsyncIterator[Form]:
        """Read a multipart body; its bytes count as held until the block ends.

        Raises
        ------
        Problem
            It is no such body, too large, too slow, has no file or an empty one, or there is no room for it.
        """
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise Problem(415, "expected multipart/form-data with a field named file")
        async with self._stream(request, self.settings.body_bytes) as stream:
            parser = _InMemory(
                request.headers, stream, max_files=self.settings.files, max_fields=8, max_part_size=_FIELD_BYTES
            )
            try:
                parsed = await parser.parse()
            except MultiPartException as error:
                raise Problem(400, f"the multipart body cannot be read: {error.message}") from error
            except KeyError as error:
                raise Problem(400, "the multipart body cannot be read: a part has no name") from error
            files, fields = [], {}
            for name, value in parsed.multi_items():
                if isinstance(value, UploadFile):
                    if name != "file":
                        raise Problem(400, f"a file in the field {_shown(name)}; files go into fields named file")
                    content = await value.read()
                    await value.close()
                    files.append(self._file(value, content))
                elif name == "file":
                    raise Problem(400, "the field file holds no file: it needs a file name")
                else:
                    fields[name] = value
            del parsed
            if len(files) < fewest:
                raise Problem(400, "no file was sent: put photos or videos into fields named file")
            yield Form(files, fields)

    def _file(self, given: UploadFile, content: bytes) -> File:
        name = base_name(given.filename or "")
        video = is_video_file(name, given.content_type or "")
        most = self.settings.video_bytes if video else self.settings.photo_bytes
        if not content:
            empty = f"{name}: the file is empty (0 bytes); copy it again from where it came"
            return File(name, b"", video, empty, 422)
        if len(content) > most:
            large = f"{name}: {len(content):,} bytes, up to {most:,} are allowed; make it smaller first"
            return File(name, b"", video, large, 413)
        return File(name, content, video)

    @asynccontextmanager
    async def content(self, request: Request, most: int) -> AsyncIterator[bytes]:
        """Read a whole body; its bytes count as held until the block ends.

        Raises
        ------
        Problem
            It is too large, too slow, or there is no room for it.
        """
        async with self._stream(request, most) as stream:
            yield b"".join([piece async for piece in stream])

    @asynccontextmanager
    async def _stream(self, request: Request, most: int) -> AsyncIterator[AsyncGenerator[bytes]]:
        declared = request.headers.get("content-length", "")
        length = int(declared) if declared.isdecimal() and len(declared) < 20 else None
        if length is not None and length > most:
            raise _too_large(most)
        kind = "small" if length is not None and length <= SMALL_BODY else "large"
        seconds = self.settings.body_timeout + (length or most) / SLOWEST * (kind == "large")
        taken = 0

        async def pieces() -> AsyncGenerator[bytes]:
            nonlocal taken
            until = time.monotonic() + seconds
            arriving = request.stream()
            while True:
                try:
                    piece = await asyncio.wait_for(anext(arriving), until - time.monotonic())
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise Problem(
                        408, f"the body did not come within {seconds:.0f} s", headers={"Connection": "close"}
                    ) from None
                if taken + len(piece) > most:
                    raise _too_large(most)
                self.held.take(kind, len(piece))
                taken += len(piece)
                if piece:
                    yield piece

        try:
            yield pieces()
        finally:
            self.held.bytes[kind] -= taken


def base_name(name: str) -> str:
    """Return a file's name without folders, of any system, as one printable line of at most 200 characters."""
    last = posixpath.basename(ntpath.basename(name.replace("\0", "")))
    return display_name(last)[-LONGEST_NAME:] or "file"


def _too_large(most: int) -> Problem:
    detail = f"the request is larger than {most:,} bytes; send fewer or smaller files"
    return Problem(413, detail, headers={"Connection": "close"})


def _shown(name: str) -> str:
    return display_name(name[:40])
