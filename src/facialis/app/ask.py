"""``facialis study ask``: where a result comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from facialis.app.study_options import (
    DeviceOption,
    DuplicatesOption,
    EngineOption,
    OutOption,
    RandomOption,
    SeedOption,
    SetOption,
    SplitOption,
    WeightsOption,
    WorkersOption,
    encoder_weights,
    setting,
    studies,
)


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
    studies()
    import shlex

    from facialis.cohorts.cohort import Cohort
    from facialis.reports.answers import answer_table, sheet_tables, write_answer
    from facialis.reports.contact_sheet import check_pictures, write_contact_sheet
    from facialis.reports.tables import console
    from facialis.studies.engine import default_workers
    from facialis.studies.questions import OF_RECIPES, QUESTIONS, Asking, claimed, question
    from facialis.studies.study import check_device

    device = check_device(device)
    find, overrides = question(name), dict(setting(text, "--set") for text in set_ or [])
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
        opened, out, overrides, encoder_weights(weights), random_weights, split, seed, device=device, engine=engine,
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
