"""``facialis measure``: the 29 asymmetry measures of each face."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any

import typer

from facialis.app.options import PathsArgument, parse_face


class Definition(enum.StrEnum):
    """Whose formulas."""

    oo = "oo-2025"
    parra = "parra-dominguez-2021"


class Coordinates(enum.StrEnum):
    """In pixels, or divided by the picture's width and height as the study's program has it."""

    pixel = "pixel"
    normalised = "normalised"


class Origin(enum.StrEnum):
    """What f3 counts heights from: the picture's top as published, or the face's, as the detector and studies do."""

    picture = "picture"
    face = "face"


def measure(
    paths: PathsArgument,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file: .csv or .parquet. Without it: CSV on standard output.")
    ] = None,
    definition: Annotated[Definition, typer.Option(help="Whose formulas.")] = Definition.oo,
    coordinates: Annotated[Coordinates, typer.Option(help="Pixels, or the published program's own.")] = (
        Coordinates.pixel
    ),
    origin: Annotated[
        Origin, typer.Option(help="Count f3 from the picture's top, as published, or from the face's.")
    ] = Origin.picture,
    pose_corrected: Annotated[bool, typer.Option(help="Undo the head's pose before measuring.")] = False,
    face: Annotated[
        str, typer.Option(callback=parse_face, metavar="only|largest|all|N", help="Which face of several.")
    ] = "only",
) -> None:
    """Measure each photo's face: one row a face with the 29 measures, or with the reason why there are none.

    How many files were read, had no face or could not be read is said on standard error. Exit status: 0, 1 where a
    file could not be read, 2 where the call was wrong.
    """
    from facialis.faces.landmarks import FaceLandmarker
    from facialis.faces.sources import list_sources
    from facialis.files import atomic_path, check_writable, write_text
    from facialis.modalities.measures import MEASURES
    from facialis.progress import track
    from facialis.reports.tables import csv_text

    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise typer.BadParameter(f"{out}: the ending must be .csv or .parquet", param_hint="--out")
    if out is not None:
        check_writable(out)
    rows: list[dict[str, Any]] = []
    with FaceLandmarker() as landmarker:
        for source in track(list_sources(paths), "measuring", unit="files"):
            how = {"definition": definition.value, "coordinates": coordinates.value, "origin": origin.value}
            rows += _rows(source, landmarker, how, pose_corrected, face)
    columns = ["source", "frame", "face", "status", "reasons", *(m.name for m in MEASURES)]
    if out is not None and out.suffix.lower() == ".parquet":
        import pandas as pd

        for row in rows:
            row["source"] = row["source"].encode("utf-8", "backslashreplace").decode()
        with atomic_path(out) as temporary:
            pd.DataFrame(rows, columns=columns).to_parquet(temporary, index=False)
    elif out is not None:
        write_text(out, csv_text(rows, columns))
    else:
        print(csv_text(rows, columns), end="")
    if out is not None:
        typer.echo(f"written: {out}", err=True)
    failed = _tell(rows)
    if failed:
        raise typer.Exit(1)


def _tell(rows: list[dict[str, Any]]) -> int:
    """Say on standard error what was read, had no face or could not be read; return how many files that last is."""
    measured, abstained, failed = (
        {row["source"] for row in rows if row["status"] == status} for status in ("measured", "abstained", "error")
    )
    faceless = abstained - measured - failed
    read = measured | faceless
    faces = sum(row["status"] == "measured" for row in rows)
    for row in rows:
        if row["status"] == "error":
            typer.echo(row["reasons"], err=True)
    typer.echo(
        f"faces measured: {faces}; files read: {len(read)}, of them without a face to measure: {len(faceless)}; "
        f"files that could not be read: {len(failed)}",
        err=True,
    )
    return len(failed)


def _rows(source: Any, landmarker: Any, how: dict[str, str], pose_corrected: bool, face: str) -> list[dict[str, Any]]:
    from facialis.errors import PictureError
    from facialis.faces.geometry import undo_pose
    from facialis.faces.images import read_picture
    from facialis.faces.quality import NO_FACE, SEVERAL_FACES
    from facialis.faces.sources import is_video
    from facialis.faces.videos import read_video
    from facialis.modalities.measures import MEASURES
    from facialis.modalities.measures import measure as measure_points

    rows: list[dict[str, Any]] = []
    base = {"source": source.name}
    try:
        pictures = (
            ((frame.index, frame.rgb) for frame in read_video(source.path))
            if is_video(source.path)
            else ((None, read_picture(source.path)),)
        )
        for index, rgb in pictures:
            faces = list(enumerate(landmarker.detect(rgb), 1))
            if not faces or (face == "only" and len(faces) > 1) or (face.isdecimal() and int(face) > len(faces)):
                reason = SEVERAL_FACES if faces else NO_FACE
                rows.append({**base, "frame": index, "status": "abstained", "reasons": reason})
                continue
            chosen = faces if face == "all" else [faces[int(face) - 1 if face.isdecimal() else 0]]
            for number, found in chosen:
                points = undo_pose(found.landmarks, found.transform) if pose_corrected else found.landmarks
                values = measure_points(points, size=found.size, **how)
                named = {m.name: float(value) for m, value in zip(MEASURES, values, strict=True)}
                rows.append({**base, "frame": index, "face": number, "status": "measured", **named})
    except PictureError as error:
        rows.append({**base, "status": "error", "reasons": str(error)})
    return rows
