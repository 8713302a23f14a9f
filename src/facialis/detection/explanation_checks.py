"""Does an explanation explain the model? Checks of each method of attribution on a cohort, with limits set beforehand.

Sources: random weights and labels: Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018; deletion and
insertion: Petsiuk, Das, Saenko, "RISE", BMVC 2018; pointing game: Zhang et al., "Top-down neural attention by
excitation backprop", ECCV 2016, here with what a simulated palsy truly moves; stability: Alvarez-Melis, Jaakkola, "On
the robustness of interpretability methods", 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from facialis.cohorts.cohort import Cohort
from facialis.detection.attribution_methods import METHODS, region_shares
from facialis.detection.bundle import Bundle
from facialis.detection.coalitions import N_MEASURES, Played
from facialis.detection.errors import noisy_copies
from facialis.detection.graph import from_on
from facialis.errors import CohortError, FacialisError
from facialis.faces.geometry import head_pose, interocular_distance
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.measures import measure
from facialis.modalities.views import REGIONS
from facialis.progress import track

Values = NDArray[np.float64]

LIKE = 0.5
"""Random weights, shuffled labels: the mean rank correlation of the shares' sizes with those of the true model must lie
below this, with its whole interval: an explanation that stays alike explains the face, not the model."""
STABLE = 0.7
"""Stability: the mean rank correlation of a face's shares with those of its noisy copies must lie above this, with its
whole interval."""
CHANCE = 1 / len(REGIONS)
"""Pointing game: the share of palsies whose most moved region has the largest share, the mean over the four regions so
that always naming one region gains nothing, must lie above this, with its whole interval."""
DRAWS = 500
"""Bootstrap draws of subjects for each interval."""
MODELS = 5
"""Bundles with weights in random order that are looked at."""
RANDOM_ORDERS = 10
"""Random orders of the measures, of whose areas the mean is taken."""
COPIES = 4
"""Noisy copies of each face for the stability."""
LIMITS = {
    "random weights": f"below {LIKE}",
    "shuffled labels": f"below {LIKE}",
    "deletion": "above 0",
    "insertion": "above 0",
    "pointing game": f"above {CHANCE}",
    "stability": f"above {STABLE}",
}
"""What each check's whole interval must be to be passed."""


@dataclass(frozen=True)
class Checked:
    """One check of one method.

    Attributes
    ----------
    figure, low, high
        The figure and its 95 % bootstrap interval over subjects.
    n, subjects
        Faces and subjects that it is of.
    passed
        Whether the interval keeps the check's limit (`LIMITS`).
    """

    method: str
    check: str
    figure: float
    low: float
    high: float
    n: int
    subjects: int
    passed: bool


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
            verdicts[result.method] = verdicts.get(result.method, True) and result.passed
        return verdicts


@dataclass(frozen=True, eq=False)
class Subjects:
    """Who each face is of, and the bootstrap over them."""

    names: NDArray[Any]

    def interval(self, values: Values, rows: NDArray[np.intp] | None = None) -> tuple[float, float, float]:
        """Return the mean of values (n,) of faces, and its 95 % interval."""
        return self.figure(lambda chosen: float(np.mean(values[chosen])), np.arange(len(values)), rows)

    def figure(
        self, of: Callable[[NDArray[np.intp]], float], every: NDArray[np.intp], rows: NDArray[np.intp] | None = None
    ) -> tuple[float, float, float]:
        """Return a figure of positions `every` (whose faces are `rows`, or the same), and its 95 % interval."""
        owner = self.names[every if rows is None else rows]
        names, index = np.unique(owner, return_inverse=True)
        held = [every[index == k] for k in range(len(names))]
        rng = np.random.default_rng(0)
        draws = [of(np.concatenate([held[k] for k in rng.integers(len(held), size=len(held))])) for _ in range(DRAWS)]
        low, high = np.nanquantile(draws, (0.025, 0.975))
        return of(every), float(low), float(high)


def rank_correlation(a: Values, b: Values) -> Values:
    """Return the Spearman correlation (n,) of rows (n, k); 0 where a row is constant."""
    x, y = (rankdata(rows, axis=1) for rows in (a, b))
    x, y = (rows - rows.mean(axis=1, keepdims=True) for rows in (x, y))
    length = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.divide((x * y).sum(axis=1), length, out=np.zeros(len(x)), where=length > 0)


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
    return _walk(game, ~gone), _walk(game, gone)


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
        Gives pairs of bundles of one recipe, trained on the cohort's labels and on these shuffled; None leaves the
        check out, `skipped` says why.

    Raises
    ------
    FacialisError
        The bundle's label reads more than the measures.
    CohortError
        The cohort holds no landmarks and transforms, or fewer than ten subjects.
    """
    if not bundle.by_measures:
        raise FacialisError(
            f"the bundle {bundle.card.name}: its label reads {', '.join(bundle.label_reads)}; the audit is of labels that "
            "follow from the measures alone"
        )
    frames = cohort.frames
    subjects = Subjects(frames["subject_id"].to_numpy())
    count = frames["subject_id"].nunique()
    if not {"landmarks", "transforms"} <= set(cohort.modalities):
        raise CohortError(f"{cohort.path}: holds no landmarks and transforms; extract it again with both")
    if count < 10:
        raise CohortError(f"{cohort.path}: {count} subjects; intervals over subjects need ten or more")
    landmarks = np.asarray(cohort.array("landmarks"), dtype=np.float64)
    transforms = np.asarray(cohort.array("transforms"), dtype=np.float64)
    every = measures_of(bundle, landmarks, transforms)
    game = game_of(bundle, every)
    shares = {name: method(game) for name, method in methods.items()}
    results: list[Checked] = []
    left_out = dict(skipped or {})

    def add(method: str, check: str, found: tuple[float, float, float], n: int, people: int) -> None:
        results.append(Checked(method, check, *found, n, people, kept(check, found[1], found[2])))

    likeness = [with_shuffled_weights(bundle, seed) for seed in range(MODELS)]
    for name, method in track(methods.items(), "checking", total=len(methods), unit="methods"):
        alike = [rank_correlation(np.abs(shares[name]), np.abs(method(game_of(b, every)))) for b in likeness]
        add(name, "random weights", subjects.interval(np.mean(alike, axis=0)), len(every), count)
    for name, (figure, n, people) in _likeness_of_shuffled(shuffled, cohort, every, subjects, methods).items():
        add(name, "shuffled labels", figure, n, people)
    if shuffled is None:
        left_out.setdefault("shuffled labels", "was not asked for")

    shown, gains = _areas(game, shares)
    for check, by_method in gains.items():
        for name, gain in by_method.items():
            add(name, check, subjects.interval(gain), len(every), count)

    truth = _most_moved(frames)
    if truth is None:
        left_out["pointing game"] = "the cohort does not say which region a palsy moves (a simulated one does)"
    else:
        rows = np.flatnonzero(truth >= 0)
        for name in methods:
            hit = region_shares(game, name, shares[name])[rows].argmax(axis=1) == truth[rows]
            found = subjects.figure(
                lambda at, hit=hit: _by_region(hit[at], truth[rows][at]), np.arange(len(rows)), rows
            )  # type: ignore[misc]
            add(name, "pointing game", found, len(rows), len(set(subjects.names[rows])))

    near = _copies(bundle, landmarks, transforms)
    for name, method in methods.items():
        alike = [rank_correlation(shares[name], method(game_of(bundle, copy))) for copy in near]
        add(name, "stability", subjects.interval(np.mean(alike, axis=0)), len(every), count)
    order = {check: place for place, check in enumerate(LIMITS)}
    results.sort(key=lambda one: (list(methods).index(one.method), order[one.check]))
    return Audit(tuple(results), shown, len(every), count, cohort.simulated, left_out)


def kept(check: str, low: float, high: float) -> bool:
    """Return whether an interval keeps a check's limit."""
    word, _, limit = LIMITS[check].partition(" ")
    return high < float(limit) if word == "below" else low > float(limit)


def measures_of(bundle: Bundle, landmarks: Values, transforms: Values) -> Values:
    """Return the measures (n, 29) that a bundle wants of landmarks (n, 478, 3) px and head transforms (n, 4, 4)."""
    from facialis.faces.geometry import undo_pose

    inputs = bundle.card.input
    if inputs["coordinates"] != "pixel":
        raise FacialisError(f"the bundle {bundle.card.name} wants normalised coordinates; the audit has pixels")
    points = undo_pose(landmarks, transforms) if inputs["pose_corrected"] else landmarks
    return measure(points, definition=inputs["definition"])


def _walk(game: Played, present: NDArray[np.bool_]) -> Values:
    """Return log odds (k, s) of each face's own coalitions (k, s, 29)."""
    rows = np.where(present, game.measures[:, None], game.healthy[:, None]).reshape(-1, N_MEASURES)
    logits = game.bundle.logits(rows)
    return np.asarray(logits[:, 1] - logits[:, 0]).reshape(present.shape[:2])


def _areas(
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


def _likeness_of_shuffled(
    shuffled: Callable[[Cohort], Sequence[tuple[Bundle, Bundle]]] | None,
    cohort: Cohort,
    every: Values,
    subjects: Subjects,
    methods: Mapping[str, Callable[[Played], Values]],
) -> dict[str, tuple[tuple[float, float, float], int, int]]:
    """Return how alike the shares are of bundles trained on true and on shuffled labels."""
    if shuffled is None:
        return {}
    pairs = shuffled(cohort)
    found = {}
    for name, method in methods.items():
        alike = [
            rank_correlation(np.abs(method(game_of(true, every))), np.abs(method(game_of(false, every))))
            for true, false in pairs
        ]
        found[name] = (subjects.interval(np.mean(alike, axis=0)), len(every), len(set(subjects.names)))
    return found


def _most_moved(frames: Any) -> NDArray[np.intp] | None:
    """Return (n,) which region a frame's palsy moves most, -1 where there is none; None where that is not known."""
    columns = [f"palsy_mm_{region}" for region in REGIONS]
    if not set(columns) <= set(frames):
        return None
    moved = frames[columns].to_numpy(dtype=np.float64)
    return np.where((frames["label"] == 1).to_numpy(), moved.argmax(axis=1), -1)


def _by_region(hit: NDArray[np.bool_], truth: NDArray[np.intp]) -> float:
    """Return the mean over the regions of the share of hits."""
    return float(np.mean([hit[truth == region].mean() for region in np.unique(truth)]))


def _copies(bundle: Bundle, landmarks: Values, transforms: Values) -> list[Values]:
    """Return the measures (n, 29) of `COPIES` noisy copies of each face."""
    yaws, sizes = head_pose(transforms)[:, 0], interocular_distance(landmarks)
    copies = np.stack(
        [noisy_copies(p, float(s), float(y))[1 : 1 + COPIES] for p, s, y in zip(landmarks, sizes, yaws, strict=True)]
    ).astype(np.float64)
    return [measures_of(bundle, copies[:, k], transforms) for k in range(COPIES)]
