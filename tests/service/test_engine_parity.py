"""The page's own engine says the same as Python of the same landmarks and pictures, number by number."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector
from facialis.detection.finding import Finding
from facialis.detection.judge import Judge
from facialis.faces.landmarks import Face, FaceLandmarker
from facialis.reports.explanations import explanation_row
from facialis.service.engine_facts import engine_facts
from facialis.words import words
from tests.browsers import MODULES, node_with

CLOSE = 1e-4
"""Of a number of 1 or less; of a larger one as a share of it."""
PIXELS = 5e-3
"""The same for what is read off pixels: OpenCV's warp rounds one level in 16,000 to the other side."""
Row = dict[str, Any]


def judged_in_node(folder: Path, task: Row) -> dict[str, list[Row]]:
    program = node_with("onnxruntime-web")
    engine = folder / "engine"
    shutil.copytree(str(files("facialis.service").joinpath("engine")), engine)
    (engine / "package.json").write_text('{"type": "module"}')  # browsers need no such word
    (folder / "facts.json").write_text(json.dumps(engine_facts(Bundle.load())))
    graph = str(files("facialis.detection").joinpath("default.bundle", "model.onnx"))
    (folder / "head.onnx").write_bytes(Bundle.load().head[0])
    paths = {"engine": engine, "modules": MODULES, "facts": folder / "facts.json", "head": folder / "head.onnx"}
    task = {"landmarks": [], "pictures": [], "explained": []} | task | {name: str(at) for name, at in paths.items()}
    task["graph"] = graph
    (folder / "task.json").write_text(json.dumps(task))
    command = [program, str(Path(__file__).with_name("judge.mjs")), str(folder / "task.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def points_of(face: Face, second: Face | None = None) -> Row:
    told = {"size": list(face.size), "points": face.landmarks.tolist(), "transform": face.transform.tolist()}
    return told | {"second": None if second is None else points_of(second)}


def leaves(one: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield both values at every end of two objects, which must have the same keys."""
    if isinstance(one, dict):
        assert isinstance(other, dict), (path, one, other)
        assert list(one) == list(other), (path, one, other)
        for key in one:
            yield from leaves(one[key], other[key], (*path, key))
    elif isinstance(one, list) and not all(isinstance(entry, str) for entry in one):
        assert isinstance(other, list), (path, one, other)
        assert len(one) == len(other), (path, one, other)
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from leaves(*pair, (*path, str(number)))
    else:
        yield path, one, other


class Differences:
    """The largest difference of each kind of number, and how many of the percentiles are one step apart."""

    def __init__(self) -> None:
        self.largest: dict[str, float] = {}
        self.count = Counter[str]()

    def compare(self, expected: Row, found: Row) -> None:
        assert found.pop("face_points") is not None
        for path, one, other in leaves(expected, found):
            assert isinstance(one, bool | int | float) == isinstance(other, bool | int | float), (path, one, other)
            if not isinstance(one, int | float) or isinstance(one, bool):
                assert one == other, (path, one, other)
                continue
            kind = "percentile" if path[-1] == "percentile" else "quality" if path[0] == "quality" else "numbers"
            apart = abs(one - other) if kind == "percentile" else abs(one - other) / max(1.0, abs(one))
            # a percentile has one decimal: it may be rounded to the next one
            limit = {"percentile": 0.1 + 1e-9, "quality": PIXELS, "numbers": CLOSE}[kind]
            assert apart <= limit, (path, one, other)
            self.largest[kind] = max(self.largest.get(kind, 0.0), apart)
            self.count[kind] += 1
            self.count["percentiles moved"] += kind == "percentile" and apart > 0.05


def faces_to_judge() -> list[tuple[Face, Row]]:
    """Simulated faces, mild palsies and turned heads among them, and the portrait's landmarks."""
    made = simulate_faces(55, 55, 2, seed=11)
    options: list[Row] = [{"force": True}, {"prevalence": 0.02}, {}]
    faces = [
        (Face(points, np.zeros(52, np.float32), transform, (int(row.height), int(row.width)), "x"), options[k % 3])
        for k, (points, transform, row) in enumerate(
            zip(made.landmarks, made.transforms, made.frames.itertuples(), strict=True)
        )
    ]
    saved = np.load(Path(__file__).parent.parent / "fixtures" / "astronaut_landmarks.npz")
    face = Face(saved["landmarks"], np.zeros(52, np.float32), saved["transform"], (512, 512), "x")
    return [*faces, (face, {})]


def test_landmarks_give_the_same_finding(tmp_path: Path) -> None:
    faces, bundle = faces_to_judge(), Bundle.load()
    seconds = [
        Face(face.landmarks + np.float32(0.4), face.blendshapes, face.transform, face.size, "x") if k % 4 == 1 else None
        for k, (face, _) in enumerate(faces)
    ]
    expected = [
        Judge(bundle, **options).judge_landmarks(face, second, source="x").row()
        for (face, options), second in zip(faces, seconds, strict=True)
    ]
    asked = [
        {"points": points_of(face, second), "options": {"source": "x", **options}}
        for (face, options), second in zip(faces, seconds, strict=True)
    ]
    found = judged_in_node(tmp_path, {"landmarks": asked})["landmarks"]
    differences = Differences()
    for one, other in zip(expected, found, strict=True):
        differences.compare(one, other)
    states = Counter((row["status"], row["label"]) for row in expected)
    print(f"\n{len(faces)} faces {dict(states)}; largest differences {differences.largest}; {dict(differences.count)}")
    assert {("judged", "palsy"), ("judged", "no palsy"), ("abstained", None)} <= set(states)
    assert differences.count["percentiles moved"] <= 0.001 * differences.count["percentile"]


class Recording:
    """A landmarker that remembers what it found."""

    name = "x"

    def __init__(self, landmarker: FaceLandmarker) -> None:
        self.landmarker = landmarker
        self.found: list[list[Face]] = []

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        self.found.append(self.landmarker.detect(rgb))
        return self.found[-1]

    def close(self) -> None: ...


def pictures(astronaut: NDArray[np.uint8], face: Face) -> list[NDArray[np.uint8]]:
    """The portrait and a palsy twin, large and small, level and tilted, dark, bleached, grey, blurred and half
    hidden."""
    twin = palsy_twin(astronaut, face, 0.8, "subject_left")
    image = Image.fromarray(astronaut)
    hidden = astronaut.copy()
    hidden[:, 224:] = 128
    masked = astronaut.copy()
    masked[150:230, 170:280] = (90, 120, 200)
    made = [
        image,
        Image.fromarray(twin),
        image.resize((1400, 1400), Image.Resampling.LANCZOS),
        Image.fromarray(twin).resize((820, 820), Image.Resampling.LANCZOS),
        image.resize((300, 330), Image.Resampling.LANCZOS),
        image.rotate(17, Image.Resampling.BICUBIC),
        image.convert("L").convert("RGB"),
        Image.fromarray((astronaut * 0.12).astype(np.uint8)),
        Image.fromarray(np.clip(astronaut * 2.2, 0, 255).astype(np.uint8)),
        Image.fromarray(np.clip(astronaut + 140.0, 0, 255).astype(np.uint8)),
        Image.fromarray(hidden),
        Image.fromarray(masked),
        image.resize((60, 60)).resize((512, 512)),
        image.crop((150, 60, 300, 260)),
    ]
    return [np.asarray(picture) for picture in made]


def test_pictures_give_the_same_finding(landmarker, astronaut, astronaut_face, tmp_path: Path) -> None:
    bundle, asked = Bundle.load(), []
    expected: list[Finding] = []
    for number, rgb in enumerate(pictures(astronaut, astronaut_face)):
        for force in (False, True):
            recording = Recording(landmarker)
            detector = Detector(bundle, recording, force=force)
            finding = detector.detect(rgb, source="x")
            if finding.face is None:  # the landmarker found none: nothing to judge
                continue
            file = tmp_path / f"{number}.rgba"
            file.write_bytes(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]).tobytes())
            again = recording.found[1] if len(recording.found) > 1 else []
            asked.append(
                {
                    "rgba": str(file), "width": rgb.shape[1], "height": rgb.shape[0], "points": points_of(finding.face),
                    "mirrored": [points_of(other) for other in again], "options": {"source": "x", "force": force},
                }
            )  # fmt: skip
            expected.append(finding)
    found = judged_in_node(tmp_path, {"pictures": asked})["pictures"]
    differences = Differences()
    for one, other in zip(expected, found, strict=True):
        differences.compare(one.row(), other)
    reasons = Counter(reason.split(":")[0] for finding in expected for reason in finding.reasons)
    print(f"\n{len(expected)} findings; {dict(reasons)}; largest differences {differences.largest}")
    assert {finding.looked_twice for finding in expected} == {True, False}
    assert len(reasons) >= 4
    assert reasons["too bright"] == 4


def test_explanations_are_the_same(tmp_path: Path) -> None:
    bundle, asked = Bundle.load(), []
    expected: list[Row] = []
    for k, (face, _) in enumerate(faces_to_judge()[::17]):
        second = Face(face.landmarks + np.float32(0.4), face.blendshapes, face.transform, face.size, "x")
        second = second if k % 3 == 1 else None
        language = ("en", "de")[k % 2]
        finding = Judge(bundle, force=True).judge_landmarks(face, second, source="x")
        found = finding.explain(bundle, language=language)
        row = explanation_row(finding, found)
        if found.counterfactual is not None:
            row["counterfactual"] = found.counterfactual.as_dict(landmarks=True)
        expected.append(row)
        options = {"source": "x", "force": True}
        asked.append({"points": points_of(face, second), "options": options, "texts": words(language).texts})
    rows = judged_in_node(tmp_path, {"explained": asked})["explanations"]
    largest: dict[str, float] = {}
    for one, other in zip(expected, rows, strict=True):
        for path, here, there in leaves(one, other):
            if not isinstance(here, int | float) or isinstance(here, bool):
                assert here == there, (path, here, there)
                continue
            apart = abs(here - there) / max(1.0, abs(here))
            # the search for a correction halves ten times: its last step may fall to the other side
            assert apart <= (2e-3 if path[0] == "counterfactual" else CLOSE), (path, here, there)
            largest[path[0]] = max(largest.get(path[0], 0.0), apart)
    corrected = sum(row["counterfactual"] is not None for row in expected)
    print(f"\n{len(rows)} explanations, {corrected} with a correction; largest differences {largest}")
    assert corrected >= 2
