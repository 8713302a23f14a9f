"""``facialis reference``: healthy ranges of a cohort of one's own, and what a bundle's ranges are of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from facialis.cohorts.cohort import Cohort
    from facialis.detection.reference import Reference

app = typer.Typer(
    help="Healthy ranges: build them from your own healthy subjects, or show those of a bundle. Research use; not a "
    "medical device.",
    no_args_is_help=True,
)
ENOUGH = 40
"""People from whom a 2.5 % quantile lies within what was seen: of fewer, it is the most extreme of them."""
FEWEST = 20
"""People that ranges are built of at all, and that an age band needs."""
AGES = (18, 40, 60)
"""Years at which age bands begin where a cohort holds ages."""


@app.command("build")
def build(
    cohort: Annotated[Path, typer.Argument(help="A cohort; its healthy subjects count.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new bundle, or a file that ends in .json.")],
    bundle: Annotated[Path | None, typer.Option(help="The bundle to start from; without it the built-in one.")] = None,
) -> None:
    """Take the healthy ranges of every number from a cohort's healthy subjects, as a new bundle or a JSON file.

    Every subject has one vote, however many frames (each weighs one over the subject's number). Thresholds are left as
    they are (`facialis recalibrate` moves those), and so are the ranges of movements and photo sets. Age bands are told
    where the cohort knows ages; a finding knows none, so it is held against the whole.
    """
    import dataclasses
    import json

    from facialis import __version__
    from facialis.cohorts.cohort import Cohort
    from facialis.detection.bundle import Bundle
    from facialis.errors import FacialisError
    from facialis.files import check_writable, make_folder, write_text

    as_file = out.suffix.lower() == ".json"
    if (out / "card.json").exists():
        raise FacialisError(f"{out}: holds a bundle already; give a new folder")
    start = Bundle.load(bundle)
    if as_file:
        check_writable(out)
    else:
        make_folder(out.absolute().parent)
    opened = Cohort.open(cohort)
    reference = reference_of_cohort(opened, start.card.input)
    if as_file:
        write_text(out, json.dumps(reference.as_dict(), indent=1) + "\n")
    else:
        card = dataclasses.replace(
            start.card,
            reference=reference.as_dict(),
            program=f"facialis {__version__}, healthy ranges in place of those of {start.hash[:12]}",
        )
        made = Bundle.write(out, card, start.graph)
        typer.echo(f"{made.card.name}@{made.hash}")
    typer.echo(f"{out}: healthy range of {reference.n} {reference.of_whom}")
    for name, band in reference.bands.items():
        typer.echo(f"age band {name}: {band.n}")


def reference_of_cohort(cohort: Cohort, asked: Mapping[str, Any]) -> Reference:
    """Return the ranges of a cohort's healthy subjects, with age bands; what they cannot support is said on stderr.

    Parameters
    ----------
    asked : what the 29 measures are, as a bundle's card has it in ``input``.

    Raises
    ------
    CohortError
        It holds no landmarks, or fewer than `FEWEST` healthy subjects with a frame that is fit to be judged.
    """
    import dataclasses

    import numpy as np

    from facialis.detection.quantities import quantities, reference_of_people, sizes
    from facialis.errors import CohortError

    if not {"landmarks", "transforms"} <= set(cohort.modalities):
        raise CohortError(f"{cohort.path}: holds no landmarks and transforms; extract it again with both")
    table = cohort.frames
    healthy = (table["group"] == "healthy") & (table["label"] == 0)
    fit = healthy & ~table["quality"].astype(bool) if "quality" in table else healthy
    at = np.flatnonzero(fit)
    people = table["subject_id"].to_numpy()[at]
    n = len(np.unique(people))
    if n < FEWEST:
        lost = table.loc[healthy, "subject_id"].nunique() - n
        unfit = f" ({lost} more have no frame that is fit to be judged)" if lost else ""
        raise CohortError(f"{cohort.path}: {n} healthy subjects{unfit}; {FEWEST} or more are needed")
    if n < ENOUGH:
        typer.echo(
            f"warning: {n} subjects; of fewer than {ENOUGH} the ends of the range (2.5 and 97.5 %) are hardly more "
            "than the most extreme of them",
            err=True,
        )
    landmarks, transforms = np.asarray(cohort.array("landmarks"))[at], np.asarray(cohort.array("transforms"))[at]
    definition, origin = asked["definition"], asked.get("origin", "picture")
    columns = sizes(quantities(landmarks, transforms, definition, origin), definition)
    kind = "simulated " if cohort.simulated else ""
    of = f"{kind}healthy subjects of the cohort {cohort.hash[:12]}, each with one vote, {len(at)} {kind}frames"
    bands = {}
    ages = age_bands(table.iloc[at])
    for name in sorted({age for age in ages if age}):
        inside = np.flatnonzero(ages == name)
        members = len(np.unique(people[inside]))
        if members < FEWEST:
            typer.echo(f"age band {name}: {members} subjects; left out, {FEWEST} or more are needed", err=True)
            continue
        if members < ENOUGH:
            typer.echo(f"warning: age band {name}: {members} subjects, fewer than {ENOUGH}", err=True)
        part = {column: values[inside] for column, values in columns.items()}
        bands[name] = reference_of_people(part, people[inside], of=f"{of}, age band {name}")
    return dataclasses.replace(reference_of_people(columns, people, of=of), bands=bands)


def age_bands(table: pd.DataFrame) -> pd.Series[str]:
    """Return the age band of each row, "" where it is not known: ``age_band`` as it stands, or by ``age`` in years."""
    import itertools

    import numpy as np
    import pandas as pd

    if "age_band" in table and table["age_band"].astype(bool).any():
        return table["age_band"].fillna("").astype(str).reset_index(drop=True)
    if "age" not in table:
        return pd.Series([""] * len(table))
    years = pd.to_numeric(table["age"], errors="coerce").to_numpy(dtype=float)
    names = [f"under {AGES[0]}", *(f"{a} to {b - 1}" for a, b in itertools.pairwise(AGES)), f"{AGES[-1]} on"]
    which = np.digitize(np.nan_to_num(years), AGES)
    return pd.Series([names[k] if known else "" for k, known in zip(which, np.isfinite(years), strict=True)])


@app.command("show")
def show(
    given: Annotated[
        Path | None, typer.Argument(metavar="[BUNDLE|FILE.json]", help="Without it the built-in bundle.")
    ] = None,
    age_band: Annotated[str | None, typer.Option(help="Show the ranges of this age band.")] = None,
) -> None:
    """Print what healthy people measure: of whom, how many, and the middle 95 % of each number (without its sign)."""
    from rich.table import Table
    from rich.text import Text

    from facialis.errors import FacialisError
    from facialis.reports.tables import console

    reference = _read(given)
    if age_band is not None:
        if age_band not in reference.bands:
            known = ", ".join(reference.bands) or "none"
            raise FacialisError(f"no age band {age_band!r}; there are: {known}")
        reference = reference.bands[age_band]
    few = f"; fewer than {ENOUGH}: the ends are hardly more than the extremes" if reference.n < ENOUGH else ""
    bands = ", ".join(f"{name} ({band.n})" for name, band in reference.bands.items())
    table = Table(
        caption=f"{reference.n} {reference.of_whom}{few}. Age bands: {bands or 'none'}. Sizes, without sign. Research "
        "use; not a medical device.",
        caption_justify="left",
    )
    for column in ("quantity", "2.5 %", "median", "97.5 %"):
        table.add_column(column, justify="left" if column == "quantity" else "right")
    for name, levels in reference.quantiles.items():
        low, high = reference.interval(name)
        table.add_row(Text(name), f"{low:.4g}", f"{levels[len(levels) // 2]:.4g}", f"{high:.4g}")
    console().print(table)


def _read(given: Path | None) -> Reference:
    import json

    from facialis.detection.bundle import Bundle
    from facialis.detection.reference import Reference
    from facialis.errors import FacialisError

    if given is None or given.is_dir():
        return Bundle.load(given).reference
    try:
        return Reference.from_card(json.loads(given.read_text(encoding="utf-8")))
    except OSError as error:
        raise FacialisError(f"{given}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FacialisError(f"{given}: not a reference as `facialis reference build` writes it ({error})") from error
