"""facialis explain: what it prints, what it refuses, and its audit's page."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.photo_twin import palsy_twin


@pytest.fixture(scope="module")
def photos(tmp_path_factory, astronaut, astronaut_face):
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")).save(folder / "a.png")
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(folder / "b wall.png")
    (folder / "c.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    (folder / "d.mp4").write_bytes(b"nothing")
    return folder


def run(*words):
    return CliRunner().invoke(app, ["explain", *map(str, words)])


def test_a_photo_in_words_and_bars(photos):
    found = run(photos / "a.png")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    for part in (
        "a.png: palsy",
        "tilt, mouth corners",
        "Mouth corner on the subject's left",
        "The model would say no palsy after this correction: mouth",
        "not a medical device",
        "no diagnosis and names no cause",
    ):
        assert part in text
    assert "│█" in found.output


def test_german(photos):
    found = run(photos / "a.png", "--language", "de")
    assert found.exit_code == 0, found.output
    assert "Neigung, Mundwinkel" in found.output
    assert re.search(r"Mundwinkel links \(der Person\): \d,\d mm tiefer", found.output)
    assert "kein Medizinprodukt" in found.output


def test_several_photos_are_one_object_a_line_and_an_unreadable_one_is_an_error(photos):
    found = run(*sorted(photos.iterdir()), "--format", "json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.exit_code == 1
    assert [row["status"] for row in rows] == ["judged", "abstained", "error", "error"]
    assert [row["explained"] for row in rows] == [True, False, False, False]
    shares = rows[0]["shares"]
    for kind in ("regions", "branches", "measures"):
        assert sum(shares[kind].values()) == pytest.approx(rows[0]["logit"] - rows[0]["reference_logit"], abs=1e-3)
    assert "nothing to explain: no face" in rows[1]["reason"]
    assert "a video is not explained" in rows[3]["reason"]


def test_out_and_a_photo_that_cannot_be_judged(photos, tmp_path):
    found = run(photos / "b wall.png", "--out", tmp_path / "said.txt")
    assert (found.exit_code, found.stdout) == (0, "")
    assert (tmp_path / "said.txt").read_text().endswith("was not judged, so there is nothing to explain: no face\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "give photos, or a cohort by --audit"),
        (["x.png", "--language", "fr"], "'fr': expected one of de, en"),
        (["x.png", "--report", "r.html"], "--report goes with --audit"),
        (["x.png", "--format", "csv"], "explanations are table or json"),
        (["--audit", "nowhere"], "nowhere: no cohort there"),
    ],
)
def test_calls_that_are_wrong(words, line):
    found = run(*words)
    assert found.exit_code == 2
    assert line in " ".join(re.sub("[│╭╮╰╯─]", " ", found.output).split())


def test_an_audit_prints_figures_and_writes_a_page(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "facialis.studies.shuffled_labels", None)  # as without the extra
    simulate_cohort(tmp_path / "c", 8, 8, 2, seed=1)
    found = run("--audit", tmp_path / "c", "--report", tmp_path / "page.html")
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    assert "not run: shuffled labels: training needs the extra" in text
    assert "32 simulated faces of 16 simulated subjects" in text
    assert re.search(r"random \(control\) │ random weights +│ +1.000 .* failed", text)
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/svg+xml") == 2
    assert "All faces here are <strong>simulated</strong>" in page
    assert "not a medical device" in page
    assert "http" not in page.replace("http-equiv", "")
    for method in ("shapley", "one at a time", "gradient", "distance (control)", "random (control)"):
        assert f"<strong>{method}</strong>" in page


@pytest.mark.train
def test_nets_of_true_and_of_shuffled_labels(tmp_path, monkeypatch):
    from facialis.detection.bundle import Bundle
    from facialis.studies import shuffled_labels

    monkeypatch.setattr(shuffled_labels, "EPOCHS", 20)
    cohort = simulate_cohort(tmp_path / "c", 30, 30, 2, seed=2)
    measures, labels = np.asarray(cohort.array("measures")), cohort.frames["label"].to_numpy()
    [(true, false)] = shuffled_labels.trained_pairs(measures, labels, seeds=(0,))
    gaps = []
    for graph in (true, false):
        logits = Bundle(Bundle.load().card, graph, "x").logits(measures)
        odds = logits[:, 1] - logits[:, 0]
        gaps.append(odds[labels == 1].mean() - odds[labels == 0].mean())
    assert gaps[0] > 1
    assert abs(gaps[1]) < gaps[0] / 2
