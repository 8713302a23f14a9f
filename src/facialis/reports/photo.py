"""The report on one photo: a page that a clinician can read, print and share."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.detection.explanation_words import sentences
from facialis.detection.finding import Finding
from facialis.faces.asset_table import ASSETS
from facialis.faces.quality import SEVERAL_FACES, Limits
from facialis.reports import photo_rows as rows
from facialis.reports.card_in_short import card_lines
from facialis.reports.composites import SIZE
from facialis.reports.drawing import as_jpeg, contours, embedded, in_cut
from facialis.reports.ghost import explanation_parts
from facialis.reports.photo_entries import Entry
from facialis.reports.templating import page_environment
from facialis.words import Words, words
from facialis.words.known import translated

MOST_MEASURES = 5
"""That are shown at once."""
MOST_SEEN = 3
"""Sentences on what was seen, the most unusual first."""


def render_photos(
    entries: Sequence[Entry], bundle: Bundle, *, language: str = "en", photos: bool = True, names: bool = False
) -> str:
    """Return the page as text.

    Parameters
    ----------
    photos : whether the pictures themselves are shown, or only the drawings of their landmarks.
    names : whether the titles are file names, which the page then says.
    """
    say = words(language)
    several = len({entry.title for entry in entries}) != 1
    return (
        page_environment()
        .get_template("photo.html")
        .render(
            say=say,
            title=say("report.title_several") if several else say("report.title"),
            items=[_item(entry, bundle, say, photos) for entry in entries],
            known=rows.reference_words(bundle, say),
            card=card_lines(bundle, say),
            hashes=[
                say("report.photo_hash", photo=entry.title, hash=entry.digest[:16]) for entry in entries if entry.digest
            ],
            versions=say(
                "report.versions_text",
                version=__version__,
                bundle=bundle.hash,
                landmarker=_landmarker(entries),
                asset=ASSETS["face_landmarker"].sha256,
                date=datetime.date.today().isoformat(),
            ),
            privacy=[
                say("report.privacy_photos" if photos else "report.privacy_drawings"),
                say("report.privacy_names" if names else "report.privacy_left_out"),
            ],
            composite_size=SIZE,
        )
    )


def _landmarker(entries: Sequence[Entry]) -> str:
    return next((e.finding.face.detector for e in entries if e.finding.face is not None), "mediapipe-face-landmarker")


def _item(entry: Entry, bundle: Bundle, say: Words, photos: bool) -> dict[str, Any]:
    finding = entry.finding
    judged = finding.status == "judged"
    number = finding.face_number
    lengths = rows.length_rows(finding, say)
    return {
        "title": entry.title + ("" if number is None else f", {say('report.face', number=number)}"),
        "status": finding.status,
        "answer": _answer(entry, say),
        "uncertain": bool(finding.uncertain),
        "palsy": finding.label == "palsy",
        "reasons": [translated(reason, say) for reason in finding.reasons],
        "forced": finding.forced,
        "probability": rows.probability_row(finding, bundle, say) if judged else None,
        "lines": _lines(entry, bundle, say) if judged else [],
        "seen": sentences(finding, bundle.reference, say)[:MOST_SEEN] if judged else (),
        "regions": rows.region_rows(finding, entry.errors, say) if judged and finding.side is not None else [],
        "quality": _quality(finding, say),
        "moved": say("report.moved", n=len(entry.moved), points=", ".join(map(str, sorted(entry.moved))))
        if entry.moved
        else "",
        "better": say("report.better_photo", least=say.number(Limits().interocular_px, 0)),
        "figure": _figure(entry, say, photos),
        "not_shown": SEVERAL_FACES in finding.reasons,
        "lengths": lengths,
        "known": any(row["bar"] is not None for row in lengths),
        "measures": rows.measure_rows(finding, bundle, entry.explanation, say),
        "most": MOST_MEASURES,
        "explanation": None
        if entry.explanation is None
        else explanation_parts(entry.explanation, finding.face, entry.picture, say),
        "unexplained": say("report.no_explanation", reason=entry.unexplained) if entry.unexplained else "",
        "composites": [
            {
                "name": say(f"report.composite.{half.name}"),
                "image": None if half.rgb is None else embedded(as_jpeg(half.rgb)),
                "outline": contours(half.points) if half.rgb is None else "",
            }
            for half in entry.halves
        ],
    }


def _answer(entry: Entry, say: Words) -> str:
    finding = entry.finding
    if finding.status != "judged":
        return say("report.not_read" if finding.status == "error" else "report.not_judged")
    kind = "palsy" if finding.label == "palsy" else "none"
    answer = say(f"report.{'uncertain' if finding.uncertain else 'answer'}_{kind}")
    side = _side(entry)
    if finding.label == "palsy" and side is not None and side.told:
        return say("report.answer_side", answer=answer, side=say(f"side.{finding.side}"))
    return answer


class _Side(NamedTuple):
    """The probability of the weaker side with its interval, and whether the interval leaves it told."""

    share: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        return self.low > 0.5


def _side(entry: Entry) -> _Side | None:
    share = entry.finding.side_probability
    if share is None:
        return None
    return _Side(share, *rows.interval_of(rows.log_odds(min(share, 1 - 1e-9)), _first(entry.errors, "side")))


def _lines(entry: Entry, bundle: Bundle, say: Words) -> list[str]:
    """Return what is said of side and severity, or of what was seen where no palsy is called."""
    finding, errors, lines = entry.finding, entry.errors, []
    side = _side(entry)
    if side is not None:
        share = rows.with_range((rows.share_text(share, say) for share in side), say, "report.side_range")
        key = "report.side" if side.told else "report.side_open"
        lines.append(say(key, side=say(f"side.{finding.side}"), share=share))
    elif finding.label == "palsy":
        lines.append(say("report.no_side"))
    if finding.side is not None and finding.severity is not None:
        key = "report.severity_simulated" if bundle.card.trained_on["simulated"] else "report.severity"
        error = say.number(_first(errors, "severity") or 0.0, 2)
        lines.append(say(key, value=say.number(finding.severity, 2), error=error))
    if finding.label != "palsy" or finding.uncertain:
        lines.append(say("report.more_views"))
    return lines


def _first(errors: Mapping[str, NDArray[np.float64]], name: str) -> float | None:
    return float(errors[name]) if name in errors else None


def _quality(finding: Finding, say: Words) -> str:
    if finding.quality is None:
        return ""
    limits, found = Limits(), finding.quality
    text = say(
        "report.quality",
        iod=say.number(found.interocular_px, 0),
        least=say.number(limits.interocular_px, 0),
        yaw=say.number(found.yaw, 0),
        pitch=say.number(found.pitch, 0),
        roll=say.number(found.roll, 0),
        limit=say.number(max(limits.yaw, limits.pitch), 0),
    )
    return f"{text} {say('report.looked_twice')}" if finding.looked_twice else text


def _figure(entry: Entry, say: Words, photos: bool) -> dict[str, Any] | None:
    """Return the picture with its contours, or the drawing of them alone."""
    picture, face = entry.picture, entry.finding.face
    if picture is None or face is None:
        return None
    key = "alt_photo" if photos else "alt_drawing"
    return {
        "image": embedded(picture.jpeg) if photos else None,
        "size": picture.size,
        "outline": contours(in_cut(face.landmarks, picture)),
        "alt": say(f"report.{key}"),
    }
