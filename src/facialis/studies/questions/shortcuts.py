"""Can the group be told by anything but the palsy? Small probes under the study's folds, beside a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from facialis.errors import CohortError
from facialis.studies.comparison import holm
from facialis.studies.metrics import Floats
from facialis.studies.questions.areas import AUC, area_and_draws, limits, p_value, table_area
from facialis.studies.questions.probes import COLOUR, PROBES, SYMMETRIC, Features, features
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import made_of, predictions, recipes_of, weights_kind
from facialis.studies.splits import Folds, make_folds


def ask(asking: Asking) -> Answer:
    """Fit each probe inside the folds; figure: pooled out-of-fold AUC, bootstrap over subjects at 95 %.

    Beside the probes stand the recipes that are asked about, by default the logistic regression on the measures, as a
    study runs them on the same folds.

    Raises
    ------
    SplitError
        The cohort cannot be split as asked.
    """
    cohort, recipes = asking.cohort, recipes_of(asking, "measures-logistic")
    frames = cohort.frames
    n = int(frames["subject_id"].nunique()), len(frames)
    folds = make_folds(frames, asking.split, seed=asking.seed)
    found, missing = features(cohort)
    areas = {name: probe(found[name], frames, folds, asking) for name in (*PROBES, SYMMETRIC) if name in found}
    weights, models = None, {}
    for recipe in recipes:
        lacking = [name for name in recipe.modalities if name not in cohort.modalities]
        if lacking:
            missing[recipe.name] = f"the cohort holds no {' and no '.join(lacking)}"
            continue
        weights = weights_kind(asking, recipe) or weights
        table = predictions(asking, recipe)
        models[recipe.name] = table_area(table, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    figures = []
    for name in (*PROBES, COLOUR, SYMMETRIC, *(recipe.name for recipe in recipes)):
        beside = name not in (*PROBES, COLOUR, SYMMETRIC)
        if name in missing:
            figures.append(Figure(name, AUC, None, None, None, 0, 0, missing[name], beside))
        else:
            value, drawn = (models if beside else areas)[name]
            figures.append(Figure(name, AUC, value, *limits(drawn), *n, beside=beside))
    p_values = {name: p_value(areas[name][1], 0.5) for name in PROBES if name in areas}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    apart = [name for name, p in adjusted.items() if p < 0.05]
    shown = [name for name in apart if areas[name][0] > 0.5]
    below = [name for name in apart if areas[name][0] <= 0.5]
    told = ", ".join(f"{name} (AUC {areas[name][0]:.2f})" for name in shown)
    start = made_of(asking, weights)
    tell = f"{len(shown)} tell" if len(shown) > 1 else f"{len(shown) or 'none'} tells"
    told = f"{tell} the group after Holm's correction{': ' if told else ''}{told}"
    sentences = [f"{start}of {len(p_values)} probes that ran {told}."]
    if below:
        named = ", ".join(f"{name} (AUC {areas[name][0]:.2f})" for name in below)
        sentences.append(
            f"below 0.5, and so no shortcut: {named}; subjects held out are ranked the wrong way round, as leaving "
            "some out of a small cohort can do by itself."
        )
    sentences += [start + _beside(name, area, areas) for name, area in models.items() if p_values]
    sheet = [{"probe": name, "p": p_values[name], "p, Holm": adjusted[name], "shortcut": name in shown,
              **({"why not": "below chance" if name in below else ""} if below else {})}
             for name in p_values]  # fmt: skip
    return Answer(
        "shortcuts", "What tells the group", sentences, figures, cohort.simulated, weights,
        sheets={"Is it above chance?": sheet},
        notes=[
            "Each is fitted to the frames' labels, as the model is. Background is what a crop shows around the face; a "
            "probe that includes the face can see the palsy too.",
            "Compression is asked by what it leaves in the crop's spectrum; its grid of 8 pixels does not outlive the "
            "resizing.",
            "Symmetric shape is partly palsy itself (half a smile is lost), and counts as no shortcut.",
        ],
    )  # fmt: skip


def probe(values: Features, frames: Any, folds: Folds, asking: Asking) -> tuple[float, Floats]:
    """Return the pooled out-of-fold AUC of a logistic regression on (n, k), and its bootstrap draws (n_bootstrap,).

    Raises
    ------
    CohortError
        The numbers are not finite.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from facialis.models.estimator import threads

    if not np.isfinite(values).all():
        frame = frames["frame_id"].iloc[int((~np.isfinite(values)).any(axis=1).argmax())]
        raise CohortError(f"{asking.cohort.path}: frame {frame} holds numbers that are not finite; extract it again")
    labels = frames["label"].to_numpy()
    scores = []
    with threads(1):
        for train, test in folds:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
            scores.append(model.fit(values[train], labels[train]).decision_function(values[test]))
    tested = frames.iloc[np.concatenate([test for _, test in folds])]
    return area_and_draws(
        np.concatenate(scores), tested["label"], tested["subject_id"].astype(str), tested["group"] == "patient",
        seed=asking.seed, n_bootstrap=asking.n_bootstrap,
    )  # fmt: skip


def _beside(name: str, model: tuple[float, Floats], areas: dict[str, tuple[float, Floats]]) -> str:
    """Return a model beside the strongest probe; both were drawn with the same subjects, so that draws are paired."""
    best = max((probe for probe in PROBES if probe in areas), key=lambda probe: areas[probe][0])
    value, (low, high) = model[0] - areas[best][0], limits(model[1] - areas[best][1])
    told = "" if low is None or high is None else f" ({low:+.2f} to {high:+.2f})"
    return f"{name} has AUC {model[0]:.2f}, {value:+.2f}{told} against the strongest probe, {best}."
