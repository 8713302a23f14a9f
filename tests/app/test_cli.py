"""The command line on real files: what it prints, where, and with which exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.cohort import Cohort
from facialis.modalities.measures import MEASURES, measure
from tests.bad_pictures import BAD_PICTURES, write_bad_pictures

KEYS = {"source", "frame", "status", "probability", "label", "reasons", "model", "version"}


def facialis(*args: object, **options: object) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "facialis", *(os.fsencode(str(a)) for a in args)]
    return subprocess.run(call, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    """Parse JSON Lines, as strictly as they are promised."""

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} in the output")

    return [json.loads(line, parse_constant=no_constant) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bad")
    folder.chmod(0o755)
    return write_bad_pictures(folder)


@pytest.fixture(scope="module")
def judged_bad(bad) -> dict[str, dict[str, object]]:
    """All the bad pictures in one call, a good one first and last; by name."""
    good = bad["rgba.png"]
    names = [case.name for case in BAD_PICTURES if case.name in bad]
    done = facialis("detect", good, *(bad[name] for name in names), good, "--format", "json")
    assert done.stderr == ""
    assert done.returncode == 1
    found = rows(done)
    assert [row["source"] for row in found] == [str(good), *(str(bad[name]) for name in names), str(good)]
    assert found[0] == found[-1]
    assert found[0]["status"] == "judged"
    return dict(zip(names, found[1:-1], strict=True))


@pytest.mark.parametrize("case", [c for c in BAD_PICTURES if c.name != "forbidden.jpg"], ids=lambda c: repr(c.name))
def test_each_bad_picture_is_a_right_answer_or_one_clear_line(judged_bad, case):
    if case.name not in judged_bad:
        pytest.skip("this file system cannot hold the name")
    row = judged_bad[case.name]
    assert set(row) >= KEYS
    if case.refusal:
        assert (row["status"], row["probability"], row["label"]) == ("error", None, None)
        (reason,) = row["reasons"]
        assert re.search(case.refusal, reason)
        assert "\n" not in reason
    elif case.unfit:
        assert (row["status"], row["label"]) == ("abstained", None)
        assert any(reason.startswith(case.unfit) for reason in row["reasons"])
    elif case.faces == 1:
        assert row["status"] == "judged"
        assert 0 < row["probability"] < 1
        assert row["label"] in ("palsy", "no palsy")
    else:
        reason = {0: "no face", 3: "several faces"}[case.faces]
        assert (row["status"], row["label"], row["reasons"]) == ("abstained", None, [reason])


def test_the_same_picture_in_another_format_gets_the_same_answer(judged_bad):
    same = {c.name: judged_bad[c.name]["probability"] for c in BAD_PICTURES if c.original == "astronaut"}
    exact = [name for name in same if name.endswith(".png") and "palette" not in name]
    assert len({same[name] for name in exact}) == 1
    assert np.ptp(list(same.values())) < 0.1


def test_a_file_without_permission(bad):
    # a folder that everybody may enter; the first call loads all modules from where `nobody` may not go
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        model = Path(facialis("assets", "path", "face_landmarker").stdout.strip())
        for source, target in ((model, "model.task"), (bad["rgba.png"], "good.png"), (bad["rgba.png"], "bad.png")):
            (folder / target).write_bytes(source.read_bytes())
        (folder / "bad.png").chmod(0)
        code = (
            "import sys\nfrom facialis.app.cli import main\nfrom tests.bad_pictures import without_rights\n"
            "def call(*names):\n    sys.argv = ['facialis', 'detect', *names, '--format', 'json']\n"
            "    try:\n        main()\n    except SystemExit as end:\n        return end.code\n"
            "call('good.png', 'none.png')\n"
            "with without_rights(): print(call('bad.png', 'good.png'))\n"
        )
        environment = {**os.environ, "FACIALIS_FACE_LANDMARKER": str(folder / "model.task"), "PYTHONPATH": os.getcwd()}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, cwd=folder
        )
    lines = done.stdout.splitlines()
    assert len(lines) == 5, done.stderr
    first, second = (json.loads(line) for line in lines[2:4])
    assert first["status"] == "error"
    assert re.search(r"bad\.png: no permission to read it", first["reasons"][0])
    assert second["status"] == "judged"
    assert lines[4] == "1"


def test_folders_are_walked_in_natural_order(tmp_path, astronaut):
    for name in ("b/10.png", "b/9.png", "a.PNG", "notes.txt", ".hidden.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("txt"):
            path.write_text("x")
        else:
            Image.fromarray(astronaut).save(path, "PNG")
    done = facialis("detect", "in", "--format", "json", cwd=tmp_path)
    assert [row["source"] for row in rows(done)] == ["in/a.PNG", "in/b/9.png", "in/b/10.png"]
    assert done.returncode == 0


def test_exit_statuses(bad, tmp_path):
    good, missing = bad["rgba.png"], bad["missing.jpg"]
    assert facialis("detect", good).returncode == 0
    assert facialis("detect", bad["cat.png"]).returncode == 0
    assert facialis("detect", good, missing).returncode == 1
    for wrong in (("detect",), ("detect", good, "--format", "xml"), ("detect", good, "--face", "0"), ("nothing",)):
        done = facialis(*wrong)
        assert (done.returncode, done.stdout) == (2, "")
    done = facialis("detect", good, "--bundle", tmp_path / "none", "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"facialis: {tmp_path / 'none'}: no such bundle; a bundle is a folder with model.onnx, " + (
        "card.json and SHA256SUMS\n"
    )


def test_choice_of_a_face(bad):
    three = bad["three-faces.png"]
    assert [row["status"] for row in rows(facialis("detect", three, "--format", "json"))] == ["abstained"]
    for choice, numbers in (("largest", [1]), ("2", [2]), ("all", [1, 2, 3])):
        found = rows(facialis("detect", three, "--format", "json", "--face", choice))
        assert [(row["status"], row["face"]) for row in found] == [("judged", n) for n in numbers]


def test_csv_out_and_report(bad, tmp_path):
    names = ["rgba.png", "cat.png", "text.jpg", "name with\nline break.png"]
    out, report = tmp_path / "findings.csv", tmp_path / "report.html"
    done = facialis("detect", *(bad[n] for n in names), "--format", "csv", "--out", out, "--report", report)
    assert done.stdout == ""
    assert done.stderr == f"written: {out}\nreport: {report}\n"
    with out.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["source"] for row in found] == [str(bad[n]) for n in names]
    assert [row["status"] for row in found] == ["judged", "abstained", "error", "judged"]
    assert found[1]["reasons"] == "no face"
    page = report.read_text()
    assert page.count("<article") == 4
    assert page.count("data:image/jpeg;base64,") == 2
    assert "Research use; not a medical device." in page
    assert "src=" not in page  # nothing outside the page
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert [f"<h2>Photo {n}</h2>" in page for n in range(1, 6)] == [True] * 4 + [False]
    assert not [name for name in names if name in page]  # neither as a title nor in a reason
    assert str(tmp_path) not in page
    assert "File names and what cameras write into files are left out." in page
    facialis("detect", bad["text.jpg"], "--format", "csv", "--out", out, "--report", report, "--names")
    page = report.read_text()
    assert "<h2>text.jpg</h2>" in page
    assert "It holds file names, because that was asked for." in page


def test_nothing_half_written_when_the_report_cannot_be(bad, tmp_path):
    done = facialis("detect", bad["rgba.png"], "--report", tmp_path / "none" / "report.html")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("facialis: cannot write")
    assert list(tmp_path.iterdir()) == []


def test_several_workers_print_the_same(people):
    one = facialis("detect", people, "--format", "json")
    two = facialis("detect", people, "--format", "json", "--workers", 2)
    assert one.stdout == two.stdout
    assert (one.returncode, two.returncode) == (1, 1)
    assert two.stderr == ""


def test_interrupt(tmp_path, astronaut):
    for number in range(400):
        (tmp_path / f"{number}.png").hardlink_to(tmp_path / "0.png") if number else Image.fromarray(astronaut).save(
            tmp_path / "0.png"
        )
    for workers in ("1", "2"):
        call = [sys.executable, "-m", "facialis", "detect", str(tmp_path), "--format", "json", "--workers", workers]
        process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - start < 20
        assert process.returncode == 130
        assert errors == "facialis: interrupted\n"


@pytest.mark.parametrize("delay", [0.6, 1.0, 1.5])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupt_of_the_whole_process_group_at_any_moment(people, workers, delay):
    call = [sys.executable, "-m", "facialis", "detect", *[str(people)] * 60, "--workers", workers]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # the latter, which a shell calls 130: inside an ``exec``
    assert errors == "facialis: interrupted\n"


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
@pytest.mark.parametrize("call", [("--version",), ("assets", "list"), ("measure",), ("detect", "--format", "json")])
def test_a_full_disk_behind_standard_output(call, people):
    paths = [people] if call[0] in ("measure", "detect") else []
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "facialis", *call, *map(str, paths)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (2, "facialis: cannot write the output: No space left on device\n")


def test_what_cannot_be_written_is_said_before_the_work(people, tmp_path):
    for wrong in (("--out", tmp_path), ("--report", tmp_path / "none" / "r.html")):
        done = facialis("detect", people, "--format", "csv", *wrong)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    same = facialis("detect", people, "--format", "csv", "--out", tmp_path / "x", "--report", tmp_path / "x")
    assert same.returncode == 2
    assert facialis("detect", "").returncode == 2


def test_a_reader_that_goes_away(people):
    call = [sys.executable, "-m", "facialis", "detect", str(people), "--format", "json"]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait() == 1


def test_measure(people, tmp_path, astronaut, landmarker):
    done = facialis("measure", people / "palsy")
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0
    assert [row["status"] for row in found] == ["measured"] * 4 + ["abstained"]
    expected = measure(landmarker.detect(np.ascontiguousarray(astronaut[:300, :400]))[0].landmarks)
    np.testing.assert_allclose([float(found[0][m.name]) for m in MEASURES], expected)
    out = tmp_path / "m.parquet"
    done = facialis("measure", people, "--out", out, "--definition", "parra-dominguez-2021")
    assert done.returncode == 1  # the broken picture
    table = pd.read_parquet(out)
    written, broken, counted = done.stderr.splitlines()
    assert written == f"written: {out}"
    assert broken == table.loc[table["status"] == "error", "reasons"].item()
    assert counted == (
        "faces measured: 8; files read: 9, of them without a face to measure: 1; files that could not be read: 1"
    )
    (tmp_path / "empty").mkdir()
    empty = facialis("measure", tmp_path / "empty", "--out", tmp_path / "m.csv")
    assert empty.returncode == 1
    assert "empty: the folder holds no pictures or videos" in empty.stderr
    assert table["status"].value_counts().to_dict() == {"measured": 8, "abstained": 1, "error": 1}
    assert facialis("measure", people, "--out", tmp_path / "m.txt").returncode == 2


def test_simulate_show_and_remove_a_cohort(tmp_path):
    path = tmp_path / "cohort"
    done = facialis("simulate", "-o", path, "--subjects", "3+2", "--frames", 4, "--seed", 7)
    assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout
    cohort = Cohort.open(path)
    assert len(cohort) == 20
    assert cohort.simulated
    again = facialis("simulate", "-o", path, "--subjects", "3+2", "--frames", 4)
    assert again.returncode == 2
    assert "holds a cohort already" in again.stderr
    assert facialis("cohort", "show", path).returncode == 0
    assert facialis("cohort", "remove", path, input="n\n").returncode != 0
    assert path.exists()
    assert facialis("cohort", "remove", path, "--yes").returncode == 0
    assert not path.exists()


def test_simulate_extract_study_and_their_mistakes(tmp_path):
    for wrong in ("21+", "3+x", "3+2+1", "-1+2"):
        assert facialis("simulate", "-o", tmp_path / "x", "--subjects", wrong).returncode == 2
    none = facialis("simulate", "-o", tmp_path / "x", "--subjects", "0+0")
    assert none.returncode == 2
    assert none.stderr.startswith("facialis: ")
    assert not (tmp_path / "x").exists()
    view = facialis("simulate", "-o", tmp_path / "x", "--videos", "--movements", "large_smil")
    assert (view.returncode, view.stderr) == (
        2,
        "facialis: no view is called 'large_smil'; the nearest is large_smile\n",
    )
    (tmp_path / "file").touch()
    for call in (
        ("simulate", "-o", tmp_path / "file"),
        ("simulate", "-o", tmp_path / "file" / "x"),
        ("simulate", "-o", tmp_path / "x", "--ict-facekit", tmp_path),
        ("simulate", "-o", tmp_path / "x", "--videos", "--portraits", tmp_path / "none"),
        ("extract", tmp_path / "none", "-o", tmp_path / "x"),
        ("study", "measures-net", tmp_path / "none", "-o", tmp_path / "y"),
        ("cohort", "show", tmp_path),
    ):
        done = facialis(*call)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.train
def test_study_from_simulation_to_table(tmp_path):
    cohort = tmp_path / "cohort"
    assert facialis("simulate", "-o", cohort, "--subjects", "4+4", "--frames", 6).returncode == 0
    done = facialis("study", "measures-net", cohort, "-o", tmp_path / "out", "--set", "net.epochs=3")
    assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["simulated"] is True
    assert results["rows"][0]["n_folds"] == 4
    assert results["recipes"]["measures-net"]["net"]["epochs"] == 3
    done = facialis("study", "ask", "seeds", cohort, "-o", tmp_path / "asked", "--set", "net.epochs=3")
    assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout
    answer = json.loads((tmp_path / "asked" / "answer.json").read_text())
    assert answer["simulated"] is True
    assert all(sentence in " ".join(done.stdout.split()) for sentence in answer["sentences"])
    page = tmp_path / "asked" / "report.html"
    assert str(page) in "".join(done.stdout.split())
    assert "Research use; not a medical device." in page.read_text()
    wrong = facialis("study", "ask", "label-noise", cohort, "-o", tmp_path / "noise", "--with-pictures")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1), wrong.stderr
    assert "holds no crops to show" in wrong.stderr
    wrong = facialis("study", "ask", "fusion", cohort, "-o", tmp_path / "asked")
    assert "holds the answer to seeds" in wrong.stderr
    listed = facialis("study", "ask", "--list")
    assert listed.returncode == 0, listed.stderr
    assert "shortcuts" in listed.stdout
    wrong = facialis("study", "ask", "seed", cohort, "-o", tmp_path / "wrong")
    assert wrong.returncode != 0
    assert "did you mean seeds?" in wrong.stderr
    wrong = facialis("study", "measures-net", cohort, "-o", tmp_path / "z", "--set", "net.epoch=3")
    assert wrong.returncode == 2
    assert "epochs" in wrong.stderr


@pytest.mark.train
def test_table1_tiny_from_nothing_to_a_page(tmp_path):
    out = tmp_path / "out"
    done = facialis("study", "table1", "--tiny", "-o", out)
    assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout
    table = json.loads((out / "table1.json").read_text())
    assert table["simulated"] is True
    assert table["weights"] == "random"
    assert len(table["rows"]) == 13
    assert [row["paper_f1"] for row in table["rows"]][-4:] == [96.0, 79.9, 83.0, 72.45]
    for row in table["rows"]:
        assert row["error"] is None
        assert (row["n_folds"], row["n_subjects"], row["n_frames"]) == (4, 8, 16)
        assert "simulated" in row["name"]
        assert row["f1_interval"][0] <= row["f1"] <= row["f1_interval"][1]
    page = (out / "report.html").read_text()
    assert page.count("<article") == 13
    assert "Research use; not a medical device." in page
    assert 'src="data:image/svg+xml' in page
    assert not re.search(r'(src|href)="(?!data:)', page)  # nothing outside the page
    for name, start in (
        ("table.md", "| Row |"),
        ("table.tex", "\\begin{table}"),
        ("table.csv", "Row,F1"),
        ("table.txt", "Row "),
    ):
        text = (out / name).read_text()
        assert text.startswith(start)
        assert text.count("simulated") >= 13
        assert "83.95" in text  # the paper's, beside ours
    again = facialis("study", "table1", "--tiny", "-o", out)
    assert json.loads((out / "table1.json").read_text()) == table
    assert again.returncode == 0, again.stderr


@pytest.mark.train
def test_table1_and_study_mistakes(tmp_path):
    for wrong in ((), ("--tiny", "--cohort", tmp_path), ("--palsy", tmp_path)):
        done = facialis("study", "table1", "-o", tmp_path / "x", *wrong)
        assert done.returncode == 2
        assert "give --palsy and --healthy" in done.stderr
    done = facialis("study", "table1", "-o", tmp_path / "x", "--palsy", tmp_path, "--healthy", tmp_path / "none")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert facialis("study", "run", "--help").returncode == 0
    assert "table1" in facialis("study", "--help").stdout
    cohort = tmp_path / "cohort"
    assert facialis("simulate", "-o", cohort, "--subjects", "3+3", "--frames", 4).returncode == 0
    for option, value, message in (
        ("--split", "9-fold", "9-fold asks for 9 subjects"),
        ("--split", "half", "unknown split 'half'"),
        ("--select", "net.learning_rat=[0.1,0.2]", "did you mean 'net.learning_rate'"),
        ("--engine", "threads", "unknown engine 'threads'"),
    ):
        done = facialis("study", "measures-logistic", cohort, "-o", tmp_path / "y", option, value)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert message in done.stderr


def test_assets():
    path = facialis("assets", "path", "face_landmarker")
    assert (path.stderr, path.returncode) == ("", 0)
    assert Path(path.stdout.removesuffix("\n")).stat().st_size == 3_758_596
    assert "whole" in facialis("assets", "verify").stdout
    assert "Apache-2.0" in facialis("assets", "list").stdout
    wrong = facialis("assets", "path", "face_landmarkr")
    assert wrong.returncode == 2
    assert "face_landmarker" in wrong.stderr


def test_assets_say_what_is_wrong_with_a_file_of_the_users_own(tmp_path):
    environment = {**os.environ, "FACIALIS_FACE_LANDMARKER": str(tmp_path / "own.task")}
    missing = facialis("assets", "verify", "face_landmarker", env=environment)
    assert missing.returncode == 1
    assert "own.task (FACIALIS_FACE_LANDMARKER) cannot be read: no such file or directory" in missing.stdout
    assert "assets fetch" not in missing.stdout
    assert "FACIALIS_FACE_LANDMARKER" in facialis("assets", "list", env={**environment, "COLUMNS": "200"}).stdout
    (tmp_path / "own.task").write_bytes(b"another")
    wrong = facialis("assets", "verify", "face_landmarker", env=environment)
    assert wrong.returncode == 1
    assert "own.task (FACIALIS_FACE_LANDMARKER) is not face_landmarker.task: 7 bytes" in wrong.stdout


def test_demo(tmp_path):
    done = facialis("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    page = (tmp_path / "facialis-demo" / "report.html").read_text()
    assert page.count("<article") == 3
    assert "astronaut" in done.stdout
    assert "facialis detect PHOTO" in done.stdout
    assert len(list((tmp_path / "facialis-demo").glob("*.png"))) == 3


def test_a_demo_without_the_model_leaves_nothing(tmp_path):
    environment = {**os.environ, "FACIALIS_FACE_LANDMARKER": str(tmp_path / "missing.task")}
    done = facialis("demo", "--out", tmp_path / "new" / "demo", env=environment)
    assert done.returncode == 2
    assert "missing.task" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["detect", "measure", "simulate", "extract", "study", "cohort", "assets", "demo"])
def test_help(command):
    done = facialis(command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Usage" in done.stdout


@pytest.mark.parametrize("option", ["--out", "--report", "--events"])
def test_what_is_read_is_not_written_over(option, tmp_path, astronaut):
    photo = tmp_path / "a.png"
    Image.fromarray(astronaut[:100, :100]).save(photo)
    before = photo.read_bytes()
    ran = CliRunner().invoke(app, ["detect", str(photo), option, str(photo)])
    assert ran.exit_code == 2
    assert "no .png file" in ran.output
    assert photo.read_bytes() == before
    table = tmp_path / "prompts.csv"
    table.write_text("movement,start,end\nrest,0,1\n")
    ran = CliRunner().invoke(app, ["detect", str(photo), "--prompts", str(table), option, str(table)])
    assert ran.exit_code == 2
    assert "one of the files to be read" in ran.output
