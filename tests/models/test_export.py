"""Torch and ONNX Runtime agree; the graph is one clean file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from facialis.models.export import to_onnx
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier


@pytest.fixture(scope="module", params=["net", "logistic"])
def trained(request: pytest.FixtureRequest) -> tuple[nn.Module, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(50, 20, size=(300, 29)).astype(np.float32)
    y = (x[:, 0] > 50).astype(int)
    X = Inputs({"measures": x})
    if request.param == "net":
        return FeedForwardClassifier(seed=0, module__n_inputs=29, max_epochs=30).fit(X, y).module_, x
    return LogisticClassifier().fit(X, y).module_, x


def test_torch_and_onnx_runtime_agree(trained: tuple[nn.Module, np.ndarray], tmp_path: Path) -> None:
    module, x = trained
    to_onnx(module, torch.zeros(1, 29), tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = module.eval()(torch.from_numpy(x)).numpy()
    for n in (1, 2, 300):
        (logits,) = session.run(None, {"measures": x[:n]})
        assert logits.shape == (n, 2)
        np.testing.assert_allclose(logits, expected[:n], atol=1e-5)
    assert np.ptp(expected) > 0.5


def test_the_graph_is_one_file_that_says_nothing_of_this_machine(
    trained: tuple[nn.Module, np.ndarray], tmp_path: Path
) -> None:
    module, _ = trained
    path = tmp_path / "net.onnx"
    module.train()
    to_onnx(module, torch.zeros(3, 29), path)
    assert module.training
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]
    model = onnx.load(path)
    assert [i.name for i in model.graph.input] == ["measures"]
    assert [o.name for o in model.graph.output] == ["logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert {o.domain for o in model.opset_import} <= {"", "ai.onnx"}
    assert all(o.version >= 17 for o in model.opset_import)
    content = path.read_bytes()
    assert b"site-packages" not in content
    assert b".py" not in content
    assert str(Path(__file__).parents[2]).encode() not in content
    to_onnx(module, torch.zeros(3, 29), tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == content
