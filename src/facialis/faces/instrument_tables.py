"""What was measured of the face landmarker, as literal tables; `facialis.faces.instrument` makes functions of them.

Measured with MediaPipe's Face Landmarker by ``python benchmarks/landmarker_response.py --portraits DIR``, which prints
gains and what yaw and pitch leave behind in this form ("fit", "left after undoing"). DIR held four press photos of
two men, test pictures of the Python package face_recognition 1.3.0 (not part of this project), and the
free portrait is always with them: five photos of three persons, 1,680 warps. On the free portrait alone the one-sided
gain of a whole palsy is 0.74, on all five 0.75 (between photos 0.07); mouth corner 0.40 to 0.69, whole mouth sideways
0.34 to 0.67, middle of the brow 0.62 to 0.67, tail of the brow 0.05 to 0.27. Three persons are few: `WIDENING`.
The gains are an earlier fit, kept; one gain a landmark cannot fit all, so that `ALONG_X` and `ALONG_Y` stand beside it.
"""

from __future__ import annotations

from facialis.faces.mesh import BROW, CONTOURS, LOWER_LID, UPPER_LID

WIDENING = 1.5
"""Factor on standard deviations that error bars are widened by, because the photos were few: in most regions the
noise of a photo lay within 1.6 times the median of five, but at nose, oval and mouth corners of one of them at twice it
and more."""

GAIN: dict[int, tuple[float, float]] = {
    61: (0.80, 0.59),  # mouth corner
    0: (0.90, 0.75),  # middle of the upper lip
    17: (0.90, 0.77),  # middle of the lower lip
    105: (0.69, 0.60),  # middle of the brow
    55: (0.70, 0.78),  # inner end of the brow
    70: (0.31, 0.27),  # tail of the brow
    145: (0.73, 0.60),  # lower lid
    159: (0.33, 0.38),  # upper lid
    1: (0.06, 0.16),  # nose tip
    64: (0.33, 0.03),  # ala
    205: (0.34, 0.05),  # cheek
    152: (0.14, 0.25),  # chin
}
"""Share in x and in y of a one-sided displacement that is reported, at landmarks of the subject's right or midline."""

IRIS_GAIN_X = 0.7
"""The same for the irises in x (five photos)."""
IRIS_BETWEEN_LIDS = (0.55, 0.40)
"""Up and down an iris is reported between its lids: one-sided and against the canthi, this share of the upper lid's and
of the lower lid's height. In healthy people's photos 0.55 and 0.56, which explains 0.79 of it (n 149); on painted faces
with a simulated palsy 0.53 and 0.32 (0.86, n 159)."""

PLACES_X = (105, 107, 70, 145, 159, 33, 133, 61, 40, 0, 17, 84, 1, 64, 205, 152, 172, 127)
ALONG_X: tuple[tuple[float, ...], ...] = (
    (0, 0.03, 0, 0, 0, 0, 0, -0.07, -0.07, 0.01, 0.02, 0, -0.02, 0.01, -0.03, -0.01, 0, 0),
    (0, 0.02, 0, 0, 0, 0, 0, -0.03, -0.03, 0.03, 0.02, 0.01, 0, 0.01, -0.02, 0, 0, 0),
    (0, 0.01, 0, 0, 0, 0, 0, -0.05, -0.05, -0.01, 0, -0.01, -0.02, 0, -0.02, -0.01, 0, 0),
    (0, 0.01, 0, 0, 0.01, 0, 0, 0.03, 0.03, 0.05, 0, 0, 0.01, 0, 0, 0.01, 0, 0),
    (0, 0.01, 0, 0, 0, 0, 0, -0.04, -0.06, 0.02, 0, -0.01, -0.02, 0.01, -0.01, -0.01, 0, 0),
    (0, -0.01, 0, 0, 0.01, 0, 0, 0.01, 0, 0.04, -0.01, -0.02, -0.01, -0.01, 0.01, 0, 0, 0),
    (0, 0.03, 0, 0, 0.01, 0, 0, 0.01, 0.02, 0.07, -0.01, -0.01, 0.01, -0.01, -0.01, 0.01, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0.09, 0, -0.01, 0.04, 0, 0.01, 0.04, 0.17, 0.12, -0.02, 0.01, 0, -0.04, -0.03, 0.04, 0, 0),
    (0, 0.09, -0.01, -0.01, 0.04, 0, 0.01, 0.03, 0.2, 0.13, -0.08, -0.04, 0, -0.11, -0.04, 0.03, 0, 0),
    (0, 0.01, 0, 0, 0, 0, 0, 0.08, 0.05, 0.05, 0.02, 0.01, 0.02, 0.02, 0.03, 0.01, 0, 0),
    (-0.01, 0.02, 0, 0, 0, 0, 0, 0.31, 0.14, 0.12, 0.06, 0.06, 0.04, 0.05, 0.09, 0.03, 0, 0),
    (0, -0.01, 0, 0, 0, 0, 0, 0.14, 0.06, 0.03, 0.01, 0.01, 0.02, 0.03, 0.09, 0.01, 0, 0),
    (0, -0.02, 0, 0, 0, 0, 0, 0.01, 0, -0.02, -0.02, -0.02, 0, -0.01, 0.01, -0.02, 0, 0),
)  # fmt: skip
PLACES_Y = (105, 107, 70, 159, 145, 33, 133, 61, 64, 205, 91, 37, 172, 127)
ALONG_Y: tuple[tuple[float, ...], ...] = (
    (-0.12, -0.05, -0.01, 0.21, 0.05, 0.07, 0.04, 0.05, 0, 0.01, 0, 0.03, 0, 0.01),
    (0, -0.09, 0, 0.07, 0.03, 0.03, 0.01, 0, 0, 0, -0.02, 0.01, 0, 0),
    (0.19, 0, -0.03, 0.29, 0.15, 0.08, 0.07, 0.13, 0.02, 0.03, 0.03, 0.07, 0, 0),
    (0.06, -0.01, 0.04, -0.04, 0.07, 0.02, 0.02, -0.04, 0.01, 0.01, -0.02, 0, 0, 0),
    (0.01, -0.01, 0.03, 0.18, -0.01, 0.03, 0.01, 0.08, 0, -0.03, 0.03, 0.03, 0, 0),
    (0.1, -0.01, 0.01, 0.27, 0.17, 0.07, 0.07, 0.09, 0.01, 0.01, 0.02, 0.06, 0, 0),
    (0.02, -0.02, 0.01, 0.06, 0.04, 0.01, 0, 0.01, 0, 0, 0.01, 0.01, 0, 0),
    (0.04, -0.03, 0.02, 0.14, 0.1, 0, 0.01, 0.11, -0.02, 0, 0, 0.11, 0, 0),
    (0.01, -0.03, 0.01, 0.07, 0.08, 0, 0.01, 0.1, -0.02, 0.01, 0.03, 0.08, 0, 0),
    (0.08, 0, 0.05, 0.25, 0.09, 0.04, 0.03, 0.23, 0.02, 0.01, 0.09, 0.1, 0, 0),
    (0.02, -0.04, 0.01, 0.1, 0.02, -0.02, -0.01, 0.16, -0.02, 0.01, -0.12, 0.09, 0, 0),
    (0, -0.03, -0.01, -0.04, 0.04, 0.03, 0.01, 0.07, -0.04, -0.01, 0.03, -0.03, 0, 0),
    (0.12, 0.01, 0.05, 0.31, 0.12, 0.05, 0.05, 0.28, 0.02, 0.05, 0.11, 0.14, 0, 0),
    (0.13, 0.01, 0.08, 0.33, 0.13, 0.06, 0.05, 0.22, 0.03, 0.05, 0.09, 0.1, 0, 0),
)  # fmt: skip
"""What is taken along: by how much each of the places (rows; subject's right or midline) is reported to go along with a
one-sided displacement of each of them (columns), beside its own `GAIN`. Eye and brow are reported to move as a block,
the chin to go sideways with the mouth, the face's contour to turn with it. Fitted to the mean answers to 19 pushes in
three sizes and to 210 pairs of the free portrait, warped with a simulated palsy and without. Of what the palsy moves in
these, of pairs left out of the fit, they explain 0.92 in y (the gains alone 0.49).

But for the mouth in x: on warped and painted pictures half of a sideways shift of the lips' middle is reported (0.49;
lower lip 0.67), and the corners are taken along. With that, no shift that a face allows gives the lip ratios of a real
set of patients' photos; 0.9 and nothing taken along does, with 5 mm at rest and 12 mm in a large smile. This is
inferred from patients' medians, not measured; of the warped portrait's pairs it explains 0.83 in x, the fitted table
would explain 0.92; of painted pairs 0.88 in x and 0.87 in y."""

NOISE_IOD_PX = (25.0, 50.0, 100.0, 200.0)
NOISE: dict[str, tuple[float, float, float, float]] = {
    "brow": (0.0053, 0.0032, 0.0026, 0.0027),
    "upper_lid": (0.0035, 0.0026, 0.0025, 0.0026),
    "lower_lid": (0.0038, 0.0028, 0.0020, 0.0024),
    "canthi": (0.0039, 0.0028, 0.0023, 0.0025),
    "mouth_corners": (0.0061, 0.0035, 0.0027, 0.0028),
    "lips": (0.0064, 0.0031, 0.0026, 0.0023),
    "nose": (0.0045, 0.0032, 0.0024, 0.0024),
    "face_oval": (0.0078, 0.0048, 0.0039, 0.0039),
}
"""Standard deviation of x or y, IOD, over small changes of one photo, at the sizes `NOISE_IOD_PX`: the part that both
sides have alike. Median of five photos; shift, turn and scale of the whole face are taken off."""
NOISE_ONE_SIDED: dict[str, tuple[float, float, float, float]] = {
    "brow": (0.0031, 0.0017, 0.0018, 0.0018),
    "upper_lid": (0.0026, 0.0018, 0.0014, 0.0013),
    "lower_lid": (0.0026, 0.0017, 0.0014, 0.0012),
    "canthi": (0.0028, 0.0019, 0.0015, 0.0014),
    "mouth_corners": (0.0037, 0.0019, 0.0015, 0.0018),
    "lips": (0.0041, 0.0024, 0.0020, 0.0018),
    "nose": (0.0039, 0.0021, 0.0016, 0.0018),
    "face_oval": (0.0056, 0.0031, 0.0027, 0.0027),
}
"""The one-sided part: half of the other and less, because the landmarker errs alike on both sides."""
NOISE_AT: dict[str, tuple[int, ...]] = {
    "brow": BROW,
    "upper_lid": UPPER_LID,
    "lower_lid": LOWER_LID,
    "canthi": (33, 133),
    "mouth_corners": (61, 78),
    "lips": (40, 39, 37, 0, 91, 181, 84, 17, 13, 14),
    "nose": (1, 4, 2, 98, 97, 5, 195),
    "face_oval": tuple(start for start, _ in CONTOURS["face_oval"]),
}
"""Where each region's noise was measured (subject's right side and midline)."""
CORRELATED_SHARE = 0.97
"""Share of the noise's standard deviation that neighbouring landmarks have in common (the rest: 0.24)."""
NOISE_LENGTH_CM = 1.7
NOISE_LENGTH_ONE_SIDED_Y_CM = 3.0
"""Length scales of the common part. Correlations measured on five photos at 0.75, 1.75 and 3.5 cm: 0.78, 0.54, 0.15,
of what is one-sided in y 0.90, 0.76, 0.58."""

REPORTED_YAW = 0.89
"""Reported yaw over true yaw."""
POSE_NOISE = (1.0, 1.5, 0.5)
"""Standard deviation of reported yaw, pitch and roll, degrees (assumed)."""

YAW_RESIDUE: dict[int, float] = {
    105: 0.0008, 107: 0.0027, 33: 0.0006, 133: 0.0018, 145: 0.0011, 159: 0.0005, 0: 0.0040, 17: 0.0045,
    1: 0.0056, 98: 0.0033, 61: 0.0017, 205: 0.0009, 152: 0.0056, 127: -0.0045,
}  # fmt: skip
"""x (IOD per degree of reported yaw) that is left of a symmetric face after the reported pose is undone: half the
left-right difference, mean of five photos' whole heads turned by -25 to 25 degrees, at 60 and 200 cm. What was left
in y (0.0014 at the brow) is more than real healthy faces have: `YAW_RESIDUE_Y`."""
YAW_RESIDUE_Y: dict[int, float] = {
    105: 0.0002, 107: 0.00012, 70: -0.00025, 33: -0.0004, 133: -0.00012, 145: -0.0001, 159: -0.00015,
    1: 0.0, 98: -0.00015, 61: 0.0, 0: 0.0, 205: -0.0005, 152: 0.0, 10: 0.0,
}  # fmt: skip
"""y (up, IOD per degree of yaw) by which landmarks of the subject's right lie higher, and those of the left lower, in
healthy people's photos (n 149) than the share of perspective accounts for."""
YAW_SPREAD_Y: dict[int, float] = {
    105: 0.0001, 107: 0.0001, 70: 0.0002, 33: 0.0001, 133: 0.00014, 145: 0.00022, 159: 0.00022, 98: 0.0002,
    1: 0.0002, 61: 0.0, 0: 0.0, 205: 0.0, 152: 0.0, 127: 0.0003, 10: 0.0,
}  # fmt: skip
"""What of it differs from person to person: standard deviation, one-sided, IOD per degree of yaw, from the same."""
YAW_SPREAD_LENGTH_CM = 0.6
PITCH_RESIDUE: dict[int, float] = {}
"""None: left and right differ by 0.001 IOD per degree of pitch and less, as much as the photos among themselves."""
PROJECTED_RESIDUE: dict[int, float] = {
    105: 0.0001, 107: 0.0006, 33: -0.0004, 133: 0.0001, 145: 0.0, 159: 0.0, 0: 0.0009, 17: 0.0008,
    1: 0.0016, 98: 0.0006, 61: 0.0002, 205: 0.0, 152: 0.0003, 127: -0.0027,
}  # fmt: skip
"""The part of it that the share of perspective and the understated yaw account for already (40 to 100 cm)."""
RESIDUE_SPREAD = 0.0009
"""Standard deviation over photos of what a degree of yaw leaves behind, IOD; median of the landmarks in x."""

DEPTH_SCALE_SPREAD = 0.12
DEPTH_ERROR: tuple[tuple[float, float], ...] = ((3.5, 0.25), (1.5, 0.08))
"""Length scale (cm): standard deviation (cm) of the smooth error of the guessed depth."""

INNER_PERSPECTIVE = 0.3
"""Lips, lids and brows show this share of the geometric perspective; the face's contour shows the whole."""
