"""The paper's own figures, arXiv 2503.10371, table 1: averages over its folds, per cent."""

from __future__ import annotations

PAPER_FIGURES: dict[str, tuple[float, float, float]] = {
    "expressions-net": (83.95, 88.65, 82.50),
    "coordinates-net": (67.80, 76.80, 66.60),
    "measures-net": (82.80, 82.85, 88.30),
    "rgb-resnet50": (85.00, 96.00, 76.70),
    "rgb-fastervit": (84.00, 89.90, 81.50),
    "rgb-mixer": (89.00, 96.60, 88.00),
    "lines-resnet50": (77.00, 85.40, 70.70),
    "lines-fastervit": (67.00, 83.84, 58.23),
    "lines-mixer": (58.00, 78.50, 49.95),
    "early-fusion": (96.00, 94.80, 98.30),
    "early-fusion-lines": (79.90, 94.00, 76.50),
    "late-fusion": (83.00, 77.95, 94.70),
    "late-fusion-lines": (72.45, 75.60, 81.25),
}
"""Recipe to F1, precision and recall, in the table's order."""
