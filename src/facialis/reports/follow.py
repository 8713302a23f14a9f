"""One person over dates as a page."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.detection.changes import Change, Curve
from facialis.detection.follow import Course
from facialis.detection.odds import sigmoid
from facialis.detection.takes import SET, VIDEO, Quantity
from facialis.files import write_text
from facialis.reports.curves import HEIGHT, WIDTH, drawing
from facialis.reports.drawing import contours
from facialis.reports.left_out import left_out_lines
from facialis.reports.levelled import HEIGHT as FACE_HEIGHT
from facialis.reports.levelled import WIDTH as FACE_WIDTH
from facialis.reports.templating import page_environment
from facialis.words import Words, words

MOST_FACES = 24


@dataclass(frozen=True)
class VisitFace:
    """A face that stands for a visit: the levelled photo as a JPEG (None: landmarks only), its points, its view."""

    jpeg: bytes | None
    points: NDArray[Any]
    view: str


@dataclass(frozen=True)
class Followed:
    """All that the page shows.

    Attributes
    ----------
    title : what the person is called.
    names : what each photo and video is called, by number.
    left_out : (what it is called, why: a key of the words) of what has no date.
    faces : of some visits.
    by_camera : how many dates are the camera's.
    """

    title: str
    course: Course
    names: Mapping[int, str]
    left_out: Sequence[tuple[str, str]]
    faces: Mapping[datetime.date, VisitFace]
    by_camera: int


def write_follow(path: Path | str, followed: Followed, bundle: Bundle, **options: Any) -> None:
    """Write `render_follow` as one file, atomically."""
    write_text(path, render_follow(followed, bundle, **options))


def render_follow(
    followed: Followed, bundle: Bundle, *, language: str = "en", photos: bool = True, names: bool = False
) -> str:
    """Return the page.

    Parameters
    ----------
    language : of `facialis.words`.
    photos : whether the faces' photos are there (the page says what it holds).
    names : whether files stand by their names (likewise).
    """
    say, course = words(language), followed.course
    simulated = "simulated" in bundle.reference.of_whom
    dates = [visit.date for visit in course.visits]
    return (
        page_environment()
        .get_template("follow.html")
        .render(
            say=say,
            title=followed.title,
            summary=_summary(followed, say),
            notes=_notes(followed, bundle, say),
            score=_score(course, say),
            faces=[_face(date, face, say) for date, face in followed.faces.items()],
            faces_some=len(followed.faces) < len(dates) and bool(followed.faces),
            n_visits=len(dates),
            face_size=(FACE_WIDTH, FACE_HEIGHT),
            size=(WIDTH, HEIGHT),
            groups=_groups(course.curves, dates, say),
            change_note=say(
                "follow.change_note",
                n=course.comparisons,
                real=course.count("real"),
                chance=say.number(course.by_chance, 0 if course.by_chance >= 3 else 1),
                firm=course.count("real", firm=True),
            ),
            changes=[_change_row(curve, say) for curve in course.curves if len(curve.points) > 1],
            errors=[_error_row(curve, say) for curve in course.curves],
            healthy=say("follow.healthy_simulated" if simulated else "follow.healthy_column"),
            healthy_note=say("follow.healthy_note", rest=f"{bundle.reference.n} {bundle.reference.of_whom}"),
            left_out=left_out_lines(course, followed.names, followed.left_out, say),
            recognised=_recognised(followed, say),
            privacy=[say("follow.privacy_photos" if photos else "follow.privacy_drawings")]
            + [say("follow.privacy_names")] * names,
            made=say(
                "follow.model",
                model=f"{bundle.card.name} {bundle.hash[:12]}",
                version=__version__,
                date=datetime.date.today().isoformat(),
            ),
        )
    )


def name_of(quantity: Quantity, say: Words, *, sided: bool = True) -> str:
    """Return what a quantity is called."""
    view = quantity.view.removeprefix(VIDEO)
    shown = "" if view in (SET, "rest") else say(f"view.{view}")
    name = say(f"follow.quantity.{quantity.name}", view=shown)
    name = name[:1].upper() + name[1:]
    if quantity.view != view:
        name = say("follow.quantity.in_video", name=name)
    return (
        say("follow.quantity.side", name=name, side=say(f"side.{quantity.side}")) if sided and quantity.side else name
    )


def _summary(followed: Followed, say: Words) -> list[str]:
    visits = followed.course.visits
    used = sum(sum(map(len, visit.takes.values())) + len(visit.videos) for visit in visits)
    lines = [
        say(
            "follow.summary",
            visits=len(visits),
            first=visits[0].date,
            last=visits[-1].date,
            used=used,
            all=len(followed.names) + len(followed.left_out),
        )
    ]
    lines += [say("follow.one_visit")] * (len(visits) == 1)
    return lines + [say("follow.nothing")] * (not followed.course.curves)


def _notes(followed: Followed, bundle: Bundle, say: Words) -> list[str]:
    """Return what has to be known before the curves are read."""
    visits, notes = followed.course.visits, []
    strange = [visit.date.isoformat() for visit in visits if visit.stranger]
    if strange:
        notes.append(say("follow.strangers", dates=", ".join(strange)))
    if bundle.photo_set is None:
        notes.append(say("follow.no_set", name=bundle.card.name))
    if bundle.movements is None:
        notes.append(say("follow.no_movements", name=bundle.card.name))
    if any(curve.quantity.name.endswith("_difference") and curve.healthy is None for curve in followed.course.curves):
        notes.append(say("follow.no_resting", name=bundle.card.name))
    repeated: dict[tuple[str, ...], list[str]] = {}
    for visit in visits:
        if visit.repeated:
            repeated.setdefault(visit.repeated, []).append(visit.date.isoformat())
    if repeated:
        told = [f"{', '.join(say(f'view.{v}') for v in of)} ({_some(dates, say)})" for of, dates in repeated.items()]
        notes.append(say("follow.same_date", visits="; ".join(told)))
    if followed.by_camera:
        notes.append(say("follow.dated_by_camera", count=followed.by_camera))
    return notes


def _some(dates: Sequence[str], say: Words) -> str:
    return ", ".join(dates) if len(dates) <= 3 else say("follow.visits", number=len(dates))


def _score(course: Course, say: Words) -> list[str]:
    curve = next((c for c in course.curves if (c.quantity.name, c.quantity.view) == ("log_odds", SET)), None)
    if curve is None:
        return []
    lines = []
    for point in dict.fromkeys((curve.points[0], curve.points[-1])):
        low, high = (sigmoid(point.value + end * 1.96 * (point.error or 0.0)) for end in (-1, 1))
        shares = {
            name: say.percent(p, 1) for name, p in (("share", sigmoid(point.value)), ("low", low), ("high", high))
        }
        lines.append(say("follow.score_line", date=point.date, **shares))
    views = ", ".join(say(f"view.{view}") for view in course.score_views)
    return [*lines, say("follow.score_of", views=views)]


def _face(date: datetime.date, face: VisitFace, say: Words) -> dict[str, Any]:
    view = say(f"view.{face.view}")
    return {
        "date": date.isoformat(),
        "view": view,
        "image": None if face.jpeg is None else base64.b64encode(face.jpeg).decode(),
        "outline": contours(face.points),
        "alt": say("follow.alt_face" if face.jpeg else "follow.alt_outline", date=date, view=view),
    }


def _groups(curves: Sequence[Curve], dates: Sequence[datetime.date], say: Words) -> list[dict[str, Any]]:
    """Return the drawings by their headings: the score, each region, and what is from videos."""
    panels: dict[tuple[str, str, str], list[Curve]] = {}
    for curve in curves:
        panels.setdefault((curve.quantity.view, curve.quantity.name, curve.quantity.region), []).append(curve)
    groups: dict[str, list[dict[str, Any]]] = {}
    for (view, _, region), both in panels.items():
        heading = "follow.videos" if view.startswith(VIDEO) else f"region.{region}" if region else "follow.score"
        name = name_of(both[0].quantity, say, sided=False)
        decimals = _decimals(both[0])
        alts = []
        for curve in both:
            points = ", ".join(
                say("follow.alt_point", date=p.date, value=say.number(p.value, decimals))
                + (f" ({say('follow.firm' if p.first.firm else 'follow.real')})"
                   if p.first is not None and p.first.called == "real" else "")
                for p in curve.points
            )  # fmt: skip
            alts.append(say("follow.alt_curve", name=name_of(curve.quantity, say), points=points))
        made = drawing(both, dates)
        made["ticks"] = [(y, say.number(tick, made["decimals"])) for y, tick in made["ticks"]]
        unit = both[0].quantity.unit
        groups.setdefault(heading, []).append(
            made | {"name": name + (f", {unit}" if unit != "1" else ""), "alt": "; ".join(alts), "two": len(both) > 1}
        )
    return [{"title": (t := say(h))[:1].upper() + t[1:], "panels": own} for h, own in groups.items()]


def _decimals(curve: Curve) -> int:
    return 1 if curve.quantity.unit == "mm" or curve.quantity.name == "log_odds" else 2


def _change_row(curve: Curve, say: Words) -> dict[str, Any]:
    decimals, last = _decimals(curve), curve.points[-1]

    def said(change: Change | None) -> tuple[str, str, str]:
        if change is None:
            return "", "", ""
        sign = "+" if change.by >= 0 else ""
        verdict = {"real": "firm" if change.firm else "real", "within error": "within"}.get(change.called, "unknown")
        sdc = "" if change.sdc95 is None else say.number(change.sdc95, decimals)
        return sign + say.number(change.by, decimals), sdc, say(f"follow.{verdict}")

    def ends(number: int) -> str:
        point = curve.points[number]
        error = "" if point.error is None else f" ± {say.number(point.error, decimals)}"
        return say.number(point.value, decimals) + error

    healthy = "" if curve.healthy is None else " … ".join(say.number(end, decimals) for end in curve.healthy)
    return {
        "name": name_of(curve.quantity, say),
        "unit": "" if curve.quantity.unit == "1" else curve.quantity.unit,
        "first": ends(0),
        "last": ends(-1),
        "healthy": healthy,
        "since_first": said(last.first),
        "since_before": said(last.before),
        "real": last.first is not None and last.first.called == "real",
    }


def _error_row(curve: Curve, say: Words) -> dict[str, str]:
    decimals = _decimals(curve) + 1
    sem = ""
    if curve.sem is not None and curve.sem_interval is not None:
        low, high = (say.number(end, decimals) for end in curve.sem_interval)
        sem = f"{say.number(curve.sem, decimals)} ({low} … {high})"
    used = sorted({point.error_from for point in curve.points if point.error_from})
    return {
        "name": name_of(curve.quantity, say),
        "sem": sem,
        "df": str(curve.df) if curve.df else "",
        "noise": "" if curve.noise is None else say.number(curve.noise, decimals),
        "used": ", ".join(say(f"follow.{name}") for name in used) or say("follow.unknown"),
        "sdc95": "" if curve.sdc95 is None else say.number(curve.sdc95, decimals),
    }


def _recognised(followed: Followed, say: Words) -> list[str]:
    takes = [t for visit in followed.course.visits for own in visit.takes.values() for t in own if t.share is not None]
    return [
        say("follow.recognised", photo=followed.names[take.number], view=say(f"view.{take.view}"),
            share=say.percent(take.share))
        for take in takes if take.share is not None
    ]  # fmt: skip
