"""How often a change is called real where nothing has changed: simulated healthy people over several visits.

``python benchmarks/follow_up.py [--people 40] [--visits 3] [--seed 7]``

Photo sets of four views, with one, two and four photos of each view a visit; effort, pose, gaze, distance, size and
the landmarker's errors are drawn anew for each photo, the person stays as they are. Printed for each quantity: changes
since the first visit, the share that is called real (nominal: 0.05), and that is firm; and how many visits were taken
for another person's. All simulated, as landmarks.
"""

from __future__ import annotations

import argparse
import datetime

import numpy as np

from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.detection.follow import Seen, follow
from facialis.detection.number_errors import noisy_copies
from facialis.detection.reading import log_odds, logit_error
from facialis.faces.face import Face
from facialis.faces.geometry import head_pose

VIEWS = ("rest", "large_smile", "brow_raise", "tight_closure")
SMALLEST_PX = 25


def found(bundle: Bundle, points: np.ndarray, transform: np.ndarray) -> Finding:
    """Return the finding on a face whose landmarks are known, without a picture."""
    face = Face(points, np.zeros(52, np.float32), transform, (1, 1), "simulated")
    copies = noisy_copies(points, face.interocular_px, float(head_pose(transform)[0]))
    answers = bundle.answers(landmarks=copies, transform=np.broadcast_to(transform, (len(copies), 4, 4)))
    return Finding(
        "simulated", "judged", "", logit=float(log_odds(answers)[0]), logit_error=logit_error(answers), face=face,
        answers={name: array[0] for name, array in answers.items()},
    )  # fmt: skip


def main(people: int, visits: int, seed: int) -> None:
    """Print the tables."""
    bundle = Bundle.load()
    for takes in (1, 2, 4):
        frames = visits * takes * len(VIEWS)
        faces = simulate_faces(0, people, frames, seed, movement=",".join(VIEWS), clinic=PHOTO_SETS)
        counts: dict[tuple[str, str], np.ndarray] = {}
        strangers = 0
        for person in range(people):
            seen = []
            for number in range(frames):
                row = person * frames + number
                if faces.frames["iod_px"].iloc[row] >= SMALLEST_PX:
                    date = datetime.date(2026, 1, 1 + number // (takes * len(VIEWS)))
                    finding = found(bundle, faces.landmarks[row], faces.transforms[row])
                    seen.append(Seen(number, date, VIEWS[number % len(VIEWS)], finding))
            course = follow(seen, bundle)
            strangers += sum(visit.stranger for visit in course.visits)
            for curve in course.curves:
                changes = [point.first for point in curve.points if point.first is not None]
                told = [len(changes), sum(c.called == "real" for c in changes), sum(c.firm for c in changes)]
                key = (curve.quantity.view, curve.quantity.name)
                counts[key] = counts.get(key, np.zeros(3)) + told
        print(f"{takes} photo(s) of each view a visit, {people} simulated people, {visits} visits; "
              f"{strangers} of {people * visits} visits taken for another person's")  # fmt: skip
        for (view, name), (n, real, firm) in counts.items():
            print(f"  {view:14s} {name:18s} n {n:4.0f}  real {real / n:.3f}  firm {firm / n:.3f}")
        n, real, firm = np.sum(list(counts.values()), axis=0)
        print(f"  all {'':29s} n {n:4.0f}  real {real / n:.3f}  firm {firm / n:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    main(**vars(parser.parse_args()))
