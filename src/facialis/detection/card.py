"""What must be known of a model to use it and to trust it: a bundle's ``card.json``, read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from facialis.detection.reference import LEVELS
from facialis.errors import BundleError
from facialis.modalities.measures import COORDINATES, DEFINITIONS, MEASURES, ORIGINS

FORMAT = 2
LABELS = ("no palsy", "palsy")
QUANTILES = tuple(str(level) for level in LEVELS)


@dataclass(frozen=True)
class Card:
    """What must be known of a model to use it and to trust it.

    Attributes
    ----------
    name
        Short name of the model.
    input
        What ``measures`` are: ``definition``, ``coordinates``, ``origin`` (``picture`` where it is not said), and
        ``pose_corrected``; see `facialis.modalities.measures.measure`.
    photo_set
        A `facialis.modalities.photo_sets.SetModel` for what this graph says of photo sets; None where there is none.
    movements
        A `facialis.modalities.movements.MovementModel`; None where movements are not known.
    video
        A `facialis.modalities.video_evidence.VideoModel` for what this graph says of videos with movement in them;
        None: a video's finding is the mean of its frames' answers.
    logit_noise
        Of a graph that reads a crop: the standard deviation of the log odds when the crop is cut otherwise, ``sd`` at
        ``iod_px`` between the irises, with ``n`` and ``basis``; None where it is not known.
    labels
        The logits' order; always ``("no palsy", "palsy")``.
    threshold
        Probability, at even odds, from which a face is called palsy.
    uncertain
        Two probabilities, at even odds, about the threshold: between them a finding is uncertain.
    novelty_limit
        Largest ``novelty`` of a face that is judged; None where the graph does not tell it.
    threshold_basis
        How the threshold was chosen, on what, with n.
    trained_on
        The training cohort in words, its hash, numbers of subjects and frames, whether it was simulated, and seeds.
    results
        Figures with n and interval, each called simulated where it is.
    reference
        A `facialis.detection.reference.Reference` of healthy faces: the 29 measures without their sign first (see
        `facialis.modalities.asymmetry.without_sign`), then the signed measures' sizes and millimetres by name.
    licence
        Licence of the weights.
    program
        Program and version that made the bundle.
    format
        Version of the bundle's format.
    """

    name: str
    input: dict[str, Any]
    threshold: float
    threshold_basis: str
    trained_on: dict[str, Any]
    results: dict[str, Any]
    reference: dict[str, Any]
    licence: str
    program: str
    uncertain: tuple[float, float] = (0.0, 1.0)
    novelty_limit: float | None = None
    photo_set: dict[str, Any] | None = None
    movements: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    logit_noise: dict[str, Any] | None = None
    labels: tuple[str, str] = LABELS
    format: int = FORMAT


def read_card(text: bytes, folder: Path) -> Card:
    """Return the card that the text of a folder's ``card.json`` is.

    Raises
    ------
    BundleError
        It is none, of another format, or an entry is wrong; it is named.
    """
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise BundleError(
                f"{folder}: the bundle has format {values['format']}, this program reads {FORMAT}; "
                "install the facialis release that its card names"
            )
        card = Card(**{**values, "labels": tuple(values["labels"]), "uncertain": tuple(values["uncertain"])})
        wrong = _wrong_entry(card)
    except (ValueError, KeyError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Card))
        raise BundleError(f"{folder}: card.json is not a card ({error}); it must have {names}") from error
    if wrong:
        raise BundleError(f"{folder}: card.json: {wrong}")
    return card


def _is_noise(table: dict[str, Any]) -> bool:
    px, sd = (np.asarray(table[name], dtype=np.float64) for name in ("iod_px", "sd"))
    whole = px.ndim == 1 and px.shape == sd.shape and len(px) > 0 and bool(np.isfinite([px, sd]).all())
    return whole and bool((sd >= 0).all() and px[0] > 0 and (np.diff(px) > 0).all())


def _wrong_entry(card: Card) -> str:
    """Return what is wrong with a card's entries, empty when nothing is."""
    quantiles = np.asarray([card.reference["quantiles"][q] for q in QUANTILES], dtype=np.float64)
    checks = {
        f"labels must be {LABELS}": card.labels == LABELS,
        "the threshold must lie between 0 and 1": 0 < card.threshold < 1,
        "uncertain must be two probabilities about the threshold": (
            len(card.uncertain) == 2 and 0 <= card.uncertain[0] <= card.threshold <= card.uncertain[1] <= 1
        ),
        "logit_noise must have a standard deviation sd of at least 0 for each of its iod_px, which increase": (
            card.logit_noise is None or _is_noise(card.logit_noise)
        ),
        "novelty_limit must be a positive number or null": card.novelty_limit is None or card.novelty_limit > 0,
        f"input must have a definition of {DEFINITIONS}": card.input["definition"] in DEFINITIONS,
        f"input must have coordinates of {COORDINATES}": card.input["coordinates"] in COORDINATES,
        f"input must have an origin of {ORIGINS}": card.input.get("origin", "picture") in ORIGINS,
        "input must say whether it is pose_corrected": isinstance(card.input["pose_corrected"], bool),
        f"reference must have finite numbers for each of the quantiles {', '.join(QUANTILES)}, one for each of its "
        f"names, the {len(MEASURES)} measures first": (
            quantiles.ndim == 2
            and quantiles.shape[1] == len(card.reference["names"])
            and card.reference["names"][: len(MEASURES)] == [entry.name for entry in MEASURES]
            and bool(np.isfinite(quantiles).all())
        ),
        "reference must say n and of": {"n", "of"} <= set(card.reference),
        "trained_on must have a description, and say whether it was simulated": (
            {"description", "simulated"} <= set(card.trained_on)
        ),
        "results must be a table of names and figures": isinstance(card.results, dict),
    }
    return next((text for text, right in checks.items() if not right), "")
