"""The static site in a real browser: it judges as Python does, and nothing leaves it."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.bundle import Bundle
from facialis.errors import FacialisError
from facialis.service.policy import page_policy
from facialis.service.runtimes import MODULES as MODULES_VARIABLE
from facialis.service.static_site import write_site
from tests.browsers import MODULES, ROOT, browser, node

HERE = Path(__file__).parent
LOCAL = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])
Row = dict[str, Any]
PICTURES = ("astronaut.png", "twin.png", "turned.jpg", "clear.png", "small.png", "wall.png", "three.png")


class Site(http.server.SimpleHTTPRequestHandler):
    """A static host that sends the page's policy along."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", page_policy())
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def site(astronaut, astronaut_face, tmp_path_factory) -> Path:
    """A static site, with the test's own page and pictures beside it."""
    browser("@mediapipe/tasks-vision", "onnxruntime-web")
    folder = tmp_path_factory.mktemp("static") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODULES_VARIABLE, str(MODULES))
        write_site(folder, Bundle.load())
    (folder / "harness.html").write_text(
        '<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,">'
        '<script type="module" src="harness.js"></script>'
    )
    for name in ("harness.js", "unguarded.js"):
        shutil.copy(HERE / name, folder)
    write_pictures(folder, astronaut, palsy_twin(astronaut, astronaut_face, 0.8, "subject_left"))
    return folder


def write_pictures(folder: Path, astronaut: NDArray[np.uint8], twin: NDArray[np.uint8]) -> None:
    picture = Image.fromarray(astronaut)
    picture.save(folder / "astronaut.png")
    Image.fromarray(twin).save(folder / "twin.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", quality=95, exif=exif)
    clear = np.dstack([astronaut, np.full(astronaut.shape[:2], 255, np.uint8)])
    clear[:, :60, 3] = 0
    Image.fromarray(clear).save(folder / "clear.png")
    wide = Image.new("RGB", (1600, 1100), (96, 112, 104))
    wide.paste(picture.resize((400, 400), Image.Resampling.LANCZOS), (900, 420))
    wide.save(folder / "small.png")
    Image.fromarray(np.full((90, 120, 3), 90, np.uint8)).save(folder / "wall.png")
    face = astronaut[:270, 110:340]
    Image.fromarray(np.hstack([face, face, face])).save(folder / "three.png")
    with av.open(str(folder / "talk.webm"), "w") as container:
        stream = container.add_stream("libvpx", rate=12)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 512, 512, "yuv420p", 4_000_000
        for shown in [astronaut] * 12 + [twin] * 12:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(shown))))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Site, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(folder: Path, page: str, steps: list[list[Any]], *flags: str) -> Row:
    task = {"browser": str(browser()), "sandbox": not ROOT, "page": page, "steps": steps, "modules": str(MODULES)}
    task["args"] = list(flags)
    (folder / "task.json").write_text(json.dumps(task))
    command = [node(), str(HERE / "static.mjs"), str(folder / "task.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(address, tmp_path_factory) -> Row:
    steps: list[list[Any]] = [["judge", name, {}] for name in PICTURES]
    steps += [["judge", "twin.png", {"careful": True}], ["judge", "three.png", {"face": "all", "force": True}]]
    steps += [["judge", "harness.js", {}], ["judge", "talk.webm", {"video": True}], ["look", "astronaut.png"]]
    steps += [["again", "twin.png"], ["explain", "twin.png"], ["abort", "twin.png"], ["close"]]
    return opened(tmp_path_factory.mktemp("seen"), f"{address}/harness.html", steps)


@LOCAL
def test_it_judges_as_python_does(seen, site, detector) -> None:
    told = []
    for name, step in zip(PICTURES, seen["steps"], strict=False):
        finding = detector.detect(site / name, source=name)
        row, expected = step["findings"][0], finding.row()
        assert {key: row[key] for key in ("source", "status", "label", "side", "reasons", "looked_twice")} == {
            key: expected[key] for key in ("source", "status", "label", "side", "reasons", "looked_twice")
        }
        assert list(row) == [*expected, "face_points"]
        if finding.face is None:
            assert row["face_points"] is None
            continue
        apart = np.abs(np.array(row["face_points"]["points"]) - finding.face.landmarks)[:, :2].max()
        off = abs((row["probability"] or 0) - (expected["probability"] or 0))
        told.append(f"{name}: landmarks {apart:.4f} px, probability {row['probability']} ({off:.6f} off)")
        assert apart < (0.01 if name.endswith(".png") else 0.5)  # a JPEG is decoded a little otherwise
        assert off < (1e-4 if name.endswith(".png") else 0.01)
    print("", *told, sep="\n")
    assert len(told) >= 5


@LOCAL
def test_a_second_look_and_several_faces(seen, site, landmarker, detector) -> None:
    careful, several = seen["steps"][len(PICTURES)], seen["steps"][len(PICTURES) + 1]
    expected = type(detector)(detector.bundle, landmarker, careful=True).detect(site / "twin.png")
    assert careful["findings"][0]["looked_twice"]
    assert careful["findings"][0]["probability"] == pytest.approx(expected.probability, abs=1e-4)
    forced = type(detector)(detector.bundle, landmarker, force=True)
    rows = [finding.row() for finding in forced.detect_faces(site / "three.png", choice="all")]
    assert [row["face"] for row in several["findings"]] == [row["face"] for row in rows] == [1, 2, 3]
    for one, other in zip(several["findings"], rows, strict=True):
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-3)


@LOCAL
def test_a_file_that_is_no_picture_is_refused_in_one_line(seen) -> None:
    step = seen["steps"][PICTURES.index("three.png") + 3]
    assert step == {
        "name": "EngineError", "status": 422,
        "detail": "this browser cannot show it; give a JPEG, PNG or WebP file",
    }  # fmt: skip


@LOCAL
def test_a_video_is_judged_frame_by_frame(seen, site, detector) -> None:
    rows = seen["steps"][PICTURES.index("three.png") + 4]["findings"]
    expected = [finding.row() for finding in detector.detect_video(site / "talk.webm")]
    *frames, whole = rows
    assert [row["time"] for row in frames] == pytest.approx([row["time"] for row in expected[:-1]], abs=0.02)
    off = [abs(a["probability"] - b["probability"]) for a, b in zip(frames, expected, strict=False)]
    print(f"\n{len(frames)} frames of a video: probability {max(off):.4f} off at most; whole {whole['probability']}")
    assert max(off) < 0.05
    assert whole["video"]["finding_from"] == "frames"
    assert list(whole["video"]) == list(expected[-1]["video"])
    assert frames[0]["probability"] < whole["probability"] < frames[-1]["probability"]
    assert whole["advice"].startswith("Judged frame by frame in the browser")


@LOCAL
def test_a_camera_frame_and_a_cancelled_photo(seen) -> None:
    look, _, _, abort, _ = seen["steps"][-5:]
    assert look["status"] == "judged"
    assert look["probability"] == pytest.approx(seen["steps"][0]["findings"][0]["probability"], abs=1e-4)
    assert abort == "AbortError"


@LOCAL
def test_landmarks_that_were_not_moved_give_the_same_finding(seen) -> None:
    photo, points = seen["steps"][-4]
    for key in (
        "probability",
        "probability_interval",
        "side",
        "measures",
        "millimetres",
        "looked_twice",
        "face_points",
    ):
        assert points[key] == photo[key], key
    assert points["quality"]["sharpness"] is None


@LOCAL
def test_an_explanation(seen, site, detector) -> None:
    step = seen["steps"][-3]
    finding = detector.detect(site / "twin.png", source="picture")
    expected = finding.explain(detector.bundle, language="de").as_dict(landmarks=True)
    found = step["found"]
    print(f"\nexplained in {step['ms']:.0f} ms: {found['sentences'][0]}")
    assert step["can"]["explain"] is True
    assert found["sentences"] == expected["sentences"]
    assert found["notes"] == expected["notes"]
    for name, share in expected["shares"]["measures"].items():
        assert found["shares"]["measures"][name] == pytest.approx(share, abs=2e-3)
    assert found["counterfactual"]["regions"] == expected["counterfactual"]["regions"]
    assert found["counterfactual"]["share"] == pytest.approx(expected["counterfactual"]["share"], abs=2e-3)


@LOCAL
def test_nothing_leaves_and_nothing_is_refused(seen, address) -> None:
    assert seen["console"] == []
    assert seen["violations"] == []
    assert [url for url in seen["requests"] if not url.startswith((f"{address}/", "data:", "blob:"))] == []
    asked = [url for url in seen["requests"] if "/engine/" in url]
    assert len(asked) == len(set(asked))
    first = seen["steps"][0]
    assert first["shares"] == sorted(first["shares"])
    assert first["shares"][-1] == 1
    print(
        f"\nfirst load {seen['bytes'] / 1e6:.1f} MB, ready after {first['ready']:.0f} ms, first finding "
        f"{first['ms']:.0f} ms later; the page stood still for {first['stood']:.0f} ms"
    )


@LOCAL
def test_mediapipe_by_itself_would_ask_its_maker(address, tmp_path) -> None:
    """What is held back above is real: MediaPipe tells Google's servers how it was used."""
    asked = opened(tmp_path, f"{address}/harness.html", [["unguarded"]])["steps"][0]
    assert [url for url in asked if not url.startswith(f"{address}/")] == ["https://odml.pa.googleapis.com/v1/log"]


@LOCAL
def test_a_browser_that_cannot_says_so_before_it_fetches_anything(address, tmp_path) -> None:
    seen = opened(
        tmp_path,
        f"{address}/harness.html",
        [["judge", "wall.png", {}]],
        "--disable-gpu",
        "--disable-software-rasterizer",
    )
    assert seen["steps"][0]["status"] == 501
    assert seen["steps"][0]["detail"].startswith("this browser cannot judge by itself: it has no WebGL 2")
    assert not [url for url in seen["requests"] if url.endswith((".wasm", ".task", ".onnx"))]


def test_a_folder_of_something_else_is_not_written_over(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(MODULES_VARIABLE, str(MODULES))
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(FacialisError, match="holds files that are no page's"):
        write_site(tmp_path, Bundle.load())
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]
