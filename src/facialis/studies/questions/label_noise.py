"""Which frames look mislabelled? Confident learning on out-of-fold probabilities, worst first.

Source: Northcutt, Jiang, Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", Journal of
Artificial Intelligence Research 70, 1373-1411: a frame counts as another label's when its probability of that label
reaches the mean among the frames that have it. With two labels that is a few lines; they list the frames that cleanlab
2.9 (Apache-2.0) lists with ``filter_by="confident_learning"``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.files import plain_cell, write_text
from facialis.studies.metrics import Floats, draw_subjects
from facialis.studies.questions.areas import AUC, limits, table_area
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import made_of, predictions, recipe_of, weights_kind

FILE = "label-noise.csv"
SHEET = "Frames that look mislabelled"
SHOWN = 50
ABOUT = ("source", "path", "video_frame", "sequence", "time")


def ask(asking: Asking) -> Answer:
    """List the frames that look mislabelled as ``label-noise.csv``; out-of-fold probabilities of one recipe."""
    recipe = recipe_of(asking, "measures-logistic")
    weights = weights_kind(asking, recipe)
    answers = predictions(asking, recipe)
    table = by_frame(answers).merge(asking.cohort.frames[["frame_id", *_held(asking)]], on="frame_id")
    table["listed"] = suspects(table["label"].to_numpy(), table["probability"].to_numpy())
    listed = worst_first(table)
    asking.out.mkdir(parents=True, exist_ok=True)
    file = io.StringIO()
    listed.map(plain_cell).to_csv(file, index=False)
    write_text(asking.out / FILE, file.getvalue())
    value, draws = table_area(answers, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    n = int(table["subject_id"].nunique()), len(table)
    figures = [_share(what, table, rows, asking) for what, rows in (
        ("labelled palsy", table["label"] == 1), ("labelled none", table["label"] == 0))]  # fmt: skip
    figures.append(Figure(f"{recipe.name}, on the labels as they are", AUC, value, *limits(draws), *n, beside=True))
    return Answer(
        "label-noise", "Frames that look mislabelled", _sentences(asking, table, listed, weights), figures,
        asking.cohort.simulated, weights,
        sheets={SHEET: [_shown(row) for row in listed.head(SHOWN).to_dict("records")]},
        notes=[
            f"The whole list: {asking.out / FILE}. It names frames to be looked at again, nothing more: what is "
            f"hard for {recipe.name} looks like what is wrong.",
            "Confident learning (Northcutt, Jiang, Chuang 2021, JAIR 70, 1373), each frame judged by models that did "
            "not see its subject.",
        ],
    )  # fmt: skip


def by_frame(answers: pd.DataFrame) -> pd.DataFrame:
    """Return a row a frame: a frame that is tested in several folds has the mean of its probabilities."""
    facts = {name: (name, "first") for name in ("subject_id", "group", "label")}
    grouped = answers.groupby("frame_id", sort=False, observed=True)
    return grouped.agg(**facts, probability=("probability", "mean")).reset_index()


def suspects(labels: NDArray[np.generic], probability: Floats) -> NDArray[np.bool_]:
    """Return which frames (n,) stand off the diagonal of the confident joint.

    Parameters
    ----------
    labels
        Given labels (n,), 1 palsy, 0 none.
    probability
        Of palsy (n,), from models that did not see the frame.

    Examples
    --------
    >>> suspects(np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.2, 0.9, 0.8, 0.9, 0.1]))
    array([False, False,  True, False, False,  True])
    """
    ill = np.asarray(labels) == 1
    if ill.all() or not ill.any():
        return np.zeros(len(ill), dtype=bool)
    confidence = np.stack([1 - probability, probability], axis=1)
    reached = confidence >= [confidence[~ill, 0].mean(), confidence[ill, 1].mean()]
    most = np.where(reached, confidence, -1.0).argmax(axis=1)
    return np.asarray(reached.any(axis=1) & (most != ill))


def worst_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the listed frames, those first whose given label is least probable, with how many of their subject are."""
    probability = table["probability"]
    table = table.assign(
        of_given_label=np.where(table["label"] == 1, probability, 1 - probability).round(4),
        probability=probability.round(4),
        listed_of_subject=table.groupby("subject_id")["listed"].transform("sum"),
        frames_of_subject=table.groupby("subject_id")["listed"].transform("size"),
    )
    columns = ["frame_id", "subject_id", "group", "label", "probability", "of_given_label", "listed_of_subject",
               "frames_of_subject", *(name for name in ABOUT if name in table)]  # fmt: skip
    return table[table["listed"]].sort_values("of_given_label", kind="stable")[columns].reset_index(drop=True)


def _held(asking: Asking) -> list[str]:
    return [name for name in ABOUT if name in asking.cohort.frames]


def _shown(row: Mapping[Any, Any]) -> dict[str, object]:
    """Return a listed frame as a row of the page."""
    return {
        "frame_id": row["frame_id"],
        "subject": row["subject_id"],
        "label": "palsy" if row["label"] == 1 else "none",
        "probability of palsy": float(row["probability"]),
        "listed of its subject": f"{row['listed_of_subject']} of {row['frames_of_subject']}",
        "path": str(row.get("path", "")),
    }


def _share(what: str, table: pd.DataFrame, rows: pd.Series, asking: Asking) -> Figure:
    """Return how many of the frames with a label are listed, per cent, with a bootstrap over subjects."""
    some = table[rows]
    counts = some.groupby("subject_id", observed=True).agg(listed=("listed", "sum"), n=("listed", "size"))
    of_patient = (some.groupby("subject_id", observed=True)["group"].first() == "patient").to_numpy()
    drawn = draw_subjects(of_patient, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    shares = 100 * (drawn @ counts["listed"].to_numpy()) / (drawn @ counts["n"].to_numpy())
    value = 100 * float(some["listed"].mean())
    return Figure(what, "frames listed, %", value, *limits(shares), len(counts), len(some))


def _sentences(asking: Asking, table: pd.DataFrame, listed: pd.DataFrame, weights: str | None) -> list[str]:
    start = made_of(asking, weights)
    by_label = {label: int((listed["label"] == label).sum()) for label in (1, 0)}
    sentences = [
        f"{start}{len(listed)} of {len(table)} frames look mislabelled: {by_label[1]} of {(table['label'] == 1).sum()} "
        f"labelled palsy, {by_label[0]} of {(table['label'] == 0).sum()} labelled none."
    ]
    whole = listed[listed["listed_of_subject"] > listed["frames_of_subject"] / 2]
    names = whole["subject_id"].drop_duplicates().tolist()
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        sentences.append(
            f"{start}{len(whole)} of them are of subjects with more than half of their frames listed "
            f"({', '.join(map(str, names[:5]))}{more}): rather people whom the model does not read, or who stand in "
            "the wrong group, than single wrong labels."
        )
    return sentences
