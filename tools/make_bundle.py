"""Train the detector that comes with the package, on simulated faces only, and write its bundle.

Run by ``make bundle``, with one thread for linear algebra. Takes five minutes on two cores; the same program and
libraries give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from facialis.app.train_detector import faces_of, show, train
from facialis.cohorts.simulated.simulate import simulate_faces

TRAINING, CHOOSING, TESTING = 1, 2, 3
"""Seeds of three cohorts that share no subject: to train on, to choose thresholds on, to report on."""


def main() -> None:
    """Simulate, train, choose thresholds, test, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=8000, help="patients, and as many healthy people, to train on")
    parser.add_argument("--frames", type=int, default=2, help="frames of each")
    parser.add_argument("--out", type=Path, default=Path("src/facialis/detection/default.bundle"))
    args = parser.parse_args()

    cohorts = [
        simulate_faces(pairs, pairs, args.frames, seed)
        for pairs, seed in ((args.pairs, TRAINING), (2000, CHOOSING), (2000, TESTING))
    ]
    training = cohorts[0]
    ill = int(training.frames["label"].sum())
    bundle = train(
        *(faces_of(faces.frames, faces.landmarks, faces.transforms) for faces in cohorts),
        name="geometric",
        out=args.out,
        seed=TRAINING,
        simulated=True,
        description=f"{len(training.frames)} simulated faces ({ill} with palsy) of {2 * args.pairs} simulated "
        "subjects; no picture of any patient was used",
        photo_sets=True,
        digest=hashlib.sha256(training.landmarks.tobytes()).hexdigest(),
    )
    show(bundle, args.out)


if __name__ == "__main__":
    main()
