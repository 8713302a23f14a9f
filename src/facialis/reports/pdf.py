"""A page printed to PDF by a browser that is there already (Chrome, Chromium, Edge), headless, the network cut off.

The page and what the browser keeps lie in a temporary folder beside the PDF and are removed with it: a page may hold a
face, which has no business in a folder that others read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facialis.errors import FacialisError
from facialis.files import atomic_path, check_writable

VARIABLE = "FACIALIS_BROWSER"
"""Environment variable that names the browser's program."""
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave-browser",
)
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
SECONDS = 60.0
"""How long the browser may take."""
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",  # nothing listens there: names and addresses alike lead nowhere
    "--no-pdf-header-footer",
)


def find_browser() -> Path:
    """Return the program of a browser of Chromium's family: as `VARIABLE` says, on the path, or at its usual place.

    Raises
    ------
    FacialisError
        There is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise FacialisError(f"{VARIABLE}={named}: no such program; name that of Chrome, Chromium or Edge")
        return Path(found)
    folders = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [Path(folder) / rest for folder in folders if folder for rest in _WINDOWS]
    for name in (*NAMES, *(_MAC if sys.platform == "darwin" else ()), *map(str, places)):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise FacialisError(
        "no browser that could print a PDF: Chrome, Chromium or Edge is needed (or its program named in "
        f"{VARIABLE}); or write page.html, open it in your browser and print it"
    )


def write_pdf(path: Path | str, page: str) -> None:
    """Print a self-contained page of HTML to a PDF; atomically.

    Raises
    ------
    FacialisError
        There is no browser, it failed or took longer than `SECONDS`, or the file cannot be written.
    """
    browser = find_browser()
    check_writable(path)
    with atomic_path(path) as temporary, _passing_folder(temporary.parent) as folder:
        (folder / "page.html").write_text(page, encoding="utf-8")
        made = folder / "page.pdf"
        command = [str(browser), *_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # Chromium refuses its sandbox to root
            command.append("--no-sandbox")
        _run([*command, (folder / "page.html").as_uri()], browser)
        if not made.is_file() or made.read_bytes()[:5] != b"%PDF-":
            raise FacialisError(f"{browser} made no PDF; write page.html, open it in your browser and print it")
        shutil.copyfile(made, temporary)


@contextmanager
def _passing_folder(place: Path) -> Iterator[Path]:
    """Yield a folder that is gone afterwards, even while parts of the browser that are dying still write into it."""
    folder = Path(tempfile.mkdtemp(prefix="facialis-", dir=place)).resolve()
    try:
        yield folder
    finally:
        for _ in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


def _run(command: list[str], browser: Path) -> None:
    """Run the browser to its end, or end it with all that it started."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        process = subprocess.Popen(command, start_new_session=True, **quiet)  # type: ignore[call-overload]
    except OSError as error:
        raise FacialisError(f"{browser} cannot be started: {error.strerror or error}") from error
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired as error:
        raise FacialisError(
            f"{browser} did not print within {SECONDS:.0f} s; write page.html, open it in your browser and print it"
        ) from error
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        import signal

        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
