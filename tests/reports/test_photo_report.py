"""The report on one photo: what stands in it, what must not, and the gaps it names."""

from __future__ import annotations

import dataclasses
import html
import re

import numpy as np
import pytest

from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector
from facialis.detection.finding import Finding
from facialis.detection.millimetres import DEVIATIONS, LENGTHS
from facialis.detection.odds import sigmoid
from facialis.errors import FacialisError
from facialis.faces.quality import Limits
from facialis.modalities.measures import MEASURES
from facialis.reports import pdf, photo_rows
from facialis.reports.card_in_short import card_lines
from facialis.reports.photo import render_photos
from facialis.reports.photo_entries import Entry, look_at
from facialis.words import languages, words
from facialis.words.known import translated


@pytest.fixture(scope="module")
def twin(astronaut, astronaut_face):
    return palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")


@pytest.fixture(scope="module")
def palsy(detector, twin):
    return look_at(detector, detector.detect(twin, source="Photo 1"), twin, "Photo 1")


@pytest.fixture(scope="module")
def healthy(detector, astronaut):
    return look_at(detector, detector.detect(astronaut, source="Photo 2"), astronaut, "Photo 2")


def text_of(page: str) -> str:
    return html.unescape(page).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", languages())
def test_a_palsy_is_told_with_side_regions_errors_and_what_would_change_it(detector, twin, language):
    say = words(language)
    entry = look_at(detector, detector.detect(twin, source="x"), twin, "1", language=language)
    page = text_of(render_photos([entry], detector.bundle, language=language))
    finding = entry.finding
    assert f'<html lang="{language}">' in page
    answer = say("report.answer_side", answer=say("report.answer_palsy"), side=say("side.subject_left"))
    assert f">{answer}<" in page
    low, high = (photo_rows.share_text(end, say) for end in finding.interval)
    assert say("report.with_range", value=photo_rows.share_text(finding.probability, say), low=low, high=high) in page
    for region, share in finding.regions.items():
        assert f"{say(f'region.{region}')}</span>" in page
        assert photo_rows.share_text(share, say) in page
    for name in (*LENGTHS, *DEVIATIONS):
        assert say(f"report.length_name.{name}") in page
    for entry_ in MEASURES:
        assert say(f"report.measure_name.{entry_.name}") in page
    for number in finding.numbers["millimetres"].values():
        assert f"{say.number(number.value, 1)} ± {say.number(number.error, 1)}" in page
    assert page.count('class="ghost"') == 1
    assert entry.explanation.sentences[0] in page
    for key in ("report.composite.subject_left_twice", "notice.research", "report.limits_text", "report.change"):
        assert say(key) in page
    assert detector.bundle.hash in page
    area = re.match(r"[\d.]+", detector.bundle.card.results["AUC (simulated)"])
    assert say.number(float(area[0]), 3) in page
    assert ("simulated faces" if language == "en" else "simulierten Gesichtern") in page
    assert page.count("data:image/jpeg") == 5
    assert len(page) < 3e6


def test_no_palsy_has_no_ghost_and_says_what_would_tell_more(healthy, detector):
    page = text_of(render_photos([healthy], detector.bundle))
    say = words("en")
    assert f">{say('report.answer_none')}<" in page
    assert 'class="ghost"' not in page
    assert say("report.more_views") in page
    assert say("report.regions") not in page


def test_drawings_only_hold_no_picture(detector, twin):
    entry = look_at(detector, detector.detect(twin, source="x"), twin, "1", photos=False)
    page = render_photos([entry], detector.bundle, photos=False)
    assert "data:image" not in page
    assert page.count('class="ghost"') == 1
    assert len(re.findall(r'<path stroke-width="1\.1" d="M', page)) == 4
    assert words("en")("report.privacy_drawings") in text_of(page)


def test_the_prevalence_moves_the_thresholds_with_the_probability(palsy, detector):
    rare = dataclasses.replace(palsy.finding, prevalence=0.02)
    row = photo_rows.probability_row(rare, detector.bundle, words("en"))
    odds = 0.02 / 0.98
    even = detector.bundle.card.threshold
    expected = odds * even / (1 - even) / (1 + odds * even / (1 - even))
    assert row["threshold"] == pytest.approx(100 * expected, abs=0.05)
    assert (row["at"] >= row["threshold"]) == (sigmoid(rare.logit) >= even)


def test_a_side_that_noise_leaves_open_is_not_named(palsy, detector):
    say = words("en")
    open_ = dataclasses.replace(palsy.finding, side_probability=0.6)
    page = text_of(render_photos([dataclasses.replace(palsy, finding=open_)], detector.bundle))
    assert f">{say('report.answer_palsy')}<" in page
    assert "cannot be told" in page


def test_uncertain_is_said_in_words(palsy, detector):
    entry = dataclasses.replace(palsy, finding=dataclasses.replace(palsy.finding, uncertain=True))
    page = text_of(render_photos([entry], detector.bundle))
    assert words("en")("report.uncertain_palsy") in page
    assert "not to be relied on" in page


def test_gaps_are_named(detector, astronaut):
    wall = np.full((200, 300, 3), 90, np.uint8)
    small = np.ascontiguousarray(astronaut[::6, ::6])
    two = np.hstack([astronaut, astronaut])
    entries = [
        look_at(detector, detector.detect(picture, source="x"), picture, f"Foto {n}", language="de")
        for n, picture in enumerate((wall, small, two), 1)
    ]
    broken = Finding("x", "error", detector.model, reasons=("not a picture <of> a kind",))
    page = render_photos([*entries, Entry("Foto 4", broken)], detector.bundle, language="de")
    say = words("de")
    assert page.count(say("report.not_judged")) == 3
    assert page.count(say("report.not_read")) == 1
    assert page.count(html.escape(say("report.gap"))) == 4
    for reason in ("kein Gesicht", "Gesicht zu klein", "mehrere Gesichter", "not a picture &lt;of&gt; a kind"):
        assert reason in page
    assert say("report.not_shown") in page
    assert page.count("data:image/jpeg") == 1  # without a face, or with several, the photo is not shown
    assert "<table" not in page


def test_a_bundle_without_ranges_of_lengths_side_or_regions(detector, landmarker, astronaut):
    bundle = Bundle.load()
    names = bundle.card.reference["names"][:29]
    quantiles = {level: row[:29] for level, row in bundle.card.reference["quantiles"].items()}
    bundle.card = dataclasses.replace(
        bundle.card, reference={"n": 3, "of": "x", "names": names, "quantiles": quantiles}
    )
    bare = Detector(bundle, landmarker)
    finding = bare.detect(astronaut, source="x")
    entry = look_at(bare, finding, astronaut, "1")
    page = text_of(render_photos([entry], bundle))
    say = words("en")
    assert say("report.no_reference") in page
    assert say("explain.no_ranges") in page
    nothing = dataclasses.replace(finding, label="palsy", side=None, side_probability=None, regions=None)
    page = text_of(render_photos([dataclasses.replace(entry, finding=nothing)], bundle))
    assert say("report.no_side") in page


def test_what_cannot_be_explained_says_so(palsy, detector):
    entry = dataclasses.replace(palsy, explanation=None, unexplained="the label reads <pictures>")
    page = render_photos([entry], detector.bundle)
    assert "the label reads &lt;pictures&gt;" in page
    assert "Shapley" not in page


def test_a_symmetric_measure_is_never_called_outside_for_being_symmetric(healthy, detector):
    rows = photo_rows.measure_rows(healthy.finding, detector.bundle, healthy.explanation, words("en"))
    assert len(rows) == 29
    even = np.ones(29)
    finding = dataclasses.replace(healthy.finding, measures=even)
    named = {row["name"]: row for row in photo_rows.measure_rows(finding, detector.bundle, None, words("en"))}
    for entry in MEASURES:
        if entry.symmetric["oo-2025"] == 1:
            assert named[words("en")(f"report.measure_name.{entry.name}")]["bar"].reading != "outside"


def test_rows_of_measures_come_by_their_pull(palsy, detector):
    rows = photo_rows.measure_rows(palsy.finding, detector.bundle, palsy.explanation, words("en"))
    lengths = [abs(row["pull"]["to"]) for row in rows]
    assert lengths == sorted(lengths, reverse=True)
    strongest = max(palsy.explanation.shares["measures"].items(), key=lambda one: abs(one[1]))[0]
    assert rows[0]["name"] == words("en")(f"report.measure_name.{strongest}")


def test_the_healthy_difference_is_drawn_on_the_side_it_lies(palsy):
    """The mouth corner is higher on the subject's right: the mark lies to image left."""
    rows = {row["name"]: row for row in photo_rows.length_rows(palsy.finding, words("en"))}
    row = rows[words("en")("report.length_name.oral_commissure_height")]
    assert palsy.finding.numbers["millimetres"]["oral_commissure_height_difference"].value > 0
    assert row["bar"].at < 33
    assert row["bar"].reading == "outside"
    assert row["difference"].startswith("+")


def test_a_forced_finding_says_why_it_was_unfit_in_german(detector, astronaut):
    forced = Detector(detector.bundle, detector.landmarker, Limits(interocular_px=1e3), force=True)
    found = forced.detect(astronaut)
    assert found.forced
    page = render_photos([look_at(forced, found, astronaut, "Foto 1", language="de")], detector.bundle, language="de")
    assert page.count("Gesicht zu klein: 43 px zwischen den Augen, 1000 sind nötig") == 2  # above, and explained
    assert "face too small" not in page


def test_the_card_that_ships_has_words_in_german():
    card, say = Bundle.load().card, words("de")
    for text in (card.trained_on["description"], card.threshold_basis, card.reference["of"]):
        assert translated(str(text), say) != text


def test_figures_of_another_card_stay_as_they_are_and_simulated_ones_are_called_so():
    bundle, say = Bundle.load(), words("de")
    results = {"AUC (simulated)": "0.9, <n 3>", "sensitivity": "0.5"}
    bundle.card = dataclasses.replace(bundle.card, results=results)
    lines = dict(card_lines(bundle, say))
    assert (
        lines[say("report.figures")] == f"{say('report.auc')} (simuliert): 0.9, <n 3>, {say('report.sensitivity')}: 0.5"
    )
    bundle.card = dataclasses.replace(bundle.card, results={})
    assert say("report.figures") not in dict(card_lines(bundle, say))


def test_likelihood_ratios_and_shares_are_no_surer_than_the_model():
    say = words("en")
    assert [photo_rows.share_text(p, say) for p in (0.0001, 0.5, 0.9999)] == ["< 1 %", "50 %", "> 99 %"]
    assert [photo_rows.ratio_text(r, say) for r in (0.001, 0.06, 2.21, 12.3, 1e9)] == [
        "< 0.01", "0.06", "2.2", "12", "> 100"]  # fmt: skip


def test_without_a_browser_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pdf, "_MAC", ())
    with pytest.raises(FacialisError, match="open it in your browser and print it"):
        pdf.write_pdf(tmp_path / "x.pdf", "<p>x</p>")
    monkeypatch.setenv(pdf.VARIABLE, "no-such-browser")
    with pytest.raises(FacialisError, match="FACIALIS_BROWSER=no-such-browser: no such program"):
        pdf.find_browser()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("script", "message"), [("exit 0", "made no PDF"), ("sleep 60", "did not print within")])
def test_a_browser_that_fails_or_hangs_leaves_nothing(monkeypatch, tmp_path, script, message):
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv(pdf.VARIABLE, str(program))
    monkeypatch.setattr(pdf, "SECONDS", 1.0)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FacialisError, match=message):
        pdf.write_pdf(out / "x.pdf", "<p>x</p>")
    assert list(out.iterdir()) == []
