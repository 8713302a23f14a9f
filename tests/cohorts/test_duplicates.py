from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
from PIL import Image

from facialis.cohorts.duplicates import NEAR, find_duplicates, picture_hashes
from facialis.cohorts.sources import extract_sources
from tests.data_sets import FPS, healthy, ill, write_picture, write_video


def table(*rows):
    frames = pd.DataFrame(rows, columns=["subject_id", "sequence", "content_hash", "picture_hash"])
    defaults = {"source": "s", "group": "patient", "portrait": "", "label": 1}
    return frames.assign(frame_id=[f"f{i}" for i in range(len(frames))], **defaults)


def bits(*changed):
    value = np.zeros(128, dtype=np.uint8)
    value[list(changed)] = 1
    return np.packbits(value).tobytes().hex()


def test_hashes_of_copies_and_of_other_people():
    def distance(a, b):
        return bin(int(picture_hashes(a)["picture_hash"], 16) ^ int(picture_hashes(b)["picture_hash"], 16)).count("1")

    picture = healthy(0)
    file = io.BytesIO()
    Image.fromarray(picture).resize((400, 400)).save(file, "JPEG", quality=80)
    copy = np.asarray(Image.open(file))
    assert distance(picture, copy) <= NEAR
    assert picture_hashes(picture)["content_hash"] != picture_hashes(copy)["content_hash"]
    assert picture_hashes(picture) == picture_hashes(picture.copy())
    assert min(distance(healthy(a), healthy(b)) for a in range(4) for b in range(a)) > 2 * NEAR
    assert set(map(len, picture_hashes(picture[:1, :1]).values())) == {32}


def test_a_clean_table():
    assert find_duplicates(table(("a", "", "1", bits()), ("b", "", "2", bits(*range(40))))) == []
    without = table(("a", "", "1", bits()), ("b", "", "2", bits())).drop(columns=["content_hash", "picture_hash"])
    assert find_duplicates(without) == []


def test_subjects_in_both_groups_and_in_two_sources():
    frames = table(("a", "", "1", bits()), ("a", "", "2", bits(*range(40))))
    assert find_duplicates(frames.assign(group=["patient", "healthy"])) == ["the subject 'a' stands in both groups"]
    assert find_duplicates(frames.assign(source=["x", "y"])) == ["the subject 'a' stands in 2 sources: x, y"]


def test_the_same_pixels():
    assert find_duplicates(table(("a", "", "1", bits()), ("a", "", "1", bits()))) == ["the same picture of 'a': f0, f1"]
    assert find_duplicates(table(("a", "v", "1", bits()), ("a", "v", "1", bits()))) == []  # a still face in one video
    assert find_duplicates(table(("a", "v", "1", bits()), ("a", "w", "1", bits()))) == [
        "the same picture of 'a': f0, f1"
    ]
    two = table(("a", "v", "1", bits()), ("b", "v", "1", bits()))
    assert find_duplicates(two) == ["the same picture under 'a' and 'b': f0, f1"]


def test_nearly_the_same_picture_counts_under_two_subjects_only():
    near, far = bits(*range(NEAR)), bits(*range(NEAR + 1))
    assert find_duplicates(table(("a", "", "1", bits()), ("a", "", "2", near))) == []
    assert find_duplicates(table(("a", "", "1", bits()), ("b", "", "2", far))) == []
    two = table(("a", "", "1", bits()), ("b", "", "2", near))
    assert find_duplicates(two) == ["nearly the same picture under 'a' and 'b': f0, f1"]
    assert find_duplicates(two.assign(portrait="one sitter")) == []  # simulated twins
    spread = bits(*range(0, 128, 128 // NEAR)[:NEAR])  # as the bands of the search have it worst
    assert len(find_duplicates(table(("a", "", "1", bits()), ("b", "", "2", spread)))) == 1


def test_as_by_comparing_each_with_each():
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 2, (30, 128), dtype=np.uint8)
    values = centres[rng.integers(0, 30, 200)] ^ (rng.random((200, 128)) < 0.03)
    subjects = rng.integers(0, 12, 200)
    hashes = [np.packbits(value).tobytes().hex() for value in values]
    rows = [
        (f"s{subject:02d}", "", str(i), text) for i, (subject, text) in enumerate(zip(subjects, hashes, strict=True))
    ]
    near = np.argwhere((values[:, None] != values[None]).sum(axis=-1) <= NEAR)
    pairs = {tuple(sorted((subjects[i], subjects[j]))) for i, j in near if subjects[i] != subjects[j]}
    found = find_duplicates(table(*rows))
    assert len(pairs) > 20
    assert {tuple(sorted(map(int, re.findall(r"'s(\d+)'", line)))) for line in found} == pairs
    assert len(found) == len(pairs)


def test_extraction_reports_and_drops_nothing(tmp_path):
    root = tmp_path / "mixed"
    write_picture(root / "0.png", ill(0))
    write_picture(root / "1.png", healthy(1))
    write_picture(root / "2.png", healthy(1))
    write_picture(root / "3.jpg", healthy(1), quality=92)
    write_video(root / "4.mp4", [healthy(2)] * FPS)
    rows = ["path,subject,label,group", "0.png,a,1,patient", "1.png,a,0,healthy", "2.png,b,0,healthy"]
    rows += ["3.jpg,c,0,healthy", "4.mp4,d,0,healthy"]
    (root / "manifest.csv").write_text("\n".join(rows))
    cohort = extract_sources([str(root)], tmp_path / "c", pictures=False)
    assert len(cohort) == 4 + 7
    found = find_duplicates(cohort.frames)
    assert found[0] == "the subject 'a' stands in both groups"
    assert found[1].startswith("the same picture under 'a' and 'b': folder:mixed/1.png, folder:mixed/2.png")
    assert len(found) == 4  # and c's copy, near a's and b's; nothing of d's still video
