"""All the bad and odd inputs as real files, with what is to be expected of each.

`write_bad_pictures(folder)` writes them; `BAD_PICTURES` says what reading must do and how many faces there are.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NOBODY = 65534  # a user id without rights, on Linux and macOS


@dataclass(frozen=True)
class BadPicture:
    """A file, and what it must lead to.

    `refusal`: a regular expression that the one line of the refusal matches, empty when the picture can be read.
    `faces`: how many faces are found in it (None when it is refused). `original`: what it shows, as
    `skimage.data` names it, when its pixels are to be (nearly) the same. `unfit`: why its face is not fit to be judged.
    """

    name: str
    refusal: str = ""
    faces: int | None = None
    original: str = ""
    unfit: str = ""


BAD_PICTURES: tuple[BadPicture, ...] = (
    BadPicture("empty.jpg", refusal=r"empty\.jpg: the file is empty \(0 bytes\)"),
    BadPicture("cut.jpg", refusal=r"cut\.jpg: damaged or cut off .*truncated"),
    BadPicture("text.jpg", refusal=r"text\.jpg: not a picture of a known format"),
    BadPicture("20000x20000.png", refusal=r"20000x20000\.png: too large, 20000 x 20000 pixels"),
    BadPicture("missing.jpg", refusal=r"missing\.jpg: no such file"),
    BadPicture("folder.jpg", refusal=r"folder\.jpg: the folder holds no pictures"),
    BadPicture("forbidden.jpg", refusal=r"forbidden\.jpg: no permission to read it"),  # for `without_rights` only
    BadPicture("cat.png", faces=0),
    BadPicture("coffee.png", faces=0),
    BadPicture("three-faces.png", faces=3),
    BadPicture("profile.png", faces=1, unfit="head turned aside"),
    BadPicture("half-hidden.png", faces=1, unfit="half of the face is hidden"),
    BadPicture("16-bit-grey.png", faces=1),
    BadPicture("16-bit-rgb.png", faces=1, original="astronaut"),
    BadPicture("cmyk.jpg", faces=1, original="astronaut"),
    BadPicture("rgba.png", faces=1, original="astronaut"),
    BadPicture("palette.png", faces=1, original="astronaut"),
    BadPicture("exif-turned.jpg", faces=1, original="astronaut"),
    BadPicture("animated.gif", faces=1, original="astronaut"),
    BadPicture("name with spaces.png", faces=1, original="astronaut"),
    BadPicture("name with\nline break.png", faces=1, original="astronaut"),
    BadPicture(os.fsdecode(b"not utf-8 \xe9\xff.png"), faces=1, original="astronaut"),
)


def write_bad_pictures(folder: Path) -> dict[str, Path]:
    """Write the files of `BAD_PICTURES` into `folder`; return name -> path.

    Names that the file system cannot hold (line breaks on Windows, other bytes than UTF-8 on macOS) are left out.
    """
    from skimage import data

    astronaut: NDArray[np.uint8] = data.astronaut()
    picture = Image.fromarray(astronaut)
    grey = picture.convert("L")
    face = astronaut[:270, 110:340]
    hidden = astronaut.copy()
    hidden[:, 224:] = 128  # the astronaut's nose is at column 224

    (folder / "empty.jpg").touch()
    picture.save(folder / "whole.jpg", quality=95)
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("This is a letter, not a picture.\n" * 20)
    (folder / "20000x20000.png").write_bytes(png(20000, 20000, 1, 0, bytes(20000 * (1 + 20000 // 8))))
    (folder / "folder.jpg").mkdir()
    (folder / "forbidden.jpg").write_bytes(whole)
    (folder / "forbidden.jpg").chmod(0)

    Image.fromarray(data.cat()).save(folder / "cat.png", compress_level=1)
    Image.fromarray(data.coffee()).save(folder / "coffee.png", compress_level=1)
    Image.fromarray(np.hstack([face, face, face])).save(folder / "three-faces.png", compress_level=1)
    Image.fromarray(data.camera()).resize((1200, 1200)).save(
        folder / "profile.png", compress_level=1
    )  # a photographer, from the side
    Image.fromarray(hidden).save(folder / "half-hidden.png", compress_level=1)

    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(folder / "16-bit-grey.png", compress_level=1)
    write_png16(folder / "16-bit-rgb.png", astronaut.astype(np.uint16) * 257)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    picture.convert("RGBA").save(folder / "rgba.png", compress_level=1)
    picture.quantize(256).save(folder / "palette.png", compress_level=1)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise for viewing, so it is stored turned the other way
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "exif-turned.jpg", quality=95, exif=exif)
    picture.quantize(256).save(
        folder / "animated.gif", save_all=True, append_images=[Image.new("P", picture.size)], duration=100
    )
    for name in ("name with spaces.png", "name with\nline break.png", os.fsdecode(b"not utf-8 \xe9\xff.png")):
        if name.isprintable() or sys.platform == "linux":
            picture.save(folder / name, compress_level=1)
    return {
        case.name: folder / case.name
        for case in BAD_PICTURES
        if case.name == "missing.jpg" or os.path.lexists(folder / case.name)
    }


def write_png16(path: Path, rgb: NDArray[np.uint16]) -> None:
    """Write (h, w, 3) uint16 as a PNG of 16 bit a channel, which Pillow cannot."""
    height, width, _ = rgb.shape
    path.write_bytes(png(width, height, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)))


def png(width: int, height: int, depth: int, kind: int, rows: bytes) -> bytes:
    """Return a PNG of rows, each a filter byte and its pixels; `kind` 0 is grey, 2 RGB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


@contextmanager
def without_rights() -> Iterator[None]:
    """Run the block as a user who may not read everything: root becomes `nobody` for its length (one process)."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def as_nobody() -> dict[str, Any]:
    """Return the arguments that make `subprocess.run` start a program `without_rights`, when this is root."""
    return {"user": NOBODY} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
