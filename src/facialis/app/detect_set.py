"""``facialis detect --set``: one finding a person, from a folder of photos each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer


def people(paths: list[str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each person's name and photos: a folder is a person, or holds a folder a person.

    Raises
    ------
    PictureError
        A path is no folder, or there are no photos in it.
    """
    from facialis.errors import PictureError
    from facialis.faces.sources import is_video, list_sources

    for path in paths:
        root = Path(path)
        if not root.is_dir():
            raise PictureError(f"{path}: a set is a folder, of one person's photos or of such folders")
        folders: dict[Path, list[Any]] = {}
        for source in list_sources([path]):
            if Path(source.path).is_file() and not is_video(source.path):
                folders.setdefault(Path(source.path).parent, []).append(source)
        if not folders:
            raise PictureError(f"{path}: no photos in it")
        for folder in sorted(folders):
            yield str(folder), folders[folder]


def detect_sets(paths: list[str], **options: Any) -> Iterator[dict[str, Any]]:
    """Judge each person's photos as one set; options as for `facialis.detection.detector.Detector.load`."""
    from facialis.detection.detector import Detector
    from facialis.detection.photo_set import judge_set, view_of
    from facialis.progress import track

    sets = list(people(paths))
    with Detector.load(options.pop("bundle", None), **options) as detector:
        for name, sources in track(sets, "judging", total=len(sets), unit="people"):
            photos = []
            for source in sources:
                finding = detector.detect_file(source.path, source=source.name)[0]
                photos.append((source.name, view_of(Path(source.path).absolute()), finding))
            yield judge_set(photos, detector, source=name)


def table_of(rows: list[dict[str, Any]]) -> Any:
    """Return findings on sets as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    from facialis.faces.sources import display_name
    from facialis.modalities.views import TOLD

    edges = sorted({f"{row['threshold']:.0%}" for row in rows if row["threshold"] is not None})
    table = Table(
        caption="Research use; not a medical device. AUC, and what a missing view would add to it: of simulated sets."
        + f" Called palsy from {' or '.join(edges)} at even odds." * bool(edges),
        caption_justify="left",
    )
    for column in (
        "person",
        "finding",
        "probability (interval; AUC)",
        "side, regions",
        "views",
        "missing: AUC it would add",
    ):
        table.add_column(column, overflow="fold")
    for row in rows:
        said = row["label"] or "abstained"
        said = f"uncertain, rather {said}" if row["uncertain"] else said
        where = "" if row["side"] is None else row["side"].replace("subject_", "subject's ")
        moved = ", ".join(name.replace("_", " and ") for name, p in (row["regions"] or {}).items() if p >= 0.5)
        where = ": ".join(part for part in (where, moved) if part)
        guessed = [view["view"] for view in row["views"] if view["known_by"] != "name"]
        used = f"{len(row['views'])} of {len(TOLD)}" + (f"; recognised: {', '.join(guessed)}" if guessed else "")
        missing = "\n".join(f"{view['view']}: {view['auc_gain_simulated']:+.3f}" for view in row["missing_views"])
        share = "" if row["probability"] is None else _share(row)
        words = "; ".join(row["reasons"])
        table.add_row(Text(display_name(row["source"])), said, share, where or words, used, missing)
    return table


def tell_left_out(rows: list[dict[str, Any]]) -> bool:
    """Say on standard error which photos of sets were not used, and why; return whether one could not be read."""
    from facialis.faces.sources import display_name

    broken = False
    for row in rows:
        for out in row["left_out"]:
            broken |= out["status"] == "error"
            why = "; ".join(reason.removeprefix(f"{display_name(out['photo'])}: ") for reason in out["reasons"])
            typer.echo(f"not used: {display_name(row['source'])}: {display_name(out['photo'])}: {why}", err=True)
    return broken


def _share(row: dict[str, Any]) -> str:
    low, high = row["probability_interval"]
    return f"{row['probability']:.1%} ({low:.0%} to {high:.0%}; {row['auc_simulated']:.2f})"


def run(paths: list[str], format: str, out: Path | None, **options: Any) -> None:
    """Judge sets and write them: JSON lines, or a table."""
    from facialis.files import write_text
    from facialis.reports.tables import console

    if format == "csv":
        raise typer.BadParameter("a set's finding is no flat row: --format json or table", param_hint="--format")
    rows = []
    for row in detect_sets(paths, **options):
        if format == "json" and out is None:
            print(json.dumps(row, ensure_ascii=True, allow_nan=False), flush=True)
        rows.append(row)
    if out is not None:
        write_text(out, "".join(json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n" for row in rows))
        typer.echo(f"written: {out}", err=True)
    elif format == "table":
        console().print(table_of(rows))
    if tell_left_out(rows):
        raise typer.Exit(1)
