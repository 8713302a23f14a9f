"""Logistic regression as a small torch module."""

from __future__ import annotations

import numpy as np

from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier


def test_logistic_equals_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = (rng.normal(5, 3, size=(200, 29)) + y[:, None] * (np.arange(29) < 4)).astype(np.float32)
    for balanced in (False, True):
        ours = LogisticClassifier(strength=0.3, balanced=balanced).fit(Inputs({"measures": x[:150]}), y[:150])
        weight = "balanced" if balanced else None
        theirs = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.3, class_weight=weight, tol=1e-6, max_iter=5000)
        )
        theirs.fit(x[:150].astype(np.float64), y[:150])
        np.testing.assert_allclose(
            ours.predict_proba(Inputs({"measures": x[150:]})), theirs.predict_proba(x[150:]), atol=1e-4
        )
