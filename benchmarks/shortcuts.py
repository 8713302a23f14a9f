"""Do simulated pictures tell the groups apart by anything but the face? ``python benchmarks/shortcuts.py [--json]``.

Each probe is a logistic regression on one kind of summary of the pictures, tested on subjects (both of a pair together)
that it did not see; AUC with an interval by bootstrap over the pairs, at 95 % and corrected for the number of probes
(Holm: a probe shows a shortcut if its interval at its own corrected level leaves out 0.5). The control has a shortcut
put in on purpose (palsy pictures one step brighter) and must be found. All pictures are simulated.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

PUT_IN = 1.03
"""The control's palsy pictures are brighter by this factor."""
DRAWS = 2000
GREY = 24


def probes_of(rgb: NDArray[np.uint8], points: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return probe: summary (k,) of a picture (h, w, 3) in which the true landmarks lie at `points` (478, 2), px.

    The mask covers the face's oval and a margin of 0.7 of its half size, in which a warp may move the skin around.
    """
    import cv2

    from facialis.faces.mesh import CONTOURS

    oval = points[[start for start, _ in CONTOURS["face_oval"]]]
    middle = oval.mean(axis=0)
    covered = np.zeros(rgb.shape[:2], dtype=np.uint8)
    cv2.fillPoly(covered, [np.round(middle + 1.7 * (oval - middle)).astype(np.int32)], 1)
    masked = rgb.copy()
    masked[covered > 0] = 128
    outside = rgb[covered == 0].reshape(-1, 3).astype(np.float64)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(grey, cv2.CV_64F)
    pixels = rgb.reshape(-1, 3).astype(np.float64)
    steps = np.abs(np.diff(grey.astype(np.float64), axis=1))
    at_blocks = steps[:, 7::8].mean() / max(steps.mean(), 1e-9)
    _, coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    small = cv2.resize(masked, (GREY, GREY), interpolation=cv2.INTER_AREA)
    return {
        "colour": np.concatenate(
            [pixels.mean(axis=0), pixels.std(axis=0), np.quantile(pixels, (0.1, 0.9), axis=0).ravel()]
        ),
        "sharpness": np.array([np.log(edges.var() + 1.0), np.abs(edges).mean(), steps.mean()]),
        "compression": np.array([at_blocks, np.log(len(coded))]),
        "background": np.concatenate([outside.mean(axis=0), outside.std(axis=0)]),
        "face masked out": small.reshape(-1, 3).mean(axis=1).astype(np.float64),
    }


def collect(pairs: int, seed: int) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.intp], NDArray[np.intp]]:
    """Return each probe's summaries (n, k), the label and the pair (n,), for one picture of each subject."""
    from facialis.cohorts.simulated import palsy
    from facialis.cohorts.simulated.photo import draw_photo, photo_matrix, take_photo
    from facialis.cohorts.simulated.picture import Sitters, draw_face
    from facialis.cohorts.simulated.simulate import draws

    found: dict[str, list[NDArray[np.float64]]] = {}
    labels, numbers = [], []
    sitters = Sitters(None, seed)
    for draw, _ in draws(pairs, 1, seed):
        for row in np.flatnonzero(draw.pair < pairs).tolist():
            pair = int(draw.pair[row])
            photo = draw_photo(np.random.default_rng([seed, 2, pair, 0]))
            both = [draw_face(draw, row, sick, sitters(pair)) for sick in (palsy.no_palsy(len(draw.pair)), draw.palsy)]
            matrix = photo_matrix(photo, *both[0].rgb.shape[:2])
            points = both[0].points @ matrix[:, :2].T + matrix[:, 2]  # one mask for the pair: it tells nothing
            for label, drawn in enumerate(both):
                picture = take_photo(drawn.rgb, photo)
                summaries = probes_of(picture, points)
                bright = np.clip(picture * (PUT_IN if label else 1.0), 0, 255).astype(np.uint8)
                summaries["control: shortcut put in"] = probes_of(bright, points)["background"]
                shape = drawn.reported - drawn.reported.mean(axis=0)
                flipped = shape[_mirror()] * np.array([-1.0, 1.0])
                summaries["apart: symmetric shape"] = ((shape + flipped) / 2.0)[::7].ravel()
                for name, values in summaries.items():
                    found.setdefault(name, []).append(values)
                labels.append(label)
                numbers.append(pair)
    return {name: np.stack(values) for name, values in found.items()}, np.array(labels), np.array(numbers)


def _mirror() -> NDArray[np.intp]:
    from facialis.faces.mesh import mirror_permutation

    return mirror_permutation()


def scores(features: NDArray[np.float64], labels: NDArray[np.intp], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return (n,) the scores of a logistic regression by five folds of pairs."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    folds = GroupKFold(min(5, len(np.unique(pairs))))
    return np.asarray(
        cross_val_predict(model, features, labels, groups=pairs, cv=folds, method="decision_function"), dtype=np.float64
    )


def bootstrap_auc(
    values: NDArray[np.float64], labels: NDArray[np.intp], pairs: NDArray[np.intp], seed: int
) -> NDArray[np.float64]:
    """Return (DRAWS + 1,): the AUC, then the AUC of each bootstrap draw of pairs (the pair's two pictures together)."""
    numbers = np.unique(pairs)
    order = np.searchsorted(numbers, pairs)
    rng = np.random.default_rng(seed)
    ill = np.zeros(len(numbers))
    well = np.zeros(len(numbers))
    ill[order[labels == 1]], well[order[labels == 0]] = values[labels == 1], values[labels == 0]
    wins = (ill[:, None] > well[None]) + 0.5 * (ill[:, None] == well[None])
    result = [wins.mean()]
    for _ in range(DRAWS):
        weight = np.bincount(rng.integers(0, len(numbers), len(numbers)), minlength=len(numbers)).astype(np.float64)
        result.append(float(weight @ wins @ weight) / len(numbers) ** 2)
    return np.array(result)


def examine(pairs: int, seed: int) -> dict[str, Any]:
    """Return the AUC of each probe with its intervals, and whether it shows a shortcut after Holm's correction."""
    features, labels, numbers = collect(pairs, seed)
    rows: dict[str, dict[str, Any]] = {}
    kept: dict[str, NDArray[np.float64]] = {}
    for name, values in features.items():
        drawn = bootstrap_auc(scores(values, labels, numbers), labels, numbers, seed)
        beyond = min((drawn[1:] <= 0.5).mean(), (drawn[1:] >= 0.5).mean())
        kept[name] = drawn
        rows[name] = {"auc": round(float(drawn[0]), 4), "p": min(1.0, 2.0 * float(beyond + 1.0 / DRAWS))}
        rows[name]["interval"] = np.round(np.quantile(drawn[1:], (0.025, 0.975)), 4).tolist()
    probes = sorted((name for name in rows if ":" not in name), key=lambda name: float(rows[name]["p"]))
    rejecting = True
    for place, name in enumerate(probes):
        level = 0.05 / (len(probes) - place)
        low, high = np.quantile(kept[name][1:], (level / 2.0, 1.0 - level / 2.0))
        rows[name]["corrected_interval"] = [round(float(low), 4), round(float(high), 4)]
        rejecting = rejecting and not low <= 0.5 <= high
        rows[name]["shortcut"] = rejecting
    return {"simulated": True, "subjects": 2 * pairs, "pictures": len(labels), "seed": seed, "probes": rows}


def main(arguments: list[str] | None = None) -> int:
    """Examine and print; the exit status is 1 where a shortcut is found or the control is not."""
    parser = argparse.ArgumentParser(description="Shortcuts in simulated pictures.")
    parser.add_argument("--subjects", type=int, default=400, help="palsy and healthy together; an even number")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    given = parser.parse_args(arguments)
    if given.subjects < 20 or given.subjects % 2:
        parser.error(f"--subjects is {given.subjects}; expected an even number of at least 20")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    result = examine(given.subjects // 2, given.seed)
    rows = result["probes"]
    if given.json:
        print(json.dumps(result))
    else:
        print(f"{result['subjects']} simulated subjects in pairs, one picture each; AUC [95 %] [corrected]")
        for name, row in rows.items():
            said = {True: "SHORTCUT", False: "no shortcut"}.get(row.get("shortcut"), "")
            print(f"{name:26s} {row['auc']:.3f} {row['interval']} {row.get('corrected_interval', '')} {said}")
    bad = any(row.get("shortcut") for row in rows.values())
    return int(bad or rows["control: shortcut put in"]["interval"][0] <= 0.5)


if __name__ == "__main__":
    sys.exit(main())
