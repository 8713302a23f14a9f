"""Questions about models: each answer's figures are those of its predictions, and its sentences say what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import FacialisError, RecipeError
from facialis.models.inputs import Inputs
from facialis.studies.questions import NEEDS, OF_RECIPES, QUESTIONS, claimed, question
from facialis.studies.questions.encoder_swap import encoders
from facialis.studies.questions.learning_curve import draw_subjects, sizes
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.shuffled_measures import shuffled
from facialis.studies.questions.tables import NOTHING_SAID, row_figure
from facialis.studies.recipes import TINY
from facialis.studies.splits import make_folds

Make = Callable[..., Cohort]
FAST = {**TINY, "net.layers": 2, "net.epochs": 8, "image.epochs": 1, "fusion.epochs": 4}


def asked(name: str, cohort: Cohort, out: Path) -> Answer:
    answer = question(name)(Asking(cohort, out, FAST, random_weights=True, n_bootstrap=50))
    written = json.loads(answer.write(out).read_text())
    assert [f["value"] for f in written["figures"]] == [f.value for f in answer.figures]
    assert "simulated" in answer.sentences[0]
    for figure in answer.figures:
        assert figure.n_subjects == cohort.frames["subject_id"].nunique()
        assert figure.n_frames == len(cohort)
    return answer


def test_seeds_have_a_figure_each_and_their_spread_is_told(make_cohort: Make, tmp_path: Path) -> None:
    answer = asked("seeds", make_cohort(gap=0.5, crops=False), tmp_path / "out")
    names = [figure.what for figure in answer.figures]
    assert names[:5] == ["the study itself", "seed 1", "seed 2", "seed 3", "seed 4"]
    assert any(name.startswith("split") for name in names)
    values = [figure.value for figure in answer.figures[:5] if figure.value is not None]
    assert f"standard deviation {np.std(values, ddof=1):.1f}" in answer.sentences[1]


def test_every_fusion_is_compared_with_early_fusion(make_cohort: Make, tmp_path: Path) -> None:
    answer = asked("fusion", make_cohort(n_frames=2), tmp_path / "out")
    assert [f.what for f in answer.figures][:2] == ["early-fusion", "late-fusion"]
    assert len(answer.figures) == 6
    assert all("Holm" in figure.note for figure in answer.figures[1:])
    best = max(figure.value for figure in answer.figures if figure.value is not None)
    assert f"F1 {best:.1f}" in answer.sentences[0]
    assert "random weights" in answer.sentences[0]
    assert answer.weights == "random"


def test_encoders_of_a_dry_run_are_the_small_ones_and_what_is_asked(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(n_frames=2)
    answer = asked("encoder-swap", cohort, tmp_path / "out")
    assert [f.what for f in answer.figures] == ["mixer_tiny", "resnet_tiny", "fastervit_tiny"]
    assert all("that with mixer_tiny" in figure.note for figure in answer.figures[1:])
    named = Asking(cohort, tmp_path, {"image.encoder": "vit_b16"}, random_weights=True)
    assert encoders(named) == ["mixer_tiny", "resnet_tiny", "fastervit_tiny", "vit_b16"]
    assert encoders(Asking(cohort, tmp_path))[0] == "mixer_b16"


def test_learning_curve_draws_grow_and_end_with_the_study_itself(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(n_patients=6, n_healthy=6, n_frames=2, gap=1.0, crops=False)
    folds = make_folds(cohort.frames, seed=0)
    assert sizes(cohort.frames, folds) == [2, 4, 5]
    train = folds[0][0]
    few, more, every = (set(draw_subjects(cohort.frames, train, k, 0, 0)) for k in (2, 4, 5))
    assert few < more < every == set(train)
    assert cohort.frames.iloc[sorted(few)].groupby("group")["subject_id"].nunique().tolist() == [2, 2]
    answer = asked("learning-curve", cohort, tmp_path / "out")
    assert [curve.name for curve in answer.plots[0].curves] == ["measures-logistic", "measures-net"]
    assert list(answer.plots[0].curves[0].x) == [2, 4, 5]
    again = question("learning-curve")(
        Asking(cohort, tmp_path / "out", FAST, random_weights=True, n_bootstrap=50)
    )  # from what is kept
    assert again == answer


def test_measures_shuffled_in_fusion(make_cohort: Make, tmp_path: Path) -> None:
    answer = asked("shuffled-measures", make_cohort(n_patients=4, n_healthy=4), tmp_path / "out")
    assert [figure.what.split("measures ")[1] for figure in answer.figures] == [
        "intact",
        "shuffled in training",
        "shuffled at test only",
    ]
    inputs = Inputs({"measures": np.arange(20.0).reshape(10, 2)})
    train, test = np.arange(6), np.arange(6, 10)
    in_training, at_test = shuffled(inputs, train, test, 0)
    assert sorted(in_training[train].take("measures")[:, 0]) == sorted(inputs[train].take("measures")[:, 0])
    assert (in_training[test].take("measures") == inputs[test].take("measures")).all()
    assert (at_test[train].take("measures") == inputs[train].take("measures")).all()
    assert at_test[test].take("measures").max() <= inputs[train].take("measures").max()


def test_fusion_that_lives_on_the_measures_loses_by_their_shuffling(make_cohort: Make, tmp_path: Path) -> None:
    telling, blank = make_cohort(4, 4), make_cohort(4, 4, name="blank", gap=0.0)
    arrays = {"measures": telling.array("measures"), "crops": blank.array("crops")}
    cohort = write_cohort(tmp_path / "both", telling.frames, arrays, {"simulated": True})
    settings = {**FAST, "net.epochs": 40, "fusion.epochs": 40}
    answer = question("shuffled-measures")(
        Asking(cohort, tmp_path / "out", settings, random_weights=True, n_bootstrap=50)
    )
    intact, training, test = (figure.value or 0.0 for figure in answer.figures)
    assert intact > 90
    assert training < intact - 10
    assert test < intact - 10


def test_every_question_has_its_module_and_an_unknown_one_names_the_nearest() -> None:
    assert set(QUESTIONS) == set(NEEDS) >= set(OF_RECIPES)
    for name in QUESTIONS:
        assert callable(question(name))
    with pytest.raises(RecipeError, match="did you mean seeds"):
        question("seed")


def test_a_folder_is_for_one_question(make_cohort: Make, tmp_path: Path) -> None:
    out = tmp_path / "asked"
    with claimed(out, "seeds"):
        Answer("seeds", "", [], [], simulated=True).write(out)
        with pytest.raises(FacialisError, match="another question is asked there"), claimed(out, "seeds"):
            pass
    with claimed(out, "seeds"):
        pass
    with pytest.raises(FacialisError, match="holds the answer to seeds; choose another folder for fusion"):
        claimed(out, "fusion").__enter__()
    (out / "study.json").touch()
    with pytest.raises(FacialisError, match="holds a study"):
        claimed(out, "seeds").__enter__()


def test_several_recipes_where_one_is_asked_for(make_cohort: Make, tmp_path: Path) -> None:
    asking = Asking(make_cohort(crops=False), tmp_path, recipes=("measures-logistic", "measures-net"))
    with pytest.raises(RecipeError, match="one recipe, got measures-logistic, measures-net"):
        question("label-noise")(asking)


def test_a_row_that_answers_one_class_says_so(tmp_path: Path) -> None:
    table = pd.DataFrame({"recipe": "mute", "fold": [0, 0, 1, 1], "label": [0, 1, 0, 1], "predicted": [0, 0, 0, 1]})
    table.to_parquet(tmp_path / "predictions.parquet")
    row = {"recipe": "mute", "f1": 50.0, "f1_interval": (40.0, 60.0), "n_subjects": 4, "n_frames": 4}
    assert row_figure("mute", row, tmp_path).note == "the model answers one class in 1 of 2 folds"
    table.assign(predicted=0).to_parquet(tmp_path / "predictions.parquet")
    assert NOTHING_SAID in row_figure("mute", row, tmp_path).note
