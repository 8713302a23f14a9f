"""A study from cohort to table: resumed after kill -9, refused where it does not belong, honest in each row's name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.errors import CohortError, FacialisError, RecipeError, SplitError, WeightsError
from facialis.files import locked
from facialis.reports.study_tables import table_rows, text_table, write_tables
from facialis.studies.questions.question import claimed
from facialis.studies.recipes import RECIPES, TINY, change, load_recipes
from facialis.studies.study import check_device, run_study
from facialis.studies.table1 import tiny_cohort

Make = Callable[..., Cohort]
FAST = {**TINY, "net.epochs": 6, "image.epochs": 1, "fusion.epochs": 4}
OUTPUTS = ("predictions.parquet", "results.json")
SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from facialis.cohorts.cohort import Cohort
from facialis.studies.recipes import load_recipes
from facialis.studies.study import check_device, run_study
overrides = {"net.epochs": 60, "net.layers": 3}
print("ready", flush=True)
run_study(Cohort.open(sys.argv[1]), load_recipes("measures-net", overrides), sys.argv[2], seed=3, n_bootstrap=50)
"""


def fast_net(**settings: object) -> object:
    return change(RECIPES["measures-net"], {"net": {"epochs": 5}, **settings})


def test_four_rows(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort()
    out = tmp_path / "out"
    recipes = load_recipes("four-rows", FAST | {"image.trains": "head"})
    results = run_study(cohort, recipes, out, random_weights=True, n_bootstrap=100)
    assert json.loads((out / "results.json").read_text()) == results
    assert [row["recipe"] for row in results["rows"]] == [r.name for r in load_recipes("four-rows")]
    predictions = pd.read_parquet(out / "predictions.parquet")
    assert (predictions["recipe"].value_counts() == len(cohort)).all()
    for row in results["rows"]:
        assert (row["n_folds"], row["n_subjects"], row["n_patients"], row["n_frames"]) == (3, 6, 3, 24)
        assert row["simulated"] is True
        assert "simulated" in row["name"]
        uses_image = "RGB" in row["modality"]
        assert row["weights"] == ("random" if uses_image else None)
        assert ("random weights" in row["name"]) == uses_image
        assert ("head alone trained" in row["name"]) == uses_image
        assert sorted(s for fold in row["folds"] for s in fold["palsy_subjects"]) == ["p00", "p01", "p02"]
        assert all(fold["healthy_subjects"] for fold in row["folds"])
        mine = predictions[predictions["recipe"] == row["recipe"]]
        pooled_recall = mine.loc[mine["label"] == 1, "predicted"].mean()
        assert row["pooled"]["recall"] == pytest.approx(100 * pooled_recall, abs=0.01)
        for number, fold in enumerate(row["folds"]):
            held_out = set(mine.loc[mine["fold"] == number, "subject_id"])
            assert held_out == {*fold["palsy_subjects"], *fold["healthy_subjects"]}
            assert fold["n_train"] + fold["n_test"] == len(cohort)
    logits = predictions[["logit_no_palsy", "logit_palsy"]].to_numpy(np.float64)
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(predictions["probability"], (power / power.sum(axis=1, keepdims=True))[:, 1])
    assert (predictions["predicted"] == logits.argmax(axis=1)).all()
    assert results["weights"]["mixer_tiny"]["kind"] == "random"
    assert results["recipes"]["rgb-mixer"]["image"]["encoder"] == "mixer_tiny"
    write_tables(results, out)
    table = (out / "table.txt").read_text()
    assert table.count(", simulated") == 4
    assert table.count("one portrait: tests the code, not generalisation") == 2  # the rows that see pictures
    assert len(table_rows(results)) == len(pd.read_csv(out / "table.csv")) == 4
    assert len(list((cohort.path / "derived").glob("tokens-*.npy"))) == 1


def test_a_clear_difference_is_found_and_none_is_not(make_cohort: Make, tmp_path: Path) -> None:
    recipe = RECIPES["measures-logistic"]
    clear = run_study(make_cohort(4, 4, name="clear"), recipe, tmp_path / "a", n_bootstrap=50)["rows"][0]
    nothing = run_study(make_cohort(6, 6, 20, name="none", gap=0.0), recipe, tmp_path / "b", n_bootstrap=50)["rows"][0]
    assert clear["f1"] == 100.0
    assert 30 < nothing["pooled"]["recall"] < 70


def test_a_measured_cohort_is_not_called_simulated(make_cohort: Make, tmp_path: Path) -> None:
    results = run_study(make_cohort(simulated=False), RECIPES["measures-logistic"], tmp_path / "out", n_bootstrap=20)
    assert results["simulated"] is False
    assert "simulated" not in text_table(table_rows(results), results).lower()


def _outputs(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in OUTPUTS}


def _start(cohort: Cohort, out: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(cohort.path), str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_killed_at_random_points_it_goes_on_and_ends_with_the_same_bytes(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(7, 7, crops=False)
    assert _start(cohort, tmp_path / "whole").wait(timeout=60) == 0
    out = tmp_path / "killed"

    def finished() -> list[Path]:
        return sorted((out / "folds").rglob("fold-*.parquet"))

    rng = np.random.default_rng(0)
    kept: list[int] = []
    for _ in range(3):
        process, before = _start(cohort, out), len(finished())
        while len(finished()) == before and process.poll() is None:
            time.sleep(0.001)
        time.sleep(float(rng.uniform(0.0, 0.05)))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kept.append(len(finished()))
        for path in finished():
            pd.read_parquet(path)
    assert kept == sorted(kept)
    assert 0 < kept[0] < 7, kept
    done = {p: p.stat().st_mtime_ns for p in finished()}
    assert _start(cohort, out).wait(timeout=60) == 0
    assert all(p.stat().st_mtime_ns == t for p, t in done.items())
    assert _outputs(out) == _outputs(tmp_path / "whole")


def test_an_interrupt_in_training_keeps_no_half_trained_fold(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(20, 20, crops=False)
    assert _start(cohort, tmp_path / "whole").wait(timeout=60) == 0
    out = tmp_path / "stopped"
    process = _start(cohort, out)
    while not list((out / "folds").rglob("fold-*.parquet")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    assert not (out / "results.json").exists()
    for path in (out / "folds").rglob("fold-*.parquet"):
        assert path.read_bytes() == (tmp_path / "whole" / path.relative_to(out)).read_bytes()


def test_a_diverged_training_is_no_result(make_cohort: Make, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="measures-net: the training diverged"):
        run_study(make_cohort(crops=False), fast_net(net={"learning_rate": 1e30, "epochs": 2}), tmp_path / "out")


@pytest.mark.parametrize(("gpu", "device"), [(True, "cuda"), (False, "cpu")])
def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch, gpu: bool, device: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert check_device("auto") == device
    assert check_device("cpu") == "cpu"


def test_mixed_precision_reaches_the_encoder_and_is_written_down(make_cohort: Make, tmp_path: Path) -> None:
    answers = {}
    for precision in ("float32", "mixed"):
        settings = {"image.encoder": "mixer_tiny", "image.epochs": 2, "image.test_crops": 1, "image.batch": 8}
        recipes = load_recipes("rgb-mixer", {**settings, "image.precision": precision})
        out = tmp_path / precision
        results = run_study(
            make_cohort(2, 2, 2, name=f"c-{precision}"), recipes, out, random_weights=True, n_bootstrap=5
        )
        assert results["recipes"]["rgb-mixer"]["image"]["precision"] == precision
        answers[precision] = pd.read_parquet(out / "predictions.parquet")["probability"].to_numpy()
    assert 0 < np.abs(answers["float32"] - answers["mixed"]).max() < 0.05


def test_a_device_that_is_not_there(make_cohort: Make, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="device 'nonsense' cannot be used here"):
        run_study(make_cohort(crops=False), fast_net(), tmp_path / "out", device="nonsense")
    assert not (tmp_path / "out").exists()


def test_a_changed_cohort_is_refused(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(crops=False)
    array = np.load(cohort.path / "measures.npy")
    np.save(cohort.path / "measures.npy", array + 1)
    with pytest.raises(CohortError, match=r"measures\.npy was changed"):
        run_study(cohort, fast_net(), tmp_path / "out")


def test_finished_folds_are_kept_and_a_damaged_one_is_made_again(make_cohort: Make, tmp_path: Path) -> None:
    cohort, out = make_cohort(crops=False), tmp_path / "out"
    run_study(cohort, fast_net(), out, n_bootstrap=20)
    before = _outputs(out)
    paths = sorted((out / "folds" / "measures-net").iterdir())
    times = [p.stat().st_mtime_ns for p in paths]
    paths[1].write_bytes(paths[1].read_bytes()[:-100])
    run_study(cohort, fast_net(), out, n_bootstrap=20)
    assert [p.stat().st_mtime_ns == t for p, t in zip(paths, times, strict=True)] == [True, False, True]
    assert _outputs(out) == before


def test_a_folder_that_holds_other_files_is_refused(make_cohort: Make, tmp_path: Path) -> None:
    cohort, out = make_cohort(crops=False), tmp_path / "photos"
    out.mkdir()
    (out / "me.jpg").write_bytes(b"a photo")
    foreign = "photos: holds files that are no study's; choose a new or an empty folder"
    with pytest.raises(FacialisError, match=foreign):
        run_study(cohort, RECIPES["measures-logistic"], out, n_bootstrap=10)
    with pytest.raises(FacialisError, match=foreign), claimed(out, "seeds"):
        pass
    with pytest.raises(FacialisError, match=foreign):
        tiny_cohort(out)
    assert [entry.name for entry in out.iterdir()] == ["me.jpg"]
    (out / "me.jpg").unlink()
    cohort.path.rename(out / "cohort")
    for _ in range(2):  # beside its cohort, and again where it was begun
        run_study(Cohort.open(out / "cohort"), RECIPES["measures-logistic"], out, n_bootstrap=10)


def test_a_folder_of_another_study_is_refused_by_name(make_cohort: Make, tmp_path: Path) -> None:
    cohort, out = make_cohort(crops=False), tmp_path / "out"
    run_study(cohort, fast_net(), out, n_bootstrap=20)
    before = _outputs(out)
    with pytest.raises(RecipeError, match=r"holds another study: recipes\.measures-net\.net\.epochs is 5 there and 6"):
        run_study(cohort, change(RECIPES["measures-net"], {"net": {"epochs": 6}}), out)
    with pytest.raises(CohortError, match=r"holds another study: cohort\.hash is \w+\.\.\. there"):
        run_study(make_cohort(crops=False, name="other", seed=1), fast_net(), out)
    with pytest.raises(RecipeError, match="seed is 0 there and 1 here"):
        run_study(cohort, fast_net(), out, seed=1)
    assert _outputs(out) == before


def test_two_studies_in_one_folder_are_told(make_cohort: Make, tmp_path: Path) -> None:
    with (
        locked(tmp_path / ".lock", "busy"),
        pytest.raises(FacialisError, match="another study is writing there"),
    ):
        run_study(make_cohort(crops=False), fast_net(), tmp_path)
    assert not (tmp_path / "study.json").exists()


def test_what_is_missing_is_said_before_anything_is_trained(make_cohort: Make, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CohortError, match="holds no 'crops'"):
        run_study(make_cohort(crops=False), load_recipes("four-rows", FAST), out, random_weights=True)
    with pytest.raises(SplitError, match="1 patient"):
        run_study(make_cohort(1, 3, crops=False, name="one"), fast_net(), out)
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        run_study(make_cohort(name="full"), load_recipes("four-rows", FAST), out, weights=tmp_path / "none.safetensors")
    with pytest.raises(RecipeError, match="name of their own"):
        run_study(make_cohort(crops=False, name="b"), [fast_net(), fast_net()], out)
    assert not out.exists()


def test_numbers_that_are_not_finite_are_named(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(crops=False)
    measures = np.array(cohort.array("measures"))
    measures[5, 3] = np.nan
    broken = write_cohort(tmp_path / "broken", cohort.frames, {"measures": measures}, {"simulated": True})
    with pytest.raises(CohortError, match="measures of frame p01-1 holds numbers that are not finite"):
        run_study(broken, fast_net(), tmp_path / "out")


def test_nothing_of_the_held_out_side_reaches_the_fit(make_cohort: Make, tmp_path: Path) -> None:
    """Change the held-out frames' labels and another subject's numbers: the model of a fold answers the same."""
    cohort = make_cohort(crops=False)
    results = run_study(cohort, fast_net(threshold="fold"), tmp_path / "a", n_bootstrap=20)
    fold = results["rows"][0]["folds"][0]
    held_out = cohort.frames["subject_id"].isin([*fold["palsy_subjects"], *fold["healthy_subjects"]]).to_numpy()
    measures = np.array(cohort.array("measures"))
    shifted = np.flatnonzero(held_out)[0]
    measures[shifted] += 1e3
    other = write_cohort(tmp_path / "other", cohort.frames, {"measures": measures}, {"simulated": True})
    run_study(other, fast_net(threshold="fold"), tmp_path / "b", n_bootstrap=20)
    first, second = (pd.read_parquet(tmp_path / n / "folds" / "measures-net" / "fold-00.parquet") for n in ("a", "b"))
    changed = first["frame_id"] == cohort.frames["frame_id"].iloc[shifted]
    assert changed.sum() == 1
    columns = ["logit_no_palsy", "logit_palsy", "threshold"]
    np.testing.assert_allclose(first.loc[~changed, columns], second.loc[~changed, columns], atol=1e-6)
    assert not np.allclose(first.loc[changed, columns[:2]], second.loc[changed, columns[:2]])


def test_a_threshold_chosen_inside_the_fold_decides_the_label(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(4, 4, crops=False, gap=0.5)
    run_study(cohort, fast_net(threshold="fold"), tmp_path / "out", n_bootstrap=20)
    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert predictions.groupby("fold")["threshold"].nunique().eq(1).all()
    assert predictions["threshold"].nunique() > 1
    assert (predictions["predicted"] == (predictions["probability"] >= predictions["threshold"])).all()


@pytest.mark.parametrize("name", ["late-fusion", "early-fusion"])
def test_a_branch_of_a_fusion_is_the_row_of_its_own(name: str, make_cohort: Make) -> None:
    from facialis.models.encoders import load_encoder
    from facialis.studies.training import build, load_inputs

    cohort = make_cohort()
    encoder = load_encoder("mixer_tiny", random_weights=True)
    recipes = {n: load_recipes(n, FAST)[0] for n in (name, "measures-net", "rgb-mixer")}
    inputs = {n: load_inputs(r, cohort, encoder) for n, r in recipes.items()}
    y = cohort.frames["label"].to_numpy()
    models = {n: build(r, inputs[n], encoder, seed=7).fit(inputs[n], y) for n, r in recipes.items()}
    for branch, alone in zip(models[name].branches_, ("measures-net", "rgb-mixer"), strict=True):  # type: ignore[attr-defined]
        assert np.array_equal(branch.predict_logits(inputs[name]), models[alone].predict_logits(inputs[alone]))


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on a file's size")
def test_a_full_disk_is_one_line_and_nothing_is_lost(make_cohort: Make, tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: from there on each write fails as on a full one."""
    cohort, out = make_cohort(3, 3, 60, crops=False), tmp_path / "out"
    script = (
        "import resource, signal, sys\n"
        "from facialis.cohorts.cohort import Cohort\n"
        "from facialis.errors import FacialisError\n"
        "from facialis.studies.recipes import RECIPES\n"
        "from facialis.studies.study import run_study\n"
        "cohort = Cohort.open(sys.argv[1])\n"
        "if sys.argv[3] != '0':\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try:\n"
        "    run_study(cohort, RECIPES['measures-logistic'], sys.argv[2], n_bootstrap=20)\n"
        "except FacialisError as error:\n"
        "    print(error)\n"
    )

    def start(limit: int) -> str:
        call = [sys.executable, "-c", script, str(cohort.path), str(out), str(limit)]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        return done.stdout

    said = start(6000)  # enough for study.json, too little for a fold
    assert said.startswith(f"cannot write {out}/folds/measures-logistic/fold-00.parquet: ")
    assert said.count("\n") == 1
    assert not [path for path in out.rglob("*") if path.name.startswith(".fold")]
    assert start(0) == ""
    assert (out / "results.json").exists()


def test_how_far_the_figure_moves(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(4, 4, 6, crops=False, gap=0.6)
    alone = run_study(cohort, fast_net(), tmp_path / "out", n_bootstrap=20)["rows"][0]
    row = run_study(cohort, fast_net(), tmp_path / "out", n_bootstrap=20, seeds=3)["rows"][0]
    assert alone["seeds"] == {}
    assert {key: row[key] for key in alone if key != "seeds"} == {k: v for k, v in alone.items() if k != "seeds"}
    for kind in ("seed", "split"):
        values = row["seeds"][kind]["f1"]
        assert len(values) == 3
        assert values[0] == row["f1"]
        assert len(set(values)) > 1
        assert row["seeds"][kind]["sd"] == pytest.approx(np.std(values, ddof=1), abs=0.02)
    other = run_study(cohort, fast_net(), tmp_path / "other", n_bootstrap=20, seed=1)["rows"][0]
    assert other["f1"] not in (values for values in [alone["f1"]])
    with pytest.raises(RecipeError, match="seeds is 1 or more, got 0"):
        run_study(cohort, fast_net(), tmp_path / "none", seeds=0)


@pytest.mark.parametrize(("split", "n_folds"), [("leave-one-subject-out", 8), ("2-fold", 2)])
def test_other_splits(split: str, n_folds: int, make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(4, 4, crops=False)
    results = run_study(cohort, RECIPES["measures-logistic"], tmp_path / "out", split=split, n_bootstrap=20)
    row = results["rows"][0]
    assert results["split"] == {"name": split, "n_folds": n_folds}
    assert row["pooled"]["f1"] == 100.0
    assert row["levels"]["subject"]["n"] == 8
    if split == "leave-one-subject-out":  # a healthy subject's fold has nothing to find and nothing is called
        assert len(row["undefined"]["f1"]) == 4
    with pytest.raises(RecipeError, match=r"holds another study: split\.name is"):
        run_study(cohort, RECIPES["measures-logistic"], tmp_path / "out", n_bootstrap=20)


def test_frames_without_a_face_are_counted_by_group(make_cohort: Make, tmp_path: Path) -> None:
    cohort = make_cohort(crops=False)
    lost = cohort.frames[cohort.frames["subject_id"].isin(["p00", "h01"])].copy()
    lost["frame_id"] += "-lost"
    arrays = {"measures": np.array(cohort.array("measures"))}
    with_lost = write_cohort(
        tmp_path / "lost", cohort.frames, arrays, {"simulated": True}, unusable=lost.assign(reason="no face")
    )
    row = run_study(with_lost, RECIPES["measures-logistic"], tmp_path / "out", n_bootstrap=20)["rows"][0]
    assert row["f1"] == row["pooled"]["f1"] == 100.0
    assert row["all_frames"]["n_unusable"] == 8
    assert row["all_frames"]["pooled"]["recall"] == 75.0  # 12 of 16
    assert row["all_frames"]["pooled"]["precision"] == 75.0
    assert row["groups"]["patient"] == {"n_usable": 12, "n_unusable": 4, "right": 100.0, "right_all": 75.0}
    assert row["groups"]["healthy"]["n_unusable"] == 4
