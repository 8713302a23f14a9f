"""Simulated pictures: a free portrait warped by the displacement of muscles and palsy.

Healthy pictures go through the very same warp with their own healthy displacement, and light, colour, blur and
compression are drawn once for both pictures of a pair, so that neither the warp nor the picture tells the groups
apart. Not simulated here: folds and wrinkles, head turns, closed eyes and open mouths that the portrait does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy, warp
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.muscles import MUSCLE_NAMES, SIDES
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.photo import draw_photo, take_photo
from facialis.cohorts.simulated.simulate import (
    GROUPS,
    Draw,
    check_counts,
    draws,
)
from facialis.cohorts.simulated.truth import truth_columns
from facialis.errors import CohortError
from facialis.faces.fields import Array
from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face

if TYPE_CHECKING:
    import pandas as pd

    from facialis.faces.landmarks import Face

SIZE = 512
IOD_PX = 90.0
PORTRAIT = "astronaut"
IDENTITY_EXTENT = 0.45
"""Share of the drawn identity's difference from the canonical face that the portrait takes on."""
MOVEMENT_EXTENT = 0.55
"""Share of the way from the portrait's own expression to the intended one that a warp can go."""
MOST_CLOSURE = 0.5
MOST_JAW = 0.5

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
    """A healthy photo to be warped: its name, pixels, the warp prepared on its landmarks, its own expression."""

    name: str
    rgb: NDArray[np.uint8]
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
    return picture, points * scale + np.array([*shift, 0.0])


def read_portraits(pictures: Sequence[tuple[str, NDArray[np.uint8]]]) -> list[tuple[Portrait, Portrait]]:
    """Prepare each portrait and its mirror image; those without exactly one face are left out.

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
                continue
            picture, points = frame_portrait(rgb, faces[0])
            own = expression_of(faces[0])
            transform = faces[0].transform.astype(np.float64)
            other = transform.copy()
            other[:3, :3] *= np.array([[1, -1, -1], [-1, 1, 1], [-1, 1, 1]])
            turned = own._replace(efforts=own.efforts[..., ::-1])
            found.append(
                (
                    Portrait(name, picture, warp.prepare(points, transform), own),
                    Portrait(
                        name,
                        np.ascontiguousarray(picture[:, ::-1]),
                        warp.prepare(np.asarray(mirror(points, SIZE - 1.0), dtype=np.float64), other),
                        turned,
                    ),
                )
            )
    if not found:
        names = ", ".join(name for name, _ in pictures) or "none given"
        raise CohortError(f"no portrait with exactly one face ({names}); give photos of one person each")
    return found


def displacement(draw: Draw, row: int, sick: palsy.Palsy, portrait: Portrait) -> Array:
    """Return (478, 3) cm: how far the portrait's face moves to become face `row` of the draw with the palsy `sick`."""
    base = canonical_face()[None]
    one = np.array([row])
    own, wanted = portrait.expression, draw.intended.take(one)
    wanted = wanted._replace(
        efforts=own.efforts + MOVEMENT_EXTENT * (wanted.efforts - own.efforts),
        closure=np.minimum(MOVEMENT_EXTENT * wanted.closure, MOST_CLOSURE),
        jaw=np.minimum(MOVEMENT_EXTENT * wanted.jaw, MOST_JAW),
    )
    identity = base + IDENTITY_EXTENT * (draw.identity[one] - base)
    there = palsy.moved(identity, wanted, sick.take(one))
    return np.asarray((there - palsy.moved(base, own, palsy.no_palsy(1)))[0])


def simulate_pictures(
    directory: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    portrait: Sequence[tuple[str, NDArray[np.uint8]]] | None = None,
    movement: str = "mixed",
) -> pd.DataFrame:
    """Write simulated pictures to ``directory/pictures/SUBJECT/FRAME.png`` and return their table.

    Parameters
    ----------
    directory : must exist.
    n_patients, n_healthy, frames, seed : as for `simulate_faces`.
    portrait : names and RGB pictures of healthy people; by default scikit-image's astronaut. Each subject is made
        from one portrait, a pair from the same one.
    movement : as for `simulate_faces`.

    Returns
    -------
    The columns of `SimulatedFaces.frames`, but for pose and camera (the portrait's own); `path` relative to
    `directory`. Same arguments, same bytes; pictures that are there already are kept.

    Raises
    ------
    CohortError
        A count or the seed is out of range, or no portrait has exactly one face.
    """
    import pandas as pd

    from facialis.progress import bar

    check_counts(n_patients, n_healthy, frames)
    portraits = read_portraits([(PORTRAIT, astronaut())] if portrait is None else list(portrait))
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    tables: dict[str, list[pd.DataFrame]] = {group: [] for group in GROUPS}
    with bar("Drawing pictures", (n_patients + n_healthy) * frames) as advance:
        for draw, _ in draws(max(counts.values()), frames, seed, movement=movement):
            healthy = palsy.no_palsy(len(draw.pair))
            for group in GROUPS:
                sick = draw.palsy if group == "patient" else healthy
                rows = np.flatnonzero(draw.pair < counts[group])
                names, changes = [], np.zeros(draw.identity.shape)
                for row in rows.tolist():
                    pair, frame = int(draw.pair[row]), int(draw.frame[row])
                    who = np.random.default_rng([int(seed), 1, pair])
                    mirrored = bool(who.random() < 0.5)
                    chosen = portraits[int(who.integers(len(portraits)))][int(mirrored)]
                    photo = draw_photo(np.random.default_rng([int(seed), 2, pair, frame]))
                    moves = displacement(draw, row, sick, chosen)
                    if group == "patient":
                        changes[row] = moves - displacement(draw, row, healthy, chosen)
                    target = Path(directory) / f"pictures/{group}-{pair + 1:04d}/{frame:03d}.png"
                    if not target.exists():  # there already after a run that was stopped: whole, for it was renamed
                        _write(target, take_photo(warp.apply(chosen.rgb, chosen.warp, moves), photo))
                    names.append(chosen.name)
                    advance(1)
                table = pd.DataFrame(truth_columns(draw, group, int(seed), changes)).iloc[rows]
                table = table.drop(columns=["yaw", "pitch", "roll", "distance_cm", "iod_px"])
                paths = [
                    f"pictures/{name}/{frame:03d}.png"
                    for name, frame in zip(table["subject_id"], draw.frame[rows], strict=True)
                ]
                tables[group].append(table.assign(portrait=names, path=paths, height=SIZE, width=SIZE))
    return pd.concat([part for group in GROUPS for part in tables[group]], ignore_index=True)


def _write(target: Path, picture: NDArray[np.uint8]) -> None:
    from facialis.files import atomic_path

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CohortError(f"cannot write {target}: {error.strerror or error}") from error
    _, coded = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    with atomic_path(target) as temporary:
        temporary.write_bytes(coded.tobytes())


def palsy_twin(rgb: NDArray[np.uint8], face: Face, severity: float, side: str, seed: int = 0) -> NDArray[np.uint8]:
    """Return the photo as if the person had a flaccid palsy of one side of the face.

    Parameters
    ----------
    rgb : (h, w, 3) uint8.
    face : where the landmarker found the face.
    severity : 0 (the photo as it is) to 1 (complete).
    side : "subject_right" or "subject_left", the weak side.
    seed : varies the share of brow, eye and mouth by some per cent.

    Raises
    ------
    CohortError
        `severity` is out of range or `side` is neither.
    """
    if side not in SIDES:
        raise CohortError(f"side is {side!r}; expected one of {', '.join(SIDES)}")
    if not 0.0 <= severity <= 1.0:
        raise CohortError(f"severity is {severity!r}; expected a number from 0 to 1")
    rng = np.random.default_rng(seed)
    sick = make_palsy(side, severity)
    spread = np.exp(0.05 * rng.standard_normal(sick.branches.shape))
    sick = sick._replace(branches=np.clip(sick.branches * spread, 0.0, 1.0))
    own, base = expression_of(face), canonical_face()[None]
    change = palsy.moved(base, own, sick) - palsy.moved(base, own, palsy.no_palsy(1))
    prepared = warp.prepare(face.landmarks.astype(np.float64), face.transform.astype(np.float64))
    return warp.apply(rgb, prepared, change[0])
