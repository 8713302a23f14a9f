"""Simulated videos: each subject as MP4 at 30 frames a second, every movement from rest to its apex and back.

In a "mixed" plan a subject makes one everyday movement; in a plan of views it is prompted for one after the other. The
folder is a data set as `facialis extract` reads it (``manifest.csv``, a row a video), with the truth beside it:
``truth.parquet``, a row a frame, and ``prompts.csv``, a row a movement.

The same build of the encoder gives the same bytes (one thread, no dates); another build need not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.blocks import join_parts, read_part, write_part
from facialis.cohorts.simulated.draw import GROUPS, Draw, draws
from facialis.cohorts.simulated.movements import views
from facialis.cohorts.simulated.painted import Painted
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import Sitters, displacement, draw_face
from facialis.cohorts.simulated.plan import SIMULATION, asked_for, claimed, people_of
from facialis.cohorts.simulated.portraits import SIZE, Portrait, read_portrait_folder
from facialis.cohorts.simulated.sequences import LAG, course_of, course_times
from facialis.cohorts.simulated.truth import truth_columns
from facialis.errors import CohortError
from facialis.files import write_text
from facialis.progress import bar

if TYPE_CHECKING:
    import pandas as pd

RATE = 30


def write_video(target: Path, pictures: Iterable[NDArray[np.uint8]], size: int = SIZE) -> None:
    """Write RGB pictures (size, size, 3), of an even size, as an MP4 file (H.264), atomically, one at a time."""
    import av

    from facialis.files import atomic_path

    with atomic_path(target) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast", "threads": "1"})
        stream.height = stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def simulate_videos(
    out: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    *,
    seed: int = 0,
    movement: str = "mixed",
    portraits: Path | str | None = None,
    ict_facekit: Path | str | None = None,
) -> pd.DataFrame:
    """Write ``OUT/videos/SUBJECT.mp4``, one a subject, ``manifest.csv``, ``truth.parquet`` and ``prompts.csv``.

    A run that was stopped goes on: videos that are there are whole and are kept. ``simulation.json`` says what was
    asked for; written last, it marks a whole set.

    Parameters
    ----------
    frames : of each movement, at least 2.
    movement : "mixed" for one everyday movement a subject; "standard" or views by commas for all of them, prompted one
        after the other.
    n_patients, n_healthy, seed, portraits, ict_facekit : as for `simulate_cohort`.

    Returns
    -------
    The manifest, a row a video: path, subject_id, group, label (1 if the palsy shows in some frame), source, sequence
    (the movement, or "prompted"), portrait, weak_side, kind, severity, lag_s, pair, seed, frames, fps, height, width.
    The truth has the columns of `SimulatedFaces.frames` but for pose and camera; prompts have path, subject_id, number,
    movement, and start, onset, apex, offset, end (seconds; the weak side is `lag_s` later).

    Raises
    ------
    CohortError
        As `simulate_cohort`, or fewer than 2 frames are asked for.
    """
    import pandas as pd

    out = Path(out)
    people = people_of(ict_facekit)
    asked = asked_for(n_patients, n_healthy, frames, seed, movement, people, portraits, videos=True)
    if frames < 2:
        raise CohortError(f"{frames} frame a movement; videos have at least 2")
    shown = 1 if movement == "mixed" else len(views(movement))
    drawn = draws(max(n_patients, n_healthy), shown, seed, movement=movement, people=people)
    sitters = Sitters(None if portraits is None else read_portrait_folder(portraits), seed)
    found: dict[str, list[tuple[dict[str, Any], list[dict[str, Any]]]]] = {group: [] for group in GROUPS}
    total = (n_patients + n_healthy) * shown * frames
    with claimed(out, asked) as parts, bar("drawing videos", total, unit="frames") as advance:
        for draw, first in ((each, first) for each, _ in drawn for first in range(0, len(each.pair), shown)):
            for group, count in zip(GROUPS, (n_patients, n_healthy), strict=True):
                if draw.pair[first] < count:
                    lag = LAG * float(draw.palsy.severity[first]) if group == "patient" else 0.0
                    rows = range(first, first + shown)
                    courses = [
                        course_of(draw, row, frames, lag, first=first, start=at * frames, rate=RATE)
                        for at, row in enumerate(rows)
                    ]
                    found[group].append(_subject(out, parts, group, courses, lag, sitters))
                    advance(shown * frames)
        ordered = [subject for group in GROUPS for subject in found[group]]
        manifest = pd.DataFrame([row for row, _ in ordered])
        join_parts(out / "truth.parquet", (read_part(parts / f"{name}.parquet") for name in manifest["subject_id"]))
        prompts = pd.DataFrame([prompt for _, prompts in ordered for prompt in prompts])
        write_text(out / "prompts.csv", prompts.to_csv(index=False))
        write_text(out / "manifest.csv", manifest.to_csv(index=False))
        write_text(out / SIMULATION, json.dumps(asked, indent=1) + "\n")
        shutil.rmtree(parts, ignore_errors=True)
    return manifest


def _subject(
    out: Path, parts: Path, group: str, courses: list[Draw], lag: float, sitters: Sitters
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write a subject's video and truth, unless they are there; return the row of the manifest and the prompts."""
    pair, frames = int(courses[0].pair[0]), len(courses[0].frame)
    name = f"{group}-{pair + 1:04d}"
    path, part = f"videos/{name}.mp4", parts / f"{name}.parquet"
    if not part.exists():
        write_part(part, _truth(courses, group, path, sitters))
    if not (out / path).exists():
        try:
            (out / path).parent.mkdir(exist_ok=True)
        except OSError as error:
            raise CohortError(f"cannot write {out / path}: {error.strerror or error}") from error
        write_video(out / path, _pictures(courses, group, sitters))
    truth = read_part(part).to_pandas()
    kept = ("portrait", "weak_side", "kind", "severity", "pair", "seed", "height", "width")
    row = {
        "path": path,
        "subject_id": name,
        "group": group,
        "label": int(truth["label"].max()),
        "source": "simulated",
        "sequence": truth["movement"][0] if len(courses) == 1 else "prompted",
        **{column: truth[column][0] for column in kept},
        "lag_s": lag,
        "frames": len(truth),
        "fps": RATE,
    }
    times, prompts = course_times(frames, RATE)._asdict(), []
    for number, course in enumerate(courses):
        start = number * frames / RATE
        prompt = {"path": path, "subject_id": name, "number": number + 1, "movement": str(course.intended.names[0])}
        prompts.append(
            prompt | {"start": round(start, 4)} | {moment: round(start + time, 4) for moment, time in times.items()}
        )
    return row, prompts


def _truth(courses: list[Draw], group: str, path: str, sitters: Sitters) -> pd.DataFrame:
    import pandas as pd

    pair = int(courses[0].pair[0])
    sitter, tables = sitters(pair), []
    for course in courses:
        well, change = palsy.no_palsy(len(course.frame)), np.zeros(course.identity.shape)
        if group == "patient" and isinstance(sitter, Painted):
            change = palsy.moved(course.identity, course.intended, course.palsy)
            change = change - palsy.moved(course.identity, course.intended, well)
        elif group == "patient" and isinstance(sitter, Portrait):
            for at in range(len(change)):
                ill, healthy = (displacement(course, at, sick, sitter) for sick in (course.palsy, well))
                change[at] = ill - healthy
        tables.append(pd.DataFrame(truth_columns(course, group, sitters.seed, change)).assign(time=course.frame / RATE))
    table = pd.concat(tables, ignore_index=True).drop(columns=["yaw", "pitch", "roll", "distance_cm", "iod_px"])
    return table.assign(portrait=sitters.name(pair), path=path, height=SIZE, width=SIZE)


def _pictures(courses: list[Draw], group: str, sitters: Sitters) -> Iterator[NDArray[np.uint8]]:
    pair = int(courses[0].pair[0])
    rng = np.random.default_rng([sitters.seed, 2, pair, 0])
    photo = dict(zip(GROUPS, draw_photos(rng), strict=True))[group]
    for course in courses:
        sick = course.palsy if group == "patient" else palsy.no_palsy(len(course.frame))
        for at in range(len(course.frame)):
            yield take_photo(draw_face(course, at, sick, sitters(pair)).rgb, photo)
