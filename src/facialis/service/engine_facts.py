"""What judging in the browser must know, as one JSON object: Python's tables and the bundle's card. Nothing in it is
written down twice.

Arrays of numbers are float32, little-endian, base64. An infinite limit is null.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from facialis import __version__
from facialis.attribution import orders
from facialis.detection import millimetres, number_errors, second_look
from facialis.detection.bundle import Bundle
from facialis.detection.coalitions import branch_names
from facialis.detection.explain import TOLERANCE
from facialis.detection.explanation_table import passed
from facialis.detection.explanation_words import BY_EYE_DISTANCE, LEVEL, kind_of
from facialis.detection.finding import ADVICE, MORE, OUTSIDE, WITHIN
from facialis.detection.reading import WIDENED
from facialis.detection.reference import LEVELS
from facialis.detection.shares import PAIRS, SEED
from facialis.detection.symmetry import HALVINGS, STEPS, region_of_landmarks, subsets
from facialis.detection.video import JUDGED_RATE
from facialis.faces import covered, search
from facialis.faces.instrument import NOISE_IOD_PX, WIDENING, noise_table
from facialis.faces.mesh import CONTOURS, IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, mirror_permutation
from facialis.faces.quality import LIPS, Limits
from facialis.faces.reasons import REASONS
from facialis.faces.sources import MAX_PIXELS
from facialis.modalities.asymmetry import is_signed, symmetric_values
from facialis.modalities.measures import MEASURES
from facialis.modalities.measures import REGIONS as ALL_REGIONS
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import SIGNED_MEASURES

BROWSER = {
    "large": "too large, {width} x {height} pixels; make it smaller first",
    "undecodable": "this browser cannot show it; give a JPEG, PNG or WebP file",
    "unplayable": "this browser cannot play it; give an MP4 or WebM file, or have it judged on a server",
    "unsupported": "this browser cannot judge by itself: it has no WebGL 2, or that is turned off; take another one",
}
"""What a browser says of a file that it cannot read, and of itself."""
FRAMES_ONLY = (
    "Judged frame by frame in the browser: how the face moves was not read. The command line and the server read it."
)


def fits(bundle: Bundle) -> bool:
    """Return whether a bundle can be judged with in the browser: by landmarks alone, its numbers from its graph."""
    given = bundle.card.input
    as_they_are = given["coordinates"] == "pixel" and not given["pose_corrected"]
    return (
        as_they_are
        and set(bundle.inputs) <= {"landmarks", "transform"}
        and {"measures", "signed"} <= set(bundle.outputs)
    )


def engine_facts(bundle: Bundle, downloads: Mapping[str, int] = MappingProxyType({})) -> dict[str, Any]:
    """Return the tables that judging with a bundle in the browser needs, JSON-ready.

    Parameters
    ----------
    downloads : bytes of the large files beside them, by address below ``engine/``.
    """
    card = bundle.card
    return {
        "version": __version__,
        "model": f"{card.name}@{bundle.hash}",
        "threshold": card.threshold,
        "uncertain": list(card.uncertain),
        "novelty_limit": card.novelty_limit,
        "regions": list(REGIONS),
        "mirror": mirror_permutation().tolist(),
        "irises": [list(IRIS_SUBJECT_RIGHT), list(IRIS_SUBJECT_LEFT)],
        "copies": _copies(),
        "numbers": _numbers(bundle),
        "millimetres": _millimetres(),
        "quality": _quality(),
        "cover": _cover(),
        "second_look": {"telling": second_look.TELLING, "disagreement": second_look.DISAGREEMENT},
        "search": {
            "levels": search.LEVELS, "smallest_tile": search.SMALLEST_TILE, "long": search.LONG,
            "surroundings": search.SURROUNDINGS,
        },
        "explanation": _explanation(bundle) if bundle.by_measures else None,
        "max_pixels": MAX_PIXELS,
        "judged_rate": JUDGED_RATE,
        "texts": {
            "reasons": REASONS, "advice": ADVICE, "outside": OUTSIDE, "within": WITHIN, "more": MORE,
            "frames_only": FRAMES_ONLY, "browser": BROWSER,
        },
        "downloads": dict(downloads),
    }  # fmt: skip


def _copies() -> dict[str, Any]:
    """Return how noisy copies of a face are made, see `facialis.detection.number_errors`."""
    noise, yaw, lids = number_errors.copy_fields()
    return {
        "count": number_errors.COPIES, "noise": _packed(noise), "yaw": _packed(yaw), "lids": _packed(lids),
        "lids_by": number_errors.LIDS, "lids_px": number_errors.LIDS_PX, "widening": WIDENING, "widened": WIDENED,
        "scale": _packed(noise_table()), "scale_px": list(NOISE_IOD_PX),
    }  # fmt: skip


def _numbers(bundle: Bundle) -> dict[str, Any]:
    """Return names and units of measures and differences, and what healthy faces measure."""
    definition = bundle.card.input["definition"]
    signed, symmetric = is_signed(definition), symmetric_values(definition)
    return {
        "measures": [
            {"name": entry.name, "unit": entry.unit, "symmetric": float(middle) if has_sign else None}
            for entry, has_sign, middle in zip(MEASURES, signed, symmetric, strict=True)
        ],
        "differences": [{"name": entry.name, "unit": entry.unit} for entry in SIGNED_MEASURES],
        "levels": list(LEVELS),
        "quantiles": {name: np.asarray(column).tolist() for name, column in bundle.reference.quantiles.items()},
    }


def _millimetres() -> dict[str, Any]:
    """Return which means of landmarks lengths are of, and how, see `facialis.detection.millimetres`."""
    lengths = [millimetres.BY_NAME[name] for name in millimetres.LENGTHS.values()]
    return {
        "names": list(millimetres.millimetre_names()),
        "groups": [list(group) for group in millimetres.groups()],
        "lengths": [{"kind": entry.kind, "points": len(entry.landmarks)} for entry in lengths],
        "deviations": len(millimetres.DEVIATIONS),
        "iris_mm": millimetres.IRIS_MM,
        "iris_spread": millimetres.IRIS_SPREAD,
    }


def _quality() -> dict[str, Any]:
    limits = {name: limit if math.isfinite(limit) else None for name, limit in asdict(Limits()).items()}
    parts = (("subject_right_eye", "subject_right_brow"), ("subject_left_eye", "subject_left_brow"))
    eyes = [sorted({i for part in pair for edge in CONTOURS[part] for i in edge}) for pair in parts]
    return {"limits": limits, "lips": list(LIPS), "eyes": eyes}


def _cover() -> dict[str, Any]:
    landmarks, downs, shares = covered.places()
    return {
        "patches": list(covered.PATCHES), "midline": list(covered.MIDLINE), "landmarks": landmarks.tolist(),
        "downs": downs.tolist(), "owners": shares.argmax(axis=0).tolist(), "unit": covered.UNIT, "size": covered.SIZE,
        "middle": list(covered.MIDDLE), "floor": covered.FLOOR, "steps": covered.STEPS.tolist(),
        "aperture": [list(part) for part in covered.APERTURE], "mouth": list(covered.MOUTH),
    }  # fmt: skip


def _explanation(bundle: Bundle) -> dict[str, Any]:
    """Return how a finding is explained whose label follows from the measures, see `facialis.detection.explain`."""
    checks, same = passed(bundle.hash)
    return {
        "regions": list(ALL_REGIONS),
        "region_of_measures": [ALL_REGIONS.index(entry.region) for entry in MEASURES],
        "orders": orders(len(MEASURES), PAIRS, SEED)[::2].tolist(),
        "branches": list(branch_names(bundle)),
        "reference": {"kind": kind_of(bundle.reference), "n": bundle.reference.n},
        "checks": checks,
        "unchecked": not same,
        "tolerance": TOLERANCE,
        "sentences": {
            "level": LEVEL, "lengths": list(millimetres.LENGTHS), "deviations": list(millimetres.DEVIATIONS),
            "by_eye_distance": list(BY_EYE_DISTANCE),
        },
        "correction": {
            "region_of_landmarks": region_of_landmarks().tolist(), "steps": STEPS, "halvings": HALVINGS,
            "choices": [[REGIONS.index(name) for name in chosen] for chosen in subsets()],
        },
    }  # fmt: skip


def _packed(values: ArrayLike) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")
