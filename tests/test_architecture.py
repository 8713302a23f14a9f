"""The picture of the house is drawn from its imports as they are, and the page has a paragraph on each room."""

from __future__ import annotations

import re
from pathlib import Path

from tools import draw_architecture

PAGE = Path(draw_architecture.ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def test_the_picture_is_drawn_from_the_imports_as_they_are() -> None:
    drawn = draw_architecture.PICTURE.read_text(encoding="utf-8")
    assert drawn == draw_architecture.picture(), "run: python tools/draw_architecture.py"
    assert len(drawn) < 300_000


def test_no_arrow_goes_back_up() -> None:
    place = draw_architecture.ROOMS.index
    found = draw_architecture.imports()
    assert len(found) > 20
    assert all(place(importing) > place(imported) for importing, imported in found)


def test_every_room_has_its_paragraph_and_every_file_named_there_is_there() -> None:
    package = draw_architecture.ROOT / "src/facialis"
    assert {path.parent.name for path in package.glob("*/__init__.py")} - {"words"} == set(draw_architecture.ROOMS)
    told = dict(re.findall(r"^\*\*(\w+)\*\*: (.+)$", PAGE, flags=re.MULTILINE))
    assert list(told) == list(draw_architecture.ROOMS)
    for room, text in told.items():
        there = {path.stem for path in (package / room).rglob("*.py")} | set(draw_architecture.ROOMS)
        there |= {f"{path.name}/" for path in (package / room).rglob("*") if path.is_dir()} | {
            "facialis.words",
            "detect",
        }
        assert not set(re.findall(r"`([^`]+)`", text)) - there, room
