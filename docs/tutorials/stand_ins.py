"""Simulated stand-ins for the tutorials: ``python stand_ins.py WHAT FOLDER``. Nobody in them is real.

photos: photos of six people in one folder. clinic: patient/SUBJECT/* and healthy/SUBJECT/*. visits: one person over
eight dates. meei: a small tree in the layout of the MEEI standard set, with its XLSX.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from PIL import Image

from facialis.cohorts.simulated.picture import simulate_pictures
from facialis.cohorts.simulated.recovery import draw_recovery

MEEI_VIEWS = "rest,brow_raise,gentle_closure,tight_closure,small_closed_smile,large_smile,pucker,lower_teeth"


def _draw(folder: Path, patients: int, healthy: int, frames: int, seed: int, movement: str = "mixed") -> pd.DataFrame:
    """Draw simulated people; return a row a picture, with `path`, `subject_id`, `group`, `weak_side`."""
    table = simulate_pictures(folder, patients, healthy, frames, seed, movement=movement)
    return table.assign(file=[folder / path for path in table["path"]])


def _apart(table: pd.DataFrame) -> pd.DataFrame:
    """Keep painted people alone, the patients of the first half and the healthy of the second: nobody is there twice."""
    number = table["subject_id"].str.extract(r"(\d+)$")[0].astype(int)
    first = number <= number.max() // 2
    return table[((number - 1) % 4 < 3) & (first == (table["group"] == "patient"))]


def photos(out: Path) -> None:
    """Six people, three of them with a simulated palsy, a photo each."""
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        table = _draw(Path(folder), 3, 3, 1, seed=8, movement="large_smile")
        for number, row in enumerate(table.sample(frac=1, random_state=1).itertuples(), 1):
            Image.open(row.file).save(out / f"person-{number}.jpg", quality=92)
    Image.new("RGB", (640, 480), "#888").save(out / "wall.jpg")  # a photo without a face


def clinic(out: Path) -> None:
    """Twelve patients and twelve healthy people, three photos each, as GROUP/SUBJECT/*."""
    with tempfile.TemporaryDirectory() as folder:
        for row in _apart(_draw(Path(folder), 32, 32, 3, seed=3)).itertuples():
            target = out / str(row.group) / str(row.subject_id).rpartition("/")[2] / f"{row.file.stem}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.open(row.file).convert("RGB").save(target, quality=92)


def visits(out: Path) -> None:
    """One simulated person whose palsy heals: eight visits, two photos of five views each."""
    draw_recovery(out, takes=2)


def meei(out: Path) -> None:
    """Three normal, two flaccid, two synkinetic participants, eight photos each; nobody is of the real set."""
    import openpyxl

    people = [("Normals", f"Normal{n}", ("Normals", "Normal", n, None, "F", 30 + n)) for n in (1, 2, 3)]
    people += [
        ("Flaccid/MildFlaccid/", "MildFlaccid1", ("Flaccid", "Mild", 1, "Left", "M", 54)),
        ("Flaccid/CompleteFlaccid/", "CompleteFlaccid1", ("Flaccid", "Complete", 1, "Right", "F", 40)),
        ("Synkinetic/Severe Synkinetic/", "SevereSynkinetic1", ("Synkinetic", "Severe", 1, "Left", "F", 62)),
        ("Synkinetic/MildSynkinetic/", "MildSynkinetic1", ("Synkinetic", "Mild", 1, "Right", "M", 47)),
    ]
    book = openpyxl.Workbook()
    book.active.append(["Category", "Sub-category", "#", "Side", "Gender", "Age"])
    with tempfile.TemporaryDirectory() as folder:
        table = _apart(_draw(Path(folder), 12, 12, 8, seed=4, movement=MEEI_VIEWS))
        drawn = {group: list(rows.groupby("subject_id")) for group, rows in table.groupby("group")}
        for place, name, facts in people:
            _, rows = drawn["healthy" if place == "Normals" else "patient"].pop()
            target = out / "MEEI_Standard_Set" / place / name
            target.mkdir(parents=True)
            for number, file in enumerate(rows["file"], 1):
                Image.open(file).convert("RGB").save(target / f"{name}_{number}.jpg", quality=92)
            book.active.append(list(facts))
    book.save(out / "MEEI_Standard_Set" / "MEEI grades.xlsx")


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    shutil.rmtree(where, ignore_errors=True)
    {"photos": photos, "clinic": clinic, "visits": visits, "meei": meei}[what](where)
