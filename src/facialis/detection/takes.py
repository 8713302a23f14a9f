"""A visit's photos and videos as numbers that can be compared with those of another visit: like with like.

A number belongs to a quantity and a view; a second photo of the same view, or a second time that a movement is made, is
a second take of it. Lengths are in mm by one scale for all visits of the person (the median of all that was seen): the
iris is as wide at each visit, so that neither its spread among people nor the noise of measuring it anew is taken for
change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.finding import Finding
from facialis.detection.millimetres import IRIS_SPREAD, SIDES
from facialis.detection.number_errors import noisy_copies, spread
from facialis.detection.photo_set import set_log_odds
from facialis.detection.photo_set_excursions import (
    NO_REST,
    RESTING,
    Photo,
    differences_at_rest,
    excursion_row,
    read_photo,
)
from facialis.faces.face import Face
from facialis.faces.geometry import head_pose
from facialis.modalities.movements import MEASURED, recognise
from facialis.modalities.trajectories import CHANNELS
from facialis.modalities.views import TOLD

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle

SURE = 0.8
"""Probability from which a view that no name tells is taken for what it looks like."""
VIDEO = "video "
"""Before the view of what comes from a video: a video's numbers are not compared with a photo's."""
SET = "set"
"""View of what is told of all views together."""
EFFORT = {
    "small_closed_smile": (0.44, 0.21),
    "large_smile": (0.27, 0.15),
    "brow_raise": (0.37, 0.0),
    "gentle_closure": (0.13, 0.0),
    "tight_closure": (0.10, 0.0),
    "pucker": (0.30, 0.17),
    "lower_teeth": (0.41, 0.0),
    "nose_wrinkle": (0.70, 0.0),
}
"""By how much one simulated person's excursion differs from take to take beyond the landmarks' noise, as a share of it,
and the ratio of the sides (``benchmarks/take_to_take.py``, mean of two seeds with 80 and 60 simulated people): nobody
moves twice alike, and two photos do not catch the same moment."""
NOT_READ, NOT_SURE, NOT_TOLD = "not_read", "not_sure", "not_told"


class Quantity(NamedTuple):
    """What is followed: its name, view, side of the subject ("" for both) and unit."""

    name: str
    view: str
    side: str
    unit: str

    @property
    def region(self) -> str:
        """The part of the face that it tells of, "" for the whole."""
        if self.name.endswith("_difference"):
            return self.name.removesuffix("_difference")
        return TOLD.get(self.view.removeprefix(VIDEO), ("",))[0]


class Read(NamedTuple):
    """One take of a quantity: its value, its stated error (None where none is known), and healthy people's range.

    The stated error holds the landmarks' noise, and of a movement what differs from take to take (`EFFORT`).
    """

    value: float
    noise: float | None
    healthy: tuple[float, float] | None = None


class Take(NamedTuple):
    """A photo that is used: its number, its view, how probable that is where it was recognised, and what was found."""

    number: int
    view: str
    share: float | None
    photo: Photo
    finding: Finding


class Unused(NamedTuple):
    """A photo that is judged and yet not used: its number, why, and how probable its likeliest view is."""

    number: int
    why: str
    view: str | None = None
    share: float | None = None


Numbers = dict[Quantity, list[Read]]


def take_views(
    photos: Sequence[tuple[int, str | None, Finding]], bundle: Bundle
) -> tuple[dict[str, list[Take]], list[Unused]]:
    """Return a visit's judged photos by view, and those whose view is not known surely enough.

    Parameters
    ----------
    photos : number, view where it is named, and finding of each judged photo.
    """
    read = {number: read_photo(finding.face) for number, _, finding in photos if finding.face is not None}
    takes: dict[str, list[Take]] = {}
    unused = []
    for number, view, finding in photos:
        if view is not None and view not in TOLD:
            unused.append(Unused(number, NOT_READ, view))
        elif view is not None:
            takes.setdefault(view, []).append(Take(number, view, None, read[number], finding))
    unnamed = [(number, finding) for number, view, finding in photos if view is None]
    if unnamed and bundle.movements is None:
        unused += [Unused(number, NOT_TOLD) for number, _ in unnamed]
    elif unnamed and bundle.movements is not None:
        known = takes.get("rest", [])
        values = [read[number].values[0] for number, _ in unnamed] + [take.photo.values[0] for take in known[:1]]
        logs = recognise(np.stack(values), bundle.movements, len(unnamed) if known else None)[: len(unnamed)]
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        for (number, finding), row in zip(unnamed, shares, strict=True):
            view, share = list(TOLD)[int(row.argmax())], float(row.max())
            if share < SURE:
                unused.append(Unused(number, NOT_SURE, view, share))
            else:
                takes.setdefault(view, []).append(Take(number, view, share, read[number], finding))
    return {view: takes[view] for view in TOLD if view in takes}, unused


def photo_numbers(takes: Mapping[str, Sequence[Take]], scale: float, bundle: Bundle) -> Numbers:
    """Return a visit's numbers from its photos; a movement's n-th take is held against the n-th photo at rest, or the
    last.
    """
    found: Numbers = {}
    resting = takes.get("rest", ())
    for take in resting:
        for place, number in differences_at_rest(take.photo, scale, bundle, iris=0.0).items():
            _put(found, Quantity(f"{place}_difference", "rest", "", "mm"), number, healthy_difference(place, bundle))
    for movement in MEASURED:
        for n, take in enumerate(takes.get(movement, ())):
            rest = resting[min(n, len(resting) - 1)].photo if resting else None
            row = excursion_row(movement, take.photo, rest, scale, bundle, iris=0.0)
            if row["note"] != NO_REST:
                _put_excursions(found, movement, row, lambda number: number)
    return found


def video_numbers(findings: Sequence[Finding], scale: float, bundle: Bundle) -> Numbers:
    """Return a visit's numbers from its videos; each time that a movement is made is a take."""
    found: Numbers = {}
    for finding in findings:
        reading = finding.video
        motion = None if reading is None else reading.motion
        if reading is None or motion is None:
            continue
        if np.isfinite(motion.rest).all():
            for place, (channel, _) in RESTING.items():
                ends = [CHANNELS.index(f"{channel}_{side}") for side in SIDES]
                value = float(motion.rest[ends[0]] - motion.rest[ends[1]]) * scale
                noise = float(np.hypot(*motion.noise[ends])) * scale
                quantity = Quantity(f"{place}_difference", f"{VIDEO}rest", "", "mm")
                _put(found, quantity, {"value": value, "error": noise}, healthy_difference(place, bundle))
        grown = scale / motion.scale if motion.scale else 1.0

        def without_iris(number: dict[str, Any], grown: float = grown) -> dict[str, Any]:
            value, error = number["value"], number["error"]
            noise = math.sqrt(max(error**2 - (IRIS_SPREAD * value) ** 2, 0.0))
            return {"value": grown * value, "error": grown * noise}

        for event in reading.events:
            if event["excursion_mm"] is not None:
                _put_excursions(found, f"{VIDEO}{event['movement']}", event, without_iris)
        if finding.status == "judged" and finding.logit is not None:
            quantity = Quantity("log_odds", f"{VIDEO}{SET}", "", "1")
            _put(found, quantity, {"value": finding.logit, "error": finding.logit_error}, None)
    return found


def set_numbers(takes: Mapping[str, Sequence[Take]], views: Sequence[str], bundle: Bundle) -> Numbers:
    """Return what the views together say, one take for each time that all of them are there: log odds and severity."""
    found: Numbers = {}
    model = bundle.photo_set
    if model is None or not views or not set(views) <= set(takes):
        return found
    for n in range(min(len(takes[view]) for view in views)):
        each = {view: takes[view][n].finding for view in views}
        answers = {view: finding.answers or {} for view, finding in each.items()}
        said = {view: (answers[view], each[view].logit_error or 0.0) for view in views}
        odds, error = set_log_odds(model, said)
        _put(found, Quantity("log_odds", SET, "", "1"), {"value": odds, "error": error}, None)
        if all("severity" in answer for answer in answers.values()):
            noises = [_severity_noise(finding.face, bundle) for finding in each.values() if finding.face is not None]
            value = float(np.mean([float(answer["severity"]) for answer in answers.values()]))
            noise = None if None in noises else math.sqrt(sum(float(n or 0) ** 2 for n in noises)) / len(noises)
            _put(found, Quantity("severity", SET, "", "1"), {"value": value, "error": noise}, None)
    return found


def healthy_difference(place: str, bundle: Bundle) -> tuple[float, float] | None:
    """Return the range about 0 that 95 % of healthy people's difference at rest lies in, mm."""
    column = bundle.reference.quantiles.get(RESTING[place][1])
    if column is None:
        return None
    from facialis.detection.reference import LEVELS

    most = float(column[LEVELS.index(0.95)])
    return -most, most


def _severity_noise(face: Face, bundle: Bundle) -> float | None:
    """Return the standard deviation of what the graph says of severity by the landmarks' noise."""
    if not set(bundle.inputs) <= {"landmarks", "transform"}:
        return None
    copies = noisy_copies(face.landmarks, face.interocular_px, float(head_pose(face.transform)[0]))
    transforms = np.broadcast_to(face.transform, (len(copies), 4, 4))
    answers = bundle.answers(landmarks=copies, transform=transforms)
    values: NDArray[np.float64] | None = answers.get("severity")
    return None if values is None else float(spread(values.reshape(len(copies), -1)[:, 0]))


def _put(found: Numbers, quantity: Quantity, number: Mapping[str, Any], healthy: tuple[float, float] | None) -> None:
    found.setdefault(quantity, []).append(Read(float(number["value"]), number["error"], healthy))


def _put_excursions(found: Numbers, view: str, row: Mapping[str, Any], as_read: Any) -> None:
    healthy = row["healthy_excursion_mm"]
    share, of_ratio = EFFORT[view.removeprefix(VIDEO)]
    for side in SIDES:
        quantity, number = Quantity("excursion", view, side, "mm"), as_read(row["excursion_mm"][side])
        number = {"value": number["value"], "error": math.hypot(number["error"], share * number["value"])}
        _put(found, quantity, number, None if healthy is None else tuple(healthy))
    ratio = row["ratio"]
    if ratio is not None:
        reference = ratio["reference"]
        number = {"value": ratio["value"], "error": math.hypot(ratio["error"], of_ratio)}
        _put(found, Quantity("ratio", view, "", "1"), number, None if reference is None else tuple(reference))
