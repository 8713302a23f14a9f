"""Options that the commands of ``facialis study`` share, and how their values are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder of the results; a stopped study goes on there.")]
WeightsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[ENCODER=]FILE", help="Local weights of the image encoders (safetensors), instead of the hub's."
    ),
]
RandomOption = Annotated[
    bool, typer.Option("--random-weights", help="Dry run with untrained image encoders; every output says so.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe, e.g. image.epochs=5."),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=[V,...]", help="Choose a setting inside each fold, e.g. net.learning_rate=[0.2,0.02]."),
]
SplitOption = Annotated[
    str, typer.Option(help="leave-one-patient-out (the paper's), leave-one-subject-out, or e.g. 5-fold.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Of the split, the training and the bootstrap.")]
SeedsOption = Annotated[
    int, typer.Option(min=1, help="How far F1 moves: so many seeds of training, and so many splits.")
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=1, help="Folds at once; by default a core each, 8 at most. Figures do not depend on it."),
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="ENGINE",
        help="How folds are run side by side: processes, dask://HOST:PORT or ray://HOST:PORT (workers that see the "
        "same folders), dask://local or ray://local. Figures do not depend on it.",
    ),
]
DuplicatesOption = Annotated[
    bool, typer.Option("--allow-duplicates", help="Run although a picture or subject stands in the cohort twice.")
]


def studies() -> Any:
    """Return the module of the recipes, or say what to install."""
    from facialis.errors import FacialisError

    try:
        from facialis.studies import recipes, study  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("facialis"):
            raise
        raise FacialisError(f"{error.name} is not installed: pip install 'facialis[train]'") from error
    return recipes


def setting(text: str, option: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``, the value as TOML has it (a bare word is a string)."""
    import tomllib

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, e.g. image.epochs=5", param_hint=option)
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def grid(texts: Sequence[str] | None) -> dict[str, list[Any]]:
    grid = {}
    for text in texts or []:
        key, values = setting(text, "--select")
        if not isinstance(values, list) or not values:
            raise typer.BadParameter(f"{text!r} is not KEY=[VALUE,...]", param_hint="--select")
        grid[key] = values
    return grid


def encoder_weights(texts: Sequence[str] | None) -> Path | Mapping[str, Path] | None:
    """Read ``--weights``: one file for every encoder, or ``ENCODER=FILE`` for each."""
    from facialis.models.encoders import ENCODERS

    named: dict[str, Path] = {}
    for text in texts or []:
        name, equals, file = text.partition("=")
        if equals and name in ENCODERS:
            named[name] = Path(file)
        elif len(texts or []) == 1:
            return Path(text)
        else:
            raise typer.BadParameter(f"{text!r} is not ENCODER=FILE; encoders: {', '.join(ENCODERS)}")
    return named or None
