"""One person over dates: a curve for each quantity, its error of measurement, and which changes are real.

Error of measurement of one take: the standard error of measurement by the takes of one visit, pooled over visits
(`facialis.detection.repeatability`), or the stated one: what the landmarks' noise gives the number at this face's size
and pose, and of a movement what differs from take to take in simulated people; the larger of both. The mean of k takes
of a visit has this by sqrt(k). Which changes are real: `facialis.detection.changes`.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facialis.detection.changes import Called, Curve, Point, judge_changes
from facialis.detection.finding import Finding
from facialis.detection.identity import shape_of, strangers
from facialis.detection.repeatability import repeatability, sem_interval
from facialis.detection.takes import (
    SET,
    Numbers,
    Quantity,
    Take,
    Unused,
    photo_numbers,
    set_numbers,
    take_views,
    video_numbers,
)
from facialis.modalities.movements import MEASURED
from facialis.modalities.photo_sets import counted
from facialis.modalities.views import TOLD

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle


class Seen(NamedTuple):
    """A photo or video with its finding (of a video that on the whole): its number, and its view where it is named."""

    number: int
    date: datetime.date
    view: str | None
    finding: Finding


@dataclass(frozen=True)
class Visit:
    """What was used of a visit: its photos by view, its videos' numbers, what was left out, which views are missing."""

    date: datetime.date
    takes: Mapping[str, Sequence[Take]]
    videos: tuple[Seen, ...]
    unused: tuple[Unused, ...]
    unfit: tuple[Seen, ...]
    missing: tuple[str, ...]
    stranger: bool

    @property
    def repeated(self) -> tuple[str, ...]:
        """Views of which there is more than one photo."""
        return tuple(view for view, takes in self.takes.items() if len(takes) > 1)


@dataclass(frozen=True)
class Course:
    """One person's visits and curves.

    Attributes
    ----------
    score_views : views that the score is of; it has a gap where a visit lacks one of them.
    scale : mm in an interocular distance.
    comparisons : how many changes since the first visit were judged.
    """

    visits: tuple[Visit, ...]
    curves: tuple[Curve, ...]
    score_views: tuple[str, ...]
    scale: float
    comparisons: int

    @property
    def by_chance(self) -> float:
        """How many of the changes since the first visit would be called real by chance if nothing had changed."""
        return 0.05 * self.comparisons

    def count(self, called: Called, *, firm: bool = False) -> int:
        """Return how many changes since the first visit are called so."""
        changes = [point.first for curve in self.curves for point in curve.points if point.first]
        return sum(change.called == called and change.firm >= firm for change in changes)


def follow(seen: Sequence[Seen], bundle: Bundle) -> Course:
    """Return the course of one person's photos and videos."""
    visits = []
    dates = sorted({each.date for each in seen})
    for date in dates:
        own = [each for each in seen if each.date == date]
        fit = [each for each in own if each.finding.status == "judged"]
        videos = tuple(each for each in fit if each.finding.video is not None)
        photos = [(each.number, each.view, each.finding) for each in fit if each.finding.video is None]
        takes, unused = take_views(photos, bundle)
        unfit = tuple(each for each in own if each.finding.status != "judged")
        visits.append((date, takes, videos, tuple(unused), unfit))
    ever = [view for view in TOLD if any(view in takes for _, takes, *_ in visits)]
    shapes = [shape_of([t.finding.face for each in takes.values() for t in each if t.finding.face])
              for _, takes, *_ in visits]  # fmt: skip
    strange = strangers(shapes)
    told = tuple(
        Visit(date, takes, videos, unused, unfit, tuple(v for v in ever if v not in takes), n in strange)
        for n, (date, takes, videos, unused, unfit) in enumerate(visits)
    )
    scale = _scale(told)
    views = score_views(told) if bundle.photo_set is not None else ()
    numbers: list[Numbers] = [
        photo_numbers(visit.takes, scale, bundle)
        | video_numbers([each.finding for each in visit.videos], scale, bundle)
        | set_numbers(visit.takes, views, bundle)
        for visit in told
    ]
    curves = [_curve(quantity, dates, numbers, views, bundle) for quantity in _ordered(numbers)]
    curves = judge_changes(curves, dates)
    n = sum(point.first is not None and point.first.called != "unknown" for c in curves for point in c.points)
    return Course(told, tuple(curves), views, scale, n)


def score_views(visits: Sequence[Visit]) -> tuple[str, ...]:
    """Return the views that the score is of: most visits times most views that each of them has.

    A score of other views is another score, so it is of the same views at every visit.
    """
    held = [set(visit.takes) for visit in visits if visit.takes]
    ever = [view for view in TOLD if any(view in views for views in held)]
    best: tuple[str, ...] = ()
    worth = (0, 0)
    for size in range(1, len(ever) + 1):
        for views in itertools.combinations(ever, size):
            visits_with = sum(set(views) <= views_held for views_held in held)
            if (visits_with * size, visits_with) > worth:
                best, worth = views, (visits_with * size, visits_with)
    return best


def _scale(visits: Sequence[Visit]) -> float:
    scales = [take.photo.scale for visit in visits for takes in visit.takes.values() for take in takes]
    motions = [each.finding.video.motion for visit in visits for each in visit.videos if each.finding.video]
    scales += [motion.scale for motion in motions if motion is not None]
    scales = [scale for scale in scales if scale > 0]
    return float(np.median(scales)) if scales else 0.0


def _ordered(numbers: Sequence[Numbers]) -> list[Quantity]:
    """Return the quantities in the order of the page: the score, then by region and view."""
    found = dict.fromkeys(quantity for each in numbers for quantity in each)
    places = {name: n for n, name in enumerate((SET, "rest", *MEASURED))}

    def key(quantity: Quantity) -> tuple[bool, int, int, str]:
        view = quantity.view.removeprefix("video ")
        regions = ("", "brow", "eye", "nose_cheek", "mouth")
        return quantity.view != view, regions.index(quantity.region), places[view], quantity.name

    return sorted(found, key=key)


def _curve(
    quantity: Quantity, dates: Sequence[datetime.date], numbers: Sequence[Numbers], views: Sequence[str], bundle: Bundle
) -> Curve:
    reads = {date: own[quantity] for date, own in zip(dates, numbers, strict=True) if quantity in own}
    values = [[read.value for read in own] for own in reads.values()]
    sem, df, ends = _repeats(values)
    noises = [read.noise for own in reads.values() for read in own if read.noise is not None]
    noise = float(np.sqrt(np.mean(np.square(noises)))) if noises else None
    points = []
    for date, own in reads.items():
        stated = [read.noise for read in own if read.noise is not None]
        one = float(np.sqrt(np.mean(np.square(stated)))) if stated else None
        stated_by = "takes" if quantity.name in ("excursion", "ratio") else "landmarks"
        error, by = max(((e, name) for e, name in ((one, stated_by), (sem, "repeats")) if e is not None),
                        default=(None, ""))  # fmt: skip
        mean = float(np.mean([read.value for read in own]))
        points.append(Point(date, mean, len(own), None if error is None else error / math.sqrt(len(own)), by))
    healthy = next((read.healthy for own in reads.values() for read in own if read.healthy), None)
    if (quantity.name, quantity.view) == ("log_odds", SET) and bundle.photo_set is not None:
        low, high = np.quantile(counted(bundle.photo_set, list(views)).healthy, (0.025, 0.975))
        healthy = (float(low), float(high))
    gaps = tuple(date for date in dates if date not in reads)
    return Curve(quantity, tuple(points), gaps, healthy, sem, df, ends, noise)


def _repeats(values: Sequence[Sequence[float]]) -> tuple[float | None, int, tuple[float, float] | None]:
    """Return the standard error of measurement by the takes of one visit, its degrees of freedom, and its interval."""
    repeated = [own for own in values if len(own) > 1]
    if not repeated:
        return None, 0, None
    groups = np.repeat(np.arange(len(repeated)), [len(own) for own in repeated])
    found = repeatability(np.concatenate(repeated)[:, None], groups)
    low, high = sem_interval(found.sem, found.df)[0]
    return float(found.sem[0]), found.df, (float(low), float(high))
