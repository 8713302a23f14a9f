"""What a picture tells beside the face's asymmetry: background, grey levels, sharpness, size, pose, as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.faces.mesh import CONTOURS, mirror_permutation
from facialis.modalities.crops import crop_frame
from facialis.progress import track

Features = NDArray[np.float32]
GRID = 16
BANDS = 24
BACKGROUND, GREY, SHARPNESS, SIZE, POSE, COLOUR = (
    "background", "grey levels, face included", "sharpness and compression, face included", "picture size",
    "head pose", "colour",
)  # fmt: skip
PROBES = (BACKGROUND, GREY, SHARPNESS, SIZE, POSE)
SYMMETRIC = "symmetric shape (partly palsy itself)"


def features(cohort: Cohort) -> tuple[dict[str, Features], dict[str, str]]:
    """Return each probe's numbers (n, k), and why the others cannot run. Crops are read one at a time."""
    held, frames = cohort.modalities, cohort.frames
    found: dict[str, Features] = {}
    missing = {COLOUR: "the cohort keeps grey crops, so that a grey data set beside one in colour gives nothing away"}
    sizes = {"height", "width"} <= set(frames.columns)
    around = "crops" in held and "landmarks" in held and sizes
    if "crops" in held:
        rows: dict[str, list[Features]] = {GREY: [], SHARPNESS: [], BACKGROUND: []}
        crops = cohort.array("crops")
        marks = cohort.array("landmarks") if around else None
        for k in track(range(len(frames)), "looking at crops", unit="crops"):
            crop = np.asarray(crops[k])
            rows[GREY].append(grey_levels(crop))
            rows[SHARPNESS].append(sharpness(crop))
            if marks is not None:
                shape = int(frames["height"].iloc[k]), int(frames["width"].iloc[k])
                rows[BACKGROUND].append(background(crop, marks[k], shape))
        found |= {name: np.stack(part) for name, part in rows.items() if part}
    else:
        missing |= dict.fromkeys((GREY, SHARPNESS), "the cohort holds no crops")
    if not around:
        missing[BACKGROUND] = "the cohort lacks crops, landmarks or the pictures' height and width"
    if sizes:
        found[SIZE] = frames[["height", "width"]].to_numpy(dtype=np.float32)
    else:
        missing[SIZE] = "the table of frames has no height and width"
    if "transforms" in held:
        found[POSE] = _angles(cohort.array("transforms"))
    else:
        missing[POSE] = "the cohort holds no transforms"
    if "coordinates" in held:
        found[SYMMETRIC] = _symmetric_part(cohort.array("coordinates"))
    else:
        missing[SYMMETRIC] = "the cohort holds no coordinates"
    return found, missing


def background(crop: NDArray[np.uint8], landmarks: NDArray[np.floating], shape: tuple[int, int]) -> Features:
    """Return (2 GRID^2,): mean and deviation of the grey in each cell of a crop (256, 256), the face masked out.

    Parameters
    ----------
    landmarks : (478, 2 or 3), px of the picture, x to image right, y down.
    shape : the picture's height and width, px.
    """
    import cv2

    left, top, right, bottom = crop_frame(landmarks, shape)
    oval = landmarks[[start for start, _ in CONTOURS["face_oval"]], :2]
    points = (oval - (left, top)) / (right - left, bottom - top) * crop.shape[::-1]
    face = np.zeros(crop.shape, dtype=np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    side = crop.shape[0] // GRID
    cells = np.where(face > 0, 128.0, crop).reshape(GRID, side, GRID, side)
    return np.concatenate([cells.mean(axis=(1, 3)).ravel(), cells.std(axis=(1, 3)).ravel()]).astype(np.float32)


def grey_levels(crop: NDArray[np.uint8]) -> Features:
    """Return (5,): mean, deviation, and the 10th, 50th and 90th percentile of a crop's grey."""
    return np.array([crop.mean(), crop.std(), *np.quantile(crop, (0.1, 0.5, 0.9))], dtype=np.float32)


def sharpness(crop: NDArray[np.uint8]) -> Features:
    """Return (BANDS,): the log share of a crop's variance in rings of its spectrum, from coarse to fine.

    The mean is taken off and the borders fade out (Hann), so that neither brightness nor contrast is told. Blur,
    enlarging and compression take away the fine rings, sharpening and noise add to them.
    """
    height, width = crop.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.rfft2((crop - crop.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    ring = np.minimum((radius * 2 * BANDS).astype(int), BANDS - 1)
    share = np.bincount(ring.ravel(), weights=power.ravel(), minlength=BANDS) / max(float(power.sum()), 1e-9)
    return np.log(share + 1e-9).astype(np.float32)


def _angles(transforms: NDArray[np.floating]) -> Features:
    """Return yaw, pitch and roll (n, 3), degrees, of head transforms (n, 4, 4)."""
    from scipy.spatial.transform import Rotation

    turned = np.array(transforms, dtype=np.float64)[:, :3, :3]  # a copy: older SciPy wants to write
    return np.asarray(Rotation.from_matrix(turned).as_euler("YXZ", degrees=True), dtype=np.float32)


def _symmetric_part(coordinates: NDArray[np.floating]) -> Features:
    """Return every seventh point (n, 138) of the mean of a shape (n, 956) and its mirror image, centred."""
    shape = np.asarray(coordinates, dtype=np.float32).reshape(len(coordinates), 478, 2)
    shape = shape - shape.mean(axis=1, keepdims=True)
    mirrored = shape[:, mirror_permutation()] * np.array([-1.0, 1.0], dtype=np.float32)
    return np.asarray((shape + mirrored)[:, ::7].reshape(len(shape), -1) / 2)
