"""Fit what a net says of photo sets to simulated ones.

Lives beside the studies because it needs the net; the model itself, which needs no torch, is
`facialis.modalities.photo_sets`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.cohorts.simulated.variety import vary
from facialis.modalities.photo_sets import FEATURES, Discriminant, SetModel, features_of
from facialis.modalities.regions import REGIONS
from facialis.modalities.views import TOLD
from facialis.models.geometric import GeometricNet
from facialis.models.geometric_training import Features, predict

PAIRS = 1500
_VISIBLE_MM = 1.0


class Sets(NamedTuple):
    """Simulated photo sets of n people, each of all views.

    Attributes
    ----------
    palsy, side, regions : (n, features), (n, views), (n, regions, views) what the net says.
    ill : (n,) patient or not; right : (n,) the weak side is the subject's right.
    moved : (n, regions) whether palsy moves a region visibly in some view.
    """

    palsy: NDArray[np.float64]
    side: NDArray[np.float64]
    regions: NDArray[np.float64]
    ill: NDArray[np.bool_]
    right: NDArray[np.bool_]
    moved: NDArray[np.bool_]


def simulated_sets(net: GeometricNet, definition: str, pairs: int, seed: int) -> Sets:
    """Simulate sets, bend each person at random, and ask the net of every view."""
    n_views = len(TOLD)
    faces = simulate_faces(pairs, pairs, n_views, seed, movement=",".join(TOLD), clinic=PHOTO_SETS)
    landmarks = vary(faces.landmarks, seed, together=n_views)
    answers = predict(net, Features.of(landmarks, faces.transforms, definition))
    people = 2 * pairs
    said = {name: array.reshape(people, n_views, *array.shape[1:]) for name, array in answers.items()}
    rows = [
        features_of({view: {name: said[name][k, v] for name in said} for v, view in enumerate(TOLD)})
        for k in range(people)
    ]
    frames = faces.frames
    first = frames.iloc[::n_views]
    ill = (first["group"] == "patient").to_numpy()
    moved = np.stack(
        [frames[f"palsy_mm_{region}"].to_numpy().reshape(people, n_views).max(axis=1) for region in REGIONS], axis=1
    )
    return Sets(
        np.stack([row[0] for row in rows]),
        np.stack([row[1] for row in rows]),
        np.stack([row[2] for row in rows]),
        ill,
        (first["weak_side"] == "subject_right").to_numpy(),
        (moved >= _VISIBLE_MM) & ill[:, None],
    )


def fit_photo_sets(net: GeometricNet, definition: str, seed: int, pairs: int = PAIRS) -> SetModel:
    """Fit the model to simulated sets, and keep others by it to count on."""
    sets, others = (simulated_sets(net, definition, n, seed + k) for n, k in ((pairs, 50), (pairs // 3, 60)))
    side = sets.side[sets.ill]
    both = np.concatenate([side, -side])
    right = np.concatenate([sets.right[sets.ill], ~sets.right[sets.ill]])
    model = SetModel(
        Discriminant.fit(sets.palsy, sets.ill),
        Discriminant.fit(both, right),
        tuple(Discriminant.fit(sets.regions[:, k], sets.moved[:, k]) for k in range(len(REGIONS))),
        (np.round(others.palsy, 2), others.ill),
        {},
    )
    return model._replace(facts=_facts(model, others))


def _facts(model: SetModel, sets: Sets) -> dict[str, str]:
    from sklearn.metrics import roc_auc_score

    n = len(sets.ill)
    of = f"(simulated, {n} sets kept apart)"
    odds = np.array([model.palsy.log_odds(row) for row in sets.palsy])
    rest = np.where([view == "rest" for view, _ in FEATURES], sets.palsy, np.nan)
    alone = np.array([model.palsy.log_odds(row) for row in rest])
    side = np.array([model.side.log_odds(row) for row in sets.side])
    facts: dict[str, Any] = {
        "AUC, all views": roc_auc_score(sets.ill, odds),
        "AUC, rest alone": roc_auc_score(sets.ill, alone),
        "side right in patients": ((side > 0) == sets.right)[sets.ill].mean(),
    }
    for k, region in enumerate(REGIONS):
        scores = [model.regions[k].log_odds(row) for row in sets.regions[:, k]]
        facts[f"AUC of the region {region.replace('_', ' and ')}"] = roc_auc_score(sets.moved[:, k], scores)
    return {f"{name} {of}": f"{value:.3f}" for name, value in facts.items()}
