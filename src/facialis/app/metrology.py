"""``facialis metrology``: what the measures get back of a known change of a face."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def metrology(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the table and the plot.")] = Path(
        "facialis-metrology"
    ),
    portraits: Annotated[
        Path | None, typer.Option(help="Folder of photos of one healthy person each, beside the free portrait.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two settings in place of eight.")] = False,
) -> None:
    """Move a portrait's face by known millimetres and tell what each measure gets back.

    Writes metrology.csv and metrology.png. Research use; not a medical device.
    """
    from facialis.cohorts.simulated import framing, response
    from facialis.cohorts.simulated.metrology import recoveries
    from facialis.errors import FacialisError
    from facialis.faces.landmarks import FaceLandmarker
    from facialis.files import atomic_path, write_text
    from facialis.progress import bar
    from facialis.reports.metrology import metrology_csv, metrology_plot, metrology_table
    from facialis.reports.tables import console

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacialisError(f"cannot make the folder {out}: {error.strerror or error}") from error
    settings = framing.SETTINGS[:2] if quick else framing.SETTINGS
    found: list[response.Answer] = []
    given = framing.portraits_of(portraits)
    with FaceLandmarker() as landmarker:
        good, bad = framing.frames(landmarker, given)
        for line in bad:
            typer.echo(f"facialis: {line}", err=True)
        with bar("Moving faces", len(good) * len(response.METROLOGY), unit="warps") as advance:
            for portrait in good:
                for push in response.METROLOGY:
                    found += response.answers(landmarker, portrait, [push], settings)
                    advance(1)
    rows = recoveries(found, good)
    write_text(out / "metrology.csv", metrology_csv(rows))
    with atomic_path(out / "metrology.png") as temporary:
        metrology_plot(rows, temporary, [portrait.name for portrait in good])
    console().print(metrology_table(rows))
    if len(good) == 1:
        typer.echo("measured on one portrait: on other faces the gains may differ; give --portraits DIR")
    typer.echo(f"table: {out / 'metrology.csv'}\nplot: {out / 'metrology.png'}")
