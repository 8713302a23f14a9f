"""``facialis assets``: model files that are not in the package, where they are and whether they are whole."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Files that are not in the package: list, fetch, verify, path.")

WEB = "web"
"""All that judging in the browser needs of others, by one name."""
NameArgument = Annotated[str, typer.Argument(help="Name of the asset, as `facialis assets list` shows it.")]
NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="Names of assets; all model files when none is given. web: for the browser.")
]


@app.command("list")
def show() -> None:
    """List the files: size, licence, source, and where they are on this disk."""
    import os

    from rich.table import Table

    from facialis.faces.assets import list_assets
    from facialis.reports.tables import console
    from facialis.service.runtimes import RUNTIMES, is_whole, runtime_folder

    table = Table("name", "bytes", "licence", "source", "on this disk")
    for state in list_assets():
        asset = state.asset
        missing = f"missing: {asset.environment}" if os.environ.get(asset.environment) else "not fetched"
        where = missing if state.path is None else f"{state.path}{'' if state.verified else ' (damaged)'}"
        table.add_row(asset.name, f"{asset.size:,}", asset.licence, asset.source, where)
    for runtime in RUNTIMES.values():
        where = str(runtime_folder(runtime)) if is_whole(runtime) else "not fetched"
        name = f"{WEB} ({runtime.package})"
        table.add_row(name, f"{runtime.size:,}", runtime.asset.licence, runtime.asset.source, where)
    console().print(table)


@app.command("fetch")
def fetch(names: NamesArgument = None) -> None:
    """Fetch files into the user cache, unless they are there already."""
    from facialis.faces.asset_table import ASSETS
    from facialis.faces.assets import asset_path
    from facialis.service.runtimes import RUNTIMES, fetch_runtimes, runtime_folder

    for name in names or ASSETS:
        if name == WEB:
            fetch_runtimes()
            for runtime in RUNTIMES.values():
                typer.echo(f"{WEB}: {runtime_folder(runtime)}")
            continue
        typer.echo(f"{name}: {asset_path(name)}")


@app.command("verify")
def verify(names: NamesArgument = None) -> None:
    """Compare the files on this disk with their SHA-256."""
    from facialis.faces.asset_table import ASSETS
    from facialis.faces.assets import fault
    from facialis.faces.assets import verify as verify_asset
    from facialis.service.runtimes import RUNTIMES, is_whole, runtime_folder

    damaged = False
    for name in names or ASSETS:
        if name == WEB:
            for runtime in RUNTIMES.values():
                damaged |= not is_whole(runtime)
                answer = "whole" if is_whole(runtime) else "damaged or not on this disk; `facialis assets fetch web`"
                typer.echo(f"{WEB}: {answer} ({runtime_folder(runtime)})")
            continue
        wrong = fault(name)
        damaged |= bool(wrong)
        typer.echo(f"{name}: {wrong or f'whole ({verify_asset(name)[0]})'}")
    if damaged:
        raise typer.Exit(1)


@app.command("path")
def path(name: NameArgument) -> None:
    """Print the place of a model file, fetching it if need be, and nothing else."""
    from facialis.faces.assets import asset_path

    typer.echo(asset_path(name))
