"""Torch, ONNX Runtime in Python and ONNX Runtime in WebAssembly, as a browser has it, give the same numbers."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.models.detector_net import Answers, DetectorNet, export_detector
from facialis.models.geometric import GeometricNet
from tests.browsers import node_with

HERE = Path(__file__).parent
Arrays = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def faces() -> Arrays:
    made = simulate_faces(20, 20, 1, 5)
    return {"landmarks": made.landmarks, "transform": made.transforms}


def in_web_assembly(graph: Path, inputs: Arrays, folder: Path) -> Arrays:
    program = node_with("onnxruntime-web")
    given = {name: {"shape": array.shape, "data": array.ravel().tolist()} for name, array in inputs.items()}
    (folder / "inputs.json").write_text(json.dumps(given))
    done = subprocess.run(
        [program, str(HERE / "run.mjs"), str(graph), str(folder / "inputs.json")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return {name: np.array(put["data"], np.float32).reshape(put["shape"]) for name, put in answers.items()}


def in_python(graph: Path, inputs: Arrays) -> Arrays:
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    names = [put.name for put in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def check(found: Arrays, expected: Arrays) -> None:
    assert set(found) == set(expected) == set(Answers._fields)
    for name, array in expected.items():
        assert np.ptp(array) > 0
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_packages_own_graph(faces: Arrays, tmp_path: Path) -> None:
    graph = Path(str(files("facialis.detection").joinpath("default.bundle", "model.onnx")))
    expected = in_python(graph, faces)
    check(in_web_assembly(graph, faces, tmp_path), expected)
    bent = {**faces, "landmarks": faces["landmarks"] + np.linspace(0, 3, 478, dtype=np.float32)[:, None]}
    with pytest.raises(AssertionError):
        check(in_web_assembly(graph, bent, tmp_path), expected)


def test_a_new_net_in_torch_and_both_runtimes(faces: Arrays, tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = GeometricNet(label_reads="early").eval()
    export_detector(net, tmp_path / "net.onnx")
    with torch.no_grad():
        answers = DetectorNet(net).eval()(*(torch.from_numpy(array) for array in faces.values()))
    expected = {name: part.numpy() for name, part in answers._asdict().items()}
    check(in_python(tmp_path / "net.onnx", faces), expected)
    check(in_web_assembly(tmp_path / "net.onnx", faces, tmp_path), expected)
