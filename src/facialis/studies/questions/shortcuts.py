"""Can the group be told by anything but the palsy? Small probes under the study's folds, beside a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.faces.mesh import CONTOURS, mirror_permutation
from facialis.modalities.crops import crop_frame
from facialis.studies.comparison import holm
from facialis.studies.metrics import draw_subjects
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.splits import Folds, make_folds

Floats = NDArray[np.float64]
GRID = 16
PROBES = ("background", "grey levels, face included", "sharpness, face included", "picture size", "head pose")
BESIDE = ("symmetric shape (partly palsy itself)", "model: logistic regression on measures")


def ask(asking: Asking) -> Answer:
    """Fit each probe inside the folds; figure: pooled out-of-fold AUC, bootstrap over subjects at 95 %.

    Raises
    ------
    SplitError
        The cohort cannot be split as asked.
    """
    cohort = asking.cohort
    frames = cohort.frames
    folds = make_folds(frames, asking.split, seed=asking.seed)
    found, missing = features(cohort)
    figures, p_values = [], {}
    for name in (*PROBES, *BESIDE):
        if name not in found:
            nothing = Figure(name, "AUC, pooled", None, None, None, 0, 0, missing[name])
            figures.append(nothing)
            continue
        value, drawn = probe(found[name], frames, folds, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
        low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
        beyond = min((drawn <= 0.5).mean(), (drawn >= 0.5).mean())
        p_values[name] = min(1.0, 2.0 * float(beyond + 1.0 / len(drawn)))
        n = frames["subject_id"].nunique()
        figures.append(Figure(name, "AUC, pooled", value, low, high, n, len(frames)))
    ran = [name for name in PROBES if name in p_values]
    adjusted = dict(zip(ran, holm([p_values[name] for name in ran]), strict=True))
    values = {figure.what: figure.value or 0.0 for figure in figures}
    shown = [name for name in ran if adjusted[name] < 0.05 and values[name] > 0.5]
    simulated = " (simulated faces)" if cohort.simulated else ""
    told = ", ".join(f"{name} (AUC {values[name]:.2f})" for name in shown) or "none of them"
    sentences = [f"Of {len(ran)} probes that ran, these tell the group after Holm's correction: {told}{simulated}."]
    sheet = [{"probe": name, "p": p_values[name], "p, Holm": adjusted[name], "shortcut": name in shown} for name in ran]
    notes = ["Background is what a crop shows around the face; crops are grey, so that colour is not asked."]
    notes += [f"{name} could not run: {why}" for name, why in missing.items()]
    title = "Can the group be told by anything but the palsy?"
    return Answer("shortcuts", title, sentences, figures, cohort.simulated, sheets={"Holm": sheet}, notes=notes)


def features(cohort: Cohort) -> tuple[dict[str, Floats], dict[str, str]]:
    """Return each probe's numbers (n, k), and why the others cannot run."""
    found: dict[str, Floats] = {}
    missing: dict[str, str] = {}
    held, frames = cohort.modalities, cohort.frames
    sizes = {"height", "width"} <= set(frames.columns)
    if "crops" in held:
        crops = cohort.array("crops")
        found["grey levels, face included"] = np.stack([_grey(crop) for crop in crops])
        found["sharpness, face included"] = np.stack([_texture(crop) for crop in crops])
    else:
        missing |= dict.fromkeys(
            ("grey levels, face included", "sharpness, face included"), "the cohort holds no crops"
        )
    if "crops" in held and "landmarks" in held and sizes:
        marks = cohort.array("landmarks")
        shapes = frames[["height", "width"]].to_numpy(dtype=int).tolist()
        found["background"] = np.stack(
            [background(crop, mark, (h, w)) for crop, mark, (h, w) in zip(crops, marks, shapes, strict=True)]
        )
    else:
        missing["background"] = "the cohort lacks crops, landmarks or the pictures' height and width"
    if sizes:
        found["picture size"] = frames[["height", "width"]].to_numpy(dtype=np.float64)
    else:
        missing["picture size"] = "the table of frames has no height and width"
    if "transforms" in held:
        from scipy.spatial.transform import Rotation

        turned = np.asarray(cohort.array("transforms"), dtype=np.float64)[:, :3, :3]
        found["head pose"] = Rotation.from_matrix(turned).as_euler("YXZ", degrees=True)
    else:
        missing["head pose"] = "the cohort holds no transforms"
    if "coordinates" in held:
        shape = np.asarray(cohort.array("coordinates"), dtype=np.float64).reshape(len(frames), 478, 2)
        shape = shape - shape.mean(axis=1, keepdims=True)
        found[BESIDE[0]] = ((shape + shape[:, mirror_permutation()] * (-1.0, 1.0)) / 2.0)[:, ::7].reshape(
            len(frames), -1
        )
    else:
        missing[BESIDE[0]] = "the cohort holds no coordinates"
    if "measures" in held:
        found[BESIDE[1]] = np.asarray(cohort.array("measures"), dtype=np.float64)
    else:
        missing[BESIDE[1]] = "the cohort holds no measures"
    return found, missing


def background(crop: NDArray[np.uint8], landmarks: NDArray[Any], shape: tuple[int, int]) -> Floats:
    """Return (2 GRID^2,): mean and deviation of the grey in each cell of a crop (256, 256), the face masked out."""
    import cv2

    left, top, right, bottom = crop_frame(landmarks, shape)
    oval = landmarks[[start for start, _ in CONTOURS["face_oval"]], :2]
    points = (oval - (left, top)) / (right - left, bottom - top) * crop.shape[::-1]
    face = np.zeros(crop.shape, dtype=np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    side = crop.shape[0] // GRID
    cells = np.where(face > 0, 128.0, crop).reshape(GRID, side, GRID, side)
    return np.concatenate([cells.mean(axis=(1, 3)).ravel(), cells.std(axis=(1, 3)).ravel()])


def _grey(crop: NDArray[np.uint8]) -> Floats:
    return np.array([crop.mean(), crop.std(), *np.quantile(crop, (0.1, 0.5, 0.9))])


def _texture(crop: NDArray[np.uint8]) -> Floats:
    import cv2

    steps = np.abs(np.diff(crop.astype(np.float64), axis=1))
    blocks = steps[:, 7::8].mean() / max(float(steps.mean()), 1e-9)
    return np.array([np.log(cv2.Laplacian(np.asarray(crop), cv2.CV_64F).var() + 1.0), blocks])


def probe(values: Floats, frames: Any, folds: Folds, *, seed: int, n_bootstrap: int) -> tuple[float, Floats]:
    """Return the pooled out-of-fold AUC of a logistic regression on (n, k), and its bootstrap draws (n_bootstrap,)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = frames["label"].to_numpy()
    names, of = np.unique(frames["subject_id"].astype(str).to_numpy(), return_inverse=True)
    scores, rows = [], []
    for train, test in folds:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        scores.append(model.fit(values[train], labels[train]).decision_function(values[test]))
        rows.append(test)
    score, row = np.concatenate(scores), np.concatenate(rows)
    label, subject = labels[row], of[row]
    ill, well = score[label == 1], score[label == 0]
    member = np.eye(len(names))
    first, second = member[subject[label == 1]], member[subject[label == 0]]
    wins = first.T @ ((ill[:, None] > well) + 0.5 * (ill[:, None] == well)) @ second
    pairs = np.outer(first.sum(axis=0), second.sum(axis=0))
    patients = np.isin(np.arange(len(names)), of[frames["group"].to_numpy() == "patient"])
    weights = draw_subjects(patients, seed=seed, n_bootstrap=n_bootstrap)
    drawn = np.einsum("bi,ij,bj->b", weights, wins, weights) / np.einsum("bi,ij,bj->b", weights, pairs, weights)
    return float(wins.sum() / pairs.sum()), drawn
