"""Landmarks and crops made worse, step by step: noise, a shift of one side, a region hidden, fewer pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.fields import bump
from facialis.faces.geometry import interocular_distance, iris_centres
from facialis.faces.instrument import draw_noise, noise_scale
from facialis.faces.mesh import CONTOURS, canonical_face, mirror_permutation
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.crops import CROP_SIZE, EDGES

Floats = NDArray[np.float64]
Kind = Literal["clean", "noise", "mouth bias", "brow bias", "missing", "resolution"]

MM = 63.0
"""Of an interocular distance (IOD), iris to iris: the usual adult's; a person's own differs by some per cent."""
REFERENCE_IOD_PX = 100.0
"""Face size at which the landmarker's own noise is marked."""
CHIN = 152
BIAS_AT = {"mouth bias": 291, "brow bias": 334}
"""Landmark of the subject's left side that a bias pushes down most."""
BIAS_RADIUS_CM = 1.5
_REACH_CM = 0.5
_CONTOURS = {
    "brow": ("subject_right_brow", "subject_left_brow"),
    "eye": ("subject_right_eye", "subject_left_eye"),
    "nose": ("nose",),
    "mouth": ("lips",),
}


@dataclass(frozen=True)
class Step:
    """One step: noise (IOD), bias (mm), the IOD (px) of a smaller picture, or the region that is hidden."""

    kind: Kind
    value: float = 0.0
    region: str = ""

    @property
    def folder(self) -> str:
        """Name of the folder of its answers."""
        return f"{self.kind}-{self.region or format(self.value, '.4g')}".replace(" ", "-")

    @property
    def title(self) -> str:
        """The step in words, with its unit."""
        return {
            "clean": "as extracted",
            "noise": f"noise {self.value:.2g} IOD ({self.value * MM:.2g} mm)",
            "missing": f"{self.region} hidden",
            "resolution": f"IOD {self.value:g} px",
        }.get(self.kind, f"{self.kind} {self.value:g} mm")


def own_noise(iod_px: float) -> float:
    """Return the landmarker's own noise on faces of a size, px: root mean square over the landmarks, x or y, IOD."""
    return float(np.sqrt((noise_scale(np.array([iod_px])) ** 2).sum(axis=0).mean()))


@cache
def steps() -> tuple[Step, ...]:
    """Return all steps, the clean one first; of the noise the first is the landmarker's own at 100 px."""
    noise = (round(own_noise(REFERENCE_IOD_PX), 4), 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
    return (
        Step("clean"),
        *(Step("noise", value) for value in noise),
        *(Step(kind, value) for kind in ("mouth bias", "brow bias") for value in (1.0, 2.0, 4.0, 8.0)),
        *(Step("missing", region=region) for region in _CONTOURS),
        *(Step("resolution", value) for value in (100.0, 50.0, 25.0, 12.0)),
    )


@cache
def hidden(region: str) -> tuple[tuple[int, ...], ...]:
    """Return the landmarks of each patch of a region (a brow, an eye): those within 5 mm of its contour."""
    face = canonical_face()
    patches = []
    for name in _CONTOURS[region]:
        contour = face[sorted({i for edge in CONTOURS[name] for i in edge})]
        near = np.linalg.norm(face[:, None] - contour, axis=2).min(axis=1) <= _REACH_CM
        patches.append(tuple(np.flatnonzero(near).tolist()))
    return tuple(patches)


def mean_face(landmarks: NDArray[Any], rows: NDArray[np.intp]) -> Floats:
    """Return (478, 2): the mean of these faces, made symmetric, IOD, origin between the irises."""
    total = np.zeros((landmarks.shape[1], 2))
    for start in range(0, len(rows), 4096):
        total += in_iris_frame(landmarks[rows[start : start + 4096], :, :2]).sum(axis=0)
    mean = total / len(rows)
    return np.asarray((mean + mean[mirror_permutation()] * (-1.0, 1.0)) / 2.0)


def degraded_landmarks(step: Step, landmarks: ArrayLike, mean: Floats, rng: np.random.Generator) -> Floats:
    """Return the landmarks as a step leaves them.

    Parameters
    ----------
    landmarks : (n, 478, 2 or 3), px, x to image right, y down; z is dropped.
    mean : (478, 2), `mean_face` of the training side: what a landmarker guesses where it sees nothing.

    Returns
    -------
    (n, 478, 2) px.
    """
    points = np.asarray(landmarks, dtype=np.float64)[..., :2]
    if step.kind == "noise":
        field = draw_noise(rng, np.full(len(points), REFERENCE_IOD_PX))[..., :2]
        return points + _in_picture(field * (step.value / own_noise(REFERENCE_IOD_PX)), points)
    if step.kind in BIAS_AT:
        down = bump(BIAS_AT[step.kind], BIAS_RADIUS_CM) * (step.value / MM)
        field = np.stack([np.zeros_like(down), down], axis=-1)
        return points + _in_picture(np.broadcast_to(field, points.shape), points)
    if step.kind == "resolution":
        there = np.asarray(interocular_distance(points), dtype=np.float64)
        size = np.minimum(step.value, there)
        had, has = (np.hypot(*noise_scale(np.maximum(iod, 1.0))) for iod in (there, size))
        added = np.sqrt(np.maximum(0.0, 1.0 - (had / has) ** 2))[..., None]  # what the cohort's own noise lacks
        return points + _in_picture(draw_noise(rng, np.maximum(size, 1.0))[..., :2] * added, points)
    if step.kind == "missing":
        gone = np.isin(np.arange(points.shape[1]), [i for patch in hidden(step.region) for i in patch])
        known = np.column_stack([mean, np.ones(len(mean))])
        placed = known @ (np.linalg.pinv(known[~gone]) @ points[:, ~gone])
        return np.where(gone[:, None], placed, points)
    return points


def degraded_crops(
    step: Step, crops: NDArray[np.uint8], before: ArrayLike, after: Floats, sizes: Floats
) -> NDArray[np.uint8]:
    """Return the crops as a step leaves them: cut by the degraded landmarks, a region covered, pixels lost.

    Parameters
    ----------
    crops : (n, 256, 256), cut by the landmarks `before`.
    before, after : (n, 478, 2 or 3), px.
    sizes : (n, 2), height and width of the pictures, px.

    Notes
    -----
    What lay outside the crop is not kept in a cohort: where the new frame reaches beyond, the edge is repeated.
    """
    import cv2

    points = np.asarray(before, dtype=np.float64)[..., :2]
    old, new = _frames(points, sizes), _frames(after, sizes)
    made = []
    for k, grey in enumerate(np.asarray(crops)):
        (left, top), (width, height) = old[k]
        picture: Any = grey.copy()
        if step.kind == "missing":
            scale = CROP_SIZE / np.array([width, height])
            for patch in hidden(step.region):
                corners = np.round((points[k, list(patch)] - (left, top)) * scale).astype(np.int32)
                cv2.fillConvexPoly(picture, cv2.convexHull(corners), float(grey.mean()))
        elif step.kind == "resolution":
            shrink = step.value / float(interocular_distance(points[k]))
            target = [max(1, round(side * shrink)) for side in (width, height)]
            if shrink < 1 and min(target) < CROP_SIZE:
                small = cv2.resize(picture, [min(CROP_SIZE, side) for side in target], interpolation=cv2.INTER_AREA)
                picture = cv2.resize(small, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
        if step.kind != "missing" and not np.allclose(old[k], new[k], atol=0.1):
            factor = new[k][1] / old[k][1]
            shift = (new[k][0] - old[k][0]) * CROP_SIZE / old[k][1] + factor / 2 - 0.5  # pixel centres
            matrix = np.array([[factor[0], 0, shift[0]], [0, factor[1], shift[1]]])
            picture = cv2.warpAffine(
                picture, matrix, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
        made.append(picture)
    return np.stack(made).astype(np.uint8)


def _frames(points: Floats, sizes: Floats) -> Floats:
    """Return (n, 2, 2): corner, and width and height of each crop's frame, px; a pixel at least."""
    edges = points[:, list(EDGES)]
    most = sizes[:, ::-1]
    low, high = (np.clip(found, 0, most) for found in (edges.min(axis=1), edges.max(axis=1)))
    return np.stack([low, np.maximum(high - low, 1.0)], axis=1)


def _in_picture(field: Floats, points: Floats) -> Floats:
    """Turn displacements (n, 478, 2), IOD, x to the subject's left, y down the face, into px of the picture."""
    right, left = np.moveaxis(iris_centres(points), -2, 0)
    along = left - right
    down = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    upright = ((points[:, CHIN] - (left + right) / 2) * down).sum(axis=-1, keepdims=True)
    down = np.where(upright < 0, -down, down)  # a mirrored picture
    return np.asarray(field[..., :1] * along[:, None] + field[..., 1:] * down[:, None])
