"""The page of a running service, used as a person would in a real browser: by mouse, by keys, in both languages."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.service.policy import page_policy
from facialis.service.runtimes import MODULES as MODULES_VARIABLE
from facialis.service.settings import Settings
from facialis.service.site import facts as site_facts
from facialis.words import words
from tests.browsers import MODULES, ROOT, browser, node
from tests.service.conftest import serving

SCRIPT = Path(__file__).parents[1] / "web" / "page.mjs"
TOKEN = "only-for-this-test-0123"
MODULES_USED = ("axe-core", "@mediapipe/tasks-vision", "onnxruntime-web")


@pytest.fixture(scope="module")
def photos(astronaut, astronaut_face, tmp_path_factory) -> Path:
    """Photos, simulated palsies, and files that are none."""
    browser(*MODULES_USED)  # nothing is made where nothing can be looked at
    folder = tmp_path_factory.mktemp("photos")
    twins = {"palsy": (1.0, "subject_left"), "mild": (0.5, "subject_right"), "open": (0.56, "subject_left")}
    pictures = {name: palsy_twin(astronaut, astronaut_face, *kind) for name, kind in twins.items()}
    pictures |= {"healthy": astronaut, "small": astronaut[::6, ::6], "wall": np.full((90, 120, 3), 90, np.uint8)}
    pictures["two"] = np.concatenate([astronaut, pictures["palsy"]], axis=1)
    for name, picture in pictures.items():
        Image.fromarray(np.ascontiguousarray(picture)).save(folder / f"{name}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    (folder / "empty.jpg").write_bytes(b"")
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(Settings().photo_bytes + 1)
    upright = Image.fromarray(astronaut)
    upright.save(folder / "plain.jpg", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    upright.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", quality=95, exif=exif)
    return folder


@pytest.fixture(scope="module")
def seen(service, photos, tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("page")
    task = {"browser": str(browser(*MODULES_USED)), "sandbox": not ROOT, "url": f"{service.url}/", "token": TOKEN}
    task |= {"photos": str(photos), "shots": os.environ.get("FACIALIS_SHOTS")}  # a folder to keep what was seen in
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODULES_VARIABLE, str(MODULES))  # this service lets the browser judge, and asks for a token
        with serving(folder, "--workers", "1", token=TOKEN) as guarded:
            (folder / "task.json").write_text(json.dumps(task | {"guarded": f"{guarded.url}/"}), encoding="utf-8")
            done = subprocess.run(
                [node(), str(SCRIPT), str(folder / "task.json")],
                capture_output=True, text=True, encoding="utf-8", timeout=240,
            )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def findings(detector, photos) -> dict[str, Any]:
    from facialis.faces.images import read_picture

    return {path.name: detector.detect(read_picture(path)) for path in photos.iterdir() if path.stem in GOOD}


GOOD = ("palsy", "mild", "healthy", "plain")


def test_every_step_could_be_taken(seen):
    assert seen["failed"] == {}


def test_the_first_view_is_small_and_says_what_it_is(seen):
    assert 10_000 < seen["first"]["bytes"] < 120_000
    assert "Research use; not a medical device." in seen["first"]["notice"]
    assert seen["first"]["policy"] == page_policy(header=False)


def test_the_page_shows_the_command_lines_number(seen, findings):
    found, own = seen["palsy"], findings["palsy.png"]
    assert found["probability"] == round(own.probability, 6)
    assert found["answer"] == "Signs of a facial palsy, subject's left"
    assert found["answer"] in found["said"]
    assert json.loads(found["json"]["text"])[0]["probability"] == round(own.probability, 6)
    assert seen["many"]["opened"]["probability"] == round(findings["healthy.png"].probability, 6)
    assert own.model.split("@")[1] in found["model"]


def test_sides_are_named_on_the_picture(seen):
    right, left = seen["palsy"]["sides"]
    assert right.startswith("◂ subject's right")
    assert left.startswith("subject's left ▸")
    assert "weaker side" in left
    assert "weaker side" not in right


def test_a_side_that_is_not_told_is_shown_nowhere(seen):
    found = seen["side"]
    assert any(text.startswith("Weaker side: cannot be told (subject's right 51") for text in found["told"])
    assert found["hatched"] == 0
    assert "weaker" not in " ".join([*found["sides"], *found["layers"], found["label"]]).lower()
    assert found["column"] == ["", "subject's left"]


def test_numbers_halves_and_explanation(seen, detector, findings):
    found = seen["palsy"]
    assert (found["first"], found["most"]) == (5, 24)
    assert len(found["lengths"]) == 9
    assert all(region in found["regions"][0] for region in ("brow", "eye", "nose and cheek", "mouth"))
    told = findings["palsy.png"].explain(detector.bundle)
    assert found["explained"] == list(told.sentences)
    assert found["ghost"] == 1
    as_seen, right, left, mirrored = found["halves"]
    assert max(right, left) <= 8  # each half and its mirror image
    assert min(as_seen, mirrored) > 50


def test_the_report_is_a_page_and_nothing_is_kept(seen):
    report = seen["palsy"]["report"]
    assert report["name"] == "facialis-report.html"  # no file's name
    assert report["text"].startswith("<!doctype html>")
    assert "Signs of a facial palsy" in report["text"]
    assert seen["palsy"]["kept"] == {"local": [], "session": [], "bases": 0, "cookies": ""}


def test_a_broken_photo_stops_no_other(seen, findings):
    found = seen["many"]
    names = ["palsy.png", "broken.jpg", "healthy.png", "empty.jpg", "small.png", "mild.png"]
    assert found["given"] == names
    assert found["answers"][0] == "Signs of a facial palsy"
    assert found["answers"][1] == found["answers"][3] == "Could not be read."
    assert found["answers"][2] == "No signs of a facial palsy"
    assert found["answers"][4] == "Not judged"
    assert found["reasons"][3].startswith("the file is empty")
    assert "face too small" in found["reasons"][4]
    assert "broken.jpg" not in found["broken"]
    assert "damaged or cut off" in found["broken"]
    judged = sorted((name for name in GOOD[:3]), key=lambda name: -findings[f"{name}.png"].probability)
    assert found["falling"][:3] == [f"{name}.png" for name in judged]
    assert found["rising"][-3:] == [f"{name}.png" for name in reversed(judged)]
    assert found["sorted"] == "ascending"
    assert "palsy.png" in found["palsies"]
    assert "healthy.png" not in found["palsies"]
    assert found["found"] == ["healthy.png"]


def test_a_row_opens_its_result_and_the_way_back_leads_to_it(seen):
    opened = seen["many"]["opened"]
    assert opened["name"] == opened["focus"] == "healthy.png"
    assert seen["many"]["back"] == "healthy.png"
    assert seen["many"]["travelled"] == {"there": True, "focus": "small.png", "results": 0}


def test_the_cards_lines_are_shown(seen, detector):
    lines = site_facts(detector.bundle)["card"]["en"]
    assert len(lines) >= 3
    assert seen["many"]["card"] == seen["many"]["cardBelow"] == lines


def test_the_csv_is_the_command_lines(seen, findings):
    from facialis.reports.tables import CSV_COLUMNS, findings_csv

    rows = list(csv.DictReader(io.StringIO(seen["many"]["csv"]["text"])))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["status"] for row in rows] == ["judged", "error", "judged", "error", "abstained", "judged"]
    own = next(csv.DictReader(io.StringIO(findings_csv([findings["palsy.png"]]))))
    for column in CSV_COLUMNS[4:]:
        same = rows[0][column] == own[column] or float(rows[0][column]) == float(own[column])
        assert same, (column, rows[0][column], own[column])


def test_cancelling_ends_the_requests_and_they_can_be_taken_up_again(seen, findings):
    found = seen["cancel"]
    assert found["states"] == ["Cancelled"] * 6
    assert found["left"] == 6
    assert found["rest"] == "Try the rest again (6)"
    assert found["again"][:2] == ["Signs of a facial palsy", "No signs of a facial palsy"]
    assert found["again"][5] == "Could not be read."
    assert found["gone"] == words("en")("page.app.error.gone")
    assert found["done"] == 0
    assert found["most"] == 3
    assert found["aborted"] == ["net::ERR_ABORTED"] * 3
    assert found["after"] == round(findings["palsy.png"].probability, 6)


def test_a_full_server_is_waited_for_and_a_silent_one_told_of(seen, findings):
    assert seen["busy"]["refused"] >= 3
    assert seen["busy"]["probability"] == round(findings["healthy.png"].probability, 6)
    assert "facialis serve" in seen["busy"]["offline"][0]
    assert seen["busy"]["unjudged"] == ["Not judged."]


def test_german_and_dark_are_remembered(seen):
    found = seen["language"]
    assert found["answer"] == "Zeichen einer Fazialisparese, links (der Person)"
    assert "kein Medizinprodukt" in found["notice"]
    assert found["english"] == []
    assert found["asked"] == "beforeunload"
    light, dark = found["colours"]
    assert light != dark
    assert found["again"] == ["de", dark]


def test_keys_alone_lead_to_a_result_and_through_it(seen, findings):
    found = seen["keyboard"]
    assert found["start"][0].startswith("a Skip")
    assert found["outline"] == "solid"
    assert found["before"] == round(findings["palsy.png"].probability, 6)
    assert found["after"] != found["before"]
    assert found["moved"] == "moved by hand: 1 point"
    assert "Correct landmarks" in found["left"]
    assert found["end"].startswith("body") or "Skip" in found["end"]


def test_a_dragged_landmark_changes_the_numbers_and_the_report_names_it(seen):
    found = seen["drag"]
    assert found["moved"] == "moved by hand: 1 point"
    assert found["changed"]
    assert found["marked"] > 2
    assert found["index"] == [61]
    assert words("en")("report.moved", n=1, points="61") in found["report"]
    share = found["share"].replace("> ", "&gt; ").replace("\N{NO-BREAK SPACE}", " ")
    assert f"Probability of palsy {share}" in found["report"].replace("\N{NO-BREAK SPACE}", " ")
    assert found["share"] not in seen["palsy"]["report"]["text"]
    assert found["undone"]
    assert found["reset"]


def test_an_unfit_photo_is_answered_with_advice_and_judged_when_asked(seen):
    found = seen["unfit"]
    assert "face too small" in found["reasons"][0]
    assert found["advice"] == [words("en")("page.app.advice.closer")]
    assert found["numbers"] == 0
    assert found["forced"].startswith("Judged although unfit")
    assert len(found["faces"]) == 2
    assert found["faces"][0] == "face 1: No signs of a facial palsy"
    limit = f"{Settings().photo_bytes / 2**20:.1f}"  # the file has one byte more
    assert words("en")("page.app.error.large", size=limit, limit=limit) in found["huge"]
    assert found["huge"].startswith("Not judged.")
    assert found["second"] == ["true", "Signs of a facial palsy, subject's left"]


def test_a_pasted_photo_where_palsy_is_rare(seen, findings):
    found = seen["rare"]
    rare = dataclasses.replace(findings["palsy.png"], prevalence=0.02)
    assert found["name"] == "pasted.png"
    assert found["probability"] == round(rare.probability, 6)
    assert found["answer"] == "Signs of a facial palsy, subject's left"  # the label does not move with the prevalence
    assert any("2.0\N{NO-BREAK SPACE}%" in text or "2.0 %" in text for text in found["said"])
    assert len(found["odds"]) == 1
    assert "2.0\N{NO-BREAK SPACE}%" in found["odds"][0] or "2.0 %" in found["odds"][0]
    first, near, right, again = ([float(part) for part in view.split()] for view in found["views"])
    assert near[2] < first[2] / 1.4
    assert right[0] > near[0]
    assert again == first


def test_pictures_are_shown_upright(seen):
    assert seen["upright"]["apart"] < 4
    assert seen["upright"]["sizes"][0] == seen["upright"]["sizes"][1]


def test_the_token_is_asked_for_once_and_kept_for_the_tab(seen, findings):
    found = seen["token"]
    assert found["focus"] == "password"
    assert found["refused"] == [words("en")("page.app.error.token")] * 5
    assert found["probability"] == round(findings["healthy.png"].probability, 6)
    assert found["kept"] == [[], ["facialis.token"]]


def test_this_computer_judges_alone(seen, findings):
    found = seen["local"]
    assert "127.0.0.1" not in found["said"]
    assert found["said"].startswith("Nothing leaves this computer")
    assert found["asked"] == []
    assert found["probability"] == pytest.approx(findings["palsy.png"].probability, abs=0.02)
    assert found["answer"] == "Signs of a facial palsy, subject's left"
    assert found["moved"] != found["probability"]
    assert found["explained"] > 0
    assert found["report"] == 0  # made by the server alone
    assert found["note"] == words("en")("page.app.downloads_note_alone")


def test_what_is_for_this_computer_is_held_until_it_can_judge_and_never_sent(seen, findings):
    found = seen["local"]["held"]
    assert found["sent"] == []
    assert found["failed"] == words("en")("page.app.place.failed")
    assert found["chosen"]
    assert words("en")("page.app.error.no_engine") in found["refused"]
    assert found["waits"] == "Waits for the models"
    assert found["probability"] == pytest.approx(findings["healthy.png"].probability, abs=0.02)
    assert found["reports"] == 0  # the server is chosen now, but this photo stays here


def test_a_static_site_asks_no_server(seen):
    assert seen["static"] == {"asked": [], "server": True, "asks": 0}


def test_nothing_is_asked_of_others_and_nothing_complained_of(seen, service):
    foreign = [url for url in seen["asked"] if not url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:"))]
    assert foreign == []
    assert any(url.startswith(service.url) for url in seen["asked"])
    assert seen["errors"] == []


def test_axe_finds_nothing_serious_and_nothing_overflows(seen):
    looks = seen["looks"]
    assert len(looks) == 16
    bad = [
        (one["state"], one["width"], one["colorScheme"], found)
        for one in looks
        for found in one["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert not bad, json.dumps(bad, indent=1)
    assert [one for one in looks if one["wide"] > 0] == []
    for one in looks:
        levels = one["headings"]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (one["state"], levels)
