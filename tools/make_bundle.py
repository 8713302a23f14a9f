"""Train the detector that comes with the package, on simulated faces only, and write its bundle.

Run by ``make bundle``. Takes about a minute on two cores; the same program and libraries give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from facialis import __version__
from facialis.cohorts.simulated.simulate import SimulatedFaces, simulate_faces
from facialis.detection.bundle import Bundle, Card
from facialis.modalities.asymmetry import folded_measures, without_sign
from facialis.modalities.measures import measure
from facialis.models.export import to_onnx
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier
from facialis.models.symmetry import FoldedMeasures

DEFINITION = "oo-2025"
TRAINING, CHOOSING, TESTING = 1, 2, 3
"""Seeds of three cohorts that share no subject: to train on, to choose the threshold on, to report on."""
SPECIFICITY = 0.90
STRENGTH = 0.1
"""scikit-learn's C; that of the transfer benchmark's primary row."""


def main() -> None:
    """Simulate, train, choose the threshold, test, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=8000, help="patients, and as many healthy people, to train on")
    parser.add_argument("--frames", type=int, default=2, help="frames of each")
    parser.add_argument("--out", type=Path, default=Path("src/facialis/detection/default.bundle"))
    args = parser.parse_args()

    training, x, y = cohort(args.pairs, args.frames, TRAINING)
    model = Model().fit(x, y)
    choosing, x_choosing, y_choosing = cohort(1000, 2, CHOOSING)
    healthy = model.probability(x_choosing)[y_choosing == 0]
    threshold = round(float(np.quantile(healthy, SPECIFICITY)), 4)
    testing, x_testing, y_testing = cohort(1000, 2, TESTING)
    results = test(testing, model.probability(x_testing), y_testing, threshold)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        to_onnx(model.module, torch.from_numpy(x[:2]), path)
        graph = path.read_bytes()
    reference = without_sign(x[y == 0], DEFINITION)
    card = Card(
        name="measures-logistic",
        input={"definition": DEFINITION, "coordinates": "pixel", "pose_corrected": False},
        threshold=threshold,
        threshold_basis=f"the probability below which {SPECIFICITY:.0%} of {len(healthy)} simulated faces without "
        f"palsy lie ({choosing.frames['subject_id'].nunique()} simulated subjects that the model was not trained on)",
        trained_on={
            "description": f"{len(x)} simulated faces ({int(y.sum())} with palsy) of {2 * args.pairs} simulated "
            "subjects; no picture of any patient was used",
            "simulated": True,
            "subjects": 2 * args.pairs,
            "frames": len(x),
            "seed": TRAINING,
            "hash": hashlib.sha256(training.landmarks.tobytes()).hexdigest(),
        },
        results=results,
        reference={
            "quantiles": {str(q): np.round(np.quantile(reference, q, axis=0), 6).tolist() for q in (0.05, 0.5, 0.95)},
            "n": len(reference),
            "of": "simulated faces without palsy",
        },
        licence="Apache-2.0",
        program=f"facialis {__version__}",
    )
    bundle = Bundle.write(args.out, card, graph)
    with torch.no_grad():
        agreement = float(np.abs(bundle.logits(x_testing) - model.module(torch.from_numpy(x_testing)).numpy()).max())
    print(f"{args.out}: {bundle.hash}\nthreshold {threshold}; torch and ONNX Runtime differ by {agreement:.1e}")
    for name, result in results.items():
        print(f"{name}: {result}")


def cohort(pairs: int, frames: int, seed: int) -> tuple[SimulatedFaces, NDArray[np.float32], NDArray[np.int64]]:
    """Return simulated faces, their measures (n, 29) and labels (n,)."""
    faces = simulate_faces(pairs, pairs, frames, seed)
    x = measure(faces.landmarks, definition=DEFINITION).astype(np.float32)
    return faces, x, faces.frames["label"].to_numpy(dtype=np.int64)


class Model:
    """Logistic regression on the folded measures: the primary row of the transfer benchmark."""

    def fit(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> Model:
        """Fit on measures (n, 29) and labels (n,)."""
        self.classifier = LogisticClassifier(strength=STRENGTH).fit(self._inputs(x), y)
        self.module = nn.Sequential(FoldedMeasures(DEFINITION), self.classifier.module_)
        return self

    def probability(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of palsy (n,)."""
        return self.classifier.predict_proba(self._inputs(x))[:, 1]

    def _inputs(self, x: NDArray[np.float32]) -> Inputs:
        return Inputs({"measures": folded_measures(x, DEFINITION)})


def test(faces: SimulatedFaces, p: NDArray[np.float64], y: NDArray[np.int64], threshold: float) -> dict[str, Any]:
    """Return the figures of the card, in words, each with n and a 95 % bootstrap interval over subjects."""
    subjects = faces.frames["subject_id"].to_numpy()
    names, index = np.unique(subjects, return_inverse=True)
    rows = [np.flatnonzero(index == i) for i in range(len(names))]
    figures = {
        "AUC (simulated)": lambda p, y: roc_auc_score(y, p),
        "sensitivity (simulated)": lambda p, y: float((p[y == 1] >= threshold).mean()),
        "specificity (simulated)": lambda p, y: float((p[y == 0] < threshold).mean()),
    }
    rng = np.random.default_rng(0)
    samples = [np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))]) for _ in range(500)]
    results = {}
    for name, figure in figures.items():
        low, high = np.quantile([figure(p[s], y[s]) for s in samples], (0.025, 0.975))
        results[name] = (
            f"{figure(p, y):.3f} (95 % interval {low:.3f} to {high:.3f}; "
            f"{len(p)} simulated faces of {len(names)} simulated subjects kept apart)"
        )
    return results


if __name__ == "__main__":
    main()
