"""Face crops of named frames on one page, for who has the cohort: a local file that only its owner can read."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError
from facialis.files import write_text
from facialis.reports.study_tables import RESEARCH_USE
from facialis.reports.templating import page_environment

WARNING = "Pictures of people: this file is for the disk that the cohort lies on; do not pass it on."


def check_pictures(cohort: Cohort) -> None:
    """Raise `CohortError` where a cohort has no pictures to show."""
    if "crops" not in cohort.modalities:
        raise CohortError(f"{cohort.path}: holds no crops to show; extract it again with pictures")


def write_contact_sheet(
    cohort: Cohort, rows: Sequence[Mapping[str, Any]], path: Path, *, title: str, columns: Sequence[str]
) -> None:
    """Write the grey crops of frames as one page; readable by its owner alone.

    Parameters
    ----------
    rows
        A dict a frame with its ``frame_id``, in the page's order.
    columns
        What of each row stands under its picture.

    Raises
    ------
    CohortError
        The cohort holds no crops.
    FacialisError
        The file cannot be written.
    """
    check_pictures(cohort)
    crops = cohort.array("crops")
    number = {name: row for row, name in enumerate(cohort.frames["frame_id"])}
    pictures = [
        {
            "image": _jpeg(crops[number[row["frame_id"]]]),
            "name": row["frame_id"],
            "facts": [f"{column}: {row[column]}" for column in columns],
        }
        for row in rows
    ]
    page = (
        page_environment()
        .get_template("contact_sheet.html")
        .render(title=title, pictures=pictures, warning=WARNING, notice=RESEARCH_USE, simulated=cohort.simulated)
    )
    write_text(path, page)
    path.chmod(0o600)


def _jpeg(crop: Any) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode()
