"""Settings chosen inside a fold: on its training side alone, by the better answers there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.errors import RecipeError
from facialis.models.inputs import Inputs
from facialis.studies import selection
from facialis.studies.recipes import RECIPES
from facialis.studies.selection import candidates, choose
from facialis.studies.training import run_fold

Make = Callable[..., Cohort]
GRID = {"logistic.strength": (1e-6, 1.0)}


def test_the_better_value_is_chosen(make_cohort: Make) -> None:
    cohort = make_cohort(6, 3, 8, crops=False, gap=1.5)  # two patients to a healthy one: no strength calls all palsy
    inputs = Inputs({"measures": cohort.array("measures")})
    recipe = RECIPES["measures-logistic"]
    train = np.arange(len(cohort))
    settings, chosen = choose(recipe, GRID, inputs, cohort.frames, train, None, seed=0)
    assert settings == {"logistic.strength": 1.0}
    assert chosen.logistic.strength == 1.0
    first, _ = choose(recipe, {"logistic.strength": (0.9, 1.0)}, inputs, cohort.frames, train, None, seed=0)
    assert first == {"logistic.strength": 0.9}  # among equals the first


def test_nothing_but_the_training_side_is_seen(make_cohort: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = make_cohort(6, 6, crops=False)
    subjects = cohort.frames["subject_id"].to_numpy()
    train = np.flatnonzero(~np.isin(subjects, ["p00", "h00"]))
    seen: list[tuple[set[str], set[str]]] = []

    def watched(*args: object, **options: object) -> object:
        inner_train, inner_test = args[3], args[4]
        seen.append((set(subjects[inner_train]), set(subjects[inner_test])))
        return run_fold(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(selection, "run_fold", watched)
    inputs = Inputs({"measures": cohort.array("measures")})
    choose(RECIPES["measures-logistic"], GRID, inputs, cohort.frames, train, None, seed=0)
    assert len(seen) == 6
    for fitted, asked in seen:
        assert not fitted & asked
        assert fitted | asked == set(subjects[train])


def test_only_keys_that_the_model_has_are_tried() -> None:
    grid = {"net.learning_rate": (0.1, 0.01), "image.learning_rate": (0.1, 0.01), "fusion.dropout": (0.0, 0.5)}
    tried = {name: [settings for settings, _ in candidates(RECIPES[name], grid)] for name in RECIPES}
    assert tried["measures-logistic"] == [{}]
    assert tried["measures-net"] == [{"net.learning_rate": 0.1}, {"net.learning_rate": 0.01}]
    assert tried["rgb-mixer"] == [{"image.learning_rate": 0.1}, {"image.learning_rate": 0.01}]
    assert len(tried["early-fusion"]) == 8
    assert candidates(RECIPES["early-fusion"], grid)[-1][1].fusion.dropout == 0.5


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"net.learning_rat": (0.1,)}, "unknown key 'net.learning_rat', did you mean 'net.learning_rate'"),
        ({"net.learning_rate": (0.1, -1.0)}, "net.learning_rate is above 0"),
        ({"net.learning_rate": ()}, "no values to choose from"),
        ({"image.encoder": ("mixer_tiny",)}, "image.encoder cannot be chosen inside a fold"),
        ({"threshold": ("fold",)}, "threshold cannot be chosen inside a fold"),
        ({"net.epochs": tuple(range(1, 40))}, "39 combinations to choose from; 32 at most"),
    ],
)
def test_a_wrong_grid_is_refused(grid: dict[str, tuple[object, ...]], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        candidates(RECIPES["measures-net"], grid)


def test_a_study_says_what_each_fold_chose(make_cohort: Make, tmp_path: pytest.TempPathFactory) -> None:
    from facialis.studies.study import run_study

    results = run_study(
        make_cohort(4, 4, crops=False), RECIPES["measures-logistic"], tmp_path / "out", select=GRID, n_bootstrap=10
    )  # type: ignore[operator]
    assert results["select"] == {"logistic.strength": [1e-6, 1.0]}
    assert all(set(fold["selected"]) == {"logistic.strength"} for fold in results["rows"][0]["folds"])
    assert isinstance(pd.read_parquet(tmp_path / "out" / "predictions.parquet")["selected"].iloc[0], str)  # type: ignore[operator]
