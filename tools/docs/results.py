"""Write docs/results.md: every figure that the project claims, what it rests on, and what was run again just now.

``python tools/docs/results.py [--only NAME ...]`` (``make results``). The card's own figures are read from the bundle;
the benchmarks in `AGAIN` are run, one after the other, and what they print is quoted whole; what takes longer, and what
needs real files that may not be shared, is quoted with its command (results.md beside this file). What ran stays in
.cache/results by the hash of program and package, so that a stopped run goes on.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from facialis import __version__
from facialis.detection.bundle import Bundle
from facialis.files import write_text

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "results"
PACKAGES = ("numpy", "scipy", "pandas", "onnxruntime", "mediapipe", "scikit-image", "scikit-learn", "torch")


class Bench(NamedTuple):
    """A benchmark that takes minutes: its arguments, its seeds, and where its figures are claimed."""

    title: str
    arguments: tuple[str, ...]
    seeds: str
    where: str


AGAIN = {
    "reliability": Bench("Does the probability mean what it says?",
                         ("reliability.py", "--figure", "docs/images/reliability.png"), "3", "the figure below"),
    "follow_up": Bench("Nothing changed: how often is a change called real?", ("follow_up.py",), "7",
                       "[Follow-up](follow-up.md#how-often-is-it-right)"),
    "identity": Bench("Is it the same person?", ("identity.py",), "5", "[Follow-up](follow-up.md#follow-up)"),
    "take_to_take": Bench("How far do movements differ from take to take?", ("take_to_take.py",), "11",
                          "[Follow-up](follow-up.md#follow-up)"),
    "grades": Bench("Clinicians' scales as ranges", ("grades.py", "--people", "500"), "fixed in the program",
                    "[The photo set](photo-set.md#how-well-it-does-simulated)"),
    "coverage": Bench("What the errors cover", ("coverage.py",), "fixed in the program",
                      "[The detector](detector.md#what-the-errors-cover)"),
    "shortcuts": Bench("Shortcuts in simulated pictures (400 subjects in place of 2,000)", ("shortcuts.py",), "0",
                       "[The simulation](simulation.md#measured-on-simulated-pictures)"),
}  # fmt: skip


def main() -> None:
    """Run what is asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(AGAIN), default=list(AGAIN), help="run these alone")
    wanted = parser.parse_args().only
    bundle = Bundle.load()
    digest = hashlib.sha256(bundle.hash.encode())
    for path in sorted((ROOT / "src").rglob("*.py")):
        digest.update(path.read_bytes())
    parts = [_again(AGAIN[name], digest.hexdigest()) for name in AGAIN if name in wanted]
    text = (Path(__file__).parent / "results.md").read_text(encoding="utf-8")
    text = text.replace("{{bundle}}", _card(bundle)).replace("{{again}}", "\n".join(parts))
    write_text(ROOT / "docs" / "results.md", text)
    print(ROOT / "docs" / "results.md")


def _card(bundle: Bundle) -> str:
    card = bundle.card
    rows = [f"| {name} | {' | '.join(_split(str(value)))} |" for name, value in card.results.items()]
    return (
        f"`{card.name}`, hash `{bundle.hash[:16]}`, {card.program}, seeds {card.trained_on['seed']} (to train), 2 "
        f"(to choose thresholds), 3 (these figures). Trained on {card.trained_on['description']}. Threshold "
        f"{card.threshold}: {card.threshold_basis}.\n\n"
        "| figure | value | interval, n |\n|---|---|---|\n" + "\n".join(rows)
    )


def _split(value: str) -> tuple[str, str]:
    head, _, rest = value.partition(" (")
    return head, rest.rstrip(")")


def _again(bench: Bench, package: str) -> str:
    """Return the section of a benchmark, run now or kept from the last run of the same program."""
    program = ROOT / "benchmarks" / bench.arguments[0]
    key = hashlib.sha256(f"{package}{bench.arguments}".encode() + program.read_bytes()).hexdigest()[:16]
    kept = CACHE / f"{program.stem}-{key}.json"
    if not kept.is_file():
        print(f"running {' '.join(bench.arguments)}", flush=True)
        start, before = time.perf_counter(), os.times()
        env = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, str(program), *bench.arguments[1:]], env=env, cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(bench.arguments)} failed:\n{done.stderr}")
        after = os.times()
        facts = {
            "output": done.stdout.strip("\n"), "seconds": time.perf_counter() - start, "machine": _machine(),
            "processor_seconds": sum(after[2:4]) - sum(before[2:4]),
            "date": datetime.date.today().isoformat(), "versions": _versions(),
        }  # fmt: skip
        CACHE.mkdir(parents=True, exist_ok=True)
        write_text(kept, json.dumps(facts))
    facts = json.loads(kept.read_text(encoding="utf-8"))
    return (
        f"### {bench.title}\n\n`python benchmarks/{' '.join(bench.arguments)}`, seed {bench.seeds}; simulated. Claimed "
        f"in {bench.where}. {facts['date']}, {facts['machine']}, {facts['processor_seconds']:.0f} s of processor time "
        f"({facts['seconds']:.0f} s passed). {facts['versions']}.\n\n```text\n{facts['output']}\n```\n"
    )


def _machine() -> str:
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{os.cpu_count()} cores ({name}), {platform.system()}"


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"facialis {__version__}, Python {platform.python_version()}, {', '.join(found)}"


if __name__ == "__main__":
    main()
