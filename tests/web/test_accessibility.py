"""The pages in a real browser, at the width of a phone and of a laptop: axe-core finds nothing serious, nothing
overflows sideways, headings are in order, and nothing is asked of anybody.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.cohorts.simulated.recovery import draw_recovery
from facialis.detection.batch import face_picture
from facialis.detection.bundle import Bundle
from facialis.files import write_text
from facialis.reports.findings import Entry, write_report
from facialis.reports.photo import render_photos
from facialis.reports.photo_entries import look_at
from facialis.reports.study import render_study
from tests.browsers import ROOT, browser, node
from tests.reports.test_study_page import results

HERE = Path(__file__).parent
WIDTHS = (390, 1280)


def facialis(*arguments: str) -> None:
    ran = CliRunner().invoke(app, list(arguments))
    assert ran.exit_code in (0, 1), ran.output


@pytest.fixture(scope="module")
def pages(detector, astronaut, astronaut_face, tmp_path_factory) -> list[Path]:
    """The report on a palsy, a healthy face, an unfit and a broken photo, in every way; the other pages."""
    browser("axe-core")  # nothing is made where nothing can be looked at
    root = tmp_path_factory.mktemp("web")
    photos, person = root / "photos", root / "person"
    photos.mkdir()
    person.mkdir()
    twin, mild = (palsy_twin(astronaut, astronaut_face, severity, "subject_left") for severity in (1.0, 0.5))
    wall = np.full((90, 120, 3), 90, np.uint8)
    for number, picture in enumerate((twin, astronaut, mild, astronaut[::6, ::6], wall), 1):
        Image.fromarray(np.ascontiguousarray(picture)).save(photos / f"{number}.png")
    (photos / "6.jpg").write_bytes(b"broken")
    for language, options in (("en", []), ("de", ["--no-photo"])):
        out = str(root / f"report-{language}.html")
        facialis("report", str(photos), "--out", out, "--language", language, *options)
    bundle = Bundle.load()
    known = bundle.card.reference
    fewer = {level: row[:29] for level, row in known["quantiles"].items()}
    reference = {"n": 1, "of": "x", "names": known["names"][:29], "quantiles": fewer}
    bundle.card = dataclasses.replace(bundle.card, reference=reference)
    finding = detector.detect(twin, source="x")
    bare = dataclasses.replace(look_at(detector, finding, twin, "1"), explanation=None, unexplained="why")
    write_text(root / "report-bare.html", render_photos([bare], bundle))
    cut = face_picture(twin, finding.face)
    findings = [Entry("a", finding, cut), Entry("b", detector.detect(np.zeros((80, 80, 3), np.uint8), source="b"))]
    write_report(root / "findings.html", findings, detector.bundle, next_steps=["facialis detect"])
    for view, name in (("rest", "2"), ("large_smile", "1")):
        (person / f"{view}.png").write_bytes((photos / f"{name}.png").read_bytes())
    facialis("photo-set", str(person), "--report", str(root / "photo-set.html"))
    write_text(root / "study.html", render_study(results(), command="facialis study"))
    draw_recovery(root / "course", views="rest,large_smile", severities=[0.9, 0.0], days=[0, 60], takes=2, seed=1)
    facialis("follow", str(root / "course"), "--report", str(root / "follow.html"))
    cohort = root / "cohort"
    simulate_cohort(cohort, 12, 12, frames=4, seed=0)
    facialis("repeatability", str(cohort), "--by", "subject", "--report", str(root / "repeatability.html"))
    facialis("explain", "--audit", str(cohort), "--report", str(root / "audit.html"))
    return sorted(root.glob("*.html"))


@pytest.fixture(scope="module")
def seen(pages, tmp_path_factory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("seen")
    shots = os.environ.get("FACIALIS_SHOTS")  # a folder to keep what was seen in, to look at it
    task = {
        "browser": str(browser("axe-core")),
        "sandbox": not ROOT,
        "pages": [str(page) for page in pages],
        "widths": WIDTHS,
        "shots": shots,
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    done = subprocess.run(
        [node(), str(HERE / "look.mjs"), str(folder / "task.json")],
        capture_output=True, text=True, encoding="utf-8", timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_every_page_was_seen_at_both_widths(pages, seen):
    assert [(one["page"], one["width"]) for one in seen] == [(page.name, width) for page in pages for width in WIDTHS]
    assert len(pages) == 9


def test_axe_finds_nothing_serious(seen):
    bad = [
        (one["page"], one["width"], found)
        for one in seen
        for found in one["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert not bad, json.dumps(bad, indent=1)


def test_nothing_overflows_sideways(seen):
    assert {(one["page"], one["width"]): one["wide"] for one in seen if one["wide"] > 0} == {}


def test_headings_are_in_order(seen):
    for one in seen:
        levels = one["headings"]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (one["page"], levels)


def test_no_request_leaves_the_page(seen):
    assert [url for one in seen for url in one["asked"] if not url.startswith("data:")] == []


def test_a_bad_page_is_seen_to_be_bad(tmp_path):
    """The tests above can fail: a page with all of it wrong."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<!doctype html><html lang="en"><title>x</title><h1>x</h1><h4>y</h4><img src="https://example.org/a.png">'
        '<p style="color:#bbb;width:900px">pale and wide</p>'
    )
    task = {"browser": str(browser("axe-core")), "sandbox": not ROOT,
            "pages": [str(page)], "widths": [390], "shots": None}  # fmt: skip
    (tmp_path / "task.json").write_text(json.dumps(task))
    done = subprocess.run(
        [node(), str(HERE / "look.mjs"), str(tmp_path / "task.json")], capture_output=True, text=True, timeout=120
    )
    one = json.loads(done.stdout)[0]
    assert {"image-alt", "color-contrast"} <= {found["id"] for found in one["violations"]}
    assert one["wide"] > 400
    assert one["headings"] == [1, 4]
    assert one["asked"] == ["https://example.org/a.png"]
