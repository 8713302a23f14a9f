"""How little a finding moves when the picture hardly does: mirrored, shifted, smaller, compressed.

``python benchmarks/stability.py FOLDER [--most N] [--careful] [--figure FILE.png]``

Of each picture in FOLDER that is judged: by how much the probability moves, and whether the side follows a mirror. The
share of pictures that were looked at twice stands below.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facialis import Detector
from facialis.errors import PictureError
from facialis.faces.images import read_picture

Picture = NDArray[np.uint8]


def resized(rgb: Picture, scale: float) -> Picture:
    """Return the picture at another size."""
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def compressed(rgb: Picture, quality: int) -> Picture:
    """Return the picture after JPEG."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "mirrored": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "shifted by 3 px": lambda rgb: np.pad(rgb, ((3, 0), (3, 0), (0, 0)), mode="edge"),
    "scaled to 90 %": lambda rgb: resized(rgb, 0.9),
    "JPEG 60": lambda rgb: compressed(rgb, 60),
    "half resolution": lambda rgb: resized(rgb, 0.5),
}


def run(folder: Path, most: int, careful: bool) -> dict[str, Any]:
    """Return for each change the moves of the probability, and how the sides follow a mirror."""
    moves: dict[str, list[float]] = {name: [] for name in CHANGES}
    swapped, twice, n = [], 0, 0
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    step = max(1, len(files) // most)
    with Detector.load(careful=careful) as detector:
        for path in files[::step][:most]:
            try:
                rgb = read_picture(path)
            except PictureError:
                continue
            first = detector.detect(rgb)
            if first.probability is None:
                continue
            n, twice = n + 1, twice + first.looked_twice
            for name, change in CHANGES.items():
                other = detector.detect(change(rgb))
                if other.probability is None:
                    continue
                moves[name].append(abs(other.probability - first.probability))
                if name == "mirrored" and first.label == "palsy" and other.side is not None:
                    swapped.append(other.side != first.side)
    return {"moves": moves, "swapped": swapped, "twice": twice, "n": n}


def table(result: dict[str, Any]) -> str:
    """Return the result as text."""
    lines = [f"{'change':18s} {'n':>4s} {'median':>7s} {'95 %':>7s} {'below 0.02':>11s}"]
    for name, moves in result["moves"].items():
        if moves:
            low, high = np.quantile(moves, (0.5, 0.95))
            lines.append(f"{name:18s} {len(moves):4d} {low:7.4f} {high:7.4f} {np.mean(np.array(moves) < 0.02):11.3f}")
    if result["swapped"]:
        lines.append(f"side follows the mirror in {np.mean(result['swapped']):.3f} of {len(result['swapped'])} palsies")
    lines.append(f"looked at twice: {result['twice']} of {result['n']} judged pictures")
    return "\n".join(lines)


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the distributions of the moves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for (name, moves), style in zip(result["moves"].items(), ("-", "--", ":", "-.", (0, (1, 3))), strict=True):
        axes.plot(np.sort(moves), np.arange(1, len(moves) + 1) / len(moves), linestyle=style, color="black", label=name)
    axes.set(xlabel="move of the probability", ylabel="share of pictures", ylim=(0, 1))
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_xlim(0, 1)
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="How little a finding moves when the picture hardly does.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=100, help="pictures at most, evenly through the folder")
    parser.add_argument("--careful", action="store_true", help="look at every picture twice")
    parser.add_argument("--figure", type=Path, help="draw the distributions into this PNG")
    given = parser.parse_args()
    result = run(given.folder, given.most, given.careful)
    print(table(result))
    if given.figure:
        draw(result, given.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
