"""``facialis explain --maps``: where a study's image row looks in photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def run_maps(
    paths: list[str],
    study: Path,
    row: str,
    cohort: Path,
    out: Path,
    face: str,
    *,
    names: bool,
    weights: Path | None,
    random_weights: bool,
) -> None:
    """Write a page of maps of the photos' faces, each map beside its check."""
    import torch

    from facialis.cohorts.cohort import Cohort
    from facialis.errors import PictureError
    from facialis.faces.images import read_picture
    from facialis.faces.landmarks import FaceLandmarker
    from facialis.faces.quality import NO_FACE, SEVERAL_FACES
    from facialis.faces.sources import display_name, list_sources
    from facialis.modalities.crops import crop
    from facialis.models.maps import GAP, LIKE, checked_maps, middle
    from facialis.progress import track
    from facialis.reports.image_maps import Mapped, write_maps
    from facialis.studies.image_rows import image_net

    sources = list_sources(paths)
    net, kind = image_net(study, row, Cohort.open(cohort), weights=weights, random_weights=random_weights)
    photos, failed = [], False
    with FaceLandmarker() as landmarker:
        for source in track(sources, "mapping", total=len(sources), unit="photos"):
            try:
                picture = read_picture(source.path)
                faces = landmarker.detect(picture)
                if not faces or (face == "only" and len(faces) > 1):
                    photos.append(Mapped(source.name, reason=SEVERAL_FACES if faces else NO_FACE))
                    continue
                cut = crop(picture, faces[0].landmarks)
            except PictureError as error:
                photos.append(Mapped(source.name, reason=str(error)))
                failed = True
                continue
            with torch.no_grad():
                logit: Any = net(torch.from_numpy(middle(cut)).float()[None, None])
            photos.append(Mapped(source.name, middle(cut), float(logit), checked_maps(net, cut)))
    limits = (
        f"A map is shown only where that rank correlation lies below {LIKE}, and integrated gradients only where they "
        f"miss what they must add up to by less than {GAP} of the sum of their sizes."
    )
    write_maps(out, photos, row=row, weights=kind, limits=limits, names=names)
    for photo in photos:
        for one in photo.maps:
            said = "passed" if one.passed else "failed: not shown"
            gap = "" if one.gap is None else f", misses its sum by {one.gap:.3f}"
            typer.echo(
                f"{display_name(photo.source)}: {one.name}: likeness to random weights {one.likeness:.2f}{gap}: {said}"
            )
        if photo.reason:
            typer.echo(f"{display_name(photo.source)}: {photo.reason}")
    typer.echo(f"maps: {display_name(out)}", err=True)
    if failed:
        raise typer.Exit(1)
