"""A bundle set on local healthy people: their ranges, and the operating point that their number can support.

What differs from clinic to clinic (camera, light, instruction, faces) moves healthy people's log odds; a threshold at
their own quantile keeps the specificity that was asked for. With n people it is known to no better than n allows: the
exact (Clopper-Pearson) interval is stated on the card.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.detection.card import Card
from facialis.detection.finding import Finding
from facialis.detection.odds import sigmoid
from facialis.detection.quantities import reference_of_people
from facialis.detection.reference import Reference
from facialis.errors import FacialisError
from facialis.modalities.asymmetry import without_sign
from facialis.modalities.measures import MEASURES
from facialis.modalities.photo_sets import LocalSets

FEWEST = 20
"""People: with fewer, even none called palsy leaves a specificity below 0.83 open (one-sided 97.5 %)."""


def recalibrate(
    bundle: Bundle,
    people: Mapping[str, Sequence[Finding]],
    specificity: float = 0.90,
    local_sets: LocalSets | None = None,
) -> Card:
    """Return the bundle's card with threshold, uncertain range and reference of local healthy people.

    A person with several photos counts once: by the mean of the photos' log odds, and by photos that weigh one together
    (`facialis.detection.quantities.reference_of_people`).

    Parameters
    ----------
    people : of each person, the judged findings of their photos (with `Finding.numbers`).
    specificity : asked for.
    local_sets : thresholds of photo sets (`facialis.detection.set_recalibration`); None leaves them as they are.

    Raises
    ------
    FacialisError
        Fewer than `FEWEST` people, or a specificity that is no share.
    """
    if not 0.5 <= specificity < 1:
        raise FacialisError(f"specificity {specificity}: expected a share from 0.5 and below 1")
    n = len(people)
    if n < FEWEST:
        raise FacialisError(
            f"{n} healthy people with a photo that can be judged; {FEWEST} or more are needed to set a threshold"
        )
    odds = np.array([np.mean([f.logit for f in findings if f.logit is not None]) for findings in people.values()])
    low, threshold, high = (round(sigmoid(edge), 4) for edge in operating_point(odds, specificity))
    called = int((odds >= math.log(threshold / (1 - threshold))).sum())
    least, most = exact_interval(n - called, n)
    basis = (
        f"the probability below which {specificity:.0%} of {n} local healthy people lie; their own specificity "
        f"{1 - called / n:.3f} (95 % exact interval {least:.3f} to {most:.3f}; {n} people, the threshold is theirs)"
    )
    return dataclasses.replace(
        bundle.card,
        threshold=threshold,
        threshold_basis=basis,
        uncertain=(min(low, threshold), max(high, threshold)),
        reference=_reference(bundle, people).as_dict(),
        results={f"{name}, before recalibration": words for name, words in bundle.card.results.items()},
        photo_set=bundle.card.photo_set
        if local_sets is None
        else {**(bundle.card.photo_set or {}), "local": local_sets._asdict()},
        program=f"facialis {__version__}, recalibrated from {bundle.hash[:12]} on {n} local healthy people",
    )


def exact_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % Clopper-Pearson interval of a share.

    Examples
    --------
    >>> [round(end, 3) for end in exact_interval(20, 20)]
    [0.832, 1.0]
    """
    from scipy.stats import beta

    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    return low, 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))


def operating_point(values: NDArray[np.float64], specificity: float) -> tuple[float, float, float]:
    """Return the lower threshold, the one that keeps `specificity`, and the upper one, of healthy people's (n,)."""
    low, edge, high = (
        _quantile(values, share) for share in (specificity - 0.1, specificity, (2 * specificity + 1) / 3)
    )
    return low, edge, high


def _quantile(values: NDArray[np.float64], share: float) -> float:
    """Return the value that a new person stays below with this chance: number (n + 1) share of the sorted ones."""
    return float(np.quantile(values, min(1.0, share * (len(values) + 1) / len(values)), method="higher"))


def _reference(bundle: Bundle, people: Mapping[str, Sequence[Finding]]) -> Reference:
    definition = bundle.card.input["definition"]
    rows: list[dict[str, float]] = []
    for findings in people.values():
        for table in (f.numbers for f in findings if f.numbers is not None):
            measures = without_sign([table["measures"][entry.name].value for entry in MEASURES], definition)
            row = {entry.name: float(value) for entry, value in zip(MEASURES, measures, strict=True)}
            for kind, prefix in (("differences", "difference "), ("millimetres", "")):
                row |= {f"{prefix}{name}": abs(number.value) for name, number in table[kind].items()}
            rows.append(row)
    whose = [name for name, findings in people.items() for f in findings if f.numbers is not None]
    columns: dict[str, ArrayLike] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return reference_of_people(columns, whose, of="local healthy people")


def as_people(findings: Sequence[tuple[str, Finding]]) -> dict[str, list[Finding]]:
    """Return judged findings by person."""
    people: dict[str, list[Finding]] = {}
    for person, finding in findings:
        if finding.status == "judged" and finding.numbers is not None:
            people.setdefault(person, []).append(finding)
    return people
