"""Write the licences of all that an installation of facialis brings, as its packages state them, to docs/licences.md.

Run by ``make licences``, in the environment with every extra that is free to use. Follows the requirements of
facialis, extra by extra, through what is installed; nothing is fetched.
"""

from __future__ import annotations

import argparse
import platform
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("serve", "train", "heic", "records", "dask", "ray")
HEAD = """# Licences of what facialis needs

Written by `make licences` (`tools/licences.py`) from what the installed packages say of themselves; not edited by hand.
The software bill of materials of a release (`make sbom`) says the same of its exact versions. Files that are shipped or
fetched, and what some of these wheels carry inside them, are in `THIRD_PARTY.md` beside the licence.
Looked at on {system}.
"""
LONG = 60  # characters: some packages put the whole text where its name belongs


def main() -> None:
    """Write one table for the core and one for each extra, each package once, where it is first needed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/licences.md"))
    args = parser.parse_args()

    lines = [
        HEAD.rstrip().format(system=f"{platform.system()}, Python {'.'.join(platform.python_version_tuple()[:2])}")
    ]
    seen: set[str] = {"facialis"}
    for extra in ("", *EXTRAS):
        packages, missing = needed("facialis", extra, seen)
        lines += [
            f"\n## {f'The extra `{extra}`, beside that' if extra else 'The core'}\n",
            "| package | version | licence |",
            "|---|---|---|",
        ]
        lines += [f"| {found.name} | {found.version} | {licence(found)} |" for found in packages]
        if missing:
            lines.append(f"\nNot installed where this was written: {', '.join(sorted(missing))}.")
    args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{args.out}: {len(seen) - 1} packages")


def needed(name: str, extra: str, seen: set[str]) -> tuple[list[Distribution], set[str]]:
    """Return what `name` with `extra` needs here, by name, and what is absent; nothing of `seen`, which grows."""
    found: dict[str, Distribution] = {}
    missing: set[str] = set()
    waiting = [(name, frozenset({extra}))]
    walked: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        here = waiting.pop()
        if here in walked:
            continue
        walked.add(here)
        try:
            package = distribution(here[0])
        except PackageNotFoundError:
            missing.add(here[0])
            continue
        if here[0] not in seen:
            seen.add(here[0])
            found[here[0]] = package
        for requirement in _active(package.requires or [], here[1] or {""}):
            waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return [found[key] for key in sorted(found)], missing


def licence(package: Distribution) -> str:
    """Return the licence a package states: its SPDX expression, else its classifiers, else its short licence field."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [
        entry.rpartition(" :: ")[2] for entry in metadata.get_all("Classifier") or [] if entry.startswith("License :: ")
    ]
    classifiers = [entry for entry in classifiers if entry != "OSI Approved"]
    if classifiers:
        return "; ".join(classifiers)
    stated = re.sub(r"\s+", " ", metadata.get("License") or "").strip()
    if not stated:
        return "not stated in its metadata"
    return stated if len(stated) <= LONG else f"{stated[:LONG].rpartition(' ')[0]} ..."


def _active(requirements: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    parsed = [Requirement(text) for text in requirements]
    return [
        entry
        for entry in parsed
        if entry.marker is None or any(entry.marker.evaluate({"extra": extra}) for extra in {*extras, ""})
    ]


if __name__ == "__main__":
    main()
