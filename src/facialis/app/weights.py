"""``facialis weights``: the image encoders' weights, where they are, and checkpoints turned into safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Weights of the image encoders: list them, convert a checkpoint.")


@app.command("list")
def show() -> None:
    """List the encoders: parameters, embedding, licence, where the weights are published and where on this disk."""
    _needs_train()
    from rich.markup import escape
    from rich.table import Table

    from facialis.models.encoder_table import ENCODERS
    from facialis.models.weights import weights_on_disk
    from facialis.reports.tables import console

    table = Table("name", "parameters", "embedding", "licence", "weights", "on this disk")
    for spec in ENCODERS.values():
        needs = f"; needs facialis[{spec.extra}]" if spec.extra else ""
        path = weights_on_disk(spec)
        place = "none: random" if spec.published is None else f"{spec.published.where} ({spec.published.kind})"
        where = "" if spec.published is None else "no" if path is None else f"{path}, {path.stat().st_size:,} bytes"
        row = (spec.name, f"{spec.parameters:,}", str(spec.embedding_size), spec.licence + needs, place, where)
        table.add_row(*(escape(cell) for cell in row))
    for column in (0, 4, 5):
        table.columns[column].overflow = "fold"
    console().print(table)


@app.command("convert")
def convert(
    file: Annotated[Path, typer.Argument(help="A torch checkpoint (.pth, .pt, .pth.tar).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The safetensors file to write.")],
    picture_first: Annotated[
        bool,
        typer.Option(
            "--picture-first",
            help="The checkpoint's program puts the picture's embedding before the measures'; its file does not tell.",
        ),
    ] = False,
) -> None:
    """Turn a checkpoint into safetensors: the study's authors' published early fusion, or an encoder's weights.

    Nothing that the checkpoint could run is run: a file that holds more than tensors is refused.
    """
    _needs_train()
    from facialis.models.published import convert

    kind = convert(file, out, picture_first=picture_first)
    typer.echo(f"{kind}: {out}")


def _needs_train() -> None:
    from importlib.util import find_spec

    from facialis.errors import FacialisError

    missing = next((name for name in ("torch", "safetensors", "timm", "skorch") if find_spec(name) is None), None)
    if missing is not None:
        raise FacialisError(f"{missing} is not installed: pip install 'facialis[train]'")
