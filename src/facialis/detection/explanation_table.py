"""Which ways of telling what moved a bundle's answer passed their checks.

As `facialis explain --audit` found with the built-in bundle on 800 simulated faces of 200 simulated subjects
(docs/explanations.md has the figures). ``shapley`` is what is shown; the others are there to be compared with.
"""

from __future__ import annotations

BUNDLE = "fd25e21b2bdaaf5bb24dedb15d7abcba4c3e1c32c390a27e9d3aeb6fe4b687a1"
"""Hash of the bundle that was checked."""
PASSED: dict[str, bool] = {"shapley": True, "one at a time": True, "gradient": False}
"""For each method that explains the model, whether it passed all of its checks."""


def passed(bundle_hash: str) -> tuple[dict[str, bool], bool]:
    """Return the table, and whether it is of this bundle."""
    return dict(PASSED), bundle_hash == BUNDLE
