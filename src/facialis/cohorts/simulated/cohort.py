"""A simulated cohort on disk, as extraction would write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.extraction import extract
from facialis.cohorts.simulated.blocks import Arrays, join_parts, read_part, write_part
from facialis.cohorts.simulated.draw import number_of_draws
from facialis.cohorts.simulated.plan import asked_for, claimed, people_of
from facialis.cohorts.simulated.sequences import movements_shown, sequence_blocks
from facialis.cohorts.simulated.simulate import Block, face_blocks
from facialis.cohorts.writing import GROUPS, finish_cohort
from facialis.errors import CohortError
from facialis.modalities.coordinates import coordinates
from facialis.modalities.measures import measure
from facialis.progress import bar

MODALITIES = ("landmarks", "transforms", "measures", "coordinates")
DRAWS = 8
"""Draws of faces that a stopped run has to do again at most; no byte of the cohort depends on it."""


def simulate_cohort(
    out: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    *,
    seed: int = 0,
    pictures: bool = False,
    sequences: bool = False,
    movement: str = "mixed",
    workers: int = 1,
    portraits: Path | str | None = None,
    ict_facekit: Path | str | None = None,
) -> Cohort:
    """Simulate a cohort and write it; the same arguments give the same bytes, also of a run that was stopped.

    Without pictures the landmarks are simulated as the landmarker would report them, and the cohort has no expression
    scores, crops or lines. With pictures they are drawn into ``COHORT/pictures`` and then really extracted.

    Parameters
    ----------
    n_patients, n_healthy, frames, seed, movement : as for `simulate_faces`.
    sequences : each subject makes its movements one after the other in time, `frames` of each
        (`facialis.cohorts.simulated.sequences.sequence_blocks`).
    portraits : folder of healthy people's photos to make the pictures from.
    ict_facekit : folder of ICT-FaceKit to take the identities from (`facialis.cohorts.simulated.ict_facekit`).

    Raises
    ------
    CohortError
        A count is out of range, a view is unknown, the folder cannot be written, `portraits` holds no photo with
        exactly one face, `ict_facekit` is none, or `out` holds a cohort, or an unfinished one with other arguments.
    """
    out = Path(out)
    if portraits is not None and not pictures:
        raise CohortError("portraits are given but no pictures are asked for; add --pictures")
    people = people_of(ict_facekit)
    kind = {"sequences": True} if sequences else {}
    asked = asked_for(n_patients, n_healthy, frames, seed, movement, people, portraits, pictures=pictures, **kind)
    provenance = {"simulated": True, "sources": ["simulated"], "simulation": asked}
    if pictures:
        from facialis.cohorts.simulated.picture import Sitters, simulate_pictures
        from facialis.cohorts.simulated.portraits import read_portrait_folder

        sitters = Sitters(None if portraits is None else read_portrait_folder(portraits), seed)
        with claimed(out, asked):
            table = simulate_pictures(out, n_patients, n_healthy, frames, seed, sitters, movement, people)
            return extract(table, out, out, provenance=provenance, workers=workers)
    blocks, shown = (sequence_blocks, movements_shown(movement)) if sequences else (face_blocks, 1)
    drawn = partial(blocks, n_patients, n_healthy, frames, seed, movement=movement, people=people)
    with claimed(out, asked) as parts:
        draws = number_of_draws(max(n_patients, n_healthy), shown if sequences else frames)
        write_faces(out, parts, drawn, draws, (n_patients + n_healthy) * shown * frames)
        return finish_cohort(out, None, MODALITIES, provenance, None)


def write_faces(
    out: Path, parts: Path, drawn: Callable[..., Iterator[list[Block]]], draws: int, n: int, step: int = DRAWS
) -> None:
    """Write the arrays and the table of `n` faces, `step` draws at a time; what is there already is kept.

    Parameters
    ----------
    parts : folder for what is unfinished.
    drawn : yields the blocks of each draw from draw `first` (by keyword) on.
    draws : how many there are.
    """
    import pandas as pd

    arrays, firsts = Arrays(parts, n), range(0, draws, step)

    def part(first: int) -> Path:
        return parts / f"{first:09d}.parquet"

    with bar("simulating", n, unit="faces") as advance:
        for first in (first for first in firsts if not part(first).exists()):
            tables = []
            for start, faces in (block for blocks in islice(drawn(first=first), step) for block in blocks):
                measures = measure(faces.landmarks, origin="face")
                found = (faces.landmarks, faces.transforms, measures, coordinates(faces.landmarks))
                arrays.put(start, dict(zip(MODALITIES, found, strict=True)))
                tables.append(faces.frames)
                advance(len(faces.frames))
            write_part(part(first), pd.concat(tables))
    join_parts(out / "frames.parquet", (read_part(part(first), group) for group in GROUPS for first in firsts))
    arrays.move(MODALITIES, out)
