"""``facialis study``: recipes run on a cohort, fold by fold, and the paper's Table 1 from one command."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from facialis.app import ask
from facialis.app.study_options import (
    DeviceOption,
    DuplicatesOption,
    EngineOption,
    OutOption,
    RandomOption,
    SeedOption,
    SeedsOption,
    SelectOption,
    SetOption,
    SplitOption,
    WeightsOption,
    WorkersOption,
    encoder_weights,
    grid,
    setting,
    studies,
)

if TYPE_CHECKING:
    from facialis.cohorts.cohort import Cohort
    from facialis.studies.recipes import Recipe


class _Study(TyperGroup):
    """`facialis study RECIPE COHORT` is short for `facialis study run RECIPE COHORT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Study,
    no_args_is_help=True,
    help="Train and test recipes on a cohort: no subject is ever on both sides.\n\n"
    "`facialis study RECIPE COHORT -o DIR` runs one recipe (short for `study run`), `facialis study table1 -o DIR` the "
    "paper's whole table. Needs the extra `train`. Research use; not a medical device.",
)


@app.command("run")
def run(
    recipe: Annotated[
        str,
        typer.Argument(
            help="measures-net, coordinates-net, rgb-mixer, early-fusion, four-rows (these four), table1, or a TOML."
        ),
    ],
    cohort: Annotated[Path, typer.Argument(help="Folder of a cohort, simulated or extracted.")],
    out: OutOption,
    weights: WeightsOption = None,
    random_weights: RandomOption = False,
    set_: SetOption = None,
    select: SelectOption = None,
    split: SplitOption = "leave-one-patient-out",
    seed: SeedOption = 0,
    seeds: SeedsOption = 1,
    device: DeviceOption = "auto",
    workers: WorkersOption = None,
    engine: EngineOption = "processes",
    allow_duplicates: DuplicatesOption = False,
) -> None:
    """Train and test a recipe, or several, on a cohort.

    F1, precision and recall are the mean over the folds, each with a bootstrap interval over subjects; tables and
    report.html have the pooled figures, calibration, curves and each fold as well.
    """
    load_recipes = studies().load_recipes
    from facialis.cohorts.cohort import Cohort

    _study(
        Cohort.open(cohort),
        load_recipes(recipe, overrides=dict(setting(text, "--set") for text in set_ or [])),
        out,
        weights=encoder_weights(weights),
        random_weights=random_weights,
        select=grid(select),
        split=split,
        seed=seed,
        seeds=seeds,
        device=device,
        workers=workers,
        engine=engine,
        allow_duplicates=allow_duplicates,
    )


@app.command("table1")
def table1(
    out: OutOption,
    palsy: Annotated[
        str | None, typer.Option(metavar="YFP", help="The patients: a folder of YFP, or KIND:DIR as in `extract`.")
    ] = None,
    healthy: Annotated[
        str | None, typer.Option(metavar="CKPLUS", help="The healthy side: a folder of CK+, or KIND:DIR.")
    ] = None,
    healthy_subjects: Annotated[
        int | None,
        typer.Option(min=2, help="Healthy subjects drawn by the seed: the paper's 20, or all where they are fewer."),
    ] = None,
    cohort: Annotated[Path | None, typer.Option(help="An extracted or simulated cohort with both, instead.")] = None,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Dry run: 4 + 4 simulated subjects, 2 pictures each, untrained encoders.")
    ] = False,
    weights: WeightsOption = None,
    random_weights: RandomOption = False,
    set_: SetOption = None,
    select: SelectOption = None,
    split: SplitOption = "leave-one-patient-out",
    seed: SeedOption = 0,
    seeds: SeedsOption = 1,
    device: DeviceOption = "auto",
    workers: WorkersOption = None,
    engine: EngineOption = "processes",
    allow_duplicates: DuplicatesOption = False,
) -> None:
    """All thirteen rows of the paper's Table 1, beside its own figures (arXiv 2503.10371).

    Data are named in one of three ways: --palsy and --healthy (extracted into DIR/cohort), --cohort, or --tiny. A row
    that cannot run says why in its place, and the others go on.
    """
    given = (palsy is not None or healthy is not None, cohort is not None, tiny)
    if sum(given) != 1 or (palsy is None) != (healthy is None):
        raise typer.BadParameter("give --palsy and --healthy, or --cohort, or --tiny")
    recipes = studies()
    from facialis.cohorts.cohort import Cohort
    from facialis.studies.table1 import extracted_cohort, tiny_cohort, write_table1

    settings = {**(recipes.TINY if tiny else {}), **dict(setting(text, "--set") for text in set_ or [])}
    rows = recipes.load_recipes("table1", overrides=settings)
    if palsy is not None and healthy is not None:
        found = extracted_cohort(
            palsy, healthy, out, healthy_subjects=healthy_subjects, seed=seed, workers=workers or 1, engine=engine
        )
    else:
        found = tiny_cohort(out, seed=seed) if cohort is None else Cohort.open(cohort)
    results = _study(
        found,
        rows,
        out,
        weights=encoder_weights(weights),
        random_weights=random_weights or (tiny and not weights),
        select=grid(select),
        split=split,
        seed=seed,
        seeds=seeds,
        device=device,
        workers=workers,
        engine=engine,
        allow_duplicates=allow_duplicates,
        keep_going=True,
    )
    write_table1(results, out)


app.command("ask")(ask.ask)


@app.command("report")
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished study.")],
    cohort: Annotated[
        Path | None, typer.Option(help="Its cohort, to draw typical errors; FOLDER/cohort where it is there.")
    ] = None,
) -> None:
    """Write a finished study's tables and page again, with checklists and its typical errors as landmark drawings."""
    import json
    import shlex

    from facialis.cohorts.cohort import Cohort
    from facialis.errors import FacialisError
    from facialis.reports.study import write_study

    path = folder / "results.json"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FacialisError(f"{path}: no results of a finished study; run `facialis study run` to its end") from error
    found = cohort or (folder / "cohort" if (folder / "cohort").is_dir() else None)
    wrong = [] if found is None else _wrong(Cohort.open(found), results, folder)
    write_study(results, folder, command=shlex.join(["facialis", *sys.argv[1:]]), wrong=wrong)
    typer.echo(f"the page: {folder / 'report.html'}")


def _wrong(cohort: Cohort, results: Mapping[str, Any], folder: Path) -> list[Any]:
    """Return a study's typical errors."""
    import pandas as pd

    from facialis.errors import CohortError
    from facialis.reports.wrong_frames import wrong_frames

    if cohort.hash != results["cohort"]["hash"]:
        raise CohortError(f"{cohort.path}: is not the cohort of the study in {folder}")
    return wrong_frames(pd.read_parquet(folder / "predictions.parquet"), cohort)


def _study(
    cohort: Cohort, recipes: Sequence[Recipe], out: Path, *, workers: int | None, device: str, **options: Any
) -> dict[str, Any]:
    """Run the study, write its tables and its page, and print the table."""
    import shlex

    from facialis.reports.study import write_study
    from facialis.reports.study_tables import terminal_table
    from facialis.reports.tables import console
    from facialis.studies.engine import default_workers
    from facialis.studies.study import check_device, run_study

    device = check_device(device)
    results = run_study(cohort, recipes, out, workers=workers or default_workers(device), device=device, **options)
    wrong = _wrong(cohort, results, out) if "landmarks" in cohort.modalities else []
    write_study(results, out, command=shlex.join(["facialis", *sys.argv[1:]]), wrong=wrong)
    console().print(terminal_table(results))
    typer.echo(f"results: {out}, the page: {out / 'report.html'}")
    return results
