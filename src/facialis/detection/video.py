"""One person's face through a video: followed, judged several times a second, and its movements measured."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.excursions import Motion, measure_event
from facialis.detection.finding import Finding
from facialis.detection.millimetres import iris_scale
from facialis.detection.number_errors import noisy_copies, spread
from facialis.detection.prompts import Prompts
from facialis.detection.video_finding import whole_finding
from facialis.detection.video_reading import VideoReading
from facialis.errors import PictureError
from facialis.faces.face import Face
from facialis.faces.following import Follower, Person
from facialis.faces.geometry import head_pose, undo_pose
from facialis.faces.quality import NO_FACE
from facialis.faces.videos import VideoFrame
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.movements import MEASURED, Event, find_events, rest_of
from facialis.modalities.trajectories import CHANNELS, channels

if TYPE_CHECKING:
    from facialis.detection.detector import Detector, FaceChoice

JUDGED_RATE = 6.0
"""Frames a second that are judged; all that are read are measured."""
SAID = ("logits", "side", "regions", "severity")
"""What of a frame's answers the finding on the whole video is made of."""
OTHERS = 0.5
"""Two people are about equally in view where one's presence is this share of the other's, or more."""
TURNED = 12.0
"""Degrees of yaw or pitch away from the sequence's own middle beyond which nothing is measured: what the
landmarker makes of a turned head would pass for movement."""
LONGEST_GAP = 0.5
"""Seconds without the face that are reported."""


@dataclasses.dataclass(frozen=True)
class VideoOptions:
    """How videos are read.

    Attributes
    ----------
    rate : frames a second that are read and measured; six of them are judged.
    prompts : when which movement was asked for.
    seconds : how long a camera is watched.
    progress : whether a bar counts the frames.
    """

    rate: float = 30.0
    prompts: Prompts | None = None
    seconds: float = 20.0
    progress: bool = False


class _Track:
    """What is kept of a person, frame by frame: about 120 bytes a frame, and a finding for each that was judged."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.rows: list[int] = []
        self.values: list[NDArray[np.float32]] = []
        self.scales: list[float] = []
        self.poses: list[tuple[float, float]] = []
        self.yaw = 0.0
        self.face: Face | None = None  # the last that was judged fit: the landmarks' noise is taken for it
        self.findings: dict[int, Finding] = {}

    def take(self, row: int, face: Face) -> None:
        frontal = undo_pose(face.landmarks.astype(np.float64), face.transform)[None]
        self.rows.append(row)
        self.values.append(channels(frontal)[0].astype(np.float32))
        self.scales.append(float(iris_scale(in_iris_frame(frontal))[0]))
        yaw, pitch, _ = head_pose(face.transform)
        self.poses.append((float(yaw), float(pitch)))
        self.face = self.face or face

    def judged(self, row: int, finding: Finding) -> None:
        if finding.status == "judged" and finding.quality is not None:
            self.face, self.yaw = finding.face, finding.quality.yaw
        said = finding.answers and {name: finding.answers[name] for name in SAID if name in finding.answers}
        # what is large is dropped: a long video would fill the memory with landmarks
        self.findings[row] = dataclasses.replace(finding, face=None, second_face=None, numbers=None, answers=said)


def detect_frames(
    detector: Detector,
    frames: Iterable[VideoFrame],
    source: str,
    *,
    choice: FaceChoice = "only",
    prompts: Sequence[Event] = (),
) -> list[Finding]:
    """Judge a video's frames: findings on the followed person's judged frames, then one on the whole.

    With the choice ``all`` these of everybody, one person after the other. A video that breaks off gives its good
    frames, and the finding on the whole has the status ``error``.

    Parameters
    ----------
    frames : in order; each is dropped once it is measured.
    prompts : movements that were asked for, in order of time; none: they are found.
    """
    follower, tracks = Follower(), dict[int, _Track]()
    clocks: list[float] = []
    numbers: list[int] = []
    due: list[int] = []
    broken: str | None = None
    try:
        for frame in frames:
            # without times frames count as 25 a second; a time that stands still still goes on
            last = clocks[-1] if clocks else -1.0
            time = frame.time if frame.time is not None else frame.index / 25
            time = max(time, last + 1e-3)
            row = len(clocks)
            clocks.append(time)
            numbers.append(frame.index)
            judging = not due or int(time * JUDGED_RATE + 0.1) > int(clocks[due[-1]] * JUDGED_RATE + 0.1)
            if judging:
                due.append(row)
            faces = detector.landmarker.detect(frame.rgb)
            for face, owner in zip(faces, follower.follow(faces, frame.rgb, time), strict=True):
                track = tracks.setdefault(owner.number, _Track(owner))
                track.take(row, face)
                if judging:
                    finding = detector.judge(face, frame.rgb, source=source, twice=detector.careful)
                    track.judged(row, dataclasses.replace(finding, frame=frame.index, time=frame.time))
    except PictureError as error:
        broken = str(error)
    times = np.array(clocks)
    people = tuple(_row_of(person) for person in follower.people)
    ranked = sorted(follower.people, key=lambda person: -person.presence)
    wanted, why_not = _chosen(ranked, choice)
    base = Finding(source, "abstained", detector.model, prevalence=detector.prevalence)
    findings: list[Finding] = []
    nobody: list[tuple[int | None, Person | None]] = [(None, None)]
    for number, person in wanted or nobody:
        followed = tracks[person.number] if person is not None else None
        empty = dataclasses.replace(base, reasons=(why_not or NO_FACE,))
        own = [
            (followed.findings if followed else {}).get(row)
            or dataclasses.replace(empty, frame=numbers[row], time=clocks[row])
            for row in due
        ]
        own = [dataclasses.replace(finding, face_number=number) for finding in own]
        reading, events = _read(detector, followed, times, np.array(numbers, dtype=np.int64), people, prompts)
        whole = whole_finding(detector, own, reading.motion, events, source, broken=broken, why_not=why_not)
        shares = tuple((clocks[row], finding.probability) for row, finding in zip(due, own, strict=True))
        reading = dataclasses.replace(
            reading, probabilities=shares, finding_from=whole.made_of, threshold=whole.threshold
        )
        findings += [*own, dataclasses.replace(whole.finding, face_number=number, video=reading)]
    return findings


def _chosen(ranked: list[Person], choice: FaceChoice) -> tuple[list[tuple[int | None, Person]], str | None]:
    """Return whom to judge, with the number to name them by, or why nobody."""
    if not ranked:
        return [], None
    if choice == "all":
        return list(enumerate(ranked, 1)), None
    if choice == "only":
        if len(ranked) > 1 and ranked[1].presence >= OTHERS * ranked[0].presence:
            return [], f"{len(ranked)} people in it, two of them about equally in view: choose one with --face"
        return [(None, ranked[0])], None
    number = choice if isinstance(choice, int) else 1
    if number > len(ranked):
        return [], f"no face {number}: {len(ranked)} found"
    return [(number, ranked[number - 1])], None


def _row_of(person: Person) -> dict[str, Any]:
    return {
        "number": person.number, "frames": person.frames, "from": round(person.first, 3), "to": round(person.last, 3),
        "interocular_px": round(person.presence / person.frames, 1),
    }  # fmt: skip


def _read(
    detector: Detector,
    track: _Track | None,
    times: NDArray[np.float64],
    numbers: NDArray[np.int64],
    people: tuple[dict[str, Any], ...],
    prompts: Sequence[Event],
) -> tuple[VideoReading, list[Event]]:
    """Return what the video shows of a person, and the movements that were asked for or found."""
    seconds = float(times[-1] - times[0]) if len(times) else 0.0
    if track is None or track.face is None:
        return VideoReading(len(times), seconds, None, people, (), 0.0, (), None, ()), []
    values = np.full((len(times), len(CHANNELS)), np.nan)
    turned = np.abs(track.poses - np.median(track.poses, axis=0)).max(axis=1) > TURNED
    values[track.rows] = np.where(turned[:, None], np.nan, track.values)
    copies = noisy_copies(track.face.landmarks, track.face.interocular_px, track.yaw)
    transforms = np.broadcast_to(track.face.transform, (len(copies), 4, 4))
    found = channels(undo_pose(copies.astype(np.float64), transforms))
    model = detector.bundle.movements
    asked = [event for event in prompts if event.movement in MEASURED]
    rest = _rest(values, times, prompts) if model is None else rest_of(values, model)
    motion = Motion(times, values, numbers, rest, spread(found), float(np.median(track.scales)), found[1:] - found[0])
    events = asked or ([] if model is None else find_events(values, times, rest, model))
    measured = [
        measure_event(motion, event, None if model is None else model.reference.get(event.movement)) for event in events
    ]
    # what was found, but is below the noise once it is measured, is no movement
    rows = tuple(row for row in measured if row["by"] == "prompt" or row["ratio"] is not None)
    reading = VideoReading(
        len(times),
        seconds,
        track.person.number,
        people,
        _gaps(times, np.array(track.rows)),
        float(turned.mean()),
        (),
        motion,
        rows,
    )
    return reading, events


def _rest(values: NDArray[np.float64], times: NDArray[np.float64], prompts: Sequence[Event]) -> NDArray[np.float64]:
    """Return the face at rest by the prompts: while rest was asked for, else between the movements."""
    seen = np.isfinite(values).all(axis=1)
    resting = [event for event in prompts if event.movement == "rest"]
    within = [(times >= event.start) & (times <= event.end) for event in resting or prompts]
    rows = seen & (np.any(within, axis=0) == bool(resting)) if within else seen
    rows = rows if rows.any() else seen
    return np.asarray(np.median(values[rows], axis=0)) if rows.any() else np.full(values.shape[1], np.nan)


def _gaps(times: NDArray[np.float64], rows: NDArray[np.intp]) -> tuple[tuple[float, float], ...]:
    ends = np.concatenate([[times[0]], times[rows], [times[-1]]])
    return tuple((round(float(a), 3), round(float(b), 3)) for a, b in itertools.pairwise(ends) if b - a > LONGEST_GAP)
