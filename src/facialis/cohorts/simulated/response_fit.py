"""The instrument's tables fitted to the landmarker's answers: gains, what follows the mouth, what yaw leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.response import Answer, one_sided
from facialis.cohorts.simulated.turning import design, solve
from facialis.faces import geometry, instrument
from facialis.faces.fields import Array
from facialis.faces.mesh import N_LANDMARKS, canonical_face

CAUTIOUS = 0.1
"""Weight of the pull of the gains to the neighbourhood's mean, where few answers say anything."""


class Fit(NamedTuple):
    """Fitted tables.

    Attributes
    ----------
    gain : landmark: (x, y) share reported.
    follows_mouth, follows_corner : share of the reported shift, in the order of the instrument's tables.
    explained : share of the one-sided answers' variance that the fit explains; explained_before : by the present
        tables.
    """

    gain: dict[int, tuple[float, float]]
    follows_mouth: tuple[float, ...]
    follows_corner: tuple[float, ...]
    explained: float
    explained_before: float


def fit_gains(found: Sequence[Answer]) -> Fit:
    """Fit gains and followers by bounded least squares to one-sided answers, each push and size weighing the same."""
    from scipy.optimize import lsq_linear

    places = list(instrument.GAIN)
    weights = instrument.spread_weights(tuple(places), instrument.GAIN_RADIUS_CM)  # (places, 478)
    sideways, downwards = instrument.follower_fields()
    true = one_sided(np.stack([answer.true for answer in found]))
    got = one_sided(np.stack([answer.got for answer in found]))
    before = one_sided(np.stack([answer.predicted for answer in found]))
    size = np.sqrt((true**2).sum(axis=(1, 2)))[:, None, None]
    true, got, before = true / size, got / size, before / size
    fitted, shares, rest = [], [], np.zeros_like(got)
    for axis in (0, 1):
        driver = (got[:, 0, 0] + got[:, 17, 0]) / 2.0 if axis == 0 else got[:, 61, 1]
        fields = sideways if axis == 0 else downwards
        columns = [(true[..., axis] * row).ravel() for row in weights]
        columns += [(driver[:, None] * row).ravel() for row in fields]
        matrix, target = np.stack(columns, axis=1), got[..., axis].ravel()
        strength = CAUTIOUS * np.sqrt(len(found))
        prior = np.concatenate([np.eye(len(places)), np.zeros((len(places), len(fields)))], axis=1) * strength
        middle = np.array([instrument.GAIN[place][axis] for place in places]) * strength
        upper = np.concatenate([np.ones(len(places)), np.ones(len(fields))])
        solved = lsq_linear(np.concatenate([matrix, prior]), np.concatenate([target, middle]), bounds=(0.0, upper)).x
        fitted.append(solved[: len(places)])
        shares.append(tuple(float(value) for value in solved[len(places) :]))
        rest[..., axis] = got[..., axis] - (matrix @ solved).reshape(got.shape[:2])
    gain = {place: (float(fitted[0][i]), float(fitted[1][i])) for i, place in enumerate(places)}
    total = float((got**2).sum())
    return Fit(
        gain, shares[0], shares[1], 1 - float((rest**2).sum()) / total, 1 - float(((got - before) ** 2).sum()) / total
    )


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
