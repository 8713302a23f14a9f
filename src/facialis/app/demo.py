"""``facialis demo``: real faces judged, without any data of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SEVERITIES = {"moderate": 0.5, "severe": 1.0}
NEXT_STEPS = (
    "facialis detect PHOTO --report finding.html",
    "facialis measure FOLDER --out measures.csv",
    "facialis simulate -o cohort --subjects 6+6 --frames 4 --pictures",
    "pip install 'facialis[train]' && facialis study four-rows cohort -o results --random-weights",
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and the report.")] = Path("facialis-demo"),
) -> None:
    """Judge a free portrait and two versions of it with a simulated one-sided palsy, and write a report.

    Research use; not a medical device.
    """
    from PIL import Image
    from skimage.data import astronaut

    from facialis.cohorts.simulated.photo_twin import palsy_twin
    from facialis.detection.batch import face_picture
    from facialis.detection.detector import Detector
    from facialis.files import atomic_path, make_folder
    from facialis.reports.findings import Entry, write_report
    from facialis.reports.tables import console, findings_table

    portrait = astronaut()
    entries = []
    with Detector.load() as detector:  # first: where the model's file cannot be had, no empty folder stays
        make_folder(out)
        face = detector.landmarker.detect(portrait)[0]
        pictures = {"astronaut": portrait}
        for name, severity in SEVERITIES.items():
            twin = palsy_twin(portrait, face, severity, "subject_left")
            pictures[f"astronaut-simulated-{name}-palsy-subject-left"] = twin
        for name, picture in pictures.items():
            with atomic_path(out / f"{name}.png") as temporary:
                Image.fromarray(picture).save(temporary)
            finding = detector.detect(picture, source=str(out / f"{name}.png"))
            cut = face_picture(picture, finding.face) if finding.face is not None else None
            entries.append(Entry(name.replace("-", " "), finding, cut))
        write_report(out / "report.html", entries, detector.bundle, next_steps=NEXT_STEPS)
        findings, titles = [entry.finding for entry in entries], [entry.title for entry in entries]
        console().print(findings_table(findings, detector.bundle.card, titles))
        typer.echo(f"model: {detector.bundle.card.trained_on['description']}")
    typer.echo(f"report: {out / 'report.html'}\n\nWhat to run next:")
    for step in NEXT_STEPS:
        typer.echo(f"  {step}")
