"""The account of a cohort: what was read, what is usable, why not, what was chosen, what stands in it twice."""

from __future__ import annotations

import io

from rich.console import Console
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.sources import extract_sources
from facialis.reports.cohort_tables import account, account_tables, choice_lines, duplicate_lines
from tests.data_sets import write_ckplus, write_people


def text(tables):
    console = Console(file=io.StringIO(), width=200)
    for table in tables:
        console.print(table)
    return console.file.getvalue()


def test_every_frame_that_was_read_is_accounted_for(people, tmp_path):
    (people / "palsy" / "a" / "1.png").write_bytes(b"\x89PNG cut")
    (people / "healthy" / "b" / "gone.png").symlink_to(people / "nowhere")
    cohort = extract_sources([str(people)], tmp_path / "c", pictures=False)
    rows = account(cohort)
    assert len(rows) == 11
    counts = rows.groupby(["group", "reason"]).size().to_dict()
    assert counts[("patient", "")] == 3
    assert counts[("healthy", "")] == 4
    assert counts[("patient", "no face")] == 1
    assert counts[("healthy", "no such file")] == 1
    assert sum(n for (group, reason), n in counts.items() if group == "healthy" and reason) == 2
    shown = text(account_tables(cohort))
    assert "11 frames read, 7 usable, 4 not" in shown
    assert "no such file 1" in shown
    assert shown.index("patient/a") < shown.index("healthy/b")  # 3 of 5 before 4 of 6


def test_choices_and_duplicates_are_told(tmp_path):
    sources = [f"ckplus:{write_ckplus(tmp_path)}", str(write_people(tmp_path, videos=False))]
    asked = {"pictures": False, "every": 2, "per_subject": 9, "healthy_subjects": 6}
    cohort = extract_sources(sources, tmp_path / "c", **asked)
    lines = "\n".join(choice_lines(cohort))
    assert "ckplus: 4 subjects; the whole database has 123" in lines
    assert "thinned to one frame in 2 of a sequence and 9 a subject: " in lines
    assert "6 of 6 healthy subjects, drawn with seed 0: " in lines
    told = duplicate_lines(cohort)
    assert told[0].startswith(f"duplicates: {len(told) - 1} found, all kept")
    assert any("nearly the same picture under 'ckplus/" in line for line in told)  # people who are in both sources
    result = CliRunner().invoke(app, ["cohort", "show", str(cohort.path), "--subjects"])
    assert result.exit_code == 0
    assert "by subject" in result.output
    assert told[0] in result.output
    assert all(subject in result.output for subject in cohort.frames["subject_id"])


def test_a_whole_clean_cohort_has_one_table(people, tmp_path):
    for name in ("palsy/a/wall.png", "healthy/b/broken.jpg"):
        (people / name).unlink()
    for number in range(4, 8):
        (people / "healthy" / "b" / f"{number}.png").unlink()
    (people / "healthy" / "b" / "0.png").write_bytes((people / "palsy" / "a" / "0.png").read_bytes())
    cohort = extract_sources([str(people)], tmp_path / "c", pictures=False)
    assert len(account_tables(cohort)) == 1
    assert duplicate_lines(cohort)[1].startswith("the same picture under 'healthy/b' and 'patient/a'")
