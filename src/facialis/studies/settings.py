"""What a row of a study is made of: frozen settings whose defaults are the paper's (arXiv 2503.10371).

What the paper leaves unsaid is marked so, with our choice and its reason.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints

from facialis.errors import RecipeError

Model = Literal[
    "net", "image", "logistic", "early-fusion", "late-fusion", "gated-fusion", "attention-fusion", "stacked-fusion"
]
IMAGES = ("crops", "lines")
"""Modalities that are pictures: an encoder takes them."""


@dataclass(frozen=True)
class NetSettings:
    """The feed-forward net: 15 layers of 59 units, SGD at 0.2045, batches of 256 (the paper's models and training)."""

    layers: int = 15
    units: int = 59
    learning_rate: float = 0.2045
    batch: int = 256
    epochs: int = 30
    """Unsaid for the net. On normal deviates of 30 subjects with 12 frames (three draws) held-out accuracy was 0.91
    after 30 passes and 0.89, 0.91, 0.93 after 60, 150, 300; with 12 subjects of 4 frames 0.85 and 0.86, 0.85, 0.85."""


@dataclass(frozen=True)
class ImageSettings:
    """The image encoder: SGD at 0.01, batches of 256, all frozen but the last block (the paper's models)."""

    encoder: str = "mixer_b16"
    """A key of `facialis.models.encoders.ENCODERS`. The paper names Mixer-B/16's weights; of ResNet50 and FasterViT
    it names none: timm's default weights of ResNet50 and the smallest FasterViT are ours."""
    trains: Literal["last-block", "head"] = "last-block"
    """The paper frees the last block; its authors' published program the head alone, at a fraction of the cost: each
    picture's embedding is then computed once and only heads are trained on it."""
    learning_rate: float = 0.01
    batch: int = 256
    epochs: int = 50
    """By the name of the authors' published weight file."""
    train_crops: int = 1
    """Unsaid. The centre crop: a tenth of the cost; 10 trains on the mean over ten crops, as testing does."""
    test_crops: int = 10
    token_dtype: Literal["float16", "float32"] = "float16"
    """How the frozen part's tokens are kept; see `facialis.models.tokens` for what it costs in precision."""
    precision: Literal["float32", "mixed"] = "float32"
    """In what the encoder is run and trained; mixed is bfloat16 where torch holds it safe. With EfficientNet-Lite0's
    published weights it moved embeddings by 0.018 (root mean square) where they spread by 0.39, and logits of a random
    head by 0.043 at most of 0.27 (12 pictures, ten crops), in less than half the time on a core with bfloat16."""


@dataclass(frozen=True)
class FusionSettings:
    """What stands on top of the branches: 256, 128, 64 units, LeakyReLU 0.2, batches of 128 (the paper's fusion)."""

    units: tuple[int, ...] = (256, 128, 64)
    slope: float = 0.2
    learning_rate: float = 0.01
    """Unsaid for the fusion net; the Mixer's."""
    batch: int = 128
    epochs: int = 50
    """Unsaid for the fusion net; the Mixer's."""
    dropout: float = 0.0
    """Not of the paper: probability that a branch is hidden from a frame in training, so that the net learns to do
    without it. Above 0, frames that lack a modality are taken."""
    strength: float = 1.0
    """Not of the paper: inverse of the L2 penalty of the stack's logistic regression, scikit-learn's default."""


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
        return any(name in IMAGES for name in self.modalities)

    @property
    def takes_missing(self) -> bool:
        """Whether a frame may lack some of the modalities (rows of NaN)."""
        return self.model in ("late-fusion", "stacked-fusion") or (self.model in FUSIONS and self.fusion.dropout > 0)


_POSITIVE = ("layers", "units", "learning_rate", "batch", "epochs", "strength")
FUSIONS = ("early-fusion", "late-fusion", "gated-fusion", "attention-fusion", "stacked-fusion")


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
            if key == "dropout" and not 0 <= value < 1:
                raise RecipeError(f"{recipe.name}: {part}.dropout is 0 or more and below 1, got {value}")
            if key.endswith("_crops") and value not in (1, 10):
                raise RecipeError(f"{recipe.name}: {part}.{key} is 1 (the centre) or 10, got {value!r}")
    if not recipe.name or any(c in recipe.name for c in "/\\\0") or recipe.name.startswith("."):
        raise RecipeError(f"a recipe's name is part of file names: without / and no dot first, got {recipe.name!r}")
    pictures = sum(name in IMAGES for name in recipe.modalities)
    fits = (
        len(set(recipe.modalities)) == len(recipe.modalities) > 1
        if recipe.model in FUSIONS
        else len(recipe.modalities) == 1 and (recipe.model == "image") == (pictures == 1)
    )
    if not fits:
        raise RecipeError(
            f"{recipe.name}: model {recipe.model} does not go with the modalities {', '.join(recipe.modalities)};"
            " a fusion takes two or more, image takes crops or lines, the others take one without pictures"
        )


def _keys(cls: Any) -> list[str]:
    return [f.name for f in dataclasses.fields(cls)]


def change(recipe: Recipe, settings: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """Return the recipe with settings changed: nested tables as in TOML.

    Raises
    ------
    RecipeError
        An unknown key or a value of the wrong kind or out of range.
    """
    changed: Recipe = _changed(recipe, settings, where, "")
    return changed


def _changed(settings: Any, changes: Mapping[str, Any], where: str, prefix: str) -> Any:
    hints = get_type_hints(type(settings))
    values = {}
    for key, value in changes.items():
        dotted = prefix + key
        if key not in hints:
            known = [prefix + name for name in hints]
            if not prefix:
                known += [f"{n}.{k}" for n, h in hints.items() if dataclasses.is_dataclass(h) for k in _keys(h)]
            raise RecipeError(f"{where}: unknown key {dotted!r}{nearest(dotted, known)}")
        current = getattr(settings, key)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, Mapping):
                raise RecipeError(f"{where}: {dotted} is a table of settings, got {value!r}")
            values[key] = _changed(current, value, where, dotted + ".")
        else:
            values[key] = _value(value, hints[key], current, f"{where}: {dotted}")
    return dataclasses.replace(settings, **values)


def _value(value: Any, hint: Any, current: Any, where: str) -> Any:
    if isinstance(value, Mapping) and isinstance(current, str):
        value = value.get(current, current)
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


def nearest(key: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """Return ``, did you mean ...?`` with the known key nearest to this one, or nothing."""
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
    tails = difflib.get_close_matches(key.split(".")[-1], [k.split(".")[-1] for k in known], n=1, cutoff=0.6)
    if not near and tails:
        near = [next(k for k in known if k.split(".")[-1] == tails[0])]
    return f", did you mean {near[0]!r}?" if near else ""
