"""How far apart two visits of one simulated person lie in shape, and how often two people's visits lie further.

``python benchmarks/identity.py [--people 400] [--seed 5]``

Everyday photos of the nine views that are read (poses, distances and sizes as drawn for them; only those that would be
judged: 25 px between the eyes and more, yaw, pitch and roll under 25°). A visit is of k photos in views at random. The
first visit shows the person's palsy, the second the same person without it. Printed for each k: the distance that
99 of 100 pairs of one person stay below (`facialis.detection.identity.FAR`), that for 95 of 100, and the share of pairs
of two people beyond each. All simulated.
"""

from __future__ import annotations

import argparse

import numpy as np

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.detection.identity import FAR, PHOTOS
from facialis.faces.face import Face
from facialis.faces.following import steady_shape
from facialis.modalities.views import TOLD

NO_SCORES = np.zeros(52, np.float32)


def main(people: int, seed: int) -> None:
    """Print the table."""
    faces = simulate_faces(people, people, 2 * len(TOLD), seed, movement=",".join(TOLD))
    frames = faces.frames
    fit = (frames["iod_px"] >= 25) & (frames[["yaw", "pitch", "roll"]].abs() < 25).all(axis=1)
    shapes = np.array(
        [
            steady_shape(Face(points, NO_SCORES, transform, (1, 1), "simulated"))
            for points, transform in zip(faces.landmarks, faces.transforms, strict=True)
        ]
    ).reshape(2, people, 2, len(TOLD), -1, 2)
    fit = fit.to_numpy().reshape(2, people, 2, len(TOLD))
    rng = np.random.default_rng(seed)
    print("photos  99 %    95 %    others beyond 99 %, 95 %   people   built in")
    for k, built in zip(PHOTOS, FAR, strict=True):
        visits = []
        for group, visit in ((0, 0), (1, 1)):
            rows = []
            for person in range(people):
                good = np.flatnonzero(fit[group, person, visit])
                chosen = rng.permutation(good)[:k]
                rows.append(
                    shapes[group, person, visit][chosen].mean(axis=0)
                    if len(good) >= min(k, 7)
                    else np.full(shapes.shape[-2:], np.nan)
                )
            visits.append(np.array(rows))
        same = apart(*visits)
        other = np.concatenate([apart(visits[0], np.roll(visits[1], shift, axis=0)) for shift in range(1, 11)])
        same, other = same[np.isfinite(same)], other[np.isfinite(other)]
        far, near = np.quantile(same, (0.99, 0.95))
        shares = [(other > edge).mean() for edge in (far, near)]
        print(f"{k:6d}  {far:.4f}  {near:.4f}  {shares[0]:.3f}, {shares[1]:.3f}  {len(same):12d}      {built}")


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the root mean square distances (n,) of shapes (n, k, 2)."""
    return np.sqrt(((one - other) ** 2).mean(axis=(-1, -2)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--seed", type=int, default=5)
    main(**vars(parser.parse_args()))
