"""Eight simulated visits of a recovery, and eight without palsy, drawn as photos and followed through the landmarker.

``python benchmarks/recovery.py OUT [--takes 2] [--seed 0]``

Writes OUT/recovery and OUT/healthy (a folder a visit, the free portrait warped, five views) and a page and a CSV of
each, and prints of each side's and view's quantity the values with ``*`` where the change since the first visit is
called real and ``!`` where it is firm. All simulated, on one portrait.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from facialis.app.follow import make_course
from facialis.cohorts.simulated.recovery import DAYS, draw_recovery
from facialis.detection.bundle import Bundle
from facialis.files import write_text
from facialis.reports.follow import name_of, write_follow
from facialis.reports.follow_rows import COLUMNS, course_rows
from facialis.reports.tables import csv_text
from facialis.words import words


def main(out: Path, takes: int, seed: int) -> None:
    """Draw, follow and print both."""
    bundle, say = Bundle.load(), words("en")
    for name, severities, own in (("recovery", None, seed), ("healthy", [0.0] * len(DAYS), seed + 1)):
        folder = out / name
        truth = draw_recovery(folder, severities=severities, takes=takes, seed=own)
        followed = make_course(folder, bundle, say)
        course = followed.course
        write_follow(out / f"{name}.html", followed, bundle)
        write_text(out / f"{name}.csv", csv_text(course_rows(course), COLUMNS))
        print(f"{name}, simulated, severities {', '.join(f'{visit.severity:.2f}' for visit in truth)}: of "
              f"{course.comparisons} changes {course.count('real')} real, {course.count('real', firm=True)} firm, "
              f"{course.by_chance:.1f} expected by chance")  # fmt: skip
        for curve in course.curves:
            marks = [
                f"{point.value:.2f}"
                + ("*" if point.first is not None and point.first.called == "real" else "")
                + ("!" if point.first is not None and point.first.firm else "")
                for point in curve.points
            ]
            print(f"  {name_of(curve.quantity, say):50s} {' '.join(marks)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--takes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
