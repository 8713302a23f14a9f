"""What a fold's model leans on: shares of its log odds on held-out frames, by region of the face or by branch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.attribution import exact_coalitions, exact_shares
from facialis.modalities.measures import MEASURES, REGIONS
from facialis.models.estimator import Estimator
from facialis.models.inputs import Inputs
from facialis.studies.settings import IMAGES, Recipe

Values = NDArray[np.float64]

MOST, MOST_PICTURES = 50, 10
"""Held-out frames of a fold that are asked; in a row with pictures, where an answer costs more, and healthy training
frames that a picture's reference is the mean of."""
PREFIX = "share_"
DRAWS = 500


def fold_shares(
    model: Estimator, recipe: Recipe, inputs: Inputs, healthy: NDArray[np.intp], test: NDArray[np.intp]
) -> dict[str, Values]:
    """Return exact Shapley shares (n_test,) of the log odds of palsy by name; NaN of frames that were not asked.

    A row of the measures alone is shared among the regions of the face, one of measures and pictures between both
    branches; other rows have none. What does not take part stands at the fold's own reference: the measures' medians
    over the healthy training frames, of a picture the mean of what its encoder's frozen part makes of theirs.

    Parameters
    ----------
    healthy, test : rows of `inputs`.
    """
    images = [name for name in recipe.modalities if name in IMAGES]
    if "measures" not in recipe.modalities or len(recipe.modalities) != 1 + len(images) or not len(healthy):
        return {}
    if inputs.width("measures") != len(MEASURES):  # a part of them was chosen: they are known by no number
        return {}
    whole = np.flatnonzero(inputs[test].present(recipe.modalities))
    asked = whole[_spread(len(whole), MOST_PICTURES if images else MOST)]
    found = {name: inputs.take(name, test[asked]) for name in recipe.modalities}
    kept = healthy[inputs[healthy].present(recipe.modalities)]
    if not len(asked) or not len(kept):
        return {}
    references = {"measures": np.median(inputs.take("measures", kept), axis=0)}
    references |= {name: inputs.take(name, kept[_spread(len(kept), MOST_PICTURES)]).mean(axis=0) for name in images}
    players: dict[str, list[tuple[str, Any]]] = {
        region: [("measures", [entry.number for entry in MEASURES if entry.region == region])] for region in REGIONS
    }
    if images:
        players = {"measures": [("measures", slice(None))], "picture": [(name, slice(None)) for name in images]}
    odds = []
    for coalition in exact_coalitions([[k] for k in range(len(players))], len(players)):
        arrays = dict(found)
        for joined, parts in zip(coalition, players.values(), strict=True):
            for name, where in [] if joined else parts:
                arrays[name] = arrays[name].copy()
                arrays[name][:, where] = references[name][where]
        logits = model.predict_logits(Inputs(arrays)).astype(np.float64)
        odds.append(logits[:, 1] - logits[:, 0])
    shares = np.full((len(test), len(players)), np.nan)
    shares[asked] = exact_shares(np.stack(odds, axis=1))
    return dict(zip(players, shares.T, strict=True))


def summary(table: pd.DataFrame, *, seed: int, simulated: bool) -> dict[str, Any] | None:
    """Return what a row's answers lean on: of each part its mean share in patients' and in healthy people's frames and
    its mean size, each with a 95 % interval over subjects; None where nothing was asked.

    Parameters
    ----------
    table : a row's predictions with the columns `PREFIX` and a part's name.
    """
    names = [column.removeprefix(PREFIX) for column in table.columns.astype(str) if column.startswith(PREFIX)]
    asked = table.dropna(subset=[PREFIX + name for name in names]) if names else table.iloc[:0]
    groups = [asked[asked["group"] == group] for group in ("patient", "healthy")]
    if not names or any(part.empty for part in groups):
        return None
    columns = [PREFIX + name for name in names]
    rng = np.random.default_rng(seed)
    means = {}
    for part, group in zip(groups, ("patient", "healthy"), strict=True):
        by_subject = part.groupby("subject_id", sort=True)[columns].mean().to_numpy()
        sizes = part[columns].abs().groupby(part["subject_id"], sort=True).mean().to_numpy()
        drawn = rng.integers(0, len(by_subject), (DRAWS, len(by_subject)))
        means[group] = (by_subject.mean(axis=0), by_subject[drawn].mean(axis=1))
        means[f"{group} size"] = (sizes.mean(axis=0), sizes[drawn].mean(axis=1))
    size = [(a + b) / 2 for a, b in zip(means["patient size"], means["healthy size"], strict=True)]
    return {
        "simulated": simulated,
        "n_frames": len(asked),
        "n_patients": int(groups[0]["subject_id"].nunique()),
        "n_healthy": int(groups[1]["subject_id"].nunique()),
        "parts": [
            {
                "name": name,
                **_figure("patient", *means["patient"], k),
                **_figure("healthy", *means["healthy"], k),
                **_figure("size", size[0], size[1], k),
            }
            for k, name in enumerate(names)
        ],
    }


def _figure(name: str, values: Values, draws: Values, k: int) -> dict[str, Any]:
    low, high = np.quantile(draws[:, k], (0.025, 0.975))
    return {name: round(float(values[k]), 3), f"{name}_interval": [round(float(low), 3), round(float(high), 3)]}


def _spread(n: int, most: int) -> NDArray[np.intp]:
    """Return up to `most` places of n, evenly spread."""
    return np.linspace(0, n - 1, min(n, most)).astype(np.intp) if n else np.empty(0, np.intp)
