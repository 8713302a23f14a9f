"""How the landmarker answers to faces moved, shaken and turned by known amounts.

``python benchmarks/landmarker_response.py [--portraits DIR] [--json]``: on scikit-image's free portrait, and on a
folder's pictures of one healthy person each. The tables of `facialis.faces.instrument_tables` are its `fit`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from facialis.cohorts.simulated import framing, response, response_fit, turning
from facialis.cohorts.simulated.picture import Sitters
from facialis.cohorts.simulated.twins import twins
from facialis.faces import instrument
from facialis.faces.fields import Array
from facialis.faces.landmarks import FaceLandmarker

TWINS = 70
"""Pairs of simulated subjects, with three pictures each."""
NOISE_SIZES = (25.0, 50.0, 100.0, 200.0)


def gains(found: list[response.Answer]) -> list[dict[str, Any]]:
    """Return one row a push and size: gains over portraits and settings, with their spread."""
    rows = []
    for push in response.PUSHES:
        for size in push.sizes:
            chosen = [a for a in found if a.push.name == push.name and a.size == size]
            if not chosen:
                continue
            whole = [response.gain_of(a.true, a.got) for a in chosen]
            one = [response.gain_of(response.one_sided(a.true), response.one_sided(a.got)) for a in chosen]
            told = [response.gain_of(response.one_sided(a.true), response.one_sided(a.predicted)) for a in chosen]
            true = [float(np.linalg.norm(a.true[push.centre])) for a in chosen]
            names = sorted({a.portrait for a in chosen})
            means = [np.mean([g for g, a in zip(one, chosen, strict=True) if a.portrait == name]) for name in names]
            settings = {
                s.name: round(float(np.mean([g for g, a in zip(one, chosen, strict=True) if a.setting == s.name])), 3)
                for s in framing.SETTINGS
                if any(a.setting == s.name for a in chosen)
            }
            rows.append(
                {
                    "moved": push.name,
                    "size": size,
                    "n": len(chosen),
                    "gain": round(float(np.mean(whole)), 3),
                    "gain_spread": round(float(np.std(whole)), 3),
                    "true_at_centre": round(float(np.mean(true)), 4),
                    "reported_at_centre": round(float(np.mean([response.at_centre(a) for a in chosen])), 4),
                    "one_sided_gain": round(float(np.mean(one)), 3),
                    "one_sided_spread": round(float(np.std(one)), 3),
                    "between_portraits": round(float(np.std(means)), 3) if len(names) > 1 else None,
                    "instrument": round(float(np.mean(told)), 3),
                    "by_setting": settings,
                }
            )
    return rows


def noise_rows(shaken: dict[tuple[str, float], Array]) -> list[dict[str, Any]]:
    """Return two rows a portrait and size: the noise of each region, IOD, alike on both sides and one-sided."""
    return [
        {"portrait": name, "iod_px": size, "part": part}
        | {region: round(float(np.median(spreads[list(at)])), 4) for region, at in instrument.NOISE_AT.items()}
        for (name, size), values in shaken.items()
        for part, spreads in zip(("alike", "one-sided"), values, strict=True)
    ]


def run(portraits: list[tuple[str, Any]], *, quick: bool = False) -> tuple[dict[str, Any], list[str]]:
    """Measure all portraits; returns the result and one line for each portrait left out."""
    found: list[response.Answer] = []
    shaken: dict[tuple[str, float], Array] = {}
    left, yaw, pitch = [], [], []
    with FaceLandmarker() as landmarker:
        frames, bad = framing.frames(landmarker, portraits)
        photos = [(name, rgb) for name, rgb in portraits if not isinstance(rgb, str)]
        pictures = twins(landmarker, 10 if quick else TWINS, 3, seed=22, sitters=Sitters(photos, seed=22))
        for portrait in frames:
            settings = framing.SETTINGS[:2] if quick else framing.SETTINGS
            found += response.answers(landmarker, portrait, response.METROLOGY, settings)
            for size in NOISE_SIZES[-1:] if quick else NOISE_SIZES:
                shaken[portrait.name, size] = response.noise(landmarker, portrait, size)
            for distance in turning.DISTANCES_CM[:1] if quick else turning.DISTANCES_CM:
                angles = turning.views()[::4] if quick else turning.views()
                scale, slope = turning.slopes(turning.turn_and_look(landmarker, portrait, angles, distance))
                yaw.append(
                    {"portrait": portrait.name, "distance_cm": distance}
                    | {"reported_yaw": round(float(scale[0]), 3), "reported_pitch": round(float(scale[1]), 3)}
                )
                left.append(slope[0])
                pitch.append(slope[1])
    fit = response_fit.fit_along(found, pictures)
    places = (*instrument.YAW_RESIDUE, 107, 33, 133, 159, 98, 17, 152, 127)
    residues = {
        name: {
            int(at): [
                round(float(value), 5)
                for value in (*np.mean([s[at] for s in slopes], axis=0), *np.std([s[at] for s in slopes], axis=0))
            ]
            for at in dict.fromkeys(places)
        }
        for name, slopes in (("yaw", left), ("pitch", pitch))
    }
    projected = response_fit.projected_residue()
    result = {
        "portraits": [portrait.name for portrait in frames],
        "warps": len(found),
        "simulated_twins": len(pictures),
        "gains": gains(found),
        "noise": noise_rows(shaken),
        "turning": yaw,
        "residue": residues,
        "fit": {
            "gain": {at: np.round(pair, 2).tolist() for at, *pair in zip(instrument.GAIN, *fit.gain, strict=True)},
            "along_x": np.round(fit.along[0], 2).tolist(),
            "along_y": np.round(fit.along[1], 2).tolist(),
            "explained": np.round(fit.explained, 3).tolist(),
            "explained_of_a_push_left_out": np.round(fit.left_out, 3).tolist(),
            "explained_by_gains_alone": np.round(fit.gains_alone, 3).tolist(),
            "explained_by_present_tables": np.round(fit.present, 3).tolist(),
            "projected_residue": {int(at): round(float(projected[at]), 5) for at in dict.fromkeys(places)},
        },
    }
    return result, bad


def table(result: dict[str, Any]) -> str:
    """Return the result as text."""
    lines = [
        f"portraits: {', '.join(result['portraits'])}; {result['warps']} warps",
        "moved, size (IOD): gain over what moved, at the centre, one-sided gain, by the instrument's table",
    ]
    for row in result["gains"]:
        between = "" if row["between_portraits"] is None else f", between portraits {row['between_portraits']:.2f}"
        lines.append(
            f"  {row['moved']:26s} {row['size']:.3f}  {row['gain']:5.2f} ± {row['gain_spread']:.2f}  "
            f"{row['reported_at_centre']:.3f} of {row['true_at_centre']:.3f}  one-sided {row['one_sided_gain']:5.2f} "
            f"± {row['one_sided_spread']:.2f}{between}  (instrument {row['instrument']:.2f}; n {row['n']})"
        )
    lines.append("noise, IOD")
    lines += ["  " + "  ".join(f"{key} {value}" for key, value in row.items()) for row in result["noise"]]
    lines.append("reported angle per true angle")
    lines += ["  " + "  ".join(f"{key} {value}" for key, value in row.items()) for row in result["turning"]]
    for angle, places in result["residue"].items():
        lines.append(f"left after undoing the reported pose, IOD per degree of {angle}: x, y, their spreads")
        lines += [f"  {at:4}  " + "  ".join(f"{value:8.5f}" for value in values) for at, values in places.items()]
    lines.append("fit for faces/instrument_tables.py")
    lines += [f"  {key}: {value}" for key, value in result["fit"].items()]
    if len(result["portraits"]) == 1:
        lines.append("one portrait: how far others agree is not known; give --portraits DIR")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="How the face landmarker answers, measured.")
    parser.add_argument("--portraits", type=Path, help="a folder of photos of one healthy person each")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="two settings, few angles: to try it out")
    given = parser.parse_args(arguments)
    result, bad = run(framing.portraits_of(given.portraits), quick=given.quick)
    for line in bad:
        print(line, file=sys.stderr)
    print(json.dumps(result, allow_nan=False) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
