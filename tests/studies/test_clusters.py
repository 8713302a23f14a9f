"""Folds on a real Dask and a real Ray of this machine: the same bytes, and one line for what goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from facialis.cohorts.cohort import Cohort
from facialis.errors import FacialisError, RecipeError
from facialis.studies.engine import check_engine, run_jobs
from facialis.studies.jobs import FoldJob, Source, run_job
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study

distributed = pytest.importorskip("distributed")
if find_spec("ray") is None:  # not imported here: what it listens on is decided then
    pytest.skip("no wheel of ray for this Python", allow_module_level=True)
pytestmark = pytest.mark.enable_socket
Make = Callable[..., Cohort]


@pytest.fixture
def scheduler() -> Iterator[str]:
    """A Dask cluster that somebody else has started."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp:", "dask:")


def same_bytes(one: Path, other: Path) -> None:
    files = [path for path in sorted(one.rglob("*")) if path.is_file()]
    assert any(path.name == "results.json" for path in files)
    for path in files:
        assert path.read_bytes() == (other / path.relative_to(one)).read_bytes(), path


def test_the_result_does_not_depend_on_the_engine(make_cohort: Make, tmp_path: Path, scheduler: str) -> None:
    cohort, recipes = make_cohort(3, 3, crops=False), load_recipes("measures-net", {"net.epochs": 5})
    for name, engine in (("0", "processes"), ("1", scheduler), ("2", "ray://local")):
        workers = 1 if engine == "processes" else 2
        run_study(cohort, recipes, tmp_path / name, engine=engine, workers=workers, n_bootstrap=20)
    same_bytes(tmp_path / "0", tmp_path / "1")
    same_bytes(tmp_path / "0", tmp_path / "2")


@pytest.mark.parametrize("engine", ["dask://local", "ray://local"])
def test_a_fold_whose_worker_dies_is_done_again(tmp_path: Path, engine: str) -> None:
    died = str(tmp_path / "died")

    def die_once(job: int) -> int:
        if job == 1 and not os.path.exists(died):
            open(died, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    def die(job: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return job

    assert sorted(run_jobs(die_once, [0, 1, 2, 3], engine=engine, workers=2)) == [0, 1, 2, 3]
    assert os.path.exists(died)
    with pytest.raises(FacialisError, match=f"{engine}: a worker process died, and again") as caught:
        list(run_jobs(die, [0], engine=engine, workers=1))
    assert "\n" not in str(caught.value)


def test_what_a_job_raises_comes_through() -> None:
    def fail(job: int) -> int:
        raise KeyError(job)

    for engine in ("dask://local", "ray://local"):
        with pytest.raises(KeyError):
            list(run_jobs(fail, [7], engine=engine))


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux tells what listens in a file")
@pytest.mark.parametrize("engine", ["dask://local", "ray://local"])
def test_nothing_of_ours_answers_the_network(engine: str) -> None:
    def listening(job: int) -> set[str]:  # addresses, hexadecimal, with their ports
        lines = [line for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
        return {fields[1] for fields in map(str.split, lines) if fields[3] == "0A"}

    before = listening(0)
    found = set().union(*run_jobs(listening, [0, 1], engine=engine, workers=2)) - before
    assert found
    assert {address.split(":")[0] for address in found} <= {"0100007F", "0000000000000000FFFF00000100007F"}


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_nothing_at_the_address(make_cohort: Make, tmp_path: Path, scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        engine = f"{scheme}://127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(FacialisError, match=f"^{engine} cannot be reached .*[^\n]*$"):
        run_study(make_cohort(), load_recipes("measures-logistic"), tmp_path / "out", engine=engine)
    assert time.monotonic() - start < 10
    assert not (tmp_path / "out").exists()


def test_a_scheduler_without_workers() -> None:
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as cluster:
        engine = cluster.scheduler_address.replace("tcp:", "dask:")
        with pytest.raises(FacialisError, match=f"^{engine}: the scheduler has no worker"):
            list(run_jobs(abs, [0], engine=engine))


@pytest.mark.parametrize("engine", ["dask://", "dask://host", "ray://host:many", "dask://host:1/x", "spark://host:1"])
def test_a_name_that_is_no_engine(engine: str) -> None:
    with pytest.raises(RecipeError, match=f"unknown engine '{engine}'; known: processes, dask://HOST:PORT"):
        check_engine(engine)


def test_a_worker_that_does_not_see_the_cohort(make_cohort: Make, tmp_path: Path) -> None:
    cohort, (recipe,) = make_cohort(crops=False), load_recipes("measures-logistic")
    source = Source(tmp_path / "elsewhere", cohort.hash, recipe, None, False, 0, "cpu")
    job = FoldJob(source, 0, cohort.frames.index.to_numpy(), cohort.frames.index.to_numpy(), 0, {}, tmp_path / "fold")
    ((_, error, _),) = run_jobs(run_job, [job], engine="dask://local")
    assert isinstance(error, FacialisError)
    assert "elsewhere: the worker on" in str(error)
