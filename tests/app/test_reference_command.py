"""``facialis reference``: healthy ranges of one's own subjects, age bands, and what few people cannot support."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.app.reference import age_bands
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.writing import write_cohort
from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector
from facialis.detection.quantities import quantities, sizes


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """45 simulated healthy people, two frames each, of ages that are known for 43 of them; 5 patients."""
    folder = tmp_path_factory.mktemp("reference")
    simulate_cohort(folder / "plain", 5, 45, 2, seed=2)
    made = Cohort.open(folder / "plain")
    frames = made.frames.copy()
    number = frames["subject_id"].str.extract(r"(\d+)$")[0].astype(int)
    frames["age"] = np.where(number > 43, np.nan, np.where(number <= 22, 30, np.where(number <= 40, 50, 70)))
    arrays = {name: np.asarray(made.array(name)) for name in ("landmarks", "transforms")}
    write_cohort(folder / "aged", frames, arrays, made.provenance)
    return folder / "aged"


def invoke(*arguments: object):
    ran = CliRunner().invoke(app, ["reference", *map(str, arguments)])
    return ran, re.sub(r"[\s│]+", " ", ran.output)


def test_a_bundle_with_ranges_of_ones_own(cohort, tmp_path, landmarker, astronaut):
    out = tmp_path / "own.bundle"
    ran, text = invoke("build", cohort, "-o", out)
    assert ran.exit_code == 0, ran.output
    own, plain = Bundle.load(out), Bundle.load()
    assert (own.card.threshold, own.card.uncertain) == (plain.card.threshold, plain.card.uncertain)
    assert own.graph == plain.graph
    assert own.reference.n == 45
    assert "simulated healthy subjects" in own.reference.of_whom
    assert "90 simulated frames" in own.reference.of_whom
    assert plain.hash[:12] in own.card.program
    # of the same subjects' frames, taken by another way
    made = Cohort.open(cohort)
    healthy = (made.frames["group"] == "healthy").to_numpy()
    columns = sizes(
        quantities(np.asarray(made.array("landmarks"))[healthy], np.asarray(made.array("transforms"))[healthy])
    )
    for name in ("brow_height_difference", "difference philtrum_deviation", "brow_height_ratio"):
        assert own.reference.interval(name) == pytest.approx(np.quantile(columns[name], [0.025, 0.975]), abs=1e-5)
    # a finding reads it
    finding = Detector(own, landmarker).detect(astronaut)
    number = finding.numbers["millimetres"]["brow_height_difference"]
    assert number.reference == own.reference.interval("brow_height_difference")
    again, text = invoke("build", cohort, "-o", out)
    assert again.exit_code == 2
    assert "holds a bundle already" in text


def test_age_bands_where_there_are_enough_people(cohort, tmp_path):
    ran, text = invoke("build", cohort, "-o", tmp_path / "r.json")
    assert ran.exit_code == 0, ran.output
    assert "age band 60 on: 3 subjects; left out, 20 or more are needed" in text
    assert "age band 40 to 59: 18 subjects; left out" in text
    assert "warning: age band 18 to 39: 22 subjects, fewer than 40" in text
    table = json.loads((tmp_path / "r.json").read_text())
    assert list(table["bands"]) == ["18 to 39"]
    assert table["bands"]["18 to 39"]["n"] == 22
    shown, text = invoke("show", tmp_path / "r.json", "--age-band", "18 to 39")
    assert shown.exit_code == 0
    assert text.split("not a medical device")[0].rstrip().endswith("Research use;")
    assert "22 simulated healthy subjects" in text
    _, text = invoke("show", tmp_path / "r.json", "--age-band", "5 to 6")
    assert "no age band '5 to 6'; there are: 18 to 39" in text


def test_bands_by_name_or_by_years():
    named = pd.DataFrame({"age_band": ["old", "", "young"]})
    assert age_bands(named).tolist() == ["old", "", "young"]
    years = pd.DataFrame({"age": [17.0, 18.0, 59.0, 60.0, np.nan]})
    assert age_bands(years).tolist() == ["under 18", "18 to 39", "40 to 59", "60 on", ""]
    assert age_bands(pd.DataFrame({"x": [1]})).tolist() == [""]


def test_few_people_are_warned_of_and_fewer_refused(tmp_path):
    simulate_cohort(tmp_path / "few", 1, 25, 1, seed=3)
    ran, text = invoke("build", tmp_path / "few", "-o", tmp_path / "few.json")
    assert ran.exit_code == 0
    assert "warning: 25 subjects; of fewer than 40 the ends of the range" in text
    simulate_cohort(tmp_path / "fewer", 1, 19, 1, seed=3)
    ran, text = invoke("build", tmp_path / "fewer", "-o", tmp_path / "fewer.json")
    assert ran.exit_code == 2
    assert "19 healthy subjects; 20 or more are needed" in text
    assert not (tmp_path / "fewer.json").exists()


def test_the_built_in_reference_is_called_simulated():
    ran, text = invoke("show")
    assert ran.exit_code == 0
    assert "simulated faces without palsy" in text
    assert "Age bands: none" in text
    assert "mouth_midline_deviation" in text


def test_what_is_no_reference(tmp_path):
    (tmp_path / "x.json").write_text("[1]")
    ran, text = invoke("show", tmp_path / "x.json")
    assert ran.exit_code == 2
    assert "not a reference" in text
    ran, text = invoke("show", tmp_path / "none.json")
    assert "No such file" in text
    shutil.copytree(tmp_path, tmp_path.parent / "no-cohort", dirs_exist_ok=True)
    ran, text = invoke("build", tmp_path, "-o", tmp_path / "b")
    assert ran.exit_code == 2
    assert "no cohort there" in text


def test_bands_survive_the_card(cohort, tmp_path):
    invoke("build", cohort, "-o", tmp_path / "own")
    bundle = Bundle.load(tmp_path / "own")
    assert list(bundle.reference.bands) == ["18 to 39"]
    assert dataclasses.asdict(bundle.card)["reference"]["bands"]["18 to 39"]["n"] == 22
