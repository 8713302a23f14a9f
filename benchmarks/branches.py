"""Which branch, which fusion? The detector's net on the folds of one simulated cohort, every subject held out once.

    python benchmarks/branches.py [--pairs N] [--folds K]

Simulated faces in pairs that palsy alone tells apart. Folds hold out subjects; training faces are bent at random, as
for the detector that ships. Areas under the curve with 95 % bootstrap intervals over simulated subjects, and the
differences from the measures alone on the same draws. What transfers to real faces is another question: see
benchmarks/transfer.py --nets.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from facialis.cohorts.simulated.simulate import simulate_faces
from real_faces import as_faces
from simple_models import DetectorNet, Logistic, folded_measures

READINGS = ("measures", "pairs", "early", "late")
LOGISTIC = "logistic regression, measures"
SEED = 11


def main() -> None:
    """Simulate, train on each fold, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1500)
    parser.add_argument("--folds", type=int, default=3)
    args = parser.parse_args()
    drawn = simulate_faces(args.pairs, args.pairs, 2, SEED)
    everybody, label = as_faces(drawn), drawn.frames["label"].to_numpy().astype(np.int64)
    # a patient and their healthy twin are one person but for the palsy: both are held out together
    people = drawn.frames["pair"].to_numpy()
    scores = {name: np.empty(len(label)) for name in (*READINGS, LOGISTIC)}
    splitter = StratifiedGroupKFold(args.folds, shuffle=True, random_state=SEED)
    for train, test in splitter.split(label, label, people):
        taught, asked = everybody.take(train), everybody.take(test)
        for name in READINGS[:3]:
            net = DetectorNet(SEED, name)
            net.fit(taught, label[train])
            scores[name][test] = net.score(asked)
        plain = Logistic(SEED)
        plain.fit(folded_measures(taught, "oo-2025"), label[train])
        scores[LOGISTIC][test] = plain.score(folded_measures(asked, "oo-2025"))
    scores["late"] = (scores["pairs"] + scores["measures"]) / 2
    rng = np.random.default_rng(SEED)
    rows_of = [np.flatnonzero(people == name) for name in np.unique(people)]
    draws = [np.concatenate([rows_of[k] for k in rng.integers(len(rows_of), size=len(rows_of))]) for _ in range(300)]
    found = {
        name: np.array([roc_auc_score(label[rows], score[rows]) for rows in draws]) for name, score in scores.items()
    }
    print(f"{len(label)} simulated faces of {2 * args.pairs} simulated subjects, {args.folds} folds by subject\n")
    print("| label from | AUC, simulated | less that of the measures |\n|---|---|---|")
    for name, score in scores.items():
        low, high = np.quantile(found[name], (0.025, 0.975))
        apart = found[name] - found["measures"]
        value = roc_auc_score(label, score)
        gain = value - roc_auc_score(label, scores["measures"])
        less, more = np.quantile(apart, (0.025, 0.975))
        told = "" if name == "measures" else f"{gain:+.3f} ({less:+.3f} to {more:+.3f})"
        print(f"| {name} | {value:.3f} ({low:.3f} to {high:.3f}) | {told} |")


if __name__ == "__main__":
    main()
