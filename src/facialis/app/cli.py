"""The command line: its commands, and how errors and interrupts leave it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from facialis import __version__
from facialis.app import assets, cohorts, demo, detect, measure, study
from facialis.errors import FacialisError

app = typer.Typer(
    name="facialis",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Detect facial palsy from photos and video; train, test and question such detectors.\n\n"
    "Research use; not a medical device.",
)
app.command("detect")(detect.detect)
app.command("measure")(measure.measure)
app.command("demo")(demo.demo)
app.command("simulate")(cohorts.simulate)
app.command("extract")(cohorts.extract)
app.command("study")(study.study)
app.add_typer(cohorts.app, name="cohort")
app.add_typer(assets.app, name="assets")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facialis {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Exit status: 0, 1 (a row in error), 2 (the call could not be carried out), 130 (Ctrl-C)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except FacialisError as error:
        typer.echo(f"facialis: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone: end quietly
        sys.exit(1)
