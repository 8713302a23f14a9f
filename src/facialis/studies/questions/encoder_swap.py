"""What does the image encoder matter? Early fusion with each encoder in the Mixer's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from facialis.models.encoders import ENCODERS
from facialis.studies.questions.fusion import compared
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.recipes import load_recipes
from facialis.studies.results import REFERENCE
from facialis.studies.study import run_study


def ask(asking: Asking) -> Answer:
    """Run early fusion with each encoder; one whose weights cannot be had says why in its place.

    The encoders are those with published weights; in a dry run (`random_weights`) the small ones that are trained from
    nothing. Those that ``image.encoder`` of the overrides names take part beside them.
    """
    overrides = {key: value for key, value in asking.overrides.items() if key != "image.encoder"}
    recipe = load_recipes("early-fusion", overrides)[0]
    names = encoders(asking)
    recipes = [
        replace(
            recipe,
            name=REFERENCE if i == 0 else f"{REFERENCE}-{name}",
            image=replace(recipe.image, encoder=name),
        )
        for i, name in enumerate(names)
    ]
    rows = run_study(asking.cohort, recipes, asking.out / "study", keep_going=True, **asking.run)["rows"]
    return compared(
        "encoder-swap", "Early fusion with each encoder in the Mixer's place", asking, rows, f"that with {names[0]}",
        {recipe.name: name for recipe, name in zip(recipes, names, strict=True)},
    )  # fmt: skip


def encoders(asking: Asking) -> list[str]:
    """Return the encoders that take part; the first, a Mixer, is the one that the others are compared with."""
    asked = asking.overrides.get("image.encoder", ())
    named = [asked] if isinstance(asked, str) else list(asked.values() if isinstance(asked, Mapping) else asked)
    usual = [name for name, spec in ENCODERS.items() if (spec.published is None) == asking.random_weights]
    return list(dict.fromkeys([*usual, *named]))
