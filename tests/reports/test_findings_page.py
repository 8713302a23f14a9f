from __future__ import annotations

import csv
import dataclasses
import io
import re

import numpy as np
import pytest

from facialis.detection.batch import face_picture
from facialis.detection.finding import Finding
from facialis.errors import FacialisError
from facialis.reports import findings
from facialis.reports.findings import Entry, render_report, speaking_measures, write_report
from facialis.reports.tables import CSV_COLUMNS, csv_text, findings_csv, findings_table


@pytest.fixture(scope="module")
def judged(detector, astronaut):
    finding = detector.detect(astronaut, source="astronaut.png")
    return Entry("astronaut", finding, face_picture(astronaut, finding.face))


def test_hostile_names_and_reasons_are_escaped(detector):
    name = "<script>alert(1)</script>\n.jpg"
    entry = Entry(name, Finding(name, "error", detector.model, reasons=("<img src=x onerror=alert(2)>",)))
    page = render_report([entry], detector.bundle)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_judged_face(judged, detector):
    page = render_report([judged], detector.bundle, next_steps=["facialis <x>"])
    card = detector.bundle.card
    assert f"{100 * judged.finding.probability:.1f} %" in page
    assert page.count("<circle") == 478
    for row in speaking_measures(judged.finding, detector.bundle):
        assert row["name"].replace("'", "&#39;") in page
    for fact in (card.name, detector.bundle.hash, card.trained_on["description"], "not a medical device"):
        assert fact in page
    assert "facialis &lt;x&gt;" in page
    assert re.search(r'aria-label="Face 1 with its 478 landmarks', page)


def test_landmarks_are_drawn_where_they_lie(judged):
    points = np.array(list(findings._points(judged.finding.face, judged.picture)))
    expected = (judged.finding.face.landmarks[:, :2] - judged.picture.origin) * judged.picture.scale
    np.testing.assert_allclose(points, expected, atol=0.051)


def test_the_measures_that_speak_most_come_first(judged, detector):
    rows = speaking_measures(judged.finding, detector.bundle, most=29)
    sizes = [abs(row["share"]) for row in rows]
    assert len(sizes) == 29
    assert sizes == sorted(sizes, reverse=True)
    explained = judged.finding.explain(detector.bundle)
    assert sum(row["share"] for row in rows) == pytest.approx(explained.logit - explained.reference_logit, abs=1e-3)


def test_pictures_beyond_the_limit_are_left_out_and_counted(judged, detector, monkeypatch):
    monkeypatch.setattr(findings, "MAX_PICTURES", 2)
    page = render_report([judged] * 5, detector.bundle)
    assert page.count("data:image/jpeg") == 2
    assert page.count("<article") == 5
    assert "3 more pictures are not embedded" in page


def test_a_report_that_cannot_be_written(judged, detector, tmp_path):
    with pytest.raises(FacialisError, match="cannot write"):
        write_report(tmp_path / "none" / "r.html", [judged], detector.bundle)
    (tmp_path / "r.html").write_text("old")
    write_report(tmp_path / "r.html", [judged], detector.bundle)
    assert "astronaut" in (tmp_path / "r.html").read_text()
    assert len(list(tmp_path.iterdir())) == 1


def test_no_cell_of_a_csv_is_a_formula():
    names = ["=cmd.jpg", "+x.jpg", "-x.jpg", "@x.jpg", "x=1.jpg", "-1.5"]
    findings = [Finding(name, "error", "m", reasons=(f"{name}: no such file",)) for name in names]
    rows = list(csv.DictReader(io.StringIO(findings_csv(findings))))
    assert [row["source"] for row in rows] == ["'=cmd.jpg", "'+x.jpg", "'-x.jpg", "'@x.jpg", "x=1.jpg", "-1.5"]
    assert rows[0]["reasons"] == "'=cmd.jpg: no such file"
    assert csv_text([{"a": -1.5, "b": -2, "c": "-3e-05"}], ["a", "b", "c"]) == "a,b,c\n-1.5,-2,-3e-05\n"


def test_csv_and_terminal_table(judged, detector):
    lines = findings_csv([judged.finding]).splitlines()
    assert lines[0] == ",".join(CSV_COLUMNS)
    assert lines[1].startswith("astronaut.png,,,,judged,")
    assert csv_text([{"a": None, "b": 'x,"y"', "c": 1}], ["a", "b"]) == 'a,b\n,"x,""y"""\n'
    error = Finding("[bold]x[/bold]", "error", "m", reasons=("[red]why[/red]",))
    table = findings_table([judged.finding, error], detector.bundle.card)
    cells = [str(cell) for column in table.columns for cell in column.cells]
    assert "[bold]x[/bold]" in cells  # names are text, never markup
    assert "[red]why[/red]" in cells


def test_a_side_that_is_hardly_more_probable_is_not_told_as_one(judged, detector):
    told = dataclasses.replace(judged.finding, side="subject_right", side_probability=0.97, regions={"mouth": 0.9})
    even = dataclasses.replace(told, side_probability=0.56)
    rows = list(findings_table([told, even], detector.bundle.card).columns[3].cells)
    assert "geometric: palsy from 73% at even odds, uncertain from" in str(
        findings_table([], detector.bundle.card).caption
    )
    assert [str(row) for row in rows] == ["subject's right (97%): mouth", "side not told (subject's right 56%): mouth"]
