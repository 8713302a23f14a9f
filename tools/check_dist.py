"""Look into the sdist and the wheel in ``dist/``, and use the wheel as a stranger would.

Run by ``make dist``. The wheel goes into an empty environment with the extra ``serve``; from a folder of its own,
``facialis demo`` judges its portraits, and ``facialis serve`` starts and judges scikit-image's free portrait.
Exit status 1 with one line where something is not as it should be.
"""

from __future__ import annotations

import argparse
import email
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

LIMIT = 10_000_000
"""Bytes: a wheel above it has something in it that does not belong there."""

IN_WHEEL = (
    "facialis/py.typed",
    "facialis/detection/default.bundle/model.onnx",
    "facialis/service/page/index.html",
    "facialis/words/en.toml",
)
IN_SDIST = (
    "LICENSE",
    "THIRD_PARTY.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "Makefile",
    "constraints.txt",
    "docs/detector.md",
    "src/facialis/py.typed",
    "tests/conftest.py",
    "tools/make_bundle.py",
)
TOPS = re.compile(r"facialis/|facialis-[^/]+\.dist-info/")


def main() -> None:
    """Check what ``dist/`` holds; with ``--install``, the wheel in an empty environment too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("dist"))
    parser.add_argument("--install", action="store_true", help="install the wheel, run the demo and the service")
    args = parser.parse_args()
    wheel, sdist = (_only(args.folder, pattern) for pattern in ("*.whl", "*.tar.gz"))
    check_wheel(wheel)
    check_sdist(sdist)
    if args.install:
        with tempfile.TemporaryDirectory() as folder:
            use(wheel.resolve(), Path(folder))


def check_wheel(path: Path) -> None:
    """Print what the wheel weighs and its ten largest files; exit where something is missing or does not belong."""
    with zipfile.ZipFile(path) as wheel:
        files = sorted(wheel.infolist(), key=lambda file: -file.file_size)
        metadata = email.message_from_bytes(wheel.read(_ending(files, ".dist-info/METADATA")))
    names = {file.filename for file in files}
    print(
        f"{path.name}: {path.stat().st_size:,} bytes, {len(files)} files, {sum(f.file_size for f in files):,} unpacked"
    )
    for file in files[:10]:
        print(f"  {file.file_size:>9,}  {file.filename}")
    if path.stat().st_size > LIMIT:
        sys.exit(f"{path.name}: larger than {LIMIT:,} bytes")
    for name in [name for name in IN_WHEEL if name not in names]:
        sys.exit(f"{path.name}: {name} is missing")
    for name in [name for name in names if not TOPS.match(name) or "__pycache__" in name]:
        sys.exit(f"{path.name}: {name} does not belong in it")
    for licence in metadata.get_all("License-File") or ["LICENSE"]:
        _ending(files, f".dist-info/licenses/{licence}")
    name, version, licence, python = (
        metadata[key] for key in ("Name", "Version", "License-Expression", "Requires-Python")
    )
    print(f"  {name} {version}, {licence}, Python {python}")


def check_sdist(path: Path) -> None:
    """Exit where the sdist lacks what a build, the tests or a reader needs."""
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(names)} files")
    for name in [name for name in IN_SDIST if name not in names]:
        sys.exit(f"{path.name}: {name} is missing")


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment in `folder`, run the demo there, and ask the service."""
    venv.create(folder / "empty", with_pip=True)
    scripts = folder / "empty" / ("Scripts" if os.name == "nt" else "bin")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    here = folder / "elsewhere"
    here.mkdir()

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(scripts / command[0]), *command[1:]], cwd=here, env=environment, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
        return done.stdout

    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[serve]")
    print(run("facialis", "demo"), end="")
    picture = here / "portrait.png"
    run("python", "-c", f"import skimage.data, skimage.io as io; io.imsave({str(picture)!r}, skimage.data.astronaut())")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [str(scripts / "facialis"), "serve", "--port", str(port), "--workers", "1"], cwd=here, env=environment,
        stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            finding = _ask(f"http://127.0.0.1:{port}", picture)
        finally:
            server.terminate()
    status, label, probability, version = (finding[key] for key in ("status", "label", "probability", "version"))
    print(f"facialis serve: {status}, {label}, {probability:.3f}, version {version}")
    if status != "judged" or f"-{version}-" not in wheel.name:
        sys.exit("facialis serve: not the finding of this wheel")


def _ask(address: str, picture: Path) -> dict[str, object]:
    """Return the finding of `picture` once the service answers, within a minute."""
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="portrait.png"\r\n\r\n'
    body += picture.read_bytes() + b"\r\n--x--\r\n"
    request = urllib.request.Request(f"{address}/v1/detect", body, {"Content-Type": "multipart/form-data; boundary=x"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        finding: dict[str, object] = json.load(answer)["findings"][0]
    return finding


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder}: {len(found)} files {pattern}, expected one; run make dist")
    return found[0]


def _ending(files: list[zipfile.ZipInfo], end: str) -> str:
    for file in files:
        if file.filename.endswith(end):
            return file.filename
    sys.exit(f"the wheel lacks {end}")


if __name__ == "__main__":
    main()
