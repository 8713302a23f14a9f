"""The camera, the guided sequence and the video view of the page, in a real browser against the real service."""

from __future__ import annotations

import base64
import csv
import itertools
import json
import os
import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facialis.cohorts.simulated.camera import Camera
from facialis.cohorts.simulated.painted import close_lips, draw_painted, paint, place
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.cohorts.simulated.videos import simulate_videos, write_video
from facialis.faces.mesh import CONTOURS, canonical_face
from facialis.faces.videos import read_video
from tests.browsers import ROOT, browser, node

WEB = Path(__file__).parents[1] / "web"
WIDTH, HEIGHT = 640, 480
Picture = NDArray[np.uint8]


def staged(rgb: Picture, size: float = 1.6, roll: float = 0.0, middle: float = 0.5) -> Picture:
    """Put the portrait before the camera: scaled, turned in the picture, its face in the middle or beside it."""
    matrix = cv2.getRotationMatrix2D((223.0, 140.0), roll, size)
    matrix[:, 2] += np.array([WIDTH * middle - 223, HEIGHT / 2 - 140])
    warped = cv2.warpAffine(rgb, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def turned(yaw: float) -> Picture:
    """Paint a head that is turned, its nose to image right for a yaw above 0."""
    size = np.array([[512, 512]])
    camera = Camera(np.array([[yaw, 0.0, 0.0]]), np.array([60.0]), np.array([85.0]), size, np.array([[256.0, 238.0]]))
    picture = paint(draw_painted("p", (3,)), place(close_lips(canonical_face().copy()), camera))
    return np.asarray(cv2.copyMakeBorder(picture[:HEIGHT], 0, 0, 64, 64, cv2.BORDER_REPLICATE), dtype=np.uint8)


def film(path: Path, pictures: list[Picture], rate: int = 5) -> Path:
    """Write pictures as Chromium reads them for a camera's."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


@pytest.fixture(scope="module")
def twin(astronaut: Picture, astronaut_face: Any) -> Picture:
    """The portrait with a simulated complete palsy of the subject's left, before the camera."""
    return staged(palsy_twin(astronaut, astronaut_face, 1.0, "subject_left"))


@pytest.fixture(scope="module")
def seen(service, twin, astronaut, tmp_path_factory) -> dict[str, Any]:
    program = browser("axe-core")
    folder = tmp_path_factory.mktemp("camera")
    healthy = staged(astronaut)
    pair = np.concatenate([staged(astronaut, 1.2)[:, 160:480]] * 2, axis=1)
    dark = (healthy * 0.12).astype(np.uint8)
    wall = np.full_like(healthy, 90)
    faults = [dark, staged(astronaut, 0.5), turned(24.0), staged(astronaut, roll=20.0), pair, wall]
    simulate_videos(folder / "cohort", 1, 0, 24, seed=3, movement="rest,large_smile")
    frames = [frame.rgb for frame in read_video(folder / "cohort" / "videos" / "patient-0001.mp4", rate=30.0)]
    write_video(folder / "smile.mp4", [*frames, *[np.full_like(frames[0], 90)] * 24, *frames[:9]])
    write_video(folder / "wall.mp4", [np.full_like(frames[0], 90)] * 12)
    task = {
        "browser": str(program),
        "sandbox": not ROOT,
        "address": service.url,
        "palsy": str(film(folder / "palsy.y4m", [twin] * 3)),
        "hints": str(film(folder / "hints.y4m", [picture for picture in faults for _ in range(6)])),
        "rest": str(film(folder / "rest.y4m", [turned(0.0)] * 3)),
        "wall": str(folder / "wall.mp4"),
        "video": str(folder / "smile.mp4"),
        "folder": str(folder),
        "shots": os.environ.get("FACIALIS_SHOTS"),
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    done = subprocess.run(
        [node(), str(WEB / "camera.mjs"), str(folder / "task.json")],
        capture_output=True, text=True, encoding="utf-8", timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_photo_is_taken_by_itself_whole_and_not_mirrored(seen, twin):
    one = seen["automatic"]
    assert one["answer"] == "Signs of a facial palsy, subject's left"
    photo = np.asarray(Image.open(BytesIO(base64.b64decode(one["photo"]))))
    assert photo.shape == twin.shape
    apart = [float(np.abs(photo.astype(float) - other).mean()) for other in (twin, twin[:, ::-1])]
    assert apart[0] < 6 < 20 < apart[1]
    assert one["live"] == 0


def test_the_preview_is_mirrored_and_names_the_sides(seen):
    one = seen["automatic"]
    assert one["mirrored"].startswith("matrix(-1")
    (left, x), (right, further) = one["sides"]
    assert (left, right) == ("your left", "your right")
    assert x < further


def test_the_camera_is_let_go_of_when_stopped_hidden_or_left(seen):
    one = seen["released"]
    assert (one["before"], one["running"]) == (0, 1)
    assert (one["stopped"], one["hidden"], one["left"]) == (0, 0, 0)
    assert one["message"] == "The camera was stopped because the page was hidden."


def test_a_refused_or_missing_camera_gives_one_line(seen):
    assert seen["refused"]["refused"].startswith("The camera was not allowed. Allow it")
    assert seen["refused"]["missing"].startswith("No camera was found. Connect one")


def test_hints_name_what_is_wrong(seen):
    assert set(seen["hints"]["wanted"]) <= set(seen["hints"]["seen"])


def test_the_server_is_asked_four_times_a_second_at_most_and_never_twice_at_once(seen):
    looks = seen["hints"]["looks"]
    assert seen["hints"]["most"] == 1
    assert len(looks) > 8
    assert min(fifth - first for first, fifth in zip(looks, looks[4:], strict=False)) > 1000


def test_hints_are_read_out_every_three_seconds_at_most(seen):
    said = seen["hints"]["said"]
    assert len(said) >= 2
    assert min(b[0] - a[0] for a, b in itertools.pairwise(said)) > 2900
    assert all(a[1] != b[1] for a, b in itertools.pairwise(said))


def test_the_sequence_goes_through_by_keyboard_to_the_sheet(seen):
    one = seen["sequence"]
    assert one["drawings"] == 10
    assert (one["second"], one["ninth"], one["again"]) == ("2 of 10", "9 of 10", "1 of 10")
    assert one["review"] == {"taken": 8, "missing": 2}
    assert one["let_go"] == 0
    assert "Standard photo set" in one["sheet"]["text"]
    assert "Research use; not a medical device." in one["sheet"]["text"]
    assert "subject's left" in one["sheet"]["text"]
    assert one["sheet"]["columns"] == "grid"  # the sheet's own styles hold
    assert "allow-scripts" not in one["sheet"]["sandbox"]
    assert one["warned"]


def test_a_face_at_rest_is_taken_by_itself_only_with_closed_lips(seen):
    assert seen["rest"]["step"] == "2 of 10"
    assert seen["sequence"]["smiling"] == {"hint": "close_lips", "taken": 0}


def test_pictures_and_sheet_are_saved_as_they_are(seen, twin, detector):
    saved = seen["sequence"]["saved"]
    assert Path(saved["Save sheet"]).read_text(encoding="utf-8").count("data:image/jpeg") == 8
    assert Path(saved["Save picture: rest"]).name == "rest.jpg"
    photo = np.asarray(Image.open(saved["Save picture: rest"]))
    finding = detector.detect(photo)
    assert (finding.label, finding.side) == ("palsy", "subject_left")


def test_an_outline_holds_points_only_and_frames_a_later_visit(seen, detector, twin):
    saved = json.loads(Path(seen["sequence"]["saved"]["Save outline"]).read_text(encoding="utf-8"))
    assert set(saved) == {"kind", "version", "size", "points"}
    wanted = {i for edges in CONTOURS.values() for edge in edges for i in edge} | set(range(468, 478))
    assert {int(i) for i in saved["points"]} == wanted
    face = detector.landmarker.detect(twin)[0]
    apart = [np.abs(face.landmarks[int(i), :2] - np.array(point)).max() for i, point in saved["points"].items()]
    assert np.median(apart) < 3
    assert seen["sequence"]["ghost"] == 1
    one = seen["outline"]
    assert "holds no outline" in one["wrong"]
    assert one["right"].startswith("The outline of “outline.json” is loaded")
    assert (one["step"], one["hint"]) == ("1 of 10", "close_lips")  # framed as the outline is; she smiles


def test_a_video_has_a_timeline_to_go_through(seen):
    one = seen["video"]
    assert one["answer"] == "Signs of a facial palsy, subject's left"
    assert (one["gaps"], one["movements"]) == (1, 1)
    assert one["marks"] > 8
    times = [
        frame["time"] for frame in json.loads(Path(one["saved"]["Save all as JSON"]).read_text()) if not frame["video"]
    ]
    assert one["third"]["value"] == pytest.approx(times[3], abs=0.02)
    assert one["third"]["playing"] == pytest.approx(times[3], abs=0.05)
    assert one["third"]["frame"] == f"Frame at {times[3]:.2f} s"
    assert one["end"]["value"] > times[-1] - 0.02
    nearest = min(times, key=lambda time: abs(time - one["clicked"]["playing"]))
    assert one["clicked"]["frame"] == f"Frame at {nearest:.2f} s"
    assert abs(one["clicked"]["value"] - one["end"]["value"] / 2) < 0.2


def test_a_video_without_a_face_was_judged_by_the_server_all_the_same(seen):
    assert seen["video"]["faceless"].startswith("No movement was found.")


def test_movements_are_a_table_and_a_file(seen):
    one = seen["video"]
    text = Path(one["saved"]["Save movements as CSV"]).read_text(encoding="utf-8")
    row = next(csv.DictReader(text.splitlines()))
    assert row["movement"] == "large_smile"
    assert row["moves_less"] == "subject_left"
    assert "large smile" in one["row"]
    assert f"{float(row['excursion_mm_subject_right']):.1f} ± " in one["row"]
    assert one["movement"]["value"] == pytest.approx(float(row["apex"]), abs=0.05)
    assert re.match(r"source,frame,time", Path(one["saved"]["Save frames as CSV"]).read_text(encoding="utf-8"))


def test_axe_finds_nothing_serious_and_nothing_overflows(seen):
    assert seen["unfit"] == [], json.dumps(seen["unfit"], indent=1)


def test_nothing_went_wrong_in_the_page(seen):
    assert seen["errors"] == []
