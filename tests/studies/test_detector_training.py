"""A detector from a cohort: subjects kept apart, truth used where it is known, the same twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.app.train_detector import faces_of, split
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.cohorts.simulated.variety import vary
from facialis.detection.bundle import Bundle
from facialis.errors import CohortError
from facialis.faces.geometry import interocular_distance, mirror
from facialis.models.geometric import GeometricNet
from facialis.models.geometric_training import Features, Truth, calibrate, fit, log_odds, predict
from facialis.studies.detector import calibration_error


@pytest.fixture(scope="module")
def faces():
    made = simulate_faces(150, 150, 2, 11)
    return faces_of(made.frames, made.landmarks, made.transforms)


def test_the_net_is_the_same_for_a_mirrored_face_but_for_the_side(faces):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = GeometricNet(label_reads="early").eval()
    plain = faces.features("oo-2025")
    net.set_statistics(*plain.tensors())
    turn = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirrored = Features.of(mirror(faces.landmarks, 500.0), turn @ faces.transforms @ turn)
    # f21 and f23 know left from right by the published program's slips; without them nothing does.
    slips = [21, 23]
    mirrored.measures[:, slips] = plain.measures[:, slips]
    one, other = predict(net, plain), predict(net, mirrored)
    np.testing.assert_allclose(other["side"], -one["side"], atol=1e-4)
    for name in ("logits", "regions", "severity", "novelty"):
        np.testing.assert_allclose(other[name], one[name], atol=2e-3, err_msg=name)


def test_training_learns_label_side_and_regions_and_repeats(faces):
    first, _, third = split(faces, 0)
    net = fit(first.features("oo-2025"), first.truth, seed=3, steps=100)
    again = fit(first.features("oo-2025"), first.truth, seed=3, steps=100)
    answers = predict(net, third.features("oo-2025"))
    np.testing.assert_array_equal(answers["logits"], predict(again, third.features("oo-2025"))["logits"])
    sick = (third.truth.label == 1) & (third.truth.severity > 0.5)
    assert ((answers["side"] > 0) == (third.truth.side == 1))[sick].mean() > 0.75


def test_unknown_truth_teaches_nothing_and_breaks_nothing(faces):
    net = fit(faces.features("oo-2025"), Truth.of_labels(faces.truth.label), seed=0, steps=2)
    assert np.isfinite(predict(net, faces.features("oo-2025"))["logits"]).all()


def test_calibration_brings_probabilities_to_what_is_borne_out(faces):
    first, second, _ = split(faces, 1)
    net = fit(first.features("oo-2025"), first.truth, seed=0, steps=30)
    with torch.no_grad():
        net.label.weight *= 8
    plain, y = second.features("oo-2025"), second.truth.label

    def error() -> float:
        return calibration_error(1 / (1 + np.exp(-log_odds(net, plain))), y == 1)

    before = error()
    calibrate(net, plain, y)
    assert error() < before


def test_no_subject_is_on_two_sides(faces):
    parts = split(faces, 0)
    names = [set(part.subjects) for part in parts]
    assert sum(len(part.subjects) for part in parts) == len(faces.subjects)
    assert not names[0] & names[1]
    assert not names[2] & (names[0] | names[1])
    assert all(len(np.unique(part.truth.label)) == 2 for part in parts)
    with pytest.raises(CohortError, match="a detector needs 10 or more of each"):
        split(faces.take(np.flatnonzero(np.isin(faces.subjects, ["patient-0001", "healthy-0001"]))), 0)


def test_variety_bends_every_face_differently_and_one_persons_alike(faces):
    few = faces.landmarks[:12]
    unit = interocular_distance(few)[:, None, None]
    bent = (vary(few, 0) - few)[..., :2] / unit
    assert 0.001 < bent.std() < 0.05
    assert not np.allclose(bent[0], bent[1], atol=1e-4)
    alike = (vary(few, 0, together=3) - few)[..., :2] / unit
    np.testing.assert_allclose(alike[0], alike[2], atol=1e-4)
    assert not np.allclose(alike[2], alike[3], atol=1e-4)
    np.testing.assert_array_equal(vary(few, 5), vary(few, 5))


def test_the_command_from_a_cohort_to_a_bundle(tmp_path):
    runner = CliRunner()
    made = runner.invoke(app, ["simulate", "-o", str(tmp_path / "c"), "--subjects", "16+16", "--frames", "2"])
    assert made.exit_code == 0, made.output
    done = runner.invoke(app, ["train-detector", str(tmp_path / "c"), "-o", str(tmp_path / "b"), "--name", "mine"])
    assert done.exit_code == 0, done.output
    card = Bundle.load(tmp_path / "b").card
    assert card.name == "mine"
    assert card.trained_on["simulated"] is True
    assert all("(simulated)" in name for name in card.results)
    assert "subjects kept apart" in next(iter(card.results.values()))
