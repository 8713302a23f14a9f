"""A real service for the tests: the command itself, on a port that is free, with two workers."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facialis.cohorts.simulated.photo_twin import palsy_twin


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Sockets are for this computer alone here."""


class Service(NamedTuple):
    """A running service: where it is, its process, and the folder it was started in."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path
    log: Path

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[Service]:
    """Start ``facialis serve`` in a folder, and stop it."""
    port, log = free_port(), folder / "log.txt"
    variables = {f"FACIALIS_SERVE_{name.upper()}": value for name, value in environment.items()}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "facialis", "serve", "--port", str(port), *options],
            cwd=folder, stdout=file, stderr=file, env={**os.environ, **variables}, start_new_session=True,
        )  # fmt: skip
    service = Service(f"http://127.0.0.1:{port}", process, folder, log)
    try:
        for _ in range(600):
            if process.poll() is not None or "facialis is at" in service.said():
                break
            time.sleep(0.1)
        assert process.poll() is None, service.said()
        yield service
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service"), "--workers", "2") as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as made:
        yield made


def png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def healthy(astronaut: NDArray[np.uint8]) -> bytes:
    return png(astronaut)


@pytest.fixture(scope="session")
def palsy(astronaut: NDArray[np.uint8], astronaut_face: Any) -> bytes:
    """The portrait with a simulated complete palsy of the subject's left."""
    return png(palsy_twin(astronaut, astronaut_face, 1.0, "subject_left"))


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return true()
