"""Movements in time: onset, apex and offset of an effort, and how the weak side lags behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated.draw import GROUPS, Draw, People, draws, faces_of, interocular_cm
from facialis.cohorts.simulated.landmarker import reported
from facialis.cohorts.simulated.movements import STANDARD, Intended, draw_side_ratios, typical, views
from facialis.cohorts.simulated.muscles import family_of
from facialis.cohorts.simulated.palsy import Palsy, moved, no_palsy
from facialis.cohorts.simulated.shape import draw_identities
from facialis.cohorts.simulated.simulate import Block, SimulatedFaces
from facialis.cohorts.simulated.truth import truth_columns
from facialis.errors import CohortError
from facialis.faces.fields import Array

REST, ONSET, OFFSET = 0.4, 0.5, 0.7
"""Seconds of rest before a movement, from rest to the apex, and back; posed smiles take about that long."""
RATE = 15
"""Frames a second of simulated sequences of landmarks (videos have 30)."""
LAG = 0.12
"""Seconds by which a completely weak side follows the healthy one."""


def time_course(
    n: int,
    fps: float,
    *,
    rest: float = REST,
    onset: float = ONSET,
    apex: float | None = None,
    offset: float = OFFSET,
    lag: float = 0.0,
) -> Array:
    """Return the effort (n,) of one movement: 0 at rest, 1 at the apex, between them a minimum-jerk ramp.

    Parameters
    ----------
    n : frames.
    fps : frames a second.
    rest, onset, apex, offset : seconds. Without `apex` the movement holds until there is time left for `offset` and
        half of `rest`. A sequence too short for all of it is shortened in proportion.
    lag : seconds by which the whole course comes later.

    Raises
    ------
    CohortError
        `n` is below 2, or a time or rate is out of range.

    Examples
    --------
    >>> time_course(9, 4.0, rest=0.5, onset=0.5, offset=0.5).round(2).tolist()
    [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    if lag < 0:
        raise CohortError("a time of the movement is negative; expected seconds of at least 0")
    times = course_times(n, fps, rest=rest, onset=onset, apex=apex, offset=offset)
    time = np.arange(n) / fps - lag
    up = np.clip((time - times.onset) / (times.apex - times.onset), 0.0, 1.0)
    down = np.clip((time - times.offset) / (times.end - times.offset), 0.0, 1.0)
    return np.asarray(minimum_jerk(up) - minimum_jerk(down))


class CourseTimes(NamedTuple):
    """When a movement begins, is at its apex, leaves it, and is over: seconds from the start of the sequence."""

    onset: float
    apex: float
    offset: float
    end: float


def course_times(
    n: int,
    fps: float,
    *,
    rest: float = REST,
    onset: float = ONSET,
    apex: float | None = None,
    offset: float = OFFSET,
) -> CourseTimes:
    """Return the times of one movement within `n` frames; parameters and errors as for `time_course`.

    Examples
    --------
    >>> course_times(9, 4.0, rest=0.5, onset=0.5, offset=0.5)
    CourseTimes(onset=0.5, apex=1.0, offset=1.25, end=1.75)
    """
    if n < 2 or fps <= 0:
        raise CohortError(f"{n} frames at {fps} a second; expected at least 2 frames and a positive rate")
    if min(rest, onset, offset, 0.0 if apex is None else apex) < 0:
        raise CohortError("a time of the movement is negative; expected seconds of at least 0")
    length = (n - 1) / fps
    needed = 1.5 * rest + onset + offset + (0.0 if apex is None else apex)
    shrink = min(1.0, length / needed) if needed > 0 else 1.0
    rest, onset, offset = rest * shrink, max(onset * shrink, 1e-9), max(offset * shrink, 1e-9)
    hold = max(length - 1.5 * rest - onset - offset, 0.0) if apex is None else apex * shrink
    return CourseTimes(rest, rest + onset, rest + onset + hold, rest + onset + hold + offset)


def minimum_jerk(share: Array) -> Array:
    """Return how far a smooth movement has come after `share` (0 to 1) of its time: 10 s³ - 15 s⁴ + 6 s⁵."""
    return np.asarray(share**3 * (10.0 - 15.0 * share + 6.0 * share**2))


class Sequence(NamedTuple):
    """Landmarks of one simulated video.

    Attributes
    ----------
    time : (n,) seconds.
    effort : (n, 2) of the movement on the subject's right and left, 0 to 1: when, not how well, it is meant.
    faces : (n, 478, 3) cm, the true face.
    landmarks : (n, 478, 3) float32 px, as the landmarker would report them.
    transforms : (n, 4, 4) float32.
    """

    time: Array
    effort: Array
    faces: Array
    landmarks: NDArray[np.float32]
    transforms: NDArray[np.float32]


def intended_at(view: str, effort: Array) -> Intended:
    """Return the frames (n) in which the standard `view` is at `effort` (n, 2), subject's right and left."""
    n, whole = len(effort), typical(view)
    return Intended(
        names=np.full(n, view),
        efforts=whole.efforts * effort[:, None, :],
        closure=whole.closure * effort,
        jaw=whole.jaw * effort.mean(axis=1),
    )


def efforts_in_time(n: int, fps: float, sick: Palsy) -> Array:
    """Return (n, 2): the course of one movement on either side; the weak side lags by `LAG` times its severity."""
    course = np.stack([time_course(n, fps)] * 2, axis=-1)
    if sick.severity[0] > 0:
        course[:, sick.side[0]] = time_course(n, fps, lag=LAG * float(sick.severity[0]))
    return course


def simulate_sequence(view: str, n: int, fps: float, seed: int, sick: Palsy | None = None) -> Sequence:
    """Simulate one person who makes the standard `view` once, and goes back to rest.

    Same arguments, same bytes; with and without a palsy the person, camera and errors of the landmarker are the same.

    Parameters
    ----------
    view : a standard view, e.g. "large_smile".
    n, fps : frames, and frames a second (30 or 60 are usual).
    seed : of the person, the camera and the landmarker's errors.
    sick : the palsy (one row, as `patients.make_palsy` gives it), or None for a healthy person.

    Raises
    ------
    CohortError
        The view is unknown, `n` or `fps` out of range, or `sick` is not one palsy.

    Examples
    --------
    >>> simulate_sequence("pucker", 60, 30.0, seed=1).landmarks.shape
    (60, 478, 3)
    """
    sick = no_palsy(1) if sick is None else sick
    if len(sick.side) != 1:
        raise CohortError(f"a sequence of {len(sick.side)} palsies; expected that of one person")
    who, strength, photo, errors = np.random.SeedSequence([int(seed), n]).spawn(4)
    effort = efforts_in_time(n, fps, sick)
    meant = intended_at(view, effort)
    ratios = draw_side_ratios(np.random.default_rng(strength), 1)
    meant = meant._replace(efforts=meant.efforts * ratios[:, family_of()], closure=meant.closure * ratios[:, -1])
    identity = np.repeat(draw_identities(np.random.default_rng(who), 1), n, axis=0)
    one = cameras.draw_cameras(np.random.default_rng(photo), 1, frontal=True)
    camera = one.take(np.zeros(n, dtype=np.intp))
    faces = moved(identity, meant, sick.take(np.zeros(n, dtype=np.intp)))
    landmarks, transforms = reported(faces, interocular_cm(identity), camera, errors, sequence=True)
    return Sequence(np.arange(n) / fps, effort, faces, landmarks, transforms)


def course_of(
    draw: Draw, row: int, frames: int, lag: float, *, rate: float, first: int | None = None, start: int = 0
) -> Draw:
    """Return a drawn face as `frames` faces in time: its movement's efforts come and go, the weak side later.

    Parameters
    ----------
    row : the face whose movement is made.
    lag : seconds by which the weak side (`draw.palsy.side`) follows.
    rate : frames a second.
    first : another face of the same person whose camera and gaze are kept, as in a video of several movements.
    start : number of the first frame.
    """
    first = row if first is None else first
    rows = np.full(frames, row)
    one = draw.intended.take(rows)
    sides: Array = np.stack([time_course(frames, rate)] * 2, axis=-1)
    sides[:, int(draw.palsy.side[row])] = time_course(frames, rate, lag=lag)
    both = sides.mean(axis=1)
    camera = draw.camera.take(np.full(frames, first))
    camera.angles[:, 1] += _chin_up(draw, row) * both - _chin_up(draw, first)  # the latter is in the draw already
    return draw._replace(
        pair=draw.pair[rows],
        frame=start + np.arange(frames),
        sequence=draw.sequence[rows],
        identity=np.broadcast_to(draw.identity[first], (frames, *draw.identity.shape[1:])),
        intended=Intended(one.names, one.efforts * sides[:, None], one.closure * sides, one.jaw * both),
        camera=camera,
        palsy=draw.palsy.take(rows),
        extent=draw.extent[rows],
    )


def _chin_up(draw: Draw, row: int) -> float:
    """Return the degrees by which a standard view has the chin up, in the middle of its range."""
    name = str(draw.sequence[row])
    return sum(STANDARD[name].chin_up) / 2.0 if name else 0.0


def sequence_blocks(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    *,
    movement: str = "standard",
    people: People = draw_identities,
    first: int = 0,
) -> Iterator[list[Block]]:
    """Yield subjects who make one movement after the other in time, as `simulate.face_blocks` yields faces.

    The table's ``sequence`` is the movement and its ``time`` seconds from the first frame.

    A pair shares person, camera, movements and the landmarker's errors; the patient's weak side comes later by `LAG`
    times its severity. `RATE` frames a second.

    Parameters
    ----------
    frames : of each movement.
    movement : "mixed" for one everyday movement a subject, "standard" or views by commas for all of them.
    """
    import pandas as pd

    shown = movements_shown(movement)
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    for draw, _ in draws(max(counts.values()), shown, seed, movement=movement, people=people, first=first):
        blocks = []
        for start in range(0, len(draw.pair), shown):
            pair = int(draw.pair[start])
            for group, before in zip(GROUPS, (0, n_patients), strict=True):
                if pair >= counts[group]:
                    continue
                lag = LAG * float(draw.palsy.severity[start]) if group == "patient" else 0.0
                courses = [
                    course_of(draw, start + at, frames, lag, rate=RATE, first=start, start=at * frames)
                    for at in range(shown)
                ]
                tables, landmarks, transforms = [], [], []
                errors = np.random.SeedSequence([int(seed), frames, 77, pair])
                for course, own in zip(courses, errors.spawn(shown), strict=True):
                    healthy = faces_of(course, no_palsy(frames))
                    face = faces_of(course, course.palsy) if group == "patient" else healthy
                    points, matrices = reported(
                        face, interocular_cm(course.identity), course.camera, own, sequence=True
                    )
                    table = pd.DataFrame(truth_columns(course, group, int(seed), face - healthy))
                    tables.append(table.assign(sequence=course.intended.names, time=course.frame / RATE))
                    landmarks.append(points)
                    transforms.append(matrices)
                faces = SimulatedFaces(
                    pd.concat(tables, ignore_index=True), np.concatenate(landmarks), np.concatenate(transforms)
                )
                blocks.append(Block((before + pair) * shown * frames, faces))
        yield blocks


def movements_shown(movement: str) -> int:
    """Return how many movements each subject makes in such a plan."""
    return 1 if movement == "mixed" else len(views(movement))
