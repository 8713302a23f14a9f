"""What would change a finding: regions that moved it, and the smallest correction as a ghost over the photo."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.batch import FacePicture
from facialis.detection.explain import Explanation
from facialis.faces.face import Face
from facialis.reports import photo_rows as rows
from facialis.reports.composites import SIZE
from facialis.reports.drawing import contours, in_cut
from facialis.words import Words

SEEN_TO_MOVE = 0.3
"""A landmark is drawn as moved from this share of the largest move on."""


def explanation_parts(
    explanation: Explanation, face: Face | None, picture: FacePicture | None, say: Words
) -> dict[str, Any]:
    """Return what moved a finding by region, and the nearest face that would be called otherwise, as a dashed outline.

    Parameters
    ----------
    face, picture : that was judged, and its cut in the page; without them no outline is drawn.
    """
    change, names = explanation.counterfactual, rows.region_names(say)
    made: dict[str, Any] = {
        "regions": list(rows.pull_rows(explanation, "regions", names, say).values()),
        "reference": explanation.reference,
        "notes": explanation.notes,
        "change": [],
        "ghost": "",
    }
    if change is None or picture is None or face is None:
        return made
    moves = [
        say("report.mm", name=names[name], value=say.number(value, 1))
        for name, value in change.regions_mm.items()
        if value >= 0.05
    ]
    share, mean = say.percent(change.share), say.number(change.mean_mm, 1)
    found, after = (in_cut(points, picture) for points in (face.landmarks, change.landmarks))
    distance = np.linalg.norm(after - found, axis=1)
    moved = distance > SEEN_TO_MOVE * max(float(distance.max()), 1e-9)
    return made | {
        "ghost": contours(after, moved),
        "box": _close_up(found[moved], picture.size),
        "change": [say("report.change_text", share=share, mean=mean, moves=", ".join(moves))],
        "alt": say("report.alt_change"),
    }


def _close_up(points: NDArray[np.float64], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return x, y, width and height of the part of a cut about some points, of a composite's shape."""
    low, high = points.min(axis=0), points.max(axis=0)
    shape = np.array(SIZE) / SIZE[0]
    most = float((np.array(size) / shape).min())
    width = min(max(float(((high - low) / shape).max()) * 1.5, 0.5 * size[0]), most)
    x, y = np.clip((low + high) / 2 - width * shape / 2, 0, np.array(size) - width * shape)
    return round(float(x), 1), round(float(y), 1), round(width, 1), round(width * float(shape[1]), 1)
