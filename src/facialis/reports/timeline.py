"""A video as a timeline: the probability, and what each side of the face does, with the movements marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facialis.detection.video_reading import VideoReading
from facialis.modalities.trajectories import CHANNELS
from facialis.reports.study_figures import OURS, SOFT, THEIRS, svg_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = {
    "brow_middle_height": "brow height",
    "palpebral_fissure_height": "eye opening",
    "commissure_distance": "mouth corner,\nfrom midline",
    "commissure_height": "mouth corner,\nheight",
}
"""Channels that the timeline shows, and what they are called there."""
NAMES = {"small_closed_smile": "closed smile", "gentle_closure": "gentle closure", "tight_closure": "tight closure"}


def timeline(reading: VideoReading, *, threshold: float | None = None) -> str:
    """Return the timeline as an SVG picture in a data address; empty where there was no face.

    Rows: the probability of palsy of each judged frame, then the change from rest of the brow's height, the eye's
    opening and the mouth's corner in mm, the subject's right and left by colour and line; the movements are shaded.
    """
    motion = reading.motion
    if motion is None:
        return ""
    changes = (motion.values - motion.rest) * motion.scale

    def draw(grid: list[Axes]) -> None:
        share, *rows = grid
        known = [(time, p) for time, p in reading.probabilities if p is not None]
        if known:
            share.plot(*zip(*known, strict=True), "o-", color="#1b1f24", markersize=2.2, linewidth=0.8)
        if threshold is not None:
            share.axhline(threshold, color=SOFT, linewidth=0.9, linestyle="--")
        share.set(ylim=(-0.03, 1.03), ylabel="probability\nof palsy")
        for axes, (name, title) in zip(rows, SHOWN.items(), strict=True):
            for side, colour, style in (("subject_right", THEIRS, "-"), ("subject_left", OURS, "--")):
                course = changes[:, CHANNELS.index(f"{name}_{side}")]
                axes.plot(motion.times, course, style, color=colour, linewidth=1.1, label=side.replace("_", "'s "))
            axes.axhline(0, color=SOFT, linewidth=0.5)
            axes.set_ylabel(f"{title}, mm")
        for axes in grid:
            axes.set_xlim(float(motion.times[0]), float(motion.times[-1]) or 1.0)
            for event in reading.events:
                axes.axvspan(event["start"], event["end"], color="0.9", linewidth=0, zorder=0)
        for event in reading.events:
            middle = (event["start"] + event["end"]) / 2
            share.text(middle, 1.08, named(event), rotation=35, fontsize=7, ha="left", va="bottom")
        rows[0].legend(frameon=False, fontsize=7, ncols=2, loc="upper right", bbox_to_anchor=(1, 1.02))
        rows[-1].set_xlabel("seconds")

    return svg_grid(draw, 1 + len(SHOWN), size=(8.4, 7.0))


def described(reading: VideoReading) -> str:
    """Return in words what the timeline shows, for those who do not see it."""
    if reading.motion is None:
        return "no face"
    told = []
    for event in reading.events:
        ways = event["excursion_mm"]
        if ways is not None:
            right, left = (f"{ways[side]['value']:.1f}" for side in ("subject_right", "subject_left"))
            told.append(
                f"{named(event)} at {event['apex']:.1f} s: subject's right {right} mm, subject's left {left} mm"
            )
    return "; ".join(told) or "no movement found"


def named(event: dict[str, Any]) -> str:
    """Return a movement's name for people."""
    name = str(event["movement"])
    return NAMES.get(name, name.replace("_", " "))
