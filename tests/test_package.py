from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest

import facialis
from facialis.errors import FacialisError
from facialis.files import atomic_path, check_own, check_writable, make_folder, write_text


def test_version_has_one_place():
    assert importlib.metadata.version("facialis") == facialis.__version__


def test_public_names_are_there():
    for name in facialis.__all__:
        assert getattr(facialis, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        facialis.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import facialis", {"numpy", "mediapipe", "pandas", "torch", "cv2", "onnxruntime"}),
        ("import facialis.app.cli", {"mediapipe", "pandas", "torch", "cv2", "onnxruntime", "skimage", "scipy"}),
    ],
)
def test_heavy_modules_are_imported_only_where_used(program, absent):
    code = f"import sys\n{program}\nprint(*sorted({absent!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_atomic_writes(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "whole")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "whole"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(FacialisError, match="cannot write .*a.txt: the folder .*nowhere is missing; make it first"):
        write_text(tmp_path / "nowhere" / "a.txt", "")


def test_a_home_that_the_shell_did_not_expand_is_said_so_and_not_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for write in (check_writable, make_folder, lambda path: check_own(path, own=False, whose="study")):
        with pytest.raises(FacialisError, match="cannot write ~/a: the shell did not expand ~ .*HOME"):
            write("~/a")
    assert list(tmp_path.iterdir()) == []
    write_text("~a.txt", "a name like any other")
    (tmp_path / "~").mkdir()
    write_text("~/a", "a folder that is there")


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    with pytest.raises(FacialisError, match="cannot write .*: No space left"), atomic_path(tmp_path / "a"):
        open("/dev/full", "wb", buffering=0).write(b"x")  # noqa: SIM115
    assert list(tmp_path.iterdir()) == []


def test_devices_and_links_are_written_to_and_folders_refused(tmp_path):
    before = os.stat("/dev/full")
    with pytest.raises(FacialisError, match="cannot write /dev/full: No space left"):
        write_text("/dev/full", "x")
    assert os.stat("/dev/full").st_rdev == before.st_rdev != 0
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"
    with pytest.raises(FacialisError, match="cannot write .*: it is a folder"):
        write_text(tmp_path, "x")
