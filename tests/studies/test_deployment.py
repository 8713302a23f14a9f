"""A row of a study as a detector: the same answers from torch and ONNX, thresholds from what was held out."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from facialis import Detector
from facialis.app.cli import app
from facialis.cohorts.cohort import Cohort
from facialis.detection.bundle import Bundle
from facialis.detection.reading import WIDENED
from facialis.errors import CohortError, FacialisError, RecipeError
from facialis.studies.crop_noise import moved
from facialis.studies.deployment import crossed_thresholds, deploy
from facialis.studies.recipes import TINY, load_recipes
from facialis.studies.study import run_study
from facialis.studies.table1 import tiny_cohort
from facialis.studies.training import load_inputs

ROWS = ("measures-net", "early-fusion", "late-fusion", "rgb-mixer", "gated-fusion")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "t"
    cohort = tiny_cohort(out)
    recipes = [recipe for name in ROWS for recipe in load_recipes(name, {**TINY, "image.test_crops": 10})]
    run_study(cohort, recipes, out, random_weights=True, split="2-fold", n_bootstrap=10)
    return out


@pytest.fixture(scope="module")
def bundle(study: Path) -> Path:
    out = study.parent / "fused.bundle"
    run = CliRunner().invoke(
        app, ["train-detector", "--from", str(study), "--row", "early-fusion-rgb", "--random-weights", "-o", str(out)]
    )
    assert run.exit_code == 0, run.output
    return out


@pytest.mark.parametrize("row", ["early-fusion", "late-fusion", "gated-fusion", "measures-net"])
def test_the_net_answers_as_the_fitted_row_does(study: Path, row: str) -> None:
    from facialis.models.encoders import load_encoder
    from facialis.studies.training import build, fit

    cohort = Cohort.open(study / "cohort")
    made = deploy(study, row, cohort, random_weights=True)
    facts = json.loads((study / "study.json").read_text())
    encoder = None
    if made.recipe.uses_image:
        encoder = load_encoder(made.recipe.image.encoder, random_weights=True, seed=facts["seed"])
    inputs = load_inputs(made.recipe, cohort, encoder)
    frames = cohort.frames
    model = build(made.recipe, inputs, encoder, seed=facts["seed"])
    fit(model, inputs, frames["label"].to_numpy(), frames["subject_id"].to_numpy())
    logits = model.predict_logits(inputs)
    odds = made.net.slope * (logits[:, 1] - logits[:, 0]) + made.net.offset
    measures = torch.from_numpy(np.asarray(cohort.array("measures"), dtype=np.float32))
    for k in range(4):
        given = [measures[k : k + 1]]
        if made.recipe.uses_image:
            given.append(torch.from_numpy(np.asarray(cohort.array("crops")[k : k + 1], dtype=np.float32)))
        with torch.no_grad():
            answer = made.net(*given)[0]
        # the study keeps tokens in half precision
        assert float(answer[1] - answer[0]) == pytest.approx(float(odds[k]), abs=0.02 * made.net.slope)


def test_onnx_runtime_agrees_with_torch_and_one_crop_serves_all_copies(study: Path, bundle: Path) -> None:
    cohort = Cohort.open(study / "cohort")
    made = deploy(study, "early-fusion", cohort, random_weights=True)
    read = Bundle.load(bundle)
    assert set(read.inputs) == {"measures", "crop"}
    measures = np.asarray(cohort.array("measures")[:5], dtype=np.float32)
    crop = np.asarray(cohort.array("crops")[:1], dtype=np.float32)
    with torch.no_grad():
        torch_logits = made.net(torch.from_numpy(measures), torch.from_numpy(crop)).numpy()
    assert read.answers(measures=measures, crop=crop)["logits"] == pytest.approx(torch_logits, abs=1e-4)
    assert not read.by_measures


def test_the_card_says_what_it_is(study: Path, bundle: Path) -> None:
    card = Bundle.load(bundle).card
    assert card.name == "early-fusion-random-weights"
    assert "not for use" in card.trained_on["description"]
    assert card.trained_on["simulated"]
    held_out = pd.read_parquet(study / "predictions.parquet").query("recipe == 'early-fusion'")
    assert any(f"{len(held_out)} simulated frames" in figure for figure in card.results)
    assert 0 < card.uncertain[0] <= card.threshold <= card.uncertain[1] < 1


def test_the_interval_holds_how_the_crop_is_cut(bundle: Path, landmarker, astronaut) -> None:
    read = Bundle.load(bundle)
    noise = read.card.logit_noise
    assert noise is not None
    assert noise["n"] == 16  # the cohort's frames; one group, as there are few
    assert len(noise["iod_px"]) == len(noise["sd"]) == 1
    assert noise["sd"][0] > 0
    assert "simulated faces" in noise["basis"]
    finding = Detector(read, landmarker).detect(astronaut, source="astronaut")
    bare = Bundle(dataclasses.replace(read.card, logit_noise=None), read.graph, read.hash)
    without = Detector(bare, landmarker).detect(astronaut, source="astronaut")
    assert finding.logit == without.logit  # the label's odds are not touched
    assert finding.logit_error == pytest.approx(np.hypot(without.logit_error, WIDENED * noise["sd"][0]), rel=1e-4)


def test_a_row_of_measures_alone_has_no_crop_noise(study: Path) -> None:
    assert deploy(study, "measures-net", Cohort.open(study / "cohort")).logit_noise is None


def test_a_crop_cut_by_its_own_frame_stays_and_by_another_moves() -> None:
    rng = np.random.default_rng(0)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).resize((256, 256)))
    frame = (10.0, 20.0, 250.0, 280.0)
    same = moved(smooth, frame, frame).astype(int)
    assert np.abs(same - smooth).mean() < 3
    right = moved(smooth, frame, (34.0, 20.0, 274.0, 280.0)).astype(int)  # a tenth of its width to the right
    shift = round(24 / 240 * 256)
    assert np.abs(right[:, : 256 - shift] - smooth[:, shift:]).mean() < 4
    assert np.abs(right - smooth).mean() > 2 * np.abs(right[:, : 256 - shift] - smooth[:, shift:]).mean()
    assert moved(smooth, frame, (-200.0, -200.0, 400.0, 400.0)).shape == (256, 256)


def test_each_folds_answers_are_held_against_the_others_threshold(study: Path, bundle: Path) -> None:
    odds = np.array([0.0, 1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 40.0])
    label = np.array([0, 0, 0, 1, 0, 0, 0, 1])
    owner = np.array(list("aaebcccd"))
    fold = np.repeat([0, 1], 4)
    edges = crossed_thresholds(odds, label, owner, fold)
    assert edges[:4] == pytest.approx(np.quantile([10.0, 20.0, 30.0], 0.9))
    assert edges[4:] == pytest.approx(np.quantile([0.0, 1.0, 2.0], 0.9))
    owner[5] = "a"  # a person in two folds chooses for none of them
    assert crossed_thresholds(odds, label, owner, fold)[:4] == pytest.approx(np.quantile([10.0, 30.0], 0.9))
    with pytest.raises(FacialisError, match="fold 0 holds every subject without palsy"):
        crossed_thresholds(odds[:4], label[:4], owner[:4], fold[:4])
    results = Bundle.load(bundle).card.results
    assert sum("each fold by a threshold of the others" in figure for figure in results) == 2


def test_it_judges_a_photo_without_torch(bundle: Path, landmarker, astronaut) -> None:
    detector = Detector.load(bundle, landmarker=landmarker)
    row = detector.detect(astronaut, source="astronaut").row()
    assert row["status"] == "judged"
    assert (row["side"], row["regions"], row["severity"]) == (None, None, None)
    assert row["probability_interval"] is not None
    assert row["model"].startswith("early-fusion-random-weights@")
    program = (
        "import sys\nfrom facialis import Detector\nfrom skimage.data import astronaut\n"
        f"with Detector.load({str(bundle)!r}) as d:\n    d.detect(astronaut())\n"
        "assert not {'torch', 'sklearn'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=120)


def test_what_cannot_be_is_refused_in_one_line(study: Path, tmp_path: Path) -> None:
    cohort = Cohort.open(study / "cohort")
    with pytest.raises(RecipeError, match=r"rgb-mixer cannot be a detector; of this study measures-net"):
        deploy(study, "rgb-mixer", cohort, random_weights=True)
    with pytest.raises(FacialisError, match=r"no row early-fusio; did you mean early-fusion\?"):
        deploy(study, "early-fusio", cohort)
    with pytest.raises(FacialisError, match="holds no study"):
        deploy(tmp_path, "early-fusion", cohort)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    shutil.copy(study / "study.json", unfinished)
    with pytest.raises(FacialisError, match="not finished"):
        deploy(unfinished, "early-fusion", cohort)
    selected = tmp_path / "selected"
    shutil.copytree(study, selected, ignore=shutil.ignore_patterns("cohort", "folds"))
    facts = json.loads((selected / "study.json").read_text())
    (selected / "study.json").write_text(json.dumps(facts | {"select": {"net.learning_rate": [0.2, 0.02]}}))
    with pytest.raises(RecipeError, match="chose net.learning_rate anew in each fold"):
        deploy(selected, "measures-net", cohort)
    other = tiny_cohort(tmp_path / "other", seed=9)
    with pytest.raises(CohortError, match="is not the cohort of the study"):
        deploy(study, "early-fusion", other)
    assert CliRunner().invoke(app, ["train-detector", "-o", str(tmp_path / "b")]).exit_code == 2
