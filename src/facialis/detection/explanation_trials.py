"""What the checks of explanations try out: other weights, other orders, other looks at the same faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from facialis.detection.bundle import Bundle
from facialis.detection.coalitions import N_MEASURES, Played
from facialis.detection.graph import from_on
from facialis.detection.millimetres import millimetre_names, millimetres
from facialis.detection.number_errors import noisy_copies
from facialis.errors import FacialisError
from facialis.faces.geometry import head_pose, interocular_distance, undo_pose
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.measures import measure
from facialis.modalities.regions import REGIONS

Values = NDArray[np.float64]

DRAWS = 500
"""Bootstrap draws of subjects for each interval."""
RANDOM_ORDERS = 10
"""Random orders of the measures, of whose areas the mean is taken."""
COPIES = 4
"""Noisy copies of each face for the stability."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """Who each face is of, and the bootstrap over them."""

    names: NDArray[Any]

    def interval(self, values: Values) -> tuple[float, float, float]:
        """Return the mean of values (n,) of all faces, and its 95 % interval."""
        return self._figure(lambda at: float(np.mean(values[at])), np.arange(len(values)))

    def hits(
        self, hit: NDArray[np.bool_], truth: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> tuple[float, float, float]:
        """Return the share of hits (k,) of faces `rows`, the mean over the regions of `truth`, with its interval."""
        return self._figure(lambda at: by_region(hit[at], truth[at]), rows)

    def _figure(self, of: Callable[[NDArray[np.intp]], float], rows: NDArray[np.intp]) -> tuple[float, float, float]:
        """Return a figure of positions among `rows`, and its 95 % interval."""
        index = np.unique(self.names[rows], return_inverse=True)[1]
        held = [np.flatnonzero(index == k) for k in range(index.max() + 1)]
        rng = np.random.default_rng(0)
        draws = [of(np.concatenate([held[k] for k in rng.integers(len(held), size=len(held))])) for _ in range(DRAWS)]
        low, high = np.nanquantile(draws, (0.025, 0.975))
        return of(np.arange(len(rows))), float(low), float(high)


def rank_correlation(a: Values, b: Values) -> Values:
    """Return the Spearman correlation (n,) of rows (n, k); 0 where a row is constant."""
    x, y = (rankdata(rows, axis=1) for rows in (a, b))
    x, y = (rows - rows.mean(axis=1, keepdims=True) for rows in (x, y))
    length = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.asarray(np.divide((x * y).sum(axis=1), length, out=np.zeros(len(x)), where=length > 0))


def with_shuffled_weights(bundle: Bundle, seed: int) -> Bundle:
    """Return a bundle whose label has the same weights in random order, matrix by matrix; all else is as it was.

    Raises
    ------
    FacialisError
        The label is reached without any matrix of weights.
    """
    import onnx
    from onnx import numpy_helper

    rng = np.random.default_rng(seed)
    model = onnx.load_model_from_string(bundle.graph)
    nodes, _ = from_on(model.graph, "measures", "logits")
    weights = {name for node in nodes if node.op_type in ("Gemm", "MatMul", "Conv") for name in node.input}
    changed = 0
    for tensor in model.graph.initializer:
        if tensor.name in weights and len(tensor.dims) >= 2:
            array = numpy_helper.to_array(tensor)
            mixed = rng.permutation(array.ravel()).reshape(array.shape)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(mixed), tensor.name))
            changed += 1
    if not changed:
        raise FacialisError(f"the bundle {bundle.card.name}: its label has no matrix of weights to put in random order")
    return Bundle(bundle.card, model.SerializeToString(), f"{bundle.hash} with shuffled weights {seed}")


def game_of(bundle: Bundle, measures: Values) -> Played:
    """Return faces' measures (k, 29) as players, for a bundle whose label reads nothing else."""
    median = bundle.card.reference["quantiles"]["0.5"][:N_MEASURES]
    return Played(bundle, measures, with_sign_of(measures, median, bundle.card.input["definition"]), {}, ())


def curves(game: Played, shares: Values) -> tuple[Values, Values]:
    """Return log odds (k, 30) while measures go to the reference in the order of their shares, the largest first, and
    while they come back to the face in that order."""
    rank = np.argsort(np.argsort(-shares, axis=1), axis=1)
    steps = np.arange(game.n + 1)[None, :, None]
    gone = rank[:, None, :] < steps
    return walk(game, ~gone), walk(game, gone)


def measures_of(bundle: Bundle, landmarks: Values, transforms: Values) -> Values:
    """Return the measures (n, 29) that a bundle wants of landmarks (n, 478, 3) px and head transforms (n, 4, 4)."""
    inputs = bundle.card.input
    if inputs["coordinates"] != "pixel":
        raise FacialisError(f"the bundle {bundle.card.name} wants normalised coordinates; the audit has pixels")
    points = undo_pose(landmarks, transforms) if inputs["pose_corrected"] else landmarks
    return measure(points, definition=inputs["definition"], origin=inputs.get("origin", "picture"))


def walk(game: Played, present: NDArray[np.bool_]) -> Values:
    """Return log odds (k, s) of each face's own coalitions (k, s, 29)."""
    rows = np.where(present, game.measures[:, None], game.healthy[:, None]).reshape(-1, N_MEASURES)
    logits = game.bundle.logits(rows)
    return np.asarray(logits[:, 1] - logits[:, 0]).reshape(present.shape[:2])


def areas(
    game: Played, shares: Mapping[str, Values]
) -> tuple[dict[str, dict[str, Values]], dict[str, dict[str, Values]]]:
    """Return the mean curves, and for each face how much its areas are better than those of random orders."""
    rng = np.random.default_rng(1)
    drawn = [curves(game, rng.standard_normal(game.measures.shape)) for _ in range(RANDOM_ORDERS)]
    random = [np.mean([pair[side] for pair in drawn], axis=0) for side in (0, 1)]
    shown = {
        "deletion": {"random order": random[0].mean(axis=0)},
        "insertion": {"random order": random[1].mean(axis=0)},
    }
    gains: dict[str, dict[str, Values]] = {"deletion": {}, "insertion": {}}
    for name, values in shares.items():
        gone, back = curves(game, values)
        shown["deletion"][name], shown["insertion"][name] = gone.mean(axis=0), back.mean(axis=0)
        gains["deletion"][name] = (random[0] - gone).mean(axis=1)
        gains["insertion"][name] = (back - random[1]).mean(axis=1)
    return shown, gains


def most_alike(shares: Values, others: Sequence[Values]) -> Values:
    """Return the rank correlation (n,) with those other shares with which it is highest on the mean."""
    return max((rank_correlation(shares, other) for other in others), key=np.mean)


def most_moved(frames: Any) -> NDArray[np.intp] | None:
    """Return (n,) which region a frame's palsy moves most, -1 where there is none; None where that is not known."""
    columns = [f"palsy_mm_{region}" for region in REGIONS]
    if not set(columns) <= set(frames):
        return None
    moved = frames[columns].to_numpy(dtype=np.float64)
    return np.where((frames["label"] == 1).to_numpy(), moved.argmax(axis=1), -1)


def by_region(hit: NDArray[np.bool_], truth: NDArray[np.intp]) -> float:
    """Return the mean over the regions of the share of hits."""
    return float(np.mean([hit[truth == region].mean() for region in np.unique(truth)]))


def copies(bundle: Bundle, landmarks: Values, transforms: Values) -> list[Values]:
    """Return the measures (n, 29) of `COPIES` noisy copies of each face."""
    yaws, sizes = head_pose(transforms)[:, 0], interocular_distance(landmarks)
    noisy = np.stack(
        [noisy_copies(p, float(s), float(y))[1 : 1 + COPIES] for p, s, y in zip(landmarks, sizes, yaws, strict=True)]
    ).astype(np.float64)
    return [measures_of(bundle, noisy[:, k], transforms) for k in range(COPIES)]


def lower_side(bundle: Bundle, landmarks: Values, transforms: Values) -> NDArray[np.str_]:
    """Return (n,) the side of which a sentence would say that the brow or the mouth corner stands lower, beyond the
    healthy range; of both the more unusual one, empty where there is none. The landmarks' noise is not asked here."""
    lengths = millimetres(in_iris_frame(undo_pose(landmarks, transforms)))
    names = ("brow_height_difference", "oral_commissure_height_difference")
    if not set(names) <= set(bundle.reference.quantiles):
        return np.full(len(landmarks), "")
    values = np.stack([lengths[:, millimetre_names().index(name)] for name in names], axis=1)
    over = np.abs(values) / [bundle.reference.interval(name)[1] for name in names]
    value = np.take_along_axis(values, over.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(over.max(axis=1) > 1, np.where(value > 0, "subject_left", "subject_right"), "")
