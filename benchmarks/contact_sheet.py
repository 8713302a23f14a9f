"""Draw the contact sheets of the docs: ``python benchmarks/contact_sheet.py FOLDER``.

One sheet of painted faces and one of the free portrait: severities down, movements across, the weak side the subject's
left; and one of painted subjects, healthy and with their drawn palsy. All are simulated.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

VIEWS = ("rest", "large_smile", "brow_raise", "tight_closure", "pucker", "lower_teeth")
SEVERITIES = (0.0, 0.3, 0.6, 1.0)
SIDE = "subject_left"
CELL = 190


def _cell(rgb: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    small = cv2.resize(np.ascontiguousarray(rgb[40:440, 56:456]), (CELL, CELL), interpolation=cv2.INTER_AREA)
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(small, text, (5, CELL - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, width, cv2.LINE_AA)
    return np.asarray(small)


def severity_sheet(painted: bool, kind: str, seed: int) -> NDArray[np.uint8]:
    """Return one person in every view (across) at every severity (down)."""
    from facialis.cohorts.simulated.movements import typical
    from facialis.cohorts.simulated.patients import make_palsy
    from facialis.cohorts.simulated.picture import Sitters, draw_face
    from facialis.cohorts.simulated.simulate import draws

    sitter = Sitters(None, seed)(0 if painted else 3)
    draw, _ = next(draws(4, 1, seed))
    n = len(draw.pair)
    one = np.zeros(n, dtype=np.intp)
    draw = draw._replace(camera=draw.camera._replace(angles=np.zeros((n, 3)), distance=np.full(n, 80.0)))
    rows = []
    for severity in SEVERITIES:
        sick = make_palsy(SIDE, severity, kind=kind, n=n)
        cells = []
        for view in VIEWS:
            drawn = draw_face(draw._replace(intended=typical(view, 0.9).take(one)), 0, sick, sitter)
            cells.append(_cell(drawn.rgb, f"{view.replace('_', ' ')}, {severity}"))
        rows.append(np.concatenate(cells, axis=1))
    return np.concatenate(rows)


def subjects_sheet(seed: int, pairs: int = 12) -> NDArray[np.uint8]:
    """Return drawn subjects two by two: the healthy one and the same with palsy."""
    from facialis.cohorts.simulated import palsy
    from facialis.cohorts.simulated.photo import draw_photos, take_photo
    from facialis.cohorts.simulated.picture import Sitters, draw_face
    from facialis.cohorts.simulated.simulate import draws

    sitters, cells = Sitters(None, seed), []
    draw, _ = next(draws(pairs, 1, seed))
    for row in range(pairs):
        photos = draw_photos(np.random.default_rng([seed, 2, row, 0]))
        view = str(draw.intended.names[row]).replace("_", " ")
        groups = ((palsy.no_palsy(len(draw.pair)), "healthy"), (draw.palsy, "palsy"))
        for (sick, name), photo in zip(groups, photos, strict=True):
            how = f" {float(draw.palsy.severity[row]):.2f}" if name == "palsy" else ""
            cells.append(_cell(take_photo(draw_face(draw, row, sick, sitters(row)).rgb, photo), f"{view}, {name}{how}"))
    return np.concatenate([np.concatenate(cells[at : at + 6], axis=1) for at in range(0, len(cells), 6)])


def main(arguments: list[str] | None = None) -> int:
    """Draw and write."""
    parser = argparse.ArgumentParser(description="Contact sheets of simulated pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--suffix", default=".jpg", help=".jpg or .png")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "simulated-painted-flaccid": severity_sheet(True, "flaccid", given.seed),
        "simulated-painted-synkinetic": severity_sheet(True, "synkinetic", given.seed),
        "simulated-portrait-flaccid": severity_sheet(False, "flaccid", given.seed),
        "simulated-subjects": subjects_sheet(given.seed),
    }
    for name, sheet in sheets.items():
        quality = [cv2.IMWRITE_JPEG_QUALITY, 82] if given.suffix == ".jpg" else []
        cv2.imwrite(str(given.folder / f"{name}{given.suffix}"), sheet[..., ::-1], quality)
    return 0


if __name__ == "__main__":
    sys.exit(main())
