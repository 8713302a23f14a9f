"""Findings as one self-contained page: faces with landmarks drawn, probability, what speaks most, the model's card."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from facialis import __version__
from facialis.detection.attribution_methods import shapley
from facialis.detection.batch import FacePicture
from facialis.detection.bundle import Bundle
from facialis.detection.explanation_trials import game_of
from facialis.detection.finding import Finding
from facialis.detection.millimetres import DEVIATIONS, LENGTHS
from facialis.detection.video_reading import VideoReading
from facialis.faces.landmarks import Face
from facialis.faces.sources import display_name, is_video, without_name
from facialis.files import write_text
from facialis.modalities.asymmetry import without_sign
from facialis.modalities.measures import MEASURES
from facialis.reports.drawing import contours, embedded, in_cut
from facialis.reports.templating import page_environment
from facialis.reports.timeline import described, named, timeline
from facialis.words import words

NOTICE = "Research use; not a medical device."
MAX_PICTURES = 200
"""Pictures embedded in one page; findings beyond them stand in the page without their picture."""


@dataclass(frozen=True)
class Entry:
    """A finding on the page: its title, the face cut out of its picture where there is one, and of a video the faces at
    the apex of its movements by number of the frame.
    """

    title: str
    finding: Finding
    picture: FacePicture | None = None
    apexes: Mapping[int, FacePicture] = field(default_factory=dict)


def entry_of(
    finding: Finding, picture: FacePicture | None, apexes: Mapping[int, FacePicture], *, number: int, names: bool
) -> Entry:
    """Return what the page shows of a file's finding; without `names` the file has its number, and its name nowhere."""
    if names:
        return Entry(os.path.basename(finding.source) or finding.source, finding, picture, apexes)
    video = finding.video is not None or is_video(finding.source)
    reasons = tuple(without_name(reason, finding.source) for reason in finding.reasons)
    title = words("en")("report.video" if video else "report.photo", number=number)
    return Entry(title, dataclasses.replace(finding, reasons=reasons), picture, apexes)


def write_report(path: Path | str, entries: Sequence[Entry], bundle: Bundle, **options: Any) -> None:
    """Write findings as one HTML file that needs nothing beside it; atomically.

    Raises
    ------
    FacialisError
        The file cannot be written.
    """
    write_text(path, render_report(entries, bundle, **options))


def render_report(
    entries: Sequence[Entry], bundle: Bundle, *, next_steps: Sequence[str] = (), names: bool = False
) -> str:
    """Return the page as text.

    Parameters
    ----------
    next_steps : commands to run next.
    names : whether the titles are file names, which the page then says.
    """
    environment = page_environment()
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    template = environment.get_template("findings.html")
    counts = {status: sum(e.finding.status == status for e in entries) for status in ("judged", "abstained", "error")}
    embedded = 0
    items = []
    for entry in entries:
        picture = entry.picture if embedded < MAX_PICTURES else None
        embedded += picture is not None
        items.append(_item(entry, picture, bundle))
    return template.render(
        items=items,
        counts=counts,
        called=sum(e.finding.label == "palsy" for e in entries),
        card=bundle.card,
        bundle_hash=bundle.hash,
        reads=bundle.inputs,
        notice=NOTICE,
        privacy=words("en")("report.privacy_names" if names else "report.privacy_left_out"),
        version=__version__,
        today=datetime.date.today().isoformat(),
        next_steps=next_steps,
        pictures_left_out=max(0, sum(e.picture is not None for e in entries) - MAX_PICTURES),
    )


def speaking_measures(finding: Finding, bundle: Bundle, *, most: int = 6) -> list[dict[str, Any]]:
    """Return the measures that move a finding most, strongest first, as rows for a table.

    ``share`` is by how much the measure moved the log odds from those of the healthy median face (Shapley value; see
    `facialis.detection.explain`). None where the bundle's label reads more than the measures.
    """
    if finding.measures is None or not bundle.by_measures:
        return []
    shares = shapley(game_of(bundle, finding.measures[None]))[0]
    quantiles = bundle.card.reference["quantiles"]
    definition = bundle.card.input["definition"]
    sizes = without_sign(finding.measures, definition)
    order = sorted(np.flatnonzero(shares).tolist(), key=lambda i: -abs(float(shares[i])))
    return [
        {
            "name": f"f{i} {MEASURES[i].clinical_name}",
            "region": MEASURES[i].region.replace("_", " and " if MEASURES[i].region == "nose_cheek" else " "),
            "format": {"deg": "%.1f°", "slope": "%.3f"}.get(MEASURES[i].unit, "%.2f"),
            "value": float(sizes[i]),
            "error": _error(finding, MEASURES[i].name),
            "low": quantiles["0.025"][i],
            "median": quantiles["0.5"][i],
            "high": quantiles["0.975"][i],
            "symmetric": MEASURES[i].symmetric[definition],
            "share": float(shares[i]),
        }
        for i in order[:most]
    ]


def _error(finding: Finding, name: str) -> float | None:
    number = (finding.numbers or {}).get("measures", {}).get(name)
    return None if number is None else number.error


def lengths(finding: Finding) -> list[dict[str, Any]]:
    """Return the lengths in millimetres as rows: both sides, their difference and its healthy range, with errors."""
    table = (finding.numbers or {}).get("millimetres", {})
    return [
        {
            "name": name.replace("_", " "),
            "right": table.get(f"{name}_subject_right"),
            "left": table.get(f"{name}_subject_left"),
            "difference": table[name] if name in table else table[f"{name}_difference"],
        }
        for name in (*LENGTHS, *DEVIATIONS)
        if table
    ]


def _item(entry: Entry, picture: FacePicture | None, bundle: Bundle) -> dict[str, Any]:
    finding = entry.finding
    return {
        "title": display_name(entry.title),
        "finding": finding,
        "where": [f"frame {finding.frame}"] * (finding.frame is not None)
        + [f"face {finding.face_number}"] * (finding.face_number is not None),
        "probability": finding.probability,
        "threshold": (finding.video and finding.video.threshold) or bundle.card.threshold,
        "made_of": finding.video and finding.video.finding_from,
        "measures": speaking_measures(finding, bundle),
        "lengths": lengths(finding),
        "quality": None if finding.quality is None else finding.quality.as_dict(),
        "video": None if finding.video is None else _video(finding.video, entry.apexes, bundle),
        "image": None if picture is None else embedded(picture.jpeg),
        "size": None if picture is None else picture.size,
        "outline": "" if picture is None or finding.face is None else contours(in_cut(finding.face.landmarks, picture)),
        "points": [] if picture is None or finding.face is None else list(_points(finding.face, picture)),
    }


def _video(reading: VideoReading, apexes: Mapping[int, FacePicture], bundle: Bundle) -> dict[str, Any]:
    """Return what a video's part of the page shows: the timeline, the movements, and their faces at the apex."""
    faces = [
        {
            "title": f"{named(event)}, {event['apex']:.1f} s",
            "image": embedded(apexes[event["frame"]].jpeg),
        }
        for event in reading.events
        if event["frame"] in apexes
    ]
    return {
        "reading": reading,
        "timeline": timeline(reading, threshold=bundle.card.threshold),
        "alt": described(reading),
        "events": [event | {"name": named(event)} for event in reading.events],
        "faces": faces,
    }


def _points(face: Face, picture: FacePicture) -> Iterable[tuple[float, float]]:
    """Yield the landmarks in the pixels of the cut-out picture."""
    for x, y in in_cut(face.landmarks, picture):
        yield round(float(x), 1), round(float(y), 1)
