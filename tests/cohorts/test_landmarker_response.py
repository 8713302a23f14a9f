"""Faces moved and turned by known amounts, with the real landmarker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from benchmarks import landmarker_response
from facialis.app.cli import app
from facialis.cohorts.simulated import framing, metrology, response, response_fit, turning
from facialis.errors import CohortError
from facialis.faces import instrument
from facialis.faces.landmarks import FaceLandmarker
from facialis.modalities.measures import MEASURES
from facialis.modalities.signed import SIGNED_MEASURES

CORNER, BROW_TAIL = response.PUSHES[0], response.PUSHES[4]


@pytest.fixture(scope="module")
def portrait(landmarker: FaceLandmarker, astronaut: NDArray[np.uint8]) -> framing.Frame:
    return framing.frame(landmarker, "astronaut", astronaut)


@pytest.fixture(scope="module")
def found(landmarker: FaceLandmarker, portrait: framing.Frame) -> list[response.Answer]:
    return response.answers(landmarker, portrait, response.PUSHES, framing.SETTINGS[:1])


@pytest.mark.parametrize("push", response.METROLOGY, ids=lambda push: push.name)
def test_a_push_moves_its_centre_one_side_and_by_the_size_asked(push: response.Push) -> None:
    field = response.field(push, 0.1)
    length = np.linalg.norm(field, axis=1)
    assert length.max() == pytest.approx(0.1 * response.IOD_CM)
    assert length[push.centre] > 0.4 * length.max()
    assert not field[468:].any()


def test_a_setting_gives_the_same_points_back(landmarker: FaceLandmarker, portrait: framing.Frame) -> None:
    for setting in framing.SETTINGS:
        points = framing.find(landmarker, portrait.rgb, setting)
        assert points is not None
        off = np.linalg.norm(points - portrait.face.landmarks[:, :2], axis=1) / portrait.face.interocular_px
        assert np.median(off) < 0.03, setting.name


def test_the_mouths_corner_is_seen_and_the_brows_tail_hardly(found: list[response.Answer]) -> None:
    def gain(push: response.Push) -> float:
        return float(np.mean([response.gain_of(a.true, a.got) for a in found if a.push == push]))

    assert 0.6 < gain(CORNER) < 1.0
    assert gain(BROW_TAIL) < 0.5
    assert gain(CORNER) > gain(BROW_TAIL) + 0.25


def test_answers_are_the_same_again(
    landmarker: FaceLandmarker, portrait: framing.Frame, found: list[response.Answer]
) -> None:
    again = response.answers(landmarker, portrait, [CORNER], framing.SETTINGS[:1])
    for one, other in zip(again, found, strict=False):
        np.testing.assert_array_equal(one.got, other.got)


def test_the_fit_explains_more_than_the_gains_and_finds_a_known_table(found: list[response.Answer]) -> None:
    fit = response_fit.fit_along(found)
    for axis in (0, 1):
        assert fit.explained[axis] > max(0.3, fit.gains_alone[axis] + 0.05)
    known = response_fit.fit_along([answer._replace(got=answer.predicted) for answer in found])
    assert min(known.explained) > 0.9  # the instrument's own answers


def test_a_turned_head_is_reported_turned_and_at_rest_stays(
    landmarker: FaceLandmarker, portrait: framing.Frame
) -> None:
    made = turning.surface(portrait)
    still, points = turning.draw(made, np.zeros(3))
    assert np.abs(points - portrait.face.landmarks[:, :2]).max() < 1e-3
    assert np.abs(still[60:-60, 60:-60].astype(float) - portrait.rgb[60:-60, 60:-60]).mean() < 3.0
    seen = turning.turn_and_look(landmarker, portrait, np.array([[-15.0, 0, 0], [0, 0, 0], [15.0, 0, 0], [0, 10.0, 0]]))
    assert 0.6 < (seen.reported[2, 0] - seen.reported[0, 0]) / 30.0 < 1.2
    assert seen.reported[3, 1] > seen.reported[1, 1] + 4.0
    nose = (seen.uneven[2, 1, 0] - seen.uneven[0, 1, 0]) / (seen.reported[2, 0] - seen.reported[0, 0])
    assert nose == pytest.approx(instrument.YAW_RESIDUE[1], abs=0.003)


def test_the_cameras_own_residue_is_that_of_the_table() -> None:
    projected = response_fit.projected_residue()
    for place, value in instrument.PROJECTED_RESIDUE.items():
        assert projected[place] == pytest.approx(value, abs=3e-4), place


def test_shaking_gives_noise_of_the_tables_size(landmarker: FaceLandmarker, portrait: framing.Frame) -> None:
    alike, one_sided = response.noise(landmarker, portrait, 50.0)[:, list(instrument.NOISE_AT["canthi"])]
    assert 0.4 < np.median(alike) / instrument.NOISE["canthi"][1] < 2.0
    assert 0.4 < np.median(one_sided) / instrument.NOISE_ONE_SIDED["canthi"][1] < 2.0


def test_portraits_that_cannot_be_used_are_named(tmp_path: Path, landmarker: FaceLandmarker) -> None:
    Image.fromarray(np.full((80, 80, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    good, bad = framing.frames(landmarker, framing.portraits_of(tmp_path))
    assert [portrait.name for portrait in good] == ["astronaut"]
    assert sorted(line.count("\n") for line in bad) == [0, 0]
    assert any("wall.png: 0 faces" in line for line in bad)
    assert any("broken.jpg" in line and "left out" in line for line in bad)
    with pytest.raises(CohortError, match="is not a folder"):
        framing.portraits_of(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="holds no pictures"):
        framing.portraits_of(tmp_path / "empty")


def test_a_measure_gets_back_all_of_what_is_reported_whole(
    portrait: framing.Frame, found: list[response.Answer]
) -> None:
    whole = [answer._replace(got=answer.true) for answer in found]
    rows = metrology.recoveries(whole, [portrait])
    assert len(rows) == len(MEASURES) + len(SIGNED_MEASURES)
    for row in rows:
        assert row.gain == pytest.approx(1.0), row.name
    half = {row.name: row for row in metrology.recoveries(found, [portrait])}
    height = half["commissure_height"]
    assert height.unit == "mm"
    assert 0.4 < height.gain < 1.0
    down = max(abs(height.put_in))
    assert 5.0 < down < 15.0  # 0.2 IOD


def test_metrology_writes_table_and_plot(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["metrology", "-o", str(tmp_path / "out"), "--quick"])
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out" / "metrology.csv").read_text().splitlines()
    assert lines[0] == "measure,region,unit,n,portraits,put_in,got_back,gain,scatter"
    assert len(lines) == 1 + len(MEASURES) + len(SIGNED_MEASURES)
    with Image.open(tmp_path / "out" / "metrology.png") as plot:
        assert plot.format == "PNG"
        assert min(plot.size) > 1000
    assert "commissure_height" in result.output
    assert "one portrait" in result.output


def test_metrology_refuses_a_portraits_folder_that_is_none(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["metrology", "-o", str(tmp_path / "o"), "--portraits", str(tmp_path / "nothing")])
    assert result.exit_code == 2
    assert "is not a folder" in result.output


def test_the_script_prints_one_json_object_and_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert landmarker_response.main(["--quick", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["portraits"] == ["astronaut"]
    rows = {(row["moved"], row["size"]): row for row in result["gains"]}
    assert len(rows) == 3 * len(response.PUSHES)
    assert rows["mouth corner down", 0.1]["n"] == 2
    assert rows["mouth corner down", 0.1]["between_portraits"] is None
    assert set(result["residue"]["yaw"]) >= {str(place) for place in instrument.YAW_RESIDUE}
    assert set(result["fit"]["gain"]) == {str(place) for place in instrument.GAIN}
    assert "one portrait" in landmarker_response.table(result)
