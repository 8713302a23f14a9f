"""Worker processes start wherever temporary files lie."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import os
import facialis.parallel as parallel
if __name__ == "__main__":
    parallel._SHORT = {short!r}
    with parallel.worker_pool(1, os.getpid) as pool:
        print(pool.submit(os.getppid).result() != os.getpid())
"""


def start_worker(folder: Path, short: str) -> subprocess.CompletedProcess[str]:
    script = folder / "start.py"
    script.write_text(START.format(short=short), encoding="utf-8")
    long = folder / ("d" * 100)
    long.mkdir()
    ran = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, "TMPDIR": str(long)}, capture_output=True, text=True
    )
    assert not list(long.iterdir())
    return ran


@pytest.mark.skipif(sys.platform == "win32", reason="pipes there, not sockets")
def test_workers_start_where_the_name_of_the_temporary_folder_is_too_long_for_a_socket(tmp_path: Path) -> None:
    ran = start_worker(tmp_path, "/tmp")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "True\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes there, not sockets")
def test_without_a_folder_for_sockets_one_line_says_so(tmp_path: Path) -> None:
    ran = start_worker(tmp_path, str(tmp_path / "none"))
    told = ran.stderr.splitlines()[-1]
    assert told.startswith(f"facialis.errors.FacialisError: {tmp_path / 'none'}: no folder for the sockets of worker ")
    assert "(No such file or directory); set TMPDIR to a folder" in told
