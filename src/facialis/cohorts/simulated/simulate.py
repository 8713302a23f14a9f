"""Simulated landmark faces of patients and healthy people, drawn in pairs so that palsy is their only difference.

Pair k's healthy and palsy face share the draws of identity, movement and effort, pose, distance, size, framing and the
landmarker's errors; the palsy is drawn from a stream of its own and applied last.

A patient's frame is labelled 1 if its palsy moves some landmark by `VISIBLE_MM` or more from where the healthy twin's
lies, else 0: the group stays "patient", as with a recovered patient's photo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated import movements, palsy, shape
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.muscles import REGIONS, SIDES
from facialis.errors import CohortError
from facialis.faces import instrument
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres

if TYPE_CHECKING:
    import pandas as pd

VISIBLE_MM = 1.0
GROUPS = ("patient", "healthy")
ALL = Ingredients()
_CHUNK = 256  # faces of a group computed at once; part of what a seed means


@dataclass(frozen=True, eq=False)
class SimulatedFaces:
    """Landmark faces with their truth.

    Attributes
    ----------
    frames : one row a face: frame_id, subject_id, group, label, source, sequence, time, portrait, path, height,
        width, quality, and the truth: pair, seed, movement, weak_side, kind, severity, weakness by region, palsy_mm
        (largest displacement by the palsy), yaw, pitch, roll (degrees), distance_cm, iod_px.
    landmarks : (n, 478, 3) float32 px: x to image right, y down, z away from the viewer on the scale of x.
    transforms : (n, 4, 4) float32, canonical face (cm) to camera, as MediaPipe reports it.
    """

    frames: pd.DataFrame
    landmarks: NDArray[np.float32]
    transforms: NDArray[np.float32]


class Draw(NamedTuple):
    """What both faces of each pair share, for `pairs` x frames faces, and the palsy that only one gets.

    Attributes
    ----------
    pair : (n,) int, the pair of each face; frame : (n,) int, its number within the subject.
    identity : (n, 478, 3) cm.
    intended, camera : movement and camera of each face.
    palsy : of the pair's patient.
    """

    pair: NDArray[np.intp]
    frame: NDArray[np.intp]
    identity: Array
    intended: movements.Intended
    camera: cameras.Camera
    palsy: palsy.Palsy


def check_counts(n_patients: int, n_healthy: int, frames: int) -> None:
    """Raise `CohortError` unless there is at least one subject and one frame, and no count is negative."""
    for name, value, least in (
        ("patients", n_patients, 0),
        ("healthy subjects", n_healthy, 0),
        ("frames a subject", frames, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise CohortError(f"number of {name} is {value!r}; expected a whole number of at least {least}")
    if n_patients + n_healthy == 0:
        raise CohortError("0 patients and 0 healthy subjects; ask for at least one subject")


def draws(
    n_pairs: int, frames: int, seed: int, ingredients: Ingredients = ALL
) -> Iterator[tuple[Draw, np.random.SeedSequence]]:
    """Yield the draws of all pairs, some pairs at a time, each with the seed of the landmarker's errors.

    Pair k is the same however many pairs are asked for, at the same number of frames: the last draw holds pairs
    beyond `n_pairs`, to be left out at the end.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise CohortError(f"seed is {seed!r}; expected a whole number of at least 0")
    step = max(1, _CHUNK // frames)
    for chunk, start in enumerate(range(0, n_pairs, step)):
        seeds = np.random.SeedSequence([int(seed), frames, chunk]).spawn(6)
        who, strength, moving, photo, ill = (np.random.default_rng(part) for part in seeds[:5])
        identity = shape.draw_identities(who, step, ingredients.antisymmetric_identity)
        ratios = movements.draw_side_ratios(strength, step)
        sick = palsy.draw_palsies(ill, step)
        subject = np.repeat(np.arange(step), frames)
        intended = movements.draw_movements(moving, len(subject), ratios[subject])
        camera = cameras.draw_cameras(photo, len(subject))
        if not ingredients.pose:
            camera = camera._replace(angles=0.0 * camera.angles)
        yield (
            Draw(
                pair=start + subject,
                frame=np.tile(np.arange(frames), step),
                identity=identity[subject],
                intended=intended,
                camera=camera,
                palsy=sick.take(subject),
            ),
            seeds[5],
        )


def reported(
    face: Array,
    interocular: Array,
    camera: cameras.Camera,
    seed: np.random.SeedSequence,
    ingredients: Ingredients = ALL,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return landmarks (n, 478, 3), px, and transforms (n, 4, 4) as the landmarker would report these faces.

    Parameters
    ----------
    face : (n, 478, 3) cm.
    interocular : (n,) cm between the person's irises, which `camera.iod_px` makes px.
    camera : the camera of each face.
    seed : of the landmarker's errors.
    ingredients : without `instrument` or `noise` the landmarker errs less.
    """
    rng = np.random.default_rng(seed)
    noise = instrument.draw_noise(rng, camera.iod_px)
    factor, error = instrument.draw_depth_error(rng, len(face))
    angles = instrument.reported_angles(rng, camera.angles) if ingredients.noise else camera.angles
    seen, perspective = face, np.ones(face.shape[1])
    if ingredients.instrument:
        seen, perspective = instrument.pull_to_symmetry(face), instrument.perspective_share()
        seen[..., 0] += camera.angles[:, :1] * interocular[:, None] * instrument.yaw_residue()
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


def interocular_cm(faces: Array) -> Array:
    """Return (n,) cm: the distance of the iris centres of (n, 478, 3) faces."""
    right, left = np.moveaxis(iris_centres(faces), 1, 0)
    return np.asarray(np.sqrt(((left - right) ** 2).sum(axis=-1)))


def faces_of(draw: Draw, sick: palsy.Palsy, ingredients: Ingredients = ALL) -> Array:
    """Return (n, 478, 3), cm: the drawn people in movement with the palsy `sick` (`palsy.no_palsy` for none)."""
    return palsy.moved(draw.identity, draw.intended, sick, ingredients)


def truth_columns(draw: Draw, group: str, seed: int, palsy_mm: Array) -> dict[str, Any]:
    """Return the columns of the table of frames for one group's faces of a draw."""
    ill = group == "patient"
    sick, camera = draw.palsy, draw.camera
    numbers = [f"{group}-{pair + 1:04d}" for pair in draw.pair]
    nothing = np.zeros(len(numbers))
    return {
        "frame_id": [f"{name}-{frame:03d}" for name, frame in zip(numbers, draw.frame, strict=True)],
        "subject_id": numbers,
        "group": group,
        "label": (palsy_mm >= VISIBLE_MM).astype(np.int8) if ill else np.zeros(len(numbers), np.int8),
        "source": "simulated",
        "sequence": "",
        "time": np.nan,
        "portrait": "",
        "path": "",
        "height": camera.size[:, 0],
        "width": camera.size[:, 1],
        "quality": "",
        "pair": draw.pair,
        "seed": seed,
        "movement": draw.intended.names,
        "weak_side": np.array(SIDES)[sick.side] if ill else "",
        "kind": np.where(sick.contracture, palsy.KINDS[1], palsy.KINDS[0]) if ill else "",
        "severity": sick.severity if ill else nothing,
        **{f"weakness_{name}": sick.weakness[:, i] if ill else nothing for i, name in enumerate(REGIONS)},
        "palsy_mm": palsy_mm if ill else nothing,
        "yaw": camera.angles[:, 0],
        "pitch": camera.angles[:, 1],
        "roll": camera.angles[:, 2],
        "distance_cm": camera.distance,
        "iod_px": camera.iod_px,
    }


def simulate_faces(
    n_patients: int, n_healthy: int, frames: int, seed: int, *, ingredients: Ingredients = ALL
) -> SimulatedFaces:
    """Simulate landmark faces as the landmarker would report them.

    Subjects are "patient-0001" ... and "healthy-0001" ...; patient k and healthy k are pair k - 1. Where one group is
    larger, its rest has no partner and is drawn the same way. Same arguments, same bytes.

    Parameters
    ----------
    n_patients, n_healthy : numbers of subjects.
    frames : frames of each subject.
    seed : 0 or more.
    ingredients : what to leave out.

    Raises
    ------
    CohortError
        A count is negative or not whole, there is no subject, or `frames` or `seed` is out of range.

    Examples
    --------
    >>> faces = simulate_faces(2, 2, 3, seed=1)
    >>> faces.landmarks.shape, sorted(faces.frames.subject_id.unique())[-1]
    ((12, 478, 3), 'patient-0002')
    """
    import pandas as pd

    check_counts(n_patients, n_healthy, frames)
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    tables: dict[str, list[pd.DataFrame]] = {group: [] for group in GROUPS}
    landmarks: dict[str, list[NDArray[np.float32]]] = {group: [] for group in GROUPS}
    transforms: dict[str, list[NDArray[np.float32]]] = {group: [] for group in GROUPS}
    for draw, errors in draws(max(counts.values()), frames, seed, ingredients):
        n = len(draw.pair)
        healthy = faces_of(draw, palsy.no_palsy(n), ingredients)
        for group in GROUPS:
            keep = draw.pair < counts[group]
            if not keep.any():
                continue
            face = faces_of(draw, draw.palsy, ingredients) if group == "patient" else healthy
            palsy_mm = 10.0 * np.sqrt(((face - healthy) ** 2).sum(axis=-1)).max(axis=-1)
            points, matrices = reported(face, interocular_cm(draw.identity), draw.camera, errors, ingredients)
            tables[group].append(pd.DataFrame(truth_columns(draw, group, int(seed), palsy_mm))[keep])
            landmarks[group].append(points[keep])
            transforms[group].append(matrices[keep])
    return SimulatedFaces(
        frames=pd.concat([part for group in GROUPS for part in tables[group]], ignore_index=True),
        landmarks=np.concatenate([part for group in GROUPS for part in landmarks[group]]),
        transforms=np.concatenate([part for group in GROUPS for part in transforms[group]]),
    )
