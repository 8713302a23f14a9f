from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facialis.detection.bundle import MAX_CARD_BYTES, MAX_GRAPH_BYTES, OF_COPIES, Bundle, _sums
from facialis.detection.card import LABELS, QUANTILES, Card
from facialis.detection.graph import check_graph
from facialis.detection.number_errors import noisy_copies
from facialis.errors import BundleError, FacialisError
from facialis.faces.geometry import interocular_distance
from facialis.faces.mesh import canonical_face
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.movements import MovementModel
from facialis.modalities.photo_sets import SetModel
from facialis.modalities.video_evidence import VideoModel

FIXTURES = Path(__file__).parents[1] / "fixtures"
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


GROWN = """
import dataclasses
import facialis.modalities.signed as signed
more = dataclasses.replace(signed.SIGNED_MEASURES[0], name="another")
signed.SIGNED_MEASURES += (more,)
from facialis.detection.bundle import Bundle
Bundle.load()
"""


def test_a_bundle_of_other_signed_measures_than_the_programs_is_refused_when_it_is_loaded():
    done = subprocess.run([sys.executable, "-c", GROWN], capture_output=True, text=True)
    told = done.stderr.splitlines()[-1]
    assert told.startswith("facialis.errors.BundleError")
    assert "answers signed of shape ['n', 24]" in told
    assert "signed ('n', 25) in this version of facialis; take a bundle that was trained with it" in told


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
        with pytest.raises(
            BundleError, match=r"(model\.onnx|card\.json|SHA256SUMS) was changed.*; get the bundle again"
        ):
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
    card = json.loads((bundle / "card.json").read_text())
    text = json.dumps({**card, **changes}).encode()
    (bundle / "card.json").write_bytes(text)
    (bundle / "SHA256SUMS").write_text(_sums((bundle / "model.onnx").read_bytes(), text))
    return bundle


OWN = json.loads((DEFAULT / "card.json").read_text())
INPUT, REFERENCE = OWN["input"], OWN["reference"]


def quantiles(**changes: object) -> dict[str, object]:
    return {**REFERENCE, "quantiles": {**REFERENCE["quantiles"], **changes}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 7}, "the bundle has format 7, this program reads 2; install the facialis release that its card"),
        ({"extra": 1}, "card.json is not a card"),
        ({"threshold": "x"}, "card.json is not a card"),
        ({"input": {}}, "card.json is not a card"),
        ({"reference": {}}, "card.json is not a card"),
        ({"logit_noise": {"iod_px": [60.0]}}, "card.json is not a card"),
        ({"labels": ["palsy", "no palsy"]}, "card.json: labels must be"),
        ({"threshold": 1.5}, "card.json: the threshold must lie between 0 and 1"),
        ({"threshold": 0.0, "uncertain": [0.0, 1.0]}, "card.json: the threshold must lie between 0 and 1"),
        ({"threshold": 1.0, "uncertain": [0.0, 1.0]}, "card.json: the threshold must lie between 0 and 1"),
        ({"uncertain": [0.9, 0.95]}, "card.json: uncertain must be two probabilities about the threshold"),
        ({"uncertain": [0.1, 0.2]}, "card.json: uncertain must be two probabilities"),
        ({"uncertain": [-0.1, 0.9]}, "card.json: uncertain must be two probabilities"),
        ({"uncertain": [0.1, 1.5]}, "card.json: uncertain must be two probabilities"),
        ({"uncertain": [0.1, 0.9, 0.95]}, "card.json: uncertain must be two probabilities"),
        ({"novelty_limit": -1.0}, "card.json: novelty_limit must be a positive number or null"),
        ({"novelty_limit": 0}, "card.json: novelty_limit must be a positive number or null"),
        ({"input": {**INPUT, "definition": "mine"}}, "card.json: input must have a definition of"),
        ({"input": {**INPUT, "coordinates": "mm"}}, "card.json: input must have coordinates of"),
        ({"input": {**INPUT, "origin": "nose"}}, "card.json: input must have an origin of"),
        ({"input": {**INPUT, "pose_corrected": "no"}}, "card.json: input must say whether it is pose_corrected"),
        (
            {"reference": {"names": ["x"] * 28, "quantiles": {q: [1.0] * 28 for q in QUANTILES}, "n": 1, "of": "x"}},
            "card.json: reference must have finite numbers",
        ),
        ({"reference": {**REFERENCE, "names": REFERENCE["names"][:-1]}}, "card.json: reference must have finite"),
        ({"reference": quantiles(**{"0.5": [None] * len(REFERENCE["names"])})}, "card.json: reference must have fin"),
        ({"reference": {**REFERENCE, "quantiles": dict.fromkeys(QUANTILES, 1.0)}}, "card.json: reference must have"),
        ({"reference": {k: v for k, v in REFERENCE.items() if k != "of"}}, "card.json: reference must say n and of"),
        ({"trained_on": {}}, "card.json: trained_on must have a description"),
        ({"trained_on": {"description": "faces"}}, "card.json: trained_on must have a description"),
        ({"results": ["good"]}, "card.json: results must be a table of names and figures"),
    ],
)
def test_wrong_cards(bundle, changes, message):
    with pytest.raises(BundleError, match=re.escape(f"{bundle}: {message}")):
        Bundle.load(resealed(bundle, **changes))


def test_what_is_no_card_is_told_what_a_card_has(bundle):
    with pytest.raises(BundleError, match=r"is not a card \(.*'extra'\); it must have name, input, threshold, "):
        Bundle.load(resealed(bundle, extra=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"uncertain": [0, 1]},
        {"uncertain": [OWN["threshold"], OWN["threshold"]]},
        {"novelty_limit": None},
        {"novelty_limit": 0.5},
        {"input": {name: value for name, value in INPUT.items() if name != "origin"}},
        {"results": {}},
        {"trained_on": {"description": "faces", "simulated": True}},
        {"licence": "Ä"},
    ],
)
def test_odd_cards_that_are_right(bundle, changes):
    card = Bundle.load(resealed(bundle, **changes)).card
    expected = {**OWN, **changes}
    assert card == Card(**{**expected, "labels": LABELS, "uncertain": tuple(expected["uncertain"])})


@pytest.mark.parametrize(
    ("iod_px", "sd"),
    [
        ([60.0, 30.0], [1.0, 1.0]),
        ([30.0, 30.0], [1.0, 1.0]),
        ([60.0], [-1.0]),
        ([0.0, 60.0], [1.0, 1.0]),
        ([30.0, 60.0], [1.0]),
        ([], []),
        (60.0, 1.0),
        ([[30.0, 60.0]], [[1.0, 1.0]]),
        ([30.0, None], [1.0, 1.0]),
        ([30.0, 60.0], [1.0, float("inf")]),
    ],
)
def test_a_card_whose_noise_cannot_be_is_refused(bundle, iod_px, sd):
    with pytest.raises(BundleError, match=r"card\.json: logit_noise must have a standard deviation"):
        Bundle.load(resealed(bundle, logit_noise={"iod_px": iod_px, "sd": sd}))


@pytest.mark.parametrize(("iod_px", "sd"), [([1], [0]), ([0.5], [0.1]), ([30, 31], [0.5, 0.0])])
def test_a_card_whose_noise_is_odd_but_can_be(bundle, iod_px, sd):
    noise = {"iod_px": iod_px, "sd": sd}
    assert Bundle.load(resealed(bundle, logit_noise=noise)).card.logit_noise == noise


@pytest.mark.parametrize(("px", "sd"), [(1, 0.4), (30, 0.4), (60, 0.25), (120, 0.1), (300, 0.1)])
def test_noise_by_size_is_read_between_the_sizes_by_their_logarithms(px, sd):
    table = {"iod_px": [30.0, 120.0], "sd": [0.4, 0.1], "n": 50, "basis": "measured"}
    assert with_entries(logit_noise=table).crop_noise(px) == pytest.approx(sd)


def test_a_card_without_noise_has_none():
    assert with_entries(logit_noise=None).crop_noise(60) == 0


def with_entries(**entries: object) -> Bundle:
    """Return the package's bundle with other entries in its card."""
    own = Bundle.load()
    return Bundle(dataclasses.replace(own.card, **entries), own.graph, own.hash)


@pytest.mark.parametrize(
    ("name", "model"), [("photo_set", SetModel), ("movements", MovementModel), ("video", VideoModel)]
)
def test_what_the_card_may_know_is_read_when_it_is_asked_for(name, model):
    assert isinstance(getattr(Bundle.load(), name), model)
    assert getattr(with_entries(**{name: None}), name) is None
    with pytest.raises(BundleError, match=f"the bundle geometric: {name} cannot be read"):
        getattr(with_entries(**{name: {}}), name)


def test_the_hash_is_that_of_the_sums(bundle):
    digest = hashlib.sha256((bundle / "SHA256SUMS").read_bytes()).hexdigest()
    assert Bundle.load(bundle).hash == Bundle.load(str(bundle)).hash == digest


def test_a_card_of_more_than_a_megabyte_is_refused(bundle):
    resealed(bundle)
    text = (bundle / "card.json").read_bytes()
    for size in (MAX_CARD_BYTES, MAX_CARD_BYTES + 1):
        (bundle / "card.json").write_bytes(text.ljust(size))
        (bundle / "SHA256SUMS").write_text(_sums((bundle / "model.onnx").read_bytes(), text.ljust(size)))
        if size == MAX_CARD_BYTES:
            Bundle.load(bundle)
    with pytest.raises(BundleError, match=re.escape(f"{bundle}: card.json is larger than 1048576 bytes")):
        Bundle.load(bundle)


@pytest.mark.parametrize(("name", "size"), [("model.onnx", MAX_GRAPH_BYTES + 1), ("SHA256SUMS", 4097)])
def test_other_files_that_are_too_large_are_not_read(bundle, name, size):
    os.truncate(bundle / name, size)  # a hole: it takes no room on the disk
    with pytest.raises(BundleError, match=f"{name} is larger than {size - 1} bytes"):
        Bundle.load(bundle)


def test_a_file_that_cannot_be_read_is_named_with_the_reason(bundle):
    (bundle / "card.json").unlink()
    with pytest.raises(BundleError, match=r"my\.bundle: card\.json cannot be read \(No such file or directory\)$"):
        Bundle.load(bundle)


# Writing.


def test_a_bundle_is_written_into_new_folders_and_over_an_old_bundle(tmp_path):
    own = Bundle.load()
    for _ in range(2):
        assert Bundle.write(str(tmp_path / "a" / "b"), own.card, own.graph).hash == own.hash


def test_a_card_is_written_as_people_read_it(tmp_path):
    own = with_entries(licence="für alle")
    Bundle.write(tmp_path / "b", own.card, own.graph)
    text = (tmp_path / "b" / "card.json").read_text(encoding="utf-8")
    assert '\n "licence": "für alle",\n' in text
    assert text.endswith("}\n")


def test_a_card_with_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Bundle.write(tmp_path / "b", with_entries(results={"AUC": float("nan")}).card, Bundle.load().graph)
    assert not (tmp_path / "b").exists()


def test_a_cohorts_folder_is_left_alone(tmp_path):
    (tmp_path / "cohort.json").write_text("{}")
    with pytest.raises(FacialisError, match=re.escape(f"{tmp_path}: holds a cohort; give a new folder")):
        Bundle.write(tmp_path, Bundle.load().card, Bundle.load().graph)
    assert [file.name for file in tmp_path.iterdir()] == ["cohort.json"]


def test_where_no_folder_can_be_the_reason_is_told(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(FacialisError, match=r"cannot write .*taken: File exists$"):
        Bundle.write(tmp_path / "taken", Bundle.load().card, Bundle.load().graph)


# The graph.


def test_external_data_is_refused(tmp_path):
    weight = numpy_helper.from_array(np.zeros((29, 2), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../secret"), ("offset", "0"), ("length", "232")):
        weight.external_data.add(key=key, value=value)
    model = graph(helper.make_node("MatMul", ["measures", "w"], ["logits"]), initializers=[weight])
    with pytest.raises(BundleError, match=re.escape(f"{tmp_path / 'b'}: model.onnx refers to data in other files")):
        Bundle.write(tmp_path / "b", Bundle.load().card, model)
    assert not (tmp_path / "b").exists()


def test_a_graph_with_an_operator_of_its_own_is_refused_though_the_sums_fit(bundle):
    evil = graph(helper.make_node("Run", ["measures"], ["logits"], domain="evil"))
    (bundle / "model.onnx").write_bytes(evil)
    with pytest.raises(BundleError, match=re.escape(f"{bundle}: model.onnx uses the custom operator evil.Run")):
        Bundle.load(resealed(bundle))


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
    with pytest.raises(BundleError, match=r"\(3, 2\) finite ones were expected|cannot be run"):
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


def test_noisy_copies_get_the_same_answers_as_faces():
    bundle = Bundle.load()
    face = np.load(FIXTURES / "astronaut_landmarks.npz")
    copies = noisy_copies(face["landmarks"], float(interocular_distance(face["landmarks"])), 5.0)
    given = {"landmarks": copies, "transform": np.broadcast_to(face["transform"], (len(copies), 4, 4))}
    every, asked = bundle.answers(**given), bundle.answers_with_copies(**given)
    assert set(every) == set(asked)
    for name, array in asked.items():
        assert len(array) == (len(copies) if name in OF_COPIES else 1)
        np.testing.assert_allclose(array, every[name][: len(array)], rtol=1e-4, atol=2e-6, err_msg=name)


def test_a_graph_that_cannot_run_is_named_with_the_reason():
    weight = numpy_helper.from_array(np.ones((28, 2), np.float32), "w")  # a face has 29 measures
    model = graph(helper.make_node("MatMul", ["measures", "w"], ["logits"]), initializers=[weight])
    with pytest.raises(BundleError, match=r"^the bundle geometric cannot be run: \[ONNXRuntimeError\].*$"):
        Bundle(Bundle.load().card, model, "").logits(np.ones((1, 29)))


def from_transforms(**answers: float) -> Bundle:
    """Return a bundle whose logits are the sums of the head transform's numbers, and others answers always alike."""
    weight = numpy_helper.from_array(np.ones((16, 2), np.float32), "w")
    nodes = [
        helper.make_node("Flatten", ["transform"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        *(helper.make_node("Constant", [], [name], value_floats=[value]) for name, value in answers.items()),
    ]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("transform", TensorProto.FLOAT, ["n", 4, 4])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in answers),
        ],
        initializer=[weight],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return Bundle(Bundle.load().card, model.SerializeToString(), "")


def test_what_the_graph_does_not_ask_for_is_left():
    answers = from_transforms(severity=0.5).answers(transform=np.ones((1, 4, 4)), landmarks=np.zeros((1, 478, 3)))
    assert {name: array.tolist() for name, array in answers.items()} == {"logits": [[16.0, 16.0]], "severity": [0.5]}
    assert {array.dtype for array in answers.values()} == {np.dtype(np.float64)}


def test_an_answer_that_is_no_number_is_named():
    with pytest.raises(BundleError, match=r"^the bundle geometric gave \(1,\) numbers as severity, or some .* not fin"):
        from_transforms(severity=float("nan")).answers(transform=np.ones((1, 4, 4)))


def test_an_answer_for_another_number_of_faces_is_refused():
    with pytest.raises(BundleError, match=r"gave \(1,\) numbers as severity, .*; \(2,\) finite ones were expected$"):
        from_transforms(severity=0.5).answers(transform=np.ones((2, 4, 4)))


def test_a_graph_that_fails_on_a_face_is_named_with_the_reason():
    with pytest.raises(BundleError, match=r"^the bundle geometric cannot be run: \[ONNXRuntimeError\].*$"):
        from_transforms().answers(transform=np.ones((1, 4, 5)))


def test_a_graph_that_reads_more_than_measures_is_not_asked_by_measures():
    bundle = from_transforms()
    assert bundle.inputs == bundle.label_reads == ("transform",)
    assert not bundle.by_measures
    assert bundle.logits_given(transform=np.ones((3, 4, 4))).tolist() == [[16.0, 16.0]] * 3
    with pytest.raises(BundleError, match="the bundle geometric cannot be asked by measures alone"):
        bundle.logits(np.ones((1, 29)))
