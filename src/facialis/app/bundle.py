"""``facialis bundle``: is a bundle whole, and what does its card say."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Check and read a detector's bundle.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Argument(help="The bundle's folder; without it the built-in one.")]


class CardFormat(enum.StrEnum):
    """How a card is written."""

    markdown = "markdown"
    json = "json"


@app.command("verify")
def verify(folder: Folder = None) -> None:
    """Say whether a bundle is whole and may be used; exit status 2, and why, if not."""
    from facialis.detection.bundle import Bundle

    bundle = Bundle.load(folder)
    asked = ", ".join(bundle.inputs)
    typer.echo(f"whole: {bundle.card.name}@{bundle.hash}, format {bundle.card.format}, reads {asked}")


@app.command("show")
def show(
    folder: Folder = None, format: Annotated[CardFormat, typer.Option(help="As which text.")] = CardFormat.markdown
) -> None:
    """Print a bundle's model card."""
    import json

    from facialis.detection.bundle import Bundle
    from facialis.reports.model_card import as_markdown, model_card

    bundle = Bundle.load(folder)
    markdown = format is CardFormat.markdown
    print(as_markdown(bundle) if markdown else json.dumps(model_card(bundle), indent=1), end="" if markdown else "\n")
