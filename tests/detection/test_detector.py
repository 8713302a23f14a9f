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
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.batch import detect_many
from facialis.detection.number_errors import noisy_copies
from facialis.errors import PictureError
from facialis.faces.geometry import undo_pose
from facialis.faces.quality import Limits
from facialis.faces.sources import list_sources
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.measures import measure
from facialis.modalities.signed import signed_measures


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


def test_side_regions_and_every_number_with_its_error(detector, astronaut, astronaut_face):
    for side in ("subject_left", "subject_right"):
        row = detector.detect(palsy_twin(astronaut, astronaut_face, 1.0, side), source="x").row()
        assert (row["side"], row["uncertain"]) == (side, False)
        assert row["side_probability"] > 0.9
        assert set(row["regions"]) == {"brow", "eye", "nose_cheek", "mouth"}
        assert row["regions"]["mouth"] > 0.5
        assert 0 <= row["severity"] <= 1
        low, high = row["probability_interval"]
        assert low < row["probability"] < high
        for table, n in (("measures", 29), ("differences", 24), ("millimetres", 23)):
            assert len(row[table]) == n
            for number in row[table].values():
                assert number["error"] > 0
                assert 1 <= number["percentile"] <= 99
        drooping = row["millimetres"]["oral_commissure_height_difference"]
        assert abs(drooping["value"]) > drooping["reference"][1]  # the corner of the mouth hangs
        assert (drooping["value"] < 0) == (side == "subject_right")
    healthy = detector.detect(astronaut).row()
    assert (healthy["side"], healthy["label"]) == (None, "no palsy")
    assert "would tell more" in healthy["advice"]


def test_errors_grow_as_the_face_gets_smaller(detector, astronaut):
    large = detector.detect(astronaut)
    small = detector.detect(np.asarray(Image.fromarray(astronaut).resize((320, 320))))
    assert small.quality.interocular_px < 30
    assert small.logit_error > large.logit_error
    for name, number in small.numbers["millimetres"].items():
        assert number.error > large.numbers["millimetres"][name].error * 0.8


def test_prevalence_moves_the_probability_and_nothing_else(detector, astronaut):
    even = detector.detect(astronaut)
    rare = Detector(detector.bundle, detector.landmarker, prevalence=0.01).detect(astronaut)
    assert (rare.logit, rare.label, rare.uncertain) == (even.logit, even.label, even.uncertain)
    odds = even.probability / (1 - even.probability)
    assert rare.probability / (1 - rare.probability) == pytest.approx(odds * 0.01 / 0.99)
    assert rare.likelihood_ratio == pytest.approx(odds)


def test_force_judges_what_is_unfit_and_says_so(detector, astronaut):
    tiny = np.asarray(Image.fromarray(astronaut).resize((240, 240)))
    assert detector.detect(tiny).status == "abstained"
    forced = Detector(detector.bundle, detector.landmarker, force=True).detect(tiny)
    assert (forced.status, forced.forced) == ("judged", True)
    assert forced.label is not None
    assert "too small" in forced.reasons[0]


def test_a_mirrored_picture_swaps_the_side(detector, astronaut, astronaut_face):
    careful = Detector(detector.bundle, detector.landmarker, careful=True)
    ill = palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")
    for picture, sides in ((ill, ("subject_left", "subject_right")), (astronaut, (None, None))):
        seen, mirrored = careful.detect(picture), careful.detect(np.ascontiguousarray(picture[:, ::-1]))
        assert (seen.side, mirrored.side) == sides
        assert seen.looked_twice
        assert abs(seen.probability - mirrored.probability) < 0.02


def test_the_graph_measures_what_python_measures(detector, astronaut, astronaut_face):
    answers = detector.read(astronaut_face, 0.0, astronaut).answers
    copies = noisy_copies(astronaut_face.landmarks, astronaut_face.interocular_px, 0.0).astype(float)
    np.testing.assert_allclose(answers["measures"], measure(copies, origin="face"), rtol=1e-4, atol=1e-3)
    frontal = in_iris_frame(undo_pose(copies, astronaut_face.transform))
    np.testing.assert_allclose(answers["signed"], signed_measures(frontal), rtol=1e-4, atol=1e-3)


def test_path_bytes_and_array_give_the_same(detector, astronaut, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(astronaut).save(path)
    logits = {detector.detect(picture).logit for picture in (path, str(path), path.read_bytes(), astronaut)}
    assert len(logits) == 1


def test_label_follows_the_threshold(detector, astronaut):
    probability = Detector(detector.bundle, detector.landmarker, careful=True).detect(astronaut).probability
    for threshold, label in ((probability - 0.01, "palsy"), (probability + 0.01, "no palsy")):
        bundle = type(detector.bundle)(
            dataclasses.replace(detector.bundle.card, threshold=threshold), detector.bundle.graph, "x"
        )
        assert Detector(bundle, detector.landmarker, careful=True).detect(astronaut).label == label


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
    assert [f.status for f in frames] == ["judged"] * 6 + ["abstained"] * 6
    assert [f.frame for f in frames] == [*range(0, 48, 4)]
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
