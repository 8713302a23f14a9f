"""Simulated people before a video camera: channels in time, and what the detector's graph says of their frames.

Unlike `facialis.cohorts.simulated.sequences`, in which a head holds still, these turn their heads, drift, speak, and
the landmarker errs in three ways: in one that stays, in one that stays for a movement, and in one that changes from
frame to frame. Faces are simulated four times a second and joined by straight lines: excursions need no more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.camera import Camera
from facialis.cohorts.simulated.draw import GROUPS, Draw, draws, faces_of, interocular_cm
from facialis.cohorts.simulated.landmarker import reported
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.palsy import no_palsy
from facialis.cohorts.simulated.patients import EVERYDAY
from facialis.cohorts.simulated.sequences import LAG, course_of
from facialis.cohorts.simulated.truth import VISIBLE_MM, millimetres
from facialis.cohorts.simulated.variety import vary
from facialis.faces.geometry import undo_pose
from facialis.faces.instrument import NOISE_IOD_PX, draw_noise
from facialis.faces.mesh import canonical_face
from facialis.faces.quality import Limits
from facialis.modalities.movements import Event
from facialis.modalities.regions import REGIONS
from facialis.modalities.trajectories import CHANNELS, channels
from facialis.modalities.views import TOLD
from facialis.progress import track

Values = NDArray[np.float64]
Answers = Mapping[str, NDArray[np.float64]]
Ask = Callable[[NDArray[np.float32], NDArray[np.float32]], Answers]
"""Landmarks (n, 478, 3) px and transforms (n, 4, 4) to what the graph says of them."""

KEYS, KEY_RATE = 8, 4.0
"""Frames of each movement that are simulated, and how many make a second: one movement takes 2 s."""
SECONDS = KEYS / KEY_RATE
STAYS_IN_MOVEMENT = 0.5
"""Share of the standard deviation of the landmarker's errors that is another in each movement (assumed)."""
JITTERS = 0.35
"""Share of it that is another in each frame (assumed; more of what changes is in the frames that are simulated)."""
TURNS = (3.5, 2.5, 1.5)
"""Yaw, pitch and roll about which a head turns while it is filmed: standard deviation of a person's own, degrees."""
DRIFT = 0.85
"""How alike the head's turn is a quarter of a second later."""
TURNED = 12.0


class Filmed(NamedTuple):
    """One simulated person, all movements that they made.

    Attributes
    ----------
    names : of each movement, a standard view or an everyday expression.
    values : (movements, `KEYS`, 23) channels; NaN where the head is turned too far to be measured.
    odds, side : (movements, `KEYS`) the graph's log odds of palsy and of the subject's right as the weak side; NaN
        where the frame would not be judged.
    visible_mm : (movements,) by how much the palsy moves a landmark, at most.
    regions_mm : (movements, regions).
    iod_px : between the eyes.
    noise : (23, 23) covariance of the channels by the landmarker's noise at this size.
    patient, weak_right : whose video it is.
    severity, kind, extent : of the palsy; 0, "" and "" of a healthy person.
    """

    names: tuple[str, ...]
    values: Values
    odds: Values
    side: Values
    visible_mm: Values
    regions_mm: Values
    iod_px: float
    noise: Values
    patient: bool
    weak_right: bool
    severity: float
    kind: str
    extent: str


class Film(NamedTuple):
    """One simulated video of a person.

    Attributes
    ----------
    person : number of the `Filmed`.
    shown : the movements in it, in order, as rows of `Filmed.names`.
    values, times : (n, 23) channels, NaN in gaps; (n,) s.
    prompts : when which movement was asked for; empty where nobody noted it.
    odds, side : means over the judged frames.
    palsy : whether it is visible in some frame.
    """

    person: int
    shown: tuple[int, ...]
    values: Values
    times: Values
    prompts: tuple[Event, ...]
    odds: float
    side: float
    palsy: bool


def film_people(pairs: int, seed: int, ask: Ask, *, bent: bool = True) -> Iterator[Filmed]:
    """Simulate pairs of people, of which one has a palsy: of three two make the nine standard views, one nine everyday
    expressions, and every other camera is straight before the face.

    Parameters
    ----------
    bent : whether each is bent at random (see `facialis.cohorts.simulated.variety`).
    """
    plans = [(",".join(TOLD), True), (",".join(TOLD), False), ("mixed", True)]
    counts = [pairs // 3 + (k < pairs % 3) for k in range(3)]
    for number, ((movement, frontal), count) in enumerate(zip(plans, counts, strict=True)):
        clinic = dataclasses.replace(EVERYDAY, frontal=frontal)
        own = seed * 10 + number
        shown = len(TOLD)
        drawn = draws(count, shown, own, movement=movement, clinic=clinic)
        for draw, _ in track(drawn, "simulated videos", total=None, unit="draws"):
            for first in range(0, len(draw.pair), shown):
                if draw.pair[first] < count:
                    yield from _pair(draw, first, shown, own, ask, bent)


def _pair(draw: Draw, first: int, shown: int, seed: int, ask: Ask, bent: bool) -> Iterator[Filmed]:
    pair = int(draw.pair[first])
    limits = Limits()
    for group in GROUPS:
        sick = group == "patient"
        rng = np.random.default_rng([seed, 78, pair])
        lag = LAG * float(draw.palsy.severity[first]) if sick else 0.0
        courses = [course_of(draw, first + at, KEYS, lag, rate=KEY_RATE, first=first) for at in range(shown)]
        course = _joined(courses)
        n = len(course.frame)
        course.camera.angles[:] += _turning(rng, n)
        healthy = faces_of(course, no_palsy(n))
        face = faces_of(course, course.palsy) if sick else healthy
        moved = millimetres(face - healthy)
        errors = np.random.SeedSequence([seed, 77, pair])
        points, transforms = reported(face, interocular_cm(course.identity), course.camera, errors, sequence=True)
        iod = float(course.camera.iod_px[0])
        own = draw_noise(rng, np.full(shown, iod)) * STAYS_IN_MOVEMENT * iod
        points = points + np.repeat(own, KEYS, axis=0).astype(np.float32)
        if bent:
            points = vary(points, int(rng.integers(2**31)) + sick, together=n)
        answers = ask(points, transforms)
        values = channels(undo_pose(points.astype(np.float64), transforms))
        angles = course.camera.angles[:, :2]
        away = np.abs(angles - np.median(angles, axis=0)).max(axis=1) > TURNED
        unfit = (np.abs(angles) > [limits.yaw, limits.pitch]).any(axis=1) | (iod < limits.interocular_px)
        odds = answers["logits"][:, 1] - answers["logits"][:, 0]

        def by_movement(array: NDArray[Any]) -> NDArray[Any]:
            return array.reshape(shown, KEYS, *array.shape[1:])

        yield Filmed(
            tuple(str(one.intended.names[0]) for one in courses),
            by_movement(np.where(away[:, None], np.nan, values)),
            by_movement(np.where(unfit, np.nan, odds)),
            by_movement(np.where(unfit, np.nan, answers["side"].reshape(n))),
            by_movement(moved["palsy_mm"]).max(axis=1),
            np.stack([by_movement(moved[f"palsy_mm_{region}"]).max(axis=1) for region in REGIONS], axis=1),
            iod,
            noise_of(iod),
            sick,
            sick and int(draw.palsy.side[first]) == 0,
            float(draw.palsy.severity[first]) if sick else 0.0,
            str(draw.palsy.kind[first]) if sick else "",
            str(draw.extent[first]) if sick else "",
        )


def _joined(courses: list[Draw]) -> Draw:
    """Return one person's courses as one, one after the other."""

    def join(parts: list[Any]) -> Any:
        if isinstance(parts[0], tuple):
            return type(parts[0])(*(join(list(column)) for column in zip(*parts, strict=True)))
        return np.concatenate(parts)

    joined: Draw = join(courses)
    assert isinstance(joined.camera, Camera)
    assert isinstance(joined.intended, Intended)
    return joined


def _turning(rng: np.random.Generator, n: int) -> Values:
    """Return (n, 3) degrees by which a head turns while it is filmed, drifting."""
    steps = rng.standard_normal((n, 3))
    for k in range(1, n):
        steps[k] = DRIFT * steps[k - 1] + np.sqrt(1 - DRIFT**2) * steps[k]
    return np.asarray(steps * np.abs(rng.standard_normal(3)) * TURNS)


def noise_of(iod_px: float) -> Values:
    """Return the covariance (23, 23) of the channels by the landmarker's noise at a size, interocular distances."""
    tables = _noise_tables()
    at = float(np.interp(np.log(iod_px), np.log(NOISE_IOD_PX), np.arange(len(tables), dtype=np.float64)))
    low = min(int(at), len(tables) - 2)
    scale = max(1.0, NOISE_IOD_PX[0] / iod_px) ** 2
    return np.asarray(scale * ((low + 1 - at) * tables[low] + (at - low) * tables[low + 1]))


@cache
def _noise_tables() -> list[Values]:
    face = canonical_face() * [1.0, -1.0, -1.0]
    unit = np.linalg.norm(face[468:473].mean(axis=0) - face[473:478].mean(axis=0))
    tables = []
    for size in NOISE_IOD_PX:
        noise = draw_noise(np.random.default_rng(0), np.full(200, size)) * unit
        tables.append(np.cov(channels(face + noise).T))
    return tables


def films_of(person: int, filmed: Filmed, rng: np.random.Generator) -> list[Film]:
    """Return four videos of a person: of rest alone, of one movement, of two to four, of all, each with its own rate,
    gaps and order, and prompts in three of five. Everyday expressions nobody prompts."""
    standard = filmed.names == tuple(TOLD)
    others = [k for k, name in enumerate(filmed.names) if name != "rest"]
    plans: list[list[int]] = [[k for k, name in enumerate(filmed.names) if name == "rest"][:1]] if standard else []
    for count in (1, int(rng.integers(2, 5)), len(others)):
        plans.append(rng.permutation(others)[:count].tolist())
    prompted = [standard and rng.random() < 0.6 for _ in plans]
    return [
        film
        for plan, known in zip(plans, prompted, strict=True)
        if plan and (film := _film(person, filmed, plan, known, rng)) is not None
    ]


def _film(person: int, filmed: Filmed, plan: list[int], known: bool, rng: np.random.Generator) -> Film | None:
    odds, side = filmed.odds[plan], filmed.side[plan]
    if np.isnan(odds).all():
        return None  # nothing of it would be judged
    keys = filmed.values[plan].reshape(-1, len(CHANNELS))
    at = np.arange(len(keys)) / KEY_RATE
    rate = float(np.exp(rng.uniform(np.log(6.0), np.log(30.0))))
    times = np.arange(0.0, at[-1], 1 / rate)
    step = np.minimum((times * KEY_RATE).astype(int), len(keys) - 2)
    share = (times * KEY_RATE - step)[:, None]
    values = (1 - share) * keys[step] + share * keys[step + 1]
    values = values + JITTERS * rng.multivariate_normal(np.zeros(len(CHANNELS)), filmed.noise, len(values))
    gone = rng.random(len(times)) < rng.choice([0.0, 0.02, 0.1])
    for _ in range(int(rng.integers(0, 2 + len(plan) // 4))):
        start = rng.uniform(0, times[-1])
        gone |= (times >= start) & (times < start + rng.uniform(0.1, 0.8))
    values[gone] = np.nan
    prompts = tuple(
        Event(filmed.names[k], number * SECONDS, (number + 1) * SECONDS) for number, k in enumerate(plan) if known
    )
    palsy = bool(filmed.visible_mm[plan].max() >= VISIBLE_MM)
    return Film(person, tuple(plan), values, times, prompts, float(np.nanmean(odds)), float(np.nanmean(side)), palsy)
