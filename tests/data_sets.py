"""Trees in the exact layouts of MEEI, YFP and CK+, and one with a manifest, made of simulated pictures.

Each `write_...` function returns the folder. Nobody in them is real: painted faces with and without a simulated palsy.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.draw import Draw, draws
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import PAINTED_OF_FOUR, Sitters, draw_face

FPS = 12
FRAMES = 3
"""Different pictures of each simulated person; more are repeated."""
Picture = NDArray[np.uint8]


@cache
def _drawn() -> tuple[Sitters, Draw]:
    return Sitters(None, 5), next(draws(16, FRAMES, 5))[0]


@cache
def _picture(person: int, number: int, sick: bool) -> Picture:
    """Draw a simulated person, painted (three of four pairs are), at half size."""
    sitters, draw = _drawn()
    pair = [pair for pair in range(16) if pair % 4 < PAINTED_OF_FOUR][person]
    row = int(np.flatnonzero(draw.pair == pair)[number])
    what = draw.palsy if sick else palsy.no_palsy(len(draw.pair))
    photo, _ = draw_photos(np.random.default_rng([pair, number]))
    return take_photo(draw_face(draw, row, what, sitters(pair)).rgb, photo)[::2, ::2]


def healthy(person: int, number: int = 0) -> Picture:
    """Return a picture of a simulated person without a palsy."""
    return _picture(person, number % FRAMES, False)


def ill(person: int, number: int = 0) -> Picture:
    """Return a picture of a simulated person with a palsy."""
    return _picture(person, number % FRAMES, True)


def write_picture(path: Path, rgb: Picture, **options: int) -> Path:
    """Write a picture in the format of the path's ending; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)
    return path


def write_video(path: Path, pictures: list[Picture]) -> Path:
    """Write an MP4 of 12 frames a second whose index comes first, so that it can be cut off and still be opened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return path


def write_meei(root: Path, *, photos: int = 2, videos: bool = True) -> Path:
    """Write ``MEEI_Standard_Set`` of six participants, one of them without a row in the XLSX, one with a space."""
    import openpyxl

    root = root / "MEEI_Standard_Set"
    participants = [
        ("Normals", "Normal1", "JPG", None),
        ("Normals", "Normal4", "jpg", ("Normals", "Normal", 4, None, "F", 31, 1, 100, 99.5)),
        ("Flaccid/MildFlaccid", "MildFlaccid2", "jpg", ("Flaccid", "Mild", 2, "Left", "M", 54, 2, 80, 88)),
        ("Flaccid/CompleteFlaccid", "CompleteFlaccid1", "JPG", ("Flaccid", "Complete", 1, "R", "F", 40, 6, 9, 45)),
        ("Synkinetic/Severe Synkinetic", "SevereSynkinetic3", "jpeg",
         ("Synkinetic", "Severe", 3, "L", "F", 62, "IV", 40, 60)),
        ("Synkinetic/NearNormalSynkinetic", "NearNormalSynkinetic5", "Jpg",
         ("Synkinetic", "Near Normal", 5, "R", "M", 47, 2, 85, 90)),
    ]  # fmt: skip
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["MEEI standard set, a simulated stand-in"])
    sheet.append(["Category", "Sub-category", "#", "Side", "Gender", "Age", "House-Brackmann", "Sunnybrook", "eFACE"])
    above = None
    for person, (kind, name, ending, row) in enumerate(participants):
        folder = root / kind / name
        of = healthy if kind == "Normals" else ill
        for photo in range(photos):
            write_picture(folder / f"{name}_{photo + 1}.{ending}", of(person, photo))
        if videos:
            write_video(folder / f"{name}.mp4", [of(person, 2)] * 6)
        if row is not None:
            sheet.append([None if row[0] == above else row[0], *row[1:]])  # as merged cells are read
            above = row[0]
    book.save(root / "MEEI grades.xlsx")
    return root


def write_ckplus(root: Path, subjects: int = 4) -> Path:
    """Write CK+ as it is distributed: two sequences a subject of three frames, one of them with an emotion."""
    root = root / "CK+"
    for person in range(subjects):
        subject = f"S{5 * (person + 1):03d}"
        for sequence in ("001", "002"):
            for number in range(FRAMES):
                name = f"{subject}_{sequence}_{number + 1:08d}"
                grey = np.asarray(Image.fromarray(healthy(person, number)).convert("L"))
                write_picture(root / "cohn-kanade-images" / subject / sequence / f"{name}.png", grey[int(sequence) :])
                tracked = root / "Landmarks" / subject / sequence / f"{name}_landmarks.txt"
                tracked.parent.mkdir(parents=True, exist_ok=True)
                tracked.write_text("".join(f"   {x:.7e}   {x + 1:.7e}\n" for x in range(68)))
            last = f"{subject}_{sequence}_{FRAMES:08d}"
            for kind, text in (
                ("FACS", "   1.0000000e+00   2.0000000e+00\n   4.0000000e+00   0.0000000e+00\n"),
                ("Emotion", "   3.0000000e+00\n" if sequence == "001" else None),
            ):
                folder = root / kind / subject / sequence
                folder.mkdir(parents=True, exist_ok=True)
                if text is not None:
                    (folder / f"{last}_{kind.lower()}.txt").write_text(text)
    (root / "cohn-kanade-images" / ".DS_Store").write_bytes(b"\0")
    return root


def write_yfp(root: Path, *, videos: bool = False) -> Path:
    """Write YFP: two patients, three recordings; two recordings with a file of regions, one without any."""
    root = root / "YFP"
    for person, recording in ((4, "1_1"), (4, "1_2"), (5, "2_1")):
        pictures = [ill(person, number)[2 * int(recording[-1]) :] for number in range(FRAMES)]
        if videos:
            write_video(root / "videos" / f"{recording}.mp4", [p for p in pictures for _ in range(FPS // 6)])
        else:
            for number, picture in enumerate(pictures, 1):
                write_picture(root / "frames" / recording / f"{number:04d}.jpg", picture, quality=90)
    folder = root / "annotations"
    folder.mkdir(parents=True)
    head = "frame,region,x,y,width,height,intensity,clinician"
    marked = ["2,mouth,100,150,40,30,slight,A", "2,mouth,110,155,40,30,strong,B", "3,eye,60,90,30,20,2,A"]
    (folder / "1_1.csv").write_text("\n".join([head, *marked]))
    if videos:
        (folder / "1_2.csv").write_text(head + "\n1,eye,1,2,3,4,strong,A\n")
    else:
        (folder / "1_2").mkdir()
        (folder / "1_2" / "0001.txt").write_text("eye 1 2 3 4 strong\n")
    return root


def write_people(root: Path, *, videos: bool = True) -> Path:
    """Write a folder with a manifest: two patients and two healthy people, stills and a video each."""
    root = root / "clinic"
    rows = ["path,subject,label,side,sequence,time,site,consent,sex,age_band,skin_tone"]
    for person in range(4):
        label = int(person < 2)
        of, side = (ill, "left") if label else (healthy, "")
        for number in range(2):
            path = write_picture(root / f"p{person}" / f"{number}.png", of(person, number))
            rows.append(f"{path.relative_to(root)},p{person},{label},{side},,,Ward {person % 2},yes,f,40-49,III")
        if videos:
            path = write_video(root / f"p{person}" / "film.mp4", [of(person, 2)] * 2 * FPS)
            rows.append(f"{path.relative_to(root)},p{person},{label},{side},,,Ward {person % 2},yes,f,40-49,III")
    (root / "manifest.csv").write_text("\n".join(rows))
    return root
