"""Simulated landmark faces of patients and healthy people, drawn in pairs so that palsy is their only difference.

Pair k's healthy and palsy face share the draws of identity, movement and effort, pose, distance, size, framing and the
landmarker's errors; the palsy is drawn from a stream of its own and applied last.

A patient's frame is labelled 1 if its palsy moves some landmark by `truth.VISIBLE_MM` or more from where the healthy
twin's lies, else 0: the group stays "patient", as with a recovered patient's photo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy, shape
from facialis.cohorts.simulated.draw import GROUPS, People, check_counts, draws, faces_of, interocular_cm
from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.landmarker import reported
from facialis.cohorts.simulated.palsy import ALL
from facialis.cohorts.simulated.patients import EVERYDAY, Clinic
from facialis.cohorts.simulated.truth import truth_columns

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SimulatedFaces:
    """Landmark faces with their truth.

    Attributes
    ----------
    frames : one row a face: frame_id, subject_id, group, label, source, sequence (the standard view, if views were
        asked for), time, portrait, path, height, width, quality, and the truth: pair, seed, movement, weak_side, kind,
        extent, severity, grade, synkinesis, weakness of each branch, palsy_mm (largest displacement by the palsy, of
        the face and by region), yaw, pitch, roll (degrees), distance_cm, iod_px, effort of each muscle and side,
        closure of the lids, jaw_cm.
    landmarks : (n, 478, 3) float32 px: x to image right, y down, z away from the viewer on the scale of x.
    transforms : (n, 4, 4) float32, canonical face (cm) to camera, as MediaPipe reports it.
    """

    frames: pd.DataFrame
    landmarks: NDArray[np.float32]
    transforms: NDArray[np.float32]


class Block(NamedTuple):
    """Faces of one group as they are drawn, and the row of the first of them in the whole table."""

    start: int
    faces: SimulatedFaces


def simulate_faces(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    *,
    movement: str = "mixed",
    clinic: Clinic = EVERYDAY,
    ingredients: Ingredients = ALL,
    people: People = shape.draw_identities,
) -> SimulatedFaces:
    """Simulate landmark faces as the landmarker would report them.

    Subjects are "patient-0001" ... and "healthy-0001" ...; patient k and healthy k are pair k - 1. Where one group is
    larger, its rest has no partner and is drawn the same way. Same arguments, same bytes.

    Parameters
    ----------
    n_patients, n_healthy : numbers of subjects.
    frames : frames of each subject.
    seed : 0 or more.
    movement : "mixed" for everyday expressions, "standard" for the ten standard views in order (again from the first
        where there are more frames), or some of them by commas.
    clinic : which patients come.
    ingredients : what to leave out.
    people : who comes.

    Raises
    ------
    CohortError
        A count is negative or not whole, there is no subject, `frames` or `seed` is out of range, or a view is unknown.

    Examples
    --------
    >>> faces = simulate_faces(2, 2, 3, seed=1)
    >>> faces.landmarks.shape, sorted(faces.frames.subject_id.unique())[-1]
    ((12, 478, 3), 'patient-0002')
    """
    import pandas as pd

    drawn = face_blocks(
        n_patients, n_healthy, frames, seed, movement=movement, clinic=clinic, ingredients=ingredients, people=people
    )
    found = sorted((block for blocks in drawn for block in blocks), key=lambda block: block.start)
    return SimulatedFaces(
        frames=pd.concat([block.faces.frames for block in found], ignore_index=True),
        landmarks=np.concatenate([block.faces.landmarks for block in found]),
        transforms=np.concatenate([block.faces.transforms for block in found]),
    )


def face_blocks(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    *,
    movement: str = "mixed",
    clinic: Clinic = EVERYDAY,
    ingredients: Ingredients = ALL,
    people: People = shape.draw_identities,
    first: int = 0,
) -> Iterator[list[Block]]:
    """Yield what `simulate_faces` returns draw by draw, of each group one block at most, from draw `first` on.

    All patients' rows come before all healthy ones in the whole table, each subject's frames together.
    """
    import pandas as pd

    check_counts(n_patients, n_healthy, frames)
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    for draw, errors in draws(
        max(counts.values()), frames, seed, ingredients, movement=movement, clinic=clinic, people=people, first=first
    ):
        healthy = faces_of(draw, palsy.no_palsy(len(draw.pair)), ingredients)
        blocks = []
        for group, before in zip(GROUPS, (0, n_patients), strict=True):
            keep = draw.pair < counts[group]
            if not keep.any():
                continue
            face = faces_of(draw, draw.palsy, ingredients) if group == "patient" else healthy
            points, matrices = reported(face, interocular_cm(draw.identity), draw.camera, errors, ingredients)
            table = pd.DataFrame(truth_columns(draw, group, int(seed), face - healthy, ingredients))
            start = (before + int(draw.pair[0])) * frames + int(draw.frame[0])
            blocks.append(Block(start, SimulatedFaces(table[keep], points[keep], matrices[keep])))
        yield blocks
