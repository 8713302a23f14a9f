"""What stands on both sides of a fold: frames, pictures, subjects, portraits, videos, days. Counted, not assumed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.duplicates import NEAR, near_pictures
from facialis.studies.splits import Folds

FOUND, NOT_FOUND, UNKNOWN = "found", "not found", "cannot be checked"
TITLES = {
    "L1.1": "no test set",
    "L1.2": "preprocessing on training and test data",
    "L1.3": "feature selection on training and test data",
    "L1.4": "duplicates in training and test data",
    "L2": "features that are not legitimate",
    "L3.1": "temporal leakage",
    "L3.2": "training and test data not independent",
    "L3.3": "sampling bias in the test data",
}
"""The eight kinds of Kapoor and Narayanan 2023 (Patterns 4, 100804, table 1)."""
DATES = ("date", "datetime", "visit_date", "recorded", "year")


class Check(NamedTuple):
    """What was found of one kind of leakage: `FOUND`, `NOT_FOUND` or `UNKNOWN`, and the evidence in one sentence."""

    kind: str
    verdict: str
    evidence: str


def test_set(frames: pd.DataFrame, folds: Folds) -> Check:
    """L1.1: is every frame that is tested held out of its fold's training?"""
    both = sum(len(np.intersect1d(train, test)) for train, test in folds)
    empty = sum(not len(test) for _, test in folds)
    tested = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(frames))
    again = f", {(tested > 1).sum()} of them in several folds" if (tested > 1).any() else ""
    return Check(
        "L1.1",
        FOUND if both or empty else NOT_FOUND,
        f"{len(folds)} folds test {(tested > 0).sum()} of {len(frames)} frames{again}; {both} frames train and test in "
        f"one fold, {empty} folds test nothing.",
    )


def duplicates(cohort: Cohort, folds: Folds) -> Check:
    """L1.4: the same picture on both sides: by pixels, by perceptual hash, by bit-identical landmarks."""
    frames, counts, unread = cohort.frames, {}, ""
    if "content_hash" in frames and frames["content_hash"].notna().any():
        counts["the same pixels"] = _shared(frames["content_hash"], folds)
    if "picture_hash" in frames and frames["picture_hash"].notna().any():
        counts[f"nearly the same picture ({NEAR} of 128 bits or fewer differ)"] = _across(near_pictures(frames), folds)
    else:
        unread = "; its pictures were not read, and are not compared"
    for name in ("landmarks", "coordinates", "measures"):
        if name in cohort.modalities:
            rows = [hashlib.sha256(np.ascontiguousarray(row).data).hexdigest() for row in cohort.array(name)]
            counts[f"bit-identical {name}"] = _shared(pd.Series(rows), folds)
            break
    if not counts:
        return Check("L1.4", UNKNOWN, "The cohort holds no hashes of its pictures and no landmarks to compare.")
    told = ", ".join(f"{n} with {what}" for what, n in counts.items())
    return Check(
        "L1.4",
        FOUND if any(counts.values()) else NOT_FOUND,
        f"Held-out frames of {len(folds)} folds that have a frame on the training side: {told}{unread}.",
    )


def temporal(frames: pd.DataFrame, folds: Folds) -> Check:
    """L3.1: does a fold train on what was recorded after its test frames?"""
    found = {name: _seconds(frames[name]) for name in DATES if name in frames}
    column = next((name for name, times in found.items() if np.isfinite(times).any()), None)
    if column is None:
        return Check(
            "L3.1", UNKNOWN,
            f"No column gives a date (looked for {', '.join(DATES)}); `time` counts within a video. The label is "
            "of the frame's own moment: nothing later is foretold.",
        )  # fmt: skip
    when = found[column]
    late = sum(
        bool(np.nanmax(when[train]) > np.nanmin(when[test])) for train, test in folds if _dated(when, train, test)
    )
    return Check(
        "L3.1",
        FOUND if late else NOT_FOUND,
        f"In {late} of {len(folds)} folds something trains that was recorded after a test frame (column {column}); it "
        "matters where the detector is to judge recordings of a later time.",
    )


def dependence(frames: pd.DataFrame, folds: Folds) -> Check:
    """L3.2: subjects, portraits, simulated twins and videos on both sides of a fold."""
    keys = {"subjects": frames["subject_id"].astype(str)}
    for column, what in (("portrait", "portraits"), ("pair", "simulated pairs")):
        if column in frames:
            values = frames[column].astype(object).where(frames[column].notna(), "").astype(str)
            if (values != "").any():
                keys[what] = values
    if "video_frame" in frames and (frames["video_frame"] >= 0).any():
        keys["videos"] = (frames["source"] + "/" + frames["path"]).where(frames["video_frame"] >= 0, "")
    counts = {}
    for what, values in keys.items():
        array = values.to_numpy(dtype=object)
        shared = [set(array[train]) & set(array[test]) - {""} for train, test in folds]
        counts[what] = (len(set().union(*shared)), len(set(array) - {""}))
    told = ", ".join(f"{n} of {of} {what}" for what, (n, of) in counts.items())
    return Check(
        "L3.2",
        FOUND if any(n for n, _ in counts.values()) else NOT_FOUND,
        f"On both sides of one of {len(folds)} folds stand {told}; one person under two names is told by L1.4 alone.",
    )


def _shared(keys: pd.Series, folds: Folds) -> int:
    """Return how many held-out frames, over all folds, have their key on the training side."""
    codes = keys.fillna("").astype("category")
    values = codes.cat.codes.to_numpy()
    without = (codes == "").to_numpy()
    return sum(int((np.isin(values[test], values[train]) & ~without[test]).sum()) for train, test in folds)


def _across(pairs: Sequence[tuple[int, int]], folds: Folds) -> int:
    """Return how many held-out frames, over all folds, have their partner on the training side."""
    if not pairs:
        return 0
    both = np.concatenate([np.array(pairs), np.array(pairs)[:, ::-1]])
    return sum(len(np.unique(both[np.isin(both[:, 0], test) & np.isin(both[:, 1], train), 0])) for train, test in folds)


def _seconds(dates: pd.Series) -> NDArray[np.float64]:
    """Return years as they are and dates in seconds (n,); NaN where there is none."""
    years = pd.to_numeric(dates.astype(object), errors="coerce")
    if years.notna().any():
        return years.to_numpy(np.float64)
    days = pd.to_datetime(dates, errors="coerce", format="mixed", utc=True)
    return np.asarray((days - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), dtype=np.float64)


def _dated(when: NDArray[np.float64], train: NDArray[np.intp], test: NDArray[np.intp]) -> bool:
    return bool(np.isfinite(when[train]).any() and np.isfinite(when[test]).any())
