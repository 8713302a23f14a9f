"""Folds and extraction on a real Dask and a real Ray of this machine: the same bytes, one line for what goes wrong."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from facialis import clusters
from facialis.clusters import check_engine, cluster_jobs
from facialis.cohorts import extraction, extraction_jobs
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.sources import extract_sources
from facialis.errors import FacialisError
from facialis.studies.jobs import FoldJob, Source, run_job
from facialis.studies.recipes import load_recipes
from facialis.studies.study import run_study

distributed = pytest.importorskip("distributed")
if find_spec("ray") is None:  # not imported here: what it listens on is decided then
    pytest.skip("no wheel of ray for this Python", allow_module_level=True)
pytestmark = pytest.mark.enable_socket
Make = Callable[..., Cohort]
LINUX = Path("/proc/net/tcp").exists()
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


def listening() -> set[str]:
    """Addresses that something listens on, hexadecimal, with their ports, where Linux tells them in a file."""
    files = [Path(f"/proc/net/{kind}") for kind in ("tcp", "tcp6")]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()[1:]]
    return {fields[1] for fields in map(str.split, lines) if fields[3] == "0A"}


def shows_a_page(address: str) -> bool:
    """Whether Dask's dashboard, or what is left of it without its extra packages, answers there."""
    try:
        with socket.create_connection(("127.0.0.1", int(address.split(":")[1], 16)), timeout=5) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except ConnectionError:  # of a worker that has died
        return False


@pytest.fixture(scope="module")
def dask_engine() -> Iterator[str]:
    """A Dask cluster that somebody else has started."""
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        loading = client.submit(lambda: importlib.import_module("facialis.studies.jobs").__name__)
        yield cluster.scheduler_address.replace("tcp:", "dask:")
        del loading  # begun while Ray starts


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[str]:
    """A Ray of our own for all tests, which answers this machine alone."""
    before = listening()
    with clusters._ray_session("ray://local", 1):
        assert not LINUX or listening() > before
        assert {address.split(":")[0] for address in listening() - before} <= LOOPBACK
        yield "ray://local"


@pytest.fixture
def other_engine(request: pytest.FixtureRequest) -> str:
    """The engine that a test was given, started where it is the shared one."""
    name: str = request.param
    return name if "://" in name else request.getfixturevalue(name)


both = pytest.mark.parametrize("other_engine", ["dask_engine", "ray_engine"], indirect=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_results_and_cohorts_do_not_depend_on_the_engine(
    make_cohort: Make, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dask_engine: str, ray_engine: str
) -> None:
    monkeypatch.setattr(extraction, "PART", 3)
    cohort, recipes = make_cohort(3, 3, crops=False), load_recipes("measures-net", {"net.epochs": 5})
    for name, engine in (("0", "processes"), ("1", dask_engine), ("2", ray_engine)):
        workers = 1 if engine == "processes" else 2
        run_study(cohort, recipes, tmp_path / name / "study", engine=engine, workers=workers, n_bootstrap=20)
        extract_sources([str(people)], tmp_path / name / "cohort", engine=engine, workers=workers)
    expected = contents(tmp_path / "0")
    assert {"study/results.json", "study/folds/measures-net/fold-00.parquet", "cohort/crops.npy"} <= set(expected)
    assert contents(tmp_path / "1") == expected
    assert contents(tmp_path / "2") == expected


@pytest.mark.parametrize("other_engine", ["dask://local", "ray_engine"], indirect=True)
def test_a_job_whose_worker_dies_is_done_again(tmp_path: Path, other_engine: str) -> None:
    died = str(tmp_path / "died")

    def die_once(job: int) -> int:
        if job == 1 and not os.path.exists(died):
            open(died, "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    def die(job: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return job

    before, done = listening(), []
    for job in cluster_jobs(die_once, [0, 1, 2, 3], other_engine, 2):
        done.append(job)
        opened = listening() - before
        assert {address.split(":")[0] for address in opened} <= LOOPBACK
        assert not any(map(shows_a_page, opened))
    assert sorted(done) == [0, 1, 2, 3]
    assert os.path.exists(died)
    with pytest.raises(FacialisError, match=f"{other_engine}: a worker process died, and again") as caught:
        list(cluster_jobs(die, [0], other_engine, 1))
    assert "\n" not in str(caught.value)


@both
def test_what_a_job_raises_comes_through(tmp_path: Path, other_engine: str) -> None:
    def fail(job: int) -> int:
        raise KeyError(job)

    with pytest.raises(KeyError):
        list(cluster_jobs(fail, [7], other_engine, 1))
    unseen = extraction_jobs.Job([], {}, tmp_path / "elsewhere" / ".parts", False)
    with pytest.raises(FacialisError, match=r"elsewhere: the worker on .* does not see this folder"):
        list(cluster_jobs(extraction_jobs.work_on_cluster, [unseen], other_engine, 1))


def test_a_worker_that_does_not_see_the_cohort(make_cohort: Make, tmp_path: Path, dask_engine: str) -> None:
    cohort, (recipe,) = make_cohort(crops=False), load_recipes("measures-logistic")
    source = Source(tmp_path / "elsewhere", cohort.hash, recipe, None, False, 0, "cpu")
    job = FoldJob(source, 0, cohort.frames.index.to_numpy(), cohort.frames.index.to_numpy(), 0, {}, tmp_path / "fold")
    ((_, error, _),) = cluster_jobs(run_job, [job], dask_engine, 1)
    assert isinstance(error, FacialisError)
    assert "elsewhere: the worker on" in str(error)


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_nothing_at_the_address(make_cohort: Make, tmp_path: Path, scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        engine = f"{scheme}://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(FacialisError, match=f"^{engine} cannot be reached .*[^\n]*$"):
        run_study(make_cohort(crops=False), load_recipes("measures-logistic"), tmp_path / "out", engine=engine)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("scheme", ["dask", "ray"])
def test_something_else_at_the_address(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(clusters, "PATIENCE_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        engine, start = f"{scheme}://127.0.0.1:{server.getsockname()[1]}", time.monotonic()
        with pytest.raises(FacialisError, match=f"^{engine} cannot be reached .nothing was said within 0 s.*[^\n]*$"):
            check_engine(engine)
        assert time.monotonic() - start < 3
        server.accept()[0].close()
        pid = os.fork() if hasattr(os, "fork") else None
        if pid == 0:
            server.accept()[0].sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            os._exit(0)
        if pid:
            with pytest.raises(FacialisError, match=f"^{engine} cannot be reached .what answers there is no "):
                check_engine(engine)
            os.waitpid(pid, 0)


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE_S", 0.5)
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        engine = cluster.scheduler_address.replace("tcp:", "dask:")
        with pytest.raises(FacialisError, match=f"^{engine}: the scheduler has no worker"):
            list(cluster_jobs(abs, [0], engine, 1))


@pytest.mark.parametrize("engine", ["dask://", "dask://host", "ray://host:many", "dask://host:1/x", "spark://host:1"])
def test_a_name_that_is_no_engine(engine: str) -> None:
    with pytest.raises(FacialisError, match=f"unknown engine '{engine}'; known: processes, dask://HOST:PORT"):
        check_engine(engine)


def test_an_interrupt_ends_in_one_line_and_the_same_command_goes_on(
    make_cohort: Make, tmp_path: Path, dask_engine: str
) -> None:
    cohort, out = make_cohort(4, 4, crops=False), tmp_path / "out"
    call = [sys.executable, "-m", "facialis", "study", "measures-net", str(cohort.path), "-o", str(out)]
    call += ["--set", "net.epochs=100", "--engine", dask_engine]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not list(out.rglob("fold-*.parquet")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert errors.splitlines()[-1] == "facialis: interrupted; the same command goes on where it stopped"
    assert "Traceback" not in errors
    done = {path: path.stat().st_mtime_ns for path in out.rglob("fold-*.parquet")}
    assert 1 <= len(done) < 4
    run_study(cohort, load_recipes("measures-net", {"net.epochs": 100}), out, engine=dask_engine, n_bootstrap=20)
    assert len(list(out.rglob("fold-*.parquet"))) == 4
    assert {path: path.stat().st_mtime_ns for path in done} == done
