"""How much a movement's excursion and ratio differ from take to take in one simulated person, beyond landmarks' noise.

``python benchmarks/take_to_take.py [--people 60] [--takes 6] [--seed 11]``

Photo sets of simulated healthy people and patients (half and half), each view several times, drawn anew each time:
effort, pose, gaze, distance. Printed for each movement, of `facialis.detection.takes.EFFORT`: the standard deviation
between takes of one side's excursion as a share of that excursion (root mean square over people and sides), and of the
ratio; from both what the landmarks' noise explains is taken off. All simulated.
"""

from __future__ import annotations

import argparse

import numpy as np

from facialis.cohorts.simulated.patients import PHOTO_SETS
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.bundle import Bundle
from facialis.detection.millimetres import SIDES
from facialis.detection.photo_set_excursions import excursion_row, read_photo
from facialis.detection.takes import EFFORT
from facialis.faces.face import Face
from facialis.modalities.movements import MEASURED

SCALE = 57.0


def main(people: int, takes: int, seed: int) -> None:
    """Print the table."""
    bundle = Bundle.load()
    views = ("rest", *MEASURED)
    half, frames = people // 2, takes * len(views)
    faces = simulate_faces(half, half, frames, seed, movement=",".join(views), clinic=PHOTO_SETS)
    fit = (faces.frames["iod_px"] >= 25).to_numpy()
    photos = [
        read_photo(Face(points, np.zeros(52, np.float32), transform, (1, 1), "simulated")) if good else None
        for points, transform, good in zip(faces.landmarks, faces.transforms, fit, strict=True)
    ]
    print("movement             n     share of the excursion   ratio    built in")
    for movement in MEASURED:
        between, noise, sizes = [], [], []
        ratios, ratio_noise = [], []
        for person in range(people):
            start = person * takes * len(views)
            rows = []
            for take in range(takes):
                rest = photos[start + take * len(views)]
                photo = photos[start + take * len(views) + views.index(movement)]
                if rest is not None and photo is not None:
                    rows.append(excursion_row(movement, photo, rest, SCALE, bundle, iris=0.0))
            if len(rows) < 3:
                continue
            for side in SIDES:
                values = [row["excursion_mm"][side]["value"] for row in rows]
                between.append(np.var(values, ddof=1))
                noise.append(np.mean([row["excursion_mm"][side]["error"] ** 2 for row in rows]))
                sizes.append(np.mean(np.square(values)))
            told = [row["ratio"] for row in rows if row["ratio"] is not None]
            if len(told) >= 3:
                ratios.append(np.var([number["value"] for number in told], ddof=1))
                ratio_noise.append(np.mean([number["error"] ** 2 for number in told]))
        share = np.sqrt(max(np.mean(between) - np.mean(noise), 0.0) / np.mean(sizes))
        ratio = np.sqrt(max(np.mean(ratios) - np.mean(ratio_noise), 0.0))
        print(f"{movement:20s} {len(sizes) // 2:3d}   {share:22.3f}   {ratio:.3f}    {EFFORT.get(movement)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--takes", type=int, default=6)
    parser.add_argument("--seed", type=int, default=11)
    main(**vars(parser.parse_args()))
