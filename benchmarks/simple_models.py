"""The simple models of the transfer benchmark: what each reads of a face, and how it is fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from facialis.cohorts.simulated.variety import vary
from facialis.faces import geometry
from facialis.faces.mesh import CONTOURS, canonical_face
from facialis.modalities import asymmetry
from facialis.modalities.measures import measure
from facialis.modalities.signed import signed_measures
from real_faces import Array, Faces

REGULARISATION = 0.1
CONTOUR = sorted({landmark for edges in CONTOURS.values() for edge in edges for landmark in edge})
RIGHT_HALF = [landmark for landmark in CONTOUR if canonical_face()[landmark, 0] <= 0.0]
"""Contour landmarks of the subject's right and the midline."""


def folded_measures(faces: Faces, definition: str) -> Array:
    """Return (n, 29): the measures, as distance from a symmetric face's value where there is one."""
    return asymmetry.folded_measures(measure(faces.landmarks, definition=definition, origin="face"), definition)


def signed_differences(faces: Faces) -> Array:
    """Return (n, 24): absolute signed measures (subject's right minus left) of the pose-corrected landmarks."""
    return np.abs(signed_measures(geometry.undo_pose(faces.landmarks, faces.transforms)))


def mirrored_pairs(faces: Faces) -> Array:
    """Return (n, k): absolute half differences, x and y, of the pose-corrected landmarks and their mirror images."""
    frontal = geometry.undo_pose(faces.landmarks, faces.transforms)
    half = np.abs(frontal - geometry.mirror(frontal)) / 2.0
    return half[:, RIGHT_HALF, :2].reshape(len(half), -1)


def symmetric_shape(faces: Faces) -> Array:
    """Return (n, k): the symmetric part of the pose-corrected landmarks, no asymmetry in it."""
    frontal = geometry.undo_pose(faces.landmarks, faces.transforms)
    half = (frontal + geometry.mirror(frontal)) / 2.0
    return half[:, CONTOUR, :2].reshape(len(half), -1)


class Logistic:
    """Logistic regression on standardised inputs."""

    def __init__(self, seed: int) -> None:
        self.model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=2000))

    def fit(self, inputs: Array, label: NDArray[np.int64]) -> None:
        """Fit to inputs (n, d) and labels (n,)."""
        self.model.fit(inputs, label)

    def score(self, inputs: Array) -> Array:
        """Return (n,) scores, larger for palsy."""
        return np.asarray(self.model.decision_function(inputs))


class SmallNet(Logistic):
    """One hidden layer of 16 units, stopped early on a tenth of the simulated faces."""

    def __init__(self, seed: int) -> None:
        net = MLPClassifier((16,), alpha=1.0, early_stopping=True, max_iter=300, random_state=seed)
        self.model = make_pipeline(StandardScaler(), net)

    def score(self, inputs: Array) -> Array:
        """Return (n,) log odds of palsy."""
        probability = np.clip(self.model.predict_proba(inputs)[:, 1], 1e-12, 1.0 - 1e-12)
        return np.asarray(np.log(probability / (1.0 - probability)))


class StudyNet:
    """The study's own net, 15 hidden layers of 59 units, at its defaults (`facialis.models.feedforward`)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, inputs: Array, label: NDArray[np.int64]) -> None:
        """Fit to inputs (n, d) and labels (n,)."""
        from facialis.models.feedforward import FeedForwardClassifier
        from facialis.models.inputs import Inputs

        self.model = FeedForwardClassifier(seed=self.seed, module__n_inputs=inputs.shape[1])
        self.model.fit(Inputs({"measures": inputs}), label)

    def score(self, inputs: Array) -> Array:
        """Return (n,): the logit of palsy minus that of none."""
        from facialis.models.inputs import Inputs

        logits = self.model.predict_logits(Inputs({"measures": inputs})).astype(np.float64)
        return np.asarray(logits[:, 1] - logits[:, 0])


class AsIs:
    """No model: the one input is the score."""

    def __init__(self, seed: int) -> None:
        pass

    def fit(self, inputs: Array, label: NDArray[np.int64]) -> None:
        """Nothing is fitted."""

    def score(self, inputs: Array) -> Array:
        """Return (n,) scores, the only column of inputs (n, 1)."""
        return inputs[:, 0]


class DetectorNet:
    """The net of the detector that ships (`facialis.models.geometric`), trained on faces bent at random.

    ``early``, ``pairs`` or ``measures`` is what the label reads; ``late`` is the mean of two nets, on the pairs alone
    and on the measures alone.
    """

    def __init__(self, seed: int, label_reads: str) -> None:
        self.seed = seed
        self.readings = ("pairs", "measures") if label_reads == "late" else (label_reads,)

    def fit(self, inputs: Faces, label: NDArray[np.int64]) -> None:
        """Fit to faces and labels (n,)."""
        from facialis.models.geometric_training import Features, Truth, fit

        features = Features.of(vary(inputs.landmarks, self.seed), inputs.transforms)
        truth = Truth.of_labels(label)
        self.nets = [fit(features, truth, seed=self.seed, label_reads=name) for name in self.readings]  # type: ignore[arg-type]

    def score(self, inputs: Faces) -> Array:
        """Return (n,): log odds of palsy."""
        from facialis.models.geometric_training import Features, log_odds

        features = Features.of(inputs.landmarks, inputs.transforms)
        return np.asarray(np.mean([log_odds(net, features) for net in self.nets], axis=0))

    def choosing(self, inputs: Faces) -> Faces:
        """Return the faces on which the threshold is chosen: bent at random as well."""
        return inputs._replace(landmarks=vary(inputs.landmarks, self.seed + 1))


class Row(NamedTuple):
    """What a model reads, and which model."""

    inputs: Callable[[Faces], Any]
    model: Callable[[int], Any]


MODELS: dict[str, Row] = {
    "logistic regression, 29 measures (oo-2025)": Row(lambda f: folded_measures(f, "oo-2025"), Logistic),
    "logistic regression, 29 measures (parra-dominguez-2021)": Row(
        lambda f: folded_measures(f, "parra-dominguez-2021"), Logistic
    ),
    "logistic regression, the 21 measures of asymmetry (oo-2025)": Row(
        lambda f: asymmetry.distance_from_symmetry(measure(f.landmarks, origin="face")), Logistic
    ),
    "logistic regression, mirrored-pair differences, pose undone": Row(mirrored_pairs, Logistic),
    "logistic regression, 24 signed left-right differences, pose undone": Row(signed_differences, Logistic),
    "small net, 29 measures (oo-2025)": Row(lambda f: folded_measures(f, "oo-2025"), SmallNet),
    "the study's net, 29 measures (oo-2025)": Row(lambda f: measure(f.landmarks, origin="face"), StudyNet),
    "logistic regression, symmetric shape alone (no asymmetry)": Row(symmetric_shape, Logistic),
    "absolute yaw alone (less is palsy)": Row(lambda f: -np.abs(f.yaw)[:, None], AsIs),
    "interocular distance in px alone (more is palsy)": Row(
        lambda f: np.asarray(geometry.interocular_distance(f.landmarks), dtype=np.float64)[:, None], AsIs
    ),
}
"""Name: inputs and model. The measures are folded (distance from a symmetric face) but for the study's net, which reads
them as they are."""
PRIMARY = next(iter(MODELS))
NETS: dict[str, Row] = {
    "detector's net, label from the measures, faces bent at random": Row(
        lambda f: f, lambda seed: DetectorNet(seed, "measures")
    ),
    "detector's net, label from the pairs (Mixer), faces bent at random": Row(
        lambda f: f, lambda seed: DetectorNet(seed, "pairs")
    ),
    "detector's net, early fusion, faces bent at random": Row(lambda f: f, lambda seed: DetectorNet(seed, "early")),
    "detector's net, late fusion, faces bent at random": Row(lambda f: f, lambda seed: DetectorNet(seed, "late")),
}
"""The branches of the detector's net and their fusions: minutes a cohort."""
