"""What the benchmarks share: a file of real landmarks, simulated cohorts beside it, areas under curves, intervals.

The file, an ``.npz``, holds landmarks_px (n, 478, 3), transform (n, 4, 4), label (n,) and visible (n,): 2 clear signs
of palsy, 1 subtle ones, 0 palsy but nothing to be seen, -1 healthy. It is measured only; nothing is fitted to it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces import geometry

Array = NDArray[np.float64]
HEALTHY = -1
RESAMPLINGS = 500


class Faces(NamedTuple):
    """Landmarks (n, 478, 3) px, transforms (n, 4, 4), label (n,) 0 or 1, visible (n,) as in the module's text."""

    landmarks: NDArray[np.floating[Any]]
    transforms: NDArray[np.floating[Any]]
    label: NDArray[np.int64]
    visible: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> Faces:
        """Return these rows."""
        return Faces(*(column[rows] for column in self))

    @property
    def yaw(self) -> Array:
        """(n,) degrees, as the landmarker reports it, positive to the subject's left."""
        return geometry.head_pose(self.transforms)[:, 0]


def read(path: Path, needed: tuple[int, ...] = (HEALTHY, 0, 1, 2)) -> Faces:
    """Read the file of real landmarks; `SystemExit` with one line if it is not one or lacks a `needed` visibility."""
    try:
        with np.load(path) as data:
            faces = Faces(
                np.asarray(data["landmarks_px"], dtype=np.float64),
                np.asarray(data["transform"], dtype=np.float64),
                data["label"].astype(np.int64),
                data["visible"].astype(np.int64),
            )
    except (OSError, KeyError, ValueError, AttributeError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise SystemExit(f"{path}: {reason}; expected an .npz with landmarks_px, transform, label, visible") from error
    n = len(faces.label)
    shapes = [column.shape for column in faces]
    if shapes != [(n, 478, 3), (n, 4, 4), (n,), (n,)]:
        raise SystemExit(f"{path}: arrays of shapes {shapes}; expected (n, 478, 3), (n, 4, 4), (n,), (n,)")
    missing = [v for v in needed if not (faces.visible == v).any()]
    if missing:
        raise SystemExit(f"{path}: no face with visible {missing}; expected some of each of {sorted(needed)}")
    return faces


def as_faces(cohort: Any) -> Faces:
    """Return a `SimulatedFaces` in the file's form; its `visible` is the label, healthy ones -1."""
    label = cohort.frames["label"].to_numpy().astype(np.int64)
    healthy = (cohort.frames["group"] == "healthy").to_numpy()
    return Faces(
        cohort.landmarks.astype(np.float64),
        cohort.transforms.astype(np.float64),
        label,
        np.where(healthy, HEALTHY, label),
    )


def auc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties half.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 3.0, 3.0]), np.array([False, False, True, False]))
    0.8333333333333334
    """
    ours, theirs = scores[positive], np.sort(scores[~positive])
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).mean() / 2 / len(theirs))


def interval(
    statistic: Callable[[NDArray[np.intp]], float],
    rows: NDArray[np.intp],
    groups: NDArray[Any],
    resamplings: int = RESAMPLINGS,
) -> list[float]:
    """Return the 2.5 and 97.5 % quantiles of `statistic` over resamplings of `rows` within each of `groups` (n,)."""
    rng = np.random.default_rng(0)
    parts = [rows[groups[rows] == value] for value in np.unique(groups[rows])]
    draws = [
        statistic(np.concatenate([part[rng.integers(0, len(part), len(part))] for part in parts]))
        for _ in range(resamplings)
    ]
    return [round(float(q), 4) for q in np.quantile(draws, [0.025, 0.975])]
