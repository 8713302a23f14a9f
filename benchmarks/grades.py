"""The clinicians' scales as ranges, put to simulated photo sets whose palsy is known.

``python benchmarks/grades.py [--anchors] [--people N] [--json]``

`--anchors` prints what `facialis.detection.grade_tables` holds, from people of other seeds. Without it: the rank
correlation of the ranges' middles with severity, how often the share of movement that is left in truth (1 less the
weakness of the movement's muscle) lies within Sunnybrook's part for movement and within House-Brackmann's range, how
wide the ranges are, and where healthy people's lie. All simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from facialis.cohorts.simulated.muscles import BRANCHES, MUSCLE_NAMES, branch_weights
from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.grade_tables import HB_EIGHTHS, SUNNYBROOK_MOVES
from facialis.detection.grades import grade_ranges
from facialis.detection.photo_set_excursions import set_excursions
from facialis.faces.landmarks import Face
from facialis.modalities.views import TOLD

MUSCLE_OF = {
    "brow_raise": "frontalis_lateral",
    "gentle_closure": "orbicularis_oculi_palpebral",
    "tight_closure": "orbicularis_oculi_palpebral",
    "large_smile": "zygomaticus_major",
    "pucker": "orbicularis_oris",
    "lower_teeth": "depressor_labii",
    "nose_wrinkle": "levator_labii",
}
ANCHOR_SEED, SEED = 4100, 4200
DROPPED = ("large_smile", "brow_raise")


class People(NamedTuple):
    """Simulated people: their table (one row each) and what is measured of their sets."""

    table: pd.DataFrame
    excursions: list[dict[str, Any]]

    def truth(self, view: str) -> np.ndarray:
        """Return the share (n,) of a view's movement that the weak side can make in truth."""
        weights = branch_weights()[MUSCLE_NAMES.index(MUSCLE_OF[view])]
        lost = self.table[[f"weakness_{name}" for name in BRANCHES]].to_numpy(dtype=float) @ weights
        return np.asarray(np.where(self.table["group"] == "patient", 1 - lost, 1.0))


def simulate(people: int, seed: int, bundle: Bundle, left_out: tuple[str, ...] = ()) -> People:
    """Simulate so many pairs of a patient and a healthy person, and measure their photo sets."""
    views = list(TOLD)
    faces = simulate_faces(people, people, len(views), seed, movement=",".join(views), clinic=PHOTO_SETS)
    n = len(views)
    measured = []
    for start in range(0, len(faces.landmarks), n):
        shown = {
            view: Face(faces.landmarks[start + k], np.zeros(52, np.float32), faces.transforms[start + k], (0, 0), "")
            for k, view in enumerate(views)
            if view not in left_out
        }
        measured.append(set_excursions(shown, bundle))
    return People(faces.frames.iloc[::n].reset_index(drop=True), measured)


def weak_over_other(people: People, view: str, rng: np.random.Generator) -> np.ndarray:
    """Return the ratio (n,) of the weak side's excursion; of healthy people either side's over the other's."""
    rows = [next(row for row in made["views"] if row["movement"] == view) for made in people.excursions]
    ways = np.array(
        [[row["excursion_mm"][side]["value"] for side in ("subject_right", "subject_left")] for row in rows]
    )
    right = np.where(
        people.table["weak_side"] == "", rng.random(len(rows)) < 0.5, people.table["weak_side"] == "subject_right"
    )
    ratio = np.where(right, ways[:, 0] / ways[:, 1], ways[:, 1] / ways[:, 0])
    return np.where([row["ratio"] is None for row in rows], np.nan, ratio)


def anchors(people: People) -> dict[str, Any]:
    """Return what the tables of `facialis.detection.grade_tables` hold."""
    rng, table = np.random.default_rng(0), people.table
    ill = (table["group"] == "patient").to_numpy()
    complete = ill & (table["kind"] == "flaccid").to_numpy() & (table["severity"] >= 0.95).to_numpy()
    found: dict[str, Any] = {"complete": int(complete.sum()), "healthy": int((~ill).sum())}
    for view in MUSCLE_OF:
        ratio = weak_over_other(people, view, rng)
        none, whole = float(np.nanmedian(ratio[complete])), float(np.nanquantile(ratio[~ill], 0.25))
        share = np.clip((ratio - none) / (whole - none), 0, 1)
        off = (share - people.truth(view))[np.isfinite(ratio)]
        found[view] = [round(none, 2), round(whole, 2), round(float(np.sqrt(np.mean(off**2))), 2)]
    for place in ("brow", "eye", "mouth"):
        sizes = np.array([abs(made["rest"][place]["value"]) for made in people.excursions])
        zero, one = float(np.median(sizes[~ill])), float(np.median(sizes[complete]))
        share = (sizes[~ill] - zero) / (one - zero)
        found[place] = [round(zero, 2), round(one, 2), round(float(share.std()), 2)]
    synkinetic = ill & (table["kind"] == "synkinetic").to_numpy() & (table["severity"] >= 0.7).to_numpy()
    for name, views in (
        ("eye_narrowing", ("large_smile", "pucker")),
        ("commissure_shift_mm", ("gentle_closure", "tight_closure", "brow_raise")),
    ):
        extra = []
        for k in np.flatnonzero(synkinetic):
            sides = ("subject_right", "subject_left")
            weak = table["weak_side"][k]
            other = sides[1 - sides.index(weak)]
            rows = [row[name] for row in people.excursions[k]["views"] if row["movement"] in views]
            extra.append(max(row[weak]["value"] - row[other]["value"] for row in rows))
        found[name] = round(float(np.quantile(extra, 0.9)), 2)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or the object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anchors", action="store_true")
    parser.add_argument("--people", type=int, default=200, help="patients, and as many healthy people")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    bundle = Bundle.load()
    if given.anchors:
        print(json.dumps(anchors(simulate(given.people, ANCHOR_SEED, bundle)), indent=1))
        return 0
    result = run(given.people, bundle)
    print(json.dumps(result) if given.json else text(result))
    return 0


def run(people: int, bundle: Bundle) -> dict[str, Any]:
    """Return the figures for whole sets and for sets without two views."""
    return {
        "people": 2 * people,
        "all views": figures(simulate(people, SEED, bundle)),
        f"without {' and '.join(DROPPED)}": figures(simulate(people, SEED, bundle, DROPPED)),
    }


def figures(people: People) -> dict[str, Any]:
    """Return how the ranges do, each share with its 95 % interval over people."""
    table = people.table
    ill = (table["group"] == "patient").to_numpy()
    # the side as a good finding has it: known in patients, either in healthy people
    made = [
        grade_ranges(e, side or None, 0.99, seed=k)
        for k, (e, side) in enumerate(zip(people.excursions, table["weak_side"], strict=True))
    ]
    truths = {view: people.truth(view) for view in (*SUNNYBROOK_MOVES.values(), "tight_closure")}
    movement = 4 * sum(1 + np.floor(4 * truths[view] + 0.5) for view in SUNNYBROOK_MOVES.values())
    eighths = np.floor(4 * truths["brow_raise"] + 4 * truths["large_smile"] + 0.5).astype(int)
    grade = np.array(HB_EIGHTHS)[eighths]
    grade = np.where(truths["tight_closure"] < 0.5, np.maximum(grade, 4), grade)
    found: dict[str, Any] = {}
    for name in ("sunnybrook", "eface", "house_brackmann"):
        ends = np.array([scale[name]["range"] for scale in made])
        middle = ends.mean(axis=1)
        flip = 1 if name == "house_brackmann" else -1
        found[name] = {
            "spearman": _interval(
                lambda rows, m=flip * middle: float(spearmanr(m[rows], table["severity"][rows]).statistic),
                np.arange(len(ill)),
            ),
            "spearman_patients": _interval(
                lambda rows, m=flip * middle: float(spearmanr(m[rows], table["severity"][rows]).statistic),
                np.flatnonzero(ill),
            ),
            "width": round(float(np.median(ends[:, 1] - ends[:, 0])), 1),
            "healthy": [round(float(v), 1) for v in np.median(ends[~ill], axis=0)],
            "healthy_reaches_best": _interval(
                lambda rows, e=ends, f=flip: float(np.mean(e[rows, 0] == 1 if f == 1 else e[rows, 1] >= 95)),
                np.flatnonzero(~ill),
            ),
            "complete": [round(float(v), 1) for v in np.median(ends[table["severity"] >= 0.95], axis=0)],
        }
    parts = np.array([scale["sunnybrook"]["parts"]["movement"] for scale in made])
    within = (parts[:, 0] <= movement) & (movement <= parts[:, 1])
    hb = np.array([scale["house_brackmann"]["range"] for scale in made])
    inside = (hb[:, 0] <= grade) & (grade <= hb[:, 1])
    for key, right in (("covers_movement", within), ("covers_house_brackmann", inside)):
        found[key] = _interval(lambda rows, r=right: float(r[rows].mean()), np.arange(len(ill)))
        found[f"{key}_patients"] = _interval(lambda rows, r=right: float(r[rows].mean()), np.flatnonzero(ill))
    return found


def _interval(figure: Any, rows: np.ndarray, draws: int = 500) -> list[float]:
    rng = np.random.default_rng(0)
    drawn = [figure(rng.choice(rows, len(rows))) for _ in range(draws)]
    return [round(v, 3) for v in (figure(rows), *np.quantile(drawn, [0.025, 0.975]).tolist())]


def text(result: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = [f"{result['people']} simulated people, half with a palsy; value (95 % interval over people)"]
    for which, found in result.items():
        if which == "people":
            continue
        lines.append(which)
        for name, row in found.items():
            if isinstance(row, dict):
                said = "; ".join(f"{key} {_said(value)}" for key, value in row.items())
            else:
                said = _said(row)
            lines.append(f"  {name}: {said}")
    return "\n".join(lines)


def _said(value: Any) -> str:
    if isinstance(value, list) and len(value) == 3:
        return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"
    return " to ".join(str(v) for v in value) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    sys.exit(main())
