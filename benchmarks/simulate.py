"""How fast faces and pictures are simulated on one core, and in how much memory: ``python benchmarks/simulate.py``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

FACES = 20_000
PICTURES = 60
COHORTS = (1_000, 100_000)
"""Landmark faces of the cohorts whose peak of memory is told."""
_PEAK = """
import sys
from pathlib import Path
from facialis.cohorts.simulated.cohort import simulate_cohort
simulate_cohort(sys.argv[1], int(sys.argv[2]) // 200, int(sys.argv[2]) // 200, 100)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def peak_mib(faces: int) -> int:
    """Return the peak of memory of a process that writes a landmark cohort of so many faces; as Linux tells it."""
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-c", _PEAK, os.path.join(folder, "cohort"), str(faces)]
        return int(subprocess.run(call, check=True, capture_output=True, text=True).stdout) // 1024


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
    peaks = {asked: peak_mib(asked) for asked in COHORTS}
    result = {
        "faces": FACES,
        "faces_seconds": round(faces, 2),
        "faces_seconds_target": 10.0,
        "pictures_first_seconds": round(preparing, 2),
        "pictures_per_second": round(PICTURES / pictures, 1),
        "pictures_per_second_target": 15.0,
        "cohort_peak_mib": {str(asked): peak for asked, peak in peaks.items()},
    }
    if given.json:
        print(json.dumps(result))
    else:
        print(f"{FACES} landmark faces   {faces:6.2f} s          target: under 10 s")
        print(f"pictures of 512 px    {PICTURES / pictures:6.1f} a second   target: 15; first {preparing:.1f} s")
        print(
            "peak of memory, MiB   " + ", ".join(f"{peak} for a cohort of {asked:,}" for asked, peak in peaks.items())
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
