"""A bundle's card as a page of Markdown, by the fields of a model card (Mitchell et al. 2019)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from facialis.detection.bundle import Bundle
from facialis.modalities.photo_sets import SPECIFICITIES

INTENDED = (
    "Research on one-sided facial palsy in photos and videos of adults who face the camera; trials of such detectors. "
    "Research use; not a medical device."
)
OUT_OF_SCOPE = (
    "Palsy of both sides: it leaves no asymmetry, which is all that is read here.",
    "Diagnosis, triage, or a cause: stroke, Bell's palsy and old scars can look alike.",
    "Faces turned by more than 25 degrees, less than 25 px between the eyes, covered, blurred or cut by the border.",
    "A still face of a mild palsy, which may show nothing; children, for whom the millimetres are not checked.",
)
LIMITS = (
    "The landmarker pulls faces towards symmetry: brow tails, nose and cheeks are hardly measured, eyelids by half.",
    "Thresholds do not carry from clinic to clinic: set them on local healthy people.",
    "No figure by age, sex or skin tone exists for simulated landmarks, which have none.",
)


def model_card(bundle: Bundle) -> dict[str, Any]:
    """Return the card by field, JSON-ready."""
    card = asdict(bundle.card)
    return {
        "name": bundle.card.name,
        "hash": bundle.hash,
        "intended_use": INTENDED,
        "out_of_scope": list(OUT_OF_SCOPE),
        "inputs": list(bundle.inputs),
        "measures": card["input"],
        "trained_on": card["trained_on"],
        "threshold": card["threshold"],
        "threshold_basis": card["threshold_basis"],
        "uncertain": list(card["uncertain"]),
        "photo_sets": _sets(bundle),
        "novelty_limit": card["novelty_limit"],
        "results": card["results"],
        "video": _video(bundle),
        "reference": {"n": card["reference"]["n"], "of": card["reference"]["of"]},
        "limits": list(LIMITS),
        "licence": card["licence"],
        "program": card["program"],
        "format": card["format"],
    }


def _sets(bundle: Bundle) -> str:
    """Return where the thresholds of photo sets come from, in words."""
    model = bundle.photo_set
    if model is None:
        return "not known to this bundle"
    if model.local is not None:
        return model.local.basis
    return f"palsy above {SPECIFICITIES[1]:.0%} of simulated healthy people with the same views"


def _video(bundle: Bundle) -> dict[str, Any] | None:
    model = bundle.video
    if model is None:
        return None
    return {
        "threshold": model.threshold,
        "threshold_basis": model.basis,
        "uncertain": list(model.uncertain),
        "results": dict(model.facts),
    }


def _of_videos(video: dict[str, Any] | None) -> str:
    if video is None:
        return "Videos: the mean of the frames' answers."
    low, high = video["uncertain"]
    return (
        f"Videos with movement in them: palsy from a probability of {video['threshold']} at even odds: "
        f"{video['threshold_basis']}. Uncertain from {low} to {high}. Others: the mean of the frames' answers."
    )


def as_markdown(bundle: Bundle) -> str:
    """Return the card as Markdown."""
    fields = model_card(bundle)
    low, high = fields["uncertain"]
    listed = {name: "\n".join(f"- {line}" for line in fields[name]) for name in ("out_of_scope", "limits")}
    video = fields["video"]
    results = "\n".join(
        f"- {name}: {words}" for name, words in (fields["results"] | (video["results"] if video else {})).items()
    )
    return f"""# {fields["name"]}

`{fields["hash"]}`, format {fields["format"]}, made by {fields["program"]}; {fields["licence"]}

## Intended use

{fields["intended_use"]}

## Out of scope

{listed["out_of_scope"]}

## Data

{fields["trained_on"]["description"]}. Healthy range: {fields["reference"]["n"]} {fields["reference"]["of"]}.

## Decision

Reads {", ".join(fields["inputs"])}. Palsy from a probability of {fields["threshold"]} at even odds:
{fields["threshold_basis"]}. Uncertain from {low} to {high}. Largest novelty judged: {fields["novelty_limit"]}.
Photo sets: {fields["photo_sets"]}.

{_of_videos(video)}

## Figures

{results}

## Limits

{listed["limits"]}
"""
