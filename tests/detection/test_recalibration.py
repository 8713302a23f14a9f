"""Thresholds and ranges of local healthy people, and what their number supports."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.detection.bundle import Bundle
from facialis.detection.recalibration import FEWEST, as_people, exact_interval, recalibrate
from facialis.errors import FacialisError


@pytest.fixture(scope="module")
def people(detector, astronaut):
    finding = detector.detect(astronaut)
    odds = np.linspace(-2, 2, 41)
    return {f"person {k}": [dataclasses.replace(finding, logit=float(logit))] for k, logit in enumerate(odds)}


def test_the_threshold_is_local_peoples_quantile(people):
    bundle = Bundle.load()
    card = recalibrate(bundle, people, 0.9)
    logit = np.log(card.threshold / (1 - card.threshold))
    share = np.mean([findings[0].logit < logit for findings in people.values()])
    assert 0.88 <= share <= 0.95
    assert card.uncertain[0] < card.threshold < card.uncertain[1]
    assert "41 local healthy people" in card.threshold_basis
    assert "exact interval" in card.threshold_basis
    assert card.reference["n"] == 41
    assert bundle.hash[:12] in card.program
    stricter = recalibrate(bundle, people, 0.95)
    assert stricter.threshold > card.threshold


def test_people_count_and_not_their_photos(people, detector, astronaut):
    many = [("one person", detector.detect(astronaut))] * 50
    with pytest.raises(FacialisError, match=f"1 healthy people .* {FEWEST} or more"):
        recalibrate(Bundle.load(), as_people(many))
    with pytest.raises(FacialisError, match="expected a share"):
        recalibrate(Bundle.load(), people, 1.0)


def test_exact_intervals():
    assert exact_interval(0, 10)[0] == 0.0
    assert exact_interval(90, 100) == pytest.approx((0.824, 0.951), abs=1e-3)  # Clopper and Pearson's own method


def test_the_command_makes_a_whole_bundle(astronaut, tmp_path):
    folder = tmp_path / "healthy"
    folder.mkdir()
    for k in range(FEWEST):
        shifted = np.roll(astronaut, divmod(k, 5), axis=(0, 1))
        Image.fromarray(shifted).save(folder / f"secret-name-{k}.bmp")  # quick to write and to read
    (folder / "copy.bmp").write_bytes((folder / "secret-name-0.bmp").read_bytes())
    out = tmp_path / "local.bundle"
    done = CliRunner().invoke(app, ["recalibrate", "--healthy", str(folder), "-o", str(out), "--one-photo-each"])
    assert done.exit_code == 0, done.output
    assert "1 photos are byte for byte another one" in done.output
    assert f"of {FEWEST} local healthy people" in Bundle.load(out).card.threshold_basis
    assert Bundle.load(out).card.threshold != Bundle.load().card.threshold
    assert "secret-name" not in (out / "card.json").read_text()
    again = CliRunner().invoke(app, ["recalibrate", "--healthy", str(folder), "-o", str(out)])
    assert again.exit_code == 2
    assert "holds a bundle already" in again.output
    assert CliRunner().invoke(app, ["bundle", "verify", str(out)]).output.startswith("whole: geometric@")
    (out / "model.onnx").write_bytes(b"x")
    broken = CliRunner().invoke(app, ["bundle", "verify", str(out)])
    assert broken.exit_code == 2
    assert "was changed" in broken.output


@pytest.mark.parametrize(
    ("photos", "said"),
    [
        (("a.png", "b.png", "ann/rest.png"), "2 photos lie in it without a folder of their person"),
        (("healthy/ann/rest.png", "Patient/ben/rest.png"), "holds Patient, healthy, groups and no people"),
    ],
)
def test_a_folder_that_does_not_say_who_is_who_is_refused(tmp_path, photos, said):
    folder = tmp_path / "people"
    for name in photos:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(folder / name)
    out = tmp_path / "local.bundle"
    done = CliRunner().invoke(app, ["recalibrate", "--healthy", str(folder), "-o", str(out)])
    assert done.exit_code == 2
    assert said in done.output
    assert not out.exists()


def test_the_card_names_both_sides_palsy_as_out_of_scope_first():
    shown = CliRunner().invoke(app, ["bundle", "show"]).output
    assert "not a medical device" in shown
    scope = shown[shown.index("## Out of scope") :]
    assert scope.splitlines()[2].startswith("- Palsy of both sides")
    as_json = CliRunner().invoke(app, ["bundle", "show", "--format", "json"]).output
    assert '"out_of_scope"' in as_json
