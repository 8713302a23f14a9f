"""A person's standard views as one sheet, laid out like the charts that clinicians know."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.detection.grades import SCALES
from facialis.detection.millimetres import SIDES
from facialis.detection.photo_set_excursions import NO_REST, NO_VIEW
from facialis.files import write_text
from facialis.modalities.views import TOLD, VIEWS
from facialis.reports.drawing import contours, embedded
from facialis.reports.levelled import HEIGHT, WIDTH
from facialis.reports.scales import scale_parts
from facialis.reports.templating import page_environment
from facialis.words import Words, words

CHART = (
    "rest", "brow_raise", "gentle_closure", "tight_closure", "small_closed_smile", "large_smile", "pucker",
    "lower_teeth", "nose_wrinkle", "nasal_base",
)  # fmt: skip
"""The views in the order of the standard chart."""


@dataclass(frozen=True)
class Shown:
    """A photo of the set: what it is called on the page, its view if known, the levelled face (a JPEG) and its points
    (478, 2) in it where there is one, and why it is not used ("" if it is).
    """

    title: str
    view: str | None
    jpeg: bytes | None
    points: NDArray[np.float64] | None
    reasons: str = ""


@dataclass(frozen=True)
class Sheet:
    """All of one person: the set's row (`facialis.detection.photo_set.judge_set`, None where the bundle knows no sets),
    excursions, ranges, a clinician's record, and the photos.
    """

    title: str
    row: Mapping[str, Any] | None
    excursions: Mapping[str, Any]
    grades: Mapping[str, Any]
    record: Mapping[str, Any] | None
    photos: Sequence[Shown]


def write_sheets(path: Path | str, sheets: Sequence[Sheet], bundle: Bundle, **options: Any) -> None:
    """Write `render_sheets` as one file, atomically."""
    write_text(path, render_sheets(sheets, bundle, **options))


def render_sheets(
    sheets: Sequence[Sheet], bundle: Bundle, *, language: str = "en", photos: bool = True, names: bool = False
) -> str:
    """Return the page as text.

    Parameters
    ----------
    photos : whether the pictures themselves are shown, or only the drawings of their landmarks.
    names : whether the titles are file names, which the page then says.
    """
    say = words(language)
    return (
        page_environment()
        .get_template("photo_set.html")
        .render(
            say=say,
            sheets=[_sheet(sheet, say, bundle, photos) for sheet in sheets],
            size=(WIDTH, HEIGHT),
            references=bundle.movements is not None,
            privacy=[say("sheet.privacy_photos" if photos else "sheet.privacy_drawings")]
            + [say("sheet.privacy_names")] * names,
            made=say(
                "sheet.model",
                model=f"{bundle.card.name} {bundle.hash[:12]}",
                version=__version__,
                date=datetime.date.today().isoformat(),
            ),
        )
    )


def _sheet(sheet: Sheet, say: Words, bundle: Bundle, photos: bool) -> dict[str, Any]:
    row = sheet.row
    frames = [_frame(view, sheet, say, photos) for view in CHART]
    framed = {frame["photo"] for frame in frames}
    return {
        "title": sheet.title,
        "frames": frames,
        "summary": say("sheet.summary", used=sum(f["used"] for f in frames), all=len(VIEWS)),
        "others": [
            say("sheet.other", photo=shown.title, reasons=shown.reasons)
            for shown in sheet.photos
            if shown.title not in framed
        ],
        "finding": _finding(row, say, bundle),
        "rows": [_row(row, sheet.excursions["views"], say) for row in _ordered(sheet.excursions["views"])],
        "no_rest": not sheet.excursions["rest"],
        "rest": [
            say(
                "sheet.rest_row",
                place=say(f"sheet.place.{place}"),
                value=say.number(number["value"], 1),
                error=say.number(number["error"], 1),
            )
            for place, number in sheet.excursions["rest"].items()
        ],
        "scales": [scale_parts(name, sheet.grades[name], (sheet.record or {}).get(name), say) for name in SCALES],
    }


def _ordered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: CHART.index(row["movement"]))


def _frame(view: str, sheet: Sheet, say: Words, photos: bool) -> dict[str, Any]:
    """Return what stands in a view's frame: the photo that is used, one that is not, or what it would have told."""
    name = say(f"view.{view}")
    used = {} if sheet.row is None else {entry["view"]: entry for entry in sheet.row["views"]}
    of_view = [shown for shown in sheet.photos if shown.view == view]
    best = min(of_view, key=lambda shown: bool(shown.reasons), default=None)
    frame: dict[str, Any] = {"name": name, "photo": None, "used": False, "image": None, "outline": "", "lines": []}
    if best is None:
        lines = [say("sheet.missing_view")]
        if view in TOLD:
            lines.append(say("sheet.would_tell", regions=", ".join(say(f"region.{part}") for part in TOLD[view])))
            gain = None if sheet.row is None else _gain(sheet.row, view)
            if gain is not None:
                lines.append(say("sheet.auc_gain", gain=("+" if gain >= 0 else "") + say.number(gain, 3)))
            scales = [say(f"sheet.{scale}") for scale in SCALES if view in sheet.grades[scale]["open_views"]]
            lines += [say("sheet.opens", scales=", ".join(scales))] * bool(scales)
        return frame | {"lines": lines, "alt": say("sheet.alt_missing", view=name)}
    frame |= {"photo": best.title, "used": not best.reasons, "lines": [best.title]}
    if best.reasons and view in TOLD:
        frame["lines"] += [f"{say('sheet.left_out')}: {best.reasons}"]
    elif view not in TOLD:
        frame |= {"used": False, "lines": [best.title, say("sheet.from_below")]}
    elif view in used and used[view]["view_probability"] is not None:
        frame["lines"] += [say("sheet.recognised", share=say.percent(used[view]["view_probability"]))]
    if best.points is not None:
        frame["outline"] = contours(best.points)
    if photos and best.jpeg is not None:
        frame["image"] = embedded(best.jpeg)
    return frame | {"alt": say("sheet.alt_photo" if frame["image"] else "sheet.alt_drawing", view=name)}


def _gain(row: Mapping[str, Any], view: str) -> float | None:
    return next((entry["auc_gain_simulated"] for entry in row["missing_views"] if entry["view"] == view), None)


def _finding(row: Mapping[str, Any] | None, say: Words, bundle: Bundle) -> dict[str, Any]:
    if row is None:
        return {"label": "", "lines": [say("sheet.no_set_model", name=bundle.card.name)]}
    if row["status"] != "judged":
        return {"label": "", "lines": [say("sheet.nothing_judged")]}
    kind = "palsy" if row["label"] == "palsy" else "none"
    label = say(f"report.{'uncertain' if row['uncertain'] else 'answer'}_{kind}")
    low, high = row["probability_interval"]
    lines = [
        say(
            "sheet.probability",
            share=say.percent(row["probability"], 1),
            low=say.percent(low, 1),
            high=say.percent(high, 1),
            prior=say.percent(row["prevalence"]),
        )
    ]
    low, high = (say.percent(end) for end in row["uncertain_range"])
    lines.append(say("sheet.threshold", threshold=say.percent(row["threshold"]), low=low, high=high))
    if row["side"] is not None:
        side, share = say(f"side.{row['side']}"), say.percent(row["side_probability"])
        lines.append(say("sheet.weak_side", side=side, share=share))
        parts = ", ".join(f"{say(f'region.{name}')} {say.percent(p)}" for name, p in row["regions"].items())
        lines.append(say("sheet.regions", regions=parts))
    lines.append(say("sheet.auc", auc=say.number(row["auc_simulated"], 2)))
    return {"label": label, "lines": lines}


_NOTES = {NO_VIEW: "sheet.no_photo_of_view", NO_REST: "sheet.no_photo_at_rest"}


def _row(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], say: Words) -> dict[str, Any]:
    """Return a line of the table of excursions, with its bars in units of the longest."""
    name = say(f"view.{row['movement']}")
    notes = [say(_NOTES.get(row["note"], "sheet.still"))] if row["note"] else []
    if row["moves_less"]:
        notes.append(say("sheet.moves_less", side=say(f"side.{row['moves_less']}")))
    if row["synkinesis_sign"]:
        notes.append(say("sheet.eye_along" if row["eye_narrowing"] else "sheet.mouth_along"))
    made: dict[str, Any] = {"name": name, "bars": None, "ratio": "", "healthy": "", "notes": notes}
    if row["excursion_mm"] is None:
        return made
    ways = [row["excursion_mm"][side] for side in SIDES]
    longest = max(
        max(n["value"] + n["error"] for n in other["excursion_mm"].values()) for other in rows if other["excursion_mm"]
    )
    healthy = row["healthy_excursion_mm"]
    longest = max([longest, *(o["healthy_excursion_mm"][1] for o in rows if o["healthy_excursion_mm"]), 1.0])
    made["bars"] = {
        "texts": [f"{say.number(n['value'], 1)} ± {say.number(n['error'], 1)}" for n in ways],
        "lengths": [round(100 * max(n["value"], 0.0) / longest, 1) for n in ways],
        "errors": [
            [round(100 * min(max((n["value"] + s * n["error"]) / longest, 0.0), 1.0), 1) for s in (-1, 1)] for n in ways
        ],
        "healthy": healthy and [round(100 * max(end, 0.0) / longest, 1) for end in healthy],
        "alt": say(
            "sheet.alt_bar", view=name, right=say.number(ways[0]["value"], 1), left=say.number(ways[1]["value"], 1)
        ),
    }
    ratio = row["ratio"]
    if ratio is not None:
        made["ratio"] = f"{say.number(ratio['value'], 2)} ± {say.number(ratio['error'], 2)}"
        if ratio["reference"]:
            made["healthy"] = say("sheet.healthy_from", value=say.number(ratio["reference"][0], 2))
    return made
