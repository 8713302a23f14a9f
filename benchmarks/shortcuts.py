"""Do simulated pictures tell the groups apart by anything but the face? ``python benchmarks/shortcuts.py [--json]``.

Each probe is a logistic regression on one kind of summary of the pictures, trained on half as many further pairs (not
by turns on the same ones, where what is left out leans against what is trained on); AUC with an interval by bootstrap
over the pairs, at 95 % and corrected for the number of probes (Holm: a probe shows a shortcut if its interval at its
own corrected level leaves out 0.5). The control has a shortcut put in on purpose (palsy pictures 3 % brighter) and must
be found. All pictures are simulated.

Focus and compression are each picture's own in a cohort. Below the probes stand sharpness and compression of pairs
taken with the very same shot, which shows the smallest differences: of the whole picture, without brows, eyes, folds
and mouth (grey in both), and without the face. What the first has and the last has not is in the face itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PUT_IN = 1.03
"""The control's palsy pictures are brighter by this factor."""
DRAWS = 2000
GREY = 24


UPPER = (54, 103, 67, 109, 10, 338, 297, 332, 284, 70, 300, 226, 446, 230, 450, 111, 340)
LOWER = (129, 358, 203, 423, 216, 436, 212, 432, 61, 291, 17, 18, 204, 424)
"""Landmarks around forehead, brows and eyes, and around folds and mouth: where a palsy shows."""


def texture_probes(rgb: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Return sharpness and compression (k,) of a picture (h, w, 3)."""
    import cv2

    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(grey, cv2.CV_64F)
    steps = np.abs(np.diff(grey.astype(np.float64), axis=1))
    at_blocks = steps[:, 7::8].mean() / max(steps.mean(), 1e-9)
    _, coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return {
        "sharpness": np.array([np.log(edges.var() + 1.0), np.abs(edges).mean(), steps.mean()]),
        "compression": np.array([at_blocks, np.log(len(coded))]),
    }


def probes_of(rgb: NDArray[np.uint8], face: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Return probe: summary (k,) of a picture (h, w, 3) in which the face and what moves around it is masked (h, w)."""
    import cv2

    pixels = rgb.reshape(-1, 3).astype(np.float32)
    small = cv2.resize(grey_where(face, rgb), (GREY, GREY), interpolation=cv2.INTER_AREA)
    return {
        "colour": np.concatenate(
            [pixels.mean(axis=0), pixels.std(axis=0), np.quantile(pixels, (0.1, 0.9), axis=0).ravel()]
        ),
        **texture_probes(rgb),
        "background": background(rgb, face),
        "face masked out": small.reshape(-1, 3).mean(axis=1).astype(np.float64),
    }


def background(rgb: NDArray[np.uint8], face: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (6,): mean and standard deviation of the colours outside the face (h, w)."""
    outside = rgb[~face].astype(np.float64)
    return np.concatenate([outside.mean(axis=0), outside.std(axis=0)])


def grey_where(mask: NDArray[np.bool_], rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with what is masked (h, w) in grey."""
    return np.where(mask[..., None], np.uint8(128), rgb)


def mask_of(shape: tuple[int, int], groups: Sequence[NDArray[np.float64]], grow: float) -> NDArray[np.bool_]:
    """Return (h, w): the hulls of groups of points (k, 2), px, each `grow` times as large."""
    import cv2

    mask = np.zeros(shape, dtype=np.uint8)
    for points in groups:
        middle = points.mean(axis=0)
        hull = cv2.convexHull(np.round(middle + grow * (points - middle)).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1)
    return mask > 0


def collect(pairs: int, seed: int) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.intp], NDArray[np.intp]]:
    """Return each probe's summaries (n, k), the label and the pair (n,), for one picture of each subject."""
    from facialis.cohorts.simulated import palsy
    from facialis.cohorts.simulated.draw import draws
    from facialis.cohorts.simulated.photo import draw_photos, in_photo, take_photo
    from facialis.cohorts.simulated.picture import Sitters, draw_face
    from facialis.faces.mesh import CONTOURS

    oval = [start for start, _ in CONTOURS["face_oval"]]
    found: dict[str, list[NDArray[np.float64]]] = {}
    labels, numbers = [], []
    sitters = Sitters(None, seed)
    for draw, _ in draws(pairs, 1, seed):
        for row in np.flatnonzero(draw.pair < pairs).tolist():
            pair = int(draw.pair[row])
            ill, well = draw_photos(np.random.default_rng([seed, 2, pair, 0]))  # as in a cohort: the patient first
            both = [draw_face(draw, row, sick, sitters(pair)) for sick in (palsy.no_palsy(len(draw.pair)), draw.palsy)]
            size = (both[0].rgb.shape[0], both[0].rgb.shape[1])
            lies = np.stack([in_photo(drawn.points, well, *size) for drawn in both])  # one mask for the pair
            face = mask_of(size, [lies[0, oval]], 1.7)
            places = mask_of(size, [lies[:, part].reshape(-1, 2) for part in (UPPER, LOWER)], 1.15)
            for label, (drawn, photo) in enumerate(zip(both, (well, ill), strict=True)):
                picture, same = take_photo(drawn.rgb, photo), take_photo(drawn.rgb, well)
                summaries = probes_of(picture, face)
                bright = np.clip(picture * (PUT_IN if label else 1.0), 0, 255).astype(np.uint8)
                summaries["control: shortcut put in"] = background(bright, face)
                shape = drawn.reported - drawn.reported.mean(axis=0)
                flipped = shape[_mirror()] * np.array([-1.0, 1.0])
                summaries["apart: symmetric shape"] = ((shape + flipped) / 2.0)[::7].ravel()
                for how, rgb in (
                    ("same shot", same),
                    ("same shot, brows, eyes, mouth masked", grey_where(places, same)),
                    ("same shot, face masked", grey_where(face, same)),
                ):
                    summaries |= {f"{how}: {name}": values for name, values in texture_probes(rgb).items()}
                for name, values in summaries.items():
                    found.setdefault(name, []).append(values)
                labels.append(label)
                numbers.append(pair)
    return {name: np.stack(values) for name, values in found.items()}, np.array(labels), np.array(numbers)


def _mirror() -> NDArray[np.intp]:
    from facialis.faces.mesh import mirror_permutation

    return mirror_permutation()


def scores(features: NDArray[np.float64], labels: NDArray[np.intp], train: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the scores of the pictures (n,) outside `train` by a logistic regression on those inside."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)).fit(features[train], labels[train])
    return np.asarray(model.decision_function(features[~train]), dtype=np.float64)


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
    features, labels, numbers = collect(pairs + pairs // 2, seed)
    train = numbers >= pairs
    tested = labels[~train], numbers[~train]
    rows: dict[str, dict[str, Any]] = {}
    kept: dict[str, NDArray[np.float64]] = {}
    for name, values in features.items():
        drawn = bootstrap_auc(scores(values, labels, train), *tested, seed)
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
    counts = {"subjects": 2 * pairs, "trained_on": 2 * (pairs // 2)}
    return {"simulated": True, **counts, "seed": seed, "probes": rows}


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
        print(f"{result['subjects']} simulated subjects in pairs, one picture each; trained on {result['trained_on']}")
        for name, row in rows.items():
            said = {True: "SHORTCUT", False: "no shortcut"}.get(row.get("shortcut"), "")
            print(f"{name:51s} AUC {row['auc']:.3f} {row['interval']} {row.get('corrected_interval', '')} {said}")
    bad = any(row.get("shortcut") for row in rows.values())
    return int(bad or rows["control: shortcut put in"]["interval"][0] <= 0.5)


if __name__ == "__main__":
    sys.exit(main())
