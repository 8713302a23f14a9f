"""Does fusion use the measures? They are shuffled between faces, in training and at test only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facialis.errors import FacialisError, RecipeError
from facialis.models.estimator import softmax, threads
from facialis.models.inputs import Inputs
from facialis.studies.jobs import FoldJob
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.tables import Variants, folder_of, made_of, run_folds, source_of, table_figure, told
from facialis.studies.recipes import load_recipes
from facialis.studies.splits import make_folds
from facialis.studies.study import fold_seed
from facialis.studies.training import Answers, build, fit

VARIANTS = {
    "intact": "measures intact",
    "training": "measures shuffled in training",
    "test": "measures shuffled at test only",
}


def ask(asking: Asking) -> Answer:
    """Run early fusion with the measures as they are, and with those of other faces."""
    recipe = load_recipes("early-fusion", asking.overrides)[0]
    source, folder = source_of(asking, recipe), folder_of(asking, recipe)
    encoder = source.encoder()
    weights = encoder.weights.kind if encoder is not None else None
    folds = make_folds(asking.cohort.frames, asking.split, seed=asking.seed)
    jobs = [
        FoldJob(source, k, train, test, fold_seed(asking.seed, k), {}, folder / f"fold-{k:02d}.parquet")
        for k, (train, test) in enumerate(folds)
    ]
    tables = run_folds(asking, jobs, run_shuffled, tuple(VARIANTS))
    figures = [table_figure(title, tables[folder / name], asking) for name, title in VARIANTS.items()]
    intact, training, test = figures
    start = made_of(asking, weights)
    sentences = [f"{start}early fusion has F1 {told(intact)} with the measures intact."]
    for figure, what in ((training, "shuffled in training"), (test, "shuffled at test only")):
        loses = ""
        if figure.value is not None and intact.value is not None:
            loses = f", {figure.value - intact.value:+.1f} points"
        sentences.append(f"{start}with the measures {what} it has {told(figure)}{loses}.")
    notes = [
        "In training the measures are permuted over the training frames; at test each held-out frame gets those of a "
        "training frame drawn at random. The larger logit decides."
    ]
    return Answer("shuffled-measures", "What the measures do inside the fusion", sentences, figures,
                  asking.cohort.simulated, weights, notes=notes)  # fmt: skip


def run_shuffled(job: FoldJob) -> tuple[FoldJob, Variants]:
    """Train a fold twice, with the measures as they are and shuffled; ask the first about shuffled measures too."""
    source = job.source
    try:
        with threads(1):
            inputs, frames = source.inputs(), source.frames()
            labels, subjects = (frames[name].to_numpy()[job.train] for name in ("label", "subject_id"))
            in_training, at_test = shuffled(inputs, job.train, job.test, job.seed)
            answers = {}
            for name, X in (("intact", inputs), ("training", in_training)):
                model = build(source.recipe, X, source.encoder(), seed=job.seed, device=source.device)
                fit(model, X[job.train], labels, subjects)
                answers[name] = decided(model.predict_logits(X[job.test]), source.recipe.name)
                if name == "intact":
                    answers["test"] = decided(model.predict_logits(at_test[job.test]), source.recipe.name)
    except FacialisError as error:
        return job, error
    return job, answers


def shuffled(inputs: Inputs, train: NDArray[np.intp], test: NDArray[np.intp], seed: int) -> tuple[Inputs, Inputs]:
    """Return the inputs with the measures of the training rows permuted, and with those of training rows at test."""
    rng = np.random.default_rng(seed)
    measures = np.asarray(inputs.arrays["measures"])
    in_training, at_test = measures.copy(), measures.copy()
    in_training[train] = measures[rng.permutation(train)]
    at_test[test] = measures[rng.choice(train, size=len(test))]
    first, second = (Inputs({**inputs.arrays, "measures": array}) for array in (in_training, at_test))
    return first, second


def decided(logits: NDArray[np.float32], name: str) -> Answers:
    """Return the answers of logits, the larger of which decides."""
    if not np.isfinite(logits).all():
        raise RecipeError(f"{name}: the training diverged (logits are not finite); lower its learning rate")
    return Answers(logits, softmax(logits)[:, 1], logits.argmax(axis=1).astype(np.int8), 0.5)
