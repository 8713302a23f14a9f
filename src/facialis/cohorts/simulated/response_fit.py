"""The instrument's tables fitted to the landmarker's answers: gains, what they take along, what yaw leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.response import Answer, one_sided
from facialis.cohorts.simulated.turning import design, solve
from facialis.cohorts.simulated.twins import Twin
from facialis.faces import geometry, instrument
from facialis.faces.fields import Array
from facialis.faces.mesh import N_LANDMARKS, canonical_face

CAUTIOUS = 0.3
"""Weight of the pull of the tables to 0, where few answers say anything."""
APART = 0.15
"""Twins whose one-sided difference (root of the sum of squares over the landmarks, IOD) is less say nothing."""


class Fit(NamedTuple):
    """Fitted tables, each in x and in y.

    Attributes
    ----------
    gain : (places of `GAIN`,) each, fitted without what is taken along.
    along : (places, places) each, as `ALONG_X` and `ALONG_Y`.
    explained : share of the mean one-sided answers that they and the gains explain; left_out : of a push that the fit
        has not seen; gains_alone : by the present gains alone; present : by the present tables.
    """

    gain: tuple[Array, Array]
    along: tuple[Array, Array]
    explained: tuple[float, float]
    left_out: tuple[float, float]
    gains_alone: tuple[float, float]
    present: tuple[float, float]


def fit_along(found: Sequence[Answer], twins: Sequence[Twin] = ()) -> Fit:
    """Fit what is taken along by ridge regression to one-sided answers.

    Each push and size weighs the same, and as much as each pair of twins that differ enough; a push is left out with
    all its sizes, a pair of twins never.
    """
    kinds = sorted({(answer.push.name, answer.size) for answer in found})
    names = np.array([name for name, _ in kinds])

    def means(field: str) -> Array:
        of = {kind: [getattr(a, field) for a in found if (a.push.name, a.size) == kind] for kind in kinds}
        return one_sided(np.stack([np.mean(of[kind], axis=0) for kind in kinds]))

    true, got, present = means("true"), means("got"), means("predicted")
    length = np.sqrt((true**2).sum(axis=(1, 2), keepdims=True))
    true, got, present = true / length, got / length, present / length
    if twins:
        apart, seen = (one_sided(np.stack([getattr(twin, part) for twin in twins])) for part in ("true", "got"))
        length = np.sqrt((apart**2).sum(axis=(1, 2), keepdims=True))
        enough = length[:, 0, 0] > APART
        also = (apart / np.maximum(length, APART))[enough], (seen / np.maximum(length, APART))[enough]
    else:
        also = true[:0], got[:0]
    parts = (true, got, present, *also)
    first, second = (_fit_axis(axis, names, *(part[..., axis] for part in parts)) for axis in (0, 1))
    return Fit(
        (first.gain, second.gain),
        (first.along, second.along),
        (first.explained, second.explained),
        (first.left_out, second.left_out),
        (first.gains_alone, second.gains_alone),
        (first.present, second.present),
    )


class _AxisFit(NamedTuple):
    gain: Array
    along: Array
    explained: float
    left_out: float
    gains_alone: float
    present: float


def _fit_axis(
    axis: int, names: NDArray[np.str_], true: Array, got: Array, present: Array, apart: Array, seen: Array
) -> _AxisFit:
    places = list((instrument.PLACES_X, instrument.PLACES_Y)[axis])
    weights, gains = instrument.along_weights(axis), instrument.gain()[:, axis]

    def fitted(keep: NDArray[np.bool_]) -> Array:
        moved = np.concatenate([true[keep], apart])
        rest = np.concatenate([got[keep], seen]) - gains * moved
        return _ridge(moved[:, places], rest, weights)

    def share(told: Array) -> float:
        return 1.0 - float(((got - told) ** 2).sum() / (got**2).sum())

    alone = gains * true
    table = fitted(np.ones(len(names), dtype=bool))
    unseen = np.empty_like(got)
    for name in set(names.tolist()):
        out = names == name
        unseen[out] = true[out][:, places] @ fitted(~out).T @ weights
    told = alone + true[:, places] @ table.T @ weights
    return _AxisFit(_gains(true, got), table, share(told), share(alone + unseen), share(alone), share(present))


def _gains(true: Array, got: Array) -> Array:
    """Return the share, 0 to 1, at each place of the instrument's table that makes the spread gains most like `got`."""
    from scipy.optimize import lsq_linear

    weights = instrument.spread_weights(tuple(instrument.GAIN), instrument.GAIN_RADIUS_CM)
    matrix = np.stack([(true * row).ravel() for row in weights], axis=1)
    return np.asarray(lsq_linear(matrix, got.ravel(), bounds=(0.0, 1.0)).x)


def _ridge(moved: Array, rest: Array, weights: Array) -> Array:
    """Return the table K (places, places) that makes ``moved @ K.T @ weights`` most like `rest`, and small."""
    n = len(weights)
    system = np.kron(moved.T @ moved, weights @ weights.T) + CAUTIOUS * np.eye(n * n)
    return np.asarray(np.linalg.solve(system, (moved.T @ rest @ weights.T).ravel()).reshape(n, n).T)


def projected_residue(n: int = 400, seed: int = 0) -> Array:
    """Return (478,): x, IOD per degree of reported yaw, that the simulated camera alone leaves of a symmetric face.

    That is the instrument's share of perspective and understated yaw, without `instrument.yaw_residue`; measured
    slopes less these are what the instrument has to add.
    """
    rng = np.random.default_rng(seed)
    camera = cameras.draw_cameras(rng, n)
    angles = np.stack([rng.uniform(-25.0, 25.0, n), np.zeros(n), np.zeros(n)], axis=1)
    camera = camera._replace(angles=angles)
    faces = np.broadcast_to(canonical_face(), (n, N_LANDMARKS, 3))
    width = np.full(n, float(np.diff(geometry.iris_centres(canonical_face())[:, 0])[0]))
    rotated = cameras.turn(faces, angles)
    flat = cameras.project(rotated, camera, width, instrument.perspective_share())
    depth = -(camera.iod_px / width)[:, None] * rotated[..., 2]
    points = np.concatenate([flat, depth[..., None]], axis=-1)
    reported: Array = angles * np.array([instrument.REPORTED_YAW, 1.0, 1.0])
    transforms = cameras.reported_transforms(reported, points, camera.size)
    frontal = geometry.undo_pose(points, transforms)
    uneven = ((frontal - geometry.mirror(frontal)) / 2.0)[..., 0]
    return np.asarray(solve(design(reported)[:, [0, 3]], uneven)[0])
