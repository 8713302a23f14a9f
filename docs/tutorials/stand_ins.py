"""Simulated stand-ins for the tutorials: ``python stand_ins.py WHAT FOLDER``. Nobody in them is real.

photos: a photo of each of six people, and of a wall. clinic: patient/SUBJECT/* and healthy/SUBJECT/*. visits: one
person over eight dates. meei: seven people in the layout of the MEEI standard set, with its XLSX.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

from facialis.cohorts.simulated.painted import draw_painted
from facialis.cohorts.simulated.recovery import draw_recovery

MEEI_VIEWS = ("rest", "brow_raise", "gentle_closure", "tight_closure",
              "small_closed_smile", "large_smile", "pucker", "lower_teeth")  # fmt: skip


def person(number: int, views: tuple[str, ...], severity: float, files: list[Path]) -> None:
    """Draw a painted person with a flaccid palsy of this severity (0 none), one photo a view."""
    side = ("subject_left", "subject_right")[number % 2]
    sitter = draw_painted(f"person-{number}", (17, 3, number))
    with tempfile.TemporaryDirectory() as folder:
        (visit,) = draw_recovery(
            folder, views=",".join(views), severities=[severity], days=(0,), side=side, seed=number, sitter=sitter
        )
        for view, file in zip(views, files, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(visit.folder / f"{view}-1.jpg", file)


def photos(out: Path) -> None:
    """Six people smile; three of them have a simulated palsy."""
    truth = ["file,simulated severity"]
    for number, severity in enumerate((0.0, 0.9, 0.3, 0.0, 0.6, 0.0), 1):
        person(number, ("large_smile",), severity, [out / f"person-{number}.jpg"])
        truth.append(f"person-{number}.jpg,{severity}")
    Image.new("RGB", (640, 480), "#888").save(out / "wall.jpg")
    (out.parent / "truth.csv").write_text("\n".join(truth) + "\n")


def clinic(out: Path) -> None:
    """Eight patients and eight healthy people, three photos each, as GROUP/SUBJECT/*."""
    views = ("rest", "large_smile", "tight_closure")
    for number in range(16):
        sick = number < 8
        folder = out / ("patient" if sick else "healthy") / f"p{number + 1:02d}"
        severity = 0.25 + 0.1 * number if sick else 0.0
        person(100 + number, views, severity, [folder / f"{view}.jpg" for view in views])


def visits(out: Path) -> None:
    """The free portrait with a palsy that heals: eight visits, two photos of five views each."""
    draw_recovery(out, takes=2)


def meei(out: Path) -> None:
    """Three normal participants and four with a palsy, eight photos each."""
    import openpyxl

    people = [("Normals", f"Normal{n}", 0.0, ("Normals", "Normal", n, None, "F", 30 + n)) for n in (1, 2, 3)]
    people += [
        ("Flaccid/MildFlaccid/", "MildFlaccid1", 0.35, ("Flaccid", "Mild", 1, "Left", "M", 54)),
        ("Flaccid/CompleteFlaccid/", "CompleteFlaccid1", 0.98, ("Flaccid", "Complete", 1, "Right", "F", 40)),
        ("Synkinetic/Severe Synkinetic/", "SevereSynkinetic1", 0.8, ("Synkinetic", "Severe", 1, "Left", "F", 62)),
        ("Synkinetic/MildSynkinetic/", "MildSynkinetic1", 0.4, ("Synkinetic", "Mild", 1, "Right", "M", 47)),
    ]
    book = openpyxl.Workbook()
    book.active.append(["Category", "Sub-category", "#", "Side", "Gender", "Age"])
    for number, (place, name, severity, facts) in enumerate(people, 1):
        folder = out / "MEEI_Standard_Set" / place / name
        files = [folder / f"{name}_{view}.jpg" for view in range(1, 9)]
        person(202 + number, MEEI_VIEWS, severity, files)
        book.active.append(list(facts))
    book.save(out / "MEEI_Standard_Set" / "MEEI grades.xlsx")


if __name__ == "__main__":
    {"photos": photos, "clinic": clinic, "visits": visits, "meei": meei}[sys.argv[1]](Path(sys.argv[2]))
