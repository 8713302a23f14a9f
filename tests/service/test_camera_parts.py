"""The camera's parts without a camera: hints, holds, outlines, the order of a visit."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facialis.detection.finding import Finding
from facialis.detection.video_reading import VideoReading
from facialis.faces.mesh import canonical_face
from facialis.modalities.views import VIEWS
from facialis.reports.events import EVENT_COLUMNS, event_rows
from facialis.service.site import site_files
from tests.browsers import node, node_with

WEB = Path(__file__).parents[1] / "web"
FIT = {
    "interocular_px": 80.0, "yaw": 1.0, "pitch": -5.0, "roll": 0.0, "sharpness": 0.01, "brightness": 120.0,
    "contrast": 40.0, "outside": 0.0, "eyes": 0.9, "mouth": 0.9, "likeness": 1.2, "lenses": 0.0, "eye_range": 1.0,
    "lip_redness": 0.1, "lip_steps": 1.0, "mouth_range": 0.8,
}  # fmt: skip


def number(value: float) -> dict[str, Any]:
    return {"value": value, "error": 0.5, "unit": "mm", "reference": None, "percentile": None}


EVENT: dict[str, Any] = {
    "movement": "large_smile", "by": "found", "name_probability": 0.9, "start": 1.0, "end": 2.0, "apex": 1.5,
    "frame": 45, "seen": 1.0, "excursion_mm": {"subject_right": number(8.0), "subject_left": number(2.0)},
    "ratio": number(0.25), "moves_less": "subject_left", "top_speed_mm_s": None, "lag_s": None, "eye_narrowing": None,
    "commissure_shift_mm": None, "eye_opening_mm": None, "synkinesis_sign": False, "note": 'a "note", with a comma',
}  # fmt: skip


@pytest.fixture(scope="module")
def said(detector, tmp_path_factory) -> dict[str, Any]:
    node_with()
    facts = json.loads(bytes(site_files(detector.bundle)["page/facts.json"].content))
    face = canonical_face() * np.array([12.0, -12.0, -12.0]) + np.array([320.0, 240.0, 0.0])
    given = {
        "contours": facts["contours"], "limits": facts["limits"], "regions": facts["region_landmarks"],
        "views": facts["views"], "face": face.tolist(), "fit": FIT, "event": EVENT,
    }  # fmt: skip
    file = tmp_path_factory.mktemp("parts") / "facts.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    page = str(files("facialis.service").joinpath("page"))
    done = subprocess.run(
        [node(), str(WEB / "camera_parts.mjs"), page, str(file)],
        capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_hints_say_what_to_do_and_where_to_turn(said):
    assert said["hints"] == {
        "fit": "", "left": "turn_left", "right": "turn_right", "up": "chin_up", "down": "chin_down",
        "anticlockwise": "tilt_left", "clockwise": "tilt_right", "dark": "dark", "bright": "bright", "flat": "flat",
        "cut": "cut", "small": "closer", "full": "", "hidden": "hidden", "mask": "hidden", "blurred": "blurred",
        "below": "head_back", "back": "", "several": ["several"], "none": ["no_face"],
    }  # fmt: skip


def test_a_yaw_to_the_subjects_left_is_undone_by_turning_right(said):
    """The nose at image right (yaw above 0) is turned to the subject's left: see `faces.geometry.head_pose`."""
    assert (said["hints"]["right"], said["hints"]["left"]) == ("turn_right", "turn_left")


def test_a_face_at_rest_shows_no_smile_and_no_open_mouth(said):
    """Interocular distance of the face: 75.6 px."""
    assert said["mouth"] == [[], ["close_lips"], ["relax_mouth"], [], []]


def test_an_engine_that_comes_late_holds_what_it_is_given(said):
    late = said["late"]
    assert late["before"] == [False, 0, "AbortError"]
    assert late["after"] == ["judged", True, True, 1]
    assert (late["refused"], late["failed"]) == (501, True)
    assert late["told"] == {"held": 1, "seen": 0, "failed": 0}  # a camera's frames are not even drawn


def test_an_outline_tells_where_to_move(said):
    wanted = ["", "match_left", "match_right", "match_up", "match_down", "match_closer", "match_back"]
    assert said["framed"] == wanted


def test_an_outline_that_is_none_is_refused(said):
    assert said["outline"] == [True, False, False, False, False]


def test_an_outline_fits_another_frames_height_about_its_middle(said):
    face = canonical_face() * np.array([12.0, -12.0, -12.0]) + np.array([320.0, 240.0, 0.0])
    middle = face[[*range(468, 478)], :2].mean(axis=0)
    assert said["placed"]["centre"] == pytest.approx([200 + (middle[0] - 320) / 2, middle[1] / 2], abs=0.1)


def test_only_a_fit_face_that_is_held_is_taken(said):
    held = said["held"]
    assert held["still"] == [0, 0.5, 1]
    assert max(held["drift"]) < 1
    assert held["expression"] == [0, 0, 0.6]
    assert held["unfit"] == [0, 0, 0]
    assert held["gap"] == [0, 0]


def test_a_movement_is_waited_for_but_not_for_ever(said):
    assert said["expressed"] == [False, True, False, True, True]


def test_a_visit_skips_and_comes_back(said):
    assert set(said["views"]) == set(VIEWS)
    first, _, third, *_, last = said["views"]
    walk = [third, True, False, "taken", "skipped", "open", last, 1, third, first, 0, True]
    assert said["walk"] == walk


def test_movements_as_csv_are_the_command_lines(said):
    reading = VideoReading(1, 1.0, 1, (), (), 0.0, (), None, (EVENT,))
    finding = Finding("x.mp4", "judged", "m", logit=0.0, video=reading)
    (own,) = event_rows(finding)
    (row,) = csv.DictReader(io.StringIO(said["csv"]))
    assert list(row) == [name for name in EVENT_COLUMNS if name != "face"]
    assert row.pop("source") == "'=evil.mp4"  # no formula
    for name, value in row.items():
        assert value == ("" if own[name] is None else str(own[name])) or float(value) == own[name]
