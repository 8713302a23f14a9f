"""What a page shows of each photo: its finding, its face, its half faces, its explanation."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.detection.batch import FacePicture, face_picture
from facialis.detection.explain import Explanation, explain
from facialis.detection.finding import Finding
from facialis.detection.reading import answer_errors
from facialis.errors import FacialisError, PictureError
from facialis.faces.images import read_picture
from facialis.faces.sources import without_name
from facialis.reports.composites import Composite, composites
from facialis.words import words
from facialis.words.known import translated

if TYPE_CHECKING:
    from facialis.detection.detector import Detector, FaceChoice


HEIGHT = 560
"""Of the face in the page, px."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A photo on the page.

    Attributes
    ----------
    title : what it is called.
    finding : what was found.
    picture : the face cut out of it, or all of it where it has no face; None where it is not shown or cannot be.
    halves : the half-face composites of a judged face.
    errors : the standard deviations of side, regions (log odds) and severity.
    explanation : what moved the finding, in the page's language; None where that cannot be told.
    unexplained : why not.
    digest : SHA-256 of the file, or "".
    moved : numbers of the landmarks that a person moved.
    """

    title: str
    finding: Finding
    picture: FacePicture | None = None
    halves: Sequence[Composite] = ()
    errors: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    explanation: Explanation | None = None
    unexplained: str = ""
    digest: str = ""
    moved: Sequence[int] = ()


def look_at(
    detector: Detector,
    finding: Finding,
    rgb: NDArray[np.uint8],
    title: str,
    *,
    language: str = "en",
    photos: bool = True,
    digest: str = "",
    moved: Sequence[int] = (),
) -> Entry:
    """Return all that the page shows of a finding on the picture `rgb`.

    Parameters
    ----------
    photos : whether pictures are shown, or only drawings of landmarks.
    moved : numbers of the landmarks that a person moved.
    """
    face = finding.face
    if face is None:
        return Entry(title, finding, digest=digest)  # a whole photo could show anything: a form, other people
    picture = face_picture(rgb, face, height=HEIGHT)
    if finding.status != "judged":
        return Entry(title, finding, picture, digest=digest, moved=moved)
    assert finding.quality is not None
    explanation, unexplained = None, ""
    said = tuple(translated(reason, words(language)) for reason in finding.reasons)
    try:
        explanation = explain(
            dataclasses.replace(finding, reasons=said), detector.bundle, language=language, picture=rgb
        )
    except FacialisError as error:
        unexplained = str(error).removeprefix(f"{finding.source}: ")
    return Entry(
        title,
        finding,
        picture,
        composites(rgb if photos else None, face),
        answer_errors(detector.read(face, finding.quality.yaw, rgb, whole=True).answers),
        explanation,
        unexplained,
        digest,
        moved,
    )


def entries_of(
    detector: Detector,
    path: Path,
    called: str,
    *,
    choice: FaceChoice = "only",
    language: str = "en",
    photos: bool = True,
) -> list[Entry]:
    """Return what the page shows of the photo at `path`: an entry a face, or one that says why there is none."""
    try:
        rgb = read_picture(path)
        data = path.read_bytes()
    except PictureError as error:
        return [Entry(called, detector.unreadable(called, PictureError(without_name(str(error), path))))]
    digest = hashlib.sha256(data).hexdigest() if photos else ""
    findings = detector.detect_faces(rgb, choice=choice, source=called)
    return [
        look_at(detector, finding, rgb, called, language=language, photos=photos, digest=digest) for finding in findings
    ]
