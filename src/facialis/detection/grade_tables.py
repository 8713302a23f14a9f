"""What the clinicians' scales are made of: their items, what stands for each in photos, and how far doctors agree.

Sources: Sunnybrook, Ross, Fradet, Nedzelski, Otolaryngol Head Neck Surg 1996;114:380. eFACE, Banks et al., Plast
Reconstr Surg 2015;136:223e. House-Brackmann, House and Brackmann, Otolaryngol Head Neck Surg 1985;93:146. Which number
stands for which item is this package's own.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Anchor(NamedTuple):
    """Two values of a number between which a share is read.

    Attributes
    ----------
    zero, one : where the share is 0, and where it is 1.
    spread : standard deviation of the share about the true one, beyond the landmarks' noise.
    """

    zero: float
    one: float
    spread: float


MOVES: dict[str, Anchor] = {
    "brow_raise": Anchor(0.60, 0.94, 0.19),
    "gentle_closure": Anchor(0.51, 0.94, 0.11),
    "tight_closure": Anchor(0.50, 0.95, 0.12),
    "large_smile": Anchor(-0.02, 0.82, 0.19),
    "pucker": Anchor(-0.05, 0.67, 0.26),
    "lower_teeth": Anchor(0.53, 0.94, 0.15),
}
"""Share of its movement that the weak side makes, by the ratio of its excursion to the other side's: 0 at the median of
simulated complete flaccid palsies (the landmarker draws faces towards symmetry: lids and brows that stay still are seen
to go half of the way), 1 at the lower quartile of simulated healthy people, either side taken for weak. The snarl is
not among them: 0.88 and 0.94, which is no difference. ``benchmarks/grades.py --anchors --people 300``, as the next."""
AT_REST: dict[str, Anchor] = {
    "brow": Anchor(0.65, 1.61, 0.56),
    "eye": Anchor(0.33, 1.21, 0.33),
    "mouth": Anchor(0.88, 4.95, 0.21),
}
"""Asymmetry at rest by the difference between the sides, mm: 0 at the median of simulated healthy people, 1 at that of
simulated complete flaccid palsies; the spread is that of healthy people."""
SEVERE_ALONG = {"eye_narrowing": 0.30, "commissure_shift_mm": 8.4}
"""By how much more the weak side moves along (share of the open eye, mm) in severe synkinesis: the 90th percentile of
simulated severe and complete synkinetic palsies. It begins where 95 % of healthy people end, by the bundle."""

SUNNYBROOK_MOVES = {
    "frowning": "brow_raise",
    "gentleeye": "gentle_closure",
    "dental": "large_smile",
    "snarl": "nose_wrinkle",
    "lippucker": "pucker",
}
"""Sunnybrook's movements, as records name them, and their views."""
EFACE_MOVES = {
    "frowning_brow": "brow_raise",
    "gentleeye_dynamic": "gentle_closure",
    "fulleye_dynamic": "tight_closure",
    "dental_oral": "large_smile",
    "snarl_dynamic": "lower_teeth",
}
"""eFACE's dynamic items, as records name them (the lower lip's is theirs named snarl), and their views."""
NEVER_SEEN = (
    "rest_cheek", "rest_nasolabialfold", "rest_nasolabialfoldorientation", "dental_nasolabialdepth",
    "dental_nasolabialorientation", "mentalis", "platysmal",
)  # fmt: skip
"""Items that landmarks cannot tell: the nasolabial fold, chin and neck. They keep their whole range, as does the snarl
(see `MOVES`)."""
ROMAN = ("I", "II", "III", "IV", "V", "VI")
HB_EIGHTHS = (6, 5, 5, 4, 4, 3, 3, 2, 1)
"""House-Brackmann's grade for 0 to 8 eighths of brow's and mouth corner's movement (their table of measurement)."""


class Agreement(NamedTuple):
    """How far doctors agree on a scale.

    Attributes
    ----------
    half_width : of the band in which 95 % of doctors' scores of one person lie, in the scale's units.
    source : who measured it.
    """

    half_width: float
    source: str


def _half_width(icc: float, span: float) -> float:
    """Return 1.96 standard errors of measurement where patients lie evenly over `span`."""
    return 1.96 * span / math.sqrt(12) * math.sqrt(1 - icc)


DOCTORS = {
    "sunnybrook": Agreement(
        _half_width(0.847, 100.0),
        "Cabrol et al., Otol Neurotol 2021: 31 raters, 20 patients, ICC 0.85 (0.76 to 0.92)",
    ),
    "eface": Agreement(
        _half_width(0.94, 52.0),
        "Banks et al., JAMA Facial Plast Surg 2017: 75 patients, in person against video, ICC 0.94 (0.92 to 0.96)",
    ),
    "house_brackmann": Agreement(
        1.0, "Kanerva et al., Otolaryngol Head Neck Surg 2006: 28 doctors, 8 patients, the same grade in 50 %"
    ),
}
"""Of Sunnybrook and eFACE from the ICC, patients spread evenly over the scores that were seen (0 to 100, and 48 to 100
in Gaudin et al., JAMA Facial Plast Surg 2016); of House-Brackmann a grade either way, where half of them go."""
HEALTHY = {
    "sunnybrook": (65.0, 100.0, "Picard et al., Clin Otolaryngol 2024: 111 healthy people, 65 to 100"),
    "eface": (85.1, 100.0, "Miller et al., Plast Reconstr Surg 2021: automatic eFACE of healthy faces 93.8, SD 4.4"),
    "house_brackmann": (1.0, 1.0, ""),
}
