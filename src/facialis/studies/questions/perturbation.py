"""Nothing of the held-out side is seen in fitting: shown by changing it, and by labels that mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.errors import SplitError
from facialis.models.encoders import Encoder
from facialis.models.inputs import Inputs
from facialis.progress import bar, track
from facialis.studies.metrics import Floats
from facialis.studies.questions.areas import table_area
from facialis.studies.settings import Recipe
from facialis.studies.splits import Folds
from facialis.studies.study import fold_seed
from facialis.studies.training import Answers, run_fold

Splitter = Callable[[pd.DataFrame], Folds]


class Run(Protocol):
    """How a fold is fitted and asked; `facialis.studies.training.run_fold`."""

    def __call__(
        self,
        recipe: Recipe,
        inputs: Inputs,
        frames: Mapping[str, NDArray[Any]],
        train: NDArray[np.intp],
        test: NDArray[np.intp],
        encoder: Encoder | None,
        *,
        seed: int,
        device: str = "cpu",
    ) -> Answers:
        """Fit on the training rows and answer for the test rows."""
        ...  # fmt: skip


def changed_by_held_out(
    recipe: Recipe, inputs: Inputs, frames: pd.DataFrame, folds: Folds, encoder: Encoder | None, *, seed: int,
    device: str = "cpu", run: Run = run_fold,
) -> int:  # fmt: skip
    """Return in how many folds the answers change when what does not train is changed.

    Each fold runs twice. The second time every frame that does not train has another label, and all but every second
    held-out one have other numbers (tripled, and shifted by 10). The answers about the held-out frames that were left
    alone, and the threshold, must be the same to the last bit: scaling, selection, thresholds and weights come from
    the training side alone.
    """
    changed = 0
    for k, (train, test) in enumerate(track(folds, "changing what does not train", unit="folds")):
        kept = test[::2]
        columns = _columns(frames)
        first = run(recipe, inputs, columns, train, test, encoder, seed=fold_seed(seed, k), device=device)
        other = np.setdiff1d(np.arange(len(frames)), np.concatenate([train, kept]))
        labels = columns["label"].copy()
        outside = np.setdiff1d(np.arange(len(frames)), train)
        labels[outside] = 1 - labels[outside]
        arrays = {name: np.array(array) for name, array in inputs.arrays.items()}
        for array in arrays.values():
            array[other] = array[other] * 3 + 10
        second = run(
            recipe, Inputs(arrays), {**columns, "label": labels}, train, test, encoder, seed=fold_seed(seed, k),
            device=device,
        )  # fmt: skip
        same = np.array_equal(first.logits[::2], second.logits[::2]) and first.threshold == second.threshold
        changed += not same
    return changed


def areas_of_shuffled_labels(
    recipe: Recipe, inputs: Inputs, frames: pd.DataFrame, splitter: Splitter, encoder: Encoder | None, *, n: int,
    seed: int, device: str = "cpu", run: Run = run_fold,
) -> Floats:  # fmt: skip
    """Return the pooled AUC (n,) when groups are shuffled between subjects, each time with folds of its own.

    A subject's frames all get the label of its new group. Nothing is left to learn: a mean above 0.5 is a leak.
    A draw that cannot be split is drawn again, ten times at most.
    """
    rng = np.random.default_rng(seed)
    subjects = frames.drop_duplicates("subject_id")[["subject_id", "group"]]
    found: list[float] = []
    with bar("shuffling groups", n, unit="shuffles") as advance:
        for _ in range(10 * n):
            dealt = dict(zip(subjects["subject_id"], rng.permutation(subjects["group"]), strict=True))
            groups = frames["subject_id"].map(dealt)
            shuffled = frames.assign(group=groups, label=(groups == "patient").astype(np.int64))
            try:
                folds = splitter(shuffled)
            except SplitError:
                continue
            table = answers(recipe, inputs, shuffled, folds, encoder, seed=seed, device=device, run=run)
            found.append(table_area(table, seed=seed, n_bootstrap=0)[0])
            advance(1)
            if len(found) == n:
                break
    return np.array(found)


def answers(
    recipe: Recipe, inputs: Inputs, frames: pd.DataFrame, folds: Folds, encoder: Encoder | None, *, seed: int,
    device: str = "cpu", run: Run = run_fold,
) -> pd.DataFrame:  # fmt: skip
    """Return all folds' answers as a table like that of kept folds."""
    tables = []
    for k, (train, test) in enumerate(folds):
        found = run(recipe, inputs, _columns(frames), train, test, encoder, seed=fold_seed(seed, k), device=device)
        logits = {"logit_no_palsy": found.logits[:, 0], "logit_palsy": found.logits[:, 1]}
        tables.append(frames.iloc[test][["subject_id", "group", "label"]].assign(**logits))
    return pd.concat(tables, ignore_index=True)


def thinned(frames: pd.DataFrame, most: int) -> NDArray[np.intp]:
    """Return the rows of at most so many frames a subject, evenly spaced in the table's order."""
    rows = frames.groupby("subject_id", observed=True, sort=False).indices.values()
    return np.sort(np.concatenate([r[np.linspace(0, len(r) - 1, min(most, len(r))).round().astype(int)] for r in rows]))


def _columns(frames: pd.DataFrame) -> dict[str, NDArray[Any]]:
    return {name: frames[name].to_numpy() for name in ("label", "subject_id")}
