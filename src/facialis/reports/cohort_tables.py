"""What a cohort holds, as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facialis.cohorts.cohort import GROUPS, Cohort

if TYPE_CHECKING:
    from rich.table import Table


def cohort_table(cohort: Cohort) -> Table:
    """Return subjects and frames by group."""
    from rich.table import Table

    simulated = " (simulated)" if cohort.simulated else ""
    table = Table(title=f"{cohort.path}{simulated}", caption=f"modalities: {', '.join(cohort.modalities)}")
    for heading in ("group", "subjects", "frames", "labelled palsy", "not fit to be judged"):
        table.add_column(heading, justify="left" if heading == "group" else "right")
    frames = cohort.read_frames(["group", "subject_id", "label", "quality"])
    for group in GROUPS:
        rows = frames[frames["group"] == group]
        unfit = int((rows["quality"] != "").sum()) if "quality" in rows else 0
        numbers = (rows["subject_id"].nunique(), len(rows), int(rows["label"].sum()), unfit)
        table.add_row(group, *(str(number) for number in numbers))
    return table


def unusable_table(cohort: Cohort) -> Table | None:
    """Return why frames were not used, by group; None when all were."""
    import pandas as pd
    from rich.table import Table

    unusable = pd.read_parquet(cohort.path / "unusable.parquet")
    if not len(unusable):
        return None
    read = len(cohort) + len(unusable)
    table = Table("group", "reason", "frames", title=f"{read} read, {len(cohort)} usable, {len(unusable)} not:")
    kinds = unusable["reason"].where(unusable["reason"].str.len() < 30, "could not be read")
    counts = unusable.assign(kind=kinds).groupby(["group", "kind"]).size().reset_index(name="frames")
    for row in counts.itertuples(index=False):
        table.add_row(*(str(value) for value in row))
    return table
