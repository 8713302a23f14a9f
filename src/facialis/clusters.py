"""Jobs done by a Dask or Ray cluster, one that runs already or one of this machine's own.

Workers read and write the files themselves: they need the same folders at the same paths, and the same facialis. What
is started here answers on 127.0.0.1 alone, opens no dashboard and reports to nobody: faces are personal data.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from facialis import __version__
from facialis.errors import FacialisError
from facialis.interrupts import interrupts_blocked, interrupts_held

J = TypeVar("J")
R = TypeVar("R")
ENGINES = ("processes", "dask://HOST:PORT", "dask://local", "ray://HOST:PORT", "ray://local")
PACKAGES = {"dask": "distributed", "ray": "ray"}
PATIENCE_S = 15.0
"""For a cluster's first word, and again for its first worker."""
RETRIES = 1
"""How often a job is begun again whose worker died."""
_TOKEN = "~/.ray/auth_token"
STORE_BYTES = 256 * 2**20
"""Shared memory of a Ray of our own: jobs and answers are small."""


def check_engine(engine: str) -> None:
    """Raise `FacialisError` unless the engine is known, installed, and answers at its address."""
    if engine == ENGINES[0]:
        return
    if not is_cluster(engine):
        raise FacialisError(f"unknown engine {engine!r}; known: {', '.join(ENGINES)}")
    parts = urlsplit(engine)
    if find_spec(PACKAGES[parts.scheme]) is None:
        raise FacialisError(f"{parts.scheme} is not installed: pip install 'facialis[{parts.scheme}]'")
    if parts.port is not None:
        _check_greeting(engine, parts.scheme, (parts.hostname or "", parts.port))


def is_cluster(engine: str) -> bool:
    """Return whether an engine is named as ``dask://HOST:PORT``, ``ray://HOST:PORT``, or with ``local`` as its host."""
    try:
        parts = urlsplit(engine)
        named = parts.hostname == "local" if parts.port is None else bool(parts.hostname)
    except ValueError:
        return False
    return parts.scheme in PACKAGES and named and not (parts.path or parts.query or parts.fragment)


def cluster_jobs(function: Callable[[J], R], jobs: Sequence[J], engine: str, workers: int) -> Iterator[R]:
    """Yield ``function(job)`` of each job as a cluster has it, in the order in which they are done.

    Parameters
    ----------
    engine
        A Dask scheduler or a Ray head (its client port) as ``dask://HOST:PORT`` and ``ray://HOST:PORT``;
        ``dask://local`` and ``ray://local`` start one here for as long as the jobs take. A Ray that this process has
        started already is used as it is.
    workers
        How many a cluster of our own gets.

    Raises
    ------
    FacialisError
        A worker died, and again when its job was begun anew; the cluster's package is missing, nothing answers at its
        address, it has no worker, or a worker of it has another facialis.
    """
    check_engine(engine)
    yield from (_dask_jobs if engine.startswith("dask:") else _ray_jobs)(function, jobs, engine, workers)


def _check_greeting(engine: str, scheme: str, address: tuple[str, int]) -> None:
    """Wait for the first word, which both say unasked: their own clients wait for it without end, or half a minute."""
    try:
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            if scheme == "ray" and os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
                return
            greeting = connection.recv(256)
    except TimeoutError as error:
        raise _unreachable(engine, f"nothing was said within {PATIENCE_S:.0f} s") from error
    except OSError as error:
        raise _unreachable(engine, _line(error)) from error
    if not (b"python" in greeting if scheme == "dask" else greeting[3:4] == _SETTINGS):
        what = "Dask scheduler" if scheme == "dask" else "Ray client server"
        raise _unreachable(engine, f"what answers there is no {what}")


_SETTINGS = b"\x04"
"""Type of the frame that an HTTP/2 server, as gRPC's, begins with; its fourth byte."""


@contextmanager
def _dask_client(engine: str, workers: int) -> Iterator[Any]:
    """Connect to a Dask scheduler, or to one of our own for the time of the block."""
    import dask
    from distributed import Client, LocalCluster

    parts = urlsplit(engine)
    cluster = None
    try:
        if parts.port is None:
            quiet: dict[str, object] = {"distributed.scheduler.allowed-failures": RETRIES}
            quiet |= {f"distributed.{part}.http.routes": [] for part in ("scheduler", "worker")}
            with dask.config.set(quiet), interrupts_blocked():
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                )  # fmt: skip
                cluster.scheduler.http_server.stop()
        try:
            client = Client(
                cluster.scheduler_address if cluster else f"tcp://{parts.netloc}",
                timeout=PATIENCE_S,
                set_as_default=False,
            )
        except OSError as error:
            raise _unreachable(engine, _line(error)) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE_S)
            except TimeoutError as error:
                raise FacialisError(f"{engine}: the scheduler has no worker; start one with `dask worker`") from error
            yield client
    finally:
        if cluster is not None:
            with suppress(AssertionError, TimeoutError):  # a worker that was just being begun anew
                cluster.close()


def _dask_jobs(function: Callable[[J], R], jobs: Sequence[J], engine: str, workers: int) -> Iterator[R]:
    from concurrent.futures import CancelledError

    from distributed import KilledWorker, as_completed

    with _dask_client(engine, workers) as client:
        futures = [client.submit(_on_worker, function, job, __version__, pure=False) for job in jobs]
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
        except KilledWorker as error:
            raise _died(engine) from error
        except CancelledError as error:
            raise _lost(engine) from error
        except ModuleNotFoundError as error:
            raise _lacking(engine, error) from error


@contextmanager
def _ray_session(engine: str, workers: int) -> Iterator[Any]:
    """Connect to a Ray head, or to one of our own for the time of the block, or of the block around it."""
    local = urlsplit(engine).port is None
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's name for: more than the loopback; read at import
    elif "RAY_AUTH_TOKEN" in os.environ or Path(os.environ.get("RAY_AUTH_TOKEN_PATH", _TOKEN)).expanduser().exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # a head takes up its token by itself, a client does not
    import ray

    if local and ray.is_initialized():
        yield ray
        return
    try:
        if local:
            with interrupts_held():
                ray.init(
                    "local", num_cpus=workers, include_dashboard=False, object_store_memory=STORE_BYTES,
                    log_to_driver=False, logging_level=logging.CRITICAL, _node_ip_address="127.0.0.1",
                )  # fmt: skip
        else:
            with warnings.catch_warnings(action="ignore", category=UserWarning):
                ray.init(engine, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, RuntimeError) as error:
        why = _line(error)
        raise _unreachable(engine, why if local else f"{why}; if it asks for a token, set RAY_AUTH_TOKEN") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _ray_jobs(function: Callable[[J], R], jobs: Sequence[J], engine: str, workers: int) -> Iterator[R]:
    with _ray_session(engine, workers) as ray:
        from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

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
        except ModuleNotFoundError as error:  # of the head, which reads a job before a worker does
            raise _lacking(engine, error) from error
        except RayError as error:
            raise FacialisError(f"{engine}: {_line(error)}") from error


def _on_worker(function: Callable[[J], R], job: J, version: str) -> R:
    """Do a job, where the worker has the facialis of the one who asks."""
    if __version__ != version:
        raise FacialisError(
            f"the worker on {socket.gethostname()} has facialis {__version__}, this is {version}: install the same"
        )
    return function(job)


def _unreachable(engine: str, why: str) -> FacialisError:
    return FacialisError(f"{engine} cannot be reached ({why}); is it running, and the address right?")


def _died(engine: str) -> FacialisError:
    return FacialisError(
        f"{engine}: a worker process died, and again when its work was begun anew (out of memory?); what was "
        "finished is kept: run the same command again, with fewer workers"
    )


def _lost(engine: str) -> FacialisError:
    return FacialisError(
        f"{engine}: the connection was lost; what was finished is kept: run the same command again when it is back"
    )


def _lacking(engine: str, error: ModuleNotFoundError) -> FacialisError:
    return FacialisError(f"{engine}: a worker lacks {error.name}; install there what is installed here")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
