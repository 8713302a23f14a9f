"""By how much a net's log odds move when a face's crop is cut a little otherwise, as the landmarker's noise would."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.cohorts.cohort import Cohort
from facialis.faces.geometry import interocular_distance
from facialis.faces.instrument import WIDENING, draw_noise
from facialis.modalities.crops import CROP_SIZE, crop_frame
from facialis.progress import track

FACES, COPIES = 100, 6
"""Faces that are looked at, at most, and how often each is cut anew."""
QUALITY = 85
"""Of the JPEG that each copy goes through, at its own size or that of the crop, whichever is smaller."""
FEWEST = 15
"""Faces that a size of its own needs."""
SIZES = 3

Odds = Callable[[NDArray[np.float32], NDArray[np.float32]], float]
"""Measures (1, 29) and a crop (1, 256, 256), 0 to 255, to the log odds."""


def crop_noise(cohort: Cohort, odds: Odds, *, seed: int = 0) -> dict[str, Any]:
    """Return the standard deviation of the log odds over such copies of a cohort's faces, by the faces' size.

    The copies' frames are those of noisy landmarks (`facialis.faces.instrument.draw_noise`, widened); the stored crop
    is cut by them, and goes through JPEG. What lay outside the crop is its edge, repeated. The measures stay.

    Parameters
    ----------
    odds : the net that ships.

    Returns
    -------
    ``iod_px`` and ``sd``: mean px between the irises of up to three groups of faces by size, and their root mean square
    standard deviation; ``n`` faces, and ``basis`` in words. As `facialis.detection.card.Card.logit_noise` has it.
    """
    rng = np.random.default_rng(seed)
    every = len(cohort.frames)
    rows = np.sort(rng.permutation(every)[:FACES])
    sizes = cohort.frames[["height", "width"]].to_numpy()
    landmarks, crops, measures = (cohort.array(name) for name in ("landmarks", "crops", "measures"))
    px, spreads = [], []
    for row in track(rows.tolist(), "cutting crops anew", unit="faces"):
        points = np.asarray(landmarks[row], dtype=np.float64)
        iod = float(interocular_distance(points))
        size = int(sizes[row, 0]), int(sizes[row, 1])
        frame = crop_frame(points, size)
        given = np.asarray(measures[row : row + 1], dtype=np.float32)
        answers = [
            odds(given, moved(crops[row], frame, crop_frame(copy, size)).astype(np.float32)[None])
            for copy in points + WIDENING * iod * draw_noise(rng, np.full(COPIES, iod))
        ]
        px.append(iod)
        spreads.append(float(np.std(answers, ddof=1)))
    order = np.argsort(px, kind="stable")
    groups = np.array_split(order, SIZES if len(order) >= SIZES * FEWEST else 1)
    of = "simulated faces" if cohort.simulated else "faces"
    return {
        "iod_px": [round(float(np.mean(np.array(px)[group])), 1) for group in groups],
        "sd": [float(f"{math.sqrt(float(np.mean(np.array(spreads)[group] ** 2))):.4g}") for group in groups],
        "n": len(rows),
        "basis": f"root mean square, over {len(rows)} {of} of the training cohort, of the standard deviation of the "
        f"log odds over {COPIES} crops cut by the noisy landmarks' frames and saved as JPEG of quality {QUALITY}",
    }


def moved(crop: ArrayLike, frame: tuple[float, ...], other: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return a crop (256, 256) as it would be had it been cut by another frame, and saved as JPEG.

    Parameters
    ----------
    frame, other : image left, top, image right, bottom, px of the picture.
    """
    from PIL import Image

    grey = np.asarray(crop, dtype=np.uint8)
    width, height = frame[2] - frame[0], frame[3] - frame[1]
    box = np.array(
        [
            (other[0] - frame[0]) / width, (other[1] - frame[1]) / height,
            (other[2] - frame[0]) / width, (other[3] - frame[1]) / height,
        ]
    ) * CROP_SIZE  # fmt: skip
    margin = CROP_SIZE // 4
    padded = Image.fromarray(np.pad(grey, margin, mode="edge"))
    box = np.clip(box + margin, 0, CROP_SIZE + 2 * margin)
    own = min(CROP_SIZE, max(16, round(width))), min(CROP_SIZE, max(16, round(height)))
    small = padded.resize(own, Image.Resampling.BICUBIC, box=tuple(box))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    file.seek(0)
    return np.asarray(Image.open(file).convert("L").resize((CROP_SIZE, CROP_SIZE), Image.Resampling.BICUBIC))
