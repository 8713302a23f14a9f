"""Does the probability mean what it says? The bundle that ships on simulated faces kept apart, in ten bins.

``python benchmarks/reliability.py [--subjects 2000] [--seed 3] [--figure FILE.png]``

Simulated people of the seed on which the bundle's own figures were counted, two frames each: of the faces whose
probability, at even odds, lies in a bin, how many have a palsy that shows; 95 % interval by bootstrap over subjects'
pairs. The groups are weighed alike. All of it is simulated; of real faces this says nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle

EDGES = np.linspace(0.0, 1.0, 11)
RESAMPLINGS = 500
Array = NDArray[np.float64]


def share(bins: NDArray[np.intp], label: NDArray[np.bool_], weight: Array) -> Array:
    """Return (10,) the weighed share with palsy in each bin, NaN where nobody is."""
    total = np.bincount(bins, weight, minlength=10)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(bins, weight * label, minlength=10) / total)


def main() -> None:
    """Simulate, ask, count, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=2000, help="patients and healthy people together")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--figure", type=Path, help="draw the curve into this PNG")
    given = parser.parse_args()

    faces = simulate_faces(given.subjects // 2, given.subjects // 2, 2, given.seed)
    bundle = Bundle.load()
    answers = bundle.answers(landmarks=faces.landmarks, transform=faces.transforms)
    probability = softmax(answers["logits"], axis=1)[:, 1]
    label, pair = faces.frames["label"].to_numpy() == 1, faces.frames["pair"].to_numpy()
    weight = np.where(label, 0.5 / label.sum(), 0.5 / (~label).sum())
    bins = np.clip(np.digitize(probability, EDGES) - 1, 0, 9)

    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLINGS):
        times = np.bincount(rng.choice(pair.max() + 1, pair.max() + 1), minlength=pair.max() + 1)[pair]
        drawn.append(share(bins, label, weight * times))
    low, high = np.nanquantile(np.array(drawn), (0.025, 0.975), axis=0)
    mean = np.bincount(bins, weight * probability, minlength=10) / np.bincount(bins, weight, minlength=10)
    seen = share(bins, label, weight)
    print(f"{len(label)} simulated faces of {given.subjects} simulated subjects, {label.sum()} with palsy")
    print(f"{'probability':14s} {'n':>5s} {'mean':>6s} {'with palsy':>11s}  95 %")
    for k in range(10):
        n = int((bins == k).sum())
        head = f"{EDGES[k]:.1f} to {EDGES[k + 1]:.1f}     {n:5d} {mean[k]:6.3f}"
        print(f"{head} {seen[k]:11.3f}  {low[k]:.3f} to {high[k]:.3f}")
    if given.figure:
        draw(mean, seen, low, high, given.figure)


def draw(mean: Array, seen: Array, low: Array, high: Array, path: Path) -> None:
    """Draw the share with palsy against the probability."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="as it says")
    axes.errorbar(mean, seen, [seen - low, high - seen], color="black", marker="o", capsize=3, label="simulated faces")
    axes.set(xlabel="probability at even odds, mean of the bin", ylabel="share with palsy", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
