"""CK+ (Extended Cohn-Kanade; Lucey et al. 2010): posed expressions of healthy people, from neutral to apex."""

from __future__ import annotations

import re
from pathlib import Path

from facialis.cohorts.listing import Listing, complete, folder_of, list_files, wrong_layout
from facialis.errors import CohortError
from facialis.faces.sources import display_name, name_from_text

IMAGES = "cohn-kanade-images"
N_SUBJECTS = 123
EMOTIONS = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
"""By the number in the database's emotion files."""
_LAYOUT = f"{IMAGES}/S005/001/S005_001_00000011.png"
_BESIDE = {
    "emotion": ("Emotion", "Emotion_labels", "Emotion_labels/Emotion"),
    "facs": ("FACS", "FACS_labels", "FACS_labels/FACS"),
    "landmarks": ("Landmarks", "Landmarks/Landmarks"),
}


def read_ckplus(root: Path | str) -> Listing:
    """List CK+: ``cohn-kanade-images/SUBJECT/SEQUENCE/SUBJECT_SEQUENCE_NUMBER.png``.

    `root` is the folder that holds ``cohn-kanade-images``, or that one itself. Every subject is healthy. A sequence
    (``S005/001``) runs from the neutral face to the apex: ``phase`` is neutral for its first frame, apex for its last,
    else empty. Where ``Emotion``, ``FACS`` and ``Landmarks`` (or, as distributed, ``Emotion_labels``, ``FACS_labels``)
    lie beside the images, ``emotion`` is the sequence's (a word; empty without a file), ``facs`` the action units and
    intensities of the apex ("1:2 4" is AU 1 at 2, AU 4 without one), ``landmarks_file`` the frame's file of 68 tracked
    points.

    Raises
    ------
    CohortError
        Another layout, or an emotion or FACS file that is none.
    """
    root = folder_of(root, f"CK+, which holds {IMAGES}")
    images = root if root.name == IMAGES else root / IMAGES
    base = images.parent
    prefix = "" if root.name == IMAGES else f"{IMAGES}/"
    files = list_files(images) if images.is_dir() else []
    frames = [parts for parts in files if len(parts) == 3 and parts[2].lower().endswith(".png")]
    if not frames:
        raise wrong_layout(root, list_files(root), _LAYOUT)
    sequences: dict[tuple[str, str], list[str]] = {}
    for subject, sequence, name in frames:
        sequences.setdefault((subject, sequence), []).append(name)
    found = {kind: [base / name for name in names if (base / name).is_dir()] for kind, names in _BESIDE.items()}
    rows = []
    for (subject, sequence), names in sequences.items():
        emotion, facs = "", ""
        for folder in found["emotion"]:
            emotion = emotion or _emotion(_files(folder / subject / sequence, "_emotion.txt"))
        for folder in found["facs"]:
            facs = facs or _facs(_files(folder / subject / sequence, "_facs.txt"))
        for number, name in enumerate(names):
            last = number == len(names) - 1
            stem = name.rpartition(".")[0]
            tracked = [f / subject / sequence / f"{stem}_landmarks.txt" for f in found["landmarks"]]
            rows.append(
                {
                    "path": f"{prefix}{subject}/{sequence}/{name}",
                    "subject_id": f"ckplus/{subject}",
                    "group": "healthy",
                    "label": 0,
                    "sequence": f"{subject}/{sequence}",
                    "phase": "apex" if last and number else ("neutral" if number == 0 else ""),
                    "emotion": emotion,
                    "facs": facs if last else "",
                    "landmarks_file": next((str(f.relative_to(base)) for f in tracked if f.is_file()), ""),
                }
            )
    notes = [
        f"ckplus: no folder {_BESIDE[kind][0]} beside {IMAGES}; {kind} stays empty" for kind in found if not found[kind]
    ]
    n = len({subject for subject, _ in sequences})
    if n != N_SUBJECTS:
        notes.append(f"ckplus: {n} subjects; the whole database has {N_SUBJECTS}")
    if len(files) > len(frames):
        notes.append(f"ckplus: {len(files) - len(frames)} files lie elsewhere than {_LAYOUT} and are left out")
    return Listing(complete(root, rows, "ckplus"), tuple(notes))


def _files(folder: Path, ending: str) -> list[Path]:
    folder = Path(name_from_text(str(folder)))
    return sorted(file for file in folder.iterdir() if file.name.endswith(ending)) if folder.is_dir() else []


def _emotion(files: list[Path]) -> str:
    for file in files:
        numbers = _numbers(file)
        if len(numbers) != 1 or not (numbers[0].is_integer() and 0 <= numbers[0] < len(EMOTIONS)):
            raise CohortError(f"{display_name(file)}: holds no emotion; expected one number from 0 to 7")
        return EMOTIONS[int(numbers[0])]
    return ""


def _facs(files: list[Path]) -> str:
    units = []
    for file in files:
        numbers = _numbers(file)
        if len(numbers) % 2:
            raise CohortError(f"{display_name(file)}: expected lines of an action unit and its intensity")
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        units += [f"{unit:g}:{intensity:g}" if intensity else f"{unit:g}" for unit, intensity in pairs]
    return " ".join(units)


def _numbers(file: Path) -> list[float]:
    try:
        return [float(word) for word in re.split(r"[\s,]+", file.read_text(encoding="utf-8").strip()) if word]
    except (OSError, ValueError) as error:
        raise CohortError(f"{display_name(file)}: cannot be read as numbers ({error})") from error
