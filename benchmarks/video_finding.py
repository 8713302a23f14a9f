"""What a video's movements bring over the mean of its frames, by what is in the video; all of it simulated.

    python benchmarks/video_finding.py [--bundle FOLDER] [--pairs 250] [--seed 1]

Simulates people whom the bundle's own fit has not seen, films each four times, and prints areas under the curve,
sensitivity and specificity by stratum, with 95 % bootstrap intervals over people: of the bundle's finding, of the
frames' mean, and, as AUC alone, of the movements without the frames and of a logistic regression on the 110
trajectories, made even for left and right, whose missing numbers are put to the training mean and known as missing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from facialis.detection.bundle import Bundle
from facialis.modalities.trajectories import CHANNELS, PAIRS, STATISTICS, trajectories
from facialis.studies.video_model import Watched, answers, strata, watch
from facialis.studies.video_sequences import Ask

Values = NDArray[np.float64]


def asked(bundle: Bundle) -> Ask:
    """Return what a bundle says of landmarks and transforms."""
    return lambda landmarks, transforms: bundle.answers(landmarks=landmarks, transform=transforms)


def even_trajectories(videos: Watched) -> Values:
    """Return (n, k): of each pair of channels' statistics the mean and the size of the difference, comparisons without
    their sign, and for each whether it is missing (NaN stays)."""
    rows = []
    for film in videos.films:
        found = trajectories(film.values, film.times)
        table = found[: len(CHANNELS) * len(STATISTICS)].reshape(len(CHANNELS), -1)
        half = len(CHANNELS) // 2
        right, left, middle = table[:half], table[half : 2 * half], table[2 * half :]
        compared = found[table.size :].reshape(len(PAIRS), -1).copy()
        compared[:, 1:] = np.abs(compared[:, 1:])
        parts = ((right + left) / 2, np.abs(right - left), middle, compared)
        rows.append(np.concatenate([part.ravel() for part in parts]))
    return np.array(rows)


def by_trajectories(teaching: Watched, videos: Watched) -> Values:
    """Return the log odds (n,) of a regularised logistic regression on trajectories."""
    taught, given = even_trajectories(teaching), even_trajectories(videos)
    mean = np.nan_to_num(np.nanmean(taught, axis=0))

    def filled(table: Values) -> Values:
        missing = ~np.isfinite(table)
        return np.concatenate([np.where(missing, mean, table), missing], axis=1)

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.03, class_weight="balanced", max_iter=3000))
    return np.asarray(model.fit(filled(taught), teaching.palsy).decision_function(filled(given)))


def main() -> None:
    """Simulate, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--pairs", type=int, default=250)
    parser.add_argument("--seed", type=int, default=500)
    args = parser.parse_args()
    bundle = Bundle.load(args.bundle)
    model, movements = bundle.video, bundle.movements
    assert model is not None, "the bundle knows no videos"
    assert movements is not None
    ask = asked(bundle)
    videos = watch(args.pairs, args.seed, ask, movements, bent=False)
    teaching = watch(args.pairs, args.seed + 1, ask, movements, bent=True)
    odds, read = answers(model, videos)
    scores = [model.scores(found) for found in videos.found]
    alone = np.array([model.weighed(row)[1] if known else 0.0 for row, known in zip(scores, read, strict=True)])
    ways = {
        "movements and frames": odds,
        "frames' mean": videos.odds,
        "movements alone": alone,
        "trajectories, logistic": by_trajectories(teaching, videos),
    }
    edges = {
        "movements and frames": np.where(read, model.threshold, bundle.card.threshold),
        "frames' mean": np.full(len(odds), bundle.card.threshold),
    }
    people = np.array([film.person // 2 for film in videos.films])  # a pair shares its draws
    rng = np.random.default_rng(0)
    for name, rows in strata(videos).items():
        kept = np.flatnonzero(rows)
        n = int(videos.palsy[kept].sum())
        print(f"{name}: simulated, {n} with palsy, {len(kept) - n} without, {read[kept].mean():.2f} read by movements")
        if min(n, len(kept) - n) < 10:
            continue
        owners = [kept[people[kept] == person] for person in np.unique(people[kept])]
        draws = [np.concatenate([owners[k] for k in rng.integers(len(owners), size=len(owners))]) for _ in range(300)]
        for way, values in ways.items():
            told = [f"AUC {_with(lambda r, v=values: _auc(videos.palsy[r], v[r]), kept, draws)}"]
            if way in edges:
                called = expit(values) >= edges[way]
                told += [
                    f"{figure} {_with(lambda r, a=among, s=said: _share(s[r], a[r]), kept, draws)}"
                    for figure, among, said in (
                        ("sensitivity", videos.palsy, called),
                        ("specificity", ~videos.palsy, ~called),
                    )
                ]
            print(f"  {way}: {', '.join(told)}")
        if name == "with movement":
            uncertain = (expit(odds) >= model.uncertain[0]) & (expit(odds) < model.uncertain[1])
            print(f"  uncertain: {uncertain[kept].mean():.3f}")


def _with(of, kept, draws):  # type: ignore[no-untyped-def]
    low, high = np.nanquantile([of(rows) for rows in draws], (0.025, 0.975))
    return f"{of(kept):.3f} ({low:.3f} to {high:.3f})"


def _auc(truth: NDArray[np.bool_], values: Values) -> float:
    return float(roc_auc_score(truth, values)) if 0 < truth.sum() < len(truth) else float("nan")


def _share(said: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(said[among].mean()) if among.any() else float("nan")


if __name__ == "__main__":
    main()
