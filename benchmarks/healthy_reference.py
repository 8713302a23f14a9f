"""Are simulated healthy faces as asymmetric as real ones? Quantiles of 34 quantities, matched on yaw.

``python benchmarks/healthy_reference.py FILE.npz [--json]``

FILE as in `real_faces`; only its healthy faces are read. The simulated healthy faces are weighted so that their
reported absolute yaw is spread as that of the real ones, bin by bin. A quantity agrees if its simulated median is
within 25 % and its simulated 90 % quantile within 35 % of the real one.

Five clinical quantities are taken after the reported pose is undone, the 29 measures (oo-2025, px) as they are. What
a symmetric face fixes counts as distance from that value (ratios: absolute logarithm), so that "within 25 %" is of the
asymmetry and not of a number near 1, 90 or 0 with a sign; the eight sizes count as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.faces import geometry
from facialis.modalities.asymmetry import folded_measures
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.measures import MEASURES, measure
from facialis.modalities.signed import signed_measure_names, signed_measures
from real_faces import HEALTHY, RESAMPLINGS, Array, Faces, as_faces, read

QUANTILES = (0.1, 0.5, 0.9)
WITHIN = {0.5: 0.25, 0.9: 0.35}
"""Quantile: by how much of the real one the simulated one may differ."""
TARGET = 0.8
YAW_BINS = np.array([0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 30.0, 90.0])
"""Degrees, bins of absolute yaw within which simulated faces weigh the same."""
YAW_PARTS = {"under 10": (0.0, 10.0), "10-20": (10.0, 20.0), "above 20": (20.0, 90.0)}
SUBJECTS, FRAMES, SEED = 2000, 3, 4000


def quantities(faces: Faces) -> dict[str, Array]:
    """Return what is compared, each (n,), none with a sign."""
    frontal = geometry.undo_pose(faces.landmarks, faces.transforms)
    signed = dict(zip(signed_measure_names(), np.abs(signed_measures(frontal)).T, strict=True))
    framed = in_iris_frame(frontal)
    corners = framed[:, 291] - framed[:, 61]
    gap = np.stack([framed[:, low].mean(axis=1) - framed[:, up].mean(axis=1) for up, low in EYES])[..., 1]
    gap = np.maximum(np.abs(gap), 1e-4)  # a closed eye has no logarithm
    result = {
        "mouth tilt": np.abs(np.degrees(np.arctan2(corners[:, 1], corners[:, 0]))),
        "corner height difference": signed["commissure_height"],
        "brow height difference": signed["brow_middle_height"],
        "eye opening ratio": np.abs(np.log(gap[0] / gap[1])),
        "midline deviation": signed["philtrum_deviation"],
    }
    values = folded_measures(measure(faces.landmarks, origin="face"))
    return result | {f"f{entry.number} {entry.name}": values[:, entry.number] for entry in MEASURES}


EYES = (([160, 159, 158], [144, 145, 153]), ([387, 386, 385], [373, 374, 380]))
"""Upper and lower lid, subject's right eye, then the left."""
UNITS = {"mouth tilt": "deg", "eye opening ratio": "log ratio"}


def unit(name: str) -> str:
    """Return the unit of a quantity: of a ratio's asymmetry the logarithm."""
    if name in UNITS or not name.startswith("f"):
        return UNITS.get(name, "IOD")
    entry = MEASURES[int(name.split()[0][1:])]
    return "log ratio" if entry.unit == "ratio" and entry.symmetric["oo-2025"] is not None else entry.unit


def yaw_weights(simulated: Array, real: Array) -> Array:
    """Return (n,) weights of simulated faces, so that their absolute yaw is spread over the bins as the real one's.

    Raises
    ------
    SystemExit
        A bin with real faces has no simulated one.
    """
    bins = len(YAW_BINS) - 1
    ours = np.clip(np.digitize(np.abs(simulated), YAW_BINS) - 1, 0, bins - 1)
    theirs = np.bincount(np.clip(np.digitize(np.abs(real), YAW_BINS) - 1, 0, bins - 1), minlength=bins) / len(real)
    count = np.bincount(ours, minlength=bins)
    if empty := [f"{YAW_BINS[i]:g} to {YAW_BINS[i + 1]:g}" for i in np.flatnonzero((count == 0) & (theirs > 0))]:
        raise SystemExit(f"no simulated face with an absolute yaw of {', '.join(empty)} degrees; simulate more")
    return np.asarray((theirs / np.maximum(count, 1))[ours])


def weighted_quantiles(values: Array, weights: Array) -> Array:
    """Return (3,): `QUANTILES` of (n,) values with weights (n,)."""
    order = np.argsort(values)
    sorted_weights = weights[order]
    at = (np.cumsum(sorted_weights) - 0.5 * sorted_weights) / sorted_weights.sum()
    return np.interp(QUANTILES, at, values[order])


def compare(name: str, simulated: Array, weights: Array, real: Array) -> dict[str, Any]:
    """Return one row: the quantiles of both, the real ones' bootstrap intervals, and whether they agree."""
    ours, theirs = weighted_quantiles(simulated, weights), np.quantile(real, QUANTILES)
    drawn = real[np.random.default_rng(0).integers(0, len(real), (RESAMPLINGS, len(real)))]
    low, high = np.quantile(np.quantile(drawn, QUANTILES, axis=1), [0.025, 0.975], axis=1)
    row: dict[str, Any] = {"name": name, "unit": unit(name), "agrees": True}
    for i, q in enumerate(QUANTILES):
        mine, its, key = float(ours[i]), float(theirs[i]), f"q{100 * q:.0f}"
        row[f"simulated_{key}"], row[f"real_{key}"] = round(mine, 5), round(its, 5)
        row[f"real_{key}_interval"] = [round(float(low[i]), 5), round(float(high[i]), 5)]
        row[f"ratio_{key}"] = round(mine / max(its, 1e-12), 3)
        if q in WITHIN and abs(mine - its) > WITHIN[q] * its:
            row["agrees"] = False
    return row


def by_yaw(simulated: dict[str, Array], yaw: Array, real: dict[str, Array], real_yaw: Array) -> list[dict[str, Any]]:
    """Return for each quantity and part of the yaw simulated over real median and 90 % quantile, matched within it."""
    rows = []
    for part, (low, high) in YAW_PARTS.items():
        ours = (np.abs(yaw) >= low) & (np.abs(yaw) < high)
        theirs = (np.abs(real_yaw) >= low) & (np.abs(real_yaw) < high)
        if theirs.sum() < 10 or ours.sum() < 10:
            continue
        weights = yaw_weights(yaw[ours], real_yaw[theirs])
        for name in simulated:
            mine = weighted_quantiles(simulated[name][ours], weights)
            its = np.maximum(np.quantile(real[name][theirs], QUANTILES), 1e-12)
            ratio = dict(zip(QUANTILES, mine / its, strict=True))
            rows.append(
                {
                    "name": name,
                    "yaw": part,
                    "real": int(theirs.sum()),
                    "ratio_q50": round(float(ratio[0.5]), 3),
                    "ratio_q90": round(float(ratio[0.9]), 3),
                }
            )
    return rows


def run(faces: Faces, subjects: int = SUBJECTS) -> dict[str, Any]:
    """Compare the healthy of `faces` with `subjects` simulated healthy people."""
    healthy = faces.take(faces.visible == HEALTHY)
    cohort = as_faces(simulate_faces(0, subjects, FRAMES, SEED))
    weights = yaw_weights(cohort.yaw, healthy.yaw)
    ours, theirs = quantities(cohort), quantities(healthy)
    rows = [compare(name, ours[name], weights, theirs[name]) for name in ours]
    agree = sum(row["agrees"] for row in rows)
    return {
        "rows": rows,
        "by_yaw": by_yaw(ours, cohort.yaw, theirs, healthy.yaw),
        "agree": agree,
        "compared": len(rows),
        "share": round(agree / len(rows), 3),
        "target": TARGET,
        "misfits": [row["name"] for row in rows if not row["agrees"]],
        "real_healthy": len(healthy.label),
        "simulated_healthy": len(cohort.label),
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as text: one line a quantity, then what does not agree, by yaw."""
    lines = [f"{'':38s} {'unit':13s} " + " ".join(f"{f'{q} sim/real':>17s}" for q in ("10 %", "50 %", "90 %"))]
    for row in result["rows"]:
        pairs = [f"{row[f'simulated_{q}']:.4g} / {row[f'real_{q}']:.4g}" for q in ("q10", "q50", "q90")]
        mark = "" if row["agrees"] else f"   x {row['ratio_q50']:.2f}, {row['ratio_q90']:.2f}"
        lines.append(f"{row['name']:38s} {row['unit']:13s} " + " ".join(f"{pair:>17s}" for pair in pairs) + mark)
    lines.append(
        f"\n{result['agree']} of {result['compared']} agree (target: {100 * TARGET:.0f} %; median within 25 %, 90 % "
        f"quantile within 35 %); {result['real_healthy']} real healthy faces, {result['simulated_healthy']} simulated"
    )
    lines.append("\nsimulated over real, median and 90 % quantile, by absolute yaw:")
    for name in result["misfits"]:
        parts = [
            f"{row['yaw']} (n {row['real']}): {row['ratio_q50']:.2f} {row['ratio_q90']:.2f}"
            for row in result["by_yaw"]
            if row["name"] == name
        ]
        lines.append(f"{name:38s} " + "   ".join(parts))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="Simulated healthy faces beside real ones, matched on yaw.")
    parser.add_argument("landmarks", type=Path, help="an .npz with landmarks_px, transform, label, visible")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--subjects", type=int, default=SUBJECTS, help="simulated healthy people, 3 frames each")
    given = parser.parse_args(arguments)
    result = run(read(given.landmarks, needed=(HEALTHY,)), given.subjects)
    print(json.dumps(result, allow_nan=False) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
