"""What a simulated face is known to be, as columns of the table of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facialis.cohorts.simulated.muscles import BRANCHES, MUSCLE_NAMES, SIDES
from facialis.cohorts.simulated.palsy import ALL, act, no_palsy
from facialis.cohorts.simulated.patients import grade_of
from facialis.faces.fields import Array
from facialis.modalities.regions import REGIONS, region_landmarks

if TYPE_CHECKING:
    from facialis.cohorts.simulated.draw import Draw
    from facialis.cohorts.simulated.ingredients import Ingredients

VISIBLE_MM = 1.0
"""A patient's frame is labelled 1 if its palsy moves some landmark by this much from where the healthy twin's lies."""


def millimetres(change: Array) -> dict[str, Array]:
    """Return the largest displacement (n,), mm, of the whole face (`palsy_mm`) and of each region by `change`.

    Parameters
    ----------
    change : (n, 478, 3) cm, a face with its palsy less the same face without.
    """
    length = 10.0 * np.sqrt((np.asarray(change) ** 2).sum(axis=-1))
    parts = {f"palsy_mm_{region}": length[:, region_landmarks(region)].max(axis=-1) for region in REGIONS}
    return {"palsy_mm": length.max(axis=-1), **parts}


def truth_columns(draw: Draw, group: str, seed: int, change: Array, ingredients: Ingredients = ALL) -> dict[str, Any]:
    """Return the columns of the table of frames for one group's faces of a draw.

    Parameters
    ----------
    change : (n, 478, 3) cm by which the palsy moves them.
    """
    ill = group == "patient"
    n = len(draw.pair)
    sick, camera = (draw.palsy if ill else no_palsy(n)), draw.camera
    acted = act(draw.intended, sick, ingredients)
    moved = millimetres(change if ill else np.zeros((n, 478, 3)))
    numbers = [f"{group}-{pair + 1:04d}" for pair in draw.pair]
    sides = np.array(SIDES)[sick.side]
    return {
        "frame_id": [f"{name}-{frame:03d}" for name, frame in zip(numbers, draw.frame, strict=True)],
        "subject_id": numbers,
        "group": group,
        "label": (moved["palsy_mm"] >= VISIBLE_MM).astype(np.int8),
        "source": "simulated",
        "sequence": draw.sequence,
        "time": np.nan,
        "portrait": "",
        "path": "",
        "height": camera.size[:, 0],
        "width": camera.size[:, 1],
        "quality": "",
        "pair": draw.pair,
        "seed": seed,
        "movement": draw.intended.names,
        "weak_side": sides if ill else "",
        "kind": sick.kind,
        "extent": draw.extent if ill else "",
        "severity": sick.severity,
        "grade": [grade_of(value) for value in sick.severity.tolist()],
        "synkinesis": sick.synkinesis,
        **{f"weakness_{name}": sick.branches[:, i] for i, name in enumerate(BRANCHES)},
        **moved,
        "yaw": camera.angles[:, 0],
        "pitch": camera.angles[:, 1],
        "roll": camera.angles[:, 2],
        "distance_cm": camera.distance,
        "iod_px": camera.iod_px,
        **{
            f"effort_{muscle}_{side}": acted.efforts[:, row, column].astype(np.float32)
            for row, muscle in enumerate(MUSCLE_NAMES)
            for column, side in enumerate(SIDES)
        },
        **{f"closure_{side}": acted.closure[:, column].astype(np.float32) for column, side in enumerate(SIDES)},
        "jaw_cm": acted.jaw.astype(np.float32),
    }
