"""Folders with a manifest: what it may say, and errors that name row and column."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from facialis.cohorts.folder import read_folder
from facialis.cohorts.manifest import row_schema
from facialis.cohorts.sources import extract_sources
from facialis.cohorts.thinning import thin
from facialis.errors import CohortError
from facialis.reports.cohort_tables import choice_lines
from tests.data_sets import healthy, write_people, write_picture


def test_a_manifest_of_pictures_and_videos(tmp_path):
    root = write_people(tmp_path)
    listing = read_folder(root)
    frames = listing.frames
    assert listing.notes == ()
    assert frames.groupby("path").size().to_dict() == {
        f"p{p}/{name}": n for p in range(4) for name, n in (("0.png", 1), ("1.png", 1), ("film.mp4", 13))
    }
    first = frames.iloc[0]
    assert (first["subject_id"], first["group"], first["label"]) == ("p0", "patient", 1)
    assert (first["weak_side"], first["sex"], first["consent"]) == ("subject_left", "female", "yes")
    assert (first["site"], first["age_band"], first["skin_tone"]) == ("Ward 0", "40-49", "III")
    assert list(frames.drop_duplicates("subject_id")["group"]) == ["patient", "patient", "healthy", "healthy"]
    assert set(frames.loc[frames["video_frame"] >= 0, "sequence"]) == {f"p{p}/film.mp4" for p in range(4)}


def test_parquet_semicolons_and_a_byte_order_mark(tmp_path):
    root = write_people(tmp_path, videos=False)
    expected = read_folder(root).frames
    text = (root / "manifest.csv").read_text()
    (root / "manifest.csv").write_text(text.replace(",", ";"), encoding="utf-8-sig")
    pd.testing.assert_frame_equal(read_folder(root).frames, expected)
    pd.read_csv(root / "manifest.csv", sep=";").to_parquet(root / "manifest.parquet")
    (root / "manifest.csv").unlink()
    pd.testing.assert_frame_equal(read_folder(root).frames, expected, check_dtype=False)


def test_unknown_columns_are_kept_and_named_once(tmp_path):
    (tmp_path / "manifest.csv").write_text(
        "path,subject,group,ward nr,skin_tome\na.png,007,healthy,3,II\nb.png,8,palsy,,\n"
    )
    listing = read_folder(tmp_path)
    assert len(listing.notes) == 1
    assert listing.notes[0].endswith("unknown to this program: ward nr, skin_tome (did you mean skin_tone?)")
    assert list(listing.frames["skin_tome"].fillna("")) == ["II", ""]
    assert list(listing.frames["subject_id"]) == ["007", "8"]
    assert list(listing.frames["label"]) == [0, 1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("lable,path,subject\n1,a.png,x", "the column 'label' is missing; did you mean it by 'lable'"),
        ("path,Patient_ID,label\na.png,x,1", "the column 'subject_id' is missing; did you mean it by 'Patient_ID'"),
        ("filename,subject,label\na.png,x,1", "the column 'path' is missing; did you mean it by 'filename'"),
        ("", "is empty; a heading and a row for each picture or video were expected"),
        ("\n", "is empty; a heading"),
        ("path,subject,label\n", "has no rows"),
        (
            "path,subject,label,side\na.png,x,1,left\nb.png,x,1,top",
            "row 2: weak_side is 'top'; subject_left, subject_r",
        ),
        ("path,subject,label,sex\na.png,x,1,?", r"row 1: sex is '\?'; female, male, other were expected"),
        ("path,subject,label,consent\na.png,x,1,maybe", "row 1: consent is 'maybe'; yes, no were expected"),
        ("path,subject,label,group\na.png,x,1,ill", "row 1: group is 'ill'; patient, healthy were expected"),
        ("path,subject,label,group\na.png,x,1,", "row 1: the column 'group' is empty"),
        ("path,subject,label,time\na.png,x,1,-2", "row 1: time is -2; seconds were expected"),
        ("path,subject,label\n/etc/passwd,x,1", "row 1: path is '/etc/passwd'; it must lie inside the folder"),
        ("path,subject,label\nC:\\a.png,x,1", "it must lie inside the folder"),
        ("path,subject,label\na/../../b.png,x,1", "it must lie inside the folder"),
        ("path,path,label\na.png,x,1", "the column 'subject_id' is missing"),
    ],
)
def test_wrong_rows(tmp_path, rows, message):
    (tmp_path / "manifest.csv").write_text(rows)
    with pytest.raises(CohortError, match=rf"manifest\.csv: {message}|manifest\.csv: row 1: .*{message}"):
        read_folder(tmp_path)


def test_unreadable_manifests(tmp_path):
    (tmp_path / "manifest.csv").write_bytes("path,subject,label\nJosé.png,x,1\n".encode("latin-1"))
    with pytest.raises(CohortError, match=r"manifest\.csv: byte \d+ is not UTF-8; save it again as CSV in UTF-8"):
        read_folder(tmp_path)
    (tmp_path / "manifest.csv").write_bytes("path,subject,label\na.png,x,1\n".encode("utf-16"))
    with pytest.raises(CohortError, match="is not UTF-8"):
        read_folder(tmp_path)
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(CohortError, match=r"manifest\.parquet: cannot be read"):
        read_folder(tmp_path)
    file = tmp_path / "a.txt"
    file.touch()
    with pytest.raises(CohortError, match="a file, not a folder"):
        read_folder(file)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold no such names")
def test_hostile_names_in_a_layout(tmp_path):
    root = tmp_path / "people"
    names = ["a b.png", "new\nline.png", "[bold].png", "'; rm -rf.png", os.fsdecode(b"\xe9.png"), "a.mp4.png"]
    for name in names:
        write_picture(root / "healthy" / "x\ty" / name, healthy(0))
    os.mkfifo(root / "healthy" / "x\ty" / "pipe.png")
    write_picture(root / "elsewhere.png", healthy(1))
    cohort = extract_sources([str(root)], tmp_path / "c", pictures=False)
    assert len(cohort) == len(names)
    assert pd.read_parquet(cohort.path / "unusable.parquet")["reason"].str.contains("not a regular file").tolist() == [
        True
    ]
    assert cohort.provenance["notes"][0].endswith("1 files lie elsewhere than GROUP/SUBJECT/* and are left out")


def test_a_folder_of_no_known_group_is_named_and_an_empty_group_is_a_warning(tmp_path):
    for name in ("Patients/p1/a.png", "Cntrls/h1/a.png", "Cntrls/h2/b.png", "c.png"):
        write_picture(tmp_path / "f" / name, healthy(0))
    listing = read_folder(tmp_path / "f")
    assert list(listing.frames["path"]) == ["Patients/p1/a.png"]
    unknown, elsewhere = listing.notes
    assert "f: WARNING, nobody in the group healthy: no known group: Cntrls; 2 files left out (known: pat" in unknown
    assert "control" in unknown
    assert elsewhere.endswith("f: 1 files lie elsewhere than GROUP/SUBJECT/* and are left out")
    write_picture(tmp_path / "f" / "controls" / "h3" / "d.png", healthy(0))
    listing = read_folder(tmp_path / "f")
    assert set(listing.frames["group"]) == {"patient", "healthy"}
    assert "f: no known group: Cntrls; 2 files left out" in listing.notes[0]
    cohort = extract_sources([str(tmp_path / "f")], tmp_path / "c", pictures=False)
    assert choice_lines(cohort)[:2] == list(listing.notes)


def test_simulated_is_called_simulated(tmp_path):
    write_picture(tmp_path / "f" / "a.png", healthy(0))
    for word, simulated in (("true", True), ("", False)):
        (tmp_path / "f" / "manifest.csv").write_text(f"path,subject,label,simulated\na.png,x,0,{word}\n")
        cohort = extract_sources([str(tmp_path / "f")], tmp_path / f"c{simulated}", pictures=False)
        assert cohort.simulated is simulated


def test_a_column_of_numbers_here_and_text_there(tmp_path):
    for name, cell in (("f", "7"), ("g", "seven")):
        write_picture(tmp_path / name / "a.png", healthy(0))
        (tmp_path / name / "manifest.csv").write_text(f"path,subject,label,ward\na.png,{name},0,{cell}\n")
    cohort = extract_sources([str(tmp_path / "f"), str(tmp_path / "g")], tmp_path / "c", pictures=False)
    assert list(cohort.frames["ward"]) == ["7", "seven"]


def frames(**lengths):
    parts = [pd.DataFrame({"subject_id": name[0], "sequence": name, "time": range(n)}) for name, n in lengths.items()]
    return pd.concat(parts, ignore_index=True)


def test_thinning():
    table = frames(a1=10, a2=4, b=3)
    kept, facts = thin(table, every=4)
    assert kept.groupby("sequence")["time"].agg(list).to_dict() == {"a1": [0, 4, 8], "a2": [0], "b": [0]}
    assert facts == {"thinning": {"every": 4, "per_subject": None, "listed": 17, "kept": 5}}
    kept, _ = thin(table, per_subject=2)
    assert kept[["sequence", "time"]].to_numpy().tolist() == [["a1", 3], ["a2", 0], ["b", 0], ["b", 2]]
    kept, _ = thin(table, every=2, per_subject=100)
    assert len(kept) == 5 + 2 + 2
    assert thin(table)[1] == {}
    for k in range(1, 15):
        times = thin(frames(a=14), per_subject=k)[0]["time"]
        assert len(times) == k
        assert times.is_unique
        assert times.iloc[0] + times.iloc[-1] == pytest.approx(13, abs=1)
    with pytest.raises(CohortError, match="every is 0"):
        thin(table, every=0)


GOOD = {"path": "a.png", "subject_id": "1", "label": "1"}


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"subject_id": None, "subject": "p1"}, True),
        ({"label": None, "group": " Palsy "}, True),
        ({"side": "LEFT", "sex": "w", "consent": "No", "time": "0.5", "age": "71", "site": "Ward 1"}, True),
        ({"label": "0.0", "time": "1e1", "heart": "unknown columns are kept"}, True),
        ({"path": "more/..b/a.png"}, True),
        ({"path": None}, False),
        ({"path": "../a.png"}, False),
        ({"path": "/a.png"}, False),
        ({"path": "C:\\a.png"}, False),
        ({"subject_id": None}, False),
        ({"subject_id": " "}, False),
        ({"label": None}, False),
        ({"label": "2"}, False),
        ({"label": "palsy"}, False),
        ({"group": "ill"}, False),
        ({"side": "both"}, False),
        ({"sex": "?"}, False),
        ({"consent": "perhaps"}, False),
        ({"time": "-1"}, False),
        ({"age": "old"}, False),
    ],
)
def test_the_schema_says_what_the_reader_does(tmp_path, changed, fits):
    row = {name: cell for name, cell in (GOOD | changed).items() if cell is not None}
    schema = row_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(row) is fits
    picture = tmp_path / row.get("path", "a.png")
    if fits:
        picture.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([row]).to_csv(tmp_path / "manifest.csv", index=False)
    if fits:
        assert len(read_folder(tmp_path).frames) == 1
    else:
        with pytest.raises(CohortError):
            read_folder(tmp_path)


def test_the_published_schema_is_that_of_the_program():
    published = Path(__file__).parents[2] / "docs" / "reference" / "manifest.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == row_schema(), "run python tools/docs/reference.py"
