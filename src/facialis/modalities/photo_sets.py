"""What photo sets tell: how a net's answers to each standard view are distributed with palsy and without.

What the bundle's graph says of each view (log odds, and the logits of the regions that the view is taken for) is
taken for normally distributed, in simulated photo sets, about one mean without palsy and another with it, with one
covariance: a missing view is left out by leaving its rows and columns out. How well that tells, which thresholds it
needs, and what a missing view costs is not taken from the normal distribution, which promises too much, but counted on
simulated sets kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from facialis.modalities.regions import REGIONS
from facialis.modalities.views import TOLD

Values = NDArray[np.float64]
FEATURES = tuple((view, what) for view, told in TOLD.items() for what in ("palsy", *told))
SPECIFICITIES = (0.80, 0.90, 0.97)
"""Of simulated healthy people's log odds: the lower threshold, the one for palsy, and the upper one."""


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
        return float(self.weights(known) @ (x[known] - (self.low + self.high)[known] / 2))

    def weights(self, known: NDArray[np.bool_]) -> Values:
        """Return by how much the log odds rise with each feature (k,) when only these are known."""
        apart = (self.high - self.low)[known]
        return np.asarray(np.linalg.solve(self.covariance[np.ix_(known, known)], apart) if known.any() else apart)

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {name: np.round(value, 6).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(*(np.array(table[name], dtype=np.float64) for name in ("low", "high", "covariance")))


class LocalSets(NamedTuple):
    """Where local healthy people's sets put the thresholds.

    Attributes
    ----------
    scores : lower threshold, the one for palsy, and the upper one, as `score` counts.
    n : people with a set.
    basis : how they were chosen, in words, with the interval that n leaves open.
    """

    scores: tuple[float, float, float]
    n: int
    basis: str


class SetModel(NamedTuple):
    """What is known of photo sets.

    Attributes
    ----------
    palsy : on `FEATURES`.
    side : on the views' side logits, the classes subject's left and right.
    regions : one for each region, on its logits in every view.
    held : features (n, d) of simulated sets kept apart, and which of them are patients' (n,).
    facts : how it was made: sets, accuracy of recognition, in words.
    local : thresholds of local healthy people's sets; None: those of the simulated healthy people among `held`.
    """

    palsy: Discriminant
    side: Discriminant
    regions: tuple[Discriminant, ...]
    held: tuple[Values, NDArray[np.bool_]]
    facts: dict[str, str]
    local: LocalSets | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "palsy": self.palsy.as_dict(),
            "side": self.side.as_dict(),
            "regions": [region.as_dict() for region in self.regions],
            "held": [
                [" ".join(f"{v:.2f}" for v in row) for row in self.held[0]],
                "".join("01"[int(k)] for k in self.held[1]),
            ],
            "facts": self.facts,
        } | ({} if self.local is None else {"local": self.local._asdict()})

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> SetModel:
        """Read what `as_dict` gave."""
        read, (rows, ill) = Discriminant.from_dict, table["held"]
        held = np.array([[float(v) for v in row.split()] for row in rows]), np.array([k == "1" for k in ill])
        local = table.get("local")
        return cls(
            read(table["palsy"]), read(table["side"]), tuple(read(region) for region in table["regions"]),
            held, dict(table["facts"]), None if local is None else _local(local),
        )  # fmt: skip


def _local(table: Mapping[str, Any]) -> LocalSets:
    low, edge, high = sorted(float(score) for score in table["scores"])
    if not np.isfinite([low, edge, high]).all():
        raise ValueError("thresholds of local sets that are not finite")
    return LocalSets((low, edge, high), int(table["n"]), str(table["basis"]))


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


class Counted(NamedTuple):
    """What simulated sets kept apart say of some views.

    Attributes
    ----------
    auc : area under the curve.
    healthy : (n,) healthy people's log odds, calibrated.
    slope, offset : what makes the discriminant's log odds those that the sets bear out, at even odds (Platt 1999): mild
        palsies lie where no normal distribution has them.
    """

    auc: float
    healthy: Values
    slope: float
    offset: float


def counted(model: SetModel, present: Sequence[str]) -> Counted:
    """Count on the sets kept apart how well the views that are present tell; of none, nothing (0.5)."""
    known = np.array([view in present for view, _ in FEATURES])
    rows, ill = model.held
    middle = (model.palsy.low + model.palsy.high)[known] / 2
    odds = (rows[:, known] - middle) @ model.palsy.weights(known)
    order = np.argsort(np.concatenate([odds[ill], odds[~ill]]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n, m = int(ill.sum()), int((~ill).sum())
    area = (ranks[:n].sum() - n * (n + 1) / 2) / (n * m) if known.any() else 0.5
    slope, offset = _platt(odds, ill) if known.any() else (1.0, 0.0)
    return Counted(float(area), slope * odds[~ill] + offset, slope, offset)


def _platt(odds: Values, ill: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of a logistic regression on log odds (n,), both classes weighing the same."""
    x = np.stack([odds, np.ones(len(odds))], axis=1)
    weight = np.where(ill, 0.5 / max(ill.sum(), 1), 0.5 / max((~ill).sum(), 1))
    found = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        step = np.linalg.solve(
            (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2), x.T @ (weight * (ill - p)) - 1e-6 * found
        )
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    return float(max(found[0], 1e-3)), float(found[1])


def score(odds: float, healthy: Values) -> float:
    """Return where log odds lie among those of simulated healthy people (n,) with the same views: 0 at their median, 1
    at the built-in threshold (`SPECIFICITIES`), so that sets of different views can be held against each other.
    """
    middle, edge = np.quantile(healthy, (0.5, SPECIFICITIES[1]))
    return float((odds - middle) / max(edge - middle, 1e-9))


def thresholds(model: SetModel, healthy: Values) -> tuple[float, float, float]:
    """Return the log odds of the lower threshold, of the one for palsy, and of the upper one.

    Parameters
    ----------
    healthy : (n,) log odds of simulated healthy people with the views that are there, see `counted`.
    """
    if model.local is None:
        low, edge, high = np.quantile(healthy, SPECIFICITIES)
        return float(low), float(edge), float(high)
    middle, one = np.quantile(healthy, (0.5, SPECIFICITIES[1]))
    low, edge, high = (float(middle + (one - middle) * value) for value in model.local.scores)
    return low, edge, high


def gains(model: SetModel, present: Sequence[str]) -> dict[str, float]:
    """Return by how much the area under the curve, counted, rises with each missing view; chance can make it fall."""
    now = counted(model, present).auc
    return {v: round(counted(model, [*present, v]).auc - now, 4) for v in TOLD if v not in present}
