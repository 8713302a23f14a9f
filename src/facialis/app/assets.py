"""``facialis assets``: model files that are not in the package, where they are and whether they are whole."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Model files that are not in the package: list, fetch, verify, path.")

NameArgument = Annotated[str, typer.Argument(help="Name of the asset, as `facialis assets list` shows it.")]
NamesArgument = Annotated[list[str] | None, typer.Argument(help="Names of assets; all when none is given.")]


@app.command("list")
def show() -> None:
    """List the model files: size, licence, source, and where they are on this disk."""
    from rich.table import Table

    from facialis.faces.assets import list_assets
    from facialis.reports.tables import console

    table = Table("name", "bytes", "licence", "source", "on this disk")
    for state in list_assets():
        asset = state.asset
        where = "not fetched" if state.path is None else f"{state.path}{'' if state.verified else ' (damaged)'}"
        table.add_row(asset.name, f"{asset.size:,}", asset.licence, asset.source, where)
    console().print(table)


@app.command("fetch")
def fetch(names: NamesArgument = None) -> None:
    """Fetch model files into the user cache, unless they are there already."""
    from facialis.faces.assets import ASSETS, asset_path

    for name in names or ASSETS:
        typer.echo(f"{name}: {asset_path(name)}")


@app.command("verify")
def verify(names: NamesArgument = None) -> None:
    """Compare the model files on this disk with their SHA-256."""
    from facialis.faces.assets import ASSETS
    from facialis.faces.assets import verify as verify_asset

    damaged = False
    for name in names or ASSETS:
        path, whole = verify_asset(name)
        damaged |= not whole
        answer = (
            "not on this disk; `facialis assets fetch` gets it" if path is None else "whole" if whole else "damaged"
        )
        typer.echo(f"{name}: {answer}" + (f" ({path})" if path is not None else ""))
    if damaged:
        raise typer.Exit(1)


@app.command("path")
def path(name: NameArgument) -> None:
    """Print the place of a model file, fetching it if need be, and nothing else."""
    from facialis.faces.assets import asset_path

    typer.echo(asset_path(name))
