"""The service under attack and in trouble: it lives, others are not hurt, nothing is written, no traceback is shown."""

from __future__ import annotations

import concurrent.futures
import io
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.service.conftest import Service, eventually, serving

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


@pytest.fixture(scope="module")
def besieged(tmp_path_factory) -> Iterator[Service]:
    """A service whose temporary files and home are in a folder of its own: what it writes is seen."""
    folder = tmp_path_factory.mktemp("besieged")
    (folder / "tmp").mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder / "tmp")
    try:
        with serving(folder, "--workers", "2", body_timeout="3", pixels="20000000", video_seconds="40") as running:
            yield running
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.__setitem__("TMPDIR", before)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory) -> Iterator[Service]:
    """A service with one worker and one place to wait."""
    with serving(tmp_path_factory.mktemp("narrow"), "--workers", "1", queue="1") as running:
        yield running


def made_video(astronaut: np.ndarray, seconds: int) -> bytes:
    """A video that takes about a second of work for each of its own."""
    file = io.BytesIO()
    small = np.asarray(Image.fromarray(astronaut).resize((320, 320)))
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        frame = av.VideoFrame.from_ndarray(small, format="rgb24")
        for number in range(30 * seconds):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.fixture(scope="module")
def long_video(astronaut) -> bytes:
    return made_video(astronaut, 30)


@pytest.fixture(scope="module")
def short_video(astronaut) -> bytes:
    return made_video(astronaut, 4)


def workers_of(service: Service) -> dict[int, int]:
    """Return the worker processes of a service, and what processor time each has used (clock ticks)."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = int(fields[11]) + int(fields[12])
    children = {pid for pid, parent in parents.items() if parent == service.process.pid}
    grand = {pid for pid, parent in parents.items() if parent in children}  # of the fork server
    return {pid: used[pid] for pid in grand}


def memory_of(service: Service) -> int:
    """Return the bytes that the listening process holds."""
    text = Path(f"/proc/{service.process.pid}/status").read_text()
    return 1024 * int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])


def is_well(service: Service, photo: bytes) -> bool:
    answer = httpx.post(service.url + "/v1/detect", files={"file": ("a.png", photo)}, timeout=30)
    return answer.status_code == 200 and answer.json()["findings"][0]["status"] == "judged"


def raw(service: Service, data: bytes, wait: float = 5.0) -> bytes:
    """Send bytes, and return what comes back until the service closes or falls silent."""
    host, port = service.url.removeprefix("http://").split(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=wait) as plug:
        try:
            plug.sendall(data)
            while piece := plug.recv(65536):
                got += piece
        except OSError:
            pass
    return got


def test_a_worker_that_dies_is_replaced_and_others_are_untouched(besieged, healthy, long_video):
    before = workers_of(besieged)
    assert len(before) == 2
    with concurrent.futures.ThreadPoolExecutor() as threads:
        doomed = threads.submit(
            httpx.post, besieged.url + "/v1/detect", files={"file": ("v.mp4", long_video)}, timeout=60
        )
        time.sleep(1.5)
        now = workers_of(besieged)
        busy = max(now, key=lambda pid: now[pid] - before.get(pid, 0))
        others = [
            threads.submit(httpx.post, besieged.url + "/v1/detect", files={"file": ("a.png", healthy)}, timeout=60)
            for _ in range(10)
        ]
        os.kill(busy, signal.SIGKILL)
        answer = doomed.result()
        assert all(other.result().status_code == 200 for other in others)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "worker process died" in answer.json()["detail"]
    assert eventually(lambda: len(workers_of(besieged)) == 2)
    assert busy not in workers_of(besieged)
    assert "facialis_worker_deaths 1.0" in httpx.get(besieged.url + "/metrics").text
    assert is_well(besieged, healthy)


def test_a_worker_that_dies_idle_is_replaced(besieged, healthy):
    for pid in workers_of(besieged):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    assert all(is_well(besieged, healthy) for _ in range(4))
    assert eventually(lambda: len(workers_of(besieged)) == 2)
    assert eventually(lambda: httpx.get(besieged.url + "/healthz").status_code == 200)


def test_a_full_queue_is_told_and_ends(narrow, healthy, short_video):
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda _: httpx.post(narrow.url + "/v1/detect", files={"file": ("v.mp4", short_video)}, timeout=120),
                range(8),
            )
        )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 200, *[503] * 6]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"
    assert is_well(narrow, healthy)


def test_a_client_that_goes_away_frees_its_place(narrow, healthy, long_video):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            narrow.url + "/v1/detect", files={"file": ("v.mp4", long_video)}, timeout=httpx.Timeout(30, read=0.5)
        )
    began = time.monotonic()
    assert is_well(narrow, healthy)
    assert time.monotonic() - began < 12  # the video alone takes longer
    assert 'status="499"' in httpx.get(narrow.url + "/metrics").text


def test_told_to_stop_it_finishes_what_runs_and_leaves_nothing(tmp_path_factory, short_video, monkeypatch):
    folder = tmp_path_factory.mktemp("stop")  # short: a socket's name has room for a hundred characters
    (folder / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    with serving(folder, "--workers", "1") as service, concurrent.futures.ThreadPoolExecutor() as threads:
        running = threads.submit(
            httpx.post, service.url + "/v1/detect", files={"file": ("v.mp4", short_video)}, timeout=60
        )
        time.sleep(1.0)
        workers = workers_of(service)
        service.process.send_signal(signal.SIGTERM)
        assert running.result().status_code == 200
        assert service.process.wait(20) == 0
        assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        assert "Traceback" not in service.said()
    assert list((folder / "tmp").iterdir()) == []


def test_workers_end_with_a_service_that_is_killed(tmp_path):
    with serving(tmp_path, "--workers", "1") as service:
        workers = workers_of(service)
        assert len(workers) == 1
        service.process.kill()
        assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def png_of(width: int, height: int) -> bytes:
    """A PNG of a few hundred kilobytes that would be `width` x `height` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(min(height, 2000))) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def text_bomb(photo: bytes) -> bytes:
    """A PNG with a compressed text of 500 MB in it."""
    packer = zlib.compressobj(9)
    text = b"".join(packer.compress(bytes(1 << 20)) for _ in range(500)) + packer.flush()
    body = b"zTXt" + b"Comment\0\0" + text
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return photo[:33] + chunk + photo[33:]


def test_bombs_do_not_go_off(besieged, healthy):
    started = memory_of(besieged)
    stored = io.BytesIO()
    Image.new("1", (40_000, 20_000)).save(stored, "TIFF", compression="group4")
    animated = io.BytesIO()
    Image.new("P", (5000, 5000)).save(animated, "GIF")
    for name, data in (
        ("wide.png", png_of(60_000, 60_000)), ("high.png", png_of(8, 2_000_000_000)), ("fax.tif", stored.getvalue()),
        ("many.gif", animated.getvalue()), ("text.png", text_bomb(healthy)),
    ):  # fmt: skip
        began = time.monotonic()
        answer = httpx.post(besieged.url + "/v1/detect", files={"file": (name, data)}, timeout=30)
        assert answer.status_code in (413, 422), (name, answer.text)
        assert "Traceback" not in answer.text
        assert time.monotonic() - began < 5, name
    packed = zlib.compress(bytes(100 << 20))
    answer = httpx.post(
        besieged.url + "/v1/detect", content=packed,
        headers={"content-encoding": "deflate", "content-type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert memory_of(besieged) - started < 100 << 20
    assert is_well(besieged, healthy)


def test_an_endless_head_is_refused(besieged, healthy):
    started = memory_of(besieged)
    answer = raw(besieged, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * (64 << 20))
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")  # the service may have closed while we were still sending
    assert memory_of(besieged) - started < 16 << 20
    small = raw(besieged, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000)
    assert small.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in small
    assert is_well(besieged, healthy)


def test_a_gigabyte_is_refused_early(besieged, healthy):
    sent = 0

    def flood() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while sent < 1 << 30:
            sent += 1 << 20
            yield bytes(1 << 20)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    for headers, most in (({**kind, "content-length": str(1 << 30)}, 64 << 20), (kind, 400 << 20)):
        sent = 0
        try:
            answer = httpx.post(besieged.url + "/v1/detect", content=flood(), headers=headers, timeout=60)
            assert answer.status_code in (413, 503)
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            pass  # the service closed while we were still sending
        assert sent < most
    assert eventually(lambda: "facialis_held_bytes 0.0" in httpx.get(besieged.url + "/metrics").text)
    assert is_well(besieged, healthy)


def test_a_flood_of_large_bodies_and_slow_clients_stop_nobody(besieged, healthy):
    host, port = besieged.url.removeprefix("http://").split(":")
    head = f"POST /v1/detect HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    slow = [socket.create_connection((host, int(port))) for _ in range(150)]
    for number, plug in enumerate(slow):  # a head that never ends, a body that never comes, a body that trickles
        plug.sendall(
            [b"POST /v1/det", head.encode() + b"Content-Length: 5000000\r\n\r\n--x", head.encode()][number % 3]
        )
    stop = threading.Event()

    def flood() -> int:
        refused = 0
        while not stop.is_set():
            try:
                body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="v.mp4"\r\n\r\n' + bytes(60 << 20)
                kind = {"content-type": "multipart/form-data; boundary=x"}
                refused += (
                    httpx.post(besieged.url + "/v1/detect", content=body, headers=kind, timeout=30).status_code != 200
                )
            except httpx.TransportError:
                refused += 1
        return refused

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        floods = [threads.submit(flood) for _ in range(3)]
        times = []
        for _ in range(15):
            began = time.monotonic()
            assert is_well(besieged, healthy)
            times.append(time.monotonic() - began)
        stop.set()
        assert all(flood.result() > 0 for flood in floods)
    assert sorted(times)[7] < 3
    waited = slow[1]
    waited.settimeout(15)
    assert b" 408 " in waited.recv(4096)
    for plug in slow:
        plug.close()


def bad_requests(photo: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield requests that are wrong in many ways."""
    draw = random.Random(seed)
    host = b"Host: 127.0.0.1\r\n"
    paths = [
        b"/v1/detect", b"/v1/detect/landmarks", b"/v1/explain", b"/v1/report", b"/v1/photo-set", b"/v1/model", b"/",
        b"/../../etc/passwd", b"/page/%2e%2e/%2e%2e/etc/passwd", b"/\xff\xfe", b"/v1/detect?face=%00&prevalence=nan",
    ]  # fmt: skip
    form = b"multipart/form-data"
    kinds = [
        form + b"; boundary=x", form, form + b"; boundary=" + b"y" * 300, form + b"; boundary=\xff",
        b"application/json", b"text/plain", b"application/x-www-form-urlencoded",
    ]  # fmt: skip
    names = [
        b"../../../etc/cron.d/x", b"C:\\windows\\x.png", b"a\0b.png", b"\xff\xfe.png", b"x" * 5000, b"",
        b"a.mp4", b"a.png",
    ]  # fmt: skip
    extras = [b"", b"Transfer-Encoding: chunked\r\n", b"X: " + b"a" * 2000 + b"\r\n", b"Expect: 100-continue\r\n"]
    for _ in range(count):
        method = draw.choice([b"POST"] * 6 + [b"GET", b"PUT", b"DELETE", b"TRACE", b"BREW", b"HEAD", b"OPTIONS"])
        body = draw.choice(
            [b"", b"{}", b"[" * 5000, b'{"points": [[NaN]]}', draw.randbytes(200), photo[: draw.randrange(300)],
             b"\x00" * 1000, b'{"size":[1,1],"points":' + b"[[1,1,1]]" + b"}"]
        )  # fmt: skip
        if draw.random() < 0.5:
            name = draw.choice(names)
            body = (
                b'--x\r\nContent-Disposition: form-data; name="' + draw.choice([b"file", b"points", b"\xff", b""])
                + b'"; filename="' + name + b'"\r\n\r\n' + body + draw.choice([b"\r\n--x--\r\n", b"", b"\r\n--x"])
            )  # fmt: skip
        length = draw.choice([len(body)] * 8 + [0, len(body) + 5])
        extra = draw.choice(extras)
        yield (
            method + b" " + draw.choice(paths) + b" HTTP/1.1\r\n" + host + b"Content-Type: " + draw.choice(kinds)
            + b"\r\nContent-Length: %d\r\n" % length + extra + b"Connection: close\r\n\r\n" + body
        )  # fmt: skip
        if draw.random() < 0.05:
            yield draw.randbytes(draw.randrange(1, 400))


def test_ten_thousand_bad_requests(besieged, healthy):
    requests = list(bad_requests(healthy, 10_000, seed=1))
    assert len(requests) >= 10_000
    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda data: raw(besieged, data, 4.0), requests))
    codes = [answer.split(b" ", 2)[1].decode() for answer in answers if answer.startswith(b"HTTP/1.1 ")]
    told = {code: codes.count(code) for code in sorted(set(codes))}
    print("\nanswers to bad requests:", told, "without an answer:", len(answers) - len(codes))
    assert len(codes) > 9000
    assert not any(b"Traceback" in answer or b'File "' in answer for answer in answers)
    assert told.get("500", 0) == 0, told
    assert is_well(besieged, healthy)


def test_nothing_was_written(besieged, healthy, palsy):
    def seen() -> set[str]:
        return {str(path) for path in besieged.folder.rglob("*") if path.is_file() and path.name != "log.txt"}

    before = seen()
    for _ in range(3):
        large = [("file", (f"{n}.png", palsy)) for n in range(20)]
        assert httpx.post(besieged.url + "/v1/detect", files=large, timeout=60).status_code == 200
        assert httpx.post(besieged.url + "/v1/report", files={"file": ("a.png", palsy)}, timeout=60).status_code == 200
    assert seen() == before == set()
    open_files = [os.readlink(path) for path in Path(f"/proc/{besieged.process.pid}/fd").iterdir()]
    assert not [name for name in open_files if name.startswith(str(besieged.folder)) and not name.endswith("log.txt")]
    log = besieged.said()
    assert "Traceback" not in log
    assert not any(word in log for word in ("a.png", "etc/passwd", "cron.d", "probability"))
    assert sys.platform == "win32" or " id=" in log


def test_a_client_that_goes_in_the_middle_of_a_body_leaves_no_traceback(besieged, healthy):
    host, port = besieged.url.removeprefix("http://").split(":")
    head = f"POST /v1/detect HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    for _ in range(20):
        with socket.create_connection((host, int(port))) as plug:
            plug.sendall(head.encode() + b"Content-Length: 500000\r\n\r\n" + part + bytes(20_000))
            time.sleep(0.02)
    assert is_well(besieged, healthy)
    assert eventually(lambda: " gone " in besieged.said())
    assert "Traceback" not in besieged.said()
