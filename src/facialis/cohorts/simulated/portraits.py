"""Portraits: healthy people's photos, read from a folder and prepared to be warped."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import file_hash
from facialis.cohorts.simulated import warp
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.muscles import MUSCLE_NAMES, SIDES
from facialis.errors import CohortError, PictureError
from facialis.faces.fields import Array
from facialis.faces.geometry import mirror

if TYPE_CHECKING:
    from facialis.faces.landmarks import Face

SIZE = 512
IOD_PX = 90.0
PORTRAIT = "astronaut"

EXPRESSIONS: dict[str, tuple[tuple[str, str], float]] = {
    "zygomaticus_major": (("mouthSmileRight", "mouthSmileLeft"), 0.75),
    "zygomaticus_minor": (("mouthSmileRight", "mouthSmileLeft"), 0.75),
    "frontalis_medial": (("browOuterUpRight", "browOuterUpLeft"), 0.8),
    "frontalis_lateral": (("browOuterUpRight", "browOuterUpLeft"), 0.8),
    "levator_labii": (("mouthUpperUpRight", "mouthUpperUpLeft"), 0.5),
    "depressor_labii": (("mouthLowerDownRight", "mouthLowerDownLeft"), 0.5),
    "orbicularis_oculi_palpebral": (("cheekSquintRight", "cheekSquintLeft"), 0.7),
    "orbicularis_oculi_orbital": (("cheekSquintRight", "cheekSquintLeft"), 0.7),
}
"""Which expression scores (subject's right, left) tell a portrait's own muscle efforts, and the effort at score 1."""


class Portrait(NamedTuple):
    """A healthy photo to be warped: its name, pixels, landmarks (478, 2) px, the warp on them, its own expression."""

    name: str
    rgb: NDArray[np.uint8]
    points: Array
    warp: warp.Warp
    expression: Intended


def expression_of(face: Face) -> Intended:
    """Return the muscle efforts (one row) that a photo shows already, guessed from the expression scores."""
    from facialis.modalities.expressions import BLENDSHAPES

    efforts = np.zeros((1, len(MUSCLE_NAMES), len(SIDES)))
    for muscle, (names, full) in EXPRESSIONS.items():
        for side, name in enumerate(names):
            score = float(face.blendshapes[BLENDSHAPES.index(name)])
            efforts[0, MUSCLE_NAMES.index(muscle), side] = full * score
    return Intended(np.array(["portrait"]), efforts, np.zeros((1, 2)), np.zeros(1))


def astronaut() -> NDArray[np.uint8]:
    """Return scikit-image's free portrait (NASA, public domain), (512, 512, 3) RGB."""
    import skimage.data

    return np.asarray(skimage.data.astronaut(), dtype=np.uint8)


def frame_portrait(rgb: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.uint8], Array]:
    """Return the face region enlarged to `SIZE` px with `IOD_PX` between the irises, and its landmarks there."""
    scale = IOD_PX / face.interocular_px
    points = face.landmarks.astype(np.float64)
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    shift = np.array([SIZE / 2, SIZE * 0.52]) - scale * (low + high) / 2
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    picture = cv2.warpAffine(rgb, matrix, (SIZE, SIZE), flags=way, borderMode=cv2.BORDER_REPLICATE)
    half = 0.5 * (1.0 - scale)  # the landmarker counts from a pixel's edge, OpenCV from its middle
    return picture, points * scale + np.array([*(shift + half), 0.0])


def read_portraits(pictures: Sequence[tuple[str, NDArray[np.uint8]]]) -> list[tuple[Portrait, Portrait]]:
    """Prepare each portrait and its mirror image; one without exactly one face is named on stderr and left out.

    Raises
    ------
    CohortError
        No portrait has exactly one face.
    """
    from facialis.faces.landmarks import FaceLandmarker

    found = []
    with FaceLandmarker() as landmarker:
        for name, rgb in pictures:
            faces = landmarker.detect(rgb)
            if len(faces) != 1:
                what = "no face" if not faces else f"{len(faces)} faces"
                print(f"portrait {name}: {what} found, expected one; skipped", file=sys.stderr)
                continue
            picture, points = frame_portrait(rgb, faces[0])
            own = expression_of(faces[0])
            transform = faces[0].transform.astype(np.float64)
            other = transform.copy()
            other[:3, :3] *= np.array([[1, -1, -1], [-1, 1, 1], [-1, 1, 1]])
            turned = own._replace(efforts=own.efforts[..., ::-1])
            mirrored = np.asarray(mirror(points, float(SIZE)), dtype=np.float64)
            found.append(
                (
                    Portrait(name, picture, points[:, :2], warp.prepare(points, transform), own),
                    Portrait(
                        name,
                        np.ascontiguousarray(picture[:, ::-1]),
                        mirrored[:, :2],
                        warp.prepare(mirrored, other),
                        turned,
                    ),
                )
            )
    if not found:
        names = ", ".join(name for name, _ in pictures) or "none given"
        raise CohortError(f"no portrait with exactly one face ({names}); give photos of one person each")
    return found


def read_portrait_folder(directory: Path | str) -> list[tuple[str, NDArray[np.uint8]]]:
    """Return name (path within the folder, without suffix) and RGB picture of each photo in a folder.

    Files that are no pictures are named on stderr and left out; whether each holds one face `read_portraits` sees.

    Raises
    ------
    CohortError
        `directory` is not a folder, or holds no picture that can be read.
    """
    from facialis.faces.images import display_name, read_picture

    found = []
    for path in _photos(directory):
        try:
            rgb = read_picture(path)
        except PictureError as error:
            print(f"portrait {error}; skipped", file=sys.stderr)
            continue
        found.append((display_name(path.relative_to(directory).with_suffix("")), rgb))
    if not found:
        raise CohortError(
            f"{display_name(directory)}: holds no readable picture; give a folder of photos of one person each"
        )
    return found


def hash_portraits(directory: Path | str) -> str:
    """Return the SHA-256 of the names and contents of the photos in a folder: the same photos, the same simulation.

    Raises
    ------
    CohortError
        `directory` is not a folder.
    """
    total = hashlib.sha256()
    for path in _photos(directory):
        total.update(os.fsencode(path.relative_to(directory)) + b"\0")
        with suppress(OSError):  # `read_portrait_folder` names it
            total.update(bytes.fromhex(file_hash(path)))
    return total.hexdigest()


def _photos(directory: Path | str) -> list[Path]:
    from facialis.faces.images import display_name, is_video, list_sources

    folder = Path(directory)
    if not folder.is_dir():
        raise CohortError(
            f"{display_name(folder)}: no such folder of portraits; give a folder of photos of one person each"
        )
    return [source.path for source in list_sources([folder]) if source.path != folder and not is_video(source.path)]
