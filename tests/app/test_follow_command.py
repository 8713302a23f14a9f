"""``facialis follow``: the page, the table, its gaps, and what must not get into it. Faces are a free portrait's."""

from __future__ import annotations

import csv
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.recovery import draw_recovery
from facialis.detection.bundle import Bundle
from facialis.detection.visits import read_visits
from facialis.faces.quality import NO_FACE
from facialis.reports.curves import drawing
from facialis.reports.follow_rows import COLUMNS
from facialis.words import words

SECRET = "Anna <b>Muster"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three visits of a simulated recovery, with every kind of bad input."""
    root = tmp_path_factory.mktemp("course") / SECRET
    severities, days = [0.9, 0.4, 0.0], [0, 20, 80]
    draw_recovery(root, views="rest,large_smile", severities=severities, days=days, takes=2, seed=1)
    (root / "2026-01-25" / "large_smile-1.jpg").unlink()
    (root / "2026-01-25" / "large_smile-2.jpg").unlink()  # a set with a missing expression
    (root / "2026-01-05" / "Muster_pucker.jpg").write_bytes(b"broken")
    Image.new("RGB", (300, 300)).save(root / "2026-01-05" / "Muster_brow_raise.png")  # no face
    Image.new("RGB", (300, 300)).save(root / "Muster_undated.png")
    exif = Image.Exif()
    exif[0x010E] = "SECRETEXIF"
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x8769] = {36867: "2026:03:26 10:00:00"}  # the last visit's date, twice the same
    with Image.open(root / "2026-03-26" / "rest-1.jpg") as picture:
        picture.save(root / "Muster_rest_again.jpg", exif=exif)
    return root


@pytest.fixture(scope="module")
def told(folder, tmp_path_factory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("out")
    told = {}
    for name, options in (
        ("en", ["--csv", str(out / "t.csv")]), ("de", ["--language", "de", "--no-photo"]),
        ("names", ["--names", "--workers", "2"]),
    ):  # fmt: skip
        page = out / f"{name}.html"
        ran = CliRunner().invoke(app, ["follow", str(folder), "--report", str(page), *options])
        assert ran.exit_code == 1, ran.output  # one photo cannot be read
        assert "not a medical device" in re.sub(r"\s+", " ", ran.output)
        told[name] = page.read_text(encoding="utf-8")
    told["csv"] = (out / "t.csv").read_text(encoding="utf-8")
    return told


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.nameless: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg" and attributes.get("role") == "img" and not attributes.get("aria-label"):
            self.nameless.append(tag)
        self.outside += [v for k, v in attrs if k in ("src", "href") and not v.startswith("data:image/jpeg;base64,")]


def test_the_recovery_is_seen_in_the_table(told):
    rows = list(csv.DictReader(told["csv"].splitlines()))
    assert list(rows[0]) == list(COLUMNS)
    at = {(row["date"], row["view"], row["quantity"], row["side"]): row for row in rows}
    mouth = [at[(date, "rest", "mouth_difference", "")] for date in ("2026-01-05", "2026-01-25", "2026-03-26")]
    assert float(mouth[0]["value"]) > float(mouth[1]["value"]) > float(mouth[2]["value"])
    assert mouth[0]["called"] == ""
    assert [row["called"] for row in mouth[1:]] == ["real", "real"]
    assert [row["n_repeats"] for row in mouth] == ["2", "2", "3"]
    assert float(mouth[2]["change_from_first"]) == pytest.approx(
        float(mouth[2]["value"]) - float(mouth[0]["value"]), abs=2e-5
    )
    assert float(mouth[2]["reference_low"]) == -float(mouth[2]["reference_high"])
    gap = at[("2026-01-25", "large_smile", "excursion", "subject_left")]
    assert (gap["value"], gap["n_repeats"], gap["called"]) == ("", "0", "")
    assert {row["unit"] for row in rows} == {"mm", "1"}


def test_the_page_names_every_gap(told):
    say, page = words("en"), told["en"]
    assert say("follow.missing", date="2026-01-25", views=say("view.large_smile")) in page
    assert "no date in folder, name or file" in page
    assert re.search(rf"2026-01-05, photo \d+: {NO_FACE}", page)
    assert say("follow.dated_by_camera", count=1) in page
    assert "rest, large smile (2026-01-05, 2026-03-26)" in page
    assert "rest (2026-01-25)" in page
    assert "simulated faces without palsy" in page
    for language in ("en", "de"):
        said = words(language)
        assert said("notice.research") in told[language]
        assert said("follow.changes") in told[language]
        for why in ("no_face", "file_unknown"):
            assert said(f"known.{why}") in told[language]
            assert language == "en" or words("en")(f"known.{why}") not in told[language]
        assert said("region.mouth")[:1].upper() + said("region.mouth")[1:] in told[language]


def test_pages_are_self_contained_in_order_and_small(told):
    for name in ("en", "de", "names"):
        outline = _Outline()
        outline.feed(told[name])
        assert outline.headings[0] == 1
        assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
        assert outline.nameless == []
        assert outline.outside == []
        assert len(told[name]) < 3e6
        assert "<script" not in told[name]


def test_change_is_marked_by_shape(told):
    assert 'class="firm"' in told["en"] or 'class="real"' in told["en"]
    assert "(real" in told["en"]  # and said in the alternative text


def test_nothing_leaks_unless_asked(told):
    for name in ("en", "de"):
        assert "Muster" not in told[name]
        assert str(Path.home()) not in told[name]
    assert all("SECRETEXIF" not in text for text in told.values())
    assert "data:image/jpeg" in told["en"]
    assert "data:image" not in told["de"]
    assert "Muster_undated.png" in told["names"]
    assert "<b>Muster" not in told["names"]
    assert "Muster" not in told["csv"]


def test_workers_change_nothing(told):
    marks = re.compile(r'<path class="(?:line|points|real|firm)" d="[^"]*"')
    assert marks.findall(told["en"]) == marks.findall(told["names"])


def test_bundles_without_references(folder, tmp_path):
    import dataclasses

    bundle = Bundle.load()
    reference = dict(bundle.card.reference)
    reference["names"] = reference["names"][:29]
    reference["quantiles"] = {q: row[:29] for q, row in reference["quantiles"].items()}
    card = dataclasses.replace(bundle.card, photo_set=None, movements=None, reference=reference)
    Bundle.write(tmp_path / "bare", card, bundle.graph)
    page = tmp_path / "p.html"
    ran = CliRunner().invoke(app, ["follow", str(folder), "--report", str(page), "--bundle", str(tmp_path / "bare")])
    assert ran.exit_code == 1, ran.output
    say, text = words("en"), page.read_text(encoding="utf-8")
    for key in ("no_set", "no_movements", "no_resting"):
        assert say(f"follow.{key}", name=card.name) in text
    assert '<rect class="band" x="40"' not in text
    assert say("follow.score") not in text


def test_one_visit_and_pictures_that_all_fail(astronaut, tmp_path):
    Image.fromarray(astronaut).save(tmp_path / "2026-03-01_rest.jpg", quality=92)
    page = tmp_path / "p.html"
    ran = CliRunner().invoke(app, ["follow", str(tmp_path), "--report", str(page)])
    assert ran.exit_code == 0, ran.output
    assert words("en")("follow.one_visit") in page.read_text(encoding="utf-8")
    (tmp_path / "2026-03-01_rest.jpg").write_bytes(b"broken")
    page.unlink()
    (tmp_path / "missing.csv").write_text("path,date\nnowhere.jpg,2026-03-01\n")
    for person in (tmp_path, tmp_path / "missing.csv"):
        ran = CliRunner().invoke(app, ["follow", str(person), "--report", str(page), "--csv", str(tmp_path / "t.csv")])
        assert ran.exit_code == 1, ran.output
        left, last = ran.output.splitlines()[-2:]
        assert left.startswith("2026-03-01, photo 1")
        assert last == "nothing to follow, and nothing is written: no dated photo or video can be used"
        assert "by chance" not in ran.output
        assert not page.exists()
        assert not (tmp_path / "t.csv").exists()


def test_mistakes_end_in_one_line(tmp_path):
    (tmp_path / "p").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "p" / "x.png")
    for arguments, said in (
        ([str(tmp_path / "p")], "none of 1 files has a date"),
        ([str(tmp_path / "none")], "expected a folder of dated photos"),
        ([str(tmp_path / "p"), "--language", "fr"], "expected one of de, en"),
        ([str(tmp_path / "p"), "--csv", str(tmp_path / "x"), "--report", str(tmp_path / "x")], "same file"),
        ([str(tmp_path / "p"), "--report", str(tmp_path / "no" / "x.html")], "cannot write"),
    ):
        ran = CliRunner().invoke(app, ["follow", *arguments])
        assert ran.exit_code == 2
        assert said in re.sub(r"[\s│]+", " ", ran.output)


def test_a_video_is_a_take_of_its_own_kind(tmp_path):
    """Two dated videos of one simulated subject: their numbers stand apart from those of photos."""

    from facialis.cohorts.simulated.videos import simulate_videos

    simulate_videos(tmp_path / "made", 1, 0, 9, seed=3, movement="rest,large_smile")
    (tmp_path / "person").mkdir()
    film = (tmp_path / "made" / "videos" / "patient-0001.mp4").read_bytes()
    for date, more in (("2026-03-01", b""), ("2026-03-08", b"\x00\x00\x00\x08free")):  # no copy byte for byte
        (tmp_path / "person" / f"{date}.mp4").write_bytes(film + more)
    prompts = tmp_path / "prompts.csv"
    prompts.write_text("movement,start,end\nrest,0,0.3\nlarge_smile,0.3,0.6\n")
    table = tmp_path / "t.csv"
    ran = CliRunner().invoke(app, ["follow", str(tmp_path / "person"), "--csv", str(table), "--prompts", str(prompts)])
    assert ran.exit_code == 0, ran.output
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["view"] for row in rows} == {"video rest", "video large_smile", "video set"}
    later = [row for row in rows if row["date"] == "2026-03-08" and row["value"]]
    assert {row["called"] for row in later} == {"within error"}  # the same video twice
    assert all(float(row["change_from_first"]) == 0 for row in later)


def test_a_drawing_of_one_point_stays_within_its_frame():
    import datetime

    from facialis.detection.changes import Curve, Point
    from facialis.detection.takes import Quantity

    day = datetime.date(2026, 3, 1)
    curve = Curve(Quantity("ratio", "pucker", "", "1"), (Point(day, 0.5, 1, None, ""),), (), None, None, 0, None, None)
    made = drawing([curve], [day])
    assert made["dates"] == [(185.0, "2026-03-01")]
    assert all(14 <= y <= 148 for y, _ in made["ticks"])


def test_a_copy_counts_once_and_what_is_read_is_not_written_over(folder, tmp_path):
    person = tmp_path / "person"
    shutil.copytree(folder / "2026-03-26", person / "2026-03-26")
    shutil.copy(person / "2026-03-26" / "rest-1.jpg", person / "2026-03-26" / "rest-9.jpg")
    shutil.copy(person / "2026-03-26" / "rest-1.jpg", person / "2026-04-26_rest.jpg")
    pictures, left = read_visits(person)
    assert [out.why for out in left] == ["copy", "copy"]
    assert len(pictures) == 4
    before = (person / "2026-03-26" / "rest-1.jpg").read_bytes()
    for option in ("--csv", "--report"):
        ran = CliRunner().invoke(app, ["follow", str(person), option, str(person / "2026-03-26" / "rest-1.jpg")])
        assert ran.exit_code == 2
        assert "no .jpg file" in ran.output
    assert (person / "2026-03-26" / "rest-1.jpg").read_bytes() == before
