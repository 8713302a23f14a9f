"""Excursions of photo sets and the clinicians' scales as ranges, on simulated sets whose palsy is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.grade_tables import MOVES, NEVER_SEEN
from facialis.detection.grades import ENDS, SCALES, grade_ranges
from facialis.detection.photo_set_excursions import NO_REST, NO_VIEW, set_excursions
from facialis.faces.geometry import mirror
from facialis.faces.landmarks import Face
from facialis.modalities.views import TOLD

VIEWS = list(TOLD)


@pytest.fixture(scope="module")
def sets():
    """Photo sets of 24 simulated patients and 24 healthy people: their table and faces by view."""
    faces = simulate_faces(24, 24, len(VIEWS), 31, movement=",".join(VIEWS), clinic=PHOTO_SETS)
    n = len(VIEWS)
    people = [
        {
            view: Face(faces.landmarks[at + k], np.zeros(52, np.float32), faces.transforms[at + k], (0, 0), "")
            for k, view in enumerate(VIEWS)
        }
        for at in range(0, len(faces.landmarks), n)
    ]
    return faces.frames.iloc[::n].reset_index(drop=True), people


@pytest.fixture(scope="module")
def bundle():
    return Bundle.load()


def made_of(people, bundle, side=None, without=()):
    return grade_ranges(set_excursions({v: f for v, f in people.items() if v not in without}, bundle), side, 0.99)


def test_severe_palsies_and_healthy_people_lie_apart_on_every_scale(sets, bundle):
    table, people = sets
    worst = {"sunnybrook": -1, "eface": -1, "house_brackmann": 1}
    ranges = [made_of(p, bundle, side or None) for p, side in zip(people, table["weak_side"], strict=True)]
    healthy, severe = (table["group"] == "healthy").to_numpy(), (table["severity"] > 0.7).to_numpy()
    for name in SCALES:
        middle = worst[name] * np.array([np.mean(made[name]["range"]) for made in ranges])
        assert np.median(middle[severe]) > middle[healthy].max()
        if name == "house_brackmann":
            reached = [made[name]["range"][0] == 1 for made in ranges]
        else:
            reached = [made[name]["range"][1] > 88 for made in ranges]
        assert np.mean(np.array(reached)[healthy]) > 0.9


def test_never_a_number_alone_and_never_beyond_the_scale(sets, bundle):
    for person in sets[1]:
        for name, scale in made_of(person, bundle).items():
            low, high = scale["range"]
            assert ENDS[name][0] <= low < high <= ENDS[name][1]
            assert scale["experimental"]
            assert scale["doctors"]["half_width"] > 0
            assert scale["doctors"]["source"]


def test_a_missing_view_widens_the_range_and_is_named(sets, bundle):
    person = sets[1][0]
    whole, part = made_of(person, bundle), made_of(person, bundle, without=("large_smile",))
    for name in SCALES:
        (low, high), (lower, higher) = whole[name]["range"], part[name]["range"]
        assert higher - lower > high - low
        assert lower <= low + 2  # draws differ a little
        assert higher >= high - 2
        assert "large_smile" in part[name]["open_views"]
        assert "large_smile" not in whole[name]["open_views"]


def test_without_rest_or_any_photo_everything_is_open(sets, bundle):
    person = sets[1][0]
    excursions = set_excursions({v: f for v, f in person.items() if v != "rest"}, bundle)
    assert {row["note"] for row in excursions["views"]} == {NO_REST}
    assert {row["note"] for row in set_excursions({}, bundle)["views"]} == {NO_VIEW}
    for made in (grade_ranges(excursions), grade_ranges(set_excursions({}, bundle))):
        assert {name: tuple(scale["range"]) for name, scale in made.items()} == ENDS
    assert all(scale["open_views"] == ["rest"] for scale in grade_ranges(excursions).values())


def test_what_landmarks_cannot_tell_keeps_its_whole_range(sets, bundle):
    made = made_of(sets[1][0], bundle)
    assert "nose_wrinkle" not in MOVES
    items = {item["item"]: item for scale in made.values() for item in scale["items"]}
    for name in NEVER_SEEN:
        assert (items[name]["known"], items[name]["view"]) == (False, None)
        assert items[name]["range"] == ([0, 2] if name == "rest_cheek" else [0, 100])
    assert items["snarl_symmetry"]["range"] == [1, 5]


def test_a_mirrored_set_changes_sides(sets, bundle):
    person = sets[1][int(np.argmax(sets[0]["severity"]))]
    flip = np.diag([-1.0, 1.0, 1.0, 1.0]).astype(np.float32)
    turned = {
        view: Face(mirror(f.landmarks, 1000.0).astype(np.float32), f.blendshapes, flip @ f.transform @ flip, f.size, "")
        for view, f in person.items()
    }
    here, there = set_excursions(person, bundle), set_excursions(turned, bundle)
    for one, other in zip(here["views"], there["views"], strict=True):
        a, b = one["excursion_mm"], other["excursion_mm"]
        assert a["subject_right"]["value"] == pytest.approx(b["subject_left"]["value"], abs=0.01)
        assert a["subject_left"]["value"] == pytest.approx(b["subject_right"]["value"], abs=0.01)


def test_excursions_are_those_of_the_healthy_band(sets, bundle):
    table, people = sets
    healthy = np.flatnonzero(table["group"] == "healthy")
    inside = []
    for k in healthy:
        for row in set_excursions(people[k], bundle)["views"]:
            low, high = row["healthy_excursion_mm"]
            inside.append(low <= max(number["value"] for number in row["excursion_mm"].values()) <= high)
    assert np.mean(inside) > 0.85


def test_the_same_set_gives_the_same_ranges_json_ready(sets, bundle):
    one, again = made_of(sets[1][0], bundle), made_of(sets[1][0], bundle)
    assert one == again
    assert json.loads(json.dumps(one, allow_nan=False)) == one
