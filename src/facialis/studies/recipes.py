"""The study's recipes: the thirteen rows of the paper's table, and what is asked beyond it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facialis.errors import RecipeError
from facialis.studies.settings import FusionSettings, ImageSettings, Model, Recipe, change, nearest

__all__ = ["COLLECTIONS", "RECIPES", "TINY", "Recipe", "change", "load_recipes"]

_NET = "feed-forward net"
_FUSED = "{kind}, {{encoder}} + feed-forward net"
_RGB, _LINES = "RGB images", "line-segment images"
_BOTH, _BOTH_LINES = ("measures", "crops"), ("measures", "lines")
_RESNET, _FASTERVIT = ImageSettings(encoder="resnet50"), ImageSettings(encoder="fastervit")
_DROPOUT = FusionSettings(dropout=0.2)
"""A fifth of the frames loses a branch in training; not of the paper, our choice: enough to see both kinds often."""


def _fusion(name: str, kind: Model, **settings: Any) -> Recipe:
    title = settings.pop("title", kind.replace("-", " "))
    return Recipe(name, _BOTH, kind, "measures + RGB", _FUSED.format(kind=title), **settings)


_PAPER = (
    Recipe("expressions-net", ("expressions",), "net", "facial expression features", _NET),
    Recipe("coordinates-net", ("coordinates",), "net", "landmark coordinates", _NET),
    Recipe("measures-net", ("measures",), "net", "29 measures", _NET),
    Recipe("rgb-resnet50", ("crops",), "image", _RGB, "{encoder}", image=_RESNET),
    Recipe("rgb-fastervit", ("crops",), "image", _RGB, "{encoder}", image=_FASTERVIT),
    Recipe("rgb-mixer", ("crops",), "image", _RGB, "{encoder}"),
    Recipe("lines-resnet50", ("lines",), "image", _LINES, "{encoder}", image=_RESNET),
    Recipe("lines-fastervit", ("lines",), "image", _LINES, "{encoder}", image=_FASTERVIT),
    Recipe("lines-mixer", ("lines",), "image", _LINES, "{encoder}"),
    _fusion("early-fusion", "early-fusion"),
    Recipe(
        "early-fusion-lines",
        _BOTH_LINES,
        "early-fusion",
        "measures + line segments",
        _FUSED.format(kind="early fusion"),
        image=_RESNET,
    ),
    _fusion("late-fusion", "late-fusion"),
    Recipe(
        "late-fusion-lines",
        _BOTH_LINES,
        "late-fusion",
        "measures + line segments",
        _FUSED.format(kind="late fusion"),
        image=_RESNET,
    ),
)
"""The rows of the paper's table, in its order."""

_BEYOND = (
    Recipe("measures-logistic", ("measures",), "logistic", "29 measures", "logistic regression"),
    _fusion("dropout-fusion", "early-fusion", title="early fusion with modality dropout", fusion=_DROPOUT),
    _fusion("gated-fusion", "gated-fusion", fusion=_DROPOUT),
    _fusion("attention-fusion", "attention-fusion", fusion=_DROPOUT),
    _fusion("stacking", "stacked-fusion"),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*_PAPER, *_BEYOND)}

COLLECTIONS: dict[str, tuple[str, ...]] = {
    "table1": tuple(recipe.name for recipe in _PAPER),
    "four-rows": ("measures-net", "coordinates-net", "rgb-mixer", "early-fusion"),
    "fusions": ("early-fusion", "late-fusion", "dropout-fusion", "gated-fusion", "attention-fusion", "stacking"),
}

TINY: dict[str, object] = {
    "net.epochs": 10,
    "image.encoder": {"mixer_b16": "mixer_tiny", "resnet50": "resnet_tiny", "fastervit": "fastervit_tiny"},
    "image.epochs": 5,
    "image.test_crops": 1,
    "fusion.epochs": 10,
}
"""Settings for a dry run on a small machine: seconds instead of hours, and figures that mean nothing.

A table in place of a word puts another word for those it names and leaves the rest."""


def load_recipes(source: str | Path, overrides: Mapping[str, object] | None = None) -> tuple[Recipe, ...]:
    """Return the recipes of a name, a collection's name, or a TOML file, with settings put over them.

    A file holds one recipe, or several as ``[[recipe]]``; each starts from a named one and changes what it says::

        base = "rgb-mixer"
        name = "rgb-tiny"
        [image]
        encoder = "mixer_tiny"
        epochs = 5

    Parameters
    ----------
    overrides
        Dotted key to value, for example ``{"image.epochs": 5}``, for each recipe.

    Raises
    ------
    RecipeError
        Unknown name or key (the nearest known one is named), a value of the wrong kind or out of range, or a file
        that cannot be read.

    Examples
    --------
    >>> [recipe.name for recipe in load_recipes("four-rows")]
    ['measures-net', 'coordinates-net', 'rgb-mixer', 'early-fusion']
    """
    name = str(source)
    if name in COLLECTIONS:
        recipes = tuple(RECIPES[part] for part in COLLECTIONS[name])
    elif name in RECIPES:
        recipes = (RECIPES[name],)
    elif name.endswith(".toml"):
        recipes = _load_file(Path(source))
    else:
        known = [*RECIPES, *COLLECTIONS]
        raise RecipeError(f"unknown recipe {name!r}{nearest(name, known)}; known: {', '.join(known)}, or a .toml file")
    nested: dict[str, Any] = {}
    for key, value in (overrides or {}).items():
        part, _, rest = key.partition(".")
        if rest:
            nested.setdefault(part, {})[rest] = value
        else:
            nested[part] = value
    return tuple(change(recipe, nested) for recipe in recipes)


def _load_file(path: Path) -> tuple[Recipe, ...]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not TOML ({error})") from error
    tables = content.get("recipe", [content])
    if not isinstance(tables, list) or not tables or ("recipe" in content and len(content) > 1):
        raise RecipeError(f"{path}: holds one recipe, or several as [[recipe]] and nothing beside them")
    recipes = []
    for table in tables:
        settings = dict(table)
        base = settings.pop("base", None)
        if base not in RECIPES:
            near = nearest(str(base), RECIPES)
            raise RecipeError(f"{path}: base = {base!r}{near}; a recipe starts from one of {', '.join(RECIPES)}")
        recipes.append(change(RECIPES[base], settings, str(path)))
    names = [recipe.name for recipe in recipes]
    if len(set(names)) != len(names):
        raise RecipeError(f"{path}: two recipes of one name; give each its own name")
    return tuple(recipes)
