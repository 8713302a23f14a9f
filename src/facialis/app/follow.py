"""``facialis follow``: one person over dates, which changes are real, as a page and a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facialis.app.options import LanguageOption, WorkersOption

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from facialis.detection.finding import Finding
    from facialis.detection.follow import Course, Seen
    from facialis.detection.visits import Picture
    from facialis.reports.follow import Followed, VisitFace
    from facialis.words import Words


def follow(
    person: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|MANIFEST.csv",
            help="One person's photos and videos: folders or names with dates, or a CSV of path, date, (view).",
        ),
    ],
    report: Annotated[Path | None, typer.Option(help="Write the page to this file.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write a row a visit and quantity to this file.")] = None,
    language: LanguageOption = "en",
    no_photo: Annotated[bool, typer.Option("--no-photo", help="Draw the landmarks only, for sharing.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Show the names of folders and files, not numbers.")] = False,
    workers: WorkersOption = 1,
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="CSV of when which movement was asked for in the videos.")
    ] = None,
) -> None:
    """Follow one person's photos or videos over dates, and call each change real or within error.

    Like is compared with like: the same quantity in the same view. A second photo of a view at one date is a repeat,
    and tells the error of measurement. What has no date is left out and named; a copy of a file counts once. Exit
    status: 0, 1 where a file could not be read or none can be used, 2 where the call was wrong.
    Research use; not a medical device.
    """
    from facialis.detection.bundle import Bundle
    from facialis.faces.sources import check_output
    from facialis.files import write_text
    from facialis.reports.follow import write_follow
    from facialis.reports.follow_rows import COLUMNS, course_rows
    from facialis.reports.left_out import left_out_lines
    from facialis.reports.tables import console, csv_text
    from facialis.words import words

    say = words(language)
    if report is not None and csv is not None and report.resolve() == csv.resolve():
        raise typer.BadParameter("--report and --csv are the same file")
    for path in (report, csv):
        if path is not None:
            check_output(path, [person, *([prompts] if prompts is not None else [])])
    judge = Bundle.load(bundle)
    followed = make_course(
        person, judge, say, where=bundle, workers=workers, prompts=prompts, photos=not no_photo, names=names,
        faces=report is not None,
    )  # fmt: skip
    if not any(visit.takes or visit.videos for visit in followed.course.visits):
        for line in left_out_lines(followed.course, followed.names, followed.left_out, words("en")):
            typer.echo(line, err=True)
        typer.echo("nothing to follow, and nothing is written: no dated photo or video can be used", err=True)
        raise typer.Exit(1)
    console().print(changes_table(followed.course, words("en")))
    if csv is not None:
        write_text(csv, csv_text(course_rows(followed.course), COLUMNS))
    if report is not None:
        write_follow(report, followed, judge, language=language, photos=not no_photo, names=names)
    for line in left_out_lines(followed.course, followed.names, followed.left_out, words("en")):
        typer.echo(line, err=True)
    for path in (report, csv):
        if path is not None:
            typer.echo(f"written: {path}", err=True)
    if any(each.finding.status == "error" for visit in followed.course.visits for each in visit.unfit):
        raise typer.Exit(1)


def make_course(
    person: Path,
    bundle: Any,
    say: Words,
    *,
    where: Path | None = None,
    workers: int = 1,
    prompts: Path | None = None,
    photos: bool = True,
    names: bool = False,
    faces: bool = True,
) -> Followed:
    """Judge one person's photos and videos and return all that the page shows.

    Parameters
    ----------
    bundle, where : what judges, read, and its folder (None: the built-in one).
    photos : whether the photos' pixels are kept; names : whether files are called by their names.
    faces : whether there will be a page to show faces on.
    """
    from facialis.detection.batch import detect_many
    from facialis.detection.follow import Seen
    from facialis.detection.follow import follow as course_of
    from facialis.detection.prompts import Prompts
    from facialis.detection.video import VideoOptions
    from facialis.detection.visits import read_visits
    from facialis.errors import PictureError
    from facialis.faces.sources import Source, display_name, is_video
    from facialis.progress import track
    from facialis.reports.follow import Followed

    video = VideoOptions(prompts=None if prompts is None else Prompts.read(prompts))
    pictures, left = read_visits(person)
    if not pictures:
        raise PictureError(
            f"{display_name(person)}: none of {len(left)} files has a date; put them into folders named by date "
            "(2026-03-01), or list them in a CSV file with path and date"
        )
    root = person if person.is_dir() else person.parent
    called: dict[Path, str] = {}
    everything = [*(picture.path for picture in pictures), *(out.path for out in left)]
    for number, path in enumerate(everything, 1):
        kind = say("follow.video" if is_video(path) else "follow.photo", number=number)
        called[path] = display_name(path.relative_to(root) if path.is_relative_to(root) else path) if names else kind
    sources = [Source(picture.path, str(picture.path)) for picture in pictures]
    judged = detect_many(sources, bundle=where, workers=workers, video=video)
    seen = []
    for number, (picture, batch) in enumerate(
        zip(pictures, track(judged, "judging", total=len(sources), unit="files"), strict=True), 1
    ):
        finding = _renamed(batch.findings[-1], picture.path, called[picture.path])
        seen.append(Seen(number, picture.date, picture.view, finding))
    course = course_of(seen, bundle)
    return Followed(
        title=display_name(person.resolve().name) if names else say("follow.person"),
        course=course,
        names={each.number: called[picture.path] for each, picture in zip(seen, pictures, strict=True)},
        left_out=[(called[out.path], out.why) for out in left],
        faces=_faces(course, pictures, seen, photos=photos) if faces else {},
        by_camera=sum(picture.dated_by == "camera" for picture in pictures),
    )


def _renamed(finding: Finding, path: Path, called: str) -> Finding:
    """Return a finding that calls its file as the page does."""
    import dataclasses

    from facialis.faces.sources import display_name

    reasons = finding.reasons
    for name in (str(path), display_name(path), path.name, display_name(path.name)):
        reasons = tuple(reason.replace(name, called) for reason in reasons)
    return dataclasses.replace(finding, source=called, reasons=reasons)


def _faces(
    course: Course, pictures: Sequence[Picture], seen: Sequence[Seen], *, photos: bool
) -> dict[datetime.date, VisitFace]:
    """Return a face for each visit, at rest where that is there; of very many visits some, spread evenly."""
    import numpy as np

    from facialis.errors import PictureError
    from facialis.faces.images import read_picture
    from facialis.reports.follow import MOST_FACES, VisitFace
    from facialis.reports.levelled import levelled

    paths = {each.number: picture.path for each, picture in zip(seen, pictures, strict=True)}
    shown = [visit for visit in course.visits if visit.takes]
    if len(shown) > MOST_FACES:
        shown = [shown[n] for n in np.linspace(0, len(shown) - 1, MOST_FACES).round().astype(int)]
    found = {}
    for visit in shown:
        view = "rest" if "rest" in visit.takes else next(iter(visit.takes))
        take = visit.takes[view][0]
        if take.finding.face is None:
            continue
        try:
            rgb = read_picture(paths[take.number]) if photos else None
        except PictureError:  # it could be read a moment ago: the page does without
            rgb = None
        jpeg, points = levelled(rgb, take.finding.face)
        found[visit.date] = VisitFace(jpeg, points, view)
    return found


def changes_table(course: Course, say: Words) -> Any:
    """Return the changes since the first visit as a table for the terminal."""
    from rich.table import Table

    from facialis.reports.follow import name_of

    visits = "1 visit" if len(course.visits) == 1 else f"{len(course.visits)} visits"
    table = Table(
        caption=f"Research use; not a medical device. {visits}; {course.count('real')} of "
        f"{course.comparisons} changes since the first visit are real, about {course.by_chance:.1f} would be so by "
        "chance.",
        caption_justify="left",
    )
    for column in ("quantity", "first", "last", "change", "SDC95", "called"):
        table.add_column(column, overflow="fold")
    for curve in course.curves:
        first, last = curve.points[0], curve.points[-1]
        if last.first is None:
            table.add_row(name_of(curve.quantity, say), f"{first.value:.2f}", "", "", "", "one visit only")
            continue
        sdc = "" if last.first.sdc95 is None else f"{last.first.sdc95:.2f}"
        firm = ", firm" if last.first.firm else ""
        table.add_row(
            name_of(curve.quantity, say), f"{first.value:.2f}", f"{last.value:.2f}", f"{last.first.by:+.2f}", sdc,
            last.first.called + firm,
        )  # fmt: skip
    return table
