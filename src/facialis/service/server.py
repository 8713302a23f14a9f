"""Running the service with uvicorn: one process that listens, and its workers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
import time
import uuid
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from facialis.errors import FacialisError
from facialis.parallel import make_room_for_sockets
from facialis.service.api import create_app
from facialis.service.problems import MEDIA_TYPE, Problem
from facialis.service.settings import Settings

HEADER_SECONDS = 15.0
"""Within which the head of a request must have come."""
MOST_HEAD_BYTES = 64 << 10
BACKLOG = 1024
SHUTDOWN_SECONDS = 30
"""That running requests have when the service is told to stop."""


class _Patient(HttpToolsProtocol):
    """uvicorn's protocol, whose patience with a head that does not come has an end."""

    _waiting: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head = self._head + len(data) if self._waiting is not None else 0
        if self._head > MOST_HEAD_BYTES:
            self._refuse("431 Request Header Fields Too Large", "the head of the request is too large")

    def on_message_begin(self) -> None:
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._done()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse("400 Bad Request", "this is no HTTP request")

    def _refuse(self, status: str, detail: str) -> None:
        text = Problem(int(status[:3]), detail).body(str(uuid.uuid4()))
        head = f"HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(text)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + text)
        self.transport.close()

    def _wait(self) -> None:
        self._done()
        self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _done(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Server(uvicorn.Server):
    """uvicorn's server, which says that it is ready in our words."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        self._captured_signals.clear()  # else it would die of them now, and leave what is tidied up at the end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(f"facialis is at {self._settings.address} (Ctrl-C stops it)", file=sys.stderr, flush=True)


def serve(settings: Settings) -> None:
    """Serve until told to stop (Ctrl-C, SIGTERM); what runs is finished.

    Raises
    ------
    FacialisError
        The address cannot be had, or the workers cannot start.
    """
    make_room_for_sockets()
    listening = _socket(settings)
    _log_to_standard_error()
    _many_files()
    config = uvicorn.Config(
        create_app(settings), http=_Patient, ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, date_header=True, timeout_keep_alive=30, timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        backlog=BACKLOG, proxy_headers=False, h11_max_incomplete_event_size=1 << 16,
    )  # fmt: skip
    server = _Server(config, settings)
    try:
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when it has shut down
            server.run(sockets=[listening])
    finally:
        listening.close()
    if not server.started:
        raise FacialisError("the workers could not be started; the lines above say why")


def _socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host.strip("[]"), settings.port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise FacialisError(
            f"cannot listen on {settings.host}, port {settings.port}: {(error.strerror or str(error)).lower()}; choose "
            "another with --port"
        ) from error
    made.set_inheritable(True)
    return made


def _log_to_standard_error() -> None:
    """Write a line a request: id, method, route, status, time, size; never names, pictures or numbers of faces."""
    handler = logging.StreamHandler(sys.stderr)
    format = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    format.converter = time.gmtime
    handler.setFormatter(format)
    for name, level in (("facialis.service", logging.INFO), ("uvicorn.error", logging.WARNING)):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(level)


def _many_files() -> None:
    """Let as many connections be open as the system allows: slow ones must not use up all."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
