"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from facialis.words import languages


def parse_face(value: str) -> str:
    """Check the option ``--face``."""
    if value in ("only", "largest", "all") or (value.isdecimal() and len(value) < 4 and int(value) > 0):
        return value
    raise typer.BadParameter(f"{value!r} is not only, largest, all, or a number from 1")


def parse_paths(values: list[str]) -> list[str]:
    """Check the paths: an empty one is a slip of a shell variable."""
    if "" in values:
        raise typer.BadParameter("an empty path was given")
    return values


PathsArgument = Annotated[
    list[str], typer.Argument(callback=parse_paths, metavar="PATH...", help="Photos, videos, or folders of them.")
]
FaceOption = Annotated[
    str,
    typer.Option(
        callback=parse_face,
        metavar="only|largest|all|N",
        help="Which face where there are several; 'only' abstains.",
    ),
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes; about 250 MB each.")]
LANGUAGES = sorted(languages(), key=lambda code: code != "en")
LanguageOption = Annotated[str, typer.Option(help=f"Of the page: {' or '.join(LANGUAGES)}.")]
