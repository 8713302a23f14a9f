from __future__ import annotations

import json
import random
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facialis.detection.bundle import OF_COPIES, Bundle
from facialis.detection.card import QUANTILES
from facialis.detection.graph import check_graph
from facialis.detection.number_errors import noisy_copies
from facialis.errors import BundleError
from facialis.faces.mesh import canonical_face
from facialis.modalities.asymmetry import with_sign_of

DEFAULT = Path(str(files("facialis.detection").joinpath("default.bundle")))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "my.bundle"))


def graph(*nodes: onnx.NodeProto, initializers=(), **model) -> bytes:
    inputs = [helper.make_tensor_value_info("measures", TensorProto.FLOAT, ["n", 29])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])]
    made = helper.make_graph(list(nodes), "g", inputs, outputs, initializer=list(initializers))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], **model).SerializeToString()


def test_the_packages_own_bundle():
    own = Bundle.load()
    assert sum(file.stat().st_size for file in DEFAULT.iterdir()) < 5_000_000
    assert own.card.trained_on["simulated"] is True
    assert all("(simulated)" in name for name in own.card.results)
    assert len(own.card.reference["quantiles"]["0.5"]) == len(own.card.reference["names"])
    median = with_sign_of(np.full(29, 999), own.card.reference["quantiles"]["0.5"][:29])
    logits = own.logits(np.array([median] * 3))
    assert logits.shape == (3, 2)
    assert (logits[:, 0] > logits[:, 1]).all()  # the median healthy face is not called palsy


def test_writing_gives_the_same_bundle(tmp_path):
    own = Bundle.load()
    again = Bundle.write(tmp_path / "again.bundle", own.card, (DEFAULT / "model.onnx").read_bytes())
    assert again.hash == own.hash
    for name in ("model.onnx", "card.json", "SHA256SUMS"):
        assert (tmp_path / "again.bundle" / name).read_bytes() == (DEFAULT / name).read_bytes()


@pytest.mark.parametrize("name", ["model.onnx", "card.json", "SHA256SUMS"])
def test_one_changed_byte_is_refused_by_name(bundle, name):
    rng = random.Random(name)
    whole = (bundle / name).read_bytes()
    for _ in range(40):
        place, flip = rng.randrange(len(whole)), 1 << rng.randrange(8)
        changed = bytearray(whole)
        changed[place] ^= flip
        (bundle / name).write_bytes(changed)
        with pytest.raises(BundleError, match=r"(model\.onnx|card\.json|SHA256SUMS) was changed"):
            Bundle.load(bundle)
    for changed in (whole[:-1], whole + b"\n", b""):
        (bundle / name).write_bytes(changed)
        with pytest.raises(BundleError, match="was changed"):
            Bundle.load(bundle)
    (bundle / name).write_bytes(whole)
    Bundle.load(bundle)


def test_what_is_not_a_bundle(bundle, tmp_path):
    with pytest.raises(BundleError, match="no such bundle"):
        Bundle.load(tmp_path / "none")
    (bundle / "card.json").unlink()
    with pytest.raises(BundleError, match=r"card\.json cannot be read"):
        Bundle.load(bundle)


def resealed(bundle: Path, **changes: object) -> Path:
    """Change the card and write fitting sums, as somebody who means it would."""
    from facialis.detection.bundle import _sums

    card = json.loads((bundle / "card.json").read_text())
    text = json.dumps({**card, **changes}).encode()
    (bundle / "card.json").write_bytes(text)
    (bundle / "SHA256SUMS").write_text(_sums((bundle / "model.onnx").read_bytes(), text))
    return bundle


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 7}, "has format 7"),
        ({"threshold": 1.5}, "threshold must lie between 0 and 1"),
        ({"labels": ["palsy", "no palsy"]}, "labels must be"),
        ({"extra": 1}, "is not a card"),
        ({"threshold": "x"}, "is not a card"),
        ({"input": {}}, "is not a card"),
        ({"input": {"definition": "mine", "coordinates": "pixel", "pose_corrected": False}}, "definition of"),
        ({"reference": {}}, "is not a card"),
        (
            {"reference": {"names": ["x"] * 28, "quantiles": {q: [1.0] * 28 for q in QUANTILES}, "n": 1, "of": "x"}},
            "reference must have finite numbers",
        ),
        ({"uncertain": [0.9, 0.95]}, "two probabilities about the threshold"),
        ({"novelty_limit": -1.0}, "novelty_limit must be a positive number"),
        ({"trained_on": {}}, "must have a description"),
    ],
)
def test_wrong_cards(bundle, changes, message):
    with pytest.raises(BundleError, match=message):
        Bundle.load(resealed(bundle, **changes))


def test_external_data_is_refused(tmp_path):
    weight = numpy_helper.from_array(np.zeros((29, 2), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../secret"), ("offset", "0"), ("length", "232")):
        weight.external_data.add(key=key, value=value)
    model = graph(helper.make_node("MatMul", ["measures", "w"], ["logits"]), initializers=[weight])
    with pytest.raises(BundleError, match="refers to data in other files"):
        Bundle.write(tmp_path / "b", Bundle.load().card, model)
    assert not (tmp_path / "b").exists()


def test_external_data_inside_a_branch_is_refused():
    constant = numpy_helper.from_array(np.zeros(1, np.float32), "c")
    constant.data_location = TensorProto.EXTERNAL
    node = helper.make_node("Constant", [], ["c"], value=constant)
    branch = helper.make_graph([node], "b", [], [helper.make_tensor_value_info("c", TensorProto.FLOAT, [1])])
    choose = helper.make_node("If", ["measures"], ["logits"], then_branch=branch, else_branch=branch)
    with pytest.raises(BundleError, match="refers to data in other files"):
        check_graph(graph(choose), "here")


def test_external_data_in_a_sparse_tensor_is_refused():
    values = numpy_helper.from_array(np.zeros(1, np.float32), "s")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    indices.data_location = TensorProto.EXTERNAL
    sparse = helper.make_sparse_tensor(values, indices, [29])
    with pytest.raises(BundleError, match="refers to data in other files"):
        check_graph(graph(helper.make_node("Constant", [], ["logits"], sparse_value=sparse)), "here")


@pytest.mark.parametrize("width", [1, 29])
def test_a_model_that_gives_no_two_finite_logits(tmp_path, width):
    weight = numpy_helper.from_array(np.ones((29, width), np.float32), "w")
    model = graph(helper.make_node("MatMul", ["measures", "w"], ["logits"]), initializers=[weight])
    bundle = Bundle.write(tmp_path / "b", Bundle.load().card, model)
    with pytest.raises(BundleError, match=r"two finite logits a face were expected|cannot be run"):
        bundle.logits(np.ones((3, 29)))
    nan = numpy_helper.from_array(np.full((29, 2), np.nan, np.float32), "w")
    model = graph(helper.make_node("MatMul", ["measures", "w"], ["logits"]), initializers=[nan])
    with pytest.raises(BundleError, match="not finite"):
        Bundle.write(tmp_path / "n", Bundle.load().card, model).logits(np.ones((3, 29)))


@pytest.mark.parametrize("domain", ["com.microsoft", "evil"])
def test_custom_operators_are_refused(domain):
    model = graph(helper.make_node("Run", ["measures"], ["logits"], domain=domain))
    with pytest.raises(BundleError, match=rf"custom operator {domain}\.Run"):
        check_graph(model, "here")


def test_a_bundle_for_another_number_of_landmarks():
    made = onnx.load_model_from_string((DEFAULT / "model.onnx").read_bytes())
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 468
    with pytest.raises(BundleError, match=r"asks for landmarks of shape \[.*468, 3\]; a face has landmarks .*478"):
        check_graph(made.SerializeToString(), "here")


def test_the_measures_part_of_the_graph_gives_the_whole_graphs_logits():
    own = Bundle.load()
    rng = np.random.default_rng(0)
    landmarks = (canonical_face() + rng.normal(scale=0.2, size=(9, 478, 3))) * [10, -10, -10] + 300
    answers = own.answers(landmarks=landmarks, transform=np.tile(np.eye(4), (9, 1, 1)))
    assert own.by_measures
    np.testing.assert_allclose(own.logits(answers["measures"]), answers["logits"], atol=1e-5)
    assert np.ptp(answers["logits"]) > 0


def test_a_landmark_that_is_no_number_is_refused():
    landmarks = np.full((1, 478, 3), np.nan)
    with pytest.raises(BundleError, match="not finite"):
        Bundle.load().answers(landmarks=landmarks, transform=np.eye(4)[None])


def test_local_functions_other_inputs_and_no_graph_at_all():
    function = helper.make_function(
        "f", "F", ["x"], ["y"], [helper.make_node("Identity", ["x"], ["y"])], [helper.make_opsetid("", 18)]
    )
    with pytest.raises(BundleError, match="functions or training steps"):
        check_graph(graph(helper.make_node("F", ["measures"], ["logits"], domain="f"), functions=[function]), "here")
    made = onnx.load_model_from_string(graph(helper.make_node("Identity", ["measures"], ["logits"])))
    made.graph.input[0].name = "pixels"
    with pytest.raises(BundleError, match="asks for pixels of shape"):
        check_graph(made.SerializeToString(), "here")
    with pytest.raises(BundleError, match="not an ONNX graph"):
        check_graph(b"\xff\xff\xffnot a graph", "here")


def test_noisy_copies_get_the_same_answers_as_faces(astronaut_face):
    bundle = Bundle.load()
    copies = noisy_copies(astronaut_face.landmarks, astronaut_face.interocular_px, 5.0)
    given = {"landmarks": copies, "transform": np.broadcast_to(astronaut_face.transform, (len(copies), 4, 4))}
    every, asked = bundle.answers(**given), bundle.answers_with_copies(**given)
    assert set(every) == set(asked)
    for name, array in asked.items():
        assert len(array) == (len(copies) if name in OF_COPIES else 1)
        np.testing.assert_allclose(array, every[name][: len(array)], rtol=1e-4, atol=2e-6, err_msg=name)
