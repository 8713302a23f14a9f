"""``facialis recalibrate``: a bundle set on local healthy people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NOT_VIDEOS = "photos tell nothing of it; their frames' part moves with the new threshold"


def recalibrate(
    healthy: Annotated[Path, typer.Option(help="Folder of healthy people's photos; a folder inside it is one person.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new bundle.")],
    bundle: Annotated[Path | None, typer.Option(help="The bundle to start from; without it the built-in one.")] = None,
    specificity: Annotated[float, typer.Option(help="Asked for among local healthy people.")] = 0.90,
) -> None:
    """Set reference ranges and operating point on local healthy people, as a new bundle.

    People count, not photos: a folder inside the folder is one person, a photo in the folder itself is one person.
    The new card says on how many, when thresholds were set by which version, and keeps no names and no pictures.
    """
    from facialis.detection.batch import detect_many
    from facialis.detection.bundle import Bundle
    from facialis.detection.recalibration import as_people
    from facialis.detection.recalibration import recalibrate as set_on
    from facialis.errors import FacialisError
    from facialis.faces.sources import is_video, list_sources
    from facialis.files import make_folder
    from facialis.progress import track

    if (out / "card.json").exists():
        raise FacialisError(f"{out}: holds a bundle already; give a new folder")
    if not healthy.is_dir():
        raise FacialisError(f"{healthy}: no such folder; --healthy wants a folder of healthy people's photos")
    start = Bundle.load(bundle)
    make_folder(out.absolute().parent)
    sources = [source for source in list_sources([str(healthy)]) if not is_video(source.path)]
    found = []
    judged = detect_many(sources, bundle=bundle)
    for source, batch in zip(sources, track(judged, "judging", total=len(sources)), strict=True):
        inside = Path(source.path).relative_to(healthy)
        person = inside.parts[0] if len(inside.parts) > 1 else str(inside)
        found += [(person, finding) for finding in batch.findings]
    people = as_people(found)
    left = sum(finding.status != "judged" for _, finding in found)
    made = Bundle.write(out, set_on(start, people, specificity), start.graph)
    typer.echo(f"{out}: {made.card.name}@{made.hash}")
    typer.echo(f"threshold {start.card.threshold} -> {made.card.threshold}: {made.card.threshold_basis}")
    if made.video is not None:
        typer.echo(f"videos with movement in them keep their threshold {made.video.threshold}: {NOT_VIDEOS}")
    if left:
        typer.echo(f"{left} photos could not be judged and count for nothing")
