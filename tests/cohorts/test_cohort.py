from __future__ import annotations

import json
import stat

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import remove_cohort, write_cohort
from facialis.errors import CohortError


def table(n: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "frame_id": [f"f{i}" for i in range(n)],
            "subject_id": [f"s{i // 2}" for i in range(n)],
            "group": ["patient" if i < n / 2 else "healthy" for i in range(n)],
            "label": [int(i < n / 2) for i in range(n)],
            "source": "test", "sequence": "", "time": float("nan"), "portrait": "", "path": "",
        }
    )  # fmt: skip


def test_write_and_open(tmp_path):
    measures = np.arange(4 * 29, dtype=np.float64).reshape(4, 29)
    made = write_cohort(tmp_path / "c", table(), {"measures": measures}, {"simulated": True})
    cohort = Cohort.open(tmp_path / "c")
    assert len(cohort) == 4
    assert cohort.modalities == ("measures",)
    assert cohort.simulated
    assert cohort.hash == made.hash
    np.testing.assert_array_equal(cohort.array("measures"), measures)
    assert isinstance(cohort.array("measures"), np.memmap)
    pd.testing.assert_frame_equal(cohort.frames, table(), check_dtype=False)
    cohort.verify()


def test_only_its_owner_may_read_it_and_no_repository_takes_it(tmp_path):
    write_cohort(tmp_path / "c", table(), {}, {})
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700
    assert (tmp_path / "c" / ".gitignore").read_text() == "*\n"


def test_a_folder_of_other_files_is_not_touched(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    mode = tmp_path.stat().st_mode
    with pytest.raises(CohortError, match="holds files that are no cohort's"):
        write_cohort(tmp_path, table(), {}, {})
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]
    assert tmp_path.stat().st_mode == mode


@pytest.mark.parametrize("text", ["[]", '{"schema": 1}', "{", '{"schema": 1, "modalities": []}'])
def test_a_card_that_is_none(tmp_path, text):
    write_cohort(tmp_path / "c", table(), {}, {})
    (tmp_path / "c" / "cohort.json").write_text(text)
    with pytest.raises(CohortError, match=r"c: "):
        Cohort.open(tmp_path / "c")


def test_a_changed_table_is_named(tmp_path):
    cohort = write_cohort(tmp_path / "c", table(), {}, {})
    table().assign(label=[0, 1, 0, 0]).to_parquet(tmp_path / "c" / "frames.parquet")
    with pytest.raises(CohortError, match=r"frames\.parquet was changed"):
        cohort.verify()


def test_hash_follows_content(tmp_path):
    ones = np.ones((4, 2))
    hashes = {
        write_cohort(tmp_path / name, frames, {"measures": array}, {}).hash
        for name, frames, array in (
            ("a", table(), ones),
            ("b", table(), ones * 2),
            ("c", table().assign(sequence="x"), ones),
        )
    }
    assert len(hashes) == 3
    assert write_cohort(tmp_path / "d", table(), {"measures": ones}, {}).hash in hashes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="label"), "lacks the columns label"),
        (lambda t: t.assign(frame_id="same"), "'same' stands in the table twice"),
        (lambda t: t.assign(subject_id="one"), "'one' stands in both groups"),
        (lambda t: t.assign(label=2), "1 .palsy. or 0"),
        (lambda t: t.assign(group="ill"), "unknown group 'ill'"),
        (lambda t: t.iloc[:0], "no frames"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, change, message):
    with pytest.raises(CohortError, match=message):
        write_cohort(tmp_path / "c", change(table()), {}, {})
    assert not (tmp_path / "c" / "cohort.json").exists()


def test_arrays_must_fit(tmp_path):
    with pytest.raises(CohortError, match="measures has 3 rows, the table of frames 4"):
        write_cohort(tmp_path / "c", table(), {"measures": np.zeros((3, 29))}, {})


def test_what_is_not_a_cohort(tmp_path):
    with pytest.raises(CohortError, match="no cohort there"):
        Cohort.open(tmp_path)
    (tmp_path / ".parts").mkdir()
    with pytest.raises(CohortError, match="not finished: run the same command again"):
        Cohort.open(tmp_path)


def test_another_schema_a_missing_and_a_changed_array(tmp_path):
    path = tmp_path / "c"
    cohort = write_cohort(path, table(), {"measures": np.zeros((4, 29))}, {})
    with pytest.raises(CohortError, match="holds no 'crops', only measures"):
        cohort.array("crops")
    array = np.load(path / "measures.npy")
    array[0, 0] = 1
    np.save(path / "measures.npy", array)
    with pytest.raises(CohortError, match=r"measures\.npy was changed"):
        cohort.verify()
    (path / "measures.npy").unlink()
    with pytest.raises(CohortError, match=r"measures\.npy cannot be read"):
        Cohort.open(path)
    card = json.loads((path / "cohort.json").read_text())
    (path / "cohort.json").write_text(json.dumps({**card, "schema": 99}))
    with pytest.raises(CohortError, match="made with schema 99"):
        Cohort.open(path)


def test_never_written_over(tmp_path):
    write_cohort(tmp_path / "c", table(), {}, {})
    with pytest.raises(CohortError, match="holds a cohort already"):
        write_cohort(tmp_path / "c", table(), {}, {})


def test_remove_takes_all_that_is_its_own_and_nothing_else(tmp_path):
    path = tmp_path / "c"
    write_cohort(path, table(), {"measures": np.zeros((4, 29))}, {})
    (path / "derived").mkdir()
    (path / "derived" / "tokens.npy").write_bytes(b"x")
    mine = ["mydata.npy", "notes.txt", "pictures"]
    (path / "pictures").mkdir()
    for name in ("notes.txt", "mydata.npy", "pictures/holiday.png"):
        (path / name).write_text("mine")
    assert remove_cohort(path) == mine
    assert sorted(entry.name for entry in path.iterdir()) == mine
    assert (path / "pictures" / "holiday.png").read_text() == "mine"
    with pytest.raises(CohortError, match="no cohort there, nothing was removed"):
        remove_cohort(path)
    write_cohort(tmp_path / "d", table(), {}, {})
    assert remove_cohort(tmp_path / "d") == []
    assert not (tmp_path / "d").exists()
