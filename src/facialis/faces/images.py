"""Pictures in: files, folders, bytes and arrays -> RGB uint8, upright, on white. Videos: see `videos`.

>>> import numpy as np
>>> read_picture(np.array([[0.0, 1.0]])).tolist()
[[[0, 0, 0], [255, 255, 255]]]
"""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from facialis.errors import PictureError
from facialis.faces.sources import (
    MAX_PIXELS,
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    Source,
    check_size,
    display_name,
    is_video,
    list_sources,
    opened,
)
from facialis.faces.videos import VideoFrame, read_video

__all__ = [
    "MAX_PIXELS",
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Source",
    "VideoFrame",
    "camera_date",
    "display_name",
    "is_video",
    "list_sources",
    "read_picture",
    "read_video",
]

# What a plugin of Pillow may raise on damaged data, beside OSError (which is UnidentifiedImageError too).
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    TypeError,
    OverflowError,
    RuntimeError,  # AVIF
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
# The formats that are tried, the common ones first. Not among them: those that run other programs (EPS) or that
# are told by next to nothing (TGA).
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "HEIF")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_UPRIGHT = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_CAMERA_PART, _TAKEN = 0x8769, (36867, 36868)


def read_picture(source: str | Path | bytes | NDArray[Any], *, name: str | None = None) -> NDArray[np.uint8]:
    """Read a picture as RGB.

    Parameters
    ----------
    source
        A file's path, a file's bytes, or an array (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA of uint8, uint16
        (0 to 65535), bool, or floats from 0 to 1.
    name
        What a file's bytes are called in errors.

    Returns
    -------
    (h, w, 3) uint8 array of the caller's own, RGB, upright by the file's EXIF, x image right, y down.
        Transparency is laid on white; 16 bit are divided by 257; of an animation it is the first frame.
        Colour profiles are not applied.

    Raises
    ------
    PictureError
        One line that names the file and the reason: missing, empty, cut off, not a picture, a folder, no
        permission, more than `MAX_PIXELS`, values that are not numbers from 0 to 1.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, "array")
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        name = name or f"picture of {len(data):,} bytes"
        if not data:
            raise PictureError(f"{name}: it is empty; give a picture file's content")
        return _decode(BytesIO(data), name)
    if not isinstance(source, str | os.PathLike):
        raise PictureError(f"a {type(source).__name__} is no picture; give a path, a file's bytes or an array")
    with opened(source) as file:
        return _decode(file, display_name(source))


def camera_date(path: str | os.PathLike[str]) -> str | None:
    """Return when the camera says that a photo was taken or made digital ("2026:03:01 10:00:00"), None without that.

    When the file was last changed (EXIF ``DateTime``) is no date of a photo. Pixels are not decoded.
    """
    try:
        with opened(path) as file:
            part = _identify(file, display_name(path)).getexif().get_ifd(_CAMERA_PART)
    except (*_DAMAGE, PictureError):
        return None
    return next((str(part[tag]) for tag in _TAKEN if part.get(tag)), None)


def _decode(file: IO[bytes], name: str) -> NDArray[np.uint8]:
    try:
        image = _identify(file, name)
        check_size(*image.size, name)
        image.load()
    except _DAMAGE as error:
        reason = display_name(str(error)) or type(error).__name__
        raise PictureError(f"{name}: damaged or cut off ({reason}); copy it again from where it came") from error
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory to decode it; make it smaller first") from error
    return _rgb(image, name)


def _identify(file: IO[bytes], name: str) -> ImageFile.ImageFile:
    """Open the header as `PIL.Image.open` does, but without its warning about the size: `check_size` refuses that.

    (A warning could only be kept off the terminal by changing the filters of the whole process.)
    """
    start = file.read(32)
    heif = start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS
    if heif:
        try:
            import pillow_heif

            pillow_heif.register_heif_opener()
        except ImportError:
            pass
    Image.preinit()
    damage: Exception | None = None
    for kind in _FORMATS:
        if kind not in Image.OPEN:
            Image.init()
        if kind not in Image.OPEN:
            continue
        factory, accept = Image.OPEN[kind]
        if accept is not None and accept(start[:16]) is not True:  # a text says why this build of Pillow cannot
            continue
        file.seek(0)
        try:
            image = factory(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error) as error:
            damage = error
            continue
        return image
    if damage is not None:
        raise damage
    if heif:
        raise PictureError(f"{name}: HEIC pictures need one more package; run: pip install 'facialis[heic]'")
    raise PictureError(f"{name}: not a picture of a known format; give a JPEG, PNG, WebP, TIFF, GIF or BMP file")


def _rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Return a decoded picture of any mode as upright RGB on white."""
    method = _UPRIGHT.get(_orientation(image))
    if image.mode == "F" or image.mode.startswith("I"):  # floats; 16 bit
        values = np.asarray(image if method is None else image.transpose(method))
        if image.mode == "I":  # where 16 bit come as 32
            if values.min() < 0 or values.max() > 65535:
                raise PictureError(f"{name}: grey values beyond 16 bit; save it as an 8-bit picture")
            values = values.astype(np.uint16)
        return _from_array(values, name)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = _on_white(image)
    elif image.mode != "RGB":
        try:
            image = image.convert("RGB")
        except ValueError as error:
            raise PictureError(f"{name}: {image.mode} colours are not supported; save it as RGB") from error
    return np.array(image if method is None else image.transpose(method))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where there is none or the block is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _from_array(array: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Return (h, w), (h, w, 3) or (h, w, 4) of the types `read_picture` names as RGB on white, always a copy."""
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise PictureError(f"{name}: shape {array.shape}; expected (h, w), (h, w, 3) or (h, w, 4), not empty")
    if array.dtype == np.uint8:
        values = np.array(array)
    elif array.dtype == np.bool_:
        values = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        values = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    elif array.dtype.kind == "f":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise PictureError(f"{name}: floats that are not all from 0 to 1 (NaN counts); scale them, or give uint8")
        values = np.rint(array * 255.0).astype(np.uint8)
    else:
        raise PictureError(f"{name}: type {array.dtype}; expected uint8, uint16, bool or floats from 0 to 1")
    if values.ndim == 2:
        return np.repeat(values[:, :, np.newaxis], 3, axis=2)
    return np.ascontiguousarray(values if values.shape[2] == 3 else _on_white(Image.fromarray(values)))
