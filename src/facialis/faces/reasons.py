"""Why a face is not judged: every reason, in words, filled in as `str.format` does.

One table, so that what judges elsewhere (the page's own engine) says the same.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    "no_face": "no face",
    "several_faces": "several faces",
    "no_such_face": "no face {number}: {count} found",
    "small": "face too small: {value:.0f} px between the eyes, {limit:.0f} are needed",
    "turned": "head turned aside: {value:.0f}°, up to {limit:.0f}° can be judged",
    "tilted_up": "head tilted up: {value:.0f}°, up to {limit:.0f}° can be judged",
    "tilted_down": "head tilted down: {value:.0f}°, up to {limit:.0f}° can be judged",
    "on_its_side": "head on its side: {value:.0f}°, up to {limit:.0f}° can be judged; turn the picture upright",
    "cut": "face cut by the picture's border: {value:.0%} of it lies outside",
    "eye_hidden": "half of the face is hidden: hardly anything is to be seen where one eye should be",
    "eyes_unlike": "half of the face is hidden: one eye and brow are nothing like the other",
    "brow_hidden": "a brow is hidden: it looks like the forehead above it, and that not like skin",
    "eyes_hidden": "the eyes are hidden: all about them is dark, as behind sunglasses",
    "mouth_hidden": ("the lower half of the face is hidden: hardly anything is to be seen where the mouth should be"),
    "dark": "too dark: mean grey level {value:.0f} of 255",
    "bright": "too bright: mean grey level {value:.0f} of 255",
    "flat": "too little contrast: grey levels vary by {value:.1f} of 255",
    "blurred": "blurred: fine detail is missing",
    "not_mirrored": "no face in the mirrored picture: the landmarks are not to be trusted",
    "disagree": (
        "landmarks disagree by {value:.0%} of the distance between the eyes with those of the mirrored picture, up to "
        "{limit:.0%} can be judged"
    ),
    "unlike": (
        "unlike the faces that the model knows (is the picture upright, the face uncovered?): distance {value:.1f}, up "
        "to {limit:.1f}"
    ),
    "no_frame": "no frame could be judged",
}


def reason(name: str, **values: float) -> str:
    """Return a reason of `REASONS` with its values filled in.

    Examples
    --------
    >>> reason("turned", value=31.2, limit=25)
    'head turned aside: 31°, up to 25° can be judged'
    """
    return REASONS[name].format(**values)
