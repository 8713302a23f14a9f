"""``facialis recalibrate``: a bundle set on local healthy people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from facialis.detection.finding import Finding

NOT_VIDEOS = "photos tell nothing of it; their frames' part moves with the new threshold"


def recalibrate(
    healthy: Annotated[Path, typer.Option(help="Folder of healthy people's photos; a folder inside it is one person.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new bundle.")],
    bundle: Annotated[Path | None, typer.Option(help="The bundle to start from; without it the built-in one.")] = None,
    specificity: Annotated[float, typer.Option(help="Asked for among local healthy people.")] = 0.90,
    one_photo_each: Annotated[
        bool, typer.Option("--one-photo-each", help="Photos in the folder itself are of one person each.")
    ] = False,
) -> None:
    """Set reference ranges and operating point on local healthy people, as a new bundle.

    People count, not photos: a folder inside the folder is one person.
    Where 20 people or more have photos of two standard views each (known by file name or recognised, as for detect
    --set), the thresholds of photo sets are set on them too.
    The new card says on how many, when thresholds were set by which version, and keeps no names and no pictures.
    """
    from facialis.detection.batch import detect_many
    from facialis.detection.bundle import Bundle
    from facialis.detection.photo_set import view_of
    from facialis.detection.recalibration import as_people
    from facialis.detection.recalibration import recalibrate as set_on
    from facialis.detection.set_recalibration import set_thresholds
    from facialis.errors import FacialisError
    from facialis.faces.sources import is_video, list_sources
    from facialis.files import file_digest, make_folder
    from facialis.progress import track

    if (out / "card.json").exists():
        raise FacialisError(f"{out}: holds a bundle already; give a new folder")
    if not healthy.is_dir():
        raise FacialisError(f"{healthy}: no such folder; --healthy wants a folder of healthy people's photos")
    start = Bundle.load(bundle)
    every = list_sources([str(healthy)])
    _check_people(healthy, [Path(source.path).relative_to(healthy) for source in every], one_photo_each)
    make_folder(out.absolute().parent)
    given = [source for source in every if not is_video(source.path)]
    sources = list({file_digest(source.path): source for source in reversed(given)}.values())[::-1]
    if len(sources) < len(given):
        typer.echo(f"{len(given) - len(sources)} photos are byte for byte another one and count for nothing", err=True)
    found: list[tuple[str, Finding]] = []
    sets: dict[str, list[tuple[str, str | None, Finding]]] = {}
    judged = detect_many(sources, bundle=bundle)
    for source, batch in zip(sources, track(judged, "judging", total=len(sources)), strict=True):
        inside = Path(source.path).relative_to(healthy)
        person = inside.parts[0] if len(inside.parts) > 1 else str(inside)
        found += [(person, finding) for finding in batch.findings]
        if len(inside.parts) > 1 and len(batch.findings) == 1:
            photo = (source.name, view_of(Path(source.path).absolute()), batch.findings[0])
            sets.setdefault(person, []).append(photo)
    people = as_people(found)
    left = sum(finding.status != "judged" for _, finding in found)
    of_sets = set_thresholds(start, sets, specificity)
    made = Bundle.write(out, set_on(start, people, specificity, of_sets.local), start.graph)
    typer.echo(f"{out}: {made.card.name}@{made.hash}")
    typer.echo(f"threshold {start.card.threshold} -> {made.card.threshold}: {made.card.threshold_basis}")
    typer.echo(f"photo sets: {of_sets.said}")
    if made.video is not None:
        typer.echo(f"videos with movement in them keep their threshold {made.video.threshold}: {NOT_VIDEOS}")
    if left:
        typer.echo(f"{left} photos could not be judged and count for nothing")


def _check_people(healthy: Path, files: list[Path], one_photo_each: bool) -> None:
    """Refuse a folder in which it cannot be told who is who: people would be counted wrong."""
    from facialis.cohorts.manifest import GROUP_NAMES
    from facialis.errors import FacialisError

    groups = sorted({file.parts[0] for file in files if len(file.parts) > 2 and file.parts[0].lower() in GROUP_NAMES})
    if groups:
        raise FacialisError(f"{healthy}: holds {', '.join(groups)}, groups and no people; give the healthy group")
    loose = sum(len(file.parts) == 1 for file in files)
    if loose and not one_photo_each:
        raise FacialisError(
            f"{healthy}: {loose} photos lie in it without a folder of their person; put each person's into one "
            f"({healthy.name}/NAME/photo.jpg), or say --one-photo-each if no two of them are of one person"
        )
