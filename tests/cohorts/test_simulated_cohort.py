"""Simulated cohorts on disk: same arguments, same bytes, stopped or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.errors import CohortError
from facialis.modalities.measures import measure
from tests.cohorts.test_extraction import files


def test_landmark_cohort(tmp_path):
    cohort = simulate_cohort(tmp_path / "a", 3, 2, 4, seed=5)
    simulate_cohort(tmp_path / "b", 3, 2, 4, seed=5)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert simulate_cohort(tmp_path / "c", 3, 2, 4, seed=6).hash != cohort.hash
    assert cohort.simulated
    assert len(cohort) == 20
    assert cohort.frames.groupby("group")["subject_id"].nunique().to_dict() == {"healthy": 2, "patient": 3}
    np.testing.assert_array_equal(cohort.array("measures"), measure(cohort.array("landmarks")))


def test_picture_cohort_is_really_extracted(tmp_path, landmarker):
    from facialis.faces.images import read_picture

    cohort = simulate_cohort(tmp_path / "a", 2, 2, 2, seed=1, pictures=True)
    assert cohort.simulated
    assert {"expressions", "crops", "lines"} <= set(cohort.modalities)
    assert (cohort.frames["portrait"] == [f"painted-{pair + 1:04d}" for pair in cohort.frames["pair"]]).all()
    assert {"severity", "weak_side", "movement"} <= set(cohort.frames.columns)
    found = landmarker.detect(read_picture(tmp_path / "a" / cohort.frames["path"][0]))[0]
    np.testing.assert_array_equal(cohort.array("landmarks")[0], found.landmarks)


def test_killed_while_drawing_it_ends_the_same(tmp_path):
    call = [sys.executable, "-m", "facialis", "simulate", "--subjects", "2+2", "--frames", "8", "--pictures", "-o"]
    subprocess.run([*call, str(tmp_path / "whole")], check=True, capture_output=True)
    broken = tmp_path / "broken"
    process = subprocess.Popen([*call, str(broken)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(broken.glob("pictures/*/*.png"))) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (broken / "cohort.json").exists()
    with pytest.raises(CohortError, match="not finished"):
        Cohort.open(broken)
    with pytest.raises(CohortError, match="unfinished simulation with other settings"):
        simulate_cohort(broken, 2, 2, 8, seed=1, pictures=True)
    subprocess.run([*call, str(broken)], check=True, capture_output=True)
    left_over = [name for name in files(broken) if "/." in name]  # the file that was being written when it was killed
    assert len(left_over) <= 1
    assert {k: v for k, v in files(broken).items() if k not in left_over} == files(tmp_path / "whole")


def test_a_folder_that_holds_a_cohort_is_kept(tmp_path):
    simulate_cohort(tmp_path / "a", 1, 1, 1)
    before = files(tmp_path / "a")
    with pytest.raises(CohortError, match="holds a cohort already"):
        simulate_cohort(tmp_path / "a", 2, 2, 2)
    assert files(tmp_path / "a") == before
