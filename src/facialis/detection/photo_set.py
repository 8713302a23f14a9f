"""Several photos of one person: one finding that uses what each standard view tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.finding import Finding
from facialis.detection.odds import sigmoid
from facialis.errors import BundleError
from facialis.faces.geometry import undo_pose
from facialis.modalities.movements import MovementModel, recognise
from facialis.modalities.photo_sets import FEATURES, SetModel, counted, features_of, gains, thresholds
from facialis.modalities.regions import REGIONS
from facialis.modalities.trajectories import channels
from facialis.modalities.views import TOLD, VIEWS

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle
    from facialis.detection.detector import Detector

SURE = 0.5
"""Least share with which a view counts as recognised: all else hangs on which photo is taken for rest."""
NUMBERED = (
    "rest", "brow_raise", "gentle_closure", "tight_closure", "small_closed_smile", "large_smile", "pucker",
    "lower_teeth",
)  # fmt: skip
"""The photos of the MEEI standard set by their number."""


def judge_set(
    photos: Sequence[tuple[str, str | None, Finding]], detector: Detector, *, source: str = "set"
) -> dict[str, Any]:
    """Return one finding, JSON-ready, for the photos of one person.

    Parameters
    ----------
    photos : of each its name, its view where it is known by name (else it is recognised), and its finding.

    Raises
    ------
    BundleError
        The bundle knows no photo sets.
    """
    bundle = detector.bundle
    model = bundle.photo_set
    if model is None:
        raise BundleError(f"the bundle {bundle.card.name} knows no photo sets; the built-in one does")
    judged, chosen = _chosen(photos, bundle)
    answers = {view: judged[k][2].answers or {} for view, (k, _) in chosen.items()}
    _, side, regions = features_of(answers)
    told = counted(model, list(chosen))
    missing = gains(model, list(chosen))
    row: dict[str, Any] = {
        "source": source,
        "status": "judged" if chosen else "abstained",
        "probability": None,
        "probability_interval": None,
        "prevalence": detector.prevalence,
        "label": None,
        "uncertain": None,
        "threshold": None,
        "uncertain_range": None,
        "side": None,
        "side_probability": None,
        "regions": None,
        "severity": None,
        "reasons": [] if chosen else ["no photo of the set could be judged"],
        "auc_simulated": round(told.auc, 4) if chosen else None,
        "views": [
            {
                "view": view,
                "photo": judged[k][0],
                "known_by": "name" if share is None else "recognised",
                "view_probability": None if share is None else round(share, 3),
                "probability": round(judged[k][2].probability or 0.0, 6),
            }
            for view, (k, share) in chosen.items()
        ],
        "missing_views": [{"view": view, "auc_gain_simulated": gain} for view, gain in missing.items()],
        "left_out": [
            {"photo": name, "status": f.status, "reasons": list(f.reasons) or [_why_not(view)]}
            for name, view, f in photos
            if name not in {judged[k][0] for k, _ in chosen.values()}
        ],
        "model": detector.model,
    }
    if not chosen:
        return row
    said = {view: (answers[view], judged[k][2].logit_error or 0.0) for view, (k, _) in chosen.items()}
    odds, error = set_log_odds(model, said)
    low, edge, high = thresholds(model, told.healthy)
    prior = float(np.log(detector.prevalence / (1 - detector.prevalence)))
    uncertain = bool(low <= odds < high)
    label = "palsy" if odds >= edge else "no palsy"
    towards_right = model.side.log_odds(side)
    row |= {
        "probability": round(sigmoid(odds + prior), 6),
        "probability_interval": [round(sigmoid(odds + prior + end * 1.96 * error), 6) for end in (-1, 1)],
        "label": label,
        "uncertain": uncertain,
        "threshold": round(sigmoid(edge), 4),
        "uncertain_range": [round(sigmoid(end), 4) for end in (low, high)],
        "regions": {
            name: round(sigmoid(part.log_odds(column)), 6)
            for name, part, column in zip(REGIONS, model.regions, regions, strict=True)
        },
        "severity": round(float(np.mean([said["severity"] for said in answers.values()])), 6),
    }
    if label == "palsy" or uncertain:
        row["side"] = "subject_right" if towards_right > 0 else "subject_left"
        row["side_probability"] = round(sigmoid(abs(towards_right)), 6)
    return row


def chosen_views(
    photos: Sequence[tuple[str, str | None, Finding]], detector: Detector
) -> dict[str, tuple[str, Finding]]:
    """Return of each view that is there the photo that `judge_set` takes for it, its name and its finding."""
    judged, chosen = _chosen(photos, detector.bundle)
    return {view: (judged[k][0], judged[k][2]) for view, (k, _) in chosen.items()}


def photos_log_odds(photos: Sequence[tuple[str, str | None, Finding]], bundle: Bundle) -> tuple[float, list[str]]:
    """Return a set's log odds of palsy at even odds, and the views that are there (0 and none where none could be
    judged); arguments as for `judge_set`."""
    model = bundle.photo_set
    if model is None:
        raise BundleError(f"the bundle {bundle.card.name} knows no photo sets; the built-in one does")
    judged, chosen = _chosen(photos, bundle)
    said = {view: (judged[k][2].answers or {}, 0.0) for view, (k, _) in chosen.items()}
    return set_log_odds(model, said)[0], list(chosen)


def set_log_odds(model: SetModel, said: Mapping[str, tuple[Mapping[str, Any], float]]) -> tuple[float, float]:
    """Return the log odds of palsy of a set, calibrated at even odds, and their standard deviation
    by the landmarks' noise.

    Parameters
    ----------
    said : of each view that is there, what the graph answered for its photo, and the error of that log odds.
    """
    palsy, _, _ = features_of({view: answers for view, (answers, _) in said.items()})
    errors = {view: error for view, (_, error) in said.items()}
    told = counted(model, list(said))
    error = told.slope * _error(model, ~np.isnan(palsy), errors)
    return told.slope * model.palsy.log_odds(palsy) + told.offset, error


def _chosen(
    photos: Sequence[tuple[str, str | None, Finding]], bundle: Bundle
) -> tuple[list[tuple[str, str | None, Finding]], dict[str, tuple[int, float | None]]]:
    judged = [(name, view, f) for name, view, f in photos if f.status == "judged" and f.face is not None]
    return judged, _views(bundle.movements, judged)


def _error(model: SetModel, known: NDArray[np.bool_], errors: dict[str, float]) -> float:
    """Return the standard deviation of a set's log odds: photos err apart, what is read of one photo errs together."""
    weights = model.palsy.weights(known)
    views = [view for (view, _), there in zip(FEATURES, known, strict=True) if there]
    by_view = {v: sum(w for w, view in zip(weights, views, strict=True) if view == v) for v in errors}
    return float(np.sqrt(sum((by_view[view] * error) ** 2 for view, error in errors.items())))


def _views(
    model: MovementModel | None, judged: Sequence[tuple[str, str | None, Finding]]
) -> dict[str, tuple[int, float | None]]:
    """Return for each view that is there its photo's number, and how probable the view is where it was recognised.

    Of several photos of one view named so, the first is taken; recognised ones are dealt out to the views that are
    left, so that they fit best together, and left out where they are less sure than `SURE`.
    """
    from scipy.optimize import linear_sum_assignment

    views = list(TOLD)
    chosen: dict[str, tuple[int, float | None]] = {}
    for k, (_, view, _) in enumerate(judged):
        if view in TOLD and view not in chosen:
            chosen[view] = (k, None)
    unnamed = [k for k, (_, view, _) in enumerate(judged) if view is None]
    free = [column for column, view in enumerate(views) if view not in chosen]
    if unnamed and free and model is not None:
        at_rest = chosen.get("rest")
        photos = unnamed if at_rest is None else [*unnamed, at_rest[0]]
        faces = [face for k in photos if (face := judged[k][2].face) is not None]
        frontal = np.stack([undo_pose(face.landmarks.astype(np.float64), face.transform) for face in faces])
        logs = recognise(channels(frontal), model, None if at_rest is None else len(unnamed))[: len(unnamed), free]
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        rows, columns = linear_sum_assignment(-logs)
        for row, column in zip(rows, columns, strict=True):
            if shares[row, column] >= SURE:
                chosen[views[free[column]]] = (unnamed[row], float(shares[row, column]))
    return {view: chosen[view] for view in views if view in chosen}


def _why_not(view: str | None) -> str:
    if view is not None and view not in TOLD:
        return f"the view {view} is not read: seen from below, no asymmetry can be measured"
    return (
        "another photo shows the same view"
        if view
        else "no view that is not there already is recognised in it; name it"
    )


def view_of(path: str | PurePath) -> str | None:
    """Return the view that a photo's file name names, None if it names none.

    A view's own name anywhere in it; or, where the file is named as its folder, the standard set's number behind that.

    Examples
    --------
    >>> view_of("Anna-brow_raise.jpg"), view_of("Normal4/Normal4_6.JPG"), view_of("Normal4/IMG_1.png")
    ('brow_raise', 'large_smile', None)
    """
    file = PurePath(path)
    stem = file.stem.lower().replace("-", "_").replace(" ", "_")
    named = [view for view in VIEWS if view in stem]
    if named:
        return max(named, key=len)
    folder, _, last = file.stem.rpartition("_")
    numbered = folder != "" and folder.lower() == file.parent.name.lower() and last.isdecimal()
    return NUMBERED[int(last) - 1] if numbered and 1 <= int(last) <= len(NUMBERED) else None
