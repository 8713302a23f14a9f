"""What simulated people's movements look like: fitted for `facialis.modalities.movements`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.cohorts.simulated.variety import vary
from facialis.faces.geometry import undo_pose
from facialis.modalities.movements import (
    MEASURED,
    WITH_THE_MOUTH,
    MovementModel,
    commissure_shift,
    displacement,
    eye_narrowing,
    log_likelihood,
    look,
    move,
    ratio_of,
)
from facialis.modalities.trajectories import channels
from facialis.modalities.views import TOLD

PAIRS = 1500
_REST = list(TOLD).index("rest")
_MOVED = [list(TOLD).index(name) for name in MEASURED]

Values = NDArray[np.float64]


class Movers(NamedTuple):
    """Simulated people, each in all views: channels (n, views, 23), and who has a palsy (n,)."""

    channels: Values
    ill: NDArray[np.bool_]

    @property
    def changes(self) -> Values:
        """Changes from rest (n, movements, 23), in the order of `MEASURED`."""
        return self.channels[:, _MOVED] - self.channels[:, [_REST]]


def simulated_movers(pairs: int, seed: int) -> Movers:
    """Simulate people in all views, each bent at random as a whole, as the landmarker reports them."""
    faces = simulate_faces(pairs, pairs, len(TOLD), seed, movement=",".join(TOLD), clinic=PHOTO_SETS)
    landmarks = vary(faces.landmarks, seed, together=len(TOLD))
    values = channels(undo_pose(landmarks.astype(np.float64), faces.transforms))
    ill = (faces.frames["group"].iloc[:: len(TOLD)] == "patient").to_numpy()
    return Movers(values.reshape(2 * pairs, len(TOLD), -1), ill)


def fit_movements(seed: int, pairs: int = PAIRS) -> MovementModel:
    """Fit the model to simulated people, and say how well it names the movements of others."""
    people, others = simulated_movers(pairs, seed + 70), simulated_movers(max(pairs // 3, 1), seed + 80)
    healthy = people._replace(channels=people.channels[~people.ill], ill=people.ill[~people.ill])
    model = MovementModel(_normal(look(people.channels)), _normal(move(people.changes)), _reference(healthy), {})
    return MovementModel(model.looks, model.moves, model.reference, _facts(model, others))


def _normal(x: Values) -> tuple[Values, Values]:
    """Return the means (classes, d) and the one covariance (d, d) of x (n, classes, d)."""
    means = x.mean(axis=0)
    centred = (x - means).reshape(-1, x.shape[-1])
    return means, centred.T @ centred / len(centred)


def _reference(healthy: Movers) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for k, name in enumerate(MEASURED):
        ways = np.stack([displacement(change, name) for change in healthy.changes[:, k]])
        ratios = np.array([ratio_of(pair) for pair in ways])
        low, high = np.quantile(ways.max(axis=1), (0.025, 0.975))
        table[name] = {
            "excursion": [round(float(low), 5), round(float(high), 5)],
            "ratio": round(float(np.nanquantile(ratios, 0.05)), 4),
            "n": len(ways),
        }
        changes = healthy.changes[:, k]
        along = (
            np.stack([eye_narrowing(*pair) for pair in zip(changes, healthy.channels[:, _REST], strict=True)])
            if name in WITH_THE_MOUTH
            else commissure_shift(changes)
        )
        table[name]["moved_along"] = round(float(np.quantile(np.abs(along[:, 0] - along[:, 1]), 0.95)), 4)
    return table


def _facts(model: MovementModel, people: Movers) -> dict[str, str]:
    n = len(people.ill)
    of = f"(simulated, {n} people kept apart, half with a palsy)"
    looked = log_likelihood(look(people.channels).reshape(n * len(TOLD), -1), model.looks).argmax(axis=1)
    moved = log_likelihood(move(people.changes).reshape(n * len(MEASURED), -1), model.moves).argmax(axis=1)
    views = (looked.reshape(n, -1) == np.arange(len(TOLD))).mean()
    named = (moved.reshape(n, -1) == np.arange(len(MEASURED))).mean()
    return {
        f"view recognised, each photo alone, of {len(TOLD)} {of}": f"{views:.3f}",
        f"movement named, with the face at rest, of {len(MEASURED)} {of}": f"{named:.3f}",
    }
