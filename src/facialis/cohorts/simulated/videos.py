"""Simulated videos: one movement a subject, from rest to the apex and back, as MP4 at 30 frames a second.

The same build of the encoder gives the same bytes (one thread, no dates); another build need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import Sitters, draw_face
from facialis.cohorts.simulated.portraits import SIZE
from facialis.cohorts.simulated.sequences import LAG, time_course
from facialis.cohorts.simulated.simulate import GROUPS, Draw, check_counts, draws
from facialis.errors import CohortError
from facialis.faces.fields import Array

if TYPE_CHECKING:
    import pandas as pd

RATE = 30


def course_of(draw: Draw, row: int, frames: int, lag: float) -> Draw:
    """Return the draw of one face as `frames` faces in time: its movement's efforts come and go, the weak side later.

    Parameters
    ----------
    lag : seconds by which the weak side (`draw.palsy.side`) follows.
    """
    rows = np.full(frames, row)
    one = draw.intended.take(rows)
    sides: Array = np.stack([time_course(frames, RATE), time_course(frames, RATE)], axis=-1)
    sides[:, int(draw.palsy.side[row])] = time_course(frames, RATE, lag=lag)
    both = sides.mean(axis=1)
    return draw._replace(
        pair=draw.pair[rows],
        frame=np.arange(frames),
        sequence=draw.sequence[rows],
        identity=draw.identity[rows],
        intended=Intended(one.names, one.efforts * sides[:, None], one.closure * sides, one.jaw * both),
        camera=draw.camera.take(rows),
        palsy=draw.palsy.take(rows),
        extent=draw.extent[rows],
    )


def write_video(target: Path, pictures: Sequence[NDArray[np.uint8]]) -> None:
    """Write pictures (h, w, 3) RGB, of even height and width, as an MP4 file (H.264), atomically."""
    import av

    from facialis.files import atomic_path

    with atomic_path(target) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast", "threads": "1"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def simulate_videos(
    directory: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    portrait: Sequence[tuple[str, NDArray[np.uint8]]] | None = None,
) -> pd.DataFrame:
    """Write ``directory/videos/SUBJECT.mp4``, one a subject, and ``directory/manifest.csv``; return that table.

    Parameters
    ----------
    frames : of each video, at least 2.
    n_patients, n_healthy, seed, portrait : as for `simulate_pictures`.

    Returns
    -------
    One row a video: subject_id, group, path, portrait, movement, weak_side, kind, severity, pair, seed, frames, fps.
    Videos that are there already are kept.

    Raises
    ------
    CohortError
        A count or the seed is out of range, no portrait has exactly one face, or the folder cannot be written.
    """
    import pandas as pd

    from facialis.cohorts.simulated.muscles import SIDES
    from facialis.files import write_text
    from facialis.progress import bar

    check_counts(n_patients, n_healthy, frames)
    if frames < 2:
        raise CohortError(f"{frames} frame a video; expected at least 2")
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    folder = Path(directory) / "videos"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CohortError(f"cannot write {folder}: {error.strerror or error}") from error
    sitters, found = Sitters(portrait, seed), []
    with bar("Drawing videos", n_patients + n_healthy, unit="videos") as advance:
        for draw, _ in draws(max(counts.values()), 1, seed):
            for row in np.flatnonzero(draw.pair < max(counts.values())).tolist():
                pair = int(draw.pair[row])
                photos = dict(zip(GROUPS, draw_photos(np.random.default_rng([int(seed), 2, pair, 0])), strict=True))
                for group in GROUPS:
                    if pair >= counts[group]:
                        continue
                    ill, name = group == "patient", f"{group}-{pair + 1:04d}"
                    severity = float(draw.palsy.severity[row]) if ill else 0.0
                    target = folder / f"{name}.mp4"
                    if not target.exists():
                        course = course_of(draw, row, frames, LAG * severity)
                        sick = course.palsy if ill else palsy.no_palsy(frames)
                        drawn = (draw_face(course, at, sick, sitters(pair)).rgb for at in range(frames))
                        write_video(target, [take_photo(rgb, photos[group]) for rgb in drawn])
                    found.append(
                        {
                            "subject_id": name,
                            "group": group,
                            "path": f"videos/{name}.mp4",
                            "portrait": sitters.name(pair),
                            "movement": str(draw.intended.names[row]),
                            "weak_side": SIDES[int(draw.palsy.side[row])] if ill else "",
                            "kind": str(draw.palsy.kind[row]) if ill else "",
                            "severity": severity,
                            "pair": pair,
                            "seed": int(seed),
                            "frames": frames,
                            "fps": RATE,
                            "height": SIZE,
                            "width": SIZE,
                        }
                    )
                    advance(1)
    table = pd.DataFrame(found).sort_values(["group", "pair"], ascending=[False, True], ignore_index=True)
    write_text(Path(directory) / "manifest.csv", table.to_csv(index=False))
    return table
