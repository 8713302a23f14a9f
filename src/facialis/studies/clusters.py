"""Jobs done by a Dask or Ray cluster, one that runs already or one of this machine's own.

Workers read the cohort themselves: they need the same folder at the same path, and the same facialis. What is started
here answers on 127.0.0.1 alone, opens no dashboard and reports to nobody: faces are personal data.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import urlsplit

from facialis import __version__
from facialis.errors import FacialisError
from facialis.interrupts import interrupts_held

J = TypeVar("J")
R = TypeVar("R")
PACKAGES = {"dask": "distributed", "ray": "ray"}
PATIENCE_S = 5.0
"""For a connection, and again for an answer."""
RETRIES = 1
"""How often a fold is begun again whose worker died."""
STORE_BYTES = 256 * 2**20
"""Shared memory of a Ray of our own: jobs and answers are small."""


def is_cluster(engine: str) -> bool:
    """Return whether an engine is named as ``dask://HOST:PORT``, ``ray://HOST:PORT``, or with ``local`` as its host."""
    try:
        parts = urlsplit(engine)
        named = parts.hostname == "local" if parts.port is None else bool(parts.hostname)
    except ValueError:
        return False
    return parts.scheme in PACKAGES and named and not (parts.path or parts.query or parts.fragment)


def check_cluster(engine: str) -> None:
    """Raise `FacialisError` where the cluster's package is missing or nothing answers at its address."""
    parts = urlsplit(engine)
    if find_spec(PACKAGES[parts.scheme]) is None:
        raise FacialisError(f"{parts.scheme} is not installed: pip install 'facialis[{parts.scheme}]'")
    if parts.port is not None:
        try:
            socket.create_connection((parts.hostname or "", parts.port), timeout=PATIENCE_S).close()
        except OSError as error:
            raise _unreachable(engine, error) from error


def dask_jobs(function: Callable[[J], R], jobs: Sequence[J], engine: str, workers: int) -> Iterator[R]:
    """Yield the results of jobs as Dask has them; see `facialis.studies.engine.run_jobs`."""
    import dask
    from distributed import Client, KilledWorker, LocalCluster, as_completed

    parts = urlsplit(engine)
    cluster = None
    try:
        if parts.port is None:
            with dask.config.set({"distributed.scheduler.allowed-failures": RETRIES}), interrupts_held():
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                    dashboard_address=None, silence_logs=logging.CRITICAL,
                )  # fmt: skip
        address = cluster.scheduler_address if cluster else f"tcp://{parts.netloc}"
        try:
            client = Client(address, timeout=PATIENCE_S, set_as_default=False)
        except OSError as error:
            raise _unreachable(engine, error) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE_S)
            except TimeoutError as error:
                raise FacialisError(f"{engine}: the scheduler has no worker; start one with `dask worker`") from error
            futures = [client.submit(_on_worker, function, job, __version__, pure=False) for job in jobs]
            try:
                for future in as_completed(futures, loop=client.loop):
                    yield future.result()
            except KilledWorker as error:
                raise _died(engine) from error
            except ModuleNotFoundError as error:
                raise _lacking(engine, error) from error
    finally:
        if cluster is not None:
            cluster.close()


def ray_jobs(function: Callable[[J], R], jobs: Sequence[J], engine: str, workers: int) -> Iterator[R]:
    """Yield the results of jobs as Ray has them; see `facialis.studies.engine.run_jobs`."""
    local = urlsplit(engine).port is None
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's name for: more than the loopback; read at import
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

    try:
        if local:
            with interrupts_held():
                ray.init(
                    "local", num_cpus=workers, include_dashboard=False, object_store_memory=STORE_BYTES,
                    log_to_driver=False, logging_level=logging.CRITICAL, _node_ip_address="127.0.0.1",
                )  # fmt: skip
        else:
            ray.init(engine, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, RuntimeError) as error:
        raise _unreachable(engine, error) from error
    try:
        remote = ray.remote(max_retries=RETRIES)(_on_worker)
        waiting = [remote.remote(function, job, __version__) for job in jobs]
        while waiting:
            done, waiting = ray.wait(waiting, num_returns=1)
            yield ray.get(done[0])
    except (WorkerCrashedError, OutOfMemoryError, NodeDiedError) as error:
        raise _died(engine) from error
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ModuleNotFoundError):
            raise _lacking(engine, cause) from error
        if isinstance(cause, RayError):
            raise FacialisError(f"{engine}: {_line(cause)}") from error
        raise cause from error
    except RayError as error:
        raise FacialisError(f"{engine}: {_line(error)}") from error
    finally:
        ray.shutdown()


def _on_worker(function: Callable[[J], R], job: J, version: str) -> R:
    """Do a job, where the worker has the facialis of the one who asks."""
    if __version__ != version:
        raise FacialisError(
            f"the worker on {socket.gethostname()} has facialis {__version__}, this is {version}: install the same"
        )
    return function(job)


def _unreachable(engine: str, error: Exception) -> FacialisError:
    return FacialisError(f"{engine} cannot be reached ({_line(error)}); is it running, and the address right?")


def _died(engine: str) -> FacialisError:
    return FacialisError(
        f"{engine}: a worker process died, and again when its fold was begun anew (out of memory?); the folds that "
        "were finished are kept: run the same command again, with fewer workers"
    )


def _lacking(engine: str, error: ModuleNotFoundError) -> FacialisError:
    return FacialisError(f"{engine}: a worker lacks {error.name}; install there what is installed here")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
