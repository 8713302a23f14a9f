"""``facialis repeatability``: how well each number repeats in frames that belong together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from facialis.app.options import LanguageOption, WorkersOption

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from facialis.detection.bundle import Bundle
    from facialis.detection.quantities import Quantities
    from facialis.detection.repeatability import Repeatability

BY = "subject,view"
COLUMNS = (
    "quantity", "unit", "groups", "n", "mean", "sem", "sem_low", "sem_high", "sdc95", "icc", "icc_low", "icc_high",
)  # fmt: skip
LOG_ODDS = "log_odds"


class Frames(NamedTuple):
    """What is measured: all numbers (n, k) of n frames, and the table that says what each frame is."""

    numbers: Quantities
    table: pd.DataFrame
    simulated: bool


def repeatability(
    given: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT|FOLDER|MANIFEST.csv",
            help="A cohort; or photos: a folder of people's folders, or a CSV file with path and columns for --by.",
        ),
    ],
    by: Annotated[str, typer.Option(help="Columns, by commas, in which frames that belong together are alike.")] = BY,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the table to this CSV file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page as well.")] = None,
    language: LanguageOption = "en",
    bundle: Annotated[Path | None, typer.Option(help="Of the log odds; without it the built-in one.")] = None,
    workers: WorkersOption = 1,
) -> None:
    """Say how well every number repeats: standard error of measurement, smallest detectable change, ICC.

    Frames belong together that are of one subject in one view, or as --by says (subject, view, sequence, source and
    any column of the cohort or manifest). A cohort's landmarks are used as they are; no landmarker runs again. What
    differs within a group counts as error. Research use; not a medical device.
    """
    from facialis.detection.bundle import Bundle
    from facialis.detection.repeatability import labels_of
    from facialis.detection.repeatability import repeatability as measure
    from facialis.faces.sources import check_output
    from facialis.files import write_text
    from facialis.reports.repeatability import Measured, repeatability_table, write_repeatability
    from facialis.reports.tables import console, csv_text
    from facialis.words import words

    say = words(language)
    if out is not None and report is not None and out.resolve() == report.resolve():
        raise typer.BadParameter("--out and --report are the same file")
    for path in (out, report):
        if path is not None:
            check_output(path, [given])
    judge = Bundle.load(bundle)
    frames = of_cohort(given, judge) if (given / "cohort.json").is_file() else of_photos(given, bundle, workers)
    columns = {name.strip(): column_of(frames.table, name) for name in by.split(",")}
    for name, column in columns.items():
        if not any(column):
            typer.echo(
                f"warning: {name} is empty everywhere: frames that differ in it are taken for repeats, and their "
                "difference for error",
                err=True,
            )
    groups = labels_of(columns.values())
    found = measure(frames.numbers.values, groups)
    measured = Measured(frames.numbers, found, by.replace(",", ", "), len(groups) - found.n, frames.simulated)
    console().print(repeatability_table(measured))
    if out is not None:
        write_text(out, csv_text(rows(frames.numbers, found), COLUMNS))
    if report is not None:
        write_repeatability(report, measured, say)
    for path in (out, report):
        if path is not None:
            typer.echo(f"written: {path}", err=True)


def of_cohort(path: Path, bundle: Bundle) -> Frames:
    """Return the numbers of a cohort's frames that are fit to be judged, from its landmarks."""
    import numpy as np

    from facialis.cohorts.cohort import Cohort
    from facialis.detection.quantities import quantities
    from facialis.errors import CohortError

    cohort = Cohort.open(path)
    if not {"landmarks", "transforms"} <= set(cohort.modalities):
        raise CohortError(f"{path}: holds no landmarks and transforms; extract it again with both")
    table = cohort.frames
    fit = np.flatnonzero(~table["quality"].astype(bool)) if "quality" in table else np.arange(len(table))
    if not len(fit):
        raise CohortError(f"{path}: no frame of it is fit to be judged")
    landmarks, transforms = np.asarray(cohort.array("landmarks"))[fit], np.asarray(cohort.array("transforms"))[fit]
    asked = bundle.card.input
    numbers = quantities(landmarks, transforms, asked["definition"], asked.get("origin", "picture"))
    if set(bundle.inputs) <= {"landmarks", "transform"}:
        answers = bundle.answers(landmarks=landmarks, transform=transforms)["logits"]
        numbers = _with_odds(numbers, answers[:, 1] - answers[:, 0])
    return Frames(numbers, table.iloc[fit].reset_index(drop=True), cohort.simulated)


def of_photos(given: Path, bundle: Path | None, workers: int) -> Frames:
    """Judge photos, and return the numbers of those that can be judged.

    In a folder the folder that a photo lies in is its subject, and its view is known by its name. A manifest's own
    columns are kept; its view, where it has none, likewise.
    """
    import numpy as np
    import pandas as pd

    from facialis.detection.batch import detect_many
    from facialis.detection.photo_set import view_of
    from facialis.detection.quantities import Quantities
    from facialis.errors import PictureError
    from facialis.faces.sources import Source, display_name, is_video, list_sources
    from facialis.modalities.measures import MEASURES
    from facialis.modalities.signed import SIGNED_MEASURES
    from facialis.progress import track

    if given.is_dir():
        paths = [source.path for source in list_sources([str(given)]) if not is_video(source.path)]
        rows = [{"path": str(path), "subject": str(path.parent.relative_to(given))} for path in paths if path != given]
        table = pd.DataFrame(rows)
    else:
        try:
            table = pd.read_csv(
                given, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=None, engine="python"
            )
        except (OSError, ValueError, pd.errors.ParserError) as error:
            raise PictureError(
                f"{display_name(given)}: neither a cohort, a folder, nor a CSV file ({error})"
            ) from error
        if "path" not in table:
            raise PictureError(f"{display_name(given)}: no column path; a manifest has path and the columns of --by")
        table["path"] = [str(given.parent / path) for path in table["path"]]
    if not len(table):
        raise PictureError(f"{display_name(given)}: no photos in it")
    if "view" not in table:
        table["view"] = [view_of(Path(path).absolute()) or "" for path in table["path"]]
    sources = [Source(Path(path), path) for path in table["path"]]
    judged = detect_many(sources, bundle=bundle, workers=workers)
    kept, values, units = [], [], []
    for row, batch in enumerate(track(judged, "judging", total=len(sources))):
        finding = batch.findings[0]
        if finding.numbers is not None and finding.logit is not None:
            kept.append(row)
            numbers = [number for kind in finding.numbers.values() for number in kind.values()]
            values.append([*(number.value for number in numbers), finding.logit])
            units = [*(number.unit for number in numbers), "1"]
    if not kept:
        raise PictureError(f"{display_name(given)}: none of {len(sources)} photos could be judged")
    if len(kept) < len(sources):
        typer.echo(
            f"{len(sources) - len(kept)} of {len(sources)} photos could not be judged and are left out", err=True
        )
    from facialis.detection.millimetres import millimetre_names

    names = (*(e.name for e in MEASURES), *(f"difference {e.name}" for e in SIGNED_MEASURES), *millimetre_names())
    found = Quantities((*names, LOG_ODDS), tuple(units), np.array(values))
    return Frames(found, table.iloc[kept].reset_index(drop=True), False)


def column_of(table: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Return a column (n,) as text; ``subject`` is a cohort's ``subject_id``, and ``view`` its sequence.

    Raises
    ------
    CohortError
        There is no such column; the message names those there are.
    """
    from facialis.errors import CohortError

    name = name.strip()
    other = {"subject": "subject_id", "subject_id": "subject", "view": "sequence"}.get(name, "")
    found = name if name in table else other
    if found not in table:
        raise CohortError(f"no column {name!r} says which frames belong together; there are {', '.join(table.columns)}")
    return table[found].astype(str).to_numpy(dtype=object)


def rows(numbers: Quantities, found: Repeatability) -> list[dict[str, Any]]:
    """Return a row a quantity, columns `COLUMNS`; what cannot be told is None."""
    import math

    def told(value: float) -> float | None:
        return round(float(value), 6) if math.isfinite(value) else None

    return [
        {
            "quantity": name, "unit": unit, "groups": found.groups, "n": found.n, "mean": told(found.mean[k]),
            "sem": told(found.sem[k]), "sem_low": told(found.sem_interval[k, 0]),
            "sem_high": told(found.sem_interval[k, 1]), "sdc95": told(found.sdc95[k]), "icc": told(found.icc[k]),
            "icc_low": told(found.icc_interval[k, 0]), "icc_high": told(found.icc_interval[k, 1]),
        }
        for k, (name, unit) in enumerate(zip(numbers.names, numbers.units, strict=True))
    ]  # fmt: skip


def _with_odds(numbers: Quantities, odds: NDArray[np.float64]) -> Quantities:
    import numpy as np

    values = np.concatenate([numbers.values, odds[:, None]], axis=1)
    return numbers._replace(names=(*numbers.names, LOG_ODDS), units=(*numbers.units, "1"), values=values)
