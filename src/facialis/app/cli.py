"""The command line: its commands, and how errors and interrupts leave it."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facialis import __version__
from facialis.app import (
    assets,
    bundle,
    cohorts,
    demo,
    detect,
    explain,
    follow,
    measure,
    metrology,
    page,
    photo_set,
    recalibrate,
    reference,
    repeatability,
    report,
    serve,
    study,
    train_detector,
    weights,
)
from facialis.errors import FacialisError
from facialis.interrupts import came_of_interrupt


class _Commands(TyperGroup):
    """The group of all commands: a user's mistake ends in one line, an interrupt too."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            if not came_of_interrupt(error):
                if not isinstance(error, FacialisError):
                    raise
                typer.echo(f"facialis: {error}", err=True)
                raise typer.Exit(2) from error
            resumable = ctx.invoked_subcommand in ("simulate", "extract", "study")
            hint = "; the same command goes on where it stopped" if resumable else ""
            typer.echo(f"facialis: interrupted{hint}", err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    name="facialis",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Detect facial palsy from photos and video; train, test and question such detectors.\n\n"
    "Research use; not a medical device.",
)
app.command("detect")(detect.detect)
app.command("explain")(explain.explain)
app.command("serve")(serve.serve)
app.command("photo-set")(photo_set.photo_set)
app.command("report")(report.report)
app.command("follow")(follow.follow)
app.command("train-detector")(train_detector.train_detector)
app.command("recalibrate")(recalibrate.recalibrate)
app.add_typer(reference.app, name="reference")
app.command("repeatability")(repeatability.repeatability)
app.add_typer(bundle.app, name="bundle")
app.command("measure")(measure.measure)
app.command("demo")(demo.demo)
app.command("page")(page.page)
app.command("metrology")(metrology.metrology)
app.command("simulate")(cohorts.simulate)
app.command("extract")(cohorts.extract)
app.add_typer(study.app, name="study")
app.add_typer(cohorts.app, name="cohort")
app.add_typer(assets.app, name="assets")
app.add_typer(weights.app, name="weights")


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
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer cannot be written either
        if not isinstance(error, BrokenPipeError):  # a reader who has gone wants no word
            print(f"facialis: cannot write the output: {error.strerror or error}", file=sys.stderr)
        sys.exit(1 if isinstance(error, BrokenPipeError) else 2)
