"""Questions that a study is asked about its own result: one a file, each with ``ask(asking) -> Answer``."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module

from facialis.errors import RecipeError
from facialis.studies.questions.question import Answer, Asking, claimed

__all__ = ["NEEDS", "OF_RECIPES", "QUESTIONS", "Answer", "Asking", "claimed", "question"]
QUESTIONS: dict[str, str] = {
    "shortcuts": "Can the group be told by anything but the palsy?",
    "leakage": "Does anything leak from the test side into training?",
    "fairness": "Is the model as right about everyone?",
    "label-noise": "Which frames look mislabelled?",
    "seeds": "How far does the figure move from seed to seed and from split to split?",
    "learning-curve": "What would more subjects bring?",
    "encoder-swap": "What does the image encoder matter? Fusion with each in the Mixer's place.",
    "fusion": "Which fusion, on the same folds?",
    "landmark-noise": "What can landmarks and pictures lose before the answer goes?",
    "same-source": "What is left when palsy and no palsy come from one source?",
    "cross-cohort": "Does a model of one source hold on another, and at each site?",
    "temporal": "Does time help? Movements against the mean and the largest of the frames.",
    "shuffled-measures": "Does fusion use the measures? They are shuffled between faces.",
}
"""Name of each question and what it asks; the module has the name with underscores."""

NEEDS: dict[str, str] = {
    "shortcuts": "crops and landmarks, height and width, transforms; what is missing is said",
    "leakage": "measures; hashes of the pictures, and what columns there are",
    "fairness": "measures; sex, age_band or age, skin_tone, source, site, those that there are",
    "label-noise": "measures; crops for --with-pictures",
    "seeds": "measures",
    "learning-curve": "measures; the more subjects the longer the curve",
    "encoder-swap": "measures and crops, encoders' weights",
    "fusion": "measures and crops, an encoder's weights",
    "landmark-noise": "landmarks and measures; coordinates; crops and an encoder's weights for the image branch",
    "same-source": "measures; a source with negatives of its own, and another for the healthy side",
    "cross-cohort": "measures; two sources or more, or sites",
    "temporal": "landmarks and measures of sequences: times, a sequence's name; transforms where there are",
    "shuffled-measures": "measures and crops, an encoder's weights",
}
"""What each question needs of the cohort (and beside it)."""

OF_RECIPES = ("shortcuts", "leakage", "fairness", "label-noise", "same-source", "cross-cohort")
"""The questions that can be asked of any recipe; the others name their own."""


def question(name: str) -> Callable[[Asking], Answer]:
    """Return the function that asks a question.

    Raises
    ------
    RecipeError
        There is none of that name; the nearest is named.
    """
    if name not in QUESTIONS:
        near = difflib.get_close_matches(name, list(QUESTIONS), n=1, cutoff=0.4)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise RecipeError(f"unknown question {name!r}{meant} Known: {', '.join(QUESTIONS)}")
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    ask: Callable[[Asking], Answer] = module.ask
    return ask
