"""The links of README and docs lead somewhere on a forge, and what is drawn for them is what the program draws now."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def slugs(page: Path) -> set[str]:
    """Return the anchors of a page's headings as forges make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading) for heading in re.findall(r"^#+ (.+)$", text, re.M)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    made = page.stem if page.parent.name == "tutorials" else None  # what a tutorial makes when the site is built
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target) or target.split("/")[0] == made:
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{page.name} links to {target}"
        if anchor and found.suffix == ".md" and not anchor.startswith("#facialis."):
            assert anchor[1:] in slugs(found), f"{page.name} links to {target}{anchor}"


def test_drawings_of_the_measures_are_those_of_the_table():
    drawings = runpy.run_path(str(ROOT / "tools" / "docs" / "measures.py"))["drawings"]()
    folder = ROOT / "docs" / "explanation" / "measures"
    assert {path.stem for path in folder.glob("*.svg")} == set(drawings)
    assert len(drawings) == 30
    for name, svg in drawings.items():
        assert (folder / f"{name}.svg").read_text(encoding="utf-8") == svg, "run python tools/docs/reference.py"


def test_every_picture_is_small_and_described():
    for picture in (ROOT / "docs").rglob("*.*"):
        if picture.suffix in (".png", ".jpg", ".svg"):
            assert picture.stat().st_size < 300_000, picture.name
    for page in PAGES:
        for alt in re.findall(r"!\[([^\]]*)\]", page.read_text(encoding="utf-8")):
            assert len(alt) >= 20, f"{page.name}: the picture {alt!r} is not described"
