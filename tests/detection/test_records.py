"""Clinicians' records, with the package that defines them."""

from __future__ import annotations

import builtins
import json

import pytest

from facialis.detection.bundle import Bundle
from facialis.detection.grades import grade_ranges
from facialis.detection.photo_set_excursions import set_excursions
from facialis.detection.records import RATER, read_record, write_record
from facialis.errors import FacialisError

MOVES = ("frowning", "gentleeye", "dental", "snarl", "lippucker")


def points(**values: int) -> dict[str, object]:
    return {name: {"key": name, "value": value, "time": "2026-01-01"} for name, value in values.items()}


def whole(rest: int, movement: int, synkinesis: int) -> dict[str, object]:
    return points(
        **{f"rest_{place}": rest for place in ("eye", "cheek", "mouth")},
        **{f"{move}_symmetry": movement for move in MOVES},
        **{f"{move}_synkinesis": synkinesis for move in MOVES},
    )


def test_a_clinicians_record_is_read_and_summed_as_the_scale_has_it(tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"rater": "A", "sunnybrook": whole(1, 4, 2), "houseBrackmann": {"houseBrackmann": 3}}))
    record = read_record(path)
    assert record["sunnybrook"]["score"] == 4 * 20 - 5 * 3 - 10  # the package's own sum takes synkinesis four times
    assert record["house_brackmann"]["score"] == 3
    assert "eface" not in record
    path.write_text(json.dumps({"sunnybrook": points(rest_eye=1)}))
    assert read_record(path)["sunnybrook"] == {"items": {"rest_eye": 1.0}, "score": None}


@pytest.mark.parametrize(
    ("text", "words"),
    [("no json", "no record"), ("[]", "no record"), ("{}", "nothing is scored"),
     (json.dumps({"sunnybrook": points(rest_eye=77)}), "rest_eye is 77, expected"),
     (json.dumps({"houseBrackmann": {"houseBrackmann": 9}}), "houseBrackmann is 9")],
)  # fmt: skip
def test_what_is_no_record_is_said_in_one_line(tmp_path, text, words):
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(FacialisError, match=words) as told:
        read_record(path)
    assert "\n" not in str(told.value)
    with pytest.raises(FacialisError, match="cannot be read"):
        read_record(tmp_path / "none.json")


def test_ranges_are_written_and_no_total_is(tmp_path):
    grades = grade_ranges(set_excursions({}, Bundle.load()))
    grades["sunnybrook"]["items"][0]["range"] = [1, 1]
    write_record(tmp_path / "r.json", grades, when="2026-01-01 10:00")
    written = json.loads((tmp_path / "r.json").read_text())
    assert written["rater"] == RATER
    assert not [name for name in written if name.startswith("sunnybrook_score")]
    assert "houseBrackmann" not in written["houseBrackmann"]
    assert written["sunnybrook"]["time_series"][0]["value"]["range"] == [0, 100]
    assert written["sunnybrook"]["rest_eye"]["value"] == 1
    assert written["sunnybrook"]["rest_mouth"] is None
    assert read_record(tmp_path / "r.json")["sunnybrook"]["items"] == {"rest_eye": 1.0}


def test_without_the_package_one_line_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("facialis_palsy_file_models"):
            raise ModuleNotFoundError(name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FacialisError, match=r"pip install 'facialis\[records\]'"):
        read_record(tmp_path / "r.json")
