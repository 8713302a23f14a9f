"""Exit with one line unless a tag ``vX.Y.Z``, the package's version and the changelog's newest heading are one.

Run by the release workflow before it builds anything: ``python tools/check_version.py v0.1.0``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Compare the tag given with the version in ``src/facialis/__init__.py`` and with CHANGELOG.md."""
    tag = sys.argv[1]
    version = stated_version()
    if tag != f"v{version}":
        sys.exit(
            f"the tag is {tag}, __version__ in src/facialis/__init__.py is {version}: tag v{version}, or change it"
        )
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if version not in [heading for heading in headings if heading != "Unreleased"][:1]:
        sys.exit(f"CHANGELOG.md has no heading ## [{version}] above the older ones")
    print(f"facialis {version}")


def stated_version() -> str:
    """Return `__version__` as it is written, without importing the package."""
    text = (ROOT / "src" / "facialis" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        sys.exit("src/facialis/__init__.py states no __version__")
    return found[1]


if __name__ == "__main__":
    main()
