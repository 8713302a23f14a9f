"""How fast the spine is, as a table: one photo, a folder, the measures, an import. Run by ``make bench``.

Figures are medians on this machine; quote them with it. The targets are those of two ordinary cores.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage.data import astronaut

from facialis.detection.batch import detect_many
from facialis.detection.detector import Detector
from facialis.faces.mesh import canonical_face
from facialis.faces.sources import list_sources
from facialis.modalities.measures import measure


def median(run: Callable[[], object], times: int) -> float:
    """Return the median seconds of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def process(*args: str) -> float:
    """Return the median seconds of a whole Python process."""
    return median(lambda: subprocess.run([sys.executable, *args], check=True, capture_output=True), 7)


def folder_rates(folder: Path, workers: int) -> tuple[float, float]:
    """Return photos a second over the whole call, and from the first finding on (so without the start)."""
    sources = list_sources([folder])
    start = time.perf_counter()
    arrivals = [time.perf_counter() for _ in detect_many(sources, workers=workers)]
    skipped = workers * 16
    return len(sources) / (arrivals[-1] - start), (len(sources) - skipped) / (arrivals[-1] - arrivals[skipped - 1])


def main() -> None:
    """Measure and print."""
    table = Table("what", "measured", "target", title=f"{platform.machine()}, {os.cpu_count()} cores, one run")
    portrait = Image.fromarray(astronaut()).resize((816, 612))
    with tempfile.TemporaryDirectory() as name:
        photo = Path(name) / "photo.jpg"
        portrait.save(photo, quality=90)
        with Detector.load() as detector:
            rgb = np.asarray(portrait)
            median(lambda: detector.detect(photo), 20)
            whole = median(lambda: detector.detect(photo), 100)
            bare = median(lambda: detector.landmarker.detect(rgb), 100)
            faces = detector.landmarker.detect(rgb)
            turns = [
                [median(run, 1) for run in (lambda: detector.detect(rgb), lambda: detector.landmarker.detect(rgb))]
                for _ in range(200)
            ]
            judged, alone = (statistics.median(times) for times in zip(*turns, strict=True))
            judging = median(lambda: detector.judge(faces[0], rgb), 200)
        table.add_row("photo of 0.5 megapixels (JPEG) to a finding, warm", f"{1000 * whole:.1f} ms", "30 ms or less")
        table.add_row("  of this the landmarker alone", f"{1000 * bare:.1f} ms", "")

        ratio = f"{judged / alone:.2f} times"
        table.add_row("  judged from the array, over the bare landmarker, in turns", ratio, "1.5 times or less")
        table.add_row("  judging alone, landmarks found already", f"{1000 * judging:.2f} ms", "")

        noise = np.random.default_rng(0).normal(scale=0.05, size=(10_000, 478, 3))
        faces = (canonical_face() + noise) * [10, -10, -10] + 200
        for definition in ("oo-2025", "parra-dominguez-2021"):
            taken = median(lambda definition=definition: measure(faces, definition=definition), 7)  # type: ignore[misc]
            table.add_row(f"10,000 faces through measure ({definition})", f"{1000 * taken:.0f} ms", "under 100 ms")

        empty = process("-c", "pass")
        table.add_row("import facialis", f"{1000 * (process('-c', 'import facialis') - empty):.0f} ms", "under 150 ms")
        table.add_row("facialis --help", f"{1000 * process('-m', 'facialis', '--help'):.0f} ms", "under 500 ms")

        folder = Path(name) / "photos"
        folder.mkdir()
        for number in range(200):
            (folder / f"{number}.jpg").write_bytes(photo.read_bytes())
        rates = {workers: [folder_rates(folder, workers) for _ in range(3)] for workers in (1, 2)}
        rate = {w: statistics.median(steady for _, steady in rates[w]) for w in rates}
        overall = {w: statistics.median(total for total, _ in rates[w]) for w in rates}
        table.add_row("folder of 200 photos, one worker", f"{rate[1]:.0f} photos/s", "")
        table.add_row("  two workers", f"{rate[2]:.0f} photos/s: {rate[2] / rate[1]:.2f} times", "1.7 times or more")
        ratio = overall[2] / overall[1]
        table.add_row(
            "  the workers' start counted in", f"{overall[1]:.0f} and {overall[2]:.0f}: {ratio:.2f} times", ""
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
