"""YFP, the YouTube Facial Palsy database (Hsu et al. 2018): 21 patients, palsy regions marked by clinicians."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from facialis.cohorts.listing import RATE, Listing, complete, folder_of, list_files, wrong_layout
from facialis.cohorts.yfp_regions import REGIONS, Marks, is_annotation_folder, read_marks
from facialis.faces.sources import is_video

N_PATIENTS, N_RECORDINGS = 21, 32
_LAYOUT = "PATIENT/RECORDING/frame.jpg, PATIENT_RECORDING/frame.jpg, or the same as videos (12/2.mp4, 12_2.mp4)"
_WRAPPERS = {"frames", "images", "image", "img", "videos", "video", "data", "dataset", "database", "yfp", "sequences"}


def read_yfp(root: Path | str) -> Listing:
    """List YFP: its frames, or its videos sampled at 6 a second.

    The database is given out on request and its exact layout is not published, so several are accepted:

    - frames ``12/2/0001.jpg`` (patient, recording) or ``12_2/0001.jpg``; a folder ``12`` without a recording's number
      is a patient with one recording. Frames count as 6 a second.
    - videos ``12/2.mp4`` or ``12_2.mp4``.
    - folders named frames, images, videos, data or YFP around or between these are of no account.
    - annotations as `facialis.cohorts.yfp_regions.read_marks` says.

    Everybody is a patient. Where a recording has annotations, a frame's ``label`` is 1 if an eye or mouth region is
    marked in it, else 0; in a recording without any it is 1. Columns: ``recording``, and for eye and mouth
    ``eye_x``, ``eye_y``, ``eye_width``, ``eye_height`` (px) and ``eye_intensity``, empty where nothing is marked.

    Raises
    ------
    CohortError
        Another layout, or an annotation file that cannot be read (file and line are named).
    """
    root = folder_of(root, "YFP")
    files = list_files(root)
    recordings: dict[tuple[str, str], list[str]] = {}
    for parts in files:
        found = _recording(parts)
        if found is not None:
            recordings.setdefault(found, []).append("/".join(parts))
    if not recordings:
        raise wrong_layout(root, files, _LAYOUT)
    marks, n_files = read_marks(root, {recording for _, recording in recordings})
    rows: list[dict[str, Any]] = []
    for (patient, recording), paths in recordings.items():
        for number, path in enumerate(paths):
            film = is_video(path)
            rows.append(
                {
                    "path": path,
                    "subject_id": f"yfp/{patient}",
                    "group": "patient",
                    "label": 1,
                    "sequence": recording,
                    "recording": recording,
                    "time": float("nan") if film else number / RATE,
                }
            )
    frames = complete(root, rows, "yfp")
    columns = [f"{region}_{part}" for region in REGIONS for part in Marks.PARTS]
    values = np.full((len(frames), len(columns)), np.nan)
    labels = frames["label"].to_numpy(copy=True)
    sampled = frames.groupby("path", sort=False).cumcount() + 1
    for row, (path, recording, number) in enumerate(zip(frames["path"], frames["recording"], sampled, strict=True)):
        if recording in marks.recordings:
            boxes = marks.of(recording, path, int(number) if is_video(path) else None)
            labels[row] = bool(boxes)
            for region, box in boxes.items():
                start = REGIONS.index(region) * len(box)
                values[row, start : start + len(box)] = box
    frames["label"] = labels
    frames[columns] = values
    matched = int((~np.isnan(values)).any(axis=1).sum())
    patients = {patient for patient, _ in recordings}
    notes = []
    if (len(patients), len(recordings)) != (N_PATIENTS, N_RECORDINGS):
        notes.append(
            f"yfp: {len(recordings)} recordings of {len(patients)} patients; "
            f"the database has {N_RECORDINGS} of {N_PATIENTS}"
        )
    bare = [recording for _, recording in recordings if recording not in marks.recordings]
    if bare:
        notes.append(f"yfp: no annotations for {len(bare)} recordings (such as {bare[0]}); their frames count as palsy")
    if n_files:
        notes.append(f"yfp: regions are marked in {matched} of {len(frames)} frames, by {n_files} annotation files")
    return Listing(frames, tuple(notes))


def _recording(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Return patient and recording of a file, None where it is not in the layout."""
    if any(is_annotation_folder(part) for part in parts[:-1]):
        return None
    folders = [part for part in parts[:-1] if part.lower() not in _WRAPPERS]
    if is_video(parts[-1]):
        folders.append(parts[-1].rpartition(".")[0])
    if not folders:
        return None
    if len(folders) > 1:
        return folders[0], "/".join(folders)
    several = re.fullmatch(r"(.*\d)[ _-]+[A-Za-z]*[ _-]?\d+", folders[0])
    return (several[1] if several else folders[0]), folders[0]
