"""The 29 handcrafted asymmetry measures, in the definitions of the two programs that introduced them.

Source: Parra-Dominguez, Sanchez-Yanez, Garcia-Capulin, "Facial Paralysis Detection on Images Using Key Point
Analysis", Applied Sciences 2021, 11(5), 2435 (`parra-dominguez-2021`), taken over on MediaPipe's landmarks by Oo,
Lee, Lim, "A Multimodal Fusion Model Leveraging MLP Mixer and Handcrafted Features-based Deep Learning Networks for
Facial Palsy Detection", arXiv 2503.10371 (`oo-2025`). The published programs do not compute the same numbers, so
both definitions are here; `MEASURES` says what each measure is. Which side: `facialis.modalities.signed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.errors import RecipeError

REGIONS = ("brow", "eye", "nose_cheek", "mouth", "whole_face")
DEFINITIONS = ("oo-2025", "parra-dominguez-2021")
COORDINATES = ("pixel", "normalised")
ORIGINS = ("picture", "face")
CROWN = 10
"""Landmark at the top of the face, from which ``origin="face"`` counts."""

LIMIT = 1000.0
"""Where a measure divides by zero (a closed eye), or nearly so, it is cut at this value."""

POINTS = (
    70, 63, 105, 66, 55,  # 0-4 brow, subject's right, outer to inner
    285, 296, 334, 293, 300,  # 5-9 brow, subject's left, inner to outer
    130, 160, 158, 173, 153, 144,  # 10-15 eye, subject's right: outer canthus, upper lid, inner canthus, lower lid
    398, 385, 387, 359, 373, 380,  # 16-21 eye, subject's left: inner canthus, upper lid, outer canthus, lower lid
    1,  # 22 nose tip
    98, 97, 2, 326, 327,  # 23-27 base of the nose, subject's right to left
    61, 39, 37, 0, 267, 269, 291,  # 28-34 upper lip, outer edge, subject's right to left
    405, 314, 17, 84, 181,  # 35-39 lower lip, outer edge, subject's left to right
    191, 81, 13, 311, 415,  # 40-44 upper lip, inner edge, subject's right to left
    402, 14, 178,  # 45-47 lower lip, inner edge, subject's left to right
    127, 356,  # 48, 49 side of the face, subject's right, left
    152,  # 50 chin
)  # fmt: skip
"""Landmarks of the 51 points that the measures' formulas count from 0."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One of the 29 measures: what it is, in which unit, and how it behaves."""

    number: int
    name: str
    clinical_name: str
    region: str
    """One of `REGIONS`."""
    unit: str
    """``"deg"``, ``"slope"`` (rise over run), ``"ratio"`` (subject's right against left), ``"relative size"``."""
    formula: Mapping[str, str]
    """For each definition, in the numbers of `POINTS`, on points turned level (see `measure`)."""
    symmetric: Mapping[str, float | None]
    """For each definition, the value on a level, perfectly symmetric face; None where every size is possible."""
    mirrored: Mapping[str, str]
    """For each definition, what mirroring the face does to the value: ``"same"``, ``"negated"``, ``"supplement"``
    (180 degrees minus the value on an upright face) or ``"changes"`` (no rule)."""

    @property
    def description(self) -> str:
        """Return one line: what the measure is, with its formula in both definitions."""
        formulas = "; ".join(f"{definition}: {text}" for definition, text in self.formula.items())
        return f"f{self.number} {self.clinical_name} [{self.unit}]. {formulas}"


def _entry(
    number: int,
    name: str,
    clinical_name: str,
    region: str,
    unit: str,
    oo: str,
    parra: str,
    symmetric: tuple[float | None, float | None],
    mirrored: tuple[str, str] = ("same", "same"),
) -> Measure:
    def each(pair: tuple[Any, Any]) -> dict[str, Any]:
        return dict(zip(DEFINITIONS, pair, strict=True))

    return Measure(number, name, clinical_name, region, unit, each((oo, parra)), each(symmetric), each(mirrored))


_ANGLE = ("negated", "same")
_POLYGON = "31-32-33-34-35-36-37"

MEASURES: tuple[Measure, ...] = (
    _entry(0, "brow_tilt_outer", "tilt of the line through the outer ends of the brows", "brow", "deg",
           "angle of 0 minus 9", "|angle of 0 minus 9|", (0, 180), _ANGLE),
    _entry(1, "brow_tilt_middle", "tilt of the line through the middles of the brows", "brow", "deg",
           "angle of 2 minus 7", "|angle of 2 minus 7|", (0, 180), _ANGLE),
    _entry(2, "brow_tilt_inner", "tilt of the line through the inner ends of the brows", "brow", "deg",
           "angle of 4 minus 5", "|angle of 4 minus 5|", (0, 180), _ANGLE),
    _entry(3, "brow_height_ratio", "ratio of the brows' mean depths below the top", "brow", "ratio",
           "larger over smaller of |mean y of 0-4|, |mean y of 5-9|",
           "smaller over larger of |mean y of 0-4|, |mean y of 5-9|", (1, 1), ("changes", "changes")),
    _entry(4, "brow_slope_outer", "slope of the line through the outer ends of the brows", "brow", "slope",
           "|dy / dx| of 0, 9", "|dy / dx| of 0, 9", (0, 0)),
    _entry(5, "brow_slope_middle", "slope of the line through the middles of the brows", "brow", "slope",
           "|dy / dx| of 2, 7", "|dy / dx| of 2, 7", (0, 0)),
    _entry(6, "brow_slope_inner", "slope of the line through the inner ends of the brows", "brow", "slope",
           "|dy / dx| of 4, 5", "|dy / dx| of 4, 5", (0, 0)),
    _entry(7, "outer_canthi_tilt", "tilt of the line through the outer canthi", "eye", "deg",
           "angle of 10 minus 19", "|angle of 19 minus 10|", (0, 0), _ANGLE),
    _entry(8, "palpebral_fissure_width_ratio", "ratio of the palpebral fissures' widths", "eye", "ratio",
           "larger over smaller of |dx| 10, 13 and |dx| 16, 19",
           "smaller over larger of d(10, 13), d(16, 19)", (1, 1)),
    _entry(9, "outer_canthus_to_side_ratio", "ratio of the outer canthi's distances to the sides of the face",
           "whole_face", "ratio", "larger over smaller of |dx| 10, 48 and |dx| 19, 49",
           "smaller over larger of d(10, 48), d(19, 49)", (1, 1)),
    _entry(10, "outer_canthus_to_ala_ratio", "ratio of the outer canthi's distances to the alar bases", "nose_cheek",
           "ratio", "larger over smaller of d(10, 23), d(19, 27)",
           "smaller over larger of d(10, 23), d(19, 27)", (1, 1)),
    _entry(11, "palpebral_fissure_height_ratio", "ratio of the palpebral fissures' mean heights", "eye", "ratio",
           "larger over smaller of d(11, 15) + d(12, 14), d(17, 21) + d(18, 20)",
           "smaller over larger of |dy| 11, 15 + |dy| 12, 14 and |dy| 17, 21 + |dy| 18, 20", (1, 1)),
    _entry(12, "palpebral_fissure_height_outer_ratio", "ratio of the palpebral fissures' heights, outer part", "eye",
           "ratio", "larger over smaller of d(11, 15), d(18, 20)",
           "smaller over larger of d(11, 15), d(18, 20)", (1, 1)),
    _entry(13, "palpebral_fissure_height_inner_ratio", "ratio of the palpebral fissures' heights, inner part", "eye",
           "ratio", "larger over smaller of d(12, 14), d(17, 21)",
           "smaller over larger of d(12, 14), d(17, 21)", (1, 1)),
    _entry(14, "oral_commissures_tilt", "tilt of the line through the oral commissures", "mouth", "deg",
           "angle of 28 minus 34", "|angle of 34 minus 28|", (0, 0), _ANGLE),
    _entry(15, "outer_canthus_to_lower_lip_ratio",
           "ratio of the outer canthi's distances to the middle of the lower lip", "whole_face", "ratio",
           "larger over smaller of d(10, 37), d(19, 37)", "smaller over larger of d(10, 37), d(19, 37)", (1, 1)),
    _entry(16, "lips_height_outer_ratio", "ratio of the lips' outer heights near the commissures", "mouth", "ratio",
           "larger over smaller of d(29, 39), d(33, 35)", "smaller over larger of d(29, 39), d(33, 35)", (1, 1)),
    _entry(17, "lips_height_inner_ratio", "ratio of the lips' outer heights near the midline", "mouth", "ratio",
           "larger over smaller of d(30, 38), d(32, 36)", "smaller over larger of d(30, 38), d(32, 36)", (1, 1)),
    _entry(18, "commissure_to_lower_lip", "longer distance of a commissure to the middle of the lower lip", "mouth",
           "relative size", "larger of d(28, 37), d(34, 37) / |dx| 48, 49",
           "larger of d(28, 37), d(34, 37) / d(48, 49)", (None, None)),
    _entry(19, "lips_height_outer", "larger outer height of the lips near the commissures", "mouth", "relative size",
           "larger of d(29, 39), d(33, 35) / |dx| 28, 34",
           "larger of d(29, 39), d(33, 35) / d(28, 34)", (None, None)),
    _entry(20, "lips_height_inner", "larger outer height of the lips near the midline", "mouth", "relative size",
           "larger of d(30, 38), d(32, 36) / |dx| 28, 34",
           "larger of d(30, 38), d(32, 36) / d(28, 34)", (None, None)),
    _entry(21, "half_mouth_perimeter", "longer perimeter of a half of the mouth", "mouth", "relative size",
           f"larger perimeter of 28-29-30-31-37-38 (39 is left out in the published program), {_POLYGON} / |dx| 28, 34",
           f"larger perimeter of 28-29-30-31-37-38-39, {_POLYGON} / d(28, 34)", (None, None), ("changes", "same")),
    _entry(22, "alar_base_tilt", "tilt of the line through the alar bases", "nose_cheek", "deg",
           "angle of 23 minus 27", "|angle of 27 minus 23|", (0, 0), _ANGLE),
    _entry(23, "nose_to_lower_lip_angle", "direction from the nose tip to the middle of the lower lip", "whole_face",
           "deg", "angle of 22 minus 37", "|angle of 37 minus 22|", (90, 90), ("supplement", "supplement")),
    _entry(24, "ala_to_lower_lip_ratio", "ratio of the alar bases' distances to the middle of the lower lip",
           "nose_cheek", "ratio", "larger over smaller of d(23, 37), d(27, 37)",
           "smaller over larger of d(23, 37), d(27, 37)", (1, 1)),
    _entry(25, "brow_middle_to_lower_lip", "longer distance of a brow's middle to the middle of the lower lip",
           "whole_face", "relative size", "larger of d(2, 37), d(7, 37) / |dx| 48, 49",
           "larger of d(2, 37), d(7, 37) / d(48, 49)", (None, None)),
    _entry(26, "brow_inner_to_lower_lip", "longer distance of a brow's inner part to the middle of the lower lip",
           "whole_face", "relative size", "larger of d(3, 37), d(6, 37) / |dx| 48, 49",
           "larger of d(3, 37), d(6, 37) / d(48, 49)", (None, None)),
    _entry(27, "lower_lip_to_chin", "distance of the middle of the lower lip to the chin", "mouth", "relative size",
           "d(37, 50) / |dx| 48, 49", "d(37, 50) / d(48, 49)", (None, None)),
    _entry(28, "nose_to_upper_lip", "distance of the nose to the middle of the upper lip", "nose_cheek",
           "relative size", "d(31, 22) / |dx| 48, 49", "d(31, 25) / d(48, 49)", (None, None)),
)  # fmt: skip
"""The measures, in the order of `measure`'s last axis. d(i, j) is the Euclidean distance of points i and j, dx and
dy are their differences, an angle is atan2(dy, dx) in degrees; ``a, b / c`` divides what stands before it."""


def measure_names() -> tuple[str, ...]:
    """Return the 29 short names, in the order of `measure`'s last axis."""
    return tuple(entry.name for entry in MEASURES)


def measure(
    points: ArrayLike,
    *,
    definition: str = "oo-2025",
    coordinates: str = "pixel",
    size: ArrayLike | None = None,
    origin: str = "picture",
) -> Values:
    """Compute the 29 measures of one face or of many.

    Both definitions first turn the face about point 48 (the side of the face, subject's right) until the line 48-49
    is level. `oo-2025` leaves it standing on its head, so that its signed angles lie near 0 on a level face.

    Roll, and shift in the picture, change nothing, but for f3, which depends on where the face stands (so that it tells
    how a picture was cut) unless ``origin="face"``; scale changes nothing. With ``coordinates="normalised"`` neither
    holds for roll: the numbers depend on the aspect ratio. Mirroring: see `Measure.mirrored`. In
    `parra-dominguez-2021` it changes f3, and f23 into 180 - f23. In `oo-2025` it turns the sign of f0, f1, f2, f7, f14
    and f22, changes f23 into 180 - f23, f3, and f21 (a slip of the published program, kept). All other measures stay.

    A face whose pose was undone (`facialis.faces.geometry.undo_pose`) can be measured as it is; f3 then needs
    ``origin="face"`` to say anything.

    No value is infinite or NaN, unless a landmark is: a ratio of 0 to 0 is 1 (both sides alike), a relative
    size or slope of 0 to 0 is 0, the angle of two points in one place is 0, points 48 and 49 in one place count as
    level, and what exceeds 1000 (division by zero, as at one closed eye) is 1000. f3 compares magnitudes.

    Parameters
    ----------
    points : (..., 468 or 478, 2 or 3), px, x to image right, y down; further axes (z) are not used.
    definition : ``"oo-2025"`` or ``"parra-dominguez-2021"``.
    coordinates : ``"pixel"``, or ``"normalised"``: x / width and y / height, as the authors of `oo-2025` run it.
    size : (2,) or (..., 2), height and width in px of the picture or face crop that `points` lie in;
        for normalised coordinates only.
    origin : what f3 counts the brows' heights from: the ``"picture"``'s top, as published; or the ``"face"``'s, the
        level of landmark 10, where the face crops of arXiv 2503.10371 begin. Then mirroring leaves f3 as it is.

    Returns
    -------
    (..., 29) float64, in the order of `MEASURES`.

    Raises
    ------
    RecipeError
        Unknown definition, coordinates or origin.
    ValueError
        `points` or `size` of a wrong shape, `size` missing or not positive: a mistake in the calling program.

    Examples
    --------
    >>> from facialis.faces.mesh import canonical_face
    >>> face = canonical_face() * [100, -100, -100]  # y down, as in a picture
    >>> measure(face)[[0, 8, 23]].round(6) + 0.0
    array([ 0.,  1., 90.])
    """
    _known("definition", definition, DEFINITIONS)
    _known("coordinates", coordinates, COORDINATES)
    _known("origin", origin, ORIGINS)
    array = np.asarray(points)
    if array.ndim < 2 or array.shape[-2] not in (468, 478) or array.shape[-1] not in (2, 3):
        raise ValueError(f"landmarks of shape {array.shape}; expected (..., 468 or 478, 2 or 3)")
    chosen = np.take(array, (*POINTS, CROWN), axis=-2)[..., :2].astype(np.float64)
    if coordinates == "normalised":
        chosen /= _extent(size)[..., None, :]
    with np.errstate(over="ignore"):
        columns = FORMULAS[definition](_Levelled(chosen, upright=definition != "oo-2025", origin=origin))
    return np.stack(columns, axis=-1)


def _known(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        nearest = get_close_matches(str(given), known, n=1, cutoff=0.0)[0]
        raise RecipeError(f"{what} {given!r} is unknown; expected one of {', '.join(known)}; nearest: {nearest!r}")


def _extent(size: ArrayLike | None) -> Values:
    if size is None:
        raise ValueError("normalised coordinates need size=(height, width) of the picture or face crop")
    extent = np.asarray(size, dtype=np.float64)
    if extent.ndim < 1 or extent.shape[-1] != 2 or not (extent > 0).all():
        raise ValueError(f"size {size!r}; expected (height, width) or (..., 2) of them, in px, positive")
    return extent[..., ::-1]


class _Levelled:
    """The 51 points and the crown, turned about point 48 until the line 48-49 is level; upright or on the head."""

    def __init__(self, points: Values, *, upright: bool, origin: str) -> None:
        x, y = np.moveaxis(points, (-1, -2), (0, 1))
        x0, y0, sign = x[48], y[48], 1.0 if upright else -1.0
        dx, dy = x[49] - x0, y[49] - y0
        width = np.hypot(dx, dy)
        apart = width != 0
        cos = sign * np.divide(dx, width, out=np.ones_like(width), where=apart)
        sin = sign * np.divide(dy, width, out=np.zeros_like(width), where=apart)
        x, y = x - x0, y - y0
        self.x, self.y = cos * x + sin * y, cos * y - sin * x
        self.top = y0 if origin == "picture" else -self.y[-1]  # of point 48 beneath the origin; only f3 needs it

    def d(self, i: int, j: int) -> Values:
        return np.asarray(np.hypot(self.x[i] - self.x[j], self.y[i] - self.y[j]))

    def dx(self, i: int, j: int) -> Values:
        return np.asarray(np.abs(self.x[i] - self.x[j]))

    def dy(self, i: int, j: int) -> Values:
        return np.asarray(np.abs(self.y[i] - self.y[j]))

    def angle(self, i: int, j: int) -> Values:
        """Return the direction from point j to point i, degrees."""
        return np.asarray(np.degrees(np.arctan2(self.y[i] - self.y[j], self.x[i] - self.x[j])))

    def slope(self, i: int, j: int) -> Values:
        return self.relative(self.dy(i, j), self.dx(i, j))

    def perimeter(self, *corners: int) -> Values:
        edges = zip(corners, (*corners[1:], corners[0]), strict=True)
        return np.asarray(sum(self.d(i, j) for i, j in edges))

    def brow_heights(self) -> tuple[Values, Values]:
        right, left = self.y[0:5].mean(axis=0), self.y[5:10].mean(axis=0)
        return np.abs(right + self.top), np.abs(left + self.top)

    maximum, abs = staticmethod(np.maximum), staticmethod(np.abs)

    @staticmethod
    def relative(p: Values, q: Values) -> Values:
        """Return p / q, at most `LIMIT`; 0 / 0 is 0."""
        return np.minimum(np.divide(p, q, out=np.where(p == 0, 0.0, LIMIT), where=q != 0), LIMIT)

    @staticmethod
    def smaller_over_larger(p: Values, q: Values) -> Values:
        larger = np.maximum(p, q)
        return np.divide(np.minimum(p, q), larger, out=np.ones_like(larger), where=larger != 0)

    @classmethod
    def larger_over_smaller(cls, p: Values, q: Values) -> Values:
        larger = np.maximum(p, q)
        return np.where(larger == 0, 1.0, cls.relative(larger, np.minimum(p, q)))


def _parra_dominguez_2021(f: Any) -> list[Any]:
    d, dy, ratio, relative = f.d, f.dy, f.smaller_over_larger, f.relative
    face, mouth = d(48, 49), d(28, 34)
    right_polygon = f.perimeter(28, 29, 30, 31, 37, 38, 39)
    left_polygon = f.perimeter(31, 32, 33, 34, 35, 36, 37)
    return [
        f.abs(f.angle(0, 9)),
        f.abs(f.angle(2, 7)),
        f.abs(f.angle(4, 5)),
        ratio(*f.brow_heights()),
        f.slope(0, 9),
        f.slope(2, 7),
        f.slope(4, 5),
        f.abs(f.angle(19, 10)),
        ratio(d(10, 13), d(16, 19)),
        ratio(d(10, 48), d(19, 49)),
        ratio(d(10, 23), d(19, 27)),
        ratio(dy(11, 15) + dy(12, 14), dy(17, 21) + dy(18, 20)),
        ratio(d(11, 15), d(18, 20)),
        ratio(d(12, 14), d(17, 21)),
        f.abs(f.angle(34, 28)),
        ratio(d(10, 37), d(19, 37)),
        ratio(d(29, 39), d(33, 35)),
        ratio(d(30, 38), d(32, 36)),
        relative(f.maximum(d(28, 37), d(34, 37)), face),
        relative(f.maximum(d(29, 39), d(33, 35)), mouth),
        relative(f.maximum(d(30, 38), d(32, 36)), mouth),
        relative(f.maximum(right_polygon, left_polygon), mouth),
        f.abs(f.angle(27, 23)),
        f.abs(f.angle(37, 22)),
        ratio(d(23, 37), d(27, 37)),
        relative(f.maximum(d(2, 37), d(7, 37)), face),
        relative(f.maximum(d(3, 37), d(6, 37)), face),
        relative(d(37, 50), face),
        relative(d(31, 25), face),
    ]


def _oo_2025(f: Any) -> list[Any]:
    d, dx, ratio, relative = f.d, f.dx, f.larger_over_smaller, f.relative
    face, mouth = dx(48, 49), dx(28, 34)
    right_polygon = f.perimeter(28, 29, 30, 31, 37, 38)  # without 39: a slip of the published program
    left_polygon = f.perimeter(31, 32, 33, 34, 35, 36, 37)
    return [
        f.angle(0, 9),
        f.angle(2, 7),
        f.angle(4, 5),
        ratio(*f.brow_heights()),
        f.slope(0, 9),
        f.slope(2, 7),
        f.slope(4, 5),
        f.angle(10, 19),
        ratio(dx(10, 13), dx(16, 19)),
        ratio(dx(10, 48), dx(19, 49)),
        ratio(d(10, 23), d(19, 27)),
        ratio(d(11, 15) + d(12, 14), d(17, 21) + d(18, 20)),
        ratio(d(11, 15), d(18, 20)),
        ratio(d(12, 14), d(17, 21)),
        f.angle(28, 34),
        ratio(d(10, 37), d(19, 37)),
        ratio(d(29, 39), d(33, 35)),
        ratio(d(30, 38), d(32, 36)),
        relative(f.maximum(d(28, 37), d(34, 37)), face),
        relative(f.maximum(d(29, 39), d(33, 35)), mouth),
        relative(f.maximum(d(30, 38), d(32, 36)), mouth),
        relative(f.maximum(right_polygon, left_polygon), mouth),
        f.angle(23, 27),
        f.angle(22, 37),
        ratio(d(23, 37), d(27, 37)),
        relative(f.maximum(d(2, 37), d(7, 37)), face),
        relative(f.maximum(d(3, 37), d(6, 37)), face),
        relative(d(37, 50), face),
        relative(d(31, 22), face),
    ]


FORMULAS: Mapping[str, Callable[[Any], list[Any]]] = {
    "oo-2025": _oo_2025,
    "parra-dominguez-2021": _parra_dominguez_2021,
}
"""For each definition, the 29 values of levelled points, which may be arrays or, in `facialis.models`, tensors."""
