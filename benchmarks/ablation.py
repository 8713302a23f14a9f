"""Which ingredient of the simulation matters: the claimed row of `transfer`, trained without each of them in turn.

``python benchmarks/ablation.py FILE.npz [--json]``

FILE as in `real_faces`; it is measured only. Each ingredient of `facialis.cohorts.simulated.ingredients` is left out
of the simulated cohorts, the training and the threshold alike; the seeds are the same, and leaving one ingredient out
changes no other's draws, so that the differences are paired. A table of what mattered, not a search for settings.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.simulate import simulate_faces
from real_faces import HEALTHY, Array, Faces, as_faces, auc, interval, read
from simple_models import PRIMARY
from transfer import FRAMES, SEEDS, describe, subsets, train_and_score

PAIRS = 1000
COMPARED = ("auc_clear", "auc_visible", "auc_clear_yaw10", "auc_visible_yaw10")
EVERYTHING = "everything"
INGREDIENTS = tuple(field.name for field in fields(Ingredients))


def simulated(without: str, seed: int, pairs: int) -> Faces:
    """Simulate the cohort of `seed` without the named ingredient, or with `EVERYTHING`."""
    ingredients = Ingredients() if without == EVERYTHING else Ingredients(**{without: False})
    return as_faces(simulate_faces(pairs, pairs, FRAMES, seed, ingredients=ingredients))


def difference(whole: Array, part: Array, rows: NDArray[np.intp], faces: Faces) -> dict[str, Any]:
    """Return the AUC of scores `part` (seeds, n) less that of `whole`, paired, and its intervals."""
    ill = faces.visible != HEALTHY

    def over_faces(chosen: NDArray[np.intp]) -> float:
        return float(np.mean([auc(b[chosen], ill[chosen]) - auc(a[chosen], ill[chosen]) for a, b in pairs]))

    pairs = list(zip(whole, part, strict=True))
    each = np.array([auc(b[rows], ill[rows]) - auc(a[rows], ill[rows]) for a, b in pairs])
    seeds = np.arange(len(each))
    return {
        "difference": round(float(each.mean()), 4),
        "interval_over_seeds": interval(lambda chosen: float(each[chosen].mean()), seeds, np.zeros(len(each))),
        "interval_over_faces": interval(over_faces, rows, faces.visible),
    }


def run(
    faces: Faces, seeds: tuple[int, ...] = SEEDS, pairs: int = PAIRS, ingredients: tuple[str, ...] = INGREDIENTS
) -> dict[str, Any]:
    """Train the claimed model with everything and without each of `ingredients`; return figures and differences."""
    counted, rows, whole = subsets(faces), [], np.zeros((0, 0))
    for without in (EVERYTHING, *ingredients):
        trained = train_and_score(faces, [PRIMARY], seeds, pairs, partial(simulated, without))
        scores, thresholds = trained[PRIMARY]
        row = {"without": "" if without == EVERYTHING else without, **describe(PRIMARY, scores, thresholds, faces)}
        if without == EVERYTHING:
            whole = scores
        else:
            row["differences"] = {
                key: difference(whole, scores, counted[key], faces) for key in COMPARED if row[key] is not None
            }
        rows.append(row)
    return {"rows": rows, "seeds": len(seeds), "simulated_pairs": pairs, "frames_each": FRAMES}


def table(result: dict[str, Any]) -> str:
    """Return the result as text: a line an ingredient."""
    lines = [
        f"{PRIMARY}, {result['seeds']} simulated cohorts of {result['simulated_pairs']} pairs, {result['frames_each']} "
        "faces each. Differences (paired 95 % intervals over the cohorts; over the real faces).",
        f"{'without':24s} {'clear':>6s} {'visible':>8s} {'sens.':>6s} {'spec.':>6s}   clear, difference"
        f"{'':28s}   clear or subtle, difference",
    ]
    for row in result["rows"]:
        cells = []
        for key in ("auc_clear", "auc_visible"):
            if (change := row.get("differences", {}).get(key)) is not None:
                (a, b), (c, d) = change["interval_over_seeds"], change["interval_over_faces"]
                cells.append(f"{change['difference']:+.3f} ({a:+.3f} to {b:+.3f}; {c:+.3f} to {d:+.3f})")
        lines.append(
            f"{row['without'].replace('_', ' ') or '(nothing)':24s} {row['auc_clear']:6.3f} {row['auc_visible']:8.3f} "
            f"{row['sensitivity_clear']:6.3f} {row['specificity']:6.3f}   " + "   ".join(cells)
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="The claimed row of transfer.py without each ingredient in turn.")
    parser.add_argument("landmarks", type=Path, help="an .npz with landmarks_px, transform, label, visible")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="simulated cohorts to train on")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of a patient and a healthy person in each")
    parser.add_argument("--without", choices=INGREDIENTS, action="append", help="leave out this one only; repeatable")
    given = parser.parse_args(arguments)
    chosen = tuple(given.without or INGREDIENTS)
    result = run(read(given.landmarks), tuple(range(given.seeds)), given.pairs, chosen)
    print(json.dumps(result, allow_nan=False) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
