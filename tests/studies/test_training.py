"""One fold of each recipe: what goes in, what is trained, and frames that lack a modality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import CohortError
from facialis.models.encoders import Encoder, load_encoder
from facialis.models.image import TokenNet
from facialis.studies.recipes import COLLECTIONS, TINY, load_recipes
from facialis.studies.training import Answers, build, load_inputs, run_fold

Make = Callable[..., Cohort]
FAST = {**TINY, "net.epochs": 4, "image.epochs": 2, "fusion.epochs": 4}


@pytest.fixture(scope="module")
def encoders() -> dict[str, Encoder]:
    return {name: load_encoder(name, random_weights=True) for name in ("mixer_tiny", "resnet_tiny", "fastervit_tiny")}


def answers_of(
    name: str, cohort: Cohort, encoders: dict[str, Encoder], test: np.ndarray | None = None, **settings: Any
) -> Answers:
    (recipe,) = load_recipes(name, {**FAST, **settings})
    encoder = encoders[recipe.image.encoder] if recipe.uses_image else None
    inputs = load_inputs(recipe, cohort, encoder)
    frames = {key: cohort.frames[key].to_numpy() for key in ("label", "subject_id")}
    held_out = cohort.frames["subject_id"].isin(["p00", "h00"]).to_numpy()
    test = np.flatnonzero(held_out) if test is None else test
    return run_fold(recipe, inputs, frames, np.flatnonzero(~held_out), test, encoder, seed=5)


@pytest.mark.parametrize("name", [*COLLECTIONS["table1"], *COLLECTIONS["fusions"][2:]])
def test_a_fold_of_each_row(name: str, make_cohort: Make, encoders: dict[str, Encoder]) -> None:
    cohort = make_cohort(4, 4, 2)
    answers = answers_of(name, cohort, encoders)
    assert answers.logits.shape == (4, 2)
    assert np.isfinite(answers.logits).all()
    assert np.ptp(answers.probability) > 0
    again = answers_of(name, cohort, encoders)
    assert np.array_equal(again.logits, answers.logits)


@pytest.mark.parametrize("name", ["rgb-mixer", "lines-resnet50", "early-fusion-lines"])
def test_the_head_alone_is_an_option(name: str, make_cohort: Make, encoders: dict[str, Encoder]) -> None:
    cohort = make_cohort(4, 4, 2)
    answers = answers_of(name, cohort, encoders, **{"image.trains": "head"})
    assert not np.array_equal(answers.logits, answers_of(name, cohort, encoders).logits)
    (recipe,) = load_recipes(name, {**FAST, "image.trains": "head", "image.test_crops": 10})
    encoder = encoders[recipe.image.encoder]
    inputs = load_inputs(recipe, cohort, encoder)
    picture = recipe.modalities[-1]
    assert inputs.arrays[picture].shape == (16, 10, encoder.spec.n_features)
    model: Any = build(recipe, inputs, encoder, seed=0)
    branch = getattr(model, "branches", [model])[-1]
    assert branch.inputs == (picture,)
    module = TokenNet(branch.module__tail, branch.module__n_features, branch.module__neck)
    assert sum(p.numel() for p in module.tail.parameters()) == 0


def test_lines_and_crops_go_in_as_different_pictures(make_cohort: Make, encoders: dict[str, Encoder]) -> None:
    cohort = make_cohort(4, 4, 2)
    lines, crops = (answers_of(name, cohort, encoders) for name in ("lines-mixer", "rgb-mixer"))
    assert not np.allclose(lines.logits, crops.logits)


def lacking(cohort: Cohort, rows: Any, where: Any) -> Cohort:
    arrays = {name: np.array(cohort.array(name)) for name in cohort.modalities}
    arrays["measures"][rows] = np.nan
    return write_cohort(where, cohort.frames, arrays, {"simulated": True})


def test_frames_that_lack_a_modality(make_cohort: Make, encoders: dict[str, Encoder], tmp_path: Any) -> None:
    """Right answers where the recipe can do without, one clear line where it cannot."""
    rows = [0, 9, 20]
    cohort = lacking(make_cohort(4, 4, 3), rows, tmp_path / "gaps")
    for name in ("late-fusion", "stacking", "gated-fusion", "attention-fusion", "dropout-fusion"):
        assert np.isfinite(answers_of(name, cohort, encoders, test=np.array([0, 1])).logits).all()
    for name in ("measures-net", "early-fusion"):
        with pytest.raises(CohortError, match="measures of frame p00-0 holds numbers that are not finite"):
            answers_of(name, cohort, encoders)
    late = answers_of("late-fusion", cohort, encoders, test=np.array(rows))
    with pytest.raises(CohortError, match="measures of frame p00-0"):
        answers_of("measures-logistic", cohort, encoders)
    alone = answers_of("rgb-mixer", cohort, encoders, test=np.array(rows))
    np.testing.assert_allclose(late.probability, alone.probability, atol=1e-6)


def test_a_number_that_is_not_finite_in_a_frame_that_has_the_modality_is_never_taken(
    make_cohort: Make, encoders: dict[str, Encoder], tmp_path: Any
) -> None:
    cohort = lacking(make_cohort(4, 4, 3), (5, 3), tmp_path / "broken")
    with pytest.raises(CohortError, match="measures of frame p01-2 holds numbers that are not finite"):
        answers_of("late-fusion", cohort, encoders)
