"""What both faces of each pair share, and the palsy that only one of them gets, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated import movements, palsy, patients, shape
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.muscles import EYEBALL
from facialis.cohorts.simulated.palsy import ALL
from facialis.cohorts.simulated.patients import EVERYDAY, Clinic
from facialis.errors import CohortError
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres

GROUPS = ("patient", "healthy")
_CHUNK = 256  # faces of a group computed at once; part of what a seed means

People = Callable[[np.random.Generator, int, bool], Array]
"""Draws people at rest without palsy, as `shape.draw_identities` does."""


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


def interocular_cm(faces: Array) -> Array:
    """Return (n,) cm: the distance of the iris centres of (n, 478, 3) faces."""
    right, left = np.moveaxis(iris_centres(faces), 1, 0)
    return np.asarray(np.sqrt(((left - right) ** 2).sum(axis=-1)))


def faces_of(draw: Draw, sick: palsy.Palsy, ingredients: Ingredients = ALL) -> Array:
    """Return (n, 478, 3), cm: the drawn people in movement with the palsy `sick` (`palsy.no_palsy` for none)."""
    return palsy.moved(draw.identity, draw.intended, sick, ingredients)
