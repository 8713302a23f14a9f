"""Does an explanation explain the model? Checks of each method of attribution on a cohort, with limits set beforehand.

Sources: random weights and labels: Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018; deletion and
insertion: Petsiuk, Das, Saenko, "RISE", BMVC 2018; pointing game: Zhang et al., "Top-down neural attention by
excitation backprop", ECCV 2016, here with what a simulated palsy truly moves; stability: Alvarez-Melis, Jaakkola, "On
the robustness of interpretability methods", 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.detection.attribution_methods import METHODS, region_shares
from facialis.detection.bundle import Bundle
from facialis.detection.coalitions import Played
from facialis.detection.explanation_trials import (
    Subjects,
    areas,
    copies,
    game_of,
    lower_side,
    measures_of,
    most_alike,
    most_moved,
    rank_correlation,
    with_shuffled_weights,
)
from facialis.errors import CohortError, FacialisError
from facialis.progress import track

Values = NDArray[np.float64]

LIKE = 0.5
"""Random weights, shuffled labels: the mean rank correlation of the shares with those of the true model must lie below
this, with its whole interval, for the most alike of the models: an explanation that stays alike explains the face, not
the model. The same of the shares' sizes is told beside it and not judged: a size holds how far the measure lies from
its median whatever the model, so that two models of random weights agree as much with each other
(docs/explanations.md)."""
STABLE = 0.7
"""Stability: the mean rank correlation of a face's shares with those of its noisy copies must lie above this, with its
whole interval."""
SENTENCES = "sentences"
"""What the check of the weak side is of: not a method of attribution, for a share has no side."""
MODELS = 5
"""Bundles with weights in random order that are looked at."""
LIMITS = {
    "random weights": f"below {LIKE}",
    "random weights, sizes": "",
    "shuffled labels": f"below {LIKE}",
    "trained again": "",
    "deletion": "above 0",
    "insertion": "above 0",
    "pointing game": "above chance",
    "stability": f"above {STABLE}",
    "weak side": "above 0.5",
}
"""What each check's whole interval must be to be passed; empty where a figure is told and not judged. Chance in the
pointing game (the share of palsies whose most moved region has the largest share, the mean over the regions that are
moved most anywhere) is what always naming one region brings: one over the number of these regions."""


@dataclass(frozen=True)
class Checked:
    """One check of one method.

    Attributes
    ----------
    figure, low, high
        The figure and its 95 % bootstrap interval over subjects.
    n, subjects
        Faces and subjects that it is of.
    limit
        What the whole interval must be, as `LIMITS` says it, in numbers; empty where there is no limit.
    passed
        Whether it is; None where there is no limit.
    """

    method: str
    check: str
    figure: float
    low: float
    high: float
    n: int
    subjects: int
    limit: str
    passed: bool | None


@dataclass(frozen=True, eq=False)
class Audit:
    """What came of an audit.

    Attributes
    ----------
    results : one for each method and check.
    curves : for deletion and insertion, the mean log odds (30,) by method, and of random orders under ``random order``.
    simulated : whether the faces were simulated.
    skipped : checks that were not run, and why.
    """

    results: tuple[Checked, ...]
    curves: Mapping[str, Mapping[str, Values]]
    n: int
    subjects: int
    simulated: bool
    skipped: Mapping[str, str]

    def passed(self) -> dict[str, bool]:
        """Return for each method whether it passed all of its checks."""
        verdicts: dict[str, bool] = {}
        for result in self.results:
            verdicts[result.method] = verdicts.get(result.method, True) and result.passed is not False
        return verdicts


def audit(
    bundle: Bundle,
    cohort: Cohort,
    *,
    shuffled: Callable[[Cohort], Sequence[tuple[Bundle, Bundle]]] | None = None,
    skipped: Mapping[str, str] | None = None,
    methods: Mapping[str, Callable[[Played], Values]] = METHODS,
) -> Audit:
    """Run every check of every method on a cohort's faces.

    Parameters
    ----------
    shuffled
        Gives two pairs or more of bundles of one recipe, trained on the cohort's labels and on these shuffled; None
        leaves the check out, `skipped` says why.

    Raises
    ------
    FacialisError
        The bundle's label reads more than the measures.
    CohortError
        The cohort holds no landmarks and transforms, fewer than ten subjects, or frames of one label alone.
    """
    if not bundle.by_measures:
        raise FacialisError(
            f"the bundle {bundle.card.name}: its label reads {', '.join(bundle.label_reads)}; the audit is of labels "
            "that follow from the measures alone"
        )
    frames = cohort.frames
    subjects = Subjects(frames["subject_id"].to_numpy())
    count = frames["subject_id"].nunique()
    if not {"landmarks", "transforms"} <= set(cohort.modalities):
        raise CohortError(f"{cohort.path}: holds no landmarks and transforms; extract it again with both")
    if count < 10:
        raise CohortError(f"{cohort.path}: {count} subjects; intervals over subjects need ten or more")
    ill = int((frames["label"] == 1).sum())
    if ill in (0, len(frames)):
        raise CohortError(
            f"{cohort.path}: {ill} frames with palsy and {len(frames) - ill} without; the audit needs both"
        )
    landmarks = np.asarray(cohort.array("landmarks"), dtype=np.float64)
    transforms = np.asarray(cohort.array("transforms"), dtype=np.float64)
    every = measures_of(bundle, landmarks, transforms)
    game = game_of(bundle, every)
    shares = {name: method(game) for name, method in methods.items()}
    results: list[Checked] = []
    left_out = dict(skipped or {})

    def add(method: str, check: str, found: tuple[float, float, float], n: int, people: int, limit: str = "") -> None:
        limit = limit or LIMITS[check]
        results.append(Checked(method, check, *found, n, people, limit, kept(limit, found[1], found[2])))

    likeness = [with_shuffled_weights(bundle, seed) for seed in range(MODELS)]
    for name, method in track(methods.items(), "checking", total=len(methods), unit="methods"):
        mixed = [method(game_of(other, every)) for other in likeness]
        add(name, "random weights", subjects.interval(most_alike(shares[name], mixed)), len(every), count)
        sizes = np.mean([rank_correlation(np.abs(shares[name]), np.abs(one)) for one in mixed], axis=0)
        add(name, "random weights, sizes", subjects.interval(sizes), len(every), count)
    pairs = [] if shuffled is None else shuffled(cohort)
    for name, method in methods.items() if pairs else ():
        true, false = ([method(game_of(pair[k], every)) for pair in pairs] for k in (0, 1))
        alike = [rank_correlation(*both) for both in zip(true, false, strict=True)]
        add(name, "shuffled labels", subjects.interval(max(alike, key=np.mean)), len(every), count)
        again = [rank_correlation(true[0], other) for other in true[1:]]
        add(name, "trained again", subjects.interval(np.mean(again, axis=0)), len(every), count)
    if shuffled is None:
        left_out.setdefault("shuffled labels", "was not asked for")

    shown, gains = areas(game, shares)
    for check, by_method in gains.items():
        for name, gain in by_method.items():
            add(name, check, subjects.interval(gain), len(every), count)

    truth = most_moved(frames)
    if truth is None:
        left_out["pointing game"] = "the cohort does not say which region a palsy moves (a simulated one does)"
    else:
        rows = np.flatnonzero(truth >= 0)
        chance = f"above {1 / max(1, len(set(truth[rows].tolist()))):.3g}"
        for name in methods:
            hit = region_shares(game, name, shares[name])[rows].argmax(axis=1) == truth[rows]
            add(
                name,
                "pointing game",
                subjects.hits(hit, truth[rows], rows),
                len(rows),
                len(set(subjects.names[rows])),
                chance,
            )

    near = copies(bundle, landmarks, transforms)
    for name, method in methods.items():
        alike = [rank_correlation(shares[name], method(game_of(bundle, copy))) for copy in near]
        add(name, "stability", subjects.interval(np.mean(alike, axis=0)), len(every), count)
    told = lower_side(bundle, landmarks, transforms)
    if truth is not None and "weak_side" in frames:
        weak = frames["weak_side"].to_numpy()
        rows = np.flatnonzero((truth >= 0) & (told != "") & (weak != ""))
        if len(rows):
            right = subjects.hits(told[rows] == weak[rows], np.zeros(len(rows), np.intp), rows)
            add(SENTENCES, "weak side", right, len(rows), len(set(subjects.names[rows])))
    order = {check: place for place, check in enumerate(LIMITS)}
    rows_of = [*methods, SENTENCES]
    results.sort(key=lambda one: (rows_of.index(one.method), order[one.check]))
    return Audit(tuple(results), shown, len(every), count, cohort.simulated, left_out)


def kept(limit: str, low: float, high: float) -> bool | None:
    """Return whether an interval keeps a limit in words; None where there is none."""
    word, _, number = limit.partition(" ")
    if not word:
        return None
    return high < float(number) if word == "below" else low > float(number)
