"""Maps of where an image net looks, each beside its check, as one self-contained page."""

from __future__ import annotations

import base64
import datetime
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facialis import __version__
from facialis.faces.sources import display_name, without_name
from facialis.files import write_text
from facialis.reports.templating import page_environment
from facialis.words import words

NOTICE = "Research use; not a medical device."
_BLUE, _ORANGE = np.array([28, 93, 153]), np.array([214, 96, 11])


class CheckedMap(Protocol):
    """What a map must say of itself; see `facialis.models.maps.CheckedMap`."""

    @property
    def name(self) -> str: ...
    @property
    def values(self) -> NDArray[np.float64]: ...
    @property
    def random(self) -> NDArray[np.float64]: ...
    @property
    def likeness(self) -> float: ...
    @property
    def gap(self) -> float | None: ...
    @property
    def passed(self) -> bool: ...


@dataclass(frozen=True)
class Mapped:
    """A photo's face crop (224, 224), 0 to 1, what the net says of it, and its maps; or why there are none."""

    source: str
    crop: NDArray[np.float64] | None = None
    logit: float | None = None
    maps: Sequence[CheckedMap] = ()
    reason: str = ""


def write_maps(path: Path | str, photos: Sequence[Mapped], **options: Any) -> None:
    """Write the page, options as for `render_maps`; atomically. A map that failed its check is named and not drawn.

    Raises
    ------
    FacialisError
        The file cannot be written.
    """
    write_text(path, render_maps(photos, **options))


def render_maps(photos: Sequence[Mapped], *, row: str, weights: str, limits: str, names: bool = False) -> str:
    """Return the page as text; without `names` a photo has its number, and its name nowhere."""
    say = words("en")
    items = [
        {
            "title": display_name(os.path.basename(photo.source)) if names else say("report.photo", number=number),
            "reason": display_name(without_name(photo.reason, photo.source)),
            "logit": photo.logit,
            "crop": None if photo.crop is None else _png(np.repeat(255 * photo.crop[..., None], 3, axis=2)),
            "maps": [] if photo.crop is None else [_drawn(one, photo.crop) for one in photo.maps],
        }
        for number, photo in enumerate(photos, 1)
    ]
    return (
        page_environment()
        .get_template("image_maps.html")
        .render(
            items=items,
            row=row,
            weights=weights,
            limits=limits,
            notice=NOTICE,
            version=__version__,
            today=datetime.date.today().isoformat(),
        )
    )


def _drawn(one: CheckedMap, crop: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "name": one.name,
        "passed": one.passed,
        "likeness": one.likeness,
        "gap": one.gap,
        "image": _overlay(one.values, crop) if one.passed else None,
        "random": _overlay(one.random, crop) if one.passed else None,
    }


def _overlay(values: NDArray[np.float64], crop: NDArray[np.float64]) -> str:
    """Return the crop with a map over it: orange speaks for palsy, blue against it; the strongest square is fullest."""
    side = crop.shape[0] // values.shape[0]
    scaled = np.kron(values / max(float(np.abs(values).max()), 1e-12), np.ones((side, side)))
    strength = 0.75 * np.abs(scaled)[..., None]
    colour = np.where(scaled[..., None] > 0, _ORANGE, _BLUE)
    return _png((1 - strength) * 255 * crop[..., None] + strength * colour)


def _png(pixels: NDArray[np.float64]) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
