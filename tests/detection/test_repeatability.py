"""Error of measurement, smallest detectable change and ICC: by hand, against other formulas, and on known variances."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.detection.bundle import Bundle
from facialis.detection.quantities import quantities, reference_of, reference_of_people, sizes
from facialis.detection.reference import LEVELS, Reference
from facialis.detection.repeatability import labels_of, repeatability
from facialis.errors import FacialisError
from facialis.modalities.measures import MEASURES


def test_by_hand():
    # groups (1, 3), (5, 7), (9, 11), and one value that stands alone
    found = repeatability(np.array([[1.0], [3.0], [5.0], [7.0], [9.0], [11.0], [100.0]]), [0, 0, 1, 1, 2, 2, 3])
    assert (found.groups, found.n, found.df) == (3, 6, 3)
    assert found.sem[0] == pytest.approx(np.sqrt(2))  # within: 6 squares of 1 over 3
    assert found.sdc95[0] == pytest.approx(1.96 * 2)
    # between: 2 (16 + 0 + 16) / 2 = 32; ICC = (32 - 2) / (32 + 2)
    assert found.icc[0] == pytest.approx(30 / 34)
    assert found.sem_interval[0] == pytest.approx(np.sqrt(6 / stats.chi2.ppf([0.975, 0.025], 3)))
    low, high = (16 / stats.f.ppf(q, 2, 3) for q in (0.975, 0.025))
    assert found.icc_interval[0] == pytest.approx([(low - 1) / (low + 1), (high - 1) / (high + 1)])


def test_unlike_groups_agree_with_the_analysis_of_variance_of_scipy():
    rng = np.random.default_rng(0)
    groups = [rng.normal(size=n) + rng.normal() for n in (2, 5, 3, 7, 4)]
    which = np.repeat(np.arange(5), [len(g) for g in groups])
    found = repeatability(np.concatenate(groups)[:, None], which)
    f, _ = stats.f_oneway(*groups)
    n0 = (21 - sum(len(g) ** 2 for g in groups) / 21) / 4
    assert found.icc[0] == pytest.approx((f - 1) / (f + n0 - 1))
    within = sum(((g - g.mean()) ** 2).sum() for g in groups)
    assert found.sem[0] == pytest.approx(np.sqrt(within / 16))


def test_known_variances_come_back_and_intervals_cover_them():
    rng = np.random.default_rng(1)
    sem, between, k = 0.5, 1.5, 400
    sizes_ = rng.integers(2, 6, 30)
    which = np.repeat(np.arange(30), sizes_)
    values = between * rng.normal(size=(30, k))[which] + sem * rng.normal(size=(len(which), k))
    found = repeatability(values, which)
    assert found.sem.mean() == pytest.approx(sem, rel=0.02)
    covered = (found.sem_interval[:, 0] < sem) & (sem < found.sem_interval[:, 1])
    assert 0.92 < covered.mean() < 0.98
    icc = between**2 / (between**2 + sem**2)
    assert np.median(found.icc) == pytest.approx(icc, abs=0.02)
    covered = (found.icc_interval[:, 0] < icc) & (icc < found.icc_interval[:, 1])
    assert 0.91 < covered.mean() < 0.99
    # two single values of one person differ by more than the smallest detectable change in 5 of 100
    apart = np.abs(sem * np.sqrt(2) * rng.normal(size=20000))
    assert (apart > found.sdc95.mean()).mean() == pytest.approx(0.05, abs=0.01)


def test_what_cannot_be_told():
    with pytest.raises(FacialisError, match="nothing was measured twice"):
        repeatability([[1.0], [2.0]], [0, 1])
    alone = repeatability([[1.0], [2.0]], [0, 0])
    assert np.isnan(alone.icc[0])
    assert alone.sem[0] > 0
    still = repeatability([[1.0], [1.0], [2.0], [2.0]], [0, 0, 1, 1])
    assert (still.sem[0], still.icc[0]) == (0.0, 1.0)


def test_frames_belong_together_that_are_alike_in_every_column():
    found = labels_of([["a", "a", "b", "b", "a"], ["x", "y", "x", "x", "x"]])
    assert found[0] == found[4]
    assert found[2] == found[3]
    assert len(set(found)) == 3


def test_every_number_of_a_cohort_is_that_of_a_finding(detector, astronaut_face, astronaut):
    finding = detector.judge(astronaut_face, astronaut)
    found = quantities(astronaut_face.landmarks[None], astronaut_face.transform[None])
    tables = finding.numbers
    told = [n for kind in ("measures", "differences", "millimetres") for n in tables[kind].values()]
    assert found.values[0] == pytest.approx([number.value for number in told], abs=1e-4)
    assert list(found.units) == [number.unit for number in told]
    names = [*tables["measures"], *(f"difference {n}" for n in tables["differences"]), *tables["millimetres"]]
    assert list(found.names) == names


def test_people_have_one_vote_and_equal_votes_change_nothing():
    rng = np.random.default_rng(0)
    column = rng.normal(size=101)
    plain = Reference.of({"a": column}, of="x")
    assert Reference.of({"a": column}, of="x", weights=np.ones(101)).quantiles["a"] == pytest.approx(
        plain.quantiles["a"]
    )
    # a person with a hundred photos of 10 weighs as much as each of the hundred with one of 0
    values, people = np.concatenate([np.zeros(100), np.full(100, 10.0)]), [*range(100), *[1000] * 100]
    voted = reference_of_people({"a": values}, people, of="x")
    assert voted.n == 101
    assert voted.quantiles["a"][LEVELS.index(0.975)] == 0.0
    assert np.quantile(values, 0.975) == 10.0


def test_sizes_have_no_sign_and_a_reference_is_of_them(astronaut_face):
    points = np.repeat(astronaut_face.landmarks[None], 3, axis=0)
    poses = np.repeat(astronaut_face.transform[None], 3, axis=0)
    columns = sizes(quantities(points, poses))
    assert (columns["philtrum_deviation"] >= 0).all()
    assert [*columns][: len(MEASURES)] == [entry.name for entry in MEASURES]
    reference = reference_of(points, poses, "oo-2025", of="three photos")
    assert reference.quantiles["philtrum_deviation"][0] == pytest.approx(columns["philtrum_deviation"][0])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    path = tmp_path_factory.mktemp("cohorts") / "views"
    simulate_cohort(path, 6, 6, 8, seed=1, movement="rest,large_smile")
    return path


def test_the_command_on_a_cohort(cohort, tmp_path):
    out, page = tmp_path / "r.csv", tmp_path / "r.html"
    ran = CliRunner().invoke(app, ["repeatability", str(cohort), "-o", str(out), "--report", str(page)])
    assert ran.exit_code == 0, ran.output
    assert "24 simulated groups by subject, view, 96 frames" in re.sub(r"\s+", " ", ran.output)
    lines = out.read_text().splitlines()
    bundle = Bundle.load()
    assert len(lines) == 1 + len(bundle.reference.quantiles) + 1
    assert lines[-1].startswith("log_odds,1,24,96,")
    text = page.read_text(encoding="utf-8")
    assert "All of these frames are simulated." in text
    assert "Research use; not a medical device." in text
    german = CliRunner().invoke(app, ["repeatability", str(cohort), "--report", str(page), "--language", "de"])
    assert german.exit_code == 0
    assert "Wiederholbarkeit" in page.read_text(encoding="utf-8")
    # by subject alone what differs between the views is error too, so the error is larger
    whole = CliRunner().invoke(app, ["repeatability", str(cohort), "--by", "subject", "-o", str(tmp_path / "s.csv")])
    assert whole.exit_code == 0, whole.output
    sem = {}
    for path in (out, tmp_path / "s.csv"):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        row = next(row for row in rows if row[0] == "oral_commissure_distance_subject_left")
        sem[path.name] = float(row[rows[0].index("sem")])
    assert sem["s.csv"] > sem["r.csv"]


def test_the_command_on_photos(astronaut, tmp_path):
    for person in ("a", "b"):
        (tmp_path / "p" / person).mkdir(parents=True)
        for k in range(3):
            shifted = np.roll(astronaut, (3 * k, ord(person) % 5), axis=(0, 1))
            Image.fromarray(shifted).save(tmp_path / "p" / person / f"rest{k}.png")
    (tmp_path / "p" / "b" / "rest9.jpg").write_bytes(b"broken")
    ran = CliRunner().invoke(app, ["repeatability", str(tmp_path / "p"), "-o", str(tmp_path / "o.csv")])
    assert ran.exit_code == 0, ran.output
    assert "1 of 7 photos could not be judged" in ran.output
    assert ",2,6," in (tmp_path / "o.csv").read_text().splitlines()[1]
    manifest = tmp_path / "m.csv"
    manifest.write_text("path;who\n" + "".join(f"p/{p}/rest{k}.png;{p}\n" for p in "ab" for k in range(3)))
    ran = CliRunner().invoke(app, ["repeatability", str(manifest), "--by", "who"])
    assert ran.exit_code == 0, ran.output
    assert "2 groups by who, 6 frames" in re.sub(r"\s+", " ", ran.output)


def test_mistakes_are_said_in_one_line(cohort, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    unseen = tmp_path / "unseen"
    simulate_cohort(unseen, 2, 2, 3, seed=1)
    for arguments, words in (
        ([str(cohort), "--by", "nonsense"], "no column 'nonsense' says which frames belong together"),
        ([str(tmp_path / "empty")], "no photos in it"),
        ([str(tmp_path / "bad.csv")], "no column path"),
        ([str(tmp_path / "none")], "neither a cohort, a folder, nor a CSV file"),
        ([str(cohort), "-o", str(tmp_path / "x"), "--report", str(tmp_path / "x")], "same file"),
    ):
        ran = CliRunner().invoke(app, ["repeatability", *arguments])
        assert ran.exit_code == 2, ran.output
        assert words in re.sub(r"[\s│]+", " ", ran.output)
    ran = CliRunner().invoke(app, ["repeatability", str(unseen)])
    assert "view is empty everywhere" in ran.output
    assert json.loads((cohort / "cohort.json").read_text())["provenance"]["simulated"]
