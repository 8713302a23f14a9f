"""The movements of videos as rows: CSV, and a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from facialis.detection.finding import Finding
from facialis.detection.millimetres import SIDES
from facialis.faces.sources import display_name
from facialis.reports.timeline import named

if TYPE_CHECKING:
    from rich.table import Table

_SIDED = ("excursion_mm", "top_speed_mm_s", "eye_narrowing", "commissure_shift_mm", "eye_opening_mm")
_SINGLE = ("ratio", "lag_s")
EVENT_COLUMNS = (
    "source", "face", "movement", "by", "name_probability", "start", "end", "apex", "frame", "seen",
    *(f"{name}_{side}{end}" for name in _SIDED for side in SIDES for end in ("", "_error")),
    *(f"{name}{end}" for name in _SINGLE for end in ("", "_error")),
    "moves_less", "synkinesis_sign", "note",
)  # fmt: skip


def event_rows(finding: Finding) -> list[dict[str, Any]]:
    """Return a whole video's movements as flat rows, columns `EVENT_COLUMNS`; errors are standard deviations."""
    rows = []
    for event in finding.video.events if finding.video is not None else ():
        row = {"source": finding.source, "face": finding.face_number} | event
        for name in _SIDED:
            for side in SIDES:
                row |= _ends(f"{name}_{side}", (event[name] or {}).get(side))
        for name in _SINGLE:
            row |= _ends(name, event[name])
        rows.append(row)
    return rows


def _ends(name: str, number: dict[str, Any] | None) -> dict[str, Any]:
    return {name: number and number["value"], f"{name}_error": number and number["error"]}


def events_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return one video's movements as a table for the terminal."""
    from rich.table import Table

    caption = "± one standard deviation. Lag: by how much the subject's right is later."
    table = Table(title=display_name(rows[0]["source"]), title_justify="left", caption=caption, caption_justify="left")
    for title in ("movement", "apex, s", "subject's right, mm", "subject's left, mm", "ratio", "lag, s"):
        table.add_column(title, no_wrap=True)
    table.add_column("seen besides", overflow="fold")
    for row in rows:
        numbers = [_text(row, f"excursion_mm_{side}", 1) for side in SIDES]
        besides = [f"{row['moves_less'].replace('_', chr(39) + 's ')} moves less"] if row["moves_less"] else []
        if row["synkinesis_sign"]:
            moved = "an eye narrows" if row["eye_narrowing"] else "a mouth corner moves"
            besides.append(f"{moved} along: sign of synkinesis")
        if row["note"]:
            besides.append(row["note"])
        apex = "" if row["apex"] is None else f"{row['apex']:.1f}"
        table.add_row(named(row), apex, *numbers, _text(row, "ratio", 2), _text(row, "lag_s", 2), "; ".join(besides))
    return table


def _text(row: dict[str, Any], name: str, digits: int) -> str:
    value, error = row[name], row[f"{name}_error"]
    return "" if value is None or isinstance(value, dict) else f"{value:.{digits}f} ± {error:.{digits}f}"
