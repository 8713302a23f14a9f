"""``facialis photo-set``: a person's standard views as a sheet, with excursions and clinicians' scales as ranges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facialis.app.options import LanguageOption

if TYPE_CHECKING:
    from facialis.detection.detector import Detector
    from facialis.reports.photo_set import Sheet


def photo_set(
    folders: Annotated[
        list[str], typer.Argument(metavar="FOLDER...", help="One person's photos, or a folder of such folders.")
    ],
    report: Annotated[Path | None, typer.Option(help="Write the sheet to this page.")] = None,
    records: Annotated[
        Path | None,
        typer.Option(
            help="Write the ranges as a record (facialis-palsy-file-models); of several people into a folder."
        ),
    ] = None,
    doctor: Annotated[
        Path | None,
        typer.Option(help="A clinician's record to set beside; of several people a folder with FOLDER-NAME.json."),
    ] = None,
    language: LanguageOption = "en",
    no_photo: Annotated[bool, typer.Option("--no-photo", help="Draw the landmarks only, for sharing.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Show the names of folders and files, not numbers.")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    prevalence: Annotated[float, typer.Option(help="How probable palsy is beforehand.")] = 0.5,
    force: Annotated[bool, typer.Option("--force", help="Use unfit photos too.")] = False,
) -> None:
    """Lay out a person's standard views, with what each side does in mm and three clinicians' scales as ranges.

    Views are known by the files' names or recognised; missing ones are named. The scales (Sunnybrook, eFACE,
    House-Brackmann) are experimental ranges, never a grade. Exit status: 0, 1 where a photo could not be read, 2 where
    the call was wrong. Research use; not a medical device.
    """
    import datetime

    from facialis.app.detect_set import people, table_of, tell_left_out
    from facialis.detection.detector import Detector
    from facialis.detection.records import read_record, record_of, write_record
    from facialis.faces.sources import check_output
    from facialis.files import make_folder
    from facialis.progress import track
    from facialis.reports.photo_set import write_sheets
    from facialis.reports.sheets import Photo, make_sheet
    from facialis.reports.tables import console
    from facialis.words import words

    say = words(language)
    if not 0 < prevalence < 1:
        raise typer.BadParameter(f"{prevalence} is not a share between 0 and 1", param_hint="--prevalence")
    sets = list(people(folders))
    alone = len(sets) == 1
    called = [Path(name).name for name, _ in sets]
    if (records is not None or doctor is not None) and len(set(called)) < len(called):
        raise typer.BadParameter("two people's folders have the same name: records could not be told apart")
    if report is not None and records is not None and report.resolve() == records.resolve():
        raise typer.BadParameter("--report and --records are the same file")
    if report is not None:
        check_output(report, [doctor] if doctor is not None else [])
    if records is not None:
        check_output(records, [doctor] if doctor is not None else []) if alone else make_folder(records)
    doctors = [None if doctor is None else _of(doctor, name, alone) for name, _ in sets]
    known = [None if path is None or (not path.exists() and not alone) else read_record(path) for path in doctors]
    if doctor is not None and not any(known):
        raise typer.BadParameter(f"{doctor}: no record named as a person's folder, e.g. {called[0]}.json")
    sheets = []
    with Detector.load(bundle, prevalence=prevalence, force=force) as detector:
        if records is not None:
            record_of(_no_one(detector), when="")  # what is missing is said before the work
        for number, ((name, sources), record) in enumerate(
            track(list(zip(sets, known, strict=True)), "judging", total=len(sets), unit="people"), 1
        ):
            title = Path(name).name if names else say("sheet.person", number=number)
            photos = [Photo(source.path, Path(source.path).absolute(), source.name) for source in sources]
            sheet = make_sheet(detector, photos, title, record, say, photos=not no_photo, names=names)
            sheets.append(sheet)
            if records is not None:
                when = datetime.datetime.now().isoformat(sep=" ", timespec="minutes")
                write_record(_of(records, name, alone), sheet.grades, when=when)
        if report is not None:
            write_sheets(report, sheets, detector.bundle, language=language, photos=not no_photo, names=names)
    console().print(table_of([dict(sheet.row) for sheet in sheets if sheet.row is not None]))
    console().print(ranges_table(sheets))
    broken = tell_left_out([dict(sheet.row) for sheet in sheets if sheet.row is not None])
    for path in (report, records):
        if path is not None:
            typer.echo(f"written: {path}", err=True)
    if broken:
        raise typer.Exit(1)


def _of(path: Path, name: str, alone: bool) -> Path:
    """Return the file of one person: the path itself, or of several people a file in that folder."""
    return path if alone else path / f"{Path(name).name}.json"


def _no_one(detector: Detector) -> dict[str, Any]:
    from facialis.detection.grades import grade_ranges
    from facialis.detection.photo_set_excursions import set_excursions

    return grade_ranges(set_excursions({}, detector.bundle))


def ranges_table(sheets: list[Sheet]) -> Any:
    """Return the scales' ranges as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    from facialis.detection.grade_tables import ROMAN
    from facialis.detection.grades import SCALES

    table = Table(
        caption="Experimental: what the photos leave open, never a grade. Doctors differ too: see the page.",
        caption_justify="left",
    )
    for column in ("person", "Sunnybrook (100 healthy)", "eFACE (100 healthy)", "House-Brackmann (I healthy)"):
        table.add_column(column)
    for sheet in sheets:
        cells = []
        for name in SCALES:
            ends = sheet.grades[name]["range"]
            cells.append(" to ".join(ROMAN[round(v) - 1] if name == "house_brackmann" else f"{v:.0f}" for v in ends))
        table.add_row(Text(sheet.title), *cells)
    return table
