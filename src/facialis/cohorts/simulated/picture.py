"""Simulated pictures: portraits warped by the displacement of muscles and palsy, and painted faces.

Healthy pictures go through the very same warping, painting and shading with their own healthy displacement; framing,
light and colour are drawn once for both pictures of a pair, focus and compression for each from one distribution, so
that neither the warp nor the picture tells the groups apart. A portrait keeps its own pose; a painted head turns within
some degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import camera as cameras
from facialis.cohorts.simulated import palsy, warp
from facialis.cohorts.simulated.draw import GROUPS, Draw, People, check_counts, draws, interocular_cm
from facialis.cohorts.simulated.painted import (
    MOST_TURNED,
    Painted,
    close_lips,
    draw_painted,
    in_picture,
    paint,
    place,
)
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.portraits import (
    IOD_PX,
    PORTRAIT,
    SIZE,
    Portrait,
    astronaut,
    read_portraits,
)
from facialis.cohorts.simulated.shading import fold_depths, shade_folds
from facialis.cohorts.simulated.shape import draw_identities
from facialis.cohorts.simulated.truth import truth_columns
from facialis.errors import CohortError
from facialis.faces import instrument
from facialis.faces.fields import Array
from facialis.faces.mesh import canonical_face

if TYPE_CHECKING:
    import pandas as pd


IDENTITY_EXTENT = 0.45
"""Share of the drawn identity's difference from the canonical face that the portrait takes on."""
MOVEMENT_EXTENT = 0.55
"""Share of the way from the portrait's own expression to the intended one that a warp can go."""
MOST_CLOSURE = 0.5
MOST_JAW = 0.5

PAINTED_OF_FOUR = 3
"""Of four pairs, as many are painted where no portraits are given; the rest is made from the free portrait."""
HALF = 0.5
"""px: the landmarker counts from a pixel's edge, OpenCV from its middle."""
TURNED = 0.5
"""Share of the drawn yaw by which painted heads turn."""


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


class Drawn(NamedTuple):
    """A face in its picture before the photo is taken.

    Attributes
    ----------
    rgb : (SIZE, SIZE, 3) uint8.
    points : (478, 2) px, where the face's landmarks lie, as the landmarker counts: the first pixel's middle is 0.5.
    pulled : (478, 2) px, where the landmarker's pull to symmetry puts them (`instrument.pull_to_symmetry`).
    reported : (478, 2) px, where the whole instrument, but for its noise, puts them: on painted heads with its residue
        of yaw and its share of the perspective as well; a portrait's landmarks hold these already.
    shape : (478, 3) cm, to be compared with that of the same person without palsy.
    """

    rgb: NDArray[np.uint8]
    points: Array
    pulled: Array
    reported: Array
    shape: Array


def _camera(draw: Draw, row: int) -> cameras.Camera:
    camera = draw.camera.take(np.array([row]))
    return camera._replace(angles=camera.angles * np.array([TURNED, 1.0, 0.0]), iod_px=np.array([IOD_PX]))


def _seen(face: Array, camera: cameras.Camera) -> tuple[Array, Array]:
    """Return (478, 2) px twice: where the pull to symmetry, and the whole instrument, put the landmarks of a face."""
    pulled = instrument.pull_to_symmetry(face[None])
    turned = pulled.copy()
    yaw = np.clip(camera.angles[:, :1], -MOST_TURNED, MOST_TURNED)
    turned[..., :2] += (yaw * interocular_cm(face[None])[:, None])[..., None] * instrument.yaw_residue()
    shares = np.ones(len(face)), instrument.perspective_share()
    one, other = (
        in_picture(close_lips(seen[0]), camera, share)[0] for seen, share in zip((pulled, turned), shares, strict=True)
    )
    return one + HALF, other + HALF


def draw_face(draw: Draw, row: int, sick: palsy.Palsy, sitter: Portrait | Painted) -> Drawn:
    """Draw face `row` of the draw with the palsy `sick` as this sitter."""
    one = np.array([row])
    intended, ill = draw.intended.take(one), sick.take(one)
    depths = fold_depths(intended, ill)[0]
    if isinstance(sitter, Painted):
        face = palsy.moved(draw.identity[one], intended, ill)
        camera = _camera(draw, row)
        scene = place(close_lips(face[0]), camera)
        rgb = shade_folds(paint(sitter, scene), scene.points, depths)
        return Drawn(rgb, scene.points + HALF, *_seen(face[0], camera), face[0])
    moves = displacement(draw, row, sick, sitter)
    points = sitter.points + warp.in_picture(sitter.warp, moves)
    seen_moves = instrument.pull_to_symmetry(moves[None])[0]
    own = fold_depths(sitter.expression, palsy.no_palsy(1))[0]
    rgb = shade_folds(warp.apply(sitter.rgb, sitter.warp, moves), points, MOVEMENT_EXTENT * (depths - own))
    seen = sitter.points + warp.in_picture(sitter.warp, seen_moves)
    return Drawn(rgb, points, seen, seen, moves)


class Sitters:
    """Who sits for each pair: a portrait or its mirror image, or a painted subject; the same for both of the pair."""

    def __init__(self, portrait: Sequence[tuple[str, NDArray[np.uint8]]] | None, seed: int) -> None:
        self.seed = int(seed)
        self.painted = PAINTED_OF_FOUR if portrait is None else 0
        self.portraits = read_portraits([(PORTRAIT, astronaut())] if portrait is None else list(portrait))
        self._last: tuple[int, Portrait | Painted] | None = None

    def __call__(self, pair: int) -> Portrait | Painted:
        """Return the sitter of a pair."""
        if self._last is None or self._last[0] != pair:
            self._last = (pair, self._choose(pair))
        return self._last[1]

    def name(self, pair: int) -> str:
        """Return the name of a pair's sitter."""
        return f"painted-{pair + 1:04d}" if pair % 4 < self.painted else self(pair).name

    def _choose(self, pair: int) -> Portrait | Painted:
        if pair % 4 < self.painted:
            return draw_painted(self.name(pair), (self.seed, 3, pair))
        who = np.random.default_rng([self.seed, 1, pair])
        mirrored = bool(who.random() < 0.5)
        return self.portraits[int(who.integers(len(self.portraits)))][int(mirrored)]


def simulate_pictures(
    directory: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    portrait: Sequence[tuple[str, NDArray[np.uint8]]] | Sitters | None = None,
    movement: str = "mixed",
    people: People = draw_identities,
) -> pd.DataFrame:
    """Write simulated pictures to ``directory/pictures/SUBJECT/FRAME.png`` and return their table.

    Parameters
    ----------
    directory : must exist.
    n_patients, n_healthy, frames, seed, movement, people : as for `simulate_faces`.
    portrait : names and RGB pictures of healthy people, as `read_portrait_folder` gives them, or who sits; each pair is
        made from one of them. By default three of four pairs are painted faces and the others scikit-image's astronaut.

    Returns
    -------
    The columns of `SimulatedFaces.frames`, but for pose and camera; `path` relative to `directory`; `portrait` the
    portrait's or the painted subject's name. Same arguments, same bytes; pictures that are there already are kept.

    Raises
    ------
    CohortError
        A count or the seed is out of range, or no portrait has exactly one face.
    """
    import pandas as pd

    from facialis.progress import bar

    check_counts(n_patients, n_healthy, frames)
    sitters = portrait if isinstance(portrait, Sitters) else Sitters(portrait, seed)
    counts = dict(zip(GROUPS, (n_patients, n_healthy), strict=True))
    tables: dict[str, list[pd.DataFrame]] = {group: [] for group in GROUPS}
    with bar("Drawing pictures", (n_patients + n_healthy) * frames) as advance:
        for draw, _ in draws(max(counts.values()), frames, seed, movement=movement, people=people):
            well = palsy.no_palsy(len(draw.pair))
            changes = np.zeros(draw.identity.shape)
            for row in np.flatnonzero(draw.pair < max(counts.values())).tolist():
                pair, frame = int(draw.pair[row]), int(draw.frame[row])
                photos = dict(zip(GROUPS, draw_photos(np.random.default_rng([int(seed), 2, pair, frame])), strict=True))
                for group in GROUPS:
                    if pair >= counts[group]:
                        continue
                    sick = draw.palsy if group == "patient" else well
                    if group == "patient":
                        changes[row] = _shape(draw, row, sick, sitters(pair)) - _shape(draw, row, well, sitters(pair))
                    target = Path(directory) / f"pictures/{group}-{pair + 1:04d}/{frame:03d}.png"
                    if not target.exists():  # there already after a run that was stopped: whole, for it was renamed
                        _write(target, take_photo(draw_face(draw, row, sick, sitters(pair)).rgb, photos[group]))
                    advance(1)
            for group in GROUPS:
                keep = draw.pair < counts[group]
                table = pd.DataFrame(truth_columns(draw, group, int(seed), changes))[keep]
                table = table.drop(columns=["yaw", "pitch", "roll", "distance_cm", "iod_px"])
                pairs = list(zip(table["subject_id"], draw.pair[keep].tolist(), draw.frame[keep].tolist(), strict=True))
                table = table.assign(
                    portrait=[sitters.name(pair) for _, pair, _ in pairs],
                    path=[f"pictures/{name}/{frame:03d}.png" for name, _, frame in pairs],
                    height=SIZE,
                    width=SIZE,
                )
                tables[group].append(table)
    return pd.concat([part for group in GROUPS for part in tables[group]], ignore_index=True)


def _shape(draw: Draw, row: int, sick: palsy.Palsy, sitter: Portrait | Painted) -> Array:
    if isinstance(sitter, Painted):
        one = np.array([row])
        return np.asarray(palsy.moved(draw.identity[one], draw.intended.take(one), sick.take(one))[0])
    return displacement(draw, row, sick, sitter)


def _write(target: Path, picture: NDArray[np.uint8]) -> None:
    from facialis.files import atomic_path

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CohortError(f"cannot write {target}: {error.strerror or error}") from error
    _, coded = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    with atomic_path(target) as temporary:
        temporary.write_bytes(coded.tobytes())
