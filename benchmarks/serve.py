"""The service under load, with Locust as the client: python benchmarks/serve.py [--requests 50000]

Prints: how many photos a second the bare detector judges with as many processes, how many the service answers, the
times of its answers at half that rate, and its memory over many requests. The client runs on the same cores, so its
share is the service's loss. Needs the dependency group ``bench`` (pip install --group bench) and the extra ``serve``.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PHOTO = os.environ.get("FACIALIS_BENCH_PHOTO", "")

if PHOTO:  # Locust runs this file in a process of its own
    import random

    from locust import FastHttpUser, constant, task

    CONTENT = Path(PHOTO).read_bytes()
    EACH = float(os.environ.get("FACIALIS_BENCH_EACH", "0"))

    class Clinic(FastHttpUser):
        """Sends one photo after the other; `EACH` a second where that is given."""

        # as people come: not all at once
        wait_time = (lambda _: random.expovariate(EACH)) if EACH else constant(0)

        @task
        def detect(self) -> None:
            """Judge the photo."""
            with self.client.post(
                "/v1/detect", files={"file": ("photo.jpg", CONTENT, "image/jpeg")}, catch_response=True
            ) as answer:
                if b'"status": "judged"' not in (answer.content or b""):
                    answer.failure(f"status {answer.status_code}")


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    ask.add_argument("--seconds", type=int, default=20, help="of each measurement")
    ask.add_argument("--rounds", type=int, default=3, help="of detector and service in turn")
    ask.add_argument("--requests", type=int, default=0, help="to watch the memory over")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        make_photo(photo)
        print(f"photo of 512 x 512 px, {photo.stat().st_size:,} bytes; {os.cpu_count()} cores")
        print(f"workers: {given.workers} of the detector, {given.workers + 1} of the service")
        with Service(Path(folder), given.workers + 1) as service:
            bare, answered = [], []
            for _ in range(given.rounds):
                bare.append(detector_rate(photo, given.workers, given.seconds))
                rate, *_ = service.load(photo, given.seconds, users=4 * given.workers)
                answered.append(rate)
                print(f"bare detector {bare[-1]:.1f} photos/s, service {rate:.1f} requests/s ({rate / bare[-1]:.0%})")
            middle = sorted(answered)[len(answered) // 2]
            share = middle / sorted(bare)[len(bare) // 2]
            print(f"median: service {middle:.1f} requests/s, {share:.0%} of the bare detector's rate")
            for rate in (middle / 2, 60.0):
                done, failed, p50, p99, most = service.load(photo, given.seconds, users=10, each=rate / 10)
                print(
                    f"at {rate:.0f} requests/s asked ({done:.1f} done, {failed} failed): median {p50:.0f} ms, "
                    f"99 % {p99:.0f} ms, longest {most:.0f} ms"
                )
            if given.requests:
                watch_memory(service, photo, given.requests, middle, given.workers)


def make_photo(path: Path) -> None:
    """Write the free portrait as a JPEG."""
    from PIL import Image
    from skimage.data import astronaut

    Image.fromarray(astronaut()).save(path, quality=92)


def detector_rate(photo: Path, workers: int, seconds: int) -> float:
    """Return how many photos a second `detect_many` judges, the start of its processes left out."""
    from facialis.detection.batch import detect_many
    from facialis.faces.sources import Source

    photos = [Source(photo, str(photo))] * (200 * seconds)
    found = detect_many(photos, workers=workers)
    for _ in range(40 * workers):  # everybody has started
        next(found)
    began, count = time.perf_counter(), 0
    for _ in found:
        count += 1
        if time.perf_counter() - began > seconds:
            break
    rate = count / (time.perf_counter() - began)
    found.close()
    return rate


class Service:
    """``facialis serve`` in a process of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers, self.url = folder, workers, "http://127.0.0.1:8479"

    def __enter__(self) -> Service:
        self.log = (self.folder / "log.txt").open("wb")
        command = [sys.executable, "-m", "facialis", "serve", "--port", "8479", "--workers", str(self.workers)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        while b"facialis is at" not in (self.folder / "log.txt").read_bytes():
            if self.process.poll() is not None:
                raise SystemExit((self.folder / "log.txt").read_text())
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def load(
        self, photo: Path, seconds: float, *, users: int, each: float = 0.0
    ) -> tuple[float, int, float, float, float]:
        """Return requests a second, failures, and the median, 99 % and longest time, ms."""
        out = self.folder / "load"
        ran = subprocess.run(
            [sys.executable, "-m", "locust", "-f", __file__, "--headless", "--only-summary", "-u", str(users), "-r",
             str(users), "-t", f"{seconds:.0f}s", "--csv", str(out), "--host", self.url, "--loglevel", "ERROR"],
            env={**os.environ, "FACIALIS_BENCH_PHOTO": str(photo), "FACIALIS_BENCH_EACH": str(each)},
            capture_output=True, text=True,
        )  # fmt: skip
        with (self.folder / "load_stats.csv").open(newline="") as file:
            row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
        if ran.returncode not in (0, 1):
            raise SystemExit(ran.stderr)
        return (
            float(row["Requests/s"]), int(row["Failure Count"]), float(row["50%"]), float(row["99%"]),
            float(row["Max Response Time"]),
        )  # fmt: skip

    def memory(self) -> tuple[float, float]:
        """Return MB held by the process that listens, and by all of its workers."""
        sizes = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    fields = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines())
                except (OSError, ValueError):
                    continue
                sizes[int(entry.name)] = (int(fields["PPid"]), int(fields.get("VmRSS", "0 kB").split()[0]) / 1024)
        own = sizes[self.process.pid][1]
        children = {pid for pid, (parent, _) in sizes.items() if parent == self.process.pid}
        below = sum(size for pid, (parent, size) in sizes.items() if parent in children)
        return own, below


def watch_memory(service: Service, photo: Path, requests: int, rate: float, workers: int) -> None:
    """Print the memory after each tenth of many requests."""
    print("requests  listening process  workers (MB)")
    done = 0.0
    while done < requests:
        seconds = requests / 10 / rate
        found, failed, *_ = service.load(photo, seconds, users=4 * workers)
        done += found * seconds
        own, below = service.memory()
        print(f"{done:8.0f}  {own:17.0f}  {below:7.0f}   {failed} failed")


if __name__ == "__main__":
    main()
