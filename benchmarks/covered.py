"""What of drawn hair, glasses, hands and masks is noticed, and how often an uncovered face is taken for a covered one.

``python benchmarks/covered.py [--pairs N] [--seed S] [--severe]``

Simulated pictures (painted people of all skins, and the free portrait) at rest, with eyes shut tight and brows raised,
healthy and with palsy, four in ten with hard light from one side, at 90, 60, 40 and 28 px between the eyes; then the
same as grey pictures. The thresholds were set on seeds 1, 5, 31 and 777; count on another. ``--severe`` draws uncovered
faces alone, of pairs whose palsy is 0.7 or more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.occluders import HARMLESS, OCCLUDERS
from facialis.cohorts.simulated.palsy import no_palsy
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import Sitters, draw_face
from facialis.detection.recalibration import exact_interval
from facialis.faces.geometry import iris_centres
from facialis.faces.landmarks import FaceLandmarker
from facialis.faces.quality import assess

PLAN = "rest,tight_closure,brow_raise"
SIZES = (90, 60, 40, 28)
SHARE = 0.34
"""Of the occluders drawn over each picture."""


class Seen(NamedTuple):
    """One picture: what lies over the face, px between the eyes, palsy or not, and whether something hidden was noticed
    in colour and in grey; None where no face was found."""

    kind: str
    size: int
    ill: bool
    hidden: tuple[bool, bool] | None


def side_lit(rgb: NDArray[np.uint8], points: NDArray[Any], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture with one side of the face at a fifth to half of the other's level."""
    right, left = iris_centres(points)
    along = left - right
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    middle = (right + left) / 2
    x = ((columns - middle[0]) * along[0] + (rows - middle[1]) * along[1]) / (along**2).sum()
    dark, soft, side = rng.uniform(0.2, 0.5), rng.uniform(0.3, 1.2), rng.choice([-1, 1])
    lit = dark + (1 - dark) * (0.5 + 0.5 * np.tanh(side * x / soft))
    return np.clip(rgb * lit[..., None] * 1.1, 0, 255).astype(np.uint8)


def look(landmarker: FaceLandmarker, rgb: NDArray[np.uint8]) -> tuple[bool, bool] | None:
    """Return whether something hidden is noticed in the picture and in its grey version."""
    faces = landmarker.detect(rgb)
    if not faces:
        return None
    grey = np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    one, other = (any("hidden" in why for why in assess(faces[0], picture).reasons) for picture in (rgb, grey))
    return one, other


def run(pairs: int, seed: int, severe: bool) -> Iterator[Seen]:
    """Draw, cover, and look."""
    sitters = Sitters(None, seed)
    with FaceLandmarker() as landmarker:
        for draw, _ in draws(pairs, 3, seed, movement=PLAN):
            for row in np.flatnonzero(draw.pair < pairs).tolist():
                if severe and draw.palsy.severity[row] < 0.7:
                    continue
                rng = np.random.default_rng([seed, 9, row])
                size, hard = int(rng.choice(SIZES)), rng.random() < 0.4
                photos = draw_photos(rng)
                for ill, photo in zip((True, False), photos, strict=True):
                    sick = draw.palsy if ill else no_palsy(len(draw.pair))
                    drawn = draw_face(draw, row, sick, sitters(int(draw.pair[row])))
                    kinds = [k for k in HARMLESS | OCCLUDERS if not severe and rng.random() < SHARE]
                    for kind in ["nothing", *kinds]:
                        over = (HARMLESS | OCCLUDERS).get(kind)
                        rgb = drawn.rgb if over is None else over(drawn.rgb, drawn.points, rng)
                        rgb = take_photo(side_lit(rgb, drawn.points, rng) if hard else rgb, photo)
                        rgb = cv2.resize(rgb, None, fx=size / 90, fy=size / 90, interpolation=cv2.INTER_AREA)
                        yield Seen(kind, size, ill, look(landmarker, rgb))


def table(rows: list[Seen]) -> str:
    """Return the shares as text."""
    lines = [f"{'over the face':26s} {'n':>5s} {'no face':>7s} {'noticed':>8s} {'(95 % exact)':>16s} {'grey':>6s}"]
    lines[0] += "".join(f"{size:>7d} px" for size in SIZES)
    groups = {kind: [row for row in rows if row.kind == kind] for kind in dict.fromkeys(row.kind for row in rows)}
    groups |= {f"nothing, {word}": [r for r in groups["nothing"] if r.ill is ill]
               for word, ill in (("palsy", True), ("healthy", False))}  # fmt: skip
    for kind, of_kind in groups.items():
        found = [(row.size, *row.hidden) for row in of_kind if row.hidden is not None]
        hits = sum(hidden for _, hidden, _ in found)
        low, high = exact_interval(hits, len(found))
        line = f"{kind:26s} {len(found):5d} {len(of_kind) - len(found):7d} {hits / len(found):8.3f}"
        line += f" ({low:.3f} to {high:.3f}) {np.mean([grey for *_, grey in found]):6.3f}"
        for size in SIZES:
            here = [hidden for at, hidden, _ in found if at == size]
            line += f"{np.mean(here):10.3f}" if here else " " * 10
        lines.append(line)
    return "\n".join(lines)


def main() -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="What of drawn hair, glasses, hands and masks is noticed.")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of a simulated patient and a healthy twin")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--severe", action="store_true", help="uncovered faces of severe palsies and their twins alone")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(table(list(run(given.pairs, given.seed, given.severe))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
