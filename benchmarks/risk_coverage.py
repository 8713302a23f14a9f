"""What abstaining buys: wrong labels among the faces that are judged, against the share that is judged.

``python benchmarks/risk_coverage.py FILE.npz [--figure FILE.png]``

FILE as in `real_faces`; measured only. The bundle that ships judges every face; then the least certain are left out,
one after the other, by how far the log odds lie from the threshold. By group, and by the distance between the eyes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.faces.geometry import interocular_distance
from real_faces import HEALTHY, Array, Faces, read

SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7)
GROUPS = {"healthy": HEALTHY, "clear": 2, "subtle": 1}
SIZES = {"under 45 px": (0.0, 45.0), "45 px and more": (45.0, np.inf)}


def curve(wrong: NDArray[np.bool_], certainty: Array) -> Array:
    """Return the share of wrong labels (n,) when the 1, 2, ... n most certain faces are judged."""
    order = np.argsort(-certainty, kind="stable")
    return np.asarray(np.cumsum(wrong[order]) / np.arange(1, len(order) + 1))


def run(faces: Faces) -> dict[str, Array]:
    """Return the curve of each group, and of each size with healthy and clear palsies together."""
    bundle = Bundle.load()
    answers = bundle.answers(landmarks=faces.landmarks, transform=faces.transforms)
    odds = answers["logits"][:, 1] - answers["logits"][:, 0]
    threshold = float(np.log(bundle.card.threshold / (1 - bundle.card.threshold)))
    wrong = (odds >= threshold) != (faces.visible > 0)
    certainty = np.abs(odds - threshold)
    size = interocular_distance(faces.landmarks)
    chosen = {name: faces.visible == value for name, value in GROUPS.items()}
    told = np.isin(faces.visible, (HEALTHY, 2))
    chosen |= {name: told & (size >= low) & (size < high) for name, (low, high) in SIZES.items()}
    return {name: curve(wrong[rows], certainty[rows]) for name, rows in chosen.items() if rows.any()}


def table(curves: dict[str, Array]) -> str:
    """Return the curves at some shares as text."""
    lines = ["wrong labels among the judged, where so many of the most certain are judged"]
    lines.append(f"{'':16s} {'n':>4s} " + " ".join(f"{share:6.0%}" for share in SHARES))
    for name, risk in curves.items():
        cells = [risk[max(round(share * len(risk)), 1) - 1] for share in SHARES]
        lines.append(f"{name:16s} {len(risk):4d} " + " ".join(f"{cell:6.3f}" for cell in cells))
    return "\n".join(lines)


def draw(curves: dict[str, Array], path: Path) -> None:
    """Draw the curves."""
    import matplotlib.pyplot as plt

    styles: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (1, 3)))
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for (name, risk), style in zip(curves.items(), styles, strict=False):
        share = np.arange(1, len(risk) + 1) / len(risk)
        axes.plot(share, risk, linestyle=style, color="black", label=f"{name} (n {len(risk)})")
    axes.set(xlabel="share of the faces that is judged", ylabel="wrong labels among them", xlim=(0.3, 1))
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description="What abstaining buys.")
    parser.add_argument("landmarks", type=Path, help="an .npz with landmarks_px, transform, label, visible")
    parser.add_argument("--figure", type=Path, help="draw the curves into this PNG")
    given = parser.parse_args(arguments)
    curves = run(read(given.landmarks))
    print(table(curves))
    if given.figure:
        draw(curves, given.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
