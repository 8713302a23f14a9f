"""How far does the figure move from seed to seed of the training, and from split to split?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import made_of, row_figure, table_figure, told
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study

N_SEEDS = 5


def ask(asking: Asking) -> Answer:
    """Train the net on the measures with five seeds on one split, and with one seed on five splits."""
    recipe = load_recipes("measures-net", asking.overrides)[0]
    results = run_study(asking.cohort, recipe, asking.out / "study", seeds=N_SEEDS, **asking.run)
    first = row_figure("the study itself", results["rows"][0], asking.out / "study")
    kinds = {"seed": "seeds of the training", "split": "splits"}
    figures, sentences = [first], []
    for kind, name in kinds.items():
        found = [first]
        for folder in sorted((asking.out / "study" / "folds" / recipe.name).glob(f"{kind}-*")):
            number = int(folder.name.removeprefix(f"{kind}-"))
            if asking.seed < number < asking.seed + N_SEEDS:
                table = pd.concat([pd.read_parquet(file) for file in sorted(folder.glob("fold-*.parquet"))])
                found.append(table_figure(f"{kind} {number}", table, asking))
        figures += found[1:]
        sentences.append(made_of(asking, None) + _moves(name, found))
    return Answer(
        "seeds",
        "How far the figure moves from seed to seed and from split to split",
        [f"{made_of(asking, None)}the net on the measures has F1 {told(first)}.", *sentences],
        figures,
        asking.cohort.simulated,
        notes=["The intervals are those of the tested subjects, given the trained models; the spread is beside them."],
    )


def _moves(name: str, found: list[Figure]) -> str:
    values = [figure.value for figure in found if figure.value is not None]
    if len(values) < 2:
        return f"the {name} give no second figure: there is one way to split, or F1 is undefined."
    spread = float(np.std(values, ddof=1))
    return (
        f"over {len(values)} {name} F1 goes from {min(values):.1f} to {max(values):.1f}, "
        f"standard deviation {spread:.1f} points."
    )
