"""Fit what movements say of a palsy to simulated videos, for `facialis.modalities.video_evidence`.

Three groups of simulated people share nobody: one to weigh the movements on, one to calibrate and choose thresholds on,
one to count on.
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from facialis.cohorts.simulated.truth import VISIBLE_MM
from facialis.faces.instrument import WIDENING
from facialis.modalities.movements import MEASURED, PAIRED, MovementModel, find_events, rest_of
from facialis.modalities.regions import REGIONS
from facialis.modalities.video_evidence import Difference, VideoModel, differences
from facialis.models.estimator import threads
from facialis.models.geometric import GeometricNet
from facialis.models.geometric_training import Features, predict
from facialis.studies.detector import OUTER, SPECIFICITY
from facialis.studies.video_sequences import Ask, Film, Filmed, film_people, films_of

Values = NDArray[np.float64]

PAIRS = (400, 300, 150)
"""Pairs of people, of which one has a palsy: to weigh movements on, to calibrate on, to count on."""
BENT = 0.1
"""How unevenly people move beyond what the simulation knows, patients and healthy alike: standard deviation of a
person's amount, as a share of a movement's way, in each channel and movement by itself. Without it the weights find the
few directions in which simulated palsies move a face, and trust them more than real faces allow."""
SHRINKAGE = 0.1
_STRENGTH = 10.0


class Watched(NamedTuple):
    """Simulated videos as the detector would read them.

    Attributes
    ----------
    people : who was filmed.
    films : their videos.
    found : of each video the movements that were read.
    """

    people: list[Filmed]
    films: list[Film]
    found: list[list[Difference]]

    @property
    def palsy(self) -> NDArray[np.bool_]:
        """Whether a palsy is visible in each (n,)."""
        return np.array([film.palsy for film in self.films])

    @property
    def odds(self) -> Values:
        """Mean log odds of each one's frames (n,)."""
        return np.array([film.odds for film in self.films])

    @property
    def weak(self) -> Values:
        """Weak side of each (n,): 1 the subject's right, -1 the left, 0 none."""
        right = np.array([1.0 if self.people[film.person].weak_right else -1.0 for film in self.films])
        return np.where(self.palsy, right, 0.0)


def watch(pairs: int, seed: int, ask: Ask, movements: MovementModel, *, bent: bool) -> Watched:
    """Simulate people and their videos, and read them. Videos of patients that show no palsy are left out."""
    with threads(1):
        people = list(film_people(pairs, seed, ask, bent=bent))
        rng = np.random.default_rng([seed, 79])
        films, found = [], []
        for number, person in enumerate(people):
            amount = BENT * abs(rng.standard_normal()) if bent else 0.0
            uneven = dict(zip(MEASURED, amount * rng.standard_normal((len(MEASURED), PAIRED)), strict=True))
            noise = WIDENING * np.sqrt(np.diag(person.noise))
            for film in films_of(number, person, rng):
                if person.patient and not film.palsy:
                    continue
                rest = rest_of(film.values, movements)
                asked = [event for event in film.prompts if event.movement in MEASURED]
                events = asked or find_events(film.values, film.times, rest, movements)
                read = differences(film.values, film.times, rest, noise, events)
                films.append(film)
                found.append([one._replace(sides=one.sides + uneven[one.movement]) for one in read])
    return Watched(people, films, found)


def asked_of(net: GeometricNet, definition: str) -> Ask:
    """Return what a net says of landmarks (n, 478, 3), px, and transforms (n, 4, 4)."""
    return lambda landmarks, transforms: predict(net, Features.of(landmarks, transforms, definition))


def fit_videos(
    ask: Ask,
    movements: MovementModel,
    threshold: float,
    seed: int,
    pairs: tuple[int, int, int] = PAIRS,
) -> VideoModel:
    """Fit the model to simulated videos, choose its thresholds on others, and count on others still.

    Parameters
    ----------
    ask : what the bundle's graph says of faces.
    movements : by which movements are found.
    threshold : the bundle's own for single faces, a probability at even odds.
    """
    teaching, choosing, counting = (watch(n, seed + 90 + k, ask, movements, bent=k < 2) for k, n in enumerate(pairs))
    model = calibrate(weigh(teaching, threshold), choosing)
    return dataclasses.replace(model, facts=facts(model, counting))


def weigh(videos: Watched, threshold: float) -> VideoModel:
    """Return a model that is not calibrated yet: each movement's weights, and how the scores go together."""
    weak = videos.weak
    weights = []
    for name in MEASURED:
        rows = [(one.sides, side) for found, side in zip(videos.found, weak, strict=True)
                for one in found if one.movement == name]  # fmt: skip
        sides, owner = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
        mean, within, healthy = _normal(sides, owner)
        one = np.linalg.solve(within, mean)
        weights.append(one / math.sqrt(float(one @ healthy @ one)))
    plain = VideoModel(
        np.array(weights), np.zeros(len(MEASURED)), np.eye(len(MEASURED)), (0.0, 1.0, 0.0), (1.0, 0.0),
        ((0.0, 1.0),) * len(REGIONS), (0.0, 1.0),
        0.5, (0.5, 0.5), threshold, "", {},
    )  # fmt: skip
    scores = np.array([plain.scores(found) for found in videos.found])
    whole = np.isfinite(scores).all(axis=1)
    mean, within, _ = _normal(scores[whole], weak[whole])
    return dataclasses.replace(plain, mean=mean, covariance=within)


def _normal(x: Values, weak: Values) -> tuple[Values, Values, Values]:
    """Return mean (d,) of palsies of the subject's right, left ones turned, covariance (d, d) within both classes, each
    weighing half and drawn to its diagonal by `SHRINKAGE`, and that of the healthy alone about zero."""
    ill = x[weak != 0] * weak[weak != 0, None]
    well = x[weak == 0]
    healthy = well.T @ well / len(well)
    within = (np.cov(ill.T) + healthy) / 2
    diagonal = np.diag(np.diag(within) + 1e-6)
    return ill.mean(axis=0), (1 - SHRINKAGE) * within + SHRINKAGE * diagonal, healthy


def calibrate(model: VideoModel, videos: Watched) -> VideoModel:
    """Return the model with its log odds calibrated at even odds, and thresholds for `SPECIFICITY`."""
    scores = np.array([model.scores(found) for found in videos.found])
    read = np.isfinite(scores).any(axis=1)
    palsy, odds = videos.palsy[read], videos.odds[read]
    sums = np.array([model.weighed(row) for row in scores[read]])
    fitted = LogisticRegression(C=_STRENGTH, class_weight="balanced").fit(np.stack([sums[:, 1], odds], axis=1), palsy)
    of_side = np.array([film.side for film in videos.films])[read]
    side = LogisticRegression(C=_STRENGTH, fit_intercept=False).fit(
        np.stack([sums[:, 0], of_side], axis=1)[palsy], videos.weak[read][palsy] > 0
    )
    regions = []
    moved = np.array([videos.people[film.person].regions_mm[list(film.shown)].max(axis=0) for film in videos.films])
    shown = (moved >= VISIBLE_MM)[read] & palsy[:, None]
    uneven = np.array([model.region_scores(row) for row in scores[read]])
    for column, truth in zip(uneven.T, shown.T, strict=True):
        there = np.isfinite(column)
        region = LogisticRegression(C=_STRENGTH).fit(column[there, None], truth[there])
        regions.append((round(float(region.intercept_[0]), 5), round(float(region.coef_[0, 0]), 5)))
    severe = np.array([videos.people[film.person].severity for film in videos.films])[read]
    slope, level = np.polyfit(sums[:, 1], severe, 1)
    constant, *shares = (round(float(v), 5) for v in (*fitted.intercept_, *fitted.coef_[0]))
    healthy = constant + np.stack([sums[:, 1], odds], axis=1)[~palsy] @ shares
    low, edge, high = (round(float(expit(np.quantile(healthy, q))), 4) for q in (OUTER[0], SPECIFICITY, OUTER[1]))
    people = len({film.person for film, there in zip(videos.films, read & ~videos.palsy, strict=True) if there})
    basis = (
        f"the probability below which {SPECIFICITY:.0%} of {len(healthy)} simulated videos without palsy, with "
        f"movement in them, of {people} simulated people lie, who move more unevenly than the simulation knows "
        f"and are in no other part; uncertain between those of {OUTER[0]:.0%} and {OUTER[1]:.0%}"
    )
    return dataclasses.replace(
        model,
        palsy=(constant, shares[0], shares[1]),
        side=(round(float(side.coef_[0, 0]), 5), round(float(side.coef_[0, 1]), 5)),
        regions=tuple(regions),
        severity=(round(float(level), 5), round(float(slope), 5)),
        threshold=edge,
        uncertain=(low, high),
        basis=basis,
    )


def answers(model: VideoModel, videos: Watched) -> tuple[Values, NDArray[np.bool_]]:
    """Return the log odds (n,) of each video, and which were read by their movements; the others by their frames."""
    scores = [model.scores(found) for found in videos.found]
    read = np.array([bool(np.isfinite(row).any()) for row in scores])
    rows = [model.log_odds(row, odds) if known else odds
            for row, odds, known in zip(scores, videos.odds, read, strict=True)]  # fmt: skip
    return np.array(rows), read


def strata(videos: Watched) -> dict[str, NDArray[np.bool_]]:
    """Return which videos (n,) belong to which kind by what is in them; of palsies also by kind and severity, each
    beside all healthy ones with movement."""
    shown = [[videos.people[film.person].names[k] for k in film.shown] for film in videos.films]
    everyday = np.array([len(set(videos.people[film.person].names)) < len(MEASURED) + 1 for film in videos.films])
    count = np.array([len([name for name in names if name != "rest"]) for names in shown])
    kinds = np.array([videos.people[film.person].kind for film in videos.films])
    severity = np.array([videos.people[film.person].severity for film in videos.films])
    prompted = np.array([bool(film.prompts) for film in videos.films])
    well, moving = ~videos.palsy, count > 0
    return {
        "rest alone": ~moving,
        "one movement": (count == 1) & ~everyday,
        "two to four": (count > 1) & (count < 5) & ~everyday,
        "all eight": (count >= 5) & ~everyday,
        "everyday expressions, one to nine": everyday & moving,
        "with movement": moving,
        "of these prompted": moving & prompted,
        "not prompted": moving & ~prompted,
        **{f"{kind} palsies": moving & (well | (kinds == kind)) for kind in ("flaccid", "synkinetic", "central")},
        **{
            f"severity {low} to {high}": moving & (well | ((severity >= low) & (severity < high)))
            for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.01))
        },
    }


def facts(model: VideoModel, videos: Watched) -> dict[str, str]:
    """Return figures in words, each with n, beside those of the frames' mean, on videos kept apart."""
    odds, read = answers(model, videos)
    palsy, frames = videos.palsy, videos.odds
    called = expit(odds) >= np.where(read, model.threshold, model.frames_threshold)
    by_frames = expit(frames) >= model.frames_threshold
    told: dict[str, str] = {}
    for name, rows in list(strata(videos).items())[:6]:
        n, m = int((rows & palsy).sum()), int((rows & ~palsy).sum())
        if min(n, m) < 10:
            continue
        told[f"videos, {name} (simulated, {n} with palsy, {m} without, kept apart)"] = (
            f"AUC {_auc(palsy[rows], odds[rows]):.3f}, sensitivity {called[rows & palsy].mean():.3f}, specificity "
            f"{1 - called[rows & ~palsy].mean():.3f}; by the frames' mean {_auc(palsy[rows], frames[rows]):.3f}, "
            f"{by_frames[rows & palsy].mean():.3f}, {1 - by_frames[rows & ~palsy].mean():.3f}"
        )
    sides = [
        (model.side_log_odds(row, film.side) > 0) == (weak > 0)
        for film, weak, row, hit in zip(
            videos.films, videos.weak, map(model.scores, videos.found), read & called & palsy, strict=True
        )
        if hit
    ]
    if sides:
        told[f"side of videos right (simulated, {len(sides)} palsies called so)"] = f"{np.mean(sides):.3f}"
    return told


def _auc(truth: NDArray[np.bool_], odds: Values) -> float:
    return float(roc_auc_score(truth, odds)) if 0 < truth.sum() < len(truth) else float("nan")
