"""``facialis explain``: what moved a finding, in numbers and words; and checks of the explanations themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facialis.app.detect import Format
from facialis.app.options import LANGUAGES, FaceOption, parse_paths

if TYPE_CHECKING:
    from facialis.cohorts.cohort import Cohort
    from facialis.detection.bundle import Bundle


def explain(
    paths: Annotated[
        list[str] | None, typer.Argument(callback=lambda v: parse_paths(v or []), metavar="[PHOTO...]", help="Photos.")
    ] = None,
    format: Annotated[Format, typer.Option(help="json: one object a line, nothing else on standard output.")] = (
        Format.table
    ),
    out: Annotated[Path | None, typer.Option(help="Write the explanations to this file instead.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Judge with this bundle instead of the built-in one.")] = None,
    language: Annotated[str, typer.Option(metavar="|".join(LANGUAGES), help="Of the sentences.")] = "en",
    face: FaceOption = "only",
    force: Annotated[bool, typer.Option("--force", help="Judge unfit pictures too; a note says so.")] = False,
    careful: Annotated[
        bool, typer.Option("--careful", help="Look at every picture twice, not only where the answer hangs on noise.")
    ] = False,
    audit: Annotated[
        Path | None, typer.Option(metavar="COHORT", help="Check the explanations on this cohort instead.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="With --audit: write a page with the curves as well.")] = None,
    maps: Annotated[
        Path | None, typer.Option(help="With --from: write a page of where the study's image row looks instead.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="With --maps: show the files' names on the page, not numbers.")
    ] = False,
    study: Annotated[
        Path | None,
        typer.Option("--from", metavar="STUDY", help="A finished study, for --maps; needs the extra train."),
    ] = None,
    row: Annotated[str, typer.Option(help="Which row of the study, one of face crops alone.")] = "rgb-mixer",
    cohort: Annotated[Path | None, typer.Option(help="The study's cohort; without it STUDY/cohort.")] = None,
    weights: Annotated[Path | None, typer.Option(help="The encoder's weights, as in the study.")] = None,
    random_weights: Annotated[bool, typer.Option("--random-weights", help="As in the study: a dry run.")] = False,
) -> None:
    """Say what moved the model's answer about each photo: shares of regions and measures, sentences, the smallest
    correction after which it would say no palsy.

    Explains the model, not the face: no cause, no diagnosis. Exit status: 0, 1 (a photo could not be read), 2 (the call
    was wrong). With --audit COHORT the methods of explaining are checked themselves; with
    --from STUDY --maps PAGE a page shows where an image row of a study looks, each map beside its check.
    Research use; not a medical device.
    """
    from facialis.faces.sources import check_output
    from facialis.words import words

    words(language)  # an unknown language is refused before any work
    if format is Format.csv:
        raise typer.BadParameter("explanations are table or json", param_hint="--format")
    if (audit is None) == (not paths):
        raise typer.BadParameter("give photos, or a cohort by --audit")
    if report is not None and audit is None:
        raise typer.BadParameter("--report goes with --audit")
    if (maps is None) != (study is None) or (maps is not None and audit is not None):
        raise typer.BadParameter("--maps PAGE goes with --from STUDY, and not with --audit")
    if names and maps is None:
        raise typer.BadParameter("--names goes with --maps")
    for path in (out, report, maps):
        if path is not None:
            check_output(path, paths or [])
    if audit is not None:
        run_audit(audit, bundle, format, out, report)
        return
    if maps is not None and study is not None:
        from facialis.app.explain_maps import run_maps

        run_maps(
            paths or [],
            study,
            row,
            cohort or study / "cohort",
            maps,
            face,
            names=names,
            weights=weights,
            random_weights=random_weights,
        )
        return
    run(paths or [], format, out, bundle, language, face, force=force, careful=careful)


def run(
    paths: list[str],
    format: Format,
    out: Path | None,
    bundle: Path | None,
    language: str,
    face: str,
    *,
    force: bool,
    careful: bool,
) -> None:
    """Explain photos."""
    from facialis.detection.detector import Detector
    from facialis.errors import FacialisError, PictureError
    from facialis.faces.images import read_picture
    from facialis.faces.sources import is_video, list_sources
    from facialis.reports.explanations import explanation_line, explanation_view

    sources = list_sources(paths)
    failed, lines = False, _Lines(out)
    choice: Any = int(face) if face.isdecimal() else face
    with Detector.load(bundle, force=force, careful=careful) as detector:
        for source in sources:
            picture = None
            try:
                if is_video(source.path):
                    raise PictureError("a video is not explained; explain a photo, or a frame saved as one")
                picture = read_picture(source.path)
                findings = detector.detect_faces(picture, choice=choice, source=source.name)
            except PictureError as error:
                findings, failed = [detector.unreadable(source.name, error)], True
            for finding in findings:
                found, reason = None, ""
                try:
                    found = finding.explain(detector.bundle, language=language, picture=picture)
                except FacialisError as error:
                    reason = str(error)
                if format is Format.json:
                    lines.add(explanation_line(finding, found, reason))
                elif found is None:
                    lines.add(reason)
                else:
                    lines.show(explanation_view(finding, found, language))
    lines.close()
    if failed:
        raise typer.Exit(1)


def run_audit(path: Path, bundle_path: Path | None, format: Format, out: Path | None, report: Path | None) -> None:
    """Check the methods of explaining on a cohort."""
    import json

    from facialis.cohorts.cohort import Cohort
    from facialis.detection.bundle import Bundle
    from facialis.detection.explanation_checks import audit
    from facialis.faces.sources import display_name
    from facialis.reports.explanation_audit import audit_rows, audit_table, write_audit

    bundle, cohort = Bundle.load(bundle_path), Cohort.open(path)
    shuffled, why = _shuffled(bundle)
    found = audit(bundle, cohort, shuffled=shuffled, skipped=why)
    lines = _Lines(out)
    if format is Format.json:
        for row in audit_rows(found):
            lines.add(json.dumps(row, allow_nan=False))
    else:
        lines.show(audit_table(found))
        for check, reason in found.skipped.items():
            lines.add(f"not run: {check}: {reason}")
    lines.close()
    if report is not None:
        write_audit(report, found, bundle, path.name)
        typer.echo(f"report: {display_name(report)}", err=True)


def _shuffled(bundle: Bundle) -> tuple[Any, dict[str, str]]:
    """Return how bundles are trained on shuffled labels, or why they are not: training needs the extra."""
    try:
        from facialis.studies.shuffled_labels import trained_pairs
    except ModuleNotFoundError as error:
        return None, {"shuffled labels": f"training needs the extra: pip install 'facialis[train]' ({error.name})"}
    from facialis.detection.bundle import Bundle
    from facialis.detection.explanation_trials import measures_of

    def pairs(cohort: Cohort) -> list[tuple[Bundle, Bundle]]:
        measures = measures_of(bundle, cohort.array("landmarks"), cohort.array("transforms"))
        graphs = trained_pairs(measures, cohort.frames["label"].to_numpy())
        return [
            (Bundle(bundle.card, true, "true labels"), Bundle(bundle.card, false, "shuffled")) for true, false in graphs
        ]

    return pairs, {}


class _Lines:
    """What is said: at once to standard output, or at the end to a file."""

    def __init__(self, out: Path | None) -> None:
        self.out = out
        self.said: list[str] = []

    def add(self, line: str) -> None:
        """Say a line."""
        if self.out is None:
            print(line, flush=True)
        else:
            self.said.append(line + "\n")

    def show(self, view: Any) -> None:
        """Show what is more than a line."""
        import io

        from rich.console import Console

        from facialis.reports.tables import console

        if self.out is None:
            console().print(view)
        else:
            file = io.StringIO()
            Console(file=file, width=120, highlight=False).print(view)
            self.said.append(file.getvalue())

    def close(self) -> None:
        """Write the file, where there is one."""
        if self.out is None:
            return
        from facialis.faces.sources import display_name
        from facialis.files import write_text

        write_text(self.out, "".join(self.said))
        typer.echo(f"written: {display_name(self.out)}", err=True)
