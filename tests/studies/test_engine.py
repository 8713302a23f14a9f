"""Folds side by side: the same bytes whatever the number of workers, and a worker's death told in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facialis.cohorts.cohort import Cohort
from facialis.errors import FacialisError
from facialis.studies.engine import run_jobs
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study

Make = Callable[..., Cohort]
SCRIPT = """
import sys
from facialis.cohorts.cohort import Cohort
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study
if __name__ == "__main__":
    overrides = {"net.epochs": 400}
    print("ready", flush=True)
    run_study(Cohort.open(sys.argv[1]), load_recipes("measures-net", overrides), sys.argv[2], n_bootstrap=5, workers=2)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_dies_is_one_line() -> None:
    def die(job: int) -> int:
        if job == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    with pytest.raises(FacialisError, match="a worker process died .* run the same command again, with fewer"):
        list(run_jobs(die, [0, 1, 2, 3], workers=2))


def test_an_unknown_engine() -> None:
    with pytest.raises(FacialisError, match="unknown engine 'threads'; known: processes"):
        list(run_jobs(abs, [0], engine="threads"))


def test_the_result_does_not_depend_on_the_number_of_workers(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(3, 3)
    overrides = {"net.epochs": 5, "image.encoder": "mixer_tiny", "image.epochs": 1, "image.test_crops": 1}
    recipes = load_recipes("early-fusion", {**overrides, "fusion.epochs": 3})
    options = {"random_weights": True, "n_bootstrap": 20}
    for workers in (1, 2):
        run_study(cohort, recipes, tmp_path / str(workers), workers=workers, **options)
    for one in sorted((tmp_path / "1").rglob("*")):
        if one.is_file():
            assert one.read_bytes() == (tmp_path / "2" / one.relative_to(tmp_path / "1")).read_bytes(), one


def test_a_lock_that_an_interrupt_leaves_behind_is_taken_away_without_a_warning() -> None:
    script = """
import os
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.backend.synchronize import Lock
from facialis.studies.engine import run_jobs
print(sorted(run_jobs(abs, [-1, -2], workers=2)), flush=True)
get_reusable_executor().shutdown(wait=True, kill_workers=True)
lock = Lock()
os._exit(0)  # as if killed: what is held is left to the tracker
"""
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("[1, 2]\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_an_interrupt_of_all_processes_is_quiet_and_resumable(make_cohort: Make, tmp_path: Path) -> None:
    cohort, out = make_cohort(6, 6, crops=False), tmp_path / "out"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    call = [sys.executable, str(script), str(cohort.path), str(out)]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not list(out.rglob("fold-*.parquet")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("Traceback") == 1, errors  # the script's own; the workers say nothing
    assert "KeyboardInterrupt" in errors.splitlines()[-1]
    assert not (out / "results.json").exists()
    assert 1 <= len(list(out.rglob("fold-*.parquet"))) < 6
    with pytest.raises(RuntimeError):  # nothing of the group is left
        for _ in range(100):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                raise RuntimeError from None
            time.sleep(0.1)
