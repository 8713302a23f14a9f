"""Draw the contact sheets of the docs: ``python benchmarks/contact_sheet.py FOLDER``.

One sheet of a painted face and one of the free portrait, as `facialis simulate --show FILE --pictures` draws them; and
one of subjects, healthy and with their drawn palsy. All are simulated.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy
from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.photo import draw_photos, take_photo
from facialis.cohorts.simulated.picture import PAINTED_OF_FOUR, Sitters, draw_face
from facialis.cohorts.simulated.show import show

VIEWS = "rest,large_smile,brow_raise,tight_closure,pucker,lower_teeth"
CELL = 190


def _cell(rgb: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    small = cv2.resize(np.ascontiguousarray(rgb[40:440, 56:456]), (CELL, CELL), interpolation=cv2.INTER_AREA)
    small[-18:] = 30
    cv2.putText(small, text, (5, CELL - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(small)


def subjects_sheet(seed: int, pairs: int = 12) -> NDArray[np.uint8]:
    """Return drawn subjects two by two: the healthy one and the same with palsy."""
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
    show(given.folder / f"simulated-painted{given.suffix}", VIEWS, given.seed, pictures=True)
    portrait = Sitters(None, given.seed)(PAINTED_OF_FOUR)
    show(given.folder / f"simulated-portrait{given.suffix}", VIEWS, given.seed, pictures=True, sitter=portrait)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82] if given.suffix == ".jpg" else []
    cv2.imwrite(str(given.folder / f"simulated-subjects{given.suffix}"), subjects_sheet(given.seed)[..., ::-1], quality)
    return 0


if __name__ == "__main__":
    sys.exit(main())
