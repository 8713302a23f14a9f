"""What judging in the browser needs of others: taken out of its packages whole, or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.detection.bundle import Bundle
from facialis.errors import AssetError
from facialis.faces.asset_table import Asset
from facialis.service import runtimes
from facialis.service.engine_facts import fits
from facialis.service.engine_files import engine_files
from facialis.service.runtimes import RUNTIMES, Member, Runtime, fetch_runtimes, is_whole, runtime_files, unpack

CONTENT = b"wasm" * 1000


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A package of one file, its archive in the cache, and no other package known."""
    monkeypatch.setenv("FACIALIS_CACHE", str(tmp_path))
    monkeypatch.delenv(runtimes.MODULES, raising=False)
    archive = tmp_path / "small-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("package/dist/small.wasm")
        entry.size = len(CONTENT)
        tar.addfile(entry, io.BytesIO(CONTENT))
    data = archive.read_bytes()
    asset = Asset("small", archive.name, hashlib.sha256(data).hexdigest(), len(data), "MIT", "this test",
                  "https://registry.invalid/small-1.0.0.tgz", (), runtimes.MODULES)  # fmt: skip
    member = Member("dist/small.wasm", "small/small.wasm", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    made = Runtime(asset, "small", (member,))
    monkeypatch.setattr(runtimes, "RUNTIMES", {"small": made})
    return made


def test_a_package_that_is_there_is_unpacked_and_kept(small: Runtime, tmp_path: Path) -> None:
    assert runtime_files() is None
    found = fetch_runtimes()  # the archive lies in the cache already: nothing is asked of the network
    assert found == runtime_files() == {"small/small.wasm": tmp_path / "small-1.0.0" / "dist" / "small.wasm"}
    assert found["small/small.wasm"].read_bytes() == CONTENT
    assert not (tmp_path / "small-1.0.0.tgz").exists()


def test_a_changed_file_is_noticed(small: Runtime) -> None:
    path = fetch_runtimes()["small/small.wasm"]
    path.write_bytes(b"x" + CONTENT[1:])
    assert not is_whole(small)
    assert runtime_files() is None


def test_an_archive_with_another_file_leaves_nothing(small: Runtime, tmp_path: Path) -> None:
    other = dataclasses.replace(small, members=(dataclasses.replace(small.members[0], sha256="0" * 64),))
    with pytest.raises(AssetError, match=r"dist/small\.wasm in it is not the expected file"):
        unpack(other, tmp_path / "small-1.0.0.tgz")
    missing = dataclasses.replace(small, members=(dataclasses.replace(small.members[0], path="dist/none.wasm"),))
    with pytest.raises(AssetError, match=r"none\.wasm"):
        unpack(missing, tmp_path / "small-1.0.0.tgz")
    (tmp_path / "small-1.0.0.tgz").write_bytes(b"\x1f\x8bcut")
    with pytest.raises(AssetError, match="cannot be unpacked"):
        unpack(small, tmp_path / "small-1.0.0.tgz")
    assert not list(tmp_path.rglob("*.wasm"))


def test_a_folder_of_ones_own_is_never_fetched_into(
    small: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runtimes.MODULES, str(tmp_path / "node_modules"))
    with pytest.raises(AssetError, match=r"small\.wasm \(FACIALIS_WEB_MODULES\) is not there"):
        fetch_runtimes()
    path = tmp_path / "node_modules" / "small" / "dist" / "small.wasm"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert fetch_runtimes() == {"small/small.wasm": path}


def test_the_command_line_lists_and_checks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACIALIS_CACHE", str(tmp_path))
    monkeypatch.delenv(runtimes.MODULES, raising=False)
    monkeypatch.setenv("COLUMNS", "300")
    listed = CliRunner().invoke(app, ["assets", "list"]).output
    for runtime in RUNTIMES.values():
        assert f"web ({runtime.package})" in listed
        assert runtime.asset.licence in listed
    checked = CliRunner().invoke(app, ["assets", "verify", "web"])
    assert checked.exit_code == 1
    assert checked.output.count("not on this disk") == len(RUNTIMES)


def test_the_engine_is_whole_or_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = Bundle.load()
    assert fits(bundle)
    monkeypatch.setenv(runtimes.MODULES, str(tmp_path))
    assert engine_files(bundle) is None


def test_a_bundle_that_reads_the_picture_is_not_judged_with_in_the_browser() -> None:
    bundle = Bundle.load()
    bundle.card = dataclasses.replace(bundle.card, input={**bundle.card.input, "pose_corrected": True})
    assert not fits(bundle)
    assert engine_files(bundle) is None
