"""Peak memory of simulating, extracting and training: ``python benchmarks/memory.py [--frames 100000]``.

Landmarks are simulated (``--simulated`` frames) and pictures extracted (``--pictures``, by two processes); a cohort of
both, over and over, has as many frames as asked for. Each step is a command of its own. Its peak is that of all its
processes together, memory that they share counted once: their own, and with it the pages of memory-mapped files that
happen to be loaded, which the system takes back when it needs them. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import astronaut

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import finish_cohort

N_SUBJECTS = 50
TARGET_GIB = 4
STEP = 512


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for process in found:
        try:
            for task in Path(f"/proc/{process}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def memory(pid: int) -> tuple[int, int]:
    """Return the memory of a process and all below it, and without pages of files, in KiB."""
    whole = own = 0
    for process in tree(pid):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        whole, own = whole + sizes["Pss"], own + sizes["Pss_Anon"] + sizes["Pss_Shmem"]
    return whole, own


def facialis(name: str, *arguments: str) -> None:
    """Run a command of facialis and print what it took."""
    start, peak = time.perf_counter(), (0, 0)
    process = subprocess.Popen(
        [sys.executable, "-m", "facialis", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None:
        whole, own = memory(process.pid)
        peak = max(peak[0], whole), max(peak[1], own)
        time.sleep(0.2)
    assert process.stderr is not None
    if process.returncode:
        sys.exit(f"{name}: {process.stderr.read()}")
    passed = time.perf_counter() - start
    print(f"{name:<58}{peak[1] / 2**20:>6.2f} GiB, with files{peak[0] / 2**20:>6.2f}{passed:>8.0f} s", flush=True)


def portraits(folder: Path, n: int) -> None:
    """Write n slightly different pictures of one face."""
    for i in range(n):
        place = folder / ("patient/a" if i % 2 else "healthy/b")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(astronaut()[: 300 + i % 97, i % 53 : 400]).save(place / f"{i:06d}.png", compress_level=1)


def repeated(landmarks: Cohort, pictures: Cohort, n: int, out: Path) -> None:
    """Write a cohort of n frames: the simulated table with its measures, and the extracted crops, over and over."""
    out.mkdir()
    for name, source in (("crops", pictures), ("measures", landmarks)):
        array = np.asarray(source.array(name))
        with (out / f"{name}.npy").open("wb") as file:
            facts = {"descr": array.dtype.str, "fortran_order": False, "shape": (n, *array.shape[1:])}
            np.lib.format.write_array_header_1_0(file, facts)
            for start in range(0, n, STEP):
                file.write(array[np.arange(start, min(start + STEP, n)) % len(array)].tobytes())
    frames = landmarks.frames.iloc[np.arange(n) % len(landmarks)].reset_index(drop=True)
    frames["frame_id"] = [f"{name}#{row}" for row, name in enumerate(frames["frame_id"])]
    finish_cohort(out, frames, ("measures", "crops"), {"simulated": True, "repeated": True}, None)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--simulated", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=2, help="memory does not depend on them")
    parser.add_argument("--dir", type=Path, help="where to put what is needed, 65 kB a frame")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        folder, per_group = Path(name), N_SUBJECTS // 2
        print(f"{given.frames:,} frames, simulated; target: under {TARGET_GIB} GiB")
        portraits(folder / "portraits", given.pictures)
        extract = ("extract", str(folder / "portraits"), "-o", str(folder / "pictures"), "--workers", "2")
        facialis(f"extract {given.pictures:,} pictures, 2 processes", *extract)
        simulate = ("--subjects", f"{per_group}+{per_group}", "--frames", str(given.simulated // N_SUBJECTS))
        facialis(f"simulate {given.simulated:,} landmarks", "simulate", *simulate, "-o", str(folder / "landmarks"))
        landmarks, pictures = Cohort.open(folder / "landmarks"), Cohort.open(folder / "pictures")
        repeated(landmarks, pictures, given.frames, folder / "repeated")
        settings = ["net.epochs", "image.epochs", "fusion.epochs"]
        common = ["--split", "2-fold", "--workers", "1", "--random-weights"]
        common += [f"--set={key}={given.epochs}" for key in settings]
        common += ["--set=image.encoder=mixer_tiny", "--set=image.trains=head", "--set=image.test_crops=1"]
        for recipe in ("measures-net", "rgb-mixer", "early-fusion"):
            out = folder / recipe
            facialis(f"{recipe}, 2 folds", "study", recipe, str(folder / "repeated"), "-o", str(out), *common)


if __name__ == "__main__":
    main()
