"""What is learnt on simulated faces alone, tested on real landmarks.

``python benchmarks/transfer.py FILE.npz [--json]``

FILE as in `real_faces`; it is measured only, nothing is fitted to it.

The row that counts is fixed beforehand: logistic regression on the 29 measures, the mean of eight simulated cohorts.
The threshold is the one with 90 % specificity on other simulated faces. Beside the models stand what yaw alone,
interocular distance alone and the symmetric part of the shape alone reach, which no honest detector of palsy should
need. ``auc_nothing``: palsy photos in which a reader saw nothing, against the healthy; an honest detector is near 0.5.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.simulate import simulate_faces
from real_faces import HEALTHY, Array, Faces, as_faces, auc, interval, read
from simple_models import MODELS, NETS, PRIMARY, Row

SEEDS = tuple(range(8))
PAIRS = 4000
FRAMES = 2
LOW_YAW = 10.0
SPECIFICITY = 0.9


def simulated(seed: int, pairs: int) -> Faces:
    """Simulate the cohort that one model learns from."""
    return as_faces(simulate_faces(pairs, pairs, FRAMES, seed))


QUESTIONS: dict[str, tuple[int, ...]] = {"clear": (2,), "visible": (1, 2), "all": (0, 1, 2), "nothing": (0,)}
"""Key of the row: values of `visible` that are told from the healthy."""
COUNTED = {"healthy": HEALTHY, "clear": 2, "subtle": 1, "nothing visible": 0}


def subsets(faces: Faces) -> dict[str, NDArray[np.intp]]:
    """Return the faces that each AUC counts: each question, at all yaws and (``_yaw10``) below 10 degrees."""
    low = np.abs(faces.yaw) < LOW_YAW
    counted = {}
    for name, values in QUESTIONS.items():
        chosen = np.isin(faces.visible, (HEALTHY, *values))
        counted[f"auc_{name}"] = np.flatnonzero(chosen)
        counted[f"auc_{name}_yaw10"] = np.flatnonzero(chosen & low)
    return counted


def describe(name: str, scores: Array, thresholds: Array, faces: Faces) -> dict[str, Any]:
    """Return one row of the result; None where the file has no such faces.

    Parameters
    ----------
    scores : (seeds, n) of the real faces, larger for palsy.
    thresholds : (seeds,), above which a face is called palsy.
    """
    healthy = faces.visible == HEALTHY
    row: dict[str, Any] = {"name": name, "primary": name == PRIMARY}
    for key, rows in subsets(faces).items():
        if not (healthy[rows].any() and (~healthy[rows]).any()):
            row[key] = row[f"{key}_interval"] = row[f"{key}_spread"] = None
            continue
        row[key], row[f"{key}_spread"], row[f"{key}_interval"] = mean_auc(scores, healthy, rows, faces.visible)
    called = (scores > thresholds[:, None]).mean(axis=0)
    low = np.abs(faces.yaw) < LOW_YAW
    for key, right, chosen in (
        ("sensitivity_clear", called, faces.visible == 2),
        ("specificity", 1.0 - called, healthy),
    ):
        for end, kept in (("", chosen), ("_yaw10", chosen & low)):
            rows = np.flatnonzero(kept)
            if not len(rows):
                row[key + end] = row[f"{key}{end}_interval"] = None
                continue
            row[key + end] = round(float(right[rows].mean()), 4)
            row[f"{key}{end}_interval"] = interval(share_of(right), rows, faces.visible)
    return row


def mean_auc(
    scores: Array, healthy: NDArray[np.bool_], rows: NDArray[np.intp], groups: NDArray[Any]
) -> tuple[float, float, list[float]]:
    """Return the mean over seeds of the AUC, its spread over seeds and its interval over resampled faces."""

    def mean(chosen: NDArray[np.intp]) -> float:
        return float(np.mean([auc(line[chosen], ~healthy[chosen]) for line in scores]))

    spread = float(np.std([auc(line[rows], ~healthy[rows]) for line in scores]))
    return round(mean(rows), 4), round(spread, 4), interval(mean, rows, groups)


def share_of(right: Array) -> Callable[[NDArray[np.intp]], float]:
    """Return the function from rows to the mean of `right` (n,) over them."""
    return lambda rows: float(right[rows].mean())


def train_and_score(
    faces: Faces,
    names: list[str],
    seeds: tuple[int, ...],
    pairs: int,
    simulate: Callable[[int, int], Faces] = simulated,
) -> dict[str, tuple[Array, Array]]:
    """Train the named models on simulated faces, once a seed; return each one's scores of `faces` (seeds, n) and
    thresholds (seeds,).

    Parameters
    ----------
    simulate : (seed, pairs) to the simulated faces.
    """
    scores: dict[str, list[Array]] = {name: [] for name in names}
    thresholds: dict[str, list[float]] = {name: [] for name in names}
    for seed in seeds:
        train, held = simulate(seed, pairs), simulate(seed + 1000, pairs)
        for name in names:
            inputs, make = (MODELS | NETS)[name]
            model = make(seed)
            model.fit(inputs(train), train.label)
            scores[name].append(model.score(inputs(faces)))
            chosen = inputs(held)
            if hasattr(model, "choosing"):
                chosen = model.choosing(chosen)
            thresholds[name].append(float(np.quantile(model.score(chosen)[held.label == 0], SPECIFICITY)))
    return {name: (np.stack(scores[name]), np.array(thresholds[name])) for name in names}


def run(
    faces: Faces, seeds: tuple[int, ...] = SEEDS, pairs: int = PAIRS, models: dict[str, Row] | None = None
) -> dict[str, Any]:
    """Train each model on simulated faces, eight times, and measure it on the real ones."""
    models = MODELS if models is None else models
    ours = shipped(faces)
    trained = train_and_score(faces, list(models), seeds, pairs)
    rows = [describe(name, scores, thresholds, faces) for name, (scores, thresholds) in trained.items()]
    return {
        "rows": rows + ours["rows"],
        "judged": ours["judged"],
        "seeds": len(seeds),
        "simulated_pairs": pairs,
        "frames_each": FRAMES,
        "counts": {name: int((faces.visible == value).sum()) for name, value in COUNTED.items()},
    }


def shipped(faces: Faces) -> dict[str, Any]:
    """Return what the bundle that ships says of the real faces: forced, with abstention, at one size, by group.

    Abstention here is what landmarks can tell: size, pose and novelty. At one size: noise is added to the landmarks of
    every face until it has that of 25 px between the eyes (``noise`` beyond its own).
    """
    from facialis.detection.bundle import Bundle
    from facialis.faces.geometry import head_pose, interocular_distance
    from facialis.faces.instrument import draw_noise, noise_scale
    from facialis.faces.quality import Limits

    bundle, limits = Bundle.load(), Limits()
    card = bundle.card

    def ask(landmarks: Array) -> tuple[Array, Array]:
        answers = bundle.answers(landmarks=landmarks, transform=faces.transforms)
        return answers["logits"][:, 1] - answers["logits"][:, 0], answers["novelty"]

    scores, novelty = ask(faces.landmarks)
    threshold = float(np.log(card.threshold / (1 - card.threshold)))
    size = interocular_distance(faces.landmarks)
    fit = (size >= limits.interocular_px) & (np.abs(head_pose(faces.transforms)[:, :2]) <= limits.yaw).all(axis=1)
    fit &= novelty <= (card.novelty_limit or np.inf)
    smallest = np.full(len(size), 25.0)
    own, most = (np.hypot(*noise_scale(px)) for px in (np.maximum(size, 25.0), smallest))
    more = np.sqrt(np.maximum(1 - (own / most) ** 2, 0))[..., None]
    noise = draw_noise(np.random.default_rng(0), smallest) * more * size[:, None, None]
    rows = [
        describe("the bundle, every face", scores[None], np.array([threshold]), faces),
        describe("the bundle, judged faces", scores[fit][None], np.array([threshold]), faces.take(fit)),
        describe("the bundle, noise of 25 px", ask(faces.landmarks + noise)[0][None], np.array([threshold]), faces),
    ]
    sizes = ((0.0, 25.0), (25.0, 45.0), (45.0, 90.0), (90.0, np.inf))
    coverage = {name: float(fit[faces.visible == value].mean()) for name, value in COUNTED.items()}
    coverage |= {f"{a:.0f}-{b:.0f} px": float(fit[(size >= a) & (size < b)].mean()) for a, b in sizes
                 if ((size >= a) & (size < b)).any()}  # fmt: skip
    return {"rows": rows, "judged": {name: round(share, 3) for name, share in coverage.items()}}


def table(result: dict[str, Any]) -> str:
    """Return the result as text: a few lines a row."""
    counts = ", ".join(f"{count} {name}" for name, count in result["counts"].items())
    lines = [
        f"Trained on {result['seeds']} simulated cohorts of {result['simulated_pairs']} pairs, "
        f"{result['frames_each']} faces each; tested on real faces: {counts}.",
        "Mean over the cohorts (95 % interval over the real faces), spread over the cohorts; * is the row claimed.",
    ]
    for row in result["rows"]:
        lines.append(("* " if row["primary"] else "  ") + row["name"])
        for keys in (AUC_KEYS, RATE_KEYS):
            for end in ("", "_yaw10"):
                cells = [cell(row, key + end) for key in keys]
                lines.append(f"    {'under 10° of yaw' if end else 'all yaws':17s} " + "  ".join(cells))
    lines.append("judged, of the bundle: " + ", ".join(f"{k} {v:.3f}" for k, v in result["judged"].items()))
    return "\n".join(lines)


AUC_KEYS = tuple(f"auc_{name}" for name in QUESTIONS)
RATE_KEYS = ("sensitivity_clear", "specificity")


def cell(row: dict[str, Any], key: str) -> str:
    """Return one figure of a row with its interval and spread, as text."""
    name = key.removesuffix("_yaw10").removeprefix("auc_")
    if row[key] is None:
        return f"{name} -"
    low, high = row[f"{key}_interval"]
    spread = f" ±{row[f'{key}_spread']:.3f}" if f"{key}_spread" in row else ""
    return f"{name} {row[key]:.3f} ({low:.3f}-{high:.3f}){spread}"


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="Train on simulated faces only, test on real landmarks.")
    parser.add_argument("landmarks", type=Path, help="an .npz with landmarks_px, transform, label, visible")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="simulated cohorts to train on")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of a patient and a healthy person in each")
    parser.add_argument("--nets", action="store_true", help="the detector's net alone: its branches and fusions (slow)")
    given = parser.parse_args(arguments)
    result = run(read(given.landmarks), tuple(range(given.seeds)), given.pairs, NETS if given.nets else MODELS)
    print(json.dumps(result, allow_nan=False) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
