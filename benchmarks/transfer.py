"""What is learnt on simulated faces alone, tested on real landmarks.

``python benchmarks/transfer.py FILE.npz [--json]``

FILE holds landmarks_px (n, 478, 3), transform (n, 4, 4), label (n,) and visible (n,): 2 clear signs of palsy, 1 subtle
ones, 0 palsy but nothing to be seen, -1 healthy. It is measured only; nothing is fitted to it.

The row that counts is fixed beforehand: logistic regression on the 29 measures, the mean of eight simulated cohorts.
Beside it stand what yaw alone, interocular distance alone and the symmetric part of the shape alone reach, which no
honest detector of palsy should need.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.faces import geometry
from facialis.faces.mesh import CONTOURS
from facialis.modalities.asymmetry import distance_from_symmetry, has_symmetric_value
from facialis.modalities.measures import measure
from facialis.modalities.signed import signed_measures

Array = NDArray[np.float64]
SEEDS = tuple(range(8))
PAIRS = 1000
FRAMES = 2
REGULARISATION = 0.1
LOW_YAW = 10.0
SPECIFICITY = 0.9
RESAMPLINGS = 500
CONTOUR = sorted({landmark for edges in CONTOURS.values() for edge in edges for landmark in edge})


class Faces(NamedTuple):
    """Landmarks (n, 478, 3) px, transforms (n, 4, 4), label (n,) 0 or 1, visible (n,) as in the module's text."""

    landmarks: NDArray[np.floating[Any]]
    transforms: NDArray[np.floating[Any]]
    label: NDArray[np.int64]
    visible: NDArray[np.int64]


def read(path: Path) -> Faces:
    """Read the file of real landmarks; `SystemExit` with one line if it is not one."""
    try:
        with np.load(path) as data:
            faces = Faces(
                np.asarray(data["landmarks_px"], dtype=np.float64),
                np.asarray(data["transform"], dtype=np.float64),
                data["label"].astype(np.int64),
                data["visible"].astype(np.int64),
            )
    except (OSError, KeyError, ValueError) as error:
        raise SystemExit(f"{path}: {error}; expected an .npz with landmarks_px, transform, label, visible") from error
    missing = [v for v in (-1, 0, 1, 2) if not (faces.visible == v).any()]
    if missing:
        raise SystemExit(f"{path}: no face with visible {missing}; expected some of each of -1, 0, 1 and 2")
    return faces


def simulated(seed: int, pairs: int) -> Faces:
    """Simulate the cohort that one model learns from; its `visible` is the label."""
    cohort = simulate_faces(pairs, pairs, FRAMES, seed)
    label = cohort.frames["label"].to_numpy().astype(np.int64)
    return Faces(cohort.landmarks.astype(np.float64), cohort.transforms.astype(np.float64), label, label)


def folded_measures(faces: Faces, definition: str) -> Array:
    """Return (n, 29): the measures, as distance from a symmetric face's value where there is one."""
    values = measure(faces.landmarks, definition=definition)
    values[:, has_symmetric_value(definition)] = distance_from_symmetry(values, definition)
    return values


def pair_differences(faces: Faces) -> Array:
    """Return (n, k): absolute signed measures (subject's right minus left) of the pose-corrected landmarks."""
    return np.abs(signed_measures(geometry.undo_pose(faces.landmarks, faces.transforms)))


def symmetric_shape(faces: Faces) -> Array:
    """Return (n, k): the symmetric part of the pose-corrected landmarks, no asymmetry in it."""
    frontal = geometry.undo_pose(faces.landmarks, faces.transforms)
    half = (frontal + geometry.mirror(frontal)) / 2.0
    return half[:, CONTOUR, :2].reshape(len(half), -1)


INPUTS: dict[str, Callable[[Faces], Array]] = {
    "logistic regression, 29 measures (oo-2025)": lambda faces: folded_measures(faces, "oo-2025"),
    "logistic regression, 29 measures (parra-dominguez-2021)": lambda faces: folded_measures(
        faces, "parra-dominguez-2021"
    ),
    "logistic regression, the 21 measures of asymmetry (oo-2025)": lambda faces: distance_from_symmetry(
        measure(faces.landmarks)
    ),
    "logistic regression, 29 raw measures (parra-dominguez-2021)": lambda faces: measure(
        faces.landmarks, definition="parra-dominguez-2021"
    ),
    "logistic regression, left-right differences, pose undone": pair_differences,
    "logistic regression, symmetric shape alone (no asymmetry)": symmetric_shape,
}
PRIMARY = next(iter(INPUTS))
SHORTCUTS: dict[str, Callable[[Faces], Array]] = {
    "absolute yaw alone (less is palsy)": lambda faces: -np.abs(geometry.head_pose(faces.transforms)[:, 0]),
    "interocular distance alone (more is palsy)": lambda faces: np.asarray(
        geometry.interocular_distance(faces.landmarks), dtype=np.float64
    ),
}


def auc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties half."""
    ours, theirs = scores[positive], np.sort(scores[~positive])
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).mean() / 2 / len(theirs))


QUESTIONS: dict[str, tuple[int, ...]] = {"clear": (2,), "visible": (1, 2), "all": (0, 1, 2), "nothing": (0,)}
"""Key of the row: values of `visible` that are told from the healthy."""


def subsets(faces: Faces) -> dict[str, NDArray[np.intp]]:
    """Return the faces that each AUC counts: each question, at all yaws and (``_yaw10``) below 10 degrees."""
    low = np.abs(geometry.head_pose(faces.transforms)[:, 0]) < LOW_YAW
    counted = {}
    for name, values in QUESTIONS.items():
        chosen = np.isin(faces.visible, (-1, *values))
        counted[f"auc_{name}"] = np.flatnonzero(chosen)
        counted[f"auc_{name}_yaw10"] = np.flatnonzero(chosen & low)
    return counted


def interval(statistic: Callable[[NDArray[np.intp]], float], rows: NDArray[np.intp], groups: Array) -> list[float]:
    """Return the 2.5 and 97.5 % quantiles of `statistic` over resamplings of `rows` within each group."""
    rng = np.random.default_rng(0)
    parts = [rows[groups[rows] == value] for value in np.unique(groups[rows])]
    draws = [
        statistic(np.concatenate([part[rng.integers(0, len(part), len(part))] for part in parts]))
        for _ in range(RESAMPLINGS)
    ]
    return [round(float(q), 4) for q in np.quantile(draws, [0.025, 0.975])]


def describe(name: str, scores: Array, thresholds: Array | None, faces: Faces) -> dict[str, Any]:
    """Return one row of the result.

    Parameters
    ----------
    scores : (seeds, n) of the real faces, larger for palsy.
    thresholds : (seeds,) or None where there is nothing simulated to choose them on.
    """
    healthy = faces.visible == -1
    row: dict[str, Any] = {"name": name, "primary": name == PRIMARY}
    for key, rows in subsets(faces).items():
        if not (healthy[rows].any() and (~healthy[rows]).any()):
            row[key] = row[f"{key}_interval"] = row[f"{key}_spread"] = None
            continue

        def mean_auc(chosen: NDArray[np.intp]) -> float:
            return float(np.mean([auc(line[chosen], ~healthy[chosen]) for line in scores]))

        row[key] = round(mean_auc(rows), 4)
        row[f"{key}_spread"] = round(float(np.std([auc(line[rows], ~healthy[rows]) for line in scores])), 4)
        row[f"{key}_interval"] = interval(mean_auc, rows, faces.visible.astype(np.float64))
    called = None if thresholds is None else scores > thresholds[:, None]
    low = np.abs(geometry.head_pose(faces.transforms)[:, 0]) < LOW_YAW
    for end, kept in (("", np.ones(len(healthy), bool)), ("_yaw10", low)):
        for key, chosen in (("sensitivity_clear", faces.visible == 2), ("specificity", healthy)):
            if called is None or not (chosen & kept).any():
                row[key + end] = None
            else:
                share = called[:, chosen & kept].mean()
                row[key + end] = round(float(share if key == "sensitivity_clear" else 1.0 - share), 4)
    return row


def run(faces: Faces, seeds: tuple[int, ...] = SEEDS, pairs: int = PAIRS) -> dict[str, Any]:
    """Train each model on simulated faces, eight times, and measure it on the real ones."""
    scores: dict[str, list[Array]] = {name: [] for name in INPUTS}
    thresholds: dict[str, list[float]] = {name: [] for name in INPUTS}
    for seed in seeds:
        train, held = simulated(seed, pairs), simulated(seed + 1000, pairs)
        for name, inputs in INPUTS.items():
            model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=2000))
            model.fit(inputs(train), train.label)
            scores[name].append(model.decision_function(inputs(faces)))
            healthy = model.decision_function(inputs(held))[held.label == 0]
            thresholds[name].append(float(np.quantile(healthy, SPECIFICITY)))
    rows = [describe(name, np.stack(scores[name]), np.array(thresholds[name]), faces) for name in INPUTS]
    rows += [describe(name, inputs(faces)[None], None, faces) for name, inputs in SHORTCUTS.items()]
    return {
        "rows": rows,
        "seeds": len(seeds),
        "simulated_pairs": pairs,
        "frames_each": FRAMES,
        "faces": len(faces.label),
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as text: one line a row."""
    keys = ["auc_clear", "auc_visible", "auc_all", "auc_nothing"]
    columns = [*keys, *(f"{key}_yaw10" for key in keys), "sensitivity_clear", "specificity", "specificity_yaw10"]
    lines = []
    for row in result["rows"]:
        lines.append(("* " if row["primary"] else "  ") + row["name"])
        for key in columns:
            if row[key] is not None:
                ends = row.get(f"{key}_interval")
                extra = (
                    f"  ({ends[0]:.3f} to {ends[1]:.3f}), spread over seeds {row[f'{key}_spread']:.3f}" if ends else ""
                )
                lines.append(f"      {key:24s} {row[key]:.3f}{extra}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="Train on simulated faces only, test on real landmarks.")
    parser.add_argument("landmarks", type=Path, help="an .npz with landmarks_px, transform, label, visible")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="simulated cohorts to train on")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of a patient and a healthy person in each")
    given = parser.parse_args(arguments)
    result = run(read(given.landmarks), tuple(range(given.seeds)), given.pairs)
    print(json.dumps(result, allow_nan=False) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
