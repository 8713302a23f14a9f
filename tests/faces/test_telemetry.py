"""Nothing is sent to the makers of MediaPipe and ONNX Runtime: a proxy that would see it sees nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from facialis.faces.telemetry import ADDRESS, NO_AUTHORITIES, NOWHERE, declined, forget_address

LANDMARKER = """
import sys, time
import numpy as np
from facialis.faces import landmarks
if sys.argv[1] == "let":
    landmarks.forget_address, landmarks.declined = lambda: True, lambda options: options
from facialis.detection.detector import Detector
with Detector.load() as detector:
    detector.detect(np.zeros((90, 90, 3), np.uint8))
    time.sleep(0.5)
"""


def hosts_asked_for(how: str, folder: Path) -> list[str]:
    """Judge a picture in a process of its own, and return whom it asked a proxy to be connected with."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(60)

        def listen() -> None:
            while True:
                try:
                    plug, _ = proxy.accept()
                except OSError:
                    return
                with plug:
                    plug.settimeout(5)
                    asked.append(plug.recv(4096).decode("latin-1").split("\r\n")[0])

        threading.Thread(target=listen, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"), address)
        own = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY", "no_proxy", "NO_PROXY")}
        ran = subprocess.run(
            [sys.executable, "-c", LANDMARKER, how], env={**own, **proxies, "TMPDIR": str(folder)}, timeout=120
        )
        assert ran.returncode == 0
    return asked


@pytest.mark.enable_socket
def test_nobody_is_asked_and_nothing_is_left(tmp_path):
    assert hosts_asked_for("declined", tmp_path) == []
    assert list(tmp_path.iterdir()) == []  # ONNX Runtime's metrics keep a session there


@pytest.mark.enable_socket
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seen on Linux")
def test_the_proxy_would_see_it(tmp_path):
    asked = hosts_asked_for("let", tmp_path)
    if not asked:
        pytest.skip("this MediaPipe sends nothing by itself")
    assert all(line.startswith("CONNECT play.googleapis.com:443") for line in asked)


def test_certificates_are_trusted_of_nobody():
    from mediapipe.tasks.python import BaseOptions

    assert declined(BaseOptions()).to_ctypes().ca_bundle_path == os.fsencode(NO_AUTHORITIES)
    assert not os.path.exists(NO_AUTHORITIES)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is looked at on Linux alone")
def test_the_address_is_gone_and_stays_gone():
    assert len(ADDRESS) == len(NOWHERE)
    assert forget_address()
    assert forget_address()
