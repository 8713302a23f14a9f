"""``facialis study``: recipes run on a cohort, fold by fold, and the paper's Table 1 from one command."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

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
    load_recipes = _studies().load_recipes
    from facialis.cohorts.cohort import Cohort

    _study(
        Cohort.open(cohort),
        load_recipes(recipe, overrides=dict(_setting(text, "--set") for text in set_ or [])),
        out,
        weights=_weights(weights),
        random_weights=random_weights,
        select=_grid(select),
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
    recipes = _studies()
    from facialis.cohorts.cohort import Cohort
    from facialis.studies.table1 import extracted_cohort, tiny_cohort, write_table1

    settings = {**(recipes.TINY if tiny else {}), **dict(_setting(text, "--set") for text in set_ or [])}
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
        weights=_weights(weights),
        random_weights=random_weights or (tiny and not weights),
        select=_grid(select),
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


def _list_questions(asked: bool) -> None:
    if not asked:
        return
    from rich.table import Table

    from facialis.reports.tables import console
    from facialis.studies.questions import NEEDS, QUESTIONS

    table = Table("name", "what it asks", "what it needs")
    for name, asks in QUESTIONS.items():
        table.add_row(name, asks, NEEDS[name])
    console().print(table)
    raise typer.Exit


@app.command("ask")
def ask(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the question; `--list` has them all.")],
    cohort: Annotated[Path, typer.Argument(help="Folder of a cohort, simulated or extracted.")],
    out: OutOption,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", is_eager=True, callback=_list_questions, help="Print the questions and what each needs."
        ),
    ] = False,
    recipe: Annotated[list[str] | None, typer.Option(help="Recipe to ask about, where a question takes any.")] = None,
    with_pictures: Annotated[
        bool, typer.Option("--with-pictures", help="label-noise: a page with the faces themselves, for this disk only.")
    ] = False,
    weights: WeightsOption = None,
    random_weights: RandomOption = False,
    set_: SetOption = None,
    split: SplitOption = "leave-one-patient-out",
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    workers: WorkersOption = None,
    engine: EngineOption = "processes",
    allow_duplicates: DuplicatesOption = False,
) -> None:
    """Ask where a result comes from: shortcuts, leakage, seeds, fairness and others (`--list`).

    The answer is printed, and stands as a page with its plots in DIR/report.html and as data in DIR/answer.json.
    """
    _studies()
    import shlex

    from facialis.cohorts.cohort import Cohort
    from facialis.reports.answers import answer_table, sheet_tables, write_answer
    from facialis.reports.contact_sheet import check_pictures, write_contact_sheet
    from facialis.reports.tables import console
    from facialis.studies.engine import default_workers
    from facialis.studies.questions import OF_RECIPES, QUESTIONS, Asking, claimed, question
    from facialis.studies.study import check_device

    device = check_device(device)
    find, overrides = question(name), dict(_setting(text, "--set") for text in set_ or [])
    if with_pictures and name != "label-noise":
        raise typer.BadParameter("only label-noise has pictures to show", param_hint="--with-pictures")
    if recipe and name not in OF_RECIPES:
        raise typer.BadParameter(
            f"{name} names its own recipes; {', '.join(OF_RECIPES)} take any", param_hint="--recipe"
        )
    opened = Cohort.open(cohort)
    if with_pictures:
        check_pictures(opened)
    asking = Asking(
        opened, out, overrides, _weights(weights), random_weights, split, seed, device=device, engine=engine,
        workers=workers or default_workers(device), allow_duplicates=allow_duplicates, recipes=recipe or (),
    )  # fmt: skip
    with claimed(out, name):
        answer = find(asking)
        path, facts = answer.write(out), answer.as_dict()
        made = {"command": shlex.join(["facialis", *sys.argv[1:]]), "cohort": opened.hash, "split": split, "seed": seed}
        page = write_answer(facts, out, question=QUESTIONS[name], made={k: str(v) for k, v in made.items()})
    for table in (answer_table(facts), *sheet_tables(facts)):
        console().print(table)
    if with_pictures:
        sheet = out / "label-noise-pictures.html"
        columns = ("label", "probability of palsy")
        write_contact_sheet(opened, next(iter(facts["sheets"].values())), sheet, title=answer.title, columns=columns)
        typer.echo(f"faces, for this disk only: {sheet}")
    typer.echo("\n".join([*answer.sentences, *answer.notes, f"answer: {path}, the page: {page}"]))


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


def _studies() -> Any:
    """Return the module of the recipes, or say what to install."""
    from facialis.errors import FacialisError

    try:
        from facialis.studies import recipes, study  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("facialis"):
            raise
        raise FacialisError(f"{error.name} is not installed: pip install 'facialis[train]'") from error
    return recipes


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


def _setting(text: str, option: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``, the value as TOML has it (a bare word is a string)."""
    import tomllib

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, e.g. image.epochs=5", param_hint=option)
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _grid(texts: Sequence[str] | None) -> dict[str, list[Any]]:
    grid = {}
    for text in texts or []:
        key, values = _setting(text, "--select")
        if not isinstance(values, list) or not values:
            raise typer.BadParameter(f"{text!r} is not KEY=[VALUE,...]", param_hint="--select")
        grid[key] = values
    return grid


def _weights(texts: Sequence[str] | None) -> Path | Mapping[str, Path] | None:
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
