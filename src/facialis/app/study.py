"""``facialis study``: a recipe run on a cohort, leaving one patient out at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def study(
    recipe: Annotated[
        str,
        typer.Argument(
            help="measures-net, coordinates-net, rgb-mixer, early-fusion, four-rows (these four), or a TOML."
        ),
    ],
    cohort: Annotated[Path, typer.Argument(help="Folder of a cohort, simulated or extracted.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results; a stopped study goes on there.")],
    weights: Annotated[
        Path | None, typer.Option(help="Local weights of the image encoder (safetensors), instead of the hub's.")
    ] = None,
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="Dry run with an untrained image encoder; every output says so.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe, e.g. image.epochs=5."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the training and the bootstrap.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one.")] = "cpu",
) -> None:
    """Train and test a recipe on a cohort: each patient is held out once, with healthy subjects beside.

    F1, precision and recall are the mean over the folds, each with a bootstrap interval over subjects.
    Needs the extra `train`: pip install 'facialis[train]'. Research use; not a medical device.
    """
    from facialis.errors import FacialisError

    try:
        from facialis.studies.recipes import load_recipes
        from facialis.studies.results import table_rows
        from facialis.studies.study import run_study
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("facialis"):
            raise
        raise FacialisError(f"{error.name} is not installed: pip install 'facialis[train]'") from error

    from facialis.cohorts.cohort import Cohort
    from facialis.reports.tables import console

    results = run_study(
        Cohort.open(cohort),
        load_recipes(recipe, overrides=dict(_setting(text) for text in set_ or [])),
        out,
        weights=weights,
        random_weights=random_weights,
        seed=seed,
        device=device,
    )
    console().print(_table(table_rows(results)))
    typer.echo(f"results: {out}")


def _setting(text: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``, the value as TOML has it (a bare word is a string)."""
    import tomllib

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, e.g. image.epochs=5", param_hint="--set")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _table(rows: list[dict[str, str]]) -> Any:
    from rich.table import Table

    table = Table(
        caption="Per cent; mean over folds (bootstrap interval over subjects). Research use; not a medical device.",
        caption_justify="left",
    )
    for column in ("row", "F1 (95 % interval)", "precision", "recall", "pooled F1", "n"):
        table.add_column(column)
    for row in rows:
        n = f"{row['Folds']} folds, {row['Subjects']} subjects, {row['Frames']} frames"
        table.add_row(
            row["Row"] + (f"\n[dim]{row['Notes']}[/]" if row["Notes"] else ""),
            f"{row['F1']} ({row['F1, 95 %']})", row["Precision"], row["Recall"], row["Pooled F1"], n,
        )  # fmt: skip
    return table
