"""The 29 measures drawn on the canonical face, each as a small SVG, and what each may mean, for the docs.

``python tools/docs/measures.py FOLDER`` writes f0.svg to f28.svg, and all.svg. Points are those of `facialis.modalities.measures`.
Solid: the subject's right or the whole; dashed: the subject's left; grey: the level that an angle is held against.
"""

# ruff: noqa: E501
from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facialis.faces.mesh import CONTOURS, canonical_face
from facialis.modalities.measures import CROWN, DEFINITIONS, MEASURES, POINTS

RIGHT, LEFT, LEVEL = "#0f766e", "#b45309", "#9ca3af"
SCALE, WIDTH, HEIGHT = 20.0, 360, 430

Segments = tuple[tuple[int, ...], ...]


class Drawn(NamedTuple):
    """What a measure's drawing shows, as polylines over numbers of `POINTS`, and its meaning in a sentence."""

    right: Segments
    left: Segments = ()
    against: str = ""
    """"level" or "upright": a grey line that the angle or slope is counted from; "top": depths below the crown."""
    span: Segments = ()
    """What a relative size is divided by."""
    meaning: str = ""


FACE, MOUTH = ((48, 49),), ((28, 34),)
BROW = "One brow lower than the other: a brow that droops at rest, or does not rise when the other does."
LID = "One eye more open than the other: lids that do not close, a lower lid that sags, or an eye that narrows along with the mouth (synkinesis)."
CORNER = "A mouth corner that hangs, or is not lifted in a smile while the other is."
DRAWN_OVER = "The mouth drawn to the side that works, so that it no longer lies under the middle of the face."
HALF = "Half a smile: the lips of the weak side are lifted and parted less."
SIZE = "No side in it: how far the mouth has moved, which a lopsided smile or a half-open mouth changes."

TABLE: tuple[Drawn, ...] = (
    Drawn(((0, 9),), against="level", meaning=BROW),
    Drawn(((2, 7),), against="level", meaning=BROW),
    Drawn(((4, 5),), against="level", meaning=BROW),
    Drawn(((0, 1, 2, 3, 4),), ((5, 6, 7, 8, 9),), against="top", meaning=BROW + " It says nothing of tilt alone: it compares the brows' mean depths below the top of the face."),
    Drawn(((0, 9),), against="level", meaning=BROW + " The same line as f0, as rise over run."),
    Drawn(((2, 7),), against="level", meaning=BROW + " The same line as f1, as rise over run."),
    Drawn(((4, 5),), against="level", meaning=BROW + " The same line as f2, as rise over run."),
    Drawn(((10, 19),), against="level", meaning="The outer corners of the eyes not level against the sides of the face. Faces are built like that, too."),
    Drawn(((10, 13),), ((16, 19),), meaning="One eye narrower than the other from corner to corner; a turned head does the same."),
    Drawn(((10, 48),), ((19, 49),), meaning="One side of the face broader than the other: what a turned head does first, and what no palsy has to do."),
    Drawn(((10, 23),), ((19, 27),), meaning="The wing of the nose lower on one side, as the cheek sinks or as it is not lifted in a smile or a snarl."),
    Drawn(((11, 15), (12, 14)), ((17, 21), (18, 20)), meaning=LID),
    Drawn(((11, 15),), ((18, 20),), meaning=LID + " Outer part of the lids."),
    Drawn(((12, 14),), ((17, 21),), meaning=LID + " Inner part of the lids."),
    Drawn(((28, 34),), against="level", meaning=CORNER),
    Drawn(((10, 37),), ((19, 37),), meaning=DRAWN_OVER),
    Drawn(((29, 39),), ((33, 35),), meaning=HALF),
    Drawn(((30, 38),), ((32, 36),), meaning=HALF + " Near the midline."),
    Drawn(((28, 37),), ((34, 37),), span=FACE, meaning="One half of the mouth longer than it is on most faces, as when it is drawn to the side that works."),
    Drawn(((29, 39),), ((33, 35),), span=MOUTH, meaning=SIZE),
    Drawn(((30, 38),), ((32, 36),), span=MOUTH, meaning=SIZE),
    Drawn(((28, 29, 30, 31, 37, 38, 39, 28),), ((31, 32, 33, 34, 35, 36, 37, 31),), span=MOUTH, meaning=HALF),
    Drawn(((23, 27),), against="level", meaning="The base of the nose not level: a wing of the nose that sinks, or is not lifted, on one side."),
    Drawn(((22, 37),), against="upright", meaning=DRAWN_OVER),
    Drawn(((23, 37),), ((27, 37),), meaning=DRAWN_OVER),
    Drawn(((2, 37),), ((7, 37),), span=FACE, meaning="A brow far from the mouth: a raised brow or an open mouth; of the two sides the longer counts."),
    Drawn(((3, 37),), ((6, 37),), span=FACE, meaning="As f25, from the inner part of the brow."),
    Drawn(((37, 50),), span=FACE, meaning=SIZE),
    Drawn(((31, 22),), span=FACE, meaning=SIZE),
)  # fmt: skip


def _screen() -> np.ndarray:
    """Return (478, 2) px of the canonical face as a photo shows it: the subject's right to the left."""
    face = canonical_face()[:, :2] * np.array([1.0, -1.0])
    low, high = face.min(axis=0), face.max(axis=0)
    return (face - (low + high) / 2) * SCALE + np.array([WIDTH, HEIGHT]) / 2


def drawings() -> dict[str, str]:
    """Return the SVG of each measure by its number's name, f0 to f28, and of all of them on one face, "all"."""
    made = {f"f{entry.number}": _draw(entry.clinical_name, drawn) for entry, drawn in zip(MEASURES, TABLE, strict=True)}
    right = tuple(dict.fromkeys(line for drawn in TABLE for line in drawn.right))
    left = tuple(dict.fromkeys(line for drawn in TABLE for line in drawn.left))
    return made | {"all": _draw("the lines of all 29 measures", Drawn(right, left, span=FACE + MOUTH), width=1.4)}


def _draw(title: str, drawn: Drawn, width: float = 3.5) -> str:
    screen = _screen()
    at = screen[list(POINTS)]
    parts = [f'<path d="{_edges(screen, edges)}" stroke="#b6bcc6" stroke-width="1.6"/>' for edges in CONTOURS.values()]
    for line in drawn.span:
        parts.append(_line(at[list(line)], LEVEL, 'stroke-dasharray="2 4"'))
    if drawn.against == "top":
        crown = screen[CROWN]
        parts.append(_line(np.array([[60, crown[1]], [WIDTH - 60, crown[1]]]), LEVEL, 'stroke-dasharray="6 4"'))
        for lines, colour in ((drawn.right, RIGHT), (drawn.left, LEFT)):
            middle = at[list(lines[0])].mean(axis=0)
            parts.append(_line(np.array([[middle[0], crown[1]], middle]), colour, ""))
    elif drawn.against:
        start, end = at[list(drawn.right[0])][[0, -1]]
        middle = (start + end) / 2
        along = np.array([150.0, 0.0]) if drawn.against == "level" else np.array([0.0, 110.0])
        parts.append(_line(np.array([middle - along, middle + along]), LEVEL, 'stroke-dasharray="6 4"'))
    for lines, colour, dash in ((drawn.left, LEFT, 'stroke-dasharray="9 4"'), (drawn.right, RIGHT, "")):
        for line in lines:
            parts.append(_line(at[list(line)], colour, f'stroke-width="{width}" {dash}'))
            parts += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1:.1f}" fill="{colour}"/>' for x, y in at[list(line)]
            ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" role="img">'
        f"<title>{title}</title>" + "".join(parts) + "</svg>\n"
    )


def _edges(screen: np.ndarray, edges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"M{screen[a][0]:.1f} {screen[a][1]:.1f}L{screen[b][0]:.1f} {screen[b][1]:.1f}" for a, b in edges)


def _line(points: np.ndarray, colour: str, more: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" stroke="{colour}" {more}/>'


def cards() -> str:
    """Return a card for each measure: its drawing, name, unit, meaning and both formulas, by region."""
    parts = []
    for region in dict.fromkeys(entry.region for entry in MEASURES):
        parts.append(f"\n## {region.replace('_', ' and ' if region == 'nose_cheek' else ' ').capitalize()}\n")
        for entry, drawn in zip(MEASURES, TABLE, strict=True):
            if entry.region != region:
                continue
            alt = f"f{entry.number} on a face: {entry.clinical_name}"
            formulas = "<br>".join(f"`{name}`: {_escaped(entry.formula[name])}" for name in DEFINITIONS)
            straight = entry.symmetric[DEFINITIONS[0]]
            even = "" if straight is None else f" On an even, level face {straight:g} (`{DEFINITIONS[0]}`)."
            parts.append(
                f'<div class="measure" markdown>\n\n![{alt}](measures/f{entry.number}.svg)\n\n'
                f"<div markdown>\n\n**f{entry.number} {entry.clinical_name}** · `{entry.name}` · {entry.unit}\n\n"
                f"{drawn.meaning}{even}\n\n{formulas}\n\n</div>\n</div>\n"
            )
    return "\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace("|", "&#124;").replace("*", "&#42;")


if __name__ == "__main__":
    for name, svg in drawings().items():
        (Path(sys.argv[1]) / f"{name}.svg").write_text(svg, encoding="utf-8")
