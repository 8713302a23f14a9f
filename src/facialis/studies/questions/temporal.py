"""Does time help? A sequence judged by the mean or the largest of its frames' log odds, or by how the sides move."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from facialis.errors import CohortError
from facialis.faces.geometry import level, undo_pose
from facialis.modalities.trajectories import CHANNELS, channels, trajectories
from facialis.models.temporal import TemporalClassifier
from facialis.progress import track
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import made_of
from facialis.studies.splits import make_folds

Values = NDArray[np.float64]

MEAN, MOST = "mean of the frames' log odds", "largest of the frames' log odds"
LOGISTIC, NET = "trajectories, logistic", "net over time"
FRAMES = "the same net on single frames, mean"
BOTH = "trajectories and mean, logistic"
SHUFFLED, COUNT = "net over time, frames in random order", "number of frames and length alone"
SHORTEST = 8
"""Frames that make a sequence."""
EVERY = 4
"""Of the training frames every fourth teaches the net on single frames: neighbours are nearly alike."""
STRENGTH = 0.03
"""Inverse of the L2 penalty of the logistic regressions on trajectories: many numbers, few sequences."""


class Sequences(NamedTuple):
    """The sequences of a cohort.

    Attributes
    ----------
    rows : of each the rows of its frames, in the order of time.
    values : of each the channels (t, 23).
    times : of each (t,) s.
    subject, palsy : (n,) whose it is, and whether any of its frames shows palsy.
    """

    rows: list[NDArray[np.intp]]
    values: list[Values]
    times: list[Values]
    subject: NDArray[np.object_]
    palsy: NDArray[np.bool_]


def ask(asking: Asking) -> Answer:
    """Judge each sequence in the folds' test sides by several ways, everything fitted on the training side.

    The frames' model is a logistic regression on the 29 measures; beside it the net that reads sequences reads single
    frames, so that inputs and time are told apart. Figures are areas under the curve over sequences, out
    of fold, with a bootstrap over subjects; and of each way the difference from the mean of the frames' log odds on the
    same draws.
    """
    cohort = asking.cohort
    found = sequences(asking)
    frames = cohort.frames
    measures = np.asarray(cohort.array("measures"), dtype=np.float64)
    label = frames["label"].to_numpy().astype(bool)
    numbers = np.stack([trajectories(v, t) for v, t in zip(found.values, found.times, strict=True)])
    lengths = np.array([[len(rows), times[-1] - times[0]] for rows, times in zip(found.rows, found.times, strict=True)])
    rng = np.random.default_rng(asking.seed)
    mixed = [values[rng.permutation(len(values))] for values in found.values]
    scores = {
        name: np.full(len(found.rows), np.nan) for name in (MEAN, MOST, FRAMES, LOGISTIC, BOTH, NET, SHUFFLED, COUNT)
    }
    folds = make_folds(frames, asking.split, seed=asking.seed)
    for number, (train, test) in enumerate(track(folds, "folds", total=len(folds), unit="folds")):
        taught, asked = (_within(found, rows) for rows in (train, test))
        if not len(asked) or len(set(found.palsy[taught])) < 2:
            continue
        model = _logistic(1.0).fit(measures[train], label[train])
        odds = {k: model.decision_function(measures[found.rows[k]]) for k in (*taught, *asked)}
        mean = np.array([[odds[k].mean() if k in odds else np.nan] for k in range(len(found.rows))])
        scores[MEAN][asked] = mean[asked, 0]
        scores[MOST][asked] = [odds[k].max() for k in asked]
        filled = np.where(np.isfinite(numbers), numbers, np.nanmedian(numbers[taught], axis=0))
        filled = np.nan_to_num(filled)  # a number that no training sequence has
        truth = found.palsy[taught]
        for name, table, strength in (
            (LOGISTIC, filled, STRENGTH),
            (BOTH, np.concatenate([filled, mean], axis=1), STRENGTH),
            (COUNT, lengths, 1.0),
        ):
            scores[name][asked] = _logistic(strength).fit(table[taught], truth).decision_function(table[asked])
        for name, values in ((NET, found.values), (SHUFFLED, mixed)):
            net = TemporalClassifier(seed=asking.seed + number).fit([values[k] for k in taught], truth)
            scores[name][asked] = net.log_odds([values[k] for k in asked])
        single = [found.values[k][at : at + 1] for k in taught for at in range(0, len(found.values[k]), EVERY)]
        labels = np.concatenate([label[found.rows[k][::EVERY]] for k in taught])
        net = TemporalClassifier(seed=asking.seed + number).fit(single, labels)
        scores[FRAMES][asked] = [net.log_odds(list(found.values[k][:, None])).mean() for k in asked]
    return _answer(asking, found, scores)


def sequences(asking: Asking) -> Sequences:
    """Return the cohort's sequences: the frames of a subject with one entry in ``sequence``, by ``time``.

    Raises
    ------
    CohortError
        The cohort holds no landmarks, no times, or no sequence of `SHORTEST` frames of either kind.
    """
    cohort = asking.cohort
    frames = cohort.frames
    lacks = [name for name in ("landmarks", "measures") if name not in cohort.modalities]
    if lacks or "time" not in frames.columns or frames["time"].isna().all():
        raise CohortError(
            f"the cohort has no {', '.join(lacks) or 'times'}; extract videos, or simulate sequences (--sequences)"
        )
    landmarks = np.asarray(cohort.array("landmarks"), dtype=np.float64)
    if "transforms" in cohort.modalities:
        points = undo_pose(landmarks, np.asarray(cohort.array("transforms")))
    else:
        points = level(landmarks)
    values = channels(points)
    kind = frames["sequence"].astype("string").fillna("") if "sequence" in frames else pd.Series("", index=frames.index)
    films = frames["path"].astype("string").fillna("") if "path" in frames else kind
    groups = frames.reset_index(drop=True).groupby(
        [frames["subject_id"].to_numpy(), kind.to_numpy(), films.to_numpy()], sort=True
    )
    rows, times, subjects, palsy = [], [], [], []
    for (subject, _, _), part in groups:
        part = part[part["time"].notna()].sort_values("time").drop_duplicates("time")
        if len(part) >= SHORTEST:
            rows.append(part.index.to_numpy())
            times.append(part["time"].to_numpy(dtype=np.float64))
            subjects.append(subject)
            palsy.append(bool(part["label"].max()))
    if len(set(palsy)) < 2:
        raise CohortError(f"no sequences of {SHORTEST} frames or more with palsy and without; time cannot be studied")
    return Sequences(
        rows, [values[row] for row in rows], times, np.array(subjects, dtype=object), np.array(palsy, dtype=bool)
    )


def _within(found: Sequences, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    held = set(rows.tolist())
    return np.array([k for k, own in enumerate(found.rows) if held.issuperset(own.tolist())], dtype=np.intp)


def _logistic(strength: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=3000))


def _answer(asking: Asking, found: Sequences, scores: dict[str, Values]) -> Answer:
    known = np.isfinite(np.stack(list(scores.values()))).all(axis=0)
    subject, palsy = found.subject[known], found.palsy[known]
    people, counts = len(set(subject)), sum(len(found.rows[k]) for k in np.flatnonzero(known))
    aucs = {name: _auc(values[known], palsy) for name, values in scores.items()}
    rng = np.random.default_rng(asking.seed)
    owners = {name: np.flatnonzero(subject == name) for name in sorted(set(subject))}
    draws: dict[str, list[float]] = {name: [] for name in scores}
    for _ in range(min(asking.n_bootstrap, 1000)):
        picked = np.concatenate([owners[name] for name in rng.choice(list(owners), len(owners))])
        for name, values in scores.items():
            draws[name].append(_auc(values[known][picked], palsy[picked]))
    drawn = {name: np.array(column) for name, column in draws.items()}
    figures = [
        Figure(
            name,
            "AUC, sequences",
            aucs[name],
            *_ends(drawn[name]),
            people,
            counts,
            beside=name in (MEAN, FRAMES, COUNT),
        )
        for name in scores
    ]
    base = max((MEAN, MOST, FRAMES), key=lambda name: aucs[name])
    for name in (LOGISTIC, BOTH, NET, SHUFFLED):
        low, high = _ends(drawn[name] - drawn[base])
        gain = aucs[name] - aucs[base]
        figures.append(Figure(name, f"difference in AUC from: {base}", gain, low, high, people, counts))
    rest = [f for f in figures if f.figure.startswith("difference") and f.what != SHUFFLED]
    best = max(rest, key=lambda figure: figure.value or 0.0)
    said = "helps" if (best.low or 0.0) > 0 else "cannot be said to help"
    order = aucs[NET] - aucs[SHUFFLED]
    low, high = _ends(drawn[NET] - drawn[SHUFFLED])
    sentence = (
        f"{made_of(asking, None)}Time {said}: of frames taken one by one the best is {base}, AUC {aucs[base]:.3f}; of "
        f"sequences {best.what}, {aucs[best.what]:.3f} ({best.value:+.3f}, {best.low:+.3f} to {best.high:+.3f}; "
        f"{len(palsy)} sequences of {people} subjects)."
    )
    control = (
        f"{made_of(asking, None)}The order of the frames brings the net {order:+.3f} ({low:+.3f} to {high:+.3f}) over "
        f"the same frames shuffled: what is left with shuffled frames comes from how far the sides go, not from when. "
        f"Length and number of frames alone reach {aucs[COUNT]:.3f}."
    )
    return Answer(
        "temporal", "Does time help?", [sentence, control], figures, asking.cohort.simulated,
        notes=[f"A sequence is a subject's frames of one movement or film, {SHORTEST} or more; its label is whether "
               f"any frame shows palsy. {len(CHANNELS)} channels, 110 numbers a sequence."],
    )  # fmt: skip


def _auc(values: Values, palsy: NDArray[np.bool_]) -> float:
    return float(roc_auc_score(palsy, values)) if 0 < palsy.sum() < len(palsy) else float("nan")


def _ends(draws: Values) -> tuple[float, float]:
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return float(low), float(high)
