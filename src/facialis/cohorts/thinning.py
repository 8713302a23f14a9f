"""Taking fewer frames, or fewer healthy subjects, before anything is extracted: explicit, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facialis.cohorts.writing import GROUPS
from facialis.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd


def thin(
    frames: pd.DataFrame, *, every: int | None = None, per_subject: int | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Keep every n-th frame of each sequence, then k frames of each subject, evenly over those it has.

    A subject's stills are one sequence. Frames keep their order. Of n frames the k kept are those at
    ``floor((i + 1/2) n / k)``, i = 0 ... k - 1; nothing is drawn. A subject with fewer keeps all.

    Returns
    -------
    The kept rows, and what was done, for the provenance (empty where nothing was asked for).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"subject_id": "a", "sequence": "s", "time": range(10)})
    >>> thin(table, every=2, per_subject=2)[0]["time"].tolist()
    [2, 6]
    """
    for name, value in (("every", every), ("per-subject", per_subject)):
        if value is not None and value < 1:
            raise CohortError(f"{name} is {value}; expected a whole number of at least 1")
    if every is None and per_subject is None:
        return frames, {}
    listed = len(frames)
    if every is not None:
        frames = frames[frames.groupby(["subject_id", "sequence"], sort=False).cumcount() % every == 0]
    if per_subject is not None:
        kept = np.zeros(len(frames), dtype=bool)
        for rows in frames.groupby("subject_id").indices.values():
            k = min(per_subject, len(rows))
            kept[rows[(2 * np.arange(k) + 1) * len(rows) // (2 * k)]] = True
        frames = frames[kept]
    facts = {"every": every, "per_subject": per_subject, "listed": listed, "kept": len(frames)}
    return frames.reset_index(drop=True), {"thinning": facts}


def choose_healthy(frames: pd.DataFrame, n: int | None, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Keep `n` of the healthy subjects, drawn without replacement from their sorted names.

    Returns
    -------
    The kept rows, and the choice with every name in it, for the provenance (empty where `n` is None).

    Raises
    ------
    CohortError
        There are fewer than `n`.
    """
    if n is None:
        return frames, {}
    names = sorted(frames.loc[frames["group"] == GROUPS[1], "subject_id"].unique())
    if not 1 <= n <= len(names):
        raise CohortError(f"{n} healthy subjects are asked for; the sources have {len(names)}")
    drawn = np.random.default_rng(seed).choice(len(names), size=n, replace=False)
    chosen = sorted(names[number] for number in drawn)
    kept = (frames["group"] != GROUPS[1]) | frames["subject_id"].isin(chosen)
    facts = {"n": n, "of": len(names), "seed": seed, "subjects": chosen}
    return frames[kept].reset_index(drop=True), {"healthy_subjects": facts}
