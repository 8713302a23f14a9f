"""``facialis detect``: photos, videos and folders to findings."""

from __future__ import annotations

import dataclasses
import enum
import itertools
from pathlib import Path
from typing import Annotated

import typer

from facialis.app.options import FaceOption, PathsArgument, WorkersOption


class Format(enum.StrEnum):
    """How findings are written."""

    table = "table"
    json = "json"
    csv = "csv"


def parse_rate(value: str) -> str:
    """Check the option ``--rate``."""
    try:
        good = value == "all" or 0 < float(value) <= 1000
    except ValueError:
        good = False
    if not good:
        raise typer.BadParameter(f"{value!r} is neither a number of frames a second nor all")
    return value


def detect(
    paths: PathsArgument,
    format: Annotated[Format, typer.Option(help="json: one object a line, nothing else on standard output.")] = (
        Format.table
    ),
    out: Annotated[Path | None, typer.Option(help="Write the findings to this file instead.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with pictures and reasons as well.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Show the files' names on the page, not numbers.")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    face: FaceOption = "only",
    prevalence: Annotated[
        float, typer.Option(help="How probable palsy is beforehand; moves the probability, not the label.")
    ] = 0.5,
    force: Annotated[bool, typer.Option("--force", help="Judge unfit pictures too; their rows say so.")] = False,
    careful: Annotated[
        bool, typer.Option("--careful", help="Look at every picture twice, not only where the answer hangs on noise.")
    ] = False,
    workers: WorkersOption = 1,
    rate: Annotated[
        str, typer.Option(callback=parse_rate, metavar="N|all", help="Frames a second of a video that are measured.")
    ] = "30",
    prompts: Annotated[
        Path | None, typer.Option(help="CSV of when which movement was asked for: movement,start,end (s), (path).")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Write the videos' movements to this CSV, one row each.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long a webcam is watched.")] = 20.0,
    photo_set: Annotated[
        bool, typer.Option("--set", help="Each folder holds one person's standard views: one finding a person.")
    ] = False,
) -> None:
    """Say of each photo and video whether it shows facial palsy, or why it cannot be judged.

    `webcam` (or webcam:1 for the second) stands for a camera. In a video one face is followed, judged six times a
    second, and its movements are measured on both sides. Exit status: 0 all judged or abstained, 1 at least one in
    error, 2 the call was wrong. Research use; not a medical device.
    """
    from facialis.detection.batch import detect_many
    from facialis.detection.bundle import Bundle
    from facialis.detection.prompts import Prompts
    from facialis.detection.video import VideoOptions
    from facialis.faces.sources import check_output, display_name, list_sources
    from facialis.files import write_text
    from facialis.progress import track
    from facialis.reports.events import EVENT_COLUMNS, event_rows, events_table
    from facialis.reports.findings import entry_of, write_report
    from facialis.reports.tables import console, csv_text, findings_csv, findings_table, json_line

    written = [path.resolve() for path in (out, report, events) if path is not None]
    if len(set(written)) < len(written):
        raise typer.BadParameter("two of --out, --report and --events are the same file")
    if not 0 < prevalence < 1:
        raise typer.BadParameter(f"{prevalence} is not a share between 0 and 1", param_hint="--prevalence")
    for path in (out, report, events):
        if path is not None:
            check_output(path, [*paths, *([prompts] if prompts is not None else [])])
    if photo_set:
        if report is not None or face != "only" or workers != 1 or prompts is not None or events is not None:
            raise typer.BadParameter("--set goes with --format, --out, --bundle, --prevalence, --force and --careful")
        from facialis.app.detect_set import run

        run(paths, format.value, out, bundle=bundle, prevalence=prevalence, force=force, careful=careful)
        return
    sources = list_sources(paths)
    alone = len(sources) == 1  # then the bar counts its frames
    video = VideoOptions(
        1000.0 if rate == "all" else float(rate), None if prompts is None else Prompts.read(prompts), seconds, alone
    )
    judge = Bundle.load(bundle)
    stream = format is Format.json and out is None
    failed = False
    findings, entries, movements = [], [], []
    numbers: dict[str, int] = {}  # of the files on the page
    judged = detect_many(
        sources,
        bundle=bundle,
        choice=int(face) if face.isdecimal() else face,  # type: ignore[arg-type]
        workers=workers,
        pictures=report is not None,
        video=video,
        prevalence=prevalence,
        force=force,
        careful=careful,
    )
    for batch in judged if alone else track(judged, "judging", total=len(sources), unit="files"):
        shown = batch.apexes or ({},) * len(batch.findings)
        for finding, picture, apexes in zip(batch.findings, batch.pictures, shown, strict=True):
            failed |= finding.status == "error"
            if stream:
                print(json_line(finding), flush=True)
            else:
                findings.append(dataclasses.replace(finding, face=None, second_face=None, measures=None, answers=None))
            if finding.video is not None:
                movements += event_rows(finding)
            if report is not None and finding.frame is None:
                number = numbers.setdefault(finding.source, len(numbers) + 1)
                entries.append(entry_of(finding, picture, apexes, number=number, names=names))
    if format is Format.table and out is None:
        console().print(findings_table([f for f in findings if f.frame is None or f.status == "error"], judge.card))
        for _, rows in itertools.groupby(movements, key=lambda row: (row["source"], row["face"])):
            console().print(events_table(list(rows)))
    elif not stream:
        text = findings_csv(findings) if format is Format.csv else "".join(json_line(f) + "\n" for f in findings)
        if format is Format.table:
            text = _plain(findings_table(findings, judge.card))
        _give(text, out)
    if events is not None:
        write_text(events, csv_text(movements, EVENT_COLUMNS))
        typer.echo(f"movements: {display_name(events)}", err=True)
    if report is not None:
        write_report(report, entries, judge, names=names)
        typer.echo(f"report: {display_name(report)}", err=True)
    if failed:
        raise typer.Exit(1)


def _plain(table: object) -> str:
    import io

    from rich.console import Console

    file = io.StringIO()
    Console(file=file, width=140).print(table)
    return file.getvalue()


def _give(text: str, out: Path | None) -> None:
    """Write text to a file, or to standard output."""
    from facialis.faces.sources import display_name
    from facialis.files import write_text

    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        typer.echo(f"written: {display_name(out)}", err=True)
