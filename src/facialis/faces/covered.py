"""Is a part of the face covered? Hair over a brow, hair or a hand over an eye, dark glasses, a mask over the mouth.

Everything is read off one small patch in the face's own frame, and against the face itself: a forehead against the same
person's cheek, nose and lids, one eye against the mirror image of the other, lips against the skin above. So no skin
colour is asked for, and light from one side or a tint changes little. Colours are logarithms: of the grey level, of red
over green, of blue over green; in a grey picture the latter two are 0 and tell nothing.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import mirror_permutation

Values = NDArray[np.float64]

UNIT = 24.0
"""px of the patch in one interocular distance."""
SIZE, MIDDLE = 72, (36.0, 30.0)
FLOOR = 6.0
"""Added to every level before its logarithm: the noise of a dark picture is no colour."""
STEPS = np.array([0.5, 0.12, 0.12])
"""One step of colour: grey level, red over green, blue over green, as logarithms."""

PATCHES: dict[str, tuple[tuple[int, ...], float]] = {
    "forehead": ((63, 105, 66), -0.16),
    "brow": ((63, 105, 66, 52, 65), 0.0),
    "below the eye": ((230, 229, 119), 0.0),
    "upper lid": ((222, 223, 224), 0.0),
    "beside the eye": ((226,), 0.0),
    "cheek": ((50, 205, 101), 0.0),
}
"""Patches of the subject's right: landmarks, and how far below them they lie, interocular distances."""
MIDLINE: dict[str, tuple[int, ...]] = {
    "nose": (197, 195, 5),
    "between the brows": (151, 9),
    "lips": (11, 72, 302, 16, 85, 315),
    "around the lips": (164, 200, 199, 57, 287, 206, 426),
}
APERTURE = ((33, 133, 159, 145), (263, 362, 386, 374))
MOUTH = (61, 291, 0, 17)


class Cover(NamedTuple):
    """What tells a covered part of the face.

    Attributes
    ----------
    hair : by how many steps of colour the forehead above a brow differs from the face's skin, less by how many the brow
        differs from the forehead; of the two sides the larger. Below about 1 where the brows are free.
    likeness : correlation of one eye and brow with the mirror image of the other (of fine detail, and of the levels by
        row), summed; 2 for alike, 0 for unrelated.
    lenses : logarithm of the grey level all around the eyes over that of the cheeks, of the lighter side and place.
    eye_range : range of the logarithms of the grey levels in the more telling eye; white and iris give 0.5 and more.
    lip_steps : steps of colour between the lips and what is around them.
    lip_redness : logarithm of red over green at the lips, over that of the face above (median of nose, forehead and
        below the eyes); lips are redder than skin, or about as red.
    mouth_range : range of the logarithms of the grey levels at the mouth.
    """

    hair: float
    likeness: float
    lenses: float
    eye_range: float
    lip_steps: float
    lip_redness: float
    mouth_range: float


def covered(face: Face, rgb: NDArray[np.uint8]) -> Cover:
    """Measure what tells a covered part of the face in the (height, width, 3) picture it was found in."""
    patch, points = _patch(face, rgb)
    level = np.log(patch @ np.array([0.299, 0.587, 0.114], np.float32) + FLOOR)
    colours = _colours(patch, points)
    names = list(PATCHES)
    right, left = colours[: len(names)], colours[len(names) : 2 * len(names)]
    middle = dict(zip(MIDLINE, colours[2 * len(names) :], strict=True))
    hair, around, above = [], [], [middle["nose"], middle["between the brows"]]
    for row in (right, left):
        side = dict(zip(names, row, strict=True))
        skin = [middle["nose"], *(side[name] for name in ("cheek", "below the eye"))]
        hair.append(min(_steps(side["forehead"], one) for one in skin) - _steps(side["brow"], side["forehead"]))
        lid = side["upper lid"][0] - 0.15  # it lies in the socket's shade
        above.append(side["below the eye"])
        around.append(max(side["below the eye"][0], side["beside the eye"][0], lid) - side["cheek"][0])
    one, other = (_about(level, points[iris], sign) for iris, sign in ((468, 1), (473, -1)))
    rows = _correlation(one.mean(axis=1), other.mean(axis=1))
    return Cover(
        hair=max(hair),
        likeness=_correlation(_detail(one), _detail(other)) + rows,
        lenses=float(max(around)),
        eye_range=max(_range(level, points[list(part)], 0.06) for part in APERTURE),
        lip_steps=_steps(middle["lips"], middle["around the lips"]),
        lip_redness=float(middle["lips"][1] - np.median([colour[1] for colour in above])),
        mouth_range=_range(level, points[list(MOUTH)], 0.0),
    )


def _patch(face: Face, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Values]:
    """Return the face (`SIZE`, `SIZE`, 3), level, `UNIT` px between the irises, and its landmarks (478, 2) there."""
    import cv2

    points = face.landmarks[:, :2].astype(np.float64)
    right, left = iris_centres(points)
    middle, along = (right + left) / 2, left - right
    reach = max(float(np.hypot(*along)), 1.0)
    height, width = rgb.shape[:2]
    low = np.clip(middle - 1.8 * reach, 0, (width - 2, height - 2)).astype(int)
    high = np.clip(middle + 2.2 * reach, low + 2, (width, height)).astype(int)
    step = max(1, int(reach / UNIT / 1.2))  # averaged first, else the warp would skip pixels
    whole = np.maximum((high - low) // step, 1)
    cut = np.ascontiguousarray(rgb[low[1] : low[1] + step * whole[1], low[0] : low[0] + step * whole[0]])
    small = cut if step == 1 else cv2.resize(cut, tuple(whole.tolist()), interpolation=cv2.INTER_AREA)
    cos, sin = along / reach
    turn = UNIT / reach * np.array([[cos, sin], [-sin, cos]])
    shift = np.array(MIDDLE) - turn @ middle
    matrix = np.concatenate([turn * step, (turn @ low + shift)[:, None]], axis=1)
    made = cv2.warpAffine(small, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, dtype=np.float32), points @ turn.T + shift


@cache
def places() -> tuple[NDArray[np.intp], Values, Values]:
    """Return the places' landmarks (k,), how far below them they lie (k,), px, and of which each is the mean (n, k)."""
    mirrored = mirror_permutation()
    parts = [(points, down) for points, down in PATCHES.values()]
    parts += [(tuple(int(mirrored[i]) for i in points), down) for points, down in PATCHES.values()]
    parts += [(points, 0.0) for points in MIDLINE.values()]
    landmarks = [i for points, _ in parts for i in points]
    downs = [UNIT * down for points, down in parts for _ in points]
    owner = np.repeat(np.arange(len(parts)), [len(points) for points, _ in parts])
    shares = (owner == np.arange(len(parts))[:, None]).astype(np.float64)
    return np.array(landmarks), np.array(downs), shares / shares.sum(axis=1, keepdims=True)


def _colours(patch: NDArray[np.float32], points: Values) -> Values:
    """Return the colour (n, 3) of each place: `PATCHES` of the subject's right, then left, then `MIDLINE`."""
    landmarks, downs, shares = places()
    at = np.round(points[landmarks] + np.stack([np.zeros(len(downs)), downs], axis=1)).astype(int)
    at = np.clip(at, 1, SIZE - 2)
    offsets = np.arange(-1, 2)
    pixels = patch[at[:, 1, None, None] + offsets[:, None], at[:, 0, None, None] + offsets].reshape(len(at), 9, 3)
    mean = np.sort(pixels, axis=1)[:, 4] + np.float64(FLOOR)  # the median of nine
    grey = np.log(mean @ np.array([0.299, 0.587, 0.114]))
    red, green, blue = np.log(mean).T
    return np.asarray(shares @ np.stack([grey, red - green, blue - green], axis=1))


def _steps(one: Values, other: Values) -> float:
    """Return the distance of two colours in steps."""
    return float(np.sqrt((((one - other) / STEPS) ** 2).sum()))


def _about(level: NDArray[np.float32], centre: Values, sign: int) -> NDArray[np.float32]:
    """Return brow and eye (23, 19) about an iris, the subject's left (`sign` -1) mirrored."""
    import cv2

    matrix = np.array([[sign, 0.0, centre[0] - 9 * sign], [0.0, 1.0, centre[1] - 14]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(level, matrix, (19, 23), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _detail(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a part without what varies slowly: light and shade."""
    import cv2

    return np.asarray(part - cv2.GaussianBlur(part, (0, 0), 5.0))


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _range(level: NDArray[np.float32], points: Values, margin: float) -> float:
    """Return the range of the logarithms of the grey levels in the box of some points, 5 to 95 %."""
    low = np.floor(points.min(axis=0) - np.array([0, margin * UNIT])).clip(0, SIZE - 2).astype(int)
    high = np.ceil(points.max(axis=0) + np.array([1, 1 + margin * UNIT])).clip(low + 2, SIZE).astype(int)
    values = np.sort(level[low[1] : high[1], low[0] : high[0]], axis=None)
    return float(values[int(0.95 * (len(values) - 1))] - values[int(0.05 * (len(values) - 1))])
