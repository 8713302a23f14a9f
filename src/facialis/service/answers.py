"""What the service answers with: objects, pages, files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from facialis.service.problems import Problem
from facialis.service.site import Asset
from facialis.service.work import Rows


def objects_answer(name: str, objects: list[bytes]) -> Response:
    """Answer with a list of objects that are JSON already, under one name."""
    return Response(b'{"%s":[%s]}' % (name.encode(), b",".join(objects)), media_type="application/json")


def page_answer(made: str | Rows, name: str) -> Response:
    """Answer with a page that is saved as `name`.

    Raises
    ------
    Problem
        Why there is none.
    """
    if isinstance(made, Rows):
        raise Problem(made.status, made.error)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type="text/html; charset=utf-8", headers=headers)


async def file_answer(file: Asset, request: Request) -> Response:
    """Answer with a file of the page, packed where the browser takes that; with none where it has the same already."""
    headers = {"ETag": file.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = await asyncio.to_thread(lambda: file.packed)  # the largest take a second, once
        if packed is not None:
            return Response(packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    if isinstance(file.content, Path):
        return FileResponse(file.content, media_type=file.media_type, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
