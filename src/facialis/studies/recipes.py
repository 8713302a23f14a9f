"""What a row of a study is made of: frozen settings whose defaults are the paper's (arXiv 2503.10371).

What the paper leaves unsaid is marked so, with our choice and its reason.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from facialis.errors import RecipeError

Model = Literal["net", "image", "early-fusion", "late-fusion", "logistic"]


@dataclass(frozen=True)
class NetSettings:
    """The feed-forward net."""

    layers: int = 15
    units: int = 59
    learning_rate: float = 0.2045
    batch: int = 256
    epochs: int = 30
    """Unsaid for the net. On normal deviates of 30 subjects with 12 frames (three draws) held-out accuracy was 0.91
    after 30 passes and 0.89, 0.91, 0.93 after 60, 150, 300; with 12 subjects of 4 frames 0.85 and 0.86, 0.85, 0.85."""


@dataclass(frozen=True)
class ImageSettings:
    """The image encoder: all but the last block frozen."""

    encoder: str = "mixer_b16"
    learning_rate: float = 0.01
    batch: int = 256
    epochs: int = 50
    """By the name of the authors' published weight file."""
    train_crops: int = 1
    """Unsaid. The centre crop: a tenth of the cost; 10 trains on the mean over ten crops, as testing does."""
    test_crops: int = 10
    token_dtype: Literal["float16", "float32"] = "float16"
    """How the frozen trunk's tokens are kept; see `facialis.models.tokens` for what it costs in precision."""


@dataclass(frozen=True)
class FusionSettings:
    """The net on top of the branches' embeddings."""

    units: tuple[int, ...] = (256, 128, 64)
    slope: float = 0.2
    learning_rate: float = 0.01
    """Unsaid for the fusion net; the Mixer's."""
    batch: int = 128
    epochs: int = 50
    """Unsaid for the fusion net; the Mixer's."""


@dataclass(frozen=True)
class LogisticSettings:
    """Logistic regression: not of the paper, the plain baseline."""

    strength: float = 1.0
    balanced: bool = False


@dataclass(frozen=True)
class Recipe:
    """One row: which modalities, which model, how trained, how a label is decided."""

    name: str
    modalities: tuple[str, ...]
    """Arrays of the cohort that go in."""
    model: Model
    modality_title: str
    """How the table calls them."""
    model_title: str
    """How the table calls the model; ``{encoder}`` stands for the image encoder's own title."""
    net: NetSettings = field(default_factory=NetSettings)
    image: ImageSettings = field(default_factory=ImageSettings)
    fusion: FusionSettings = field(default_factory=FusionSettings)
    logistic: LogisticSettings = field(default_factory=LogisticSettings)
    threshold: Literal["argmax", "fold"] = "argmax"
    """The paper's argmax, or a threshold on the probability chosen inside each fold, on its training side."""

    def __post_init__(self) -> None:
        check(self)

    @property
    def uses_image(self) -> bool:
        """Whether an image encoder takes part."""
        return "crops" in self.modalities


_POSITIVE = ("layers", "units", "learning_rate", "batch", "epochs", "strength")
_FUSED_MODELS = ("early-fusion", "late-fusion")


def check(recipe: Recipe) -> None:
    """Refuse a recipe whose settings are out of range or do not fit together.

    Raises
    ------
    RecipeError
        The key, its value and what it may be.
    """
    for part in ("net", "image", "fusion", "logistic"):
        settings = getattr(recipe, part)
        for key in _keys(settings):
            value = getattr(settings, key)
            numbers = value if isinstance(value, tuple) else (value,)
            if key in _POSITIVE and not all(number > 0 for number in numbers):
                raise RecipeError(f"{recipe.name}: {part}.{key} is above 0, got {value!r}")
            if key == "batch" and value < 2:
                raise RecipeError(f"{recipe.name}: {part}.batch is 2 or more, got {value}")
            if key.endswith("_crops") and value not in (1, 10):
                raise RecipeError(f"{recipe.name}: {part}.{key} is 1 (the centre) or 10, got {value!r}")
    if not recipe.name or any(c in recipe.name for c in "/\\\0") or recipe.name.startswith("."):
        raise RecipeError(f"a recipe's name is part of file names: without / and no dot first, got {recipe.name!r}")
    fused = recipe.model in _FUSED_MODELS
    if fused != (len(recipe.modalities) > 1) or (recipe.model == "image") != (recipe.modalities == ("crops",)):
        raise RecipeError(
            f"{recipe.name}: model {recipe.model} does not go with the modalities {', '.join(recipe.modalities)};"
            " a fusion takes two, image takes crops, the others take one without crops"
        )


def _keys(cls: Any) -> list[str]:
    return [f.name for f in dataclasses.fields(cls)]


_NET, _EARLY, _LATE = (
    "feed-forward net",
    "early fusion, {encoder} + feed-forward net",
    "late fusion, {encoder} + feed-forward net",
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("measures-net", ("measures",), "net", "29 measures", _NET),
        Recipe("coordinates-net", ("coordinates",), "net", "landmark coordinates", _NET),
        Recipe("rgb-mixer", ("crops",), "image", "RGB images", "{encoder}"),
        Recipe("early-fusion", ("measures", "crops"), "early-fusion", "measures + RGB", _EARLY),
        Recipe("late-fusion", ("measures", "crops"), "late-fusion", "measures + RGB", _LATE),
        Recipe("measures-logistic", ("measures",), "logistic", "29 measures", "logistic regression"),
    )
}

COLLECTIONS: dict[str, tuple[str, ...]] = {
    "four-rows": ("measures-net", "coordinates-net", "rgb-mixer", "early-fusion"),
}

TINY: dict[str, object] = {
    "net.epochs": 10,
    "image.encoder": "mixer_tiny",
    "image.epochs": 5,
    "image.test_crops": 1,
    "fusion.epochs": 10,
}
"""Settings for a dry run on a small machine: seconds instead of hours, and figures that mean nothing."""


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
        raise RecipeError(f"unknown recipe {name!r}{_nearest(name, known)}; known: {', '.join(known)}, or a .toml file")
    nested: dict[str, Any] = {}
    for key, value in (overrides or {}).items():
        part, _, rest = key.partition(".")
        if rest:
            nested.setdefault(part, {})[rest] = value
        else:
            nested[part] = value
    return tuple(change(recipe, nested) for recipe in recipes)


def change(recipe: Recipe, settings: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """Return the recipe with settings changed: nested tables as in TOML.

    Raises
    ------
    RecipeError
        An unknown key or a value of the wrong kind or out of range.
    """
    changed: Recipe = _changed(recipe, settings, where, "")
    return changed


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
            near = _nearest(str(base), RECIPES)
            raise RecipeError(f"{path}: base = {base!r}{near}; a recipe starts from one of {', '.join(RECIPES)}")
        recipes.append(change(RECIPES[base], settings, str(path)))
    names = [recipe.name for recipe in recipes]
    if len(set(names)) != len(names):
        raise RecipeError(f"{path}: two recipes of one name; give each its own name")
    return tuple(recipes)


def _changed(settings: Any, changes: Mapping[str, Any], where: str, prefix: str) -> Any:
    hints = get_type_hints(type(settings))
    values = {}
    for key, value in changes.items():
        dotted = prefix + key
        if key not in hints:
            known = [prefix + name for name in hints]
            if not prefix:
                known += [f"{n}.{k}" for n, h in hints.items() if dataclasses.is_dataclass(h) for k in _keys(h)]
            raise RecipeError(f"{where}: unknown key {dotted!r}{_nearest(dotted, known)}")
        current = getattr(settings, key)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, Mapping):
                raise RecipeError(f"{where}: {dotted} is a table of settings, got {value!r}")
            values[key] = _changed(current, value, where, dotted + ".")
        else:
            values[key] = _value(value, hints[key], current, f"{where}: {dotted}")
    return dataclasses.replace(settings, **values)


def _value(value: Any, hint: Any, current: Any, where: str) -> Any:
    choices = get_args(hint) if getattr(hint, "__origin__", None) is Literal else ()
    if choices:
        if value not in choices:
            raise RecipeError(f"{where} is one of {', '.join(choices)}, got {value!r}")
        return value
    if isinstance(current, tuple):
        kind = type(current[0])
        if not isinstance(value, Sequence) or isinstance(value, str) or not all(type(v) is kind for v in value):
            raise RecipeError(f"{where} is a list of {kind.__name__}, got {value!r}")
        return tuple(value)
    if type(current) is float and type(value) is int:
        return float(value)
    if type(value) is not type(current):
        raise RecipeError(f"{where} is of kind {type(current).__name__}, got {value!r}")
    return value


def _nearest(key: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
    tails = difflib.get_close_matches(key.split(".")[-1], [k.split(".")[-1] for k in known], n=1, cutoff=0.6)
    if not near and tails:
        near = [next(k for k in known if k.split(".")[-1] == tails[0])]
    return f", did you mean {near[0]!r}?" if near else ""
