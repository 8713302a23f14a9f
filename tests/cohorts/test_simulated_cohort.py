"""Simulated cohorts on disk: same arguments, same bytes, stopped or not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.simulated.blocks import ROWS, join_parts, read_part, write_part
from facialis.cohorts.simulated.cohort import simulate_cohort, write_faces
from facialis.cohorts.simulated.draw import number_of_draws
from facialis.cohorts.simulated.plan import asked_for, claimed, people_of
from facialis.cohorts.simulated.portraits import hash_portraits
from facialis.cohorts.simulated.simulate import face_blocks, simulate_faces
from facialis.cohorts.simulated.videos import simulate_videos
from facialis.cohorts.writing import remove_cohort
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
    np.testing.assert_array_equal(cohort.array("measures"), measure(cohort.array("landmarks"), origin="face"))


def test_picture_cohort_is_really_extracted(tmp_path, landmarker):
    from facialis.faces.images import read_picture

    cohort = simulate_cohort(tmp_path / "a", 2, 2, 2, seed=1, pictures=True)
    assert cohort.simulated
    assert {"expressions", "crops", "lines"} <= set(cohort.modalities)
    assert (cohort.frames["portrait"] == [f"painted-{pair + 1:04d}" for pair in cohort.frames["pair"]]).all()
    assert {"severity", "weak_side", "movement"} <= set(cohort.frames.columns)
    found = landmarker.detect(read_picture(tmp_path / "a" / cohort.frames["path"][0]))[0]
    np.testing.assert_array_equal(cohort.array("landmarks")[0], found.landmarks)


@pytest.mark.parametrize("size", [(9, 5, 100), (1, 2, 300)], ids=["many subjects", "many frames"])
def test_no_byte_depends_on_the_size_of_the_blocks(tmp_path, size):
    patients, healthy, frames = size
    whole = files(simulate_cohort(tmp_path / "whole", *size, seed=2).path)
    draws = number_of_draws(max(patients, healthy), frames)
    assert draws > 2
    for step in (1, 2):
        out = tmp_path / str(step)
        (out / ".parts").mkdir(parents=True)
        write_faces(out, out / ".parts", partial(face_blocks, *size, 2), draws, (patients + healthy) * frames, step)
        assert len(list(out.glob(".parts/*.parquet"))) == -(-draws // step)
        written = {name: data for name, data in files(out).items() if not name.startswith(".")}
        assert written == {name: whole[name] for name in written}
        assert len(written) == 5
    faces = simulate_faces(*size, 2)
    cohort = Cohort.open(tmp_path / "whole")
    np.testing.assert_array_equal(cohort.array("landmarks"), faces.landmarks)
    np.testing.assert_array_equal(cohort.array("transforms"), faces.transforms)
    pd.testing.assert_frame_equal(cohort.frames, faces.frames)
    pd.testing.assert_frame_equal(cohort.read_frames(["label", "nothing"]), faces.frames[["label"]])


def test_a_joined_table_is_the_same_however_it_was_parted(tmp_path):
    table = pd.DataFrame({"number": np.arange(ROWS * 2 + 7), "group": "patient", "name": "x"})
    for name, starts in {"one": [0], "many": range(0, len(table), 911), "odd": [0, 5]}.items():
        for start, end in zip(starts, [*starts[1:], len(table)], strict=True):
            write_part(tmp_path / f"{name}{start}.parquet", table[start:end])
        read = (read_part(tmp_path / f"{name}{start}.parquet") for start in starts)
        join_parts(tmp_path / f"{name}.parquet", read)
    assert len({(tmp_path / f"{name}.parquet").read_bytes() for name in ("one", "many", "odd")}) == 1
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "one.parquet"), table)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory as Linux tells it")
def test_memory_is_flat_in_the_number_asked_for(tmp_path):
    code = (
        "import sys; from facialis.cohorts.simulated.cohort import simulate_cohort\n"
        "simulate_cohort(sys.argv[1], int(sys.argv[2]), int(sys.argv[2]), 20)\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    peaks = []
    for pairs in ("25", "250"):
        run = subprocess.run([sys.executable, "-c", code, tmp_path / pairs, pairs], check=True, capture_output=True)
        peaks.append(int(run.stdout) / 1024)
    assert peaks[1] - peaks[0] < 60, peaks  # MiB; the cohort's arrays alone are 100


def simulate(kind: str, out: Path, seed: int = 0) -> None:
    """Simulate as the command lines of `KINDS` do."""
    if kind == "videos":
        simulate_videos(out, 1, 1, 6, seed=seed, movement="rest,pucker")
    else:
        simulate_cohort(
            out, *((200, 90, 20) if kind == "landmarks" else (1, 1, 6)), seed=seed, pictures=kind == "pictures"
        )


KINDS = {
    "landmarks": (["--subjects", "200+90", "--frames", "20"], ".parts/*.parquet"),
    "pictures": (["--subjects", "1+1", "--frames", "6", "--pictures"], "pictures/*/*.png"),
    "videos": (["--subjects", "1+1", "--frames", "6", "--videos", "--movements", "rest,pucker"], "videos/[!.]*.mp4"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_interrupted_in_the_middle_it_ends_the_same(tmp_path, kind):
    options, signs = KINDS[kind]
    broken = tmp_path / "broken"
    call = [sys.executable, "-m", "facialis", "simulate", *options, "-o", broken]
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(broken.glob(signs)):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "facialis: interrupted; the same command goes on where it stopped\n")
    assert (broken / ".parts").is_dir()
    assert not any((broken / name).exists() for name in ("cohort.json", "simulation.json", "manifest.csv"))
    with pytest.raises(CohortError, match="not finished"):
        Cohort.open(broken)
    with pytest.raises(CohortError, match="unfinished simulation with other settings"):
        simulate(kind, broken, seed=1)
    kept = {path: path.stat().st_mtime_ns for path in broken.glob(signs)}
    copy = shutil.copytree(broken, tmp_path / "stopped")
    simulate(kind, broken)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items() if path.exists())
    simulate(kind, tmp_path / "whole")
    assert files(broken) == files(tmp_path / "whole")
    assert remove_cohort(copy) == []
    assert remove_cohort(broken) == []


@pytest.mark.parametrize("kind", ["landmarks", "videos"])
@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
def test_where_nothing_more_can_be_written_one_line_says_so(tmp_path, kind):
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000));"
    code += "from facialis.__main__ import main; sys.argv[0] = 'facialis'; main()"
    options = ["simulate", "--subjects", "1+1", "--frames", "20", "-o", str(tmp_path / "c")]
    options += ["--videos"] if kind == "videos" else []
    done = subprocess.run([sys.executable, "-c", code, *options], capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith(f"facialis: cannot write {tmp_path / 'c'}")
    assert done.stderr.endswith("File too large\n")


def test_more_than_the_disk_holds_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(CohortError, match=r"20000000000000 faces take [\d,]+ MB and [\d,]+ MB are free"):
        simulate_cohort(tmp_path / "c", 10**13, 10**13, 1)
    assert not (tmp_path / "c").exists()


def test_other_portraits_are_not_gone_on_with(tmp_path, astronaut):
    people = tmp_path / "people"
    people.mkdir()
    Image.fromarray(astronaut).save(people / "a.png")
    asked = asked_for(1, 1, 1, 0, "mixed", people_of(None), people, pictures=True)
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path / "c", asked):
        raise KeyboardInterrupt
    moved = shutil.copytree(people, tmp_path / "moved")
    with claimed(tmp_path / "c", asked_for(1, 1, 1, 0, "mixed", people_of(None), moved, pictures=True)):
        pass  # the same photos from another place
    Image.fromarray(astronaut[:, ::-1].copy()).save(people / "a.png")
    with pytest.raises(CohortError, match="unfinished simulation with other settings"):
        simulate_cohort(tmp_path / "c", 1, 1, 1, pictures=True, portraits=people)
    hashes = {hash_portraits(people)}
    (people / "a.png").rename(people / "b.png")
    assert hash_portraits(people) not in hashes


def test_a_portrait_without_a_face_is_named_and_left_out(tmp_path, astronaut, capsys):
    people = tmp_path / "people"
    people.mkdir()
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(people / "wall.png")
    (people / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    with pytest.raises(CohortError, match="no portrait with exactly one face"):
        simulate_cohort(tmp_path / "c", 1, 1, 1, pictures=True, portraits=people)
    assert not (tmp_path / "c").exists()
    Image.fromarray(astronaut).save(people / "she.png")
    cohort = simulate_cohort(tmp_path / "c", 1, 1, 1, pictures=True, portraits=people)
    assert cohort.frames["portrait"].unique().tolist() == ["she"]
    said = capsys.readouterr().err
    assert "portrait wall: no face found" in said
    assert "broken.jpg" in said


def test_a_folder_that_holds_a_cohort_is_kept(tmp_path):
    simulate_cohort(tmp_path / "a", 1, 1, 1)
    before = files(tmp_path / "a")
    with pytest.raises(CohortError, match="holds a cohort already"):
        simulate_cohort(tmp_path / "a", 2, 2, 2)
    assert files(tmp_path / "a") == before
