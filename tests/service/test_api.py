"""What the service answers: the command line's own objects, pages, and problem details."""

from __future__ import annotations

import json

import av
import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.service.schemas import FindingOut


def detect(client, *files, **parameters):
    given = [("file", file) for file in files]
    return client.post("/v1/detect", files=given, params=parameters)


def test_a_photo_gives_the_command_lines_own_object(client, palsy, tmp_path):
    (tmp_path / "p.png").write_bytes(palsy)
    out = tmp_path / "out.jsonl"
    ran = CliRunner().invoke(app, ["detect", str(tmp_path / "p.png"), "--format", "json", "--out", str(out)])
    assert ran.exit_code == 0
    own = json.loads(out.read_text())
    found = detect(client, ("p.png", palsy)).json()["findings"]
    assert found == [own | {"source": "p.png"}]
    assert own["label"] == "palsy"
    assert own["side"] == "subject_left"


def test_findings_are_as_the_description_says(client, palsy, healthy):
    answer = detect(client, ("a.png", palsy), ("b.png", healthy), ("c.png", b"x"), landmarks=True)
    assert answer.status_code == 200
    rows = answer.json()["findings"]
    for row in rows:
        FindingOut.model_validate(row)
    assert [row["status"] for row in rows] == ["judged", "judged", "error"]
    assert "c.png" in rows[2]["reasons"][0]
    assert np.shape(rows[0]["face_points"]["points"]) == (478, 3)


def test_no_face_is_an_answer(client, astronaut):
    from tests.service.conftest import png

    answer = detect(client, ("wall.png", png(np.full((90, 90, 3), 90, np.uint8))))
    assert answer.status_code == 200
    assert answer.json()["findings"][0]["reasons"] == ["no face"]


def test_landmarks_give_exactly_the_same_numbers(client, palsy):
    for careful in (False, True):
        photo = detect(client, ("p.png", palsy), landmarks=True, careful=careful).json()["findings"][0]
        assert photo["looked_twice"] is careful
        assert (photo["face_points"]["second"] is not None) is careful
        back = client.post("/v1/detect/landmarks", json={**photo["face_points"], "source": "p.png"}).json()
        again = back["findings"][0]
        pixels = {name for name, value in again["quality"].items() if value is None}
        assert pixels == {"sharpness", "brightness", "contrast", "eyes", "mouth", "hair", "likeness", "lenses",
                          "eye_range", "lip_steps", "lip_redness", "mouth_range"}  # fmt: skip
        left_out = ("quality",)
        assert {k: v for k, v in again.items() if k not in left_out} == {
            k: v for k, v in photo.items() if k not in left_out
        }


def test_moved_landmarks_move_the_numbers(client, palsy):
    given = detect(client, ("p.png", palsy), landmarks=True).json()["findings"][0]["face_points"]
    before = client.post("/v1/detect/landmarks", json=given).json()["findings"][0]
    for look in [given] + ([given["second"]] if given["second"] else []):
        look["points"][291][1] -= 12.0  # the subject's left mouth corner, up
    after = client.post("/v1/detect/landmarks", json=given).json()["findings"][0]
    name = "oral_commissure_height_subject_left"
    assert after["millimetres"][name]["value"] > before["millimetres"][name]["value"] + 1
    assert after["probability"] != before["probability"]


def test_landmarks_that_are_no_face(client, palsy):
    given = detect(client, ("p.png", palsy), landmarks=True).json()["findings"][0]["face_points"]
    flat = {**given, "points": [[5.0, 5.0, 0.0]] * 478}
    lost = {**given, "transform": [[0.0] * 4] * 4}
    short = {**given, "points": given["points"][:477]}
    huge = json.dumps(given).replace("[[", "[[1e999, ", 1)
    for body, says in ((flat, "irises"), (lost, "transform"), (short, "points")):
        answer = client.post("/v1/detect/landmarks", json=body)
        assert answer.status_code == 422
        assert says in answer.text
    answer = client.post("/v1/detect/landmarks", content=huge, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_explanations_of_photo_and_landmarks_agree(client, palsy):
    photo = client.post("/v1/explain", files={"file": ("p.png", palsy)}).json()["explanations"][0]
    points = detect(client, ("p.png", palsy), landmarks=True).json()["findings"][0]["face_points"]
    landmarks = client.post("/v1/explain", json={**points, "source": "p.png"}).json()["explanations"][0]
    assert photo == landmarks
    assert photo["sentences"]
    german = client.post("/v1/explain?language=de", files={"file": ("p.png", palsy)}).json()["explanations"][0]
    assert "(der Person)" in german["sentences"][0]


def test_a_report_says_what_a_person_moved(client, palsy):
    points = detect(client, ("p.png", palsy), landmarks=True).json()["findings"][0]["face_points"]
    plain = client.post("/v1/report", files={"file": ("p.png", palsy)})
    assert plain.status_code == 200
    assert plain.headers["content-type"] == "text/html; charset=utf-8"
    assert "attachment" in plain.headers["content-disposition"]
    assert "moved by hand" not in plain.text
    assert "p.png" not in plain.text
    moved = client.post(
        "/v1/report", files={"file": ("p.png", palsy)}, data={"points": json.dumps(points), "moved": "[291, 61]"}
    )
    assert "Landmarks moved by hand: 2 (61, 291)" in moved.text
    for bad in ("[478]", "[true]", "{}", "[" * 100_000):
        answer = client.post(
            "/v1/report", files={"file": ("p.png", palsy)}, data={"points": json.dumps(points), "moved": bad}
        )
        assert answer.status_code == 422, bad[:20]


def test_a_photo_that_cannot_be_read_is_named_as_it_was_given(client, palsy):
    unknown = "not a picture of a known format; give a JPEG, PNG, WebP, TIFF, GIF or BMP file"
    bad = [("file", ("folder/Anna\u200b1.jpg", b"nothing")), ("file", ("b.png", palsy[:9]))]
    answer = client.post("/v1/report", files=bad)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"Anna\\u200b1.jpg: {unknown}; b.png: ")
    for address in ("/v1/report", "/v1/photo-set"):  # on a page that others see it is a number
        page = client.post(address, files=[*bad, ("file", ("rest.png", palsy))])
        assert page.status_code == 200
        assert unknown in page.text
        assert "bytes:" not in page.text
        assert "Anna" not in page.text


def test_a_set_is_told_by_the_files_names(client, palsy, healthy):
    files = [("file", ("rest.png", healthy)), ("file", ("large_smile.png", palsy))]
    page = client.post("/v1/photo-set", files=files)
    assert page.status_code == 200
    assert "Research use" in page.text
    row = client.post("/v1/photo-set", files=files, headers={"accept": "application/json"}).json()["set"]
    assert {view["view"]: view["known_by"] for view in row["views"]} == {"rest": "name", "large_smile": "name"}
    assert row["side"] == "subject_left"


@pytest.fixture(scope="module")
def video(astronaut, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("mjpeg", rate=12)
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuvj420p"
        small = astronaut[20:276, 90:346]
        for number in range(18):
            moved = np.roll(small, number % 3, axis=1)  # so that no frame is nothing in the file
            for packet in stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path.read_bytes()


def test_a_video_gives_its_frames_and_the_whole(client, video, tmp_path):
    (tmp_path / "v.mp4").write_bytes(video)
    out = tmp_path / "out.jsonl"
    CliRunner().invoke(app, ["detect", str(tmp_path / "v.mp4"), "--format", "json", "--out", str(out)])
    own = [json.loads(line) | {"source": "v.mp4"} for line in out.read_text().splitlines()]
    found = detect(client, ("v.mp4", video)).json()["findings"]
    assert found == own
    assert len(found) > 5
    assert found[-1]["status"] == "judged"
    assert found[-1]["video"]["frames"] == 18
    by_type = client.post("/v1/detect", files={"file": ("v", video, "video/mp4")}).json()["findings"]
    assert len(by_type) == len(found)
    (tmp_path / "cut.mp4").write_bytes(broken := video[: len(video) // 2])
    ran = CliRunner().invoke(app, ["detect", str(tmp_path / "cut.mp4"), "--format", "json", "--out", str(out)])
    assert ran.exit_code == 1
    cut = detect(client, ("cut.mp4", broken))
    assert cut.status_code == 200
    assert len(cut.json()["findings"]) > 2
    assert cut.json()["findings"][-1]["status"] == "error"
    assert cut.json()["findings"][0]["status"] == "judged"
    assert detect(client, ("v.mp4", video[:200])).status_code == 422
    prompts = client.post(
        "/v1/detect", files={"file": ("v.mp4", video)}, data={"prompts": "movement,start,end\nlarge_smile,0.2,1.0\n"}
    )
    assert prompts.status_code == 200
    wrong = client.post("/v1/detect", files={"file": ("v.mp4", video)}, data={"prompts": "movement,start,end\nx,0,1\n"})
    assert wrong.status_code == 422
    assert "unknown movement" in wrong.json()["detail"]


@pytest.mark.parametrize(
    ("call", "status", "says"),
    [
        (lambda c: c.post("/v1/detect", files={"file": ("e.png", b"")}), 422, "empty"),
        (lambda c: c.post("/v1/detect", files={"file": ("x.png", b"\x89PNG\r\n\x1a\nzzz")}), 422, "x.png: damaged"),
        (lambda c: c.post("/v1/detect", files={"file": ("x.txt", b"hello")}), 422, "not a picture"),
        (lambda c: c.post("/v1/detect", files={"file": ("x.mp4", b"hello")}), 422, "not a video"),
        (lambda c: c.post("/v1/detect", files={"photo": ("x.png", b"hello")}), 400, "fields named file"),
        (lambda c: c.post("/v1/detect", data={"file": "text"}, files={"file": ("x.png", b"x")}), 400, "file name"),
        (lambda c: c.post("/v1/detect"), 415, "multipart"),
        (lambda c: c.post("/v1/detect", json={}), 415, "multipart"),
        (lambda c: c.post("/v1/detect/landmarks", content=b"x"), 415, "application/json"),
        (lambda c: c.post("/v1/detect?prevalence=1", files={"file": ("x.png", b"x")}), 422, "prevalence"),
        (lambda c: c.post("/v1/detect?face=0", files={"file": ("x.png", b"x")}), 422, "face"),
        (lambda c: c.post("/v1/detect?fase=all", files={"file": ("x.png", b"x")}), 422, "did you mean face?"),
        (lambda c: c.post("/v1/explain?language=xx", files={"file": ("x.png", b"x")}), 422, "language"),
        (lambda c: c.get("/v1/detect"), 405, "by POST"),
        (lambda c: c.get("/nothing"), 404, "/docs"),
        (lambda c: c.get("/page/../../../../etc/passwd"), 404, "/docs"),
        (lambda c: c.get("/page/..%2f..%2fapi.py"), 404, "/docs"),
    ],
)
def test_errors_are_problem_details(client, call, status, says):
    answer: httpx.Response = call(client)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert problem["status"] == status
    assert says in answer.text
    assert problem["instance"].endswith(answer.headers["x-request-id"])


def test_all_bad_files_are_named(client):
    answer = detect(client, ("a.png", b"x"), ("b.png", b""))
    assert answer.status_code == 422
    assert [line.partition(":")[0] for line in answer.json()["errors"]] == ["a.png", "b.png"]


def test_the_model_its_health_and_description(client):
    model = client.get("/v1/model").json()
    assert model["card"]["labels"] == ["no palsy", "palsy"]
    assert model["limits"]["files"] == 64
    assert client.get("/healthz").json() == {"status": "ok"}
    metrics = client.get("/metrics").text
    assert 'facialis_requests_total{method="GET",route="/healthz",status="200"}' in metrics
    docs = client.get("/docs").text
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/v1/detect", "/v1/detect/landmarks", "/v1/explain", "/v1/report", "/v1/photo-set", "/v1/model", "/healthz",
    }  # fmt: skip
    for path in paths:
        assert path in docs
    assert "http" not in docs.replace("http://127.0.0.1:8471", "")


def test_the_pages_files_are_kept_by_what_is_in_them(client):
    page = client.get("/")
    assert page.status_code == 200
    assert "Research use; not a medical device" in page.text
    again = client.get("/", headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304
    words = client.get("/page/words/de.json")
    assert words.headers["content-encoding"] == "gzip"
    assert "side.subject_left" in words.json()
    assert len(client.get("/page/facts.json").json()["mirror"]) == 478
