"""``facialis simulate``, ``facialis extract`` and ``facialis cohort``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from facialis.cohorts.cohort import Cohort

app = typer.Typer(no_args_is_help=True, help="Look at a cohort, or remove it with all that was derived from its faces.")
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder of the new cohort; a stopped run goes on there.")]


def parse_subjects(value: str) -> str:
    """Check ``--subjects``: patients+healthy."""
    if re.fullmatch(r"[0-9]+\+[0-9]+", value):
        return value
    raise typer.BadParameter(f"{value!r} is not PATIENTS+HEALTHY, e.g. 21+21")


def simulate(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the new cohort; a stopped run goes on there.")
    ] = None,
    subjects: Annotated[
        str, typer.Option(callback=parse_subjects, metavar="P+H", help="Patients and healthy people.")
    ] = "21+21",
    frames: Annotated[
        int, typer.Option(min=1, help="Frames of each subject; in videos and sequences, of each movement.")
    ] = 60,
    pictures: Annotated[bool, typer.Option(help="Draw pictures and extract them, so that image models run.")] = False,
    movements: Annotated[
        str,
        typer.Option(
            metavar="mixed|standard|VIEW,...", help="Everyday expressions, the ten standard views in order, or some."
        ),
    ] = "mixed",
    show: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Draw a contact sheet instead: severities by movements, as meshes, or with --pictures as pictures.",
        ),
    ] = None,
    videos: Annotated[
        bool, typer.Option(help="Draw a video of each subject, with a manifest to extract them by, and the truth.")
    ] = False,
    sequences: Annotated[
        bool, typer.Option(help="Landmarks of movements in time, 15 a second, each from rest to its apex and back.")
    ] = False,
    portraits: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photos of healthy people, one each, to make pictures from.")
    ] = None,
    ict_facekit: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Your copy of ICT-FaceKit, to take identities from.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same faces.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes for the extraction of pictures.")] = 1,
) -> None:
    """Make a cohort of faces in which palsy is the only difference between the groups. All in it is simulated."""
    if out is None and show is None:
        raise typer.BadParameter("give --out FOLDER for a cohort, or --show FILE.png for a contact sheet")
    if show is not None:
        from facialis.cohorts.simulated.show import show as draw_sheet

        sitter = None
        if pictures and portraits is not None:
            from facialis.cohorts.simulated.picture import Sitters
            from facialis.cohorts.simulated.portraits import read_portrait_folder

            sitter = Sitters(read_portrait_folder(portraits), seed)(0)
        draw_sheet(show, movements, seed, pictures=pictures, sitter=sitter)
        typer.echo(f"contact sheet, simulated: {show}")
    if out is None:
        return
    if pictures and videos:
        raise typer.BadParameter("give --pictures or --videos, not both")
    if sequences and (pictures or videos):
        raise typer.BadParameter("--sequences are landmarks in time; --videos draws them as pictures")
    if portraits is not None and not (pictures or videos):
        raise typer.BadParameter("--portraits are to make pictures from; add --pictures or --videos")
    patients, healthy = (int(number) for number in subjects.split("+"))
    if videos:
        from facialis.cohorts.simulated.videos import simulate_videos

        table = simulate_videos(
            out,
            patients,
            healthy,
            frames,
            seed=seed,
            movement=movements,
            portraits=portraits,
            ict_facekit=ict_facekit,
        )
        typer.echo(f"simulated videos: {len(table)} in {out / 'videos'}, listed in {out / 'manifest.csv'}")
        typer.echo(f"for a cohort of their faces: facialis extract {out} -o COHORT")
        return
    from facialis.cohorts.simulated.cohort import simulate_cohort

    cohort = simulate_cohort(
        out,
        patients,
        healthy,
        frames,
        seed=seed,
        pictures=pictures,
        sequences=sequences,
        movement=movements,
        workers=workers,
        portraits=portraits,
        ict_facekit=ict_facekit,
    )
    typer.echo(f"simulated cohort: {out}")
    _describe(cohort)


def extract(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="meei:DIR, yfp:DIR, ckplus:DIR, or folder:DIR (or DIR): a manifest.csv, or GROUP/SUBJECT/*.",
        ),
    ],
    out: OutOption,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Keep face crops and line images, or numbers only.")
    ] = True,
    videos: Annotated[bool, typer.Option("--videos/--no-videos", help="Sample videos at 6 frames a second.")] = True,
    every: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Take every N-th frame of each video or sequence.")
    ] = None,
    per_subject: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Take K frames of each subject, spread evenly.")
    ] = None,
    healthy_subjects: Annotated[
        int | None,
        typer.Option(
            "--healthy", min=1, metavar="N", help="Take N of the healthy subjects, drawn by --seed (the study: 20)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="For --healthy.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; about 250 MB each.")] = 1,
    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE",
            help="How parts are worked off side by side: processes, dask://HOST:PORT or ray://HOST:PORT (its machines "
            "see the pictures and the cohort's folder at the same paths), dask://local or ray://local with --workers. "
            "The cohort does not depend on it.",
        ),
    ] = "processes",
) -> None:
    """Find the faces in a data set's pictures and videos and write all modalities as a cohort; resumable."""
    from facialis.cohorts.sources import extract_sources

    cohort = extract_sources(
        sources,
        out,
        pictures=pictures,
        videos=videos,
        every=every,
        per_subject=per_subject,
        healthy_subjects=healthy_subjects,
        seed=seed,
        workers=workers,
        engine=engine,
    )
    typer.echo(f"cohort: {out}")
    _describe(cohort)


@app.command("show")
def show(
    cohort: Annotated[Path, typer.Argument(help="Folder of the cohort.")],
    subjects: Annotated[bool, typer.Option("--subjects", help="Account for every subject.")] = False,
) -> None:
    """Say what a cohort holds, what was read and not usable and why, and which pictures or subjects are in it twice."""
    from facialis.cohorts.cohort import Cohort

    _describe(Cohort.open(cohort), every_subject=subjects)


@app.command("remove")
def remove(
    cohort: Annotated[Path, typer.Argument(help="Folder of the cohort.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a cohort with its pictures and all that was derived from its faces."""
    from facialis.cohorts.writing import remove_cohort

    if not yes:
        typer.confirm(f"Delete all that the cohort in {cohort} holds?", abort=True)
    left = remove_cohort(cohort)
    typer.echo(f"removed: {cohort}" + (f"; left, because not the cohort's: {', '.join(left)}" if left else ""))


def _describe(cohort: Cohort, *, every_subject: bool = False) -> None:
    from facialis.reports.cohort_tables import account_tables, choice_lines, cohort_table, duplicate_lines
    from facialis.reports.tables import console

    console().print(cohort_table(cohort))
    for table in account_tables(cohort, every_subject=every_subject):
        console().print(table)
    for line in [*choice_lines(cohort), *duplicate_lines(cohort)]:
        typer.echo(line)
