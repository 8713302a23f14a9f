"""The page of an answer: what it must say, what it draws, and what must not get into it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from facialis.reports.answer_figures import drawn
from facialis.reports.answers import answer_table, render_answer, write_answer

HOSTILE = "<script>alert(1)</script> & [red]"


def figure(what: str, value: float | None, **more: Any) -> dict[str, Any]:
    low, high = (None, None) if value is None else (value - 0.1, value + 0.1)
    row = {"what": what, "figure": "AUC, pooled", "value": value, "low": low, "high": high}
    return {**row, "n_subjects": 40, "n_frames": 80, "note": "", "beside": False, **more}


def answer(**more: Any) -> dict[str, Any]:
    return {
        "name": "shortcuts",
        "title": "What tells the group",
        "sentences": ["of 2 probes, none tells the group."],
        "figures": [
            figure("background", 0.52),
            figure(HOSTILE, None, note="the cohort holds no transforms"),
            figure("model", 0.8, beside=True),
        ],
        "simulated": True,
        "weights": "random",
        "plots": [],
        "sheets": {"Holm": [{"probe": "background", "p": 0.123456, "shortcut": False}]},
        "notes": [HOSTILE],
        **more,
    }


def texts(picture: str) -> str:
    root = ElementTree.fromstring(base64.b64decode(picture.partition(",")[2]))
    assert not [part for part in root.iter() if part.tag.endswith("script")]
    return " ".join(part.text or "" for part in root.iter() if part.tag.endswith("text"))


def test_the_page_says_what_it_must_and_needs_nothing_beside_it(tmp_path: Path) -> None:
    path = write_answer(answer(), tmp_path, question="Is it the palsy?", made={"command": HOSTILE, "seed": "0"})
    page = path.read_text()
    assert page.count("Research use; not a medical device.") == 2
    assert "<h1>Is it the palsy?</h1>" in page
    assert "Of 2 probes, none tells the group." in page
    assert "<strong>simulated</strong>" in page
    assert "<strong>random weights</strong>" in page
    assert "0.42 to 0.62" in page
    assert "<dt>seed</dt><dd><code>0</code></dd>" in page
    assert "<title>facialis: shortcuts (simulated, random weights)</title>" in page
    assert "the cohort holds no transforms" in page
    assert "<td>0.123</td><td>no</td>" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:image/svg)', page)
    real = render_answer(answer(simulated=False, weights=None), question="Is it the palsy?", made={})
    assert "simulated" not in real
    assert "random" not in real


def test_figures_are_drawn_with_the_line_of_chance_and_told_to_who_does_not_see_them() -> None:
    (plot,) = drawn(answer())
    assert {"background", "model"} <= set(re.split(r"\W+", texts(plot.image)))
    assert "dashed: chance" in texts(plot.image)
    assert plot.alt == "AUC, pooled of each row: background 0.52; model 0.8"
    two = [*answer()["figures"], figure("background", 60.0, figure="recall, %")]
    shares = drawn(answer(figures=two))[1]
    assert "dashed" not in texts(shares.image)
    assert drawn(answer(figures=[figure("none", None)])) == []


def test_plots_are_drawn_in_place_of_the_figures() -> None:
    curve = {"name": "net", "x": [2.0, 8.0], "y": [50.0, 70.0], "low": [40.0, 60.0], "high": [60.0, 80.0]}
    empty = {name: [] for name in ("x", "y", "low", "high")}
    plot = {"title": "F1", "x_axis": "subjects", "y_axis": "F1, %", "curves": [curve, {"name": "void", **empty}]}
    (found,) = drawn(answer(plots=[plot]))
    assert {"subjects", "net", "void"} <= set(texts(found.image).split())
    assert found.alt == "F1, % against subjects: net goes from 50 at 2 to 70 at 8"


@pytest.mark.parametrize("weights", ["random", None])
def test_the_terminal_has_the_same_figures(weights: str | None) -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(answer_table(answer(weights=weights)))
    printed = console.export_text()
    assert "0.42 to 0.62" in printed
    assert "[red]" in printed
    assert "simulated" in printed
    assert ("random weights" in printed) == bool(weights)
