"""One person's photos judged: all that their sheet shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from facialis.detection.grades import grade_ranges
from facialis.detection.photo_set import chosen_views, judge_set, view_of
from facialis.detection.photo_set_excursions import set_excursions
from facialis.errors import PictureError
from facialis.faces.images import read_picture
from facialis.faces.sources import without_name
from facialis.reports.levelled import levelled
from facialis.reports.photo_set import Sheet, Shown
from facialis.words import Words
from facialis.words.known import reasons_line

if TYPE_CHECKING:
    from pathlib import Path

    from facialis.detection.detector import Detector


class Photo(NamedTuple):
    """A photo of a set.

    Attributes
    ----------
    content : the file's path, or its bytes.
    path : whose name may tell the view (`facialis.detection.photo_set.view_of`).
    name : as given.
    """

    content: Path | bytes
    path: PurePath
    name: str


def make_sheet(
    detector: Detector,
    given: Sequence[Photo],
    title: str,
    record: Mapping[str, Any] | None,
    say: Words,
    *,
    photos: bool,
    names: bool,
) -> Sheet:
    """Judge one person's photos and return all that the sheet shows; with `names` they are called as their files."""
    judged, cuts = [], {}
    for number, photo in enumerate(given, 1):
        called = PurePath(photo.name).name if names else say("sheet.photo", number=number)
        try:
            rgb = read_picture(photo.content, name=photo.name)
            finding = detector.detect(rgb, source=called)
            if finding.face is not None:
                cuts[called] = levelled(rgb if photos else None, finding.face)
        except PictureError as error:
            renamed = PictureError(f"{called}: {without_name(str(error), photo.name)}")
            finding = detector.unreadable(called, renamed)
        judged.append((called, view_of(photo.path), finding))
    chosen = chosen_views(judged, detector)
    row = None if detector.bundle.photo_set is None else judge_set(judged, detector, source=title)
    faces = {view: finding.face for view, (_, finding) in chosen.items() if finding.face is not None}
    excursions = set_excursions(faces, detector.bundle)
    told = row or {"side": None, "side_probability": None}
    grades = grade_ranges(excursions, told["side"], told["side_probability"])
    taken = {called: view for view, (called, _) in chosen.items()}
    left_out = {} if row is None else {out["photo"]: out["reasons"] for out in row["left_out"]}
    shown = []
    for called, view, finding in judged:
        jpeg, points = cuts.get(called, (None, None))
        why = "" if called in taken else reasons_line(left_out.get(called, finding.reasons), called, say)
        shown.append(Shown(called, taken.get(called, view), jpeg, points, why))
    return Sheet(title, row, excursions, grades, record, shown)
