"""Simulated landmark faces of patients and healthy people, drawn in pairs so that palsy is their only difference.

Pair k's healthy and palsy face share the draws of identity, movement and effort, pose, distance, size, framing and the
landmarker's errors; the palsy is drawn from a stream of its own and applied last.

A patient's frame is labelled 1 if its palsy moves some landmark by `truth.VISIBLE_MM` or more from where the healthy
twin's lies, else 0: the group stays "patient", as with a recovered patient's photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated import movements, palsy, patients, shape
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.muscles import EYEBALL
from facialis.cohorts.simulated.palsy import ALL
from facialis.cohorts.simulated.patients import EVERYDAY, Clinic
from facialis.cohorts.simulated.truth import truth_columns
from facialis.errors import CohortError
from facialis.faces import instrument
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("patient", "healthy")
STAYS = 0.9
"""Share of the standard deviation of the landmarker's errors that stays through a video (assumed)."""
_CHUNK = 256  # faces of a group computed at once; part of what a seed means

People = Callable[[np.random.Generator, int, bool], Array]
"""Draws people at rest without palsy, as `shape.draw_identities` does."""


@dataclass(frozen=True, eq=False)
class SimulatedFaces:
    """Landmark faces with their truth.

    Attributes
    ----------
    frames : one row a face: frame_id, subject_id, group, label, source, sequence (the standard view, if views were
        asked for), time, portrait, path, height, width, quality, and the truth: pair, seed, movement, weak_side, kind,
        extent, severity, grade, synkinesis, weakness of each branch, palsy_mm (largest displacement by the palsy, of
        the face and by region), yaw, pitch, roll (degrees), distance_cm, iod_px, effort of each muscle and side,
        closure of the lids, jaw_cm.
    landmarks : (n, 478, 3) float32 px: x to image right, y down, z away from the viewer on the scale of x.
    transforms : (n, 4, 4) float32, canonical face (cm) to camera, as MediaPipe reports it.
    """

    frames: pd.DataFrame
    landmarks: NDArray[np.float32]
    transforms: NDArray[np.float32]


class Block(NamedTuple):
    """Faces of one group as they are drawn, and the row of the first of them in the whole table."""

    start: int
    faces: SimulatedFaces


class Draw(NamedTuple):
    """What both faces of each pair share, for `pairs` x frames faces, and the palsy that only one gets.

    Attributes
    ----------
    pair : (n,) int, the pair of each face; frame : (n,) int, its number within the subject.
    sequence : (n,) the standard view of each face, "" in an everyday mix.
    identity : (n, 478, 3) cm, the irises where they look.
    intended, camera : movement and camera of each face.
    palsy, extent : of the pair's patient.
    """

    pair: NDArray[np.intp]
    frame: NDArray[np.intp]
    sequence: NDArray[np.str_]
    identity: Array
    intended: movements.Intended
    camera: cameras.Camera
    palsy: palsy.Palsy
    extent: NDArray[np.str_]


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


def number_of_draws(n_pairs: int, frames: int) -> int:
    """Return how many draws `draws` yields for so many pairs and frames."""
    return -(-n_pairs // max(1, _CHUNK // frames)) * -(-frames // _CHUNK)


def draws(
    n_pairs: int,
    frames: int,
    seed: int,
    ingredients: Ingredients = ALL,
    *,
    movement: str = "mixed",
    clinic: Clinic = EVERYDAY,
    people: People = shape.draw_identities,
    first: int = 0,
) -> Iterator[tuple[Draw, np.random.SeedSequence]]:
    """Yield the draws of all pairs, some pairs or frames at a time, each with the seed of the landmarker's errors.

    Pair k is the same however many pairs are asked for, at the same number of frames: the last draw holds pairs
    beyond `n_pairs`, to be left out at the end.

    Parameters
    ----------
    people : who comes.
    first : number of the draw to begin with; those before it are not computed.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise CohortError(f"seed is {seed!r}; expected a whole number of at least 0")
    step, parts = max(1, _CHUNK // frames), -(-frames // _CHUNK)
    for number in range(first, number_of_draws(n_pairs, frames)):
        chunk, part = divmod(number, parts)
        seeds = np.random.SeedSequence([int(seed), frames, chunk]).spawn(6)
        who, strength, ill = (np.random.default_rng(seeds[at]) for at in (0, 1, 4))
        if part > 0:
            seeds = np.random.SeedSequence([int(seed), frames, chunk, part]).spawn(6)
        moving, photo = (np.random.default_rng(seeds[at]) for at in (2, 3))
        identity = people(who, step, ingredients.antisymmetric_identity)
        ratios = movements.draw_side_ratios(strength, step)
        sick, extent = patients.draw_palsies(ill, step, clinic)
        shown = np.arange(part * _CHUNK, min(frames, (part + 1) * _CHUNK))
        subject = np.repeat(np.arange(step), len(shown))
        frame = np.tile(shown, step)
        intended, chin_up = movements.draw_movements(moving, frame, ratios[subject], movement)
        camera = cameras.draw_cameras(photo, len(subject), frontal=clinic.frontal)
        angles = camera.angles + chin_up[:, None] * np.array([0.0, 1.0, 0.0])
        camera = camera._replace(angles=angles if ingredients.pose else 0.0 * angles)
        faces = identity[subject]
        faces[:, list(EYEBALL), :2] += cameras.draw_gaze(photo, camera.angles)[:, None]
        yield (
            Draw(
                pair=chunk * step + subject,
                frame=frame,
                sequence=np.full(len(frame), "") if movement == "mixed" else intended.names,
                identity=faces,
                intended=intended,
                camera=camera,
                palsy=sick.take(subject),
                extent=extent[subject],
            ),
            seeds[5],
        )


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


def interocular_cm(faces: Array) -> Array:
    """Return (n,) cm: the distance of the iris centres of (n, 478, 3) faces."""
    right, left = np.moveaxis(iris_centres(faces), 1, 0)
    return np.asarray(np.sqrt(((left - right) ** 2).sum(axis=-1)))


def faces_of(draw: Draw, sick: palsy.Palsy, ingredients: Ingredients = ALL) -> Array:
    """Return (n, 478, 3), cm: the drawn people in movement with the palsy `sick` (`palsy.no_palsy` for none)."""
    return palsy.moved(draw.identity, draw.intended, sick, ingredients)


def simulate_faces(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    *,
    movement: str = "mixed",
    clinic: Clinic = EVERYDAY,
    ingredients: Ingredients = ALL,
    people: People = shape.draw_identities,
) -> SimulatedFaces:
    """Simulate landmark faces as the landmarker would report them.

    Subjects are "patient-0001" ... and "healthy-0001" ...; patient k and healthy k are pair k - 1. Where one group is
    larger, its rest has no partner and is drawn the same way. Same arguments, same bytes.

    Parameters
    ----------
    n_patients, n_healthy : numbers of subjects.
    frames : frames of each subject.
    seed : 0 or more.
    movement : "mixed" for everyday expressions, "standard" for the ten standard views in order (again from the first
        where there are more frames), or some of them by commas.
    clinic : which patients come.
    ingredients : what to leave out.
    people : who comes.

    Raises
    ------
    CohortError
        A count is negative or not whole, there is no subject, `frames` or `seed` is out of range, or a view is unknown.

    Examples
    --------
    >>> faces = simulate_faces(2, 2, 3, seed=1)
    >>> faces.landmarks.shape, sorted(faces.frames.subject_id.unique())[-1]
    ((12, 478, 3), 'patient-0002')
    """
    import pandas as pd

    drawn = face_blocks(
        n_patients, n_healthy, frames, seed, movement=movement, clinic=clinic, ingredients=ingredients, people=people
    )
    found = sorted((block for blocks in drawn for block in blocks), key=lambda block: block.start)
    return SimulatedFaces(
        frames=pd.concat([block.faces.frames for block in found], ignore_index=True),
        landmarks=np.concatenate([block.faces.landmarks for block in found]),
        transforms=np.concatenate([block.faces.transforms for block in found]),
    )


def face_blocks(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    *,
    movement: str = "mixed",
    clinic: Clinic = EVERYDAY,
    ingredients: Ingredients = ALL,
    people: People = shape.draw_identities,
    first: int = 0,
) -> Iterator[list[Block]]:
    """Yield what `simulate_faces` returns draw by draw, of each group one block at most, from draw `first` on.

    All patients' rows come before all healthy ones in the whole table, each subject's frames together.
    """
    import pandas as pd

    check_counts(n_patients, n_healthy, frames)
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    for draw, errors in draws(
        max(counts.values()), frames, seed, ingredients, movement=movement, clinic=clinic, people=people, first=first
    ):
        healthy = faces_of(draw, palsy.no_palsy(len(draw.pair)), ingredients)
        blocks = []
        for group, before in zip(GROUPS, (0, n_patients), strict=True):
            keep = draw.pair < counts[group]
            if not keep.any():
                continue
            face = faces_of(draw, draw.palsy, ingredients) if group == "patient" else healthy
            points, matrices = reported(face, interocular_cm(draw.identity), draw.camera, errors, ingredients)
            table = pd.DataFrame(truth_columns(draw, group, int(seed), face - healthy, ingredients))
            start = (before + int(draw.pair[0])) * frames + int(draw.frame[0])
            blocks.append(Block(start, SimulatedFaces(table[keep], points[keep], matrices[keep])))
        yield blocks
