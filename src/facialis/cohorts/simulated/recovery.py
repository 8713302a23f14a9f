"""A simulated recovery: photos of one person at several visits, whose palsy heals between them.

Each photo is drawn anew: effort, gaze, light, focus and framing differ from photo to photo as they do between visits.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.movements import views as named_views
from facialis.cohorts.simulated.palsy import no_palsy
from facialis.cohorts.simulated.patients import PHOTO_SETS, make_palsy, recovery
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import draw_face
from facialis.cohorts.simulated.portraits import PORTRAIT, Portrait, astronaut, read_portraits
from facialis.files import atomic_path, make_folder

if TYPE_CHECKING:
    from facialis.cohorts.simulated.painted import Painted

DAYS = (0, 7, 14, 28, 42, 63, 91, 182)
"""Days of the visits after the first."""
ONSET = datetime.date(2026, 1, 5)


class Healing(NamedTuple):
    """The truth of a visit: its date, its folder, and the palsy's severity (0 none, 1 complete)."""

    date: datetime.date
    folder: Path
    severity: float


def draw_recovery(
    out: Path | str,
    *,
    views: str = "rest,brow_raise,tight_closure,large_smile,pucker",
    severities: Sequence[float] | None = None,
    days: Sequence[int] = DAYS,
    takes: int = 1,
    side: str = "subject_left",
    seed: int = 0,
    sitter: Portrait | Painted | None = None,
) -> list[Healing]:
    """Write ``OUT/DATE/VIEW-TAKE.jpg`` for each visit, and return the truth.

    Parameters
    ----------
    views : standard views by commas.
    severities : of the visits; by default they fall from 0.9 by half of what heals in 30 days.
    takes : photos of each view at each visit.
    side : the weak one.
    seed : of all that differs from photo to photo.
    sitter : whose face it is; by default the free portrait's.

    Raises
    ------
    CohortError
        A view, side or severity is unknown or out of range.
    FacialisError
        The folder cannot be written.
    """
    from PIL import Image

    names = named_views(views)
    if severities is None:
        severities = recovery(np.array(days, dtype=np.float64), first=0.9, final=0.05).tolist()
    person = sitter or read_portraits([(PORTRAIT, astronaut())])[0][0]
    shown = len(days) * takes * len(names)
    draw, _ = next(draws(1, shown, seed, movement=",".join(names), clinic=PHOTO_SETS))
    rng = np.random.default_rng([seed, 2])
    truth, row = [], 0
    for day, severity in zip(days, severities, strict=True):
        date = ONSET + datetime.timedelta(days=int(day))
        folder = make_folder(Path(out) / date.isoformat())
        ill = make_palsy(side, severity, n=shown) if severity > 0 else no_palsy(shown)
        for take in range(takes):
            for name in names:
                picture = take_photo(draw_face(draw, row, ill, person).rgb, draw_photos(rng)[0])
                file = io.BytesIO()
                Image.fromarray(picture).save(file, "JPEG", quality=92)
                with atomic_path(folder / f"{name}-{take + 1}.jpg") as temporary:
                    temporary.write_bytes(file.getvalue())
                row += 1
        truth.append(Healing(date, folder, float(severity)))
    return truth
