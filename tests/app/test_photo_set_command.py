"""``facialis photo-set``: the page, its gaps, and what must not get into it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector
from facialis.faces.sources import list_sources
from facialis.reports.photo_set import CHART, render_sheets
from facialis.reports.sheets import Photo, make_sheet
from facialis.words import words

SECRET = "Anna <b>Muster"


@pytest.fixture(scope="module")
def folder(astronaut, astronaut_face, tmp_path_factory) -> Path:
    """A person with two views, one photo that is broken and one without a face."""
    root = tmp_path_factory.mktemp("people") / SECRET
    root.mkdir()
    exif = Image.Exif()
    exif[0x010E] = "SECRETEXIF"
    Image.fromarray(astronaut).save(root / "Muster_rest.jpg", exif=exif)
    twin = palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")
    Image.fromarray(twin).save(root / "Muster_large_smile.png")
    (root / "Muster_pucker.jpg").write_bytes(b"broken")
    Image.new("RGB", (300, 300)).save(root / "Muster_brow_raise.png")
    return root


@pytest.fixture(scope="module")
def pages(folder, tmp_path_factory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("out")
    pages = {}
    for name, options in (("en", []), ("de", ["--language", "de", "--no-photo"]), ("names", ["--names"])):
        page = out / f"{name}.html"
        ran = CliRunner().invoke(app, ["photo-set", str(folder), "--report", str(page), *options])
        assert ran.exit_code == 1, ran.output  # one photo cannot be read
        assert "House-Brackmann" in ran.output
        pages[name] = page.read_text(encoding="utf-8")
    return pages


def test_the_chart_has_every_view_in_order_and_names_the_gaps(pages):
    for language in ("en", "de"):
        say, page = words(language), pages[language]
        found = re.findall(r"<b>\d+\. ([^<]+)</b>", page)
        assert found == [say(f"view.{view}") for view in CHART]
        assert page.count('class="gone"') == len(CHART) - 4
        assert say("sheet.left_out") in page
        for why in ("no_face", "file_unknown"):
            assert say(f"known.{why}") in page
            assert language == "en" or words("en")(f"known.{why}") not in page
        assert say("notice.research") in page
        for scale in ("sunnybrook", "eface", "house_brackmann"):
            assert say(f"sheet.{scale}") in page
        assert "Kanerva" in page
        assert len(page) < 3e6


def test_nothing_leaks_unless_asked(pages):
    for name in ("en", "de"):
        assert "Muster" not in pages[name]
        assert "SECRETEXIF" not in pages[name]
    assert "data:image/jpeg" in pages["en"]
    assert "data:image" not in pages["de"]
    assert "Muster_rest.jpg" in pages["names"]
    assert all("<b>Muster" not in page and "<script" not in page for page in pages.values())


@pytest.mark.parametrize("command", ["photo-set", "detect"])
def test_a_folder_given_by_a_relative_path_is_not_named(folder, tmp_path, monkeypatch, command):
    monkeypatch.chdir(folder.parent)
    page = tmp_path / "page.html"
    photo = "/Muster_pucker.jpg" if command == "detect" else ""
    CliRunner().invoke(app, [command, f"./{folder.name}{photo}", "--report", str(page)])
    text = page.read_text(encoding="utf-8")
    assert words("en")("known.file_unknown") in text
    assert "Muster" not in text


def test_a_bundle_that_knows_neither_sets_nor_movements(folder, landmarker):
    bundle = Bundle.load()
    bundle.card = dataclasses.replace(bundle.card, photo_set=None, movements=None)
    for entry in ("photo_set", "movements"):
        bundle.__dict__.pop(entry, None)
    say = words("en")
    photos = [Photo(source.path, source.path, source.name) for source in list_sources([str(folder)])]
    sheet = make_sheet(Detector(bundle, landmarker), photos, "P", None, say, photos=True, names=False)
    page = render_sheets([sheet], bundle)
    assert sheet.row is None
    assert "knows no photo sets" in page
    assert say("sheet.no_reference") in page
    assert 'class="answer"' not in page


def test_records_are_written_and_a_doctors_stands_beside(folder, tmp_path):
    doctor = tmp_path / "doctor.json"
    doctor.write_text(json.dumps({"houseBrackmann": {"houseBrackmann": 4}}))
    page, record = tmp_path / "p.html", tmp_path / "r.json"
    ran = CliRunner().invoke(
        app, ["photo-set", str(folder), "--report", str(page), "--records", str(record), "--doctor", str(doctor)]
    )
    assert ran.exit_code == 1, ran.output
    assert "record: IV" in page.read_text(encoding="utf-8")
    assert json.loads(record.read_text())["application_org"] == "facialis"


def test_mistakes_end_in_one_line(folder, tmp_path):
    twin = tmp_path / folder.name
    twin.mkdir()
    (twin / "rest.jpg").write_bytes(b"")
    other = tmp_path / "b"
    other.mkdir()
    (other / "rest.jpg").write_bytes(b"")
    for arguments, words_ in (
        ([str(folder), str(twin), "--records", str(tmp_path / "r")], "same name"),
        ([str(folder), str(other), "--doctor", str(tmp_path / "none")], "no record named"),
        ([str(folder), "--records", str(tmp_path / "x"), "--report", str(tmp_path / "x")], "same file"),
        ([str(tmp_path / "none")], "folders"),
        ([str(folder), "--language", "fr"], "expected one of de, en"),
        ([str(folder), "--doctor", str(tmp_path / "none.json")], "cannot be read"),
    ):
        ran = CliRunner().invoke(app, ["photo-set", *arguments])
        assert ran.exit_code == 2
        assert words_ in re.sub(r"[\s│]+", " ", ran.output)
