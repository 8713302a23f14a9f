"""Portraits made ready for measuring: framed at one size, taken in several settings, found again by the landmarker.

Convention: shifts are in units of the interocular distance (IOD), in the portrait's frame, turned level: x to the
subject's left (image right), y up, as on the canonical face.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import warp
from facialis.errors import CohortError, PictureError
from facialis.faces import geometry
from facialis.faces.face import Face, Landmarker
from facialis.faces.fields import Array
from facialis.faces.mesh import mirror_permutation
from facialis.faces.sources import display_name

Picture = NDArray[np.uint8]

FRAME_PX = 512
FRAME_IOD_PX = 100.0


class Setting(NamedTuple):
    """How the picture of the frame is taken: its IOD, shift (IOD) and roll (degrees), light, JPEG quality."""

    name: str
    iod_px: float = 100.0
    shift: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    gamma: float = 1.0
    slope: float = 0.0
    mirrored: bool = False
    quality: int = 0
    margin: float = 1.0


SETTINGS: tuple[Setting, ...] = (
    Setting("IOD 100 px"),
    Setting("IOD 50 px", iod_px=50.0),
    Setting("IOD 25 px", iod_px=25.0),
    Setting("cropped", shift=(0.15, -0.1), margin=0.72),
    Setting("shifted, rolled", iod_px=70.0, shift=(-0.2, 0.15), roll=4.0),
    Setting("dark", gamma=2.2),
    Setting("light from a side", slope=0.6),
    Setting("mirrored", mirrored=True),
)


class Frame(NamedTuple):
    """A portrait ready to be warped: its name, the picture with `FRAME_IOD_PX` between the irises, where the face is.

    Attributes
    ----------
    name : of the portrait.
    rgb : (512, 512, 3).
    face : as the landmarker reports it in `rgb`.
    warp : prepared on its landmarks.
    """

    name: str
    rgb: Picture
    face: Face
    warp: warp.Warp


def frame(landmarker: Landmarker, name: str, rgb: Picture, iod_px: float = FRAME_IOD_PX) -> Frame:
    """Enlarge a portrait to the frame.

    Raises
    ------
    CohortError
        The picture does not show exactly one face.
    """
    faces = landmarker.detect(rgb)
    if len(faces) != 1:
        raise CohortError(f"{name}: {len(faces)} faces found; expected a photo of one healthy person; left out")
    scale = iod_px / faces[0].interocular_px
    points = faces[0].landmarks[:, :2].astype(np.float64)
    shift = np.array([FRAME_PX / 2, FRAME_PX * 0.52]) - scale * (points.min(axis=0) + points.max(axis=0)) / 2
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    picture = np.asarray(
        cv2.warpAffine(rgb, matrix, (FRAME_PX, FRAME_PX), flags=way, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    found = landmarker.detect(picture)
    if len(found) != 1:
        raise CohortError(f"{name}: {len(found)} faces found when enlarged; expected one; left out")
    prepared = warp.prepare(found[0].landmarks.astype(np.float64), found[0].transform.astype(np.float64))
    return Frame(name, picture, found[0], prepared)


def take(rgb: Picture, setting: Setting) -> tuple[Picture, Array]:
    """Return the frame's picture as the setting takes it, and the (2, 3) matrix from the frame's px to its px."""
    scale = setting.iod_px / FRAME_IOD_PX
    side = round(FRAME_PX * setting.margin * scale)
    angle = np.radians(setting.roll)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if setting.mirrored:
        turn[:, 0] *= -1.0
    middle = np.full(2, FRAME_PX / 2)
    to = np.full(2, side / 2) + np.array(setting.shift) * setting.iod_px
    matrix = np.concatenate([turn, (to - turn @ middle)[:, None]], axis=1)
    blurred = cv2.GaussianBlur(rgb, (0, 0), 0.4 / scale) if scale < 0.75 else rgb
    picture = cv2.warpAffine(blurred, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if setting.gamma != 1.0 or setting.slope:
        light = (picture / 255.0) ** setting.gamma * 255.0
        light *= (1.0 + setting.slope * np.linspace(-1.0, 1.0, side))[None, :, None]
        picture = np.clip(light, 0, 255).astype(np.uint8)
    if setting.quality:
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, setting.quality])
        picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8), matrix


def find(landmarker: Landmarker, rgb: Picture, setting: Setting) -> Array | None:
    """Return the landmarks (478, 2) in the frame's px that the landmarker finds in the setting, None if none."""
    picture, matrix = take(rgb, setting)
    faces = landmarker.detect(picture)
    if not faces:
        return None
    points = faces[0].landmarks[:, :2].astype(np.float64)
    back = (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    return np.asarray(back[mirror_permutation()] if setting.mirrored else back)


def level(portrait: Frame, shifts: Array) -> Array:
    """Return displacements (..., 2) of the frame's px as level IOD: x to the subject's left, y up."""
    right, left = geometry.iris_centres(portrait.face.landmarks[:, :2].astype(np.float64))
    along = (left - right) / np.linalg.norm(left - right)
    x = shifts[..., 0] * along[0] + shifts[..., 1] * along[1]
    y = shifts[..., 1] * along[0] - shifts[..., 0] * along[1]
    return np.stack([x, -y], axis=-1) / portrait.face.interocular_px


def portraits_of(folder: Path | None) -> list[tuple[str, Picture | str]]:
    """Return scikit-image's free portrait and the pictures of a folder: name and pixels, or the reason for none.

    Raises
    ------
    CohortError
        The folder is none, or holds no pictures.
    """
    import skimage.data

    from facialis.faces.images import is_video, list_sources, read_picture

    found: list[tuple[str, Picture | str]] = [("astronaut", np.asarray(skimage.data.astronaut(), np.uint8))]
    if folder is None:
        return found
    if not folder.is_dir():
        raise CohortError(f"{display_name(folder)} is not a folder; give one with photos of one healthy person each")
    sources = [source for source in list_sources([folder]) if source.path.is_file() and not is_video(source.path)]
    if not sources:
        raise CohortError(f"{display_name(folder)} holds no pictures; give photos of one healthy person each")
    for source in sources:
        try:
            found.append((display_name(source.path.name), read_picture(source.path)))
        except PictureError as error:
            found.append((display_name(source.path.name), str(error)))
    return found


def frames(landmarker: Landmarker, portraits: Iterable[tuple[str, Picture | str]]) -> tuple[list[Frame], list[str]]:
    """Return the portraits that can be measured on, and one line for each that cannot.

    Raises
    ------
    CohortError
        None can.
    """
    good, bad = [], []
    for name, rgb in portraits:
        if isinstance(rgb, str):
            bad.append(f"{rgb}; left out")
            continue
        try:
            good.append(frame(landmarker, name, rgb))
        except CohortError as error:
            bad.append(str(error))
    if not good:
        raise CohortError(f"no portrait with exactly one face ({len(bad)} given); give photos of one person each")
    return good, bad
