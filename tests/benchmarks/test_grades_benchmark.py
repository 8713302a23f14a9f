"""benchmarks/grades.py on few simulated people."""

from __future__ import annotations

from tests.benchmarks.conftest import Run


def test_ranges_follow_severity_and_hold_the_truth(run: Run, capsys) -> None:  # type: ignore[no-untyped-def]
    import sys

    from tests.benchmarks.conftest import BENCHMARKS

    sys.path.insert(0, str(BENCHMARKS))
    import grades as script

    result, text = run(script.main, "--people", "40")
    whole, part = result["all views"], result["without large_smile and brow_raise"]
    assert whole["sunnybrook"]["spearman_patients"][0] > 0.7
    assert whole["eface"]["spearman_patients"][0] > 0.7
    assert whole["covers_movement"][0] > 0.85
    assert part["sunnybrook"]["width"] > whole["sunnybrook"]["width"]
    assert part["covers_house_brackmann"][0] >= whole["covers_house_brackmann"][0] - 0.05
    assert "80 simulated people" in text


def test_the_tables_values_come_out_of_it() -> None:
    import grades as script
    from facialis.detection.bundle import Bundle
    from facialis.detection.grade_tables import AT_REST, MOVES

    found = script.anchors(script.simulate(120, script.ANCHOR_SEED, Bundle.load()))
    for view, anchor in MOVES.items():
        assert abs(found[view][0] - anchor.zero) < 0.15, view
        assert abs(found[view][1] - anchor.one) < 0.1, view
    for place, anchor in AT_REST.items():
        assert abs(found[place][1] - anchor.one) < 0.35 * anchor.one, place
