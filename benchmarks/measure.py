"""Time the numbers of 10,000 faces on one core: ``python benchmarks/measure.py``."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from facialis.faces.mesh import canonical_face
from facialis.modalities.coordinates import coordinates
from facialis.modalities.measures import DEFINITIONS, measure
from facialis.modalities.signed import signed_measures

N_FACES = 10_000
TARGET_MS = 100


def best_ms(call: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (N_FACES, 478, 3))
    faces = ((canonical_face() + noise) * [40, -40, -40] + [500, 600, 0]).astype(np.float32)
    rows: list[tuple[str, Callable[[], object]]] = [
        *((f"measure, {definition}", partial(measure, faces, definition=definition)) for definition in DEFINITIONS),
        ("signed_measures", partial(signed_measures, faces)),
        ("coordinates", partial(coordinates, faces)),
    ]
    print(f"{N_FACES:,} faces, best of 7; target for measure: under {TARGET_MS} ms")
    for name, call in rows:
        print(f"{name:<32}{best_ms(call):>8.1f} ms")


if __name__ == "__main__":
    main()
