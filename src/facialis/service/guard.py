"""What every request passes first: its host, origin and token; and what every answer carries.

The service is for the page that it serves and for programs that know it. Another page in the same browser must not
reach it: not by a request across sites (``Origin``, ``Sec-Fetch-Site``), and not by a name of its own that it points
here (DNS rebinding: ``Host``).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from facialis.service.metrics import Metrics
from facialis.service.policy import ANSWER_POLICY, page_policy
from facialis.service.problems import MEDIA_TYPE, Problem
from facialis.service.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logging.getLogger("facialis.service")

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
_OPEN = ("/page/", "/engine/")
"""The page's own files hold no secret: it must load before it can ask for the token."""


class Guard:
    """ASGI middleware around the whole service."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self._hosts = settings.allowed_hosts
        self._token = settings.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, request_id = time.perf_counter(), str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status, sent = 0, 0

        async def send_on(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._with_headers(scope, message.get("headers", []), request_id)
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            problem = self._refusal(scope)
            if problem is not None:
                await _answer(send_on, problem, request_id)
            else:
                await self.app(scope, receive, send_on)
        except ClientDisconnect:  # in the middle of a body: there is nobody to answer
            pass
        except Exception as error:  # the last wall: nobody is shown a traceback
            _log.error("id=%s failed: %s", request_id, type(error).__name__, exc_info=error)
            if not status:
                await _answer(send_on, Problem(500, "something went wrong here; nothing was kept"), request_id)
        finally:
            route = getattr(scope.get("route"), "path", None) or ("page" if status < 400 else "none")
            seconds = time.perf_counter() - began
            self.metrics.request(scope["method"], route, status, seconds)
            _log.info(
                "id=%s %s %s %s %.0f ms %d bytes", request_id, scope["method"][:12], route, status or "gone",
                1000 * seconds, sent,
            )  # fmt: skip

    def _refusal(self, scope: Scope) -> Problem | None:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in (b"host", b"origin", b"authorization") and name in headers:
                return Problem(400, f"two headers {name.decode()}")
            headers[name] = value
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _without_port(host) not in self._hosts:
            return Problem(421, "this host name is not served here; start the service with it among its names")
        origin = headers.get(b"origin")
        if origin is not None and not _same_origin(origin.decode("latin-1").lower(), host):
            return Problem(403, "requests from other sites are refused")
        navigates = scope["method"] == "GET" and headers.get(b"sec-fetch-mode") == b"navigate"
        if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and not navigates:
            return Problem(403, "requests from other sites are refused")
        path = scope["path"]
        if self._token and path not in ("/", "/index.html", "/healthz") and not path.startswith(_OPEN):
            given = _given_token(headers.get(b"authorization", b""))
            if not hmac.compare_digest(given, self._token):
                # for pages that a person opens the browser asks; a program, and the page itself, ask by themselves
                asks = 'Basic realm="facialis"' if path in ("/docs", "/metrics") else "Bearer"
                told = "the token is missing or wrong: send Authorization: Bearer TOKEN"
                return Problem(401, told, headers={"WWW-Authenticate": asks})
        return None

    def _with_headers(self, scope: Scope, given: Any, request_id: str) -> list[tuple[bytes, bytes]]:
        headers = [(name.lower(), value) for name, value in given]
        have = {name for name, _ in headers}
        path = scope["path"]
        page = path in ("/", "/index.html", "/docs") or path.startswith(_OPEN)
        more = {
            **_HEADERS,
            "content-security-policy": page_policy() if page else ANSWER_POLICY,
            "cache-control": "no-cache" if page else "no-store",
            "x-request-id": request_id,
        }
        return headers + [(k.encode(), v.encode()) for k, v in more.items() if k.encode() not in have]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[: host.find("]") + 1]
    name, colon, port = host.partition(":")
    return name if not colon or port.isdecimal() else host


def _same_origin(origin: str, host: str) -> bool:
    """Whether an ``Origin`` is the page of this very host; the scheme may differ, as TLS may end before us."""
    try:
        parts = urlsplit(origin)
        plain = {"http": ":80", "https": ":443"}.get(parts.scheme)
    except ValueError:
        return False
    if plain is None or parts.path or parts.query or parts.username is not None:
        return False
    return parts.netloc.removesuffix(plain) == host.removesuffix(plain)


def _given_token(header: bytes) -> bytes:
    """Return the token of a ``Bearer`` or, as its password, of a ``Basic`` header."""
    scheme, _, rest = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


async def _answer(send: Send, problem: Problem, request_id: str) -> None:
    body = problem.body(request_id)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close", **problem.headers}
    start = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": start})
    await send({"type": "http.response.body", "body": body})


def problem_of(error: Exception) -> Problem:
    """Return what a client is told of an error of ours or of the framework's."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), headers=error.headers)
    return Problem(500, "something went wrong here; nothing was kept")
