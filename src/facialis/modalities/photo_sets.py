"""What photo sets tell: how a net's answers to each standard view are distributed with palsy and without.

What the bundle's graph says of each view (log odds, and the logits of the regions that the view is taken for) is
normally distributed, in simulated photo sets, about one mean without palsy and another with it, with one covariance.
That leaves a missing view out exactly: the marginal of a normal distribution is its sub-block; and it tells what a
missing view costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from facialis.modalities.views import REGIONS, TOLD

Values = NDArray[np.float64]
FEATURES = tuple((view, what) for view, told in TOLD.items() for what in ("palsy", *told))


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Two normal distributions of one covariance.

    Attributes
    ----------
    low, high : (d,) means of the two classes.
    covariance : (d, d).
    """

    low: Values
    high: Values
    covariance: Values

    @classmethod
    def fit(cls, x: Values, y: NDArray[np.bool_], shrinkage: float = 0.1) -> Self:
        """Fit to x (n, d) of two classes, the covariance drawn to its diagonal by `shrinkage`."""
        means = [x[y == value].mean(axis=0) for value in (False, True)]
        centred = x - np.where(y[:, None], means[1], means[0])
        covariance = centred.T @ centred / len(x)
        diagonal = np.diag(np.diag(covariance) + 1e-6)
        return cls(means[0], means[1], (1 - shrinkage) * covariance + shrinkage * diagonal)

    def log_odds(self, x: Values) -> float:
        """Return the log odds, at even odds, of one row x (d,), of which NaN is not known."""
        known = ~np.isnan(x)
        weights, _ = self._weights(known)
        return float(weights @ (x[known] - (self.low + self.high)[known] / 2))

    def distance(self, known: NDArray[np.bool_]) -> float:
        """Return how many standard deviations the classes' log odds lie apart when only these features are known."""
        return float(np.sqrt(self._weights(known)[1]))

    def _weights(self, known: NDArray[np.bool_]) -> tuple[Values, float]:
        apart = (self.high - self.low)[known]
        weights = np.linalg.solve(self.covariance[np.ix_(known, known)], apart) if known.any() else apart
        return np.asarray(weights, np.float64), max(float(weights @ apart), 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {name: np.round(value, 6).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(*(np.array(table[name], dtype=np.float64) for name in ("low", "high", "covariance")))


class SetModel(NamedTuple):
    """What is known of photo sets.

    Attributes
    ----------
    palsy : on `FEATURES`.
    side : on the views' side logits, the classes subject's left and right.
    regions : one for each region, on its logits in every view.
    facts : how it was made: sets, accuracy of recognition, in words.
    """

    palsy: Discriminant
    side: Discriminant
    regions: tuple[Discriminant, ...]
    facts: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "palsy": self.palsy.as_dict(),
            "side": self.side.as_dict(),
            "regions": [region.as_dict() for region in self.regions],
            "facts": self.facts,
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> SetModel:
        """Read what `as_dict` gave."""
        read = Discriminant.from_dict
        return cls(
            read(table["palsy"]), read(table["side"]), tuple(read(region) for region in table["regions"]),
            dict(table["facts"]),
        )  # fmt: skip


def features_of(answers: Mapping[str, Mapping[str, Values]]) -> tuple[Values, Values, Values]:
    """Return a set's features (len(`FEATURES`),), side logits (views,), and region logits (regions, views), NaN where a
    view is missing.

    Parameters
    ----------
    answers : of each view, what the graph said of its face.
    """
    palsy = np.full(len(FEATURES), np.nan)
    for column, (view, what) in enumerate(FEATURES):
        if view in answers:
            said = answers[view]
            palsy[column] = (
                said["logits"][1] - said["logits"][0] if what == "palsy" else said["regions"][REGIONS.index(what)]
            )
    side = np.array([float(answers[view]["side"]) if view in answers else np.nan for view in TOLD])
    regions = np.full((len(REGIONS), len(TOLD)), np.nan)
    for column, view in enumerate(TOLD):
        if view in answers:
            regions[:, column] = answers[view]["regions"]
    return palsy, side, regions


def auc(distance: float) -> float:
    """Return the area under the curve of two normal distributions `distance` standard deviations apart."""
    return NormalDist().cdf(distance / np.sqrt(2))


def gains(model: SetModel, present: Sequence[str]) -> dict[str, float]:
    """Return by how much the area under the curve, in simulated sets, would rise with each missing view."""
    known = np.array([view in present for view, _ in FEATURES])
    now = auc(model.palsy.distance(known))
    missing = [view for view in TOLD if view not in present]
    return {
        view: round(auc(model.palsy.distance(known | np.array([v == view for v, _ in FEATURES]))) - now, 4)
        for view in missing
    }
