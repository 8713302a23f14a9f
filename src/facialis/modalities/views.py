"""The standard views, and what each of them is taken for."""

from __future__ import annotations

VIEWS = (
    "rest", "small_closed_smile", "large_smile", "brow_raise", "gentle_closure", "tight_closure", "pucker",
    "lower_teeth", "nose_wrinkle", "nasal_base",
)  # fmt: skip
"""The ten standard views, as a simulated standard plan names them."""
TOLD: dict[str, tuple[str, ...]] = {
    "rest": ("mouth", "eye"),
    "small_closed_smile": ("mouth",),
    "large_smile": ("mouth", "nose_cheek"),
    "brow_raise": ("brow",),
    "gentle_closure": ("eye",),
    "tight_closure": ("eye",),
    "pucker": ("mouth", "eye"),
    "lower_teeth": ("mouth",),
    "nose_wrinkle": ("nose_cheek",),
}
"""What each view is taken for. The nasal base is seen from below, where no asymmetry is measured."""
