"""Draws docs/images/architecture.svg: the rooms of the package and what each gives to which others, from its imports.

    python tools/draw_architecture.py

A room is told by the first sentence of its own docstring. A test compares the file with the imports as they are.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape

import grimp

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/images/architecture.svg"
ROOMS = ("faces", "modalities", "cohorts", "models", "studies", "detection", "reports", "service", "app")
"""From the picture to the command line: what stands before takes nothing from what stands after it."""
TORCH = ("models", "studies")
COLOURS = ("#8a3a06", "#174f85", "#2e6b2e", "#6a3d8f", "#7a5c00", "#a02c4a", "#0b6a6a", "#4a4a4a")
LEFT, WIDTH, HEIGHT, GAP, REACH = 16, 330, 58, 26, 46
THICK = ((30, 4.0), (10, 2.4), (1, 1.1))
"""From so many imports on, an arrow is so thick (px)."""


def imports() -> Counter[tuple[str, str]]:
    """Return how many imports go from a room's modules to those of another: (importing, imported)."""
    graph = grimp.build_graph("facialis", exclude_type_checking_imports=True, cache_dir=None)
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            pair = module.split(".")[1:2], other.split(".")[1:2]
            if pair[0] != pair[1] and all(part and part[0] in ROOMS for part in pair):
                found[pair[0][0], pair[1][0]] += 1
    return found


def caption(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    tree = ast.parse((ROOT / "src/facialis" / room / "__init__.py").read_text(encoding="utf-8"))
    return " ".join((ast.get_docstring(tree) or "").split()).split(". ")[0].rstrip(".").replace("`", "")


def picture() -> str:
    """Return the drawing: a box a room, and an arrow from each room to those that import from it."""
    found = imports()
    top = {room: 20 + row * (HEIGHT + GAP) for row, room in enumerate(ROOMS)}
    right = LEFT + WIDTH
    size = right + REACH * (len(ROOMS) - 1) + 40, top[ROOMS[-1]] + HEIGHT + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
        'font-family="sans-serif" role="img">',
        "<title>The rooms of facialis and what each gives to which others</title>",
        f'<rect width="{size[0]}" height="{size[1]}" fill="#fff"/>',
    ]
    for number, giver in enumerate(ROOMS):
        takers = [room for room in ROOMS[number + 1 :] if found[room, giver]]
        for taker in takers:
            thick = next(px for least, px in THICK if found[taker, giver] >= least)
            rows = ROOMS.index(taker) - number
            start = top[giver] + HEIGHT - 8 - 4 * (rows - 1)
            end, out = top[taker] + 8 + 4 * (len(ROOMS) - 1 - rows), right + REACH * rows + 5 * number - 18
            parts.append(
                f'<path d="M{right} {start}H{out - 12}q12 0 12 12V{end - 12}q0 12 -12 12H{right + 9}" fill="none" '
                f'stroke="{COLOURS[number]}" stroke-width="{thick}"/>'
                f'<path d="M{right + 1} {end}l9 -4.5v9z" fill="{COLOURS[number]}"/>'
            )
    for number, room in enumerate(ROOMS):
        lines = textwrap.wrap(caption(room), 52)[:2]
        dashed = ' stroke-dasharray="5 3"' if room in TORCH else ""
        stroke = COLOURS[min(number, len(COLOURS) - 1)]
        parts.append(
            f'<rect x="{LEFT}" y="{top[room]}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#f5f7f9" '
            f'stroke="{stroke}" stroke-width="1.6"{dashed}/>'
            f'<text x="{LEFT + 12}" y="{top[room] + 20}" font-size="15" font-weight="700" fill="#1b1f24">{room}</text>'
        )
        parts += [
            f'<text x="{LEFT + 12}" y="{top[room] + 36 + 14 * row}" font-size="11.5" fill="#515a64">'
            f"{escape(line)}</text>"
            for row, line in enumerate(lines)
        ]
    foot = top[ROOMS[-1]] + HEIGHT + 26
    least = " or ".join(f"{count}" for count, _ in reversed(THICK[:-1]))
    for row, line in enumerate(
        (
            f"An arrow goes from a room to one that imports from it; thicker from {least} imports on. None goes up.",
            "Dashed: needs PyTorch (extra train). All stand on errors, files, progress, words and a few others.",
        )
    ):
        parts.append(f'<text x="{LEFT}" y="{foot + 16 * row}" font-size="11.5" fill="#515a64">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"written: {PICTURE.relative_to(ROOT)}")
