"""Thresholds of photo sets set on local healthy people: simulated clinics whose faces are not those of the built-in."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.cohorts.simulated.variety import vary
from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.detection.photo_set import judge_set, photos_log_odds
from facialis.detection.recalibration import FEWEST, exact_interval
from facialis.detection.set_recalibration import set_thresholds
from facialis.faces.landmarks import Face
from facialis.modalities.photo_sets import SetModel, counted, score, thresholds
from facialis.modalities.views import TOLD

VIEWS = tuple(TOLD)


@pytest.fixture(scope="module")
def bundle():
    return Bundle.load()


@pytest.fixture(scope="module")
def clinic(bundle):
    """Photos of 80 simulated healthy people, whose faces are bent further from symmetry than those of the built-in."""
    made = simulate_faces(1, 80, len(VIEWS), 91, movement=",".join(VIEWS), clinic=PHOTO_SETS)
    rows = np.flatnonzero((made.frames["group"] == "healthy").to_numpy())
    landmarks = made.landmarks[rows]
    for seed in range(5):
        landmarks = vary(landmarks, seed, together=len(VIEWS)).astype(np.float32)
    said = bundle.answers(landmarks=landmarks, transform=made.transforms[rows])
    people = {}
    for k in range(80):
        photos = []
        for v, view in enumerate(VIEWS):
            at = k * len(VIEWS) + v
            face = Face(landmarks[at], np.zeros(52, np.float32), made.transforms[rows[at]], (512, 512), "simulated")
            answers = {name: values[at] for name, values in said.items()}
            finding = Finding("p", "judged", "m", prevalence=0.5, face=face, answers=answers, logit=0.0,
                              logit_error=0.1)  # fmt: skip
            photos.append((f"{k}-{view}.png", view, finding))
        people[f"person {k}"] = photos
    return people


def with_local(bundle, local):
    card = dataclasses.replace(bundle.card, photo_set={**bundle.card.photo_set, "local": local._asdict()})
    return Bundle(card, bundle.graph, bundle.hash)


def specificity(bundle, people, views):
    low = []
    for photos in people.values():
        odds, present = photos_log_odds([photo for photo in photos if photo[1] in views], bundle)
        low.append(odds < thresholds(bundle.photo_set, counted(bundle.photo_set, present).healthy)[1])
    return float(np.mean(low))


def test_the_score_is_zero_at_the_median_and_one_at_the_built_in_threshold(bundle):
    healthy = counted(bundle.photo_set, ["rest", "large_smile"]).healthy
    assert score(float(np.median(healthy)), healthy) == pytest.approx(0, abs=1e-9)
    assert score(thresholds(bundle.photo_set, healthy)[1], healthy) == pytest.approx(1, abs=1e-9)


def test_half_of_a_clinic_sets_the_specificity_of_the_other_half_and_of_other_views(bundle, clinic):
    names = list(clinic)
    one, other = ({name: clinic[name] for name in part} for part in (names[:40], names[40:]))
    found = set_thresholds(bundle, one)
    assert found.local is not None
    assert found.local.n == 40
    assert "40 local healthy people" in found.said
    assert "exact interval" in found.said
    moved = with_local(bundle, found.local)
    assert specificity(bundle, clinic, VIEWS) < 0.8  # simulated faces bent further: the built-in threshold is off
    least, most = exact_interval(36, 40)
    for views in (VIEWS, ("rest", "large_smile", "tight_closure")):
        assert least <= specificity(moved, other, views) <= most
    assert set_thresholds(bundle, one, 0.95).local.scores[1] > found.local.scores[1]


def test_judging_a_set_uses_the_local_thresholds_and_leaves_the_probability(detector, bundle, clinic):
    photos = clinic["person 0"]
    odds, present = photos_log_odds(photos, bundle)
    at = score(odds, counted(bundle.photo_set, present).healthy)
    local = set_thresholds(bundle, clinic).local
    for scores, label in (((at - 3, at - 2, at - 1), "palsy"), ((at + 1, at + 2, at + 3), "no palsy")):
        moved = with_local(bundle, local._replace(scores=scores))
        detector_there = type(detector)(moved, detector.landmarker)
        row = judge_set(photos, detector_there)
        assert (row["label"], row["uncertain"]) == (label, False)
        assert row["probability"] == judge_set(photos, type(detector)(bundle, detector.landmarker))["probability"]


def test_too_few_people_or_views_leave_it_as_it_is_and_say_so(bundle, clinic):
    few = {name: clinic[name] for name in list(clinic)[: FEWEST - 1]}
    found = set_thresholds(bundle, few)
    assert found.local is None
    assert f"{FEWEST - 1} healthy people" in found.said
    assert "left as they were" in found.said
    single = {name: photos[:1] for name, photos in clinic.items()}
    assert set_thresholds(bundle, single).said.startswith("0 healthy people")


def test_the_card_holds_them(bundle, clinic):
    local = set_thresholds(bundle, clinic).local
    model = with_local(bundle, local).photo_set
    assert model.local == local
    assert SetModel.from_dict(model.as_dict()).local == local
    assert SetModel.from_dict(bundle.photo_set.as_dict()).local is None


def test_the_command_sets_both(astronaut, tmp_path):
    folder = tmp_path / "healthy"
    for k in range(FEWEST):
        (folder / f"person-{k}").mkdir(parents=True)
        for n, view in enumerate(("rest", "large_smile")):
            shifted = np.roll(astronaut, (k // 5, k % 5 + 5 * n), axis=(0, 1))[:400, :400]  # no two are alike
            Image.fromarray(shifted).save(folder / f"person-{k}" / f"{view}.bmp")  # quick to write and to read
    out = tmp_path / "local.bundle"
    done = CliRunner().invoke(app, ["recalibrate", "--healthy", str(folder), "-o", str(out)])
    assert done.exit_code == 0, done.output
    made = Bundle.load(out)
    assert made.photo_set.local.n == FEWEST
    assert "photo sets: the score below which 90% of 20 local" in " ".join(done.output.split())
    shown = CliRunner().invoke(app, ["bundle", "show", str(out)]).output
    assert "20 local healthy people's sets" in " ".join(shown.split())
