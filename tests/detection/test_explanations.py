"""Explanations: what adds up, what is said, what would have to change, and whether the checks tell good from bad."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facialis import Detector, attribution
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.detection.attribution_methods import METHODS
from facialis.detection.bundle import Bundle
from facialis.detection.coalitions import half_faces
from facialis.detection.explanation_checks import audit, kept
from facialis.detection.explanation_trials import game_of, rank_correlation, with_shuffled_weights
from facialis.detection.finding import Finding
from facialis.detection.shares import count_shares
from facialis.detection.symmetry import region_of_landmarks, symmetrised
from facialis.errors import CohortError, FacialisError
from facialis.faces.geometry import iris_centres, mirror, undo_pose
from facialis.faces.mesh import canonical_face, mirror_permutation
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.crops import CROP_SIZE, crop
from facialis.modalities.measures import MEASURES
from facialis.modalities.regions import REGIONS

KINDS = ("regions", "branches", "measures")
NAMES = [entry.name for entry in MEASURES]


@pytest.fixture(scope="module")
def twin(astronaut, astronaut_face):
    return palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")


@pytest.fixture(scope="module")
def ill(detector, twin):
    return detector.detect(twin)


@pytest.fixture(scope="module")
def explained(detector, ill):
    return ill.explain(detector.bundle)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return simulate_cohort(tmp_path_factory.mktemp("explain") / "c", 25, 25, 4, seed=3)


def medians(bundle):
    """The healthy face: of a measure with a sign the size, put on the positive side of its symmetric value."""
    return with_sign_of(np.full(29, 1e3), bundle.card.reference["quantiles"]["0.5"][:29], "oo-2025")


def odds(bundle, points, face):
    logits = bundle.answers(landmarks=points[None], transform=face.transform[None])["logits"][0]
    return logits[1] - logits[0]


def written_out(game, players):
    """Shapley values by their definition: the mean over all orders of what a player brings."""
    shares = np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        joined = set()
        for player in order:
            shares[player] += game(joined | {player}) - game(joined)
            joined.add(player)
    return shares / len(orders)


def test_exact_and_sampled_shares_are_the_mean_over_all_orders():
    rng = np.random.default_rng(0)
    worth = {frozenset(s): float(rng.normal()) for r in range(5) for s in itertools.combinations(range(4), r)}
    expected = written_out(lambda joined: worth[frozenset(joined)], 4)

    def values(coalitions):
        return np.array([[worth[frozenset(np.flatnonzero(row).tolist())] for row in coalitions]])

    exact = attribution.exact_shares(values(attribution.exact_coalitions([[0], [1], [2], [3]], 4)))[0]
    np.testing.assert_allclose(exact, expected, atol=1e-12)
    every = np.array([o for p in itertools.permutations(range(4)) if p < p[::-1] for o in (p, p[::-1])])
    ends = worth[frozenset()], worth[frozenset(range(4))]
    found, error = attribution.order_shares(
        values(attribution.order_coalitions(every)), np.array([ends[0]]), np.array([ends[1]]), every
    )
    np.testing.assert_allclose(found[0], expected, atol=1e-12)
    assert (error > 0).all()
    drawn = attribution.orders(4, 400, 0)
    assert (drawn[1] == drawn[0][::-1]).all()
    found, error = attribution.order_shares(
        values(attribution.order_coalitions(drawn)), np.array([ends[0]]), np.array([ends[1]]), drawn
    )
    assert found.sum() == pytest.approx(ends[1] - ends[0])
    assert (np.abs(found[0] - expected) < 4 * error[0]).all()


@pytest.mark.parametrize("careful", [False, True])
def test_shares_of_each_kind_add_up(detector, astronaut, twin, careful):
    judge = Detector(detector.bundle, detector.landmarker, careful=careful)
    for picture in (astronaut, twin):
        finding = judge.detect(picture)
        assert (finding.second_face is not None) == careful
        found = finding.explain(detector.bundle)
        assert found.logit == pytest.approx(finding.logit)
        for kind in KINDS:
            assert sum(found.shares[kind].values()) == pytest.approx(found.logit - found.reference_logit, abs=1e-3)
        row = json.loads(json.dumps(found.as_dict(), allow_nan=False))
        assert set(row["shares"]) == set(KINDS)
        assert set(row["shares"]["measures"]) == set(NAMES)
        assert found.sampling_error < 0.05


def test_the_reference_is_the_face_of_medians(detector, explained):
    healthy = detector.bundle.logits(medians(detector.bundle)[None])[0]
    assert explained.reference_logit == pytest.approx(healthy[1] - healthy[0], abs=1e-4)
    assert str(detector.bundle.reference.n) in explained.reference
    assert "simulated" in explained.reference


def test_a_branch_that_the_label_does_not_read_has_no_share_and_a_note_says_so(detector, explained):
    assert detector.bundle.label_reads == ("measures",)
    assert explained.shares["branches"]["pairs"] == 0.0
    assert any("landmark pairs" in note for note in explained.notes)


def test_a_measure_that_alone_is_abnormal_gets_the_share(detector):
    bundle = detector.bundle
    for name in ("oral_commissures_tilt", "palpebral_fissure_height_ratio"):
        number = NAMES.index(name)
        face = medians(bundle)
        face[number] += 5.0 if MEASURES[number].unit == "deg" else 0.8
        counted = count_shares([game_of(bundle, face[None])], pairs=4)
        change = counted.all - counted.none
        assert abs(change) > 0.5
        assert counted.shares["measures"].pop(name) == pytest.approx(change, abs=1e-4)
        assert counted.shares["regions"].pop(MEASURES[number].region) == pytest.approx(change, abs=1e-4)
        for part in (counted.shares["measures"], counted.shares["regions"]):
            assert np.abs(list(part.values())).max() < 1e-4
        for method in ("shapley", "one at a time", "gradient"):
            assert np.abs(METHODS[method](game_of(bundle, face[None]))[0]).argmax() == number


def test_the_palsys_region_has_the_largest_share_and_noise_is_told(explained):
    assert max(REGIONS, key=lambda region: explained.shares["regions"][region]) == "mouth"
    assert all(error > 0 for error in explained.errors["measures"].values())
    for kind in KINDS:
        for name in explained.within_noise(kind):
            assert abs(explained.shares[kind][name]) < 2 * explained.errors[kind][name]
    assert "mouth" not in explained.within_noise("regions")
    assert explained.as_dict()["within_noise"]["measures"] == list(explained.within_noise("measures"))
    assert explained.within_noise("measures")


def test_a_mirrored_face_swaps_the_sides_and_keeps_the_shares(detector, ill, twin):
    face = ill.face
    turn = np.diag([-1.0, 1.0, 1.0, 1.0])
    other = dataclasses.replace(
        face,
        landmarks=mirror(face.landmarks, float(twin.shape[1])).astype(np.float32),
        transform=(turn @ face.transform @ turn).astype(np.float32),
    )
    one, two = (
        detector.judge(f, picture, twice=False).explain(detector.bundle)
        for f, picture in ((face, twin), (other, np.ascontiguousarray(twin[:, ::-1])))
    )
    swapped = [s.replace("subject's left", "?").replace("subject's right", "subject's left") for s in one.sentences]
    # errors differ a little: the copies' noise is not mirrored
    strip = [s.replace("?", "subject's right").split(" (±")[0] for s in swapped]
    assert [s.split(" (±")[0] for s in two.sentences] == strip
    assert "left" in one.sentences[0]
    for name in ("brow", "eye", "mouth"):
        assert two.shares["regions"][name] == pytest.approx(one.shares["regions"][name], abs=0.1)


def test_sentences_say_what_was_measured(detector, ill, explained):
    points = undo_pose(ill.face.landmarks.astype(float), ill.face.transform)[:, :2]
    right, left = iris_centres(points)
    along = (left - right) / np.linalg.norm(left - right)
    up = np.array([along[1], -along[0]])
    iris = np.mean([np.linalg.norm(points[a] - points[b]) for a, b in ((469, 471), (474, 476))])
    lower = 11.7 / iris * (points[61] - points[291]) @ up
    assert lower > 0  # the corner of the subject's right is higher
    card = detector.bundle.card.reference
    limit = card["quantiles"]["0.975"][card["names"].index("oral_commissure_height_difference")]
    first = explained.sentences[0]
    assert first.startswith(f"Mouth corner on the subject's left: {lower:.1f} mm lower than on the other side")
    assert f"97.5 % of {card['n']} simulated faces without palsy differ by less than {limit:.1f} mm" in first
    assert not any(word in " ".join(explained.sentences).lower() for word in ("because", "due to", "bell", "diagnos"))
    shown = [name for name in ("brow", "lower lid") if any(s.lower().startswith(name) for s in explained.sentences)]
    assert not shown  # within the healthy range


def test_a_face_within_the_range_gets_one_sentence(detector, astronaut):
    found = detector.detect(astronaut).explain(detector.bundle)
    assert len(found.sentences) == 1
    assert "a still face" in found.sentences[0]
    assert found.counterfactual is None
    assert any("no palsy already" in note for note in found.notes)


def test_german(detector, ill, explained):
    found = ill.explain(detector.bundle, language="de")
    value = explained.sentences[0].split(": ")[1].split(" mm")[0].replace(".", ",")
    assert found.sentences[0].startswith(f"Mundwinkel links (der Person): {value} mm tiefer als auf der anderen Seite")
    assert len(found.sentences) == len(explained.sentences)
    assert found.shares == explained.shares
    with pytest.raises(FacialisError, match="'xx': expected one of"):
        ill.explain(detector.bundle, language="xx")


def test_a_symmetric_face_is_its_own_symmetric_face():
    face = canonical_face() * [100.0, -100.0, -100.0]
    np.testing.assert_allclose(symmetrised(face), face, atol=1e-6)
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    bent = (face + rng.normal(size=face.shape) * 20) @ turn + [300, 200, 0]
    even = symmetrised(bent)
    np.testing.assert_allclose(symmetrised(even), even, atol=1e-6)
    pairs = np.linalg.norm(even - even[mirror_permutation()], axis=1)
    assert pairs.max() > 100  # left and right did not fall together
    assert np.linalg.norm(even - bent) < np.linalg.norm(bent - bent[mirror_permutation()])
    member = region_of_landmarks()
    assert (member == member[mirror_permutation()]).all()
    assert set(member) == {0, 1, 2, 3}


def test_the_correction_flips_the_label_and_less_does_not(detector, ill, explained):
    found = explained.counterfactual
    threshold = np.log(detector.bundle.card.threshold / (1 - detector.bundle.card.threshold))
    points = ill.face.landmarks.astype(float)
    assert odds(detector.bundle, points, ill.face) > threshold
    assert odds(detector.bundle, found.landmarks, ill.face) == pytest.approx(found.logit, abs=1e-4)
    assert found.logit < threshold
    less = points + (1 - 0.004 / found.share) * (found.landmarks - points)
    assert odds(detector.bundle, less, ill.face) > threshold
    moved = np.linalg.norm(found.landmarks - points, axis=1) > 1e-6
    member = np.array(REGIONS)[region_of_landmarks()]
    assert set(member[moved]) == set(found.regions)
    for region in REGIONS:
        assert (found.regions_mm[region] > 0) == (region in found.regions)
    assert found.largest_mm == pytest.approx(max(found.regions_mm.values()))
    assert "landmarks" not in explained.as_dict()["counterfactual"]
    assert np.shape(explained.as_dict(landmarks=True)["counterfactual"]["landmarks"]) == (478, 3)


def test_where_even_a_symmetric_face_is_called_palsy_a_note_says_so(detector, twin):
    card = dataclasses.replace(detector.bundle.card, threshold=0.001, uncertain=(0.0005, 0.002))
    bundle = Bundle(card, detector.bundle.graph, "low")
    found = Detector(bundle, detector.landmarker).detect(twin).explain(bundle)
    assert found.counterfactual is None
    assert any("wholly symmetric" in note for note in found.notes)
    assert any("not on this one" in note for note in found.notes)


def test_what_cannot_be_explained_says_why_in_one_line(detector, twin, ill):
    wall = detector.detect(np.full((99, 99, 3), 90, np.uint8), source="wall.png")
    cases = {
        "wall.png: was not judged, so there is nothing to explain: no face": wall,
        "broken.png: was not judged.*cannot be read": Finding(
            "broken.png", "error", detector.model, reasons=("cannot be read",)
        ),
        "was judged by the bundle other@1": dataclasses.replace(ill, model="other@1"),
        "explain a photo, or a frame saved as one": dataclasses.replace(ill, face=None, frame=3),
    }
    for line, finding in cases.items():
        with pytest.raises(FacialisError, match=line) as caught:
            finding.explain(detector.bundle)
        assert "\n" not in str(caught.value)


def test_a_forced_finding_is_explained_and_says_so(detector, twin):
    small = np.asarray(twin[::2, ::2])
    forced = Detector(detector.bundle, detector.landmarker, force=True).detect(small)
    assert forced.forced
    assert any("unfit" in note for note in forced.explain(detector.bundle).notes)


def test_without_healthy_ranges_of_lengths_a_sentence_says_so(detector, ill):
    numbers = {
        kind: {name: dataclasses.replace(number, reference=None) for name, number in table.items()}
        for kind, table in ill.numbers.items()
    }
    found = dataclasses.replace(ill, numbers=numbers).explain(detector.bundle)
    assert found.sentences == (
        "The bundle holds no healthy ranges of lengths, so no difference can be called large or small.",
    )


def linear_bundle(detector, inputs, nodes, constants, outputs=("logits",)):
    """A bundle of a graph written out by hand."""
    shapes = {"measures": ["n", 29], "crop": [1, 256, 256], "landmarks": ["n", 478, 3], "logits": ["n", 2]}
    ports = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in of] for of in (inputs, outputs)]
    values = [numpy_helper.from_array(np.asarray(v, np.float32 if np.asarray(v).dtype.kind == "f" else np.int64), n)
              for n, v in constants.items()]  # fmt: skip
    graph = helper.make_graph(nodes, "g", *ports, values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    card = dataclasses.replace(detector.bundle.card, name="linear", novelty_limit=None)
    return Bundle(card, model.SerializeToString(), "made by hand")


def two_logits(odds_name):
    return [
        helper.make_node("Mul", [odds_name, "half"], ["h"]),
        helper.make_node("Neg", ["h"], ["no"]),
        helper.make_node("Concat", ["no", "h"], ["logits"], axis=1),
    ]


def test_a_fusion_of_measures_and_picture(detector, twin):
    rng = np.random.default_rng(0)
    weights, mask = rng.normal(size=(29, 1)) / 30, rng.normal(size=(CROP_SIZE**2, 1)) / 4e4
    nodes = [
        helper.make_node("Reshape", ["crop", "flat"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "mask"], ["seen"]),
        helper.make_node("MatMul", ["measures", "weights"], ["measured"]),
        helper.make_node("Add", ["measured", "seen"], ["both"]),
        helper.make_node("Add", ["both", "shift"], ["odds"]),
        *two_logits("odds"),
    ]
    constants = {"flat": [1, -1], "mask": mask, "weights": weights, "half": [[0.5]], "shift": [[3.0]]}
    bundle = linear_bundle(detector, ("measures", "crop"), nodes, constants)
    assert bundle.label_reads == ("measures", "crop")
    assert not bundle.by_measures
    finding = Detector(bundle, detector.landmarker).detect(twin)
    found = finding.explain(bundle, picture=twin)
    cut = crop(twin, finding.face.landmarks)
    halves = np.mean([half.ravel() @ mask[:, 0] for half in half_faces(cut, finding.face)])
    assert found.shares["branches"]["picture"] == pytest.approx(cut.ravel() @ mask[:, 0] - halves, abs=1e-3)
    for kind in KINDS:
        assert sum(found.shares[kind].values()) == pytest.approx(found.logit - found.reference_logit, abs=1e-3)
        assert found.shares[kind]["picture"] == pytest.approx(found.shares["branches"]["picture"], abs=1e-3)
    number = NAMES.index("palpebral_fissure_width_ratio")
    expected = weights[number, 0] * (finding.measures[number] - medians(bundle)[number])
    assert found.shares["measures"][NAMES[number]] == pytest.approx(expected, abs=1e-3)
    assert any("half-face" in note for note in found.notes)
    with pytest.raises(FacialisError, match="linear reads the picture as well: give the picture that was judged"):
        finding.explain(bundle)
    with pytest.raises(FacialisError, match="give the picture that was judged"):
        finding.explain(bundle, picture=np.full_like(twin, 255))
    with pytest.raises(FacialisError, match="the audit is of labels that follow from the measures alone"):
        audit(bundle, None)


def test_half_faces_are_symmetric_and_keep_their_half(twin, ill):
    cut = crop(twin, ill.face.landmarks)
    right, left = half_faces(cut, ill.face)
    assert (right[:, :60] == cut[:, :60]).all()  # the subject's right is on image left
    assert (left[:, -60:] == cut[:, -60:]).all()
    assert np.abs(right - left).mean() > 1


def test_a_label_that_reads_the_landmarks_too(detector, twin):
    rng = np.random.default_rng(1)
    select = np.zeros((478 * 3, 29))
    select[np.arange(29) * 40, np.arange(29)] = 0.01
    constants = {"select": select, "weights": rng.normal(size=(29, 1)), "pairs": rng.normal(size=(478 * 3, 1)) / 3e3,
                 "half": [[0.5]]}  # fmt: skip
    nodes = [
        helper.make_node("Flatten", ["landmarks"], ["flat"]),
        helper.make_node("MatMul", ["flat", "select"], ["measures"]),
        helper.make_node("MatMul", ["measures", "weights"], ["measured"]),
        helper.make_node("MatMul", ["flat", "pairs"], ["seen"]),
        helper.make_node("Add", ["measured", "seen"], ["odds"]),
        *two_logits("odds"),
    ]
    bundle = linear_bundle(detector, ("landmarks",), nodes, constants, ("logits", "measures"))
    assert bundle.label_reads == ("measures", "landmarks")
    finding = Detector(bundle, detector.landmarker).detect(twin)
    found = finding.explain(bundle)
    points = finding.face.landmarks.astype(float)
    expected = float((points - symmetrised(points)).ravel() @ constants["pairs"][:, 0])
    assert found.shares["branches"]["pairs"] == pytest.approx(expected, abs=2e-3)
    assert sum(found.shares["regions"].values()) == pytest.approx(found.logit - found.reference_logit, abs=1e-3)
    assert found.errors is None
    assert any("was not counted" in note for note in found.notes)


def test_a_label_without_measures_is_refused(detector, twin):
    nodes = [
        helper.make_node("Flatten", ["landmarks"], ["flat"]),
        helper.make_node("MatMul", ["flat", "pairs"], ["odds"]),
        *two_logits("odds"),
    ]
    constants = {"pairs": np.full((478 * 3, 1), 1e-6), "half": [[0.5]]}
    bundle = linear_bundle(detector, ("landmarks",), nodes, constants)
    with pytest.raises(FacialisError, match="its label reads landmarks and not the 29 measures"):
        Detector(bundle, detector.landmarker).detect(twin).explain(bundle)


def test_other_weights_give_other_shares(detector, cohort):
    measures = np.asarray(cohort.array("measures"))[:60]
    shares = METHODS["shapley"](game_of(detector.bundle, measures))
    mixed = with_shuffled_weights(detector.bundle, 0)
    other = METHODS["shapley"](game_of(mixed, measures))
    assert rank_correlation(shares, other).mean() < 0.5
    same = METHODS["shapley"](game_of(detector.bundle, measures))
    np.testing.assert_array_equal(shares, same)
    before, after = (b.logits(measures) for b in (detector.bundle, mixed))
    assert np.abs(before - after).max() > 0.1


def test_the_audit_passes_shapley_and_fails_the_controls(detector, cohort):
    found = audit(detector.bundle, cohort)
    figures = {(one.method, one.check): one for one in found.results}
    assert {c for (m, c), one in figures.items() if m == "shapley" and one.passed is False} <= {"pointing game"}
    assert not found.passed()["distance"]
    assert not found.passed()["random"]
    pointing = figures["shapley", "pointing game"]
    assert pointing.figure > float(pointing.limit.split()[1])
    assert figures["distance", "random weights"].figure == pytest.approx(1.0)
    assert figures["random", "deletion"].passed is False
    gain = figures["shapley", "deletion"].figure
    assert gain > figures["distance", "deletion"].figure > figures["random", "deletion"].figure
    for one in found.results:
        assert one.low <= one.high
        assert one.subjects <= 50
    start, end = found.curves["deletion"]["shapley"][[0, -1]]
    assert (start, end) == pytest.approx(found.curves["insertion"]["shapley"][[-1, 0]])
    assert found.skipped["shuffled labels"]
    assert found.simulated


def test_limits_hold_for_the_whole_interval():
    assert kept("below 0.5", 0.3, 0.49) is True
    assert kept("below 0.5", 0.3, 0.51) is False
    assert kept("above 0", -0.1, 2.0) is False
    assert kept("", 0.0, 1.0) is None


def test_an_audit_needs_subjects(detector, tmp_path):
    with pytest.raises(CohortError, match="4 subjects; intervals over subjects need ten or more"):
        audit(detector.bundle, simulate_cohort(tmp_path / "few", 2, 2, 1, seed=0))


def test_an_audit_needs_both_labels(detector, tmp_path):
    with pytest.raises(CohortError, match="one: 0 frames with palsy and 10 without; the audit needs both"):
        audit(detector.bundle, simulate_cohort(tmp_path / "one", 0, 10, 1, seed=0))


def test_explaining_needs_no_torch_and_findings_travel(ill):
    assert pickle.loads(pickle.dumps(ill)).model == ill.model  # noqa: S301
    code = (
        "import sys; from facialis.detection import explain, explanation_checks; from facialis.reports import "
        "explanations, explanation_audit; sys.exit(bool({'torch', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
