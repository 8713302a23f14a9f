"""The face landmarker as a measuring instrument: its gain, noise, depth and pose errors, as functions.

The numbers are in `facialis.faces.instrument_tables`, with how they were measured. Lengths in cm on the canonical face
or in units of the interocular distance (IOD, iris centre to iris centre).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from facialis.faces.fields import Array, bump, exact_product, mirror_field, smooth_noise
from facialis.faces.instrument_tables import (
    ALONG_X,
    ALONG_Y,
    CORRELATED_SHARE,
    DEPTH_ERROR,
    DEPTH_SCALE_SPREAD,
    GAIN,
    INNER_PERSPECTIVE,
    IRIS_BETWEEN_LIDS,
    IRIS_GAIN_X,
    NOISE,
    NOISE_AT,
    NOISE_IOD_PX,
    NOISE_LENGTH_CM,
    NOISE_LENGTH_ONE_SIDED_Y_CM,
    NOISE_ONE_SIDED,
    PITCH_RESIDUE,
    PLACES_X,
    PLACES_Y,
    POSE_NOISE,
    PROJECTED_RESIDUE,
    REPORTED_YAW,
    RESIDUE_SPREAD,
    WIDENING,
    YAW_RESIDUE,
    YAW_RESIDUE_Y,
    YAW_SPREAD_LENGTH_CM,
    YAW_SPREAD_Y,
)
from facialis.faces.mesh import CONTOURS, N_LANDMARKS, canonical_face, mirror_permutation

__all__ = [
    "ALONG_X",
    "ALONG_Y",
    "CORRELATED_SHARE",
    "DEPTH_ERROR",
    "DEPTH_SCALE_SPREAD",
    "GAIN",
    "GAIN_RADIUS_CM",
    "INNER_PERSPECTIVE",
    "IRIS_BETWEEN_LIDS",
    "IRIS_GAIN_X",
    "NOISE",
    "NOISE_AT",
    "NOISE_IOD_PX",
    "NOISE_LENGTH_CM",
    "NOISE_LENGTH_ONE_SIDED_Y_CM",
    "NOISE_ONE_SIDED",
    "PITCH_RESIDUE",
    "PLACES_X",
    "PLACES_Y",
    "POSE_NOISE",
    "PROJECTED_RESIDUE",
    "REPORTED_YAW",
    "RESIDUE_SPREAD",
    "WIDENING",
    "YAW_RESIDUE",
    "YAW_RESIDUE_Y",
    "YAW_SPREAD_LENGTH_CM",
    "YAW_SPREAD_Y",
    "along_weights",
    "draw_depth_error",
    "draw_noise",
    "draw_yaw_spread",
    "gain",
    "landmark_noise",
    "noise_scale",
    "noise_table",
    "perspective_share",
    "pull_to_symmetry",
    "remove_pose_residue",
    "reported_angles",
    "spread",
    "spread_weights",
    "yaw_residue",
]

GAIN_RADIUS_CM = 0.8
"""How far a gain of the table reaches."""
ALONG_RADIUS_CM = 0.6
"""How far reaches what is taken along."""
FOREHEAD = 10
"""The top of the forehead, where nothing is taken along."""
IRISES = tuple(range(468, 478))
CANTHI, UPPER_LID, LOWER_LID = (33, 133), (158, 159, 160), (144, 145, 153)
"""Of the subject's right eye."""


def spread_weights(places: tuple[int, ...], radius: float) -> Array:
    """Return (places, 478): the weight of the value at each place (landmarks of one side) at every landmark.

    Values are mirrored to the other side and spread by a Gaussian mean, so that the weights of a landmark sum to 1.
    """
    mirror = mirror_permutation()
    one = np.stack([bump(place, radius) for place in places]) + 1e-12
    both = np.where(mirror[list(places)][:, None] != np.array(places)[:, None], one + one[:, mirror], one)
    return np.asarray(both / both.sum(axis=0))


def spread(values: dict[int, float], radius: float) -> Array:
    """Return (478,): `values` at landmarks of one side, mirrored, and spread to all (Gaussian mean)."""
    weights = spread_weights(tuple(values), radius)
    return np.asarray((weights * np.array(list(values.values()))[:, None]).sum(axis=0))


@cache
def gain() -> Array:
    """Return (478, 2): the share of a one-sided displacement in x and y that the landmarker reports."""
    shares = np.stack(
        [spread({at: pair[axis] for at, pair in GAIN.items()}, GAIN_RADIUS_CM) for axis in (0, 1)], axis=1
    )
    shares[list(IRISES), 0] = IRIS_GAIN_X
    return shares


@cache
def along_weights(axis: int) -> Array:
    """Return (places, 478): how a one-sided value at each of `PLACES_X` (axis 0) or `PLACES_Y` (1) is spread.

    A one-sided displacement in x is the same on both sides, one in y has the other sign on the subject's left.
    """
    places = (PLACES_X, PLACES_Y)[axis]
    weights = spread_weights((*places, FOREHEAD), ALONG_RADIUS_CM)[: len(places)]
    weights[:, list(IRISES)] = 0.0
    return np.asarray(weights * (1.0 if axis == 0 else -np.sign(canonical_face()[:, 0])))


@cache
def noise_table() -> Array:
    """Return (2, 4, 478), IOD: the noise of each landmark, alike on both sides and one-sided, at `NOISE_IOD_PX`."""
    tables = []
    for regions in (NOISE, NOISE_ONE_SIDED):
        values = [{at: regions[r][size] for r, places in NOISE_AT.items() for at in places} for size in range(4)]
        tables.append([spread(row, 0.6) for row in values])
    return np.array(tables)


def noise_scale(iod_px: Array) -> Array:
    """Return (2, n, 478), IOD: standard deviation of each landmark's x or y on faces of these sizes (n,), px.

    First that of the error that both sides have alike, then that of the one-sided error. Linear in the logarithm of
    the size between the measured sizes; below 25 px it grows as 1 / size.

    Examples
    --------
    >>> alike, one_sided = noise_scale(np.array([25.0, 100.0]))[..., 61]
    >>> bool(alike[0] > alike[1]), bool(alike[0] > one_sided[0])
    (True, True)
    """
    at = np.interp(np.log(iod_px), np.log(NOISE_IOD_PX), np.arange(len(NOISE_IOD_PX), dtype=np.float64))
    below = np.minimum(at.astype(np.intp), len(NOISE_IOD_PX) - 2)
    part = (at - below)[:, None]
    table = noise_table()
    small = np.maximum(NOISE_IOD_PX[0] / iod_px, 1.0)[:, None]
    return np.asarray(((1.0 - part) * table[:, below] + part * table[:, below + 1]) * small)


def landmark_noise(iod_px: ArrayLike, yaw: ArrayLike) -> Array:
    """Return (..., 478), IOD: the standard deviation of each landmark's x or y, for an error bar.

    The noise of the size, widened by `WIDENING` (measured on few photos), and what a turned head leaves behind that
    differs from person to person, growing with yaw. Errors of neighbours go together.

    Parameters
    ----------
    iod_px, yaw : (...) px between the irises, and reported degrees.

    Examples
    --------
    >>> landmark_noise([50.0, 50.0], [0.0, 20.0])[:, 61].round(4)
    array([0.0059, 0.0276])
    """
    iod, angle = np.broadcast_arrays(np.asarray(iod_px, np.float64), np.asarray(yaw, np.float64))
    still = np.hypot(*noise_scale(iod.ravel())).reshape(*iod.shape, N_LANDMARKS)
    return np.asarray(WIDENING * np.hypot(still, (RESIDUE_SPREAD * np.abs(angle))[..., None]))


@cache
def _residue_fields() -> tuple[Array, Array]:
    fields = [spread(table, 0.8) if table else np.zeros(N_LANDMARKS) for table in (YAW_RESIDUE, PITCH_RESIDUE)]
    return fields[0], fields[1]


def remove_pose_residue(frontal_points: Array, yaw: ArrayLike, pitch: ArrayLike) -> Array:
    """Take off what turning leaves behind after the reported pose is undone, a field linear in yaw and pitch.

    Parameters
    ----------
    frontal_points : (..., 478, 2 or 3), IOD, as `facialis.faces.geometry.undo_pose` gives them.
    yaw, pitch : (...) degrees as reported (`facialis.faces.geometry.head_pose`).

    Returns
    -------
    As `frontal_points`; only x changes, by the same on either side.
    """
    by_yaw, by_pitch = _residue_fields()
    corrected = np.array(frontal_points, dtype=np.float64)
    corrected[..., 0] -= np.asarray(yaw)[..., None] * by_yaw + np.asarray(pitch)[..., None] * by_pitch
    return corrected


def pull_to_symmetry(faces: Array) -> Array:
    """Return (n, 478, 3) faces (or displacements) as the landmarker reports them: their symmetric part whole.

    It pulls faces towards symmetry: of a one-sided displacement it sees the `gain` and what `ALONG_X` and `ALONG_Y` say
    that is taken along elsewhere; and irises lie between their lids.
    """
    mirrored = mirror_field(faces)
    one_sided = (faces - mirrored) / 2.0
    seen = np.concatenate([gain(), gain().mean(axis=1, keepdims=True)], axis=1) * one_sided
    for axis, places, table in ((0, PLACES_X, ALONG_X), (1, PLACES_Y, ALONG_Y)):
        taken = exact_product(one_sided[:, list(places), axis], np.array(table).T)
        seen[..., axis] += exact_product(taken, along_weights(axis))
    canthi, upper, lower = (seen[:, list(places), 1].mean(axis=1) for places in (CANTHI, UPPER_LID, LOWER_LID))
    of_upper, of_lower = IRIS_BETWEEN_LIDS
    iris = canthi + of_upper * (upper - canthi) + of_lower * (lower - canthi)
    seen[:, list(IRISES), 1] = iris[:, None] * -np.sign(canonical_face()[list(IRISES), 0])
    return np.asarray((faces + mirrored) / 2.0 + seen)


@cache
def yaw_residue() -> Array:
    """Return (478, 2): IOD per degree of yaw by which landmarks lie too far in x (to the side turned to) and up.

    In x it is alike on both sides, in y it has the other sign on the subject's left.
    """
    extra = {at: seen - PROJECTED_RESIDUE[at] for at, seen in YAW_RESIDUE.items()}
    up = spread(YAW_RESIDUE_Y, 0.6) * -np.sign(canonical_face()[:, 0])
    return np.stack([spread(extra, 0.8), up], axis=-1)


def draw_yaw_spread(rng: np.random.Generator, n: int) -> Array:
    """Draw (n, 478), IOD up per degree of yaw: what turning leaves behind that differs from person to person."""
    field = smooth_noise(rng, n, YAW_SPREAD_LENGTH_CM, (1.0,))[..., 0]
    one_sided = (field - field[:, mirror_permutation()]) / np.sqrt(2.0)
    return np.asarray(spread(YAW_SPREAD_Y, 0.6) * one_sided)


def draw_noise(rng: np.random.Generator, iod_px: Array) -> Array:
    """Draw (n, 478, 3) landmark noise in IOD, x, y and depth (twice as large), for faces of these sizes (n,), px.

    Most of it is alike on both sides: the landmarker takes faces to be symmetric.
    """
    n, rest = len(iod_px), np.sqrt(1.0 - CORRELATED_SHARE**2)
    alike, one_sided = noise_scale(iod_px)[..., None]
    size = np.array([1.0, 1.0, 2.0])

    def drawn(length: float) -> Array:
        alone = rng.standard_normal((n, N_LANDMARKS, 3))
        smooth = smooth_noise(rng, n, length, (1.0, 1.0, 1.0))
        return np.asarray((CORRELATED_SHARE * smooth + rest * alone) / np.sqrt(2.0))

    both, one = drawn(NOISE_LENGTH_CM), drawn(NOISE_LENGTH_CM)
    one[..., 1] = drawn(NOISE_LENGTH_ONE_SIDED_Y_CM)[..., 1]
    noise = alike * (both + mirror_field(both)) + one_sided * (one - mirror_field(one))
    return np.asarray(noise * size)


def draw_depth_error(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Draw the guess of depth: a factor (n, 1) and a smooth error (n, 478), cm."""
    factor = np.exp(DEPTH_SCALE_SPREAD * rng.standard_normal((n, 1)))
    error = sum(smooth_noise(rng, n, length, (scale,))[..., 0] for length, scale in DEPTH_ERROR)
    return factor, np.asarray(error)


def reported_angles(rng: np.random.Generator, angles: Array) -> Array:
    """Return (n, 3) degrees: yaw, pitch and roll as the landmarker reports the true `angles`."""
    noise = rng.standard_normal(angles.shape) * POSE_NOISE
    return np.asarray(angles * np.array([REPORTED_YAW, 1.0, 1.0]) + noise)


@cache
def perspective_share() -> Array:
    """Return (478,): the share of the geometric perspective that each landmark shows."""
    inner = [i for name, edges in CONTOURS.items() if name not in ("face_oval", "nose") for i, _ in edges]
    values = dict.fromkeys(inner, INNER_PERSPECTIVE) | {i: 1.0 for i, _ in CONTOURS["face_oval"]}
    return spread(values, 0.8)
