"""What a cohort holds, and what was read for it, as tables for the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.duplicates import find_duplicates
from facialis.cohorts.writing import GROUPS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_SUBJECTS = 10
_DUPLICATES = 8


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


def account(cohort: Cohort) -> pd.DataFrame:
    """Return every frame that was read: source, group, subject_id, and ``reason``, empty where it is usable.

    Reasons are kinds of reasons: the file's name and what differs from file to file are taken out.
    """
    import pandas as pd

    columns = ["source", "group", "subject_id"]
    unusable = pd.read_parquet(cohort.path / "unusable.parquet")
    usable = cohort.frames[columns].assign(reason="")
    if not len(unusable):
        return usable
    return pd.concat([usable, unusable[columns].assign(reason=unusable["reason"].map(_kind))], ignore_index=True)


def account_tables(cohort: Cohort, *, every_subject: bool = False) -> list[Table]:
    """Return what was read and what of it is usable: by source and group, and by subject.

    The second has the subjects of whom least is usable, unless `every_subject`; it is left out where all is usable.
    """
    from rich.table import Table

    frames = account(cohort)
    lost = int((frames["reason"] != "").sum())
    by_group = Table(
        "source", "group", "subjects", "read", "usable", "why not",
        title=f"{len(frames)} frames read, {len(frames) - lost} usable, {lost} not",
    )  # fmt: skip
    for (source, group), rows in frames.groupby(["source", "group"], sort=True):
        by_group.add_row(str(source), str(group), str(rows["subject_id"].nunique()), *_counts(rows))
    if not (lost or every_subject):
        return [by_group]
    share = frames.assign(usable=frames["reason"] == "").groupby("subject_id")["usable"].mean()
    listed = share.sort_index() if every_subject else share[share < 1].sort_values(kind="stable")[:_SUBJECTS]
    rest = int((share < 1).sum()) - len(listed)
    by_subject = Table(
        "subject", "read", "usable", "why not",
        title="by subject" if every_subject else "subjects of whom least is usable",
        caption=f"and {rest} more: --subjects lists every one" if rest > 0 else None,
    )  # fmt: skip
    for subject in listed.index:
        by_subject.add_row(str(subject), *_counts(frames[frames["subject_id"] == subject]))
    return [by_group, by_subject]


def choice_lines(cohort: Cohort) -> list[str]:
    """Return a line for each thing that was left out, chosen or noted when the cohort was extracted."""
    facts, lines = cohort.provenance, list(cohort.provenance.get("notes", []))
    if thinned := facts.get("thinning"):
        asked = [f"one frame in {thinned['every']} of a sequence"] if thinned["every"] else []
        asked += [f"{thinned['per_subject']} a subject"] if thinned["per_subject"] else []
        lines.append(f"thinned to {' and '.join(asked)}: {thinned['kept']} of {thinned['listed']} frames")
    if chosen := facts.get("healthy_subjects"):
        names = ", ".join(chosen["subjects"])
        lines.append(f"{chosen['n']} of {chosen['of']} healthy subjects, drawn with seed {chosen['seed']}: {names}")
    if facts.get("videos_left_out"):
        lines.append(f"{facts['videos_left_out']} videos left out, as asked for")
    return lines


def duplicate_lines(cohort: Cohort) -> list[str]:
    """Return what `find_duplicates` says, shortened; empty when it finds nothing."""
    found = find_duplicates(cohort.frames)
    if not found:
        return []
    more = [f"and {len(found) - _DUPLICATES} more"] if len(found) > _DUPLICATES else []
    heading = (
        f"duplicates: {len(found)} found, all kept; `facialis study` refuses them unless --allow-duplicates is given"
    )
    return [heading, *found[:_DUPLICATES], *more]


def _counts(rows: pd.DataFrame) -> tuple[str, str, str]:
    """Return n read, n usable, and the three most frequent reasons."""
    reasons = rows.loc[rows["reason"] != "", "reason"].value_counts()
    told = [f"{reason} {n}" for reason, n in reasons[:3].items()]
    told += [f"others {int(reasons[3:].sum())}"] if len(reasons) > 3 else []
    return str(len(rows)), str(len(rows) - int(reasons.sum())), ", ".join(told)


def _kind(reason: str) -> str:
    """Return a reason without the file's name in front and what follows the first clause.

    Examples
    --------
    >>> _kind("a/b.mp4: the video breaks off after 2.1 s (3.0 s were expected); copy it again from where it came")
    'the video breaks off'
    """
    told = re.sub(r"^.*?\.\w+: ", "", reason, flags=re.DOTALL)
    return re.split(r"[;(,]| after \d", told)[0].strip()
