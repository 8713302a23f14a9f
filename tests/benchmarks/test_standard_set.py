"""benchmarks/standard_set.py on a simulated table of the same form as the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facialis.modalities.ratios import RATIOS
from tests.benchmarks.conftest import Run


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Photo sets of 70 simulated subjects, a row a photo."""
    import standard_set as script

    sets = script.simulated(400, 55, 15)
    return pd.DataFrame(
        {"subject": subject, "kind": kind, "severity": severity, "movement": view}
        | dict(zip(RATIOS, sets.values[i, j], strict=True))
        for i, (subject, kind, severity) in enumerate(zip(sets.subject, sets.kind, sets.severity, strict=True))
        for j, view in enumerate(script.VIEWS)
    )


@pytest.fixture(scope="module", autouse=True)
def _importable() -> None:
    import sys

    from tests.benchmarks.conftest import BENCHMARKS

    sys.path.insert(0, str(BENCHMARKS))


def test_sets_of_the_same_simulation_are_told_and_their_medians_agree(
    table: pd.DataFrame, tmp_path: Path, run: Run
) -> None:
    import standard_set as script

    table.to_csv(tmp_path / "ratios.csv", index=False)
    arguments = ("--seeds", "2", "--patients", "150", "--normal", "50")
    result, text = run(script.main, str(tmp_path / "ratios.csv"), *arguments)
    for name in ("auc", "spearman_flaccid", "spearman_synkinetic"):
        low, high = result[f"{name}_interval"]
        assert low <= result[name] <= high
        assert name in result["unfitted"]
    assert result["auc"] > 0.75
    assert result["spearman_flaccid"] > 0.6
    assert result["real_subjects"]["normal"] == 15
    assert sum(result["real_subjects"].values()) == 70
    assert result["left_out"] == []
    cells = len(script.VIEWS) * len(RATIOS)
    assert len(result["medians"]) == cells * len(table[["kind", "severity"]].drop_duplicates())
    normal = [row for row in result["medians"] if row["kind"] == "normal"]
    assert np.mean([row["within"] for row in normal]) > 0.8
    assert "Medians within the real quartiles" in text
    assert "flaccid complete" in text


def test_a_palsy_twice_the_simulated_one_lies_outside(table: pd.DataFrame, tmp_path: Path) -> None:
    import standard_set as script

    halved = table.copy()
    halved[list(RATIOS)] = halved[list(RATIOS)] ** 3
    halved.to_csv(tmp_path / "ratios.csv", index=False)
    real, _ = script.read(tmp_path / "ratios.csv")
    rows = script.medians(real, script.simulated(1, 150, 50))
    assert np.mean([row["within"] for row in rows]) < 0.4


def test_a_subject_without_a_photo_is_left_out_and_named(table: pd.DataFrame, tmp_path: Path) -> None:
    import standard_set as script

    gone = (table["subject"] == "patient-0003") & (table["movement"] == "smile_open")
    table[~gone].to_csv(tmp_path / "ratios.csv", index=False)
    sets, left_out = script.read(tmp_path / "ratios.csv")
    assert left_out == ["patient-0003"]
    assert len(sets.subject) == 69


def test_scores_that_follow_severity_are_perfect() -> None:
    import standard_set as script

    kind = np.array(["normal"] * 5 + ["flaccid"] * 5 + ["synkinetic"] * 5)
    severity = np.array([0] * 5 + [1, 2, 3, 4, 5] * 2)
    sets = script.Sets(np.arange(15).astype(str), kind, severity, np.ones((15, 8, 6)))
    result = script.describe(severity[None].astype(float), sets)
    assert [result[name] for name in script.TARGETS] == [1.0, 1.0, 1.0]
    upside_down = script.describe(-severity[None].astype(float), sets)
    assert [upside_down[name] for name in script.TARGETS] == [0.0, -1.0, -1.0]


@pytest.mark.parametrize(("n", "near"), [(5, 0.01), (9, 0.01), (10, 0.04)])
def test_the_chance_of_a_perfect_simulation_is_what_drawing_gives(n: int, near: float) -> None:
    import standard_set as script

    low, high = np.quantile(np.random.default_rng(n).normal(size=(20000, n)), [0.25, 0.75], axis=1)
    assert script.chance_within(n) == pytest.approx(np.mean((low <= 0.0) & (high >= 0.0)), abs=near)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="eye_area"), "no column eye_area"),
        (lambda t: t.assign(movement="wink"), "movement 'wink' is unknown"),
        (lambda t: t[t["kind"] != "synkinetic"], "no subject of kind synkinetic"),
    ],
)
def test_tables_of_another_form_are_refused_in_one_line(table, tmp_path, change, words) -> None:  # type: ignore[no-untyped-def]
    import standard_set as script

    change(table).to_csv(tmp_path / "ratios.csv", index=False)
    with pytest.raises(SystemExit) as stop:
        script.read(tmp_path / "ratios.csv")
    assert words in str(stop.value)
    assert "\n" not in str(stop.value)
