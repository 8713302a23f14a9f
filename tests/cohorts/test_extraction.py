from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts import extraction, extraction_jobs
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.folder import read_folder
from facialis.cohorts.sources import extract_sources
from facialis.errors import CohortError, FacialisError
from facialis.files import locked

ALL = ("landmarks", "transforms", "expressions", "measures", "coordinates", "crops", "lines")


def files(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in sorted(path.rglob("*")) if f.is_file()}


def test_all_modalities_and_an_honest_account(people, tmp_path):
    cohort = extract_sources([f"folder:{people}"], tmp_path / "c")
    assert set(cohort.modalities) == set(ALL)
    assert len(cohort) == 8
    assert cohort.array("crops").shape == (8, 256, 256)
    assert not cohort.simulated
    assert sorted(cohort.frames["subject_id"].unique()) == ["healthy/b", "patient/a"]
    assert (cohort.frames["label"] == (cohort.frames["group"] == "patient")).all()
    unusable = pd.read_parquet(tmp_path / "c" / "unusable.parquet").set_index("path")["reason"]
    assert unusable["palsy/a/wall.png"] == "no face"
    assert "broken.jpg" in unusable["healthy/b/broken.jpg"]
    assert not (tmp_path / "c" / ".parts").exists()


def test_rows_and_arrays_belong_together(people, tmp_path, landmarker):
    from facialis.faces.images import read_picture

    cohort = extract_sources([str(people)], tmp_path / "c")
    for row in (0, 5):
        rgb = read_picture(people / cohort.frames["path"][row])
        arrays = extraction_jobs.face_arrays(landmarker.detect(rgb)[0], rgb)
        for name in ALL:
            np.testing.assert_array_equal(cohort.array(name)[row], arrays[name])


def test_the_number_of_processes_changes_nothing(people, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "PART", 3)
    extract_sources([str(people)], tmp_path / "one")
    extract_sources([str(people)], tmp_path / "two", workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_an_unknown_engine_is_refused_before_anything_is_written(people, tmp_path):
    with pytest.raises(FacialisError, match="unknown engine 'spark://host:1'; known: processes, dask://HOST:PORT"):
        extract_sources([str(people)], tmp_path / "c", engine="spark://host:1")
    assert not (tmp_path / "c").exists()


def test_numbers_only(people, tmp_path):
    cohort = extract_sources([str(people)], tmp_path / "c", pictures=False)
    assert set(cohort.modalities) == set(ALL) - {"crops", "lines"}


PROGRAM = """
import sys
from facialis.cohorts import extraction
from facialis.cohorts.sources import extract_sources
extraction.PART = 1
extract_sources([sys.argv[1]], sys.argv[2])
"""


def test_killed_at_random_points_it_goes_on_and_ends_bit_identical(people, tmp_path):
    call = [sys.executable, "-c", PROGRAM, str(people)]
    subprocess.run([*call, str(tmp_path / "whole")], check=True)
    rng = random.Random(0)
    broken = tmp_path / "broken"
    kills = 0
    for _ in range(3):
        process = subprocess.Popen([*call, str(broken)])
        held = len(list(broken.glob(".parts/0*.npz")))
        deadline = time.monotonic() + 60
        while len(list(broken.glob(".parts/0*.npz"))) <= held and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        assert not (broken / "cohort.json").exists() or process.returncode == 0
    assert kills > 0
    if (broken / "cohort.json").exists():  # the last kill came too late
        with pytest.raises(CohortError, match="holds a cohort already"):
            extract_sources([str(people)], broken)
    else:
        (broken / ".crops.npy.0a1b2c3_.npy").write_bytes(b"what a kill in the joining leaves")
        subprocess.run([*call, str(broken)], check=True)
    assert files(broken) == files(tmp_path / "whole")
    assert len(Cohort.open(broken)) == 8


def test_another_extraction_does_not_go_on_in_the_same_folder(people, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        extract_sources([str(people)], tmp_path / "c")
    with pytest.raises(CohortError, match="unfinished extraction of other pictures or options"):
        extract_sources([str(people)], tmp_path / "c", pictures=False)


def test_damaged_parts_are_made_again_and_a_running_extraction_is_not_disturbed(people, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "PART", 3)
    extract_sources([str(people)], tmp_path / "whole")
    assemble = extraction._assemble
    monkeypatch.setattr(extraction, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        extract_sources([str(people)], tmp_path / "c")
    parts = tmp_path / "c" / ".parts"
    (parts / "000000003.npz").write_bytes(b"junk")
    with locked(parts / "lock", "busy"), pytest.raises(FacialisError, match="another extraction is writing there"):
        extract_sources([str(people)], tmp_path / "c")
    monkeypatch.setattr(extraction, "_assemble", assemble)
    extract_sources([str(people)], tmp_path / "c")
    assert files(tmp_path / "c") == files(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="the file system holds only UTF-8 names")
def test_names_that_are_not_utf8(people, tmp_path):
    (people / "palsy" / "a" / "0.png").rename(people / "palsy" / "a" / os.fsdecode(b"\xe9\n0.png"))
    cohort = extract_sources([str(people)], tmp_path / "c", pictures=False)
    assert len(cohort) == 8
    assert "palsy/a/\\udce9\n0.png" in set(cohort.frames["path"])


def test_nothing_usable(tmp_path, people):
    for file in people.rglob("*.png"):
        if file.name != "wall.png":
            file.unlink()
    with pytest.raises(CohortError, match="none of 2 pictures was usable"):
        extract_sources([str(people)], tmp_path / "c")
    assert not (tmp_path / "c" / "cohort.json").exists()


def test_manifest(people, tmp_path):
    rows = ["path,subject_id,label,sequence,site"]
    rows += [f"palsy/a/{i}.png,one,{int(i > 1)},s{i},X" for i in range(4)] + ["healthy/b/5.png,two,0,,Y"]
    (people / "manifest.csv").write_text("\n".join(rows))
    cohort = extract_sources([str(people)], tmp_path / "c", pictures=False)
    frames = cohort.frames
    assert list(frames["label"]) == [0, 0, 1, 1, 0]
    assert list(frames["group"]) == ["patient"] * 4 + ["healthy"]
    assert list(frames["site"]) == ["X"] * 4 + ["Y"]
    assert list(frames["sequence"]) == ["s0", "s1", "s2", "s3", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\na.png,1", "column 'subject_id' is missing"),
        ("path,subject_id,label\na.png,,1", "row 1: the column 'subject_id' is empty"),
        ("path,subject_id,label\na.png,x,1\nb.png,x,yes", "row 2: label is 'yes'"),
        ("path,subject_id,label\n../a.png,x,1", "row 1: path is '../a.png'; it must lie inside the folder"),
        ("path,subject_id,label,time\na.png,x,1,1.5\nb.png,x,1,soon", "row 2: time is 'soon'"),
    ],
)
def test_wrong_manifests(tmp_path, text, message):
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(CohortError, match=message):
        read_folder(tmp_path)


def test_a_wrong_table_is_refused_before_any_picture_is_read(people, tmp_path):
    (people / "manifest.csv").write_text("path,subject_id,label\npalsy/a/0.png,x,1\npalsy/a/0.png,x,1")
    with pytest.raises(CohortError, match="stands in the table twice"):
        extract_sources([str(people)], tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_wrong_sources(tmp_path, people):
    with pytest.raises(CohortError, match="unknown kind of data set 'zip'"):
        extract_sources([f"zip:{people}"], tmp_path / "c")
    with pytest.raises(CohortError, match="no such folder"):
        extract_sources([str(tmp_path / "none")], tmp_path / "c")
    with pytest.raises(CohortError, match=r"expected manifest\.csv, or .* found 5 files such as 0\.png"):
        extract_sources([str(people / "palsy" / "a")], tmp_path / "c")
    with pytest.raises(CohortError, match="both called"):
        extract_sources([str(people), str(people)], tmp_path / "c")


def test_two_sources_in_one_cohort(people, tmp_path):
    other = people.parent / "others"
    (other / "normal" / "z").mkdir(parents=True)
    (other / "normal" / "z" / "z.png").write_bytes((people / "healthy" / "b" / "5.png").read_bytes())
    cohort = extract_sources([str(people), f"folder:{other}"], tmp_path / "c", pictures=False)
    assert len(cohort) == 9
    assert sorted(cohort.frames["source"].unique()) == ["folder:others", "folder:people"]
