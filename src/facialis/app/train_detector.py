"""``facialis train-detector``: a cohort to a bundle that ``facialis detect --bundle`` judges with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from facialis.cohorts.cohort import Cohort
    from facialis.detection.bundle import Bundle
    from facialis.studies.detector import Faces

SHARES = (0.6, 0.2)
"""Of the subjects: to train on, to choose thresholds on; the rest to test on."""
FEWEST = 10
"""Subjects of each label that are needed."""


def train_detector(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the bundle to write.")],
    cohort: Annotated[
        Path | None, typer.Argument(help="A cohort's folder; see `facialis extract` and `facialis simulate`.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the split into subjects and of the training.")] = 0,
    name: Annotated[str | None, typer.Option(help="Name on the bundle's card.")] = None,
    study: Annotated[
        Path | None,
        typer.Option("--from", metavar="STUDY", help="A finished study: one of its rows is made a detector."),
    ] = None,
    row: Annotated[str, typer.Option(help="Which row of the study.")] = "early-fusion",
    weights: Annotated[Path | None, typer.Option(help="The encoder's weights, as in the study.")] = None,
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="As in the study: a dry run, and named so.")
    ] = False,
) -> None:
    """Train a detector on a cohort and write its bundle: net, thresholds, calibration, intervals, card.

    Six in ten of the subjects train it, two choose its thresholds, two test it; no subject is in two of these. With
    --from STUDY it is a row of that study (measures, or measures and face crops), fitted on all subjects, its
    thresholds from the study's held-out answers; the cohort is STUDY/cohort unless it is named.
    Research use; not a medical device.
    """
    if study is not None:
        from_study(study, row, cohort or study / "cohort", out, name, weights=weights, random_weights=random_weights)
        return
    if cohort is None:
        raise typer.BadParameter("give a cohort, or a study by --from")
    from facialis.cohorts.cohort import Cohort
    from facialis.errors import CohortError
    from facialis.files import make_folder

    opened = Cohort.open(cohort)
    make_folder(out.absolute().parent)
    frames = opened.frames
    if not {"landmarks", "transforms"} <= set(opened.modalities):
        raise CohortError(f"{cohort}: holds no landmarks and transforms; extract it again with both")
    faces = faces_of(frames, opened.array("landmarks"), opened.array("transforms"))
    parts = split(faces, seed)
    described = f"{len(frames)} {'simulated ' if opened.simulated else ''}frames of {frames['subject_id'].nunique()} "
    bundle = train(
        *parts,
        name=name or "geometric",
        out=out,
        seed=seed,
        simulated=opened.simulated,
        description=f"{described}{'simulated ' if opened.simulated else ''}subjects, cohort {opened.hash[:12]}",
        digest=opened.hash,
    )
    show(bundle, out)


def faces_of(frames: pd.DataFrame, landmarks: Any, transforms: Any) -> Faces:
    """Return a cohort's rows as faces with what is known of them: the label, and of a simulation the rest."""
    import numpy as np

    from facialis.modalities.regions import REGIONS
    from facialis.models.geometric_training import Truth
    from facialis.studies.detector import Faces

    truth = Truth.of_labels(frames["label"].to_numpy())
    patient = (frames["group"] == "patient").to_numpy() if "group" in frames else truth.label == 1
    if "weak_side" in frames:
        named = frames["weak_side"].isin(("subject_right", "subject_left")).to_numpy()
        right = (frames["weak_side"] == "subject_right").to_numpy()
        truth = truth._replace(side=np.where(patient & named, right, np.nan).astype(np.float32))
    if "palsy_mm_brow" in frames:
        moved = np.stack([(frames[f"palsy_mm_{region}"] >= 1.0) & patient for region in REGIONS], axis=1)
        truth = truth._replace(regions=moved.astype(np.float32))
    if "severity" in frames and frames["severity"].dtype.kind == "f":
        truth = truth._replace(severity=np.where(patient, frames["severity"], 0.0).astype(np.float32))
    return Faces(landmarks, transforms, truth, frames["subject_id"].to_numpy())


def split(faces: Faces, seed: int) -> tuple[Faces, Faces, Faces]:
    """Split by subject into faces to train on, to choose thresholds on and to test on, both labels in each.

    Raises
    ------
    CohortError
        Too few subjects.
    """
    import numpy as np

    from facialis.errors import CohortError

    rng = np.random.default_rng(seed)
    places: dict[Any, int] = {}
    ill = set(faces.subjects[faces.truth.label == 1])
    well = set(faces.subjects) - ill
    for group, what in ((ill, "with palsy"), (well, "without palsy")):
        if len(group) < FEWEST:
            raise CohortError(f"{len(group)} subjects {what}; a detector needs {FEWEST} or more of each")
        for rank, subject in enumerate(rng.permutation(sorted(group))):
            at = (rank + 0.5) / len(group)
            places[subject] = int(at > SHARES[0]) + int(at > sum(SHARES))
    part = np.array([places[subject] for subject in faces.subjects])
    first, second, third = (faces.take(np.flatnonzero(part == number)) for number in range(3))
    return first, second, third


def train(
    training: Faces,
    choosing: Faces,
    testing: Faces,
    *,
    name: str,
    out: Path,
    seed: int,
    simulated: bool,
    description: str,
    digest: str,
    photo_sets: bool = False,
) -> Bundle:
    """Train, and write the bundle; with what simulated photo sets and videos tell of its net where `photo_sets`."""
    import tempfile

    import numpy as np

    from facialis import __version__
    from facialis.detection.bundle import Bundle
    from facialis.detection.card import Card
    from facialis.detection.quantities import reference_of
    from facialis.models.detector_net import export_detector
    from facialis.studies.detector import train_detector as fit
    from facialis.studies.movements import fit_movements
    from facialis.studies.photo_sets import fit_photo_sets
    from facialis.studies.video_model import asked_of, fit_videos

    definition = "oo-2025"
    trained = fit(training, choosing, testing, seed=seed, definition=definition, simulated=simulated)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_detector(trained.net, path, definition)
        graph = path.read_bytes()
    healthy = training.take(np.flatnonzero(training.truth.label == 0)[:20000])
    reference = reference_of(
        healthy.landmarks,
        healthy.transforms,
        definition,
        of="simulated faces without palsy" if simulated else "faces without palsy of the training cohort",
    )
    movements = fit_movements(seed) if photo_sets else None
    card = Card(
        name=name,
        input={"definition": definition, "coordinates": "pixel", "origin": "face", "pose_corrected": False},
        threshold=trained.threshold,
        threshold_basis=trained.basis,
        uncertain=trained.uncertain,
        novelty_limit=trained.novelty_limit,
        trained_on={
            "description": description,
            "simulated": simulated,
            "subjects": len(np.unique(training.subjects)),
            "frames": len(training.subjects),
            "seed": seed,
            "hash": digest,
        },
        results=dict(trained.results),
        reference=reference.as_dict(),
        licence="Apache-2.0" if simulated else "as the training cohort's",
        photo_set=fit_photo_sets(trained.net, definition, seed).as_dict() if photo_sets else None,
        movements=Bundle.load().card.movements if movements is None else movements.as_dict(),
        video=None
        if movements is None
        else fit_videos(asked_of(trained.net, definition), movements, trained.threshold, seed).as_dict(),
        program=f"facialis {__version__}",
    )
    return Bundle.write(out, card, graph)


def origin_of(cohort: Cohort) -> str:
    """Return the origin (`facialis.modalities.measures.measure`) of a cohort's measures: older ones are of the picture.

    Raises
    ------
    CohortError
        They are not of its landmarks.
    """
    import numpy as np

    from facialis.errors import CohortError
    from facialis.modalities.measures import ORIGINS, measure

    some = slice(0, 100)
    stored, landmarks = np.asarray(cohort.array("measures")[some]), np.asarray(cohort.array("landmarks")[some])
    for origin in ORIGINS[::-1]:
        if np.allclose(stored, measure(landmarks, origin=origin), rtol=1e-3, atol=1e-3):
            return origin
    raise CohortError(f"{cohort.path}: its measures are not those of its landmarks; extract it again")


def from_study(
    study: Path,
    row: str,
    cohort: Path,
    out: Path,
    name: str | None,
    *,
    weights: Path | None,
    random_weights: bool,
) -> None:
    """Make a bundle of a study's row."""
    import tempfile

    import numpy as np
    import torch

    from facialis import __version__
    from facialis.cohorts.cohort import Cohort
    from facialis.detection.bundle import Bundle
    from facialis.detection.card import Card
    from facialis.detection.quantities import reference_of
    from facialis.errors import CohortError
    from facialis.files import make_folder
    from facialis.modalities.crops import CROP_SIZE
    from facialis.models.export import to_onnx
    from facialis.studies.deployment import deploy

    opened = Cohort.open(cohort)
    if not {"landmarks", "transforms"} <= set(opened.modalities):
        raise CohortError(f"{cohort}: holds no landmarks and transforms; extract it again with both")
    make_folder(out.absolute().parent)
    found = deploy(study, row, opened, weights=weights, random_weights=random_weights)
    frames = opened.frames
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        examples = [torch.zeros(1, 29)] + [torch.zeros(1, CROP_SIZE, CROP_SIZE)] * found.recipe.uses_image
        names = ["measures", "crop"][: len(examples)]
        to_onnx(found.net, examples, path, inputs=names, single=("crop",))
        graph = path.read_bytes()
    origin = origin_of(opened)
    kind = "simulated " if opened.simulated else ""
    random = found.weights == "random"
    healthy = np.flatnonzero((frames["label"] == 0).to_numpy())[:20000]
    encoder = "" if found.weights is None else f", {found.recipe.image.encoder} with {found.weights} weights"
    card = Card(
        name=name or f"{found.recipe.name}{'-random-weights' if random else ''}",
        input={"definition": "oo-2025", "coordinates": "pixel", "origin": origin, "pose_corrected": False},
        threshold=found.threshold,
        threshold_basis=found.basis,
        uncertain=found.uncertain,
        trained_on={
            "description": f"{len(frames)} {kind}frames of {frames['subject_id'].nunique()} {kind}subjects, cohort "
            f"{opened.hash[:12]}; the row {found.recipe.name} of a study{encoder}"
            + ("; the encoder knows nothing: a dry run, not for use" if random else ""),
            "simulated": opened.simulated,
            "subjects": int(frames["subject_id"].nunique()),
            "frames": len(frames),
            "hash": opened.hash,
        },
        results=found.results,
        reference=reference_of(
            np.asarray(opened.array("landmarks"))[healthy],
            np.asarray(opened.array("transforms"))[healthy],
            "oo-2025",
            of=f"{kind}faces without palsy of the training cohort",
            origin=origin,
        ).as_dict(),
        licence="as the training cohort's, and the encoder's weights'",
        movements=Bundle.load().card.movements,
        logit_noise=found.logit_noise,
        program=f"facialis {__version__}",
    )
    show(Bundle.write(out, card, graph), out)


def show(bundle: Bundle, out: Path) -> None:
    """Print what was made."""
    card = bundle.card
    typer.echo(f"{out}: {card.name}@{bundle.hash}")
    typer.echo(f"threshold {card.threshold}, uncertain from {card.uncertain[0]} to {card.uncertain[1]}")
    for figure, words in card.results.items():
        typer.echo(f"{figure}: {words}")
