"""A bundle's card in a few lines, for the foot of a report."""

from __future__ import annotations

from facialis.detection.bundle import Bundle
from facialis.reports import photo_rows as rows
from facialis.words import Words
from facialis.words.known import number_as_said, recognised, translated

_FIGURES = {"auc": "AUC", "sensitivity": "sensitivity", "specificity": "specificity"}


def card_lines(bundle: Bundle, say: Words) -> list[tuple[str, str]]:
    """Return the model's card in short, as names and texts."""
    card = bundle.card
    return [
        (say("report.model_name"), f"{card.name}, {card.licence}"),
        (say("report.trained_on"), translated(str(card.trained_on["description"]), say)),
        *([(say("report.figures"), figures)] if (figures := _figures(bundle, say)) else []),
        (say("report.reference"), say("report.reference_of", **rows.reference_words(bundle, say))),
        (say("report.threshold"), translated(card.threshold_basis, say)),
        (say("report.limits"), say("report.limits_text")),
    ]


def _figures(bundle: Bundle, say: Words) -> str:
    """Return how well the model does, in one line: with intervals and n, called simulated where they are."""
    said: list[str] = []
    of: dict[str, str] = {}
    for key, name in _FIGURES.items():
        simulated = f"{name} (simulated)" in bundle.card.results
        text = bundle.card.results.get(f"{name} (simulated)" if simulated else name)
        known = None if text is None else recognised(str(text))
        called = say(f"report.{key}")
        if known is not None and known[0] == "known.figure_simulated":
            values = {entry: number_as_said(value, say) for entry, value in known[1].items()}
            of = of or values  # the first is on all faces
            said.append(say("report.figure", name=called, **{end: values[end] for end in ("value", "low", "high")}))
        elif text is not None:
            called += f" ({say('report.simulated')})" * simulated
            said.append(say("report.figure_other", name=called, value=text))
    figures = ", ".join(said)
    return say("report.figures_of", figures=figures, faces=of["faces"], subjects=of["subjects"]) if of else figures
