"""Faces as the landmarker would report them: its pull to symmetry, its errors, and the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.palsy import ALL
from facialis.faces import instrument
from facialis.faces.fields import Array

STAYS = 0.9
"""Share of the standard deviation of the landmarker's errors that stays through a video (assumed)."""


def reported(
    face: Array,
    interocular: Array,
    camera: cameras.Camera,
    seed: np.random.SeedSequence,
    ingredients: Ingredients = ALL,
    *,
    sequence: bool = False,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return landmarks (n, 478, 3), px, and transforms (n, 4, 4) as the landmarker would report these faces.

    Parameters
    ----------
    face : (n, 478, 3) cm.
    interocular : (n,) cm between the person's irises, which `camera.iod_px` makes px.
    camera : the camera of each face.
    seed : of the landmarker's errors.
    ingredients : without `instrument` or `noise` the landmarker errs less.
    sequence : the faces are frames of one video: most of the landmarker's errors stay, a small part jitters.
    """
    rng = np.random.default_rng(seed)
    noise = instrument.draw_noise(rng, camera.iod_px)
    factor, error = instrument.draw_depth_error(rng, len(face))
    angles = instrument.reported_angles(rng, camera.angles)
    own_residue = instrument.draw_yaw_spread(rng, len(face))
    if sequence:
        own_residue = own_residue[:1]
        noise, factor, error = _steady(noise), factor[:1], error[:1]
        angles = camera.angles + _steady(angles - camera.angles)
    if not ingredients.noise:
        angles = camera.angles
    seen, perspective = face, np.ones(face.shape[1])
    if ingredients.instrument:
        seen, perspective = instrument.pull_to_symmetry(face), instrument.perspective_share()
        left_behind = np.repeat(instrument.yaw_residue()[None], len(face), axis=0)
        left_behind[..., 1] += own_residue
        seen[..., :2] += (camera.angles[:, 0] * interocular)[:, None, None] * left_behind
        seen[..., 2] = factor * seen[..., 2] + error
    turned = cameras.turn(seen, camera.angles)
    flat = cameras.project(turned, camera, interocular, perspective)
    depth = -(camera.iod_px / interocular)[:, None] * turned[..., 2]
    depth -= depth.mean(axis=1, keepdims=True)
    landmarks = np.concatenate([flat, depth[..., None]], axis=-1)
    if ingredients.noise:
        landmarks = landmarks + noise * camera.iod_px[:, None, None]
    return (
        landmarks.astype(np.float32),
        cameras.reported_transforms(angles, landmarks, camera.size),
    )


def _steady(errors: Array) -> Array:
    """Return independent errors (n, ...) as those of a video: the first frame's, and jitter of the rest."""
    return np.asarray(STAYS * errors[:1] + np.sqrt(1.0 - STAYS**2) * errors)
