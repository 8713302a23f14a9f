"""Simulated photo sets beside a real standard set: six left-right ratios in eight views, and what is learnt from them.

``python benchmarks/standard_set.py RATIOS.csv [--json]``

RATIOS has one row a photo: subject, kind (normal, flaccid, synkinetic), severity (0 normal, 1 near normal to 5
complete), movement (`VIEWS`) and the six ratios of `facialis.modalities.ratios`. It is measured only.

A ridge regression from the 48 log ratios of a subject to the severity is fitted to simulated subjects alone and put to
the real ones: how well its score tells palsy from normal (AUC), and its rank correlation with severity among the
flaccid and the synkinetic, each with the normal. Beside it the unfitted ratios: the mean over the eight photos of each
log ratio, standardised over the real subjects, and the mean of the six.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from facialis.cohorts.simulated.patients import GRADES, PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.modalities.ratios import RATIOS, ratios
from real_faces import Array, auc, interval

VIEWS = {
    "relaxed": "rest",
    "eyebrows": "brow_raise",
    "eye_close_soft": "gentle_closure",
    "eye_close_hard": "tight_closure",
    "smile_closed": "small_closed_smile",
    "smile_open": "large_smile",
    "lip_pucker": "pucker",
    "bottom_teeth": "lower_teeth",
}
"""Name of the view in the file: that of the simulation."""
KINDS = ("normal", "flaccid", "synkinetic")
SEVERITIES = ("normal", *(name for name, _, _ in GRADES))
TARGETS = {"auc": 0.92, "spearman_flaccid": 0.84, "spearman_synkinetic": 0.72}
SEEDS = tuple(range(8))
PATIENTS, NORMAL = 800, 200
SMALLEST_RATIO = 0.05
"""Ratios below this count as it: the logarithm of a mouth drawn wholly to one side has no bound."""
PENALTY = 1000.0


class Sets(NamedTuple):
    """Photo sets of n subjects: name (n,), kind (n,), severity (n,) 0 to 5, values (n, views, ratios)."""

    subject: NDArray[np.str_]
    kind: NDArray[np.str_]
    severity: NDArray[np.int64]
    values: Array

    @property
    def inputs(self) -> Array:
        """(n, 48): asymmetry as minus the logarithm of each ratio, 0 for a symmetric face."""
        return -np.log(np.maximum(self.values, SMALLEST_RATIO)).reshape(len(self.values), -1)


def read(path: Path) -> tuple[Sets, list[str]]:
    """Read the file; return the sets that are whole and the subjects left out because a photo is missing.

    Raises
    ------
    SystemExit
        With one line: the file is not such a table.
    """
    needed = ["subject", "kind", "severity", "movement", *RATIOS]
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: {' '.join(str(error).split())}; expected a CSV with {', '.join(needed)}") from error
    if missing := [name for name in needed if name not in table]:
        raise SystemExit(f"{path}: no column {', '.join(missing)}; expected {', '.join(needed)}")
    for column, known in (("kind", KINDS), ("movement", tuple(VIEWS)), ("severity", tuple(range(6)))):
        if unknown := sorted(set(table[column]) - set(known)):
            raise SystemExit(
                f"{path}: {column} {unknown[0]!r} is unknown; expected one of {', '.join(map(str, known))}"
            )
    kept: list[tuple[str, str, int]] = []
    values: list[Array] = []
    left_out = []
    for subject, photos in table.groupby("subject", sort=True):
        photo = photos.drop_duplicates("movement").set_index("movement")[list(RATIOS)].reindex(list(VIEWS))
        if photo.isna().to_numpy().any():
            left_out.append(str(subject))
        else:
            kept.append((str(subject), str(photos["kind"].iloc[0]), int(photos["severity"].iloc[0])))
            values.append(photo.to_numpy(dtype=np.float64))
    if absent := [kind for kind in KINDS if kind not in {kind_ for _, kind_, _ in kept}]:
        raise SystemExit(f"{path}: no subject of kind {absent[0]} with all eight photos; expected some of each kind")
    names, kinds, severities = zip(*kept, strict=True)
    return Sets(np.array(names), np.array(kinds), np.array(severities), np.stack(values)), left_out


def simulated(seed: int, patients: int = PATIENTS, normal: int = NORMAL) -> Sets:
    """Simulate photo sets: flaccid and synkinetic palsies of the whole nerve in five grades, and normal subjects."""
    views = list(VIEWS.values())
    faces = simulate_faces(patients, normal, len(views), seed, movement=",".join(views), clinic=PHOTO_SETS)
    first = faces.frames.iloc[:: len(views)]
    kind = first["kind"].to_numpy(dtype=str)
    return Sets(
        subject=first["subject_id"].to_numpy(dtype=str),
        kind=np.where(kind == "", "normal", kind),
        severity=np.array([SEVERITIES.index(grade) for grade in first["grade"]]),
        values=ratios(faces.landmarks).reshape(len(first), len(views), len(RATIOS)),
    )


def medians(real: Sets, ours: Sets) -> list[dict[str, Any]]:
    """Return the medians of each kind, severity, view and ratio, and whether ours lie within the real quartiles."""
    rows = []
    for kind in KINDS:
        for severity in sorted(set(real.severity[real.kind == kind].tolist())):
            theirs = real.values[(real.kind == kind) & (real.severity == severity)]
            mine = ours.values[(ours.kind == kind) & (ours.severity == severity)]
            low, middle, high = np.quantile(theirs, [0.25, 0.5, 0.75], axis=0)
            for i, view in enumerate(VIEWS):
                for j, name in enumerate(RATIOS):
                    median = float(np.median(mine[:, i, j]))
                    rows.append(
                        {
                            "kind": kind,
                            "severity": int(severity),
                            "view": view,
                            "ratio": name,
                            "simulated": round(median, 4),
                            "real": round(float(middle[i, j]), 4),
                            "real_quartiles": [round(float(low[i, j]), 4), round(float(high[i, j]), 4)],
                            "within": bool(low[i, j] <= median <= high[i, j]),
                            "n_real": len(theirs),
                            "n_simulated": len(mine),
                        }
                    )
    return rows


def chance_within(n: int) -> float:
    """Return how often the true median lies within the quartiles of `n` observations.

    The quartiles lie between order statistics; the chance is interpolated between theirs. Of five observations they
    are the second and the fourth: 1 - 2 * (1 + 5) / 32.

    Examples
    --------
    >>> chance_within(5)
    0.625
    """
    at = 0.25 * (n - 1)
    below = [sum(comb(n, k) for k in range(int(at) + 1 + step)) / 2.0**n for step in (0, 1)]
    return 1.0 - 2.0 * (below[0] + (at - int(at)) * (below[1] - below[0]))


def figures(scores: Array, sets: Sets) -> dict[str, Callable[[NDArray[np.intp]], float]]:
    """Return each figure as a function of rows of `sets`: the mean over the lines of scores (seeds, n)."""

    def rank(kind: str) -> Callable[[NDArray[np.intp]], float]:
        def correlation(rows: NDArray[np.intp]) -> float:
            rows = rows[np.isin(sets.kind[rows], ("normal", kind))]
            return float(np.mean([spearmanr(line[rows], sets.severity[rows]).statistic for line in scores]))

        return correlation

    return {
        "auc": lambda rows: float(np.mean([auc(line[rows], sets.kind[rows] != "normal") for line in scores])),
        "spearman_flaccid": rank("flaccid"),
        "spearman_synkinetic": rank("synkinetic"),
    }


def describe(scores: Array, sets: Sets) -> dict[str, Any]:
    """Return the figures of scores (seeds, n), with spread over seeds and interval over resampled subjects."""
    rows = np.arange(len(sets.subject))
    result: dict[str, Any] = {}
    for name, figure in figures(scores, sets).items():
        result[name] = round(figure(rows), 4)
        each = [figures(line[None], sets)[name](rows) for line in scores]
        result[f"{name}_spread"] = round(float(np.std(each)), 4)
        result[f"{name}_interval"] = interval(figure, rows, sets.kind)
    return result


def unfitted(sets: Sets) -> Array:
    """Return (n,): the mean over the views of each ratio's asymmetry, standardised over the subjects; their mean."""
    means = sets.inputs.reshape(sets.values.shape).mean(axis=1)
    return np.asarray(((means - means.mean(axis=0)) / np.maximum(means.std(axis=0), 1e-12)).mean(axis=1))


def run(real: Sets, seeds: tuple[int, ...] = SEEDS, patients: int = PATIENTS, normal: int = NORMAL) -> dict[str, Any]:
    """Fit the model to simulated sets, once a seed, and put it to the real ones; compare the medians."""
    scores, sets = [], []
    for seed in seeds:
        sets.append(simulated(seed, patients, normal))
        model = make_pipeline(StandardScaler(), Ridge(PENALTY))
        model.fit(sets[-1].inputs, sets[-1].severity)
        scores.append(model.predict(real.inputs))
    ours = Sets(*(np.concatenate(column) for column in zip(*sets, strict=True)))
    rows = medians(real, ours)
    return {
        **describe(np.stack(scores), real),
        "unfitted": describe(unfitted(real)[None], real),
        "targets": TARGETS,
        "within_quartiles": round(float(np.mean([row["within"] for row in rows])), 4),
        "within_quartiles_if_perfect": round(float(np.mean([chance_within(row["n_real"]) for row in rows])), 4),
        "medians": rows,
        "real_subjects": {kind: int((real.kind == kind).sum()) for kind in KINDS},
        "simulated_subjects_a_seed": patients + normal,
        "seeds": len(seeds),
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as text."""
    counts = ", ".join(f"{n} {kind}" for kind, n in result["real_subjects"].items())
    lines = [
        f"Trained on {result['seeds']} times {result['simulated_subjects_a_seed']} simulated subjects; "
        f"real subjects: {counts}. Mean (95 % interval over the real subjects), spread over seeds."
    ]
    for name, target in TARGETS.items():
        for words, row in (("simulated sets", result), ("unfitted", result["unfitted"])):
            low, high = row[f"{name}_interval"]
            spread = f" ±{row[f'{name}_spread']:.3f}, target {target}" if row is result else ""
            lines.append(f"{name:20s} {words:15s} {row[name]:.3f} ({low:.3f} to {high:.3f}){spread}")
    rows = pd.DataFrame(result["medians"])
    lines.append(
        f"\nMedians within the real quartiles: {100 * result['within_quartiles']:.0f} % of {len(rows)} (a perfect "
        f"simulation: about {100 * result['within_quartiles_if_perfect']:.0f} %, as the real cells are small)"
    )
    for key in ("ratio", "view"):
        shares = rows.groupby(key, sort=False)["within"].mean()
        lines.append("  by " + key + ": " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items()))
    lines.append("\nMedians of the eight views, simulated / real, and how many lie within the real quartiles:")
    lines.append(f"{'':24s} " + " ".join(f"{name:>18s}" for name in RATIOS))
    for kind, severity in rows[["kind", "severity"]].drop_duplicates().itertuples(index=False):
        group = rows[(rows["kind"] == kind) & (rows["severity"] == severity)]
        cells = []
        for name in RATIOS:
            part = group[group["ratio"] == name]
            cells.append(
                f"{part['simulated'].median():.2f} / {part['real'].median():.2f} ({part['within'].sum()} of 8)"
            )
        lines.append(f"{kind + ' ' + SEVERITIES[severity]:24s} " + " ".join(f"{cell:>18s}" for cell in cells))
    for kind in KINDS[1:]:
        lines.append(f"\nBy view: {kind}, moderate to complete, simulated / real:")
        strong = rows[(rows["kind"] == kind) & (rows["severity"] >= 3)]
        for view in VIEWS:
            part = strong[strong["view"] == view].groupby("ratio", sort=False)[["simulated", "real"]].median()
            lines.append(f"{view:24s} " + " ".join(f"{f'{a:.2f} / {b:.2f}':>18s}" for a, b in part.to_numpy()))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="Simulated photo sets beside a real standard set.")
    parser.add_argument("ratios", type=Path, help="a CSV with subject, kind, severity, movement and the six ratios")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="simulated cohorts to train on")
    parser.add_argument("--patients", type=int, default=PATIENTS, help="simulated patients in each")
    parser.add_argument("--normal", type=int, default=NORMAL, help="simulated normal subjects in each")
    given = parser.parse_args(arguments)
    real, left_out = read(given.ratios)
    result = run(real, tuple(range(given.seeds)), given.patients, given.normal)
    if given.json:
        print(json.dumps(result | {"left_out": left_out}, allow_nan=False))
    else:
        print(table(result))
        if left_out:
            print(f"\nLeft out, a photo or ratio is missing: {', '.join(left_out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
