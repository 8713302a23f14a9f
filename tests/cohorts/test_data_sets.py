"""MEEI, YFP and CK+: trees in their layouts, of simulated pictures, from the folder to the cohort."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.ckplus import read_ckplus
from facialis.cohorts.meei import VIEWS, read_meei
from facialis.cohorts.sources import extract_sources
from facialis.cohorts.yfp import read_yfp
from facialis.errors import CohortError
from tests.data_sets import healthy, write_ckplus, write_meei, write_picture, write_yfp


def test_meei_from_folder_to_cohort(tmp_path):
    cohort = extract_sources([f"meei:{write_meei(tmp_path)}"], tmp_path / "c", pictures=False)
    frames = cohort.frames
    assert len(frames) == 6 * 5  # two photos; half a second of video at six a second, both ends in it: three frames
    assert frames["subject_id"].nunique() == 6
    photos = frames[frames["video_frame"] < 0].groupby("subject_id")["view"].agg(list)
    assert all(views == list(VIEWS[:2]) for views in photos)
    assert list(frames.loc[frames["video_frame"] >= 0, "view"].unique()) == ["video"]
    people = frames.drop_duplicates("subject_id").set_index("subject_id")
    assert dict(people["group"].value_counts()) == {"patient": 4, "healthy": 2}
    synkinetic = people.loc["meei/severe-synkinetic-3"]
    assert (synkinetic["kind"], synkinetic["severity_folder"]) == ("synkinetic", "severe")
    assert (synkinetic["weak_side"], synkinetic["sex"], synkinetic["age"]) == ("subject_left", "female", 62)
    assert (synkinetic["house_brackmann"], synkinetic["sunnybrook"], synkinetic["eface"]) == ("IV", 40, 60)
    assert people.loc["meei/complete-flaccid-1", "weak_side"] == "subject_right"
    assert people.loc["meei/near-normal-synkinetic-5", "age"] == 47
    without_row = people.loc["meei/normal-1", ["weak_side", "sex", "age", "house_brackmann", "eface"]]
    assert without_row.isna().all()
    assert people.loc["meei/normal-4", "age"] == 31
    assert "1 of 6 participants have no row in MEEI grades.xlsx" in "\n".join(cohort.provenance["notes"])


def test_meei_with_folders_around_it_and_without_its_sheet(tmp_path):
    root = write_meei(tmp_path / "downloads", videos=False)
    (root / "MEEI grades.xlsx").unlink()
    listing = read_meei(tmp_path / "downloads")
    assert len(listing.frames) == 12
    assert "no XLSX in the folder; side, age, sex and grades stay empty" in "\n".join(listing.notes)


def test_wrong_meei(tmp_path):
    root = write_meei(tmp_path, videos=False)
    for content, message in (
        (b"PK\x03\x04 no archive", r"MEEI grades\.xlsx: cannot be read as XLSX .*move it away"),
        (b"", r"MEEI grades\.xlsx: cannot be read as XLSX"),
    ):
        (root / "MEEI grades.xlsx").write_bytes(content)
        with pytest.raises(CohortError, match=message):
            read_meei(root)
    import openpyxl

    openpyxl.Workbook().save(root / "MEEI grades.xlsx")
    with pytest.raises(CohortError, match="the columns Category, Sub-category and # are expected"):
        read_meei(root)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match=r"empty: holds no pictures or videos; expected Normals/Normal4"):
        read_meei(tmp_path / "empty")
    with pytest.raises(CohortError, match=r"expected Normals/Normal4.* found 24 files such as cohn-kanade-images/S005"):
        read_meei(write_ckplus(tmp_path))
    with pytest.raises(CohortError, match="no such folder; give the folder of the MEEI standard set"):
        read_meei(tmp_path / "none")


@pytest.mark.parametrize("inner", ["", "cohn-kanade-images"])
def test_ckplus(tmp_path, inner):
    listing = read_ckplus(write_ckplus(tmp_path) / inner)
    frames = listing.frames
    assert len(frames) == 4 * 2 * 3
    assert (frames["group"] == "healthy").all()
    assert not frames["label"].any()
    one = frames[frames["sequence"] == "S005/001"]
    assert list(one["phase"]) == ["neutral", "", "apex"]
    assert list(one["emotion"]) == ["disgust"] * 3
    assert list(one["facs"]) == ["", "", "1:2 4"]
    assert one["landmarks_file"].iloc[1] == "Landmarks/S005/001/S005_001_00000002_landmarks.txt"
    assert set(frames.loc[frames["sequence"] == "S010/002", "emotion"]) == {""}
    assert listing.notes == ("ckplus: 4 subjects; the whole database has 123",)


def test_ckplus_as_it_is_unpacked_or_with_the_images_alone(tmp_path):
    root = write_ckplus(tmp_path)
    (root / "Emotion").rename(root / "moved")
    (root / "Emotion_labels").mkdir()
    (root / "moved").rename(root / "Emotion_labels" / "Emotion")
    assert set(read_ckplus(root).frames["emotion"]) == {"disgust", ""}
    shutil.rmtree(root / "Emotion_labels")
    shutil.rmtree(root / "FACS")
    shutil.rmtree(root / "Landmarks")
    listing = read_ckplus(root)
    assert set(listing.frames["emotion"]) | set(listing.frames["facs"]) | set(listing.frames["landmarks_file"]) == {""}
    assert sum("stays empty" in note for note in listing.notes) == 3


def test_wrong_ckplus(tmp_path):
    root = write_ckplus(tmp_path)
    file = root / "Emotion" / "S005" / "001" / "S005_001_00000003_emotion.txt"
    for text, message in (
        ("9", "holds no emotion; expected one number from 0 to 7"),
        ("sad", "cannot be read as numb"),
    ):
        file.write_text(text)
        with pytest.raises(CohortError, match=rf"S005_001_00000003_emotion\.txt: {message}"):
            read_ckplus(root)
    with pytest.raises(CohortError, match=r"expected cohn-kanade-images/S005/.* found 4 files such as Emotion"):
        (root / "cohn-kanade-images").rename(root / "images")
        for png in list((root / "images").rglob("*.png"))[4:]:
            png.unlink()
        (root / "images").rename(root / "Emotion" / "images")
        read_ckplus(root)


def test_healthy_subjects_are_drawn_and_written_down(tmp_path):
    root = write_ckplus(tmp_path)
    asked = {"pictures": False, "healthy_subjects": 2, "per_subject": 1}
    cohort = extract_sources([f"ckplus:{root}"], tmp_path / "c", seed=1, **asked)
    chosen = cohort.provenance["healthy_subjects"]
    assert (chosen["n"], chosen["of"], chosen["seed"]) == (2, 4, 1)
    assert sorted(cohort.frames["subject_id"]) == chosen["subjects"]
    again = extract_sources([f"ckplus:{root}"], tmp_path / "d", seed=1, **asked)
    assert again.hash == cohort.hash
    with pytest.raises(CohortError, match="5 healthy subjects are asked for; the sources have 4"):
        extract_sources([f"ckplus:{root}"], tmp_path / "e", healthy_subjects=5)


@pytest.mark.parametrize("videos", [False, True])
def test_yfp_frames_and_videos(tmp_path, videos):
    frames = read_yfp(write_yfp(tmp_path, videos=videos)).frames
    assert list(frames.drop_duplicates("recording")["subject_id"]) == ["yfp/1", "yfp/1", "yfp/2"]
    assert (frames["group"] == "patient").all()
    one = frames[frames["recording"] == "1_1"]
    np.testing.assert_allclose(one["time"], [0, 1 / 6, 2 / 6])
    assert list(one["label"]) == [0, 1, 1]
    mouth = one.iloc[1][["mouth_x", "mouth_y", "mouth_width", "mouth_height", "mouth_intensity"]]
    assert list(mouth) == [110, 155, 30, 25, 1.5]  # what both clinicians marked; slight and strong
    assert one.iloc[2]["eye_intensity"] == 2
    assert one["mouth_x"].isna().tolist() == [True, False, True]
    assert list(frames.loc[frames["recording"] == "1_2", "label"]) == [1, 0, 0]
    assert list(frames.loc[frames["recording"] == "2_1", "label"]) == [1, 1, 1]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["3/1/a.jpg", "3/2/a.jpg", "4/1/a.jpg"], [("3", "3/1"), ("3", "3/2"), ("4", "4/1")]),
        (["YFP/images/P01-2/0001.png", "YFP/images/P02/0001.png"], [("P01", "P01-2"), ("P02", "P02")]),
        (
            ["patient_1/0.jpg", "patient_1_video2/0.jpg"],
            [("patient_1", "patient_1"), ("patient_1", "patient_1_video2")],
        ),
    ],
)
def test_yfp_layouts(tmp_path, paths, found):
    for path in paths:
        write_picture(tmp_path / path, healthy(0)[:8, :8])
    frames = read_yfp(tmp_path).frames
    assert [
        (s.removeprefix("yfp/"), r) for s, r in zip(frames["subject_id"], frames["recording"], strict=True)
    ] == found


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("1_1.csv", "frame,region,x,y,width,height\n1,nose,1,2,3,4", r"1_1\.csv: line 2: the region is 'nose'"),
        ("1_1.csv", "frame,region,x,y,width,height\n1,eye,1,2,3,", r"line 2: '1 2 3' is no box|line 2: '1 2 3 ' is no"),
        ("1_1.csv", "frame;region;x1;y1;x2;y2\n1;eye;9;9;4;4", r"line 2: the box is -5 x -5 px"),
        ("all.csv", "video,frame,region,x,y,w,h\n7_7,1,eye,1,2,3,4", r"line 2: no recording '7_7' among"),
        ("1_1/0001.txt", "eye 1 2 3 4 huge", r"0001\.txt: line 1: the intensity is 'huge'"),
    ],
)
def test_wrong_yfp_annotations(tmp_path, name, text, message):
    root = write_yfp(tmp_path)
    shutil.rmtree(root / "annotations")
    file = root / "annotations" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(CohortError, match=message):
        read_yfp(root)


def test_yfp_one_file_for_all(tmp_path):
    root = write_yfp(tmp_path)
    shutil.rmtree(root / "annotations")
    (root / "readme.txt").write_text("eyes and mouths were marked\n")
    (root / "labels.csv").write_text("Video,Frame,Region,x1,y1,x2,y2,Intensity\n1_2,0003.jpg,Left eye,5,6,15,26,high\n")
    frames = read_yfp(root).frames
    row = frames[frames["label"].eq(1) & frames["recording"].eq("1_2")]
    assert list(row["path"]) == ["frames/1_2/0003.jpg"]
    assert row[["eye_x", "eye_y", "eye_width", "eye_height", "eye_intensity"]].iloc[0].tolist() == [5, 6, 10, 20, 2]


def test_three_sources_in_one_cohort(tmp_path):
    sources = [f"yfp:{write_yfp(tmp_path)}", f"ckplus:{write_ckplus(tmp_path)}"]
    sources.append(f"meei:{write_meei(tmp_path, photos=1)}")
    cohort = extract_sources(sources, tmp_path / "c", pictures=False, videos=False, per_subject=1)
    assert sorted(cohort.frames["source"].unique()) == ["ckplus", "meei", "yfp"]
    assert len(cohort) == cohort.frames["subject_id"].nunique() == 12
    assert cohort.provenance["videos_left_out"] == 6
    assert cohort.provenance["thinning"] == {"every": None, "per_subject": 1, "listed": 39, "kept": 12}
    assert isinstance(pd.read_parquet(cohort.path / "frames.parquet")["emotion"].iloc[0], object)
    with pytest.raises(CohortError, match="both called 'meei'"):
        extract_sources([sources[2], sources[2]], tmp_path / "d")
