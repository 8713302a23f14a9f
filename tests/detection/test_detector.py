from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from facialis import Detector
from facialis.cohorts.simulated.picture import palsy_twin
from facialis.detection.batch import detect_many
from facialis.errors import PictureError
from facialis.faces.quality import Limits
from facialis.faces.sources import list_sources


@pytest.fixture(scope="module")
def three(astronaut):
    return np.hstack([astronaut[:256, 80:380]] * 3)


def test_the_portrait_and_its_twin_with_a_simulated_palsy(detector, astronaut, astronaut_face):
    healthy = detector.detect(astronaut)
    assert (healthy.status, healthy.label) == ("judged", "no palsy")
    for side in ("subject_left", "subject_right"):
        ill = detector.detect(palsy_twin(astronaut, astronaut_face, 1.0, side))
        assert ill.label == "palsy"
        assert ill.probability > healthy.probability


def test_path_bytes_and_array_give_the_same(detector, astronaut, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path)
    logits = {detector.detect(picture).logit for picture in (path, str(path), path.read_bytes(), astronaut)}
    assert len(logits) == 1


def test_label_follows_the_threshold(detector, astronaut):
    probability = detector.detect(astronaut).probability
    for threshold, label in ((probability - 0.01, "palsy"), (probability + 0.01, "no palsy")):
        bundle = type(detector.bundle)(
            dataclasses.replace(detector.bundle.card, threshold=threshold), detector.bundle._graph, "x"
        )
        assert Detector(bundle, detector.landmarker).detect(astronaut).label == label


def test_effects_are_what_a_measure_at_its_healthy_median_changes(detector, astronaut):
    finding = detector.detect(astronaut)
    medians = detector.bundle.card.reference["quantiles"]["0.5"]
    assert finding.measures[14] < 0 < medians[14]  # a signed angle: the median keeps the sign that is measured
    for number, value in ((4, medians[4]), (14, -medians[14])):
        changed = finding.measures.copy()
        changed[number] = value
        logits = detector.bundle.logits(changed[None])[0]
        assert finding.logit - (logits[1] - logits[0]) == pytest.approx(finding.effects[number], abs=1e-5)


def test_no_face_several_faces_and_the_choice_of_one(detector, three):
    wall = detector.detect(np.full((99, 99, 3), 90, np.uint8))
    assert (wall.status, wall.probability, wall.label, wall.reasons) == ("abstained", None, None, ("no face",))
    several = detector.detect_faces(three)
    assert [(f.status, f.reasons) for f in several] == [("abstained", ("several faces",))]
    assert [f.face_number for f in detector.detect_faces(three, choice="all")] == [1, 2, 3]
    assert [f.face_number for f in detector.detect_faces(three, choice="largest")] == [1]
    assert [f.face_number for f in detector.detect_faces(three, choice=2)] == [2]
    assert detector.detect_faces(three, choice=4)[0].reasons == ("no face 4: 3 found",)


def test_unfit_pictures_are_abstained_on_in_words(detector, astronaut):
    strict = Detector(detector.bundle, detector.landmarker, Limits(interocular_px=60))
    finding = strict.detect(astronaut)
    assert (finding.status, finding.label) == ("abstained", None)
    assert finding.reasons == ("face too small: 43 px between the eyes, 60 are needed",)


def test_rows_are_json_without_nan(detector, astronaut):
    for picture in (astronaut, np.zeros((50, 50), np.uint8)):
        row = detector.detect(picture, source="x").row()
        assert json.loads(json.dumps(row, allow_nan=False)) == row
        assert row["model"] == f"{detector.bundle.card.name}@{detector.bundle.hash}"


def test_unreadable_pictures_raise(detector, tmp_path):
    with pytest.raises(PictureError, match=r"none\.jpg"):
        detector.detect(tmp_path / "none.jpg")


def write_video(path, frames, rate=24):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def test_video(detector, astronaut, tmp_path):
    face = np.ascontiguousarray(astronaut[:240, 80:400])
    wall = np.full_like(face, 90)
    write_video(tmp_path / "v.mp4", [face] * 24 + [wall] * 24)
    *frames, whole = detector.detect_video(tmp_path / "v.mp4")
    assert [f.status for f in frames] == ["judged"] * 6 + ["abstained"] * 7
    assert [f.frame for f in frames] == [*range(0, 48, 4), 47]  # nearest to 0, 1/6, ... 2 s
    assert frames[3].time == pytest.approx(0.5, abs=0.05)
    assert whole.frame is None
    assert whole.status == "judged"
    assert whole.logit == pytest.approx(np.mean([f.logit for f in frames[:6]]))
    assert {f.source for f in (*frames, whole)} == {str(tmp_path / "v.mp4")}


def test_video_without_a_face_and_no_video_at_all(detector, tmp_path):
    write_video(tmp_path / "v.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 8)
    whole = detector.detect_video(tmp_path / "v.mp4")[-1]
    assert (whole.status, whole.reasons) == ("abstained", ("no frame could be judged", "no face"))
    (tmp_path / "text.mp4").write_text("no video")
    findings = detector.detect_file(tmp_path / "text.mp4")
    assert [f.status for f in findings] == ["error"]


def test_several_processes_give_the_same_in_the_same_order(people):
    sources = list_sources([people])
    one = [f.row() for judged in detect_many(sources) for f in judged.findings]
    two = [f.row() for judged in detect_many(sources, workers=2) for f in judged.findings]
    assert one == two
    assert [row["source"] for row in one] == [source.name for source in sources]
    assert {row["status"] for row in one} == {"judged", "abstained", "error"}


def test_pictures_for_a_report(people, detector):
    for judged in detect_many(list_sources([people / "palsy"]), pictures=True):
        for finding, picture in zip(judged.findings, judged.pictures, strict=True):
            assert (picture is None) == (finding.face is None)
            if picture is not None and finding.face is not None:
                image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
                assert image.shape[1::-1] == picture.size
                points = (finding.face.landmarks[:, :2] - picture.origin) * picture.scale
                assert (points > 0).all()
                assert (points < picture.size).all()


def test_judging_needs_no_torch():
    program = (
        "import sys\nfrom facialis import Detector\nfrom skimage.data import astronaut\n"
        "with Detector.load() as d: d.detect(astronaut())\n"
        "print(sorted({'torch', 'sklearn', 'skorch', 'timm', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
