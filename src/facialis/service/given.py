"""What a request gives: files that are looked at, landmarks, and which of them a person moved."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from pydantic import ValidationError

from facialis.service.bodies import Bodies, Form, base_name
from facialis.service.problems import Problem
from facialis.service.schemas import PointsIn
from facialis.service.work import Options

MOST_POINTS = 1 << 20
"""Bytes of a body of landmarks."""


async def points_of(request: Request, bodies: Bodies) -> PointsIn:
    """Return the landmarks that are a request's body; a `Problem` if they are none."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise Problem(415, "expected application/json with size, points and transform of a face")
    async with bodies.content(request, MOST_POINTS) as content:
        return _parsed(content)


def _parsed(content: bytes | str) -> PointsIn:
    try:
        return PointsIn.model_validate_json(content)
    except ValidationError as error:
        raise invalid(
            error.errors(include_url=False), "these are no landmarks of a face as described at /docs"
        ) from error


def judged_as(given: PointsIn, *, landmarks: bool) -> tuple[dict[str, Any], Options, str]:
    """Return a face for `facialis.service.work`, how it is judged, and what its source is called."""
    options = Options(prevalence=given.prevalence, force=given.force, landmarks=landmarks)
    return given.model_dump(include={"size", "points", "transform", "second"}), options, base_name(given.source)


def moved_points(form: Form) -> tuple[dict[str, Any] | None, list[int]]:
    """Return the landmarks of a report's photo, and which a person moved."""
    if "points" not in form.fields:
        return None, []
    if len(form.files) != 1:
        raise Problem(400, "points are of one photo: send that alone")
    given = judged_as(_parsed(form.fields["points"]), landmarks=False)[0]
    try:
        moved = json.loads(form.fields.get("moved", "[]"))
        good = isinstance(moved, list) and all(type(number) is int and 0 <= number < 478 for number in moved)
    except (json.JSONDecodeError, RecursionError):
        good = False
    if not good:
        raise Problem(422, "moved: expected a list of landmarks' numbers, 0 to 477")
    return given, sorted(set(moved))


def check_files(form: Form, *, photos: bool = False) -> None:
    """Refuse a request of which a file is not looked at."""
    for file in form.files:
        if file.error:
            raise Problem(file.status, file.error)
        if photos and file.video:
            raise Problem(422, f"{file.name}: a video; give photos, or a frame saved as one")


def invalid(errors: Any, detail: str) -> Problem:
    """Return what is wrong with a request, place by place; what was sent is not repeated."""
    lines = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}"[:200] for error in list(errors)[:10]]
    return Problem(422, detail, errors=lines)
