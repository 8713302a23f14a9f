"""``facialis report``: photos as pages to read, print and share, HTML or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facialis.app.options import FaceOption, LanguageOption, parse_paths

if TYPE_CHECKING:
    from facialis.detection.detector import FaceChoice
    from facialis.reports.photo_entries import Entry


def report(
    photos: Annotated[
        list[str], typer.Argument(callback=parse_paths, metavar="PHOTO...", help="Photos, or folders of them.")
    ],
    out: Annotated[Path, typer.Option(help="The page: .html, or .pdf (printed by Chrome, Chromium or Edge).")],
    no_photo: Annotated[bool, typer.Option("--no-photo", help="Draw the landmarks only, for sharing.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Show the files' names, not numbers.")] = False,
    language: LanguageOption = "en",
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    prevalence: Annotated[float, typer.Option(help="How probable palsy is beforehand.")] = 0.5,
    force: Annotated[bool, typer.Option("--force", help="Judge unfit photos too; the page says so.")] = False,
    careful: Annotated[bool, typer.Option("--careful", help="Look at every photo twice.")] = False,
    face: FaceOption = "only",
) -> None:
    """Write a page on each photo: finding, side, regions, lengths in mm, half-face composites, what would change it.

    Exit status: 0 all judged or abstained, 1 at least one could not be read, 2 the call was wrong. Research use; not a
    medical device.
    """
    from facialis.detection.detector import Detector
    from facialis.errors import RecipeError
    from facialis.faces.sources import display_name, is_video, list_sources
    from facialis.files import check_writable, write_text
    from facialis.progress import track
    from facialis.reports.pdf import find_browser, write_pdf
    from facialis.reports.photo import render_photos
    from facialis.reports.photo_entries import entries_of
    from facialis.words import words

    as_pdf = out.suffix.lower() == ".pdf"
    if not as_pdf and out.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{out.name}: the name must end in .html or .pdf", param_hint="--out")
    if not 0 < prevalence < 1:
        raise typer.BadParameter(f"{prevalence} is not a share between 0 and 1", param_hint="--prevalence")
    say = words(language)
    check_writable(out)
    if as_pdf:
        find_browser()  # told now, not after the work
    sources = list_sources(photos)
    for source in [source for source in sources if is_video(source.path)]:
        name = display_name(source.name)
        what = f"{name}: a video; its page is made by: facialis detect {name} --report page.html"
        if len(sources) == 1:
            raise RecipeError(what)
        typer.echo(what, err=True)
        sources.remove(source)
    for source in sources:
        if source.path.resolve() == out.resolve():
            raise typer.BadParameter("--out is one of the photos")
    choice: FaceChoice = int(face) if face.isdecimal() else face  # type: ignore[assignment]
    entries: list[Entry] = []
    with Detector.load(bundle, prevalence=prevalence, force=force, careful=careful) as detector:
        for number, source in enumerate(track(sources, "judging", unit="photos"), 1):
            called = Path(source.name).name if names else say("report.photo", number=number)
            entries += entries_of(
                detector, source.path, display_name(called), choice=choice, language=language, photos=not no_photo
            )
        page = render_photos(entries, detector.bundle, language=language, photos=not no_photo, names=names)
    if as_pdf:
        write_pdf(out, page)
    else:
        write_text(out, page)
    typer.echo(f"written: {display_name(out)}", err=True)
    if any(entry.finding.status == "error" for entry in entries):
        raise typer.Exit(1)
