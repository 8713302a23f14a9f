"""What judging in the browser needs of others: MediaPipe's web landmarker and ONNX Runtime's WebAssembly build.

Both are npm packages; a few files of each are taken out, once, into the user cache. Nothing is fetched unless asked
for (`fetch_runtimes`). ``FACIALIS_WEB_MODULES`` names a ``node_modules`` folder that has the packages already. SHA-256
of every file is checked always.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from facialis.errors import AssetError
from facialis.faces.asset_table import Asset
from facialis.faces.assets import cache_folder
from facialis.faces.sources import display_name
from facialis.files import atomic_path, make_folder

MODULES = "FACIALIS_WEB_MODULES"


@dataclass(frozen=True)
class Member:
    """A file of a package: where it lies in it, where it is served below ``engine/``, SHA-256 and size in bytes."""

    path: str
    served: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Runtime:
    """An npm package: its archive, its name, and what is taken out of it."""

    asset: Asset
    package: str
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of what is taken out."""
        return sum(member.size for member in self.members)


def _package(package: str, version: str, sha256: str, size: int, licence: str, source: str) -> Asset:
    name = package.rsplit("/", 1)[-1]
    filename = f"{name}-{version}.tgz"
    address = f"https://registry.npmjs.org/{package}/-/{filename}"
    return Asset(name, filename, sha256, size, licence, source, address, (), MODULES)


RUNTIMES: dict[str, Runtime] = {
    "tasks-vision": Runtime(
        _package(
            "@mediapipe/tasks-vision",
            "1.1.0",
            "46fc3d3d13fa5de631915929d045be2f74bb32e909d7a5b3a322b28976f54165",
            11_967_669,
            "Apache-2.0",
            "Google, MediaPipe Tasks for the web",
        ),
        "@mediapipe/tasks-vision",
        (
            Member(
                "vision_bundle.mjs",
                "vision/vision_bundle.mjs",
                "9d5fc9ef74b22329cf9aa88dc543956d192b8c254210b187271614713eb5b10c",
                156_135,
            ),
            Member(
                "wasm/vision_wasm_module_internal.js",
                "vision/vision_wasm_module_internal.js",
                "70eff3956521b7de058d7173a4935c95e4a223c26ea624b9f5a936d3a043dcb0",
                335_431,
            ),
            Member(
                "wasm/vision_wasm_module_internal.wasm",
                "vision/vision_wasm_module_internal.wasm",
                "ee03b14a878e6c3c053a1bfa62e166dc45244be54dc0bbe61c578f710b771f6a",
                12_997_272,
            ),
        ),
    ),
    "onnxruntime-web": Runtime(
        _package(
            "onnxruntime-web",
            "1.22.0",
            "e293551f9d36d003e293d0f2937fee7b3dfdcef76d71d1449b55e2d4157c7aea",
            20_387_966,
            "MIT",
            "Microsoft, ONNX Runtime for the web",
        ),
        "onnxruntime-web",
        (
            Member(
                "dist/ort.wasm.min.mjs",
                "ort/ort.wasm.min.mjs",
                "6ef726f355b791129f7ddf3f62e7877a16b9b777abe87004b8ab306e6b9cf265",
                48_259,
            ),
            Member(
                "dist/ort-wasm-simd-threaded.mjs",
                "ort/ort-wasm-simd-threaded.mjs",
                "30dd851d9c00622940500f71ddd2ff8820c5cb65270816080175b958705385a8",
                20_856,
            ),
            Member(
                "dist/ort-wasm-simd-threaded.wasm",
                "ort/ort-wasm-simd-threaded.wasm",
                "71aef04959c5c1b6de461b6538e2058e306610034a85aad2742d0c7fd4533fe4",
                11_210_254,
            ),
        ),
    ),
}


def runtime_folder(runtime: Runtime) -> Path:
    """Return where a runtime's files lie, or would: of ``FACIALIS_WEB_MODULES``, else in the user cache."""
    if given := os.environ.get(MODULES):
        return Path(given).expanduser() / runtime.package
    return cache_folder() / runtime.asset.filename.removesuffix(".tgz")


def is_whole(runtime: Runtime) -> bool:
    """Return whether all of a runtime's files are there, of the right SHA-256; never fetch."""
    return all(_matches(path, member) for member, path in _placed(runtime))


def runtime_files() -> dict[str, Path] | None:
    """Return the runtimes' files by where they are served below ``engine/``; None where one is missing or damaged.

    Nothing is fetched.
    """
    if not all(is_whole(runtime) for runtime in RUNTIMES.values()):
        return None
    return {member.served: path for runtime in RUNTIMES.values() for member, path in _placed(runtime)}


def fetch_runtimes() -> dict[str, Path]:
    """Return the runtimes' files as `runtime_files`, fetching what is missing into the user cache.

    Raises
    ------
    AssetError
        The folder given lacks a file or has another one; a package could not be had; the cache cannot be written.
    """
    for runtime in RUNTIMES.values():
        if is_whole(runtime):
            continue
        if os.environ.get(MODULES):
            missing = next(path for member, path in _placed(runtime) if not _matches(path, member))
            raise AssetError(
                f"{display_name(missing)} ({MODULES}) is not there, or not that of {runtime.asset.filename}; install "
                f"{runtime.package} there with npm, or leave the variable out and it is fetched"
            )
        _fetch(runtime)
    return {member.served: path for runtime in RUNTIMES.values() for member, path in _placed(runtime)}


def _placed(runtime: Runtime) -> list[tuple[Member, Path]]:
    folder = runtime_folder(runtime)
    return [(member, folder / member.path) for member in runtime.members]


def _matches(path: Path, member: Member) -> bool:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return False
    return state.st_size == member.size and _digest(path, state.st_mtime_ns) == member.sha256


@cache
def _digest(path: Path, changed: int) -> str:
    """Return the SHA-256 of a file that was last changed then: a server asks for the same files again and again."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _fetch(runtime: Runtime) -> None:
    from facialis.faces.fetching import fetch

    archive = cache_folder() / runtime.asset.filename
    fetch(runtime.asset, archive)
    unpack(runtime, archive)
    archive.unlink(missing_ok=True)


def unpack(runtime: Runtime, archive: Path) -> None:
    """Take a runtime's files out of its archive, each written under a temporary name and renamed.

    Raises
    ------
    AssetError
        The archive cannot be read, or does not have the files.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member, path in _placed(runtime):
                entry = tar.getmember(f"package/{member.path}")
                file = tar.extractfile(entry) if entry.size == member.size else None
                data = b"" if file is None else file.read()
                if hashlib.sha256(data).hexdigest() != member.sha256:
                    raise AssetError(f"{display_name(archive)}: {member.path} in it is not the expected file")
                make_folder(path.parent)
                with atomic_path(path) as temporary:
                    temporary.write_bytes(data)
    except KeyError as error:
        raise AssetError(f"{display_name(archive)}: {error}") from error
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise AssetError(f"{display_name(archive)} cannot be unpacked: {error}; remove it and fetch again") from error
