"""Answers about frames become answers about sequences and subjects, and frames without a face become wrong answers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from facialis.models.estimator import softmax

Level = Literal["frame", "sequence", "subject"]
LEVELS: tuple[Level, ...] = ("frame", "sequence", "subject")
_KEYS = {"sequence": ["fold", "subject_id", "sequence"], "subject": ["fold", "subject_id"]}
_LOGITS = ["logit_no_palsy", "logit_palsy"]


def aggregate(table: pd.DataFrame, level: Level, *, argmax: bool = True) -> pd.DataFrame:
    """Return one answer a sequence or a subject: the mean of its frames' logits, decided as a frame's are.

    Parameters
    ----------
    table
        Predictions of one row: ``fold``, ``subject_id``, ``group``, ``sequence``, ``label``, ``logit_no_palsy``,
        ``logit_palsy``, ``threshold``.
    level
        ``frame`` returns the table as it is.
    argmax
        Whether the larger logit decides, or the fold's threshold on the probability.

    Notes
    -----
    A subject's label is its group: a patient is one even where single frames show nothing. A sequence is labelled
    palsy when half of its frames or more are. Where sequences have no names each subject has one.
    """
    if level == "frame":
        return table
    grouped = table.groupby(_KEYS[level], sort=True, observed=True)
    result = grouped.agg(
        group=("group", "first"),
        label=("label", "mean"),
        threshold=("threshold", "first"),
        n_frames=("label", "size"),
        **{name: (name, "mean") for name in _LOGITS},
    ).reset_index()
    palsy = result["group"] == "patient" if level == "subject" else result["label"] >= 0.5
    logits = result[_LOGITS].to_numpy(np.float64)
    probability = softmax(logits)[:, 1]
    called = logits[:, 1] > logits[:, 0] if argmax else probability >= result["threshold"].to_numpy()
    return result.assign(label=palsy.astype(np.int8), probability=probability, predicted=called.astype(np.int8))


def with_unusable(table: pd.DataFrame, unusable: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions with each frame that had no usable face added as a wrong answer.

    Parameters
    ----------
    table
        Predictions of one row.
    unusable
        The cohort's ``unusable.parquet``: ``subject_id``, ``group``, ``label``, ``reason`` a frame.

    Notes
    -----
    Such a frame is tested in every fold that tests its subject. A subject without one usable frame was in no fold of
    the study, and gets one of its own at the end: nothing in it is right.
    """
    if not len(unusable):
        return table
    facts = unusable[["subject_id", "group", "label"]].copy()
    facts["subject_id"] = facts["subject_id"].astype(str)
    facts["label"] = facts["label"].astype(np.int64)
    folds = table[["fold", "subject_id"]].drop_duplicates()
    folds = folds.assign(subject_id=folds["subject_id"].astype(str))
    lost = [s for s in dict.fromkeys(facts["subject_id"]) if s not in set(folds["subject_id"])]
    own = pd.DataFrame({"fold": int(table["fold"].max()) + 1 + np.arange(len(lost)), "subject_id": lost})
    wrong = facts.merge(pd.concat([folds, own], ignore_index=True), on="subject_id")
    wrong["predicted"] = 1 - wrong["label"]
    columns = ["fold", "subject_id", "group", "label", "predicted"]
    return pd.concat([table[columns].astype({"label": np.int64, "predicted": np.int64}), wrong[columns]]).reset_index(
        drop=True
    )
