"""How fast faces and pictures are simulated on one core, beside the targets: ``python benchmarks/simulate.py``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time

FACES = 20_000
PICTURES = 60


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Rates of simulation.")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    given = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # one core; to be set before NumPy is imported
        os.environ.setdefault(name, "1")
    from facialis.cohorts.simulated.picture import simulate_pictures
    from facialis.cohorts.simulated.simulate import simulate_faces

    simulate_faces(1, 1, 1, 0)  # tables are made once
    start = time.perf_counter()
    simulate_faces(FACES // 20, FACES // 20, 10, 1)
    faces = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        simulate_pictures(folder, 1, 0, 1, 0)
        preparing = time.perf_counter() - start
        start = time.perf_counter()
        simulate_pictures(folder, PICTURES // 4, PICTURES // 4, 2, 0)
        pictures = time.perf_counter() - start
    result = {
        "faces": FACES,
        "faces_seconds": round(faces, 2),
        "faces_seconds_target": 10.0,
        "pictures_first_seconds": round(preparing, 2),
        "pictures_per_second": round(PICTURES / pictures, 1),
        "pictures_per_second_target": 15.0,
    }
    if given.json:
        print(json.dumps(result))
    else:
        print(f"{FACES} landmark faces   {faces:6.2f} s          target: under 10 s")
        print(f"pictures of 512 px    {PICTURES / pictures:6.1f} a second   target: 15; first {preparing:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
