"""What is put into the sdist and the wheel, asked of the build back end itself, and the version's one place."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import facialis

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel_files() -> dict[str, Path]:
    """Path in the wheel -> path in the repository, as hatchling's builder would take them."""
    builders = pytest.importorskip("hatchling.builders.wheel")
    builder = builders.WheelBuilder(str(ROOT))
    return {found.distribution_path: Path(found.path) for found in builder.recurse_included_files()}


def test_wheel_holds_the_package_whole_and_nothing_else(wheel_files):
    source = ROOT / "src" / "facialis"
    expected = {
        f"facialis/{path.relative_to(source).as_posix()}"
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name.replace("\\", "/") for name in wheel_files} == expected
    assert "facialis/py.typed" in expected
    assert sum(path.stat().st_size for path in wheel_files.values()) < 10_000_000


def test_licence_files_are_there():
    for name in PROJECT["project"]["license-files"]:
        assert (ROOT / name).stat().st_size > 1000


def test_sdist_names_only_what_exists():
    for name in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        assert (ROOT / name.lstrip("/")).exists(), name


def test_version_is_written_once():
    written = re.compile(rf"(?<![\d.]){re.escape(facialis.__version__)}(?![\d.])")
    names = ("pyproject.toml", "CITATION.cff", "codemeta.json", "README.md", "Makefile", "deploy/Dockerfile")
    assert [name for name in names if written.search((ROOT / name).read_text(encoding="utf-8"))] == []
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/facialis/__init__.py"


def test_a_tag_that_is_not_the_version_is_refused():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_version.py", "v99.0.0"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"__version__ in src/facialis/__init__.py is {facialis.__version__}" in done.stderr


def test_lowest_constraints_are_the_claimed_lower_bounds():
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith(" ")
    )
    extras = PROJECT["project"]["optional-dependencies"]
    for requirement in [*PROJECT["project"]["dependencies"], *(one for extra in extras.values() for one in extra)]:
        name, bound = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)(?:,.*)?", requirement).groups()
        pinned = tuple(int(part) for part in pins[name].split(".") if part.isdigit())
        claimed = tuple(int(part) for part in bound.split("."))
        assert pinned[: len(claimed)] == claimed, requirement
