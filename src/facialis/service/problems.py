"""Errors as RFC 9457 problem details: ``application/problem+json``, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from facialis.errors import FacialisError

MEDIA_TYPE = "application/problem+json"


class Problem(FacialisError):
    """An error that the client is told.

    Parameters
    ----------
    status
        HTTP status, 400 and above.
    detail
        One line: what is wrong, and what to do.
    errors
        The parts of a request that are wrong, one line each.
    headers
        More headers of the answer.
    """

    def __init__(
        self, status: int, detail: str, *, errors: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, tuple(errors), dict(headers or {})

    def body(self, request_id: str) -> bytes:
        """Return the problem as JSON in ASCII, with the id of its request."""
        return json.dumps(as_dict(self.status, self.detail, request_id, self.errors)).encode()


class Busy(Problem):
    """There is no place for one more request now."""

    def __init__(self, detail: str, seconds: int = 2) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(seconds)})


def as_dict(status: int, detail: str, request_id: str, errors: Sequence[str] = ()) -> dict[str, Any]:
    """Return a problem's members."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    told = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{request_id}",
    }
    return told | ({"errors": list(errors)} if errors else {})
