"""Why a bundle said what it said of a face: shares of its parts, plain words, and the smallest correction.

The shares tell what moved the bundle's log odds of palsy away from what it says of a reference face. They explain the
model, not the face: no cause, no diagnosis.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.coalitions import branch_names, played
from facialis.detection.explanation_words import kind_of, sentences
from facialis.detection.number_errors import noisy_copies
from facialis.detection.reading import log_odds, measured
from facialis.detection.shares import count_shares
from facialis.detection.symmetry import Counterfactual, smallest_correction, symmetrised
from facialis.errors import FacialisError
from facialis.faces.face import Face
from facialis.modalities.crops import crop
from facialis.words import words

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle
    from facialis.detection.finding import Finding

Values = NDArray[np.float64]
Shares = Mapping[str, Mapping[str, float]]

TOLERANCE = 1e-3
"""How far the log odds counted anew may lie from the finding's."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What moved a finding's log odds, in numbers and words.

    Attributes
    ----------
    logit
        The finding's log odds of palsy at even odds.
    reference_logit
        The bundle's log odds of the reference face.
    reference
        What the reference face is, in words, with n.
    shares
        For ``regions``, ``branches`` and ``measures``: by name, by how much each moved the log odds (Shapley value);
        each of the three adds up to `logit` less `reference_logit`. What the picture or the landmark pairs add stands
        as one share among regions and measures too.
    errors
        One standard deviation of each share from the landmarks' noise, in the same order; None where not counted.
    sampling_error
        Largest standard error of a measure's share from the number of orders that were drawn.
    sentences
        Differences between the sides beyond the healthy range, the most unusual first.
    counterfactual
        The smallest symmetric correction after which the bundle would say no palsy; None where it says so already, or
        where even the symmetric face is called palsy.
    notes
        What is missing or must be known, one line each.
    checks
        For each method of attribution, whether it passed its checks (`facialis.detection.explanation_table`).
    """

    logit: float
    reference_logit: float
    reference: str
    shares: Shares
    errors: Shares | None
    sampling_error: float
    sentences: tuple[str, ...]
    counterfactual: Counterfactual | None
    notes: tuple[str, ...] = ()
    checks: Mapping[str, bool] = field(default_factory=dict)

    def within_noise(self, kind: str) -> tuple[str, ...]:
        """Return the names of the shares of a kind that lie within two standard deviations of their noise."""
        if self.errors is None:
            return ()
        errors = self.errors[kind]
        return tuple(name for name, share in self.shares[kind].items() if 0 < abs(share) < 2 * errors[name])

    def as_dict(self, *, landmarks: bool = False) -> dict[str, Any]:
        """Return a JSON-ready object of finite numbers; the corrected landmarks only if asked for."""

        def rounded(table: Shares) -> dict[str, dict[str, float]]:
            return {kind: {name: round(v, 6) for name, v in part.items()} for kind, part in table.items()}

        return {
            "logit": round(self.logit, 6),
            "reference_logit": round(self.reference_logit, 6),
            "reference": self.reference,
            "shares": rounded(self.shares),
            "errors": None if self.errors is None else rounded(self.errors),
            "within_noise": {kind: list(self.within_noise(kind)) for kind in self.shares},
            "sampling_error": round(self.sampling_error, 6),
            "sentences": list(self.sentences),
            "counterfactual": None if self.counterfactual is None else self.counterfactual.as_dict(landmarks=landmarks),
            "notes": list(self.notes),
            "checks": dict(self.checks),
        }


def explain(
    finding: Finding, bundle: Bundle, *, language: str = "en", picture: NDArray[np.uint8] | None = None
) -> Explanation:
    """Explain a finding on one face.

    Parameters
    ----------
    bundle
        The one that judged.
    language
        Of the sentences and notes: a code of `facialis.words.languages`.
    picture
        (height, width, 3) RGB, the one that was judged; needed where the label reads the face's crop.

    Raises
    ------
    FacialisError
        The finding was not judged, is of another bundle or of a whole video, the label does not read the measures, or
        the picture that it reads is not given or another.
    """
    from facialis.detection.explanation_table import passed

    text = words(language)
    face = _judged_face(finding, bundle)
    looks = [face] + ([finding.second_face] if finding.second_face is not None else [])
    even = [symmetrised(look.landmarks) for look in looks]
    yaw = finding.quality.yaw if finding.quality is not None else 0.0
    games = [
        played(bundle, look, _measures(look, yaw, bundle), symmetric=points, picture=picture)
        for look, points in zip(looks, even, strict=True)
    ]
    counted = count_shares(games)
    assert finding.logit is not None
    if abs(counted.all - finding.logit) > TOLERANCE:
        raise FacialisError(
            f"{finding.source}: counted anew the log odds are {counted.all:.4f}, the finding says {finding.logit:.4f}; "
            "give the picture that was judged"
        )
    reference = bundle.reference
    other = "pairs" if "landmarks" in games[0].found else "picture"
    notes = [text("explain.forced", reasons="; ".join(finding.reasons))] if finding.forced else []
    notes += [text("explain.label_by_measures", branch=text(f"explain.{name}"))
              for name in branch_names(bundle)[1:] if name not in counted.shares["branches"]]  # fmt: skip
    if games[0].found:
        notes.append(text(f"explain.{other}_as_one"))
    counterfactual = None
    if finding.label == "palsy":
        threshold = math.log(bundle.card.threshold / (1 - bundle.card.threshold))
        counterfactual = smallest_correction(
            [np.asarray(look.landmarks, np.float64) for look in looks],
            lambda faces: _odds(faces, looks, bundle, picture),
            threshold,
        )
        if counterfactual is None:
            notes.append(text("explain.none_found"))
        elif "crop" in bundle.label_reads:
            notes.append(text("explain.crop_kept"))
    else:
        notes.append(text("explain.none_needed"))
    shares = {kind: dict(part) for kind, part in counted.shares.items()}
    for name in branch_names(bundle):
        shares["branches"].setdefault(name, 0.0)  # the label does not read it
    errors = counted.errors
    if errors is None:
        notes.append(text("explain.no_errors"))
    else:
        errors["branches"] |= {name: 0.0 for name in shares["branches"] if name not in errors["branches"]}
    checks, same = passed(bundle.hash)
    if not same:
        notes.append(text("explain.unchecked"))
    return Explanation(
        finding.logit,
        finding.logit - (counted.all - counted.none),
        text(f"explain.reference_{kind_of(reference)}", n=reference.n),
        shares,
        errors,
        counted.sampling_error,
        sentences(finding, reference, text),
        counterfactual,
        tuple(notes),
        checks,
    )


def _judged_face(finding: Finding, bundle: Bundle) -> Face:
    """Return the face of a finding that can be explained.

    Raises
    ------
    FacialisError
        It cannot, and why.
    """
    if finding.status != "judged" or finding.logit is None:
        reasons = "; ".join(finding.reasons) or "no reason is given"
        raise FacialisError(f"{finding.source}: was not judged, so there is nothing to explain: {reasons}")
    model = f"{bundle.card.name}@{bundle.hash}"
    if finding.model != model:
        raise FacialisError(
            f"{finding.source}: was judged by the bundle {finding.model[:40]} and cannot be explained with "
            f"{model[:40]}; give the bundle that judged it"
        )
    if finding.face is None:
        what = (
            "a video" if finding.video is not None or finding.frame is not None else "a finding without its landmarks"
        )
        raise FacialisError(f"{finding.source}: {what} is not explained; explain a photo, or a frame saved as one")
    return finding.face


def _measures(face: Face, yaw: float, bundle: Bundle) -> Values:
    """Return the measures of a face and, where a row costs little, of its noisy copies (k, 29)."""
    copies = noisy_copies(face.landmarks, face.interocular_px, yaw)
    if not bundle.by_measures:
        copies = copies[:1]
    if "measures" in bundle.inputs:
        return measured(copies, face, bundle)
    transform = np.broadcast_to(face.transform, (len(copies), 4, 4))
    answers = bundle.answers(landmarks=copies, transform=transform)
    return answers["measures"] if "measures" in answers else measured(copies, face, bundle)


def _odds(faces: list[Values], looks: list[Face], bundle: Bundle, picture: NDArray[np.uint8] | None) -> Values:
    """Return the log odds (k,) of faces (k, 478, 3) px through the whole graph, the mean over the looks."""
    every = []
    for points, look in zip(faces, looks, strict=True):
        given: dict[str, NDArray[Any]] = {
            "landmarks": points,
            "transform": np.broadcast_to(look.transform, (len(points), 4, 4)),
        }
        if "measures" in bundle.inputs:
            given["measures"] = measured(points, look, bundle)
        if "crop" in bundle.inputs and picture is not None:
            given["crop"] = crop(picture, look.landmarks)[None]
        every.append(log_odds(bundle.answers(**given)))
    return np.asarray(np.mean(every, axis=0))
