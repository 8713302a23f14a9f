"""A row of a study as a detector: the same answers from torch and ONNX, thresholds from what was held out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from facialis import Detector
from facialis.app.cli import app
from facialis.cohorts.cohort import Cohort
from facialis.detection.bundle import Bundle
from facialis.errors import CohortError, FacialisError, RecipeError
from facialis.studies.deployment import deploy
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
