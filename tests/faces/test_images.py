"""Every format against the pixels it holds, every refusal with its line, sources, videos."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from skimage import data

from bad_pictures import BAD_PICTURES, BadPicture, without_rights, write_bad_pictures
from facialis.errors import PictureError, RecipeError
from facialis.faces import sources
from facialis.faces.images import camera_date, display_name, is_video, list_sources, read_picture, read_video
from facialis.faces.landmarks import FaceLandmarker
from facialis.faces.videos import sample_video


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return data.astronaut()


@pytest.fixture(scope="module")
def small(astronaut: np.ndarray) -> np.ndarray:
    """Smooth enough for JPEG, and different in all four corners."""
    return np.asarray(Image.fromarray(astronaut).resize((12, 8)).resize((96, 64), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def bad_files() -> Iterator[dict[str, Path]]:
    # Not in tmp_path: its parents are closed to all but their owner, and `forbidden.jpg` would be refused for that.
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield write_bad_pictures(Path(name))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def mean_difference(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


# The table of bad and odd inputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BAD_PICTURES, ids=lambda case: display_name(case.name))
def test_bad_picture(case: BadPicture, bad_files: dict[str, Path], astronaut: np.ndarray) -> None:
    if case.name not in bad_files:
        pytest.skip("this file system cannot hold the name")
    path = bad_files[case.name]
    if case.refusal:
        with without_rights(), pytest.raises(PictureError, match=case.refusal) as caught:
            read_picture(path)
        line = str(caught.value)
        assert line.isprintable()
        assert line.startswith(display_name(path))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rgb = read_picture(path)
        assert rgb.dtype == np.uint8
        assert rgb.ndim == 3
        assert rgb.shape[2] == 3
        if case.original:
            assert mean_difference(rgb, astronaut) < 4  # the palette is the worst


def test_faces_in_the_table(bad_files: dict[str, Path], landmarker: FaceLandmarker) -> None:
    for case in BAD_PICTURES:
        if case.faces is not None and case.name in bad_files:
            assert len(landmarker.detect(read_picture(bad_files[case.name]))) == case.faces, case.name


def test_forbidden_folder_is_kept_as_a_source(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        Image.new("RGB", (4, 4)).save(folder / "a.png")
        (folder / "b").mkdir(mode=0o700)
        (folder / "b").chmod(0)
        with without_rights():
            found = list_sources([folder])
            assert [source.path for source in found] == [folder / "a.png", folder / "b"]
            with pytest.raises(PictureError, match=r"b: the folder cannot be listed \(permission denied\)"):
                read_picture(found[1].path)
        (folder / "b").chmod(0o700)


# Formats ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "worst"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("PPM", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 4),
        ("JPEG", {"quality": 95, "subsampling": 0}, 2),
        ("JPEG", {"quality": 95, "progressive": True}, 3),
        ("JPEG2000", {}, 1),
        ("AVIF", {"quality": 95}, 4),
    ],
)
def test_rgb_formats(small: np.ndarray, kind: str, options: dict[str, object], worst: float) -> None:
    assert mean_difference(read_picture(saved(Image.fromarray(small), kind, **options)), small) <= worst


def test_grey_one_bit_and_palette(small: np.ndarray) -> None:
    grey = Image.fromarray(small).convert("L")
    expected = np.repeat(np.asarray(grey)[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(read_picture(saved(grey, "PNG")), expected)
    bits = Image.fromarray(small).convert("1")
    expected = np.repeat(np.asarray(bits)[:, :, None], 3, axis=2) * np.uint8(255)
    np.testing.assert_array_equal(read_picture(saved(bits, "PNG")), expected)
    palette = Image.fromarray(small).quantize(64)
    np.testing.assert_array_equal(read_picture(saved(palette, "PNG")), np.asarray(palette.convert("RGB")))


def test_transparency_is_laid_on_white(small: np.ndarray) -> None:
    alpha = np.zeros(small.shape[:2], np.uint8)
    alpha[:, 32:] = 255
    alpha[:, 64:] = 128
    weight = alpha[:, :, None] / 255
    expected = np.rint(small * weight + 255 * (1 - weight))
    rgba = np.dstack([small, alpha])
    for read in (read_picture(saved(Image.fromarray(rgba), "PNG")), read_picture(rgba)):
        assert np.abs(read - expected).max() <= 1
        assert (read[:, :32] == 255).all()
    grey = Image.fromarray(rgba).convert("LA")
    assert (read_picture(saved(grey, "PNG"))[:, :32] == 255).all()


def test_transparent_palette_colour_and_colour_key() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    assert read_picture(saved(palette, "PNG", transparency=0)).tolist() == [[[255] * 3, [200, 100, 50]]]
    assert read_picture(saved(palette, "GIF", transparency=0)).tolist() == [[[255] * 3, [200, 100, 50]]]
    alpha = palette.convert("PA")
    alpha.putalpha(Image.fromarray(np.array([[0, 255]], np.uint8)))
    assert alpha.mode == "PA"
    assert read_picture(saved(alpha, "TIFF")).tolist() == [[[255] * 3, [200, 100, 50]]]
    key = Image.new("RGB", (2, 1), (1, 2, 3))
    key.putpixel((1, 0), (9, 9, 9))
    assert read_picture(saved(key, "PNG", transparency=(1, 2, 3))).tolist() == [[[255] * 3, [9, 9, 9]]]


def test_cmyk(small: np.ndarray) -> None:
    cmyk = Image.fromarray(small).convert("CMYK")
    assert mean_difference(read_picture(saved(cmyk, "TIFF")), small) == 0
    assert mean_difference(read_picture(saved(cmyk, "JPEG", quality=95)), small) < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_divided_by_257(kind: str) -> None:
    values = np.array([[0, 257, 32768, 65535], [128, 129, 385, 386]], dtype=np.uint16)
    expected = [[0, 1, 128, 255], [0, 1, 1, 2]]
    read = read_picture(saved(Image.fromarray(values), kind))
    assert read[:, :, 0].tolist() == expected
    assert (read == read[:, :, :1]).all()
    assert read_picture(values)[:, :, 0].tolist() == expected
    assert read_picture(values.astype(">u2"))[:, :, 0].tolist() == expected


def test_16_bit_in_32_bit_and_big_endian_tiff() -> None:
    values = np.array([[0, 257, 65535]])
    assert read_picture(saved(Image.fromarray(values.astype(np.int32)), "TIFF"))[0, :, 0].tolist() == [0, 1, 255]
    big = Image.frombytes("I;16B", (3, 1), values.astype(">u2").tobytes())
    assert read_picture(saved(big, "TIFF"))[0, :, 0].tolist() == [0, 1, 255]
    for wrong in (65536, -1):
        tiff = saved(Image.fromarray(np.array([[0, wrong]], np.int32)), "TIFF")
        with pytest.raises(PictureError, match=r"^x\.tif: grey values beyond 16 bit"):
            read_picture(tiff, name="x.tif")


def test_float_tiff() -> None:
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert read_picture(saved(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    for wrong in (np.nan, np.inf, -0.1, 1.1, 200.0):
        values[0, 1] = wrong
        with pytest.raises(PictureError, match=r"^x\.tif: floats that are not all from 0 to 1"):
            read_picture(saved(Image.fromarray(values), "TIFF"), name="x.tif")


def test_lab() -> None:
    lab = Image.new("LAB", (2, 1), (255, 128, 128))
    try:
        lab.convert("RGB")
    except ValueError:  # Pillow before it could
        with pytest.raises(PictureError, match="LAB colours are not supported; save it as RGB"):
            read_picture(saved(lab, "TIFF"))
    else:
        assert read_picture(saved(lab, "TIFF")).min() >= 250


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation(small: np.ndarray, orientation: int, kind: str) -> None:
    # The EXIF standard: where the stored picture's row 0 and column 0 belong when it is seen upright.
    stored = {
        1: small,
        2: small[:, ::-1],
        3: small[::-1, ::-1],
        4: small[::-1],
        5: small.transpose(1, 0, 2),
        6: small.transpose(1, 0, 2)[::-1],
        7: small[::-1, ::-1].transpose(1, 0, 2),
        8: small.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    read = read_picture(saved(Image.fromarray(stored), kind, exif=exif, **options))
    assert mean_difference(read, small) < (3 if kind == "JPEG" else 0.01)


def test_exif_of_16_bit_and_damaged_exif(small: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    values = np.arange(6, dtype=np.uint16).reshape(2, 3) * 257
    read = read_picture(saved(Image.fromarray(values), "PNG", exif=exif))
    assert read[:, :, 0].tolist() == np.rot90(values // 257, -1).tolist()
    good = saved(Image.fromarray(small), "JPEG", exif=exif)
    damaged = good.replace(b"Exif\0\0MM\0*", b"Exif\0\0XX\0*").replace(b"Exif\0\0II*\0", b"Exif\0\0XX*\0")
    assert damaged != good
    assert mean_difference(read_picture(damaged), small) < 3  # taken as upright


def with_exif(png: bytes, block: bytes) -> bytes:
    """Put an EXIF block into a PNG, just behind its header, as it is."""
    chunk = b"eXIf" + block
    return png[:33] + struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


@pytest.mark.parametrize("block", [b"II", b"not a block of EXIF", b"MM\0*"])
def test_a_damaged_block_of_exif_turns_nothing(small: np.ndarray, block: bytes) -> None:
    np.testing.assert_array_equal(read_picture(with_exif(saved(Image.fromarray(small), "PNG"), block)), small)


@pytest.mark.parametrize(("kind", "value"), [("f", 11), ("I", 4)])
def test_an_orientation_that_is_no_whole_number_is_none(small: np.ndarray, kind: str, value: int) -> None:
    block = struct.pack("<4sIHHHI" + kind + "I", b"II*\0", 8, 1, 0x0112, value, 1, 6, 0)  # 6 as a float, or whole
    expected = small if kind == "f" else np.rot90(small, -1)
    np.testing.assert_array_equal(read_picture(with_exif(saved(Image.fromarray(small), "PNG"), block)), expected)


DATES = {"taken": (0x8769, 36867), "digital": (0x8769, 36868), "changed": (None, 0x0132)}


def dated(path: Path, **dates: str) -> Path:
    """Write a photo that a camera dated: when it was taken, made digital, when the file was changed."""
    exif = Image.Exif()
    exif[0x010F] = "maker"  # Pillow takes a block without a part of its own for none
    for name, date in dates.items():
        part, tag = DATES[name]
        (exif if part is None else exif.get_ifd(part))[tag] = date
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_the_cameras_date_is_when_the_photo_was_taken(tmp_path: Path, kind: str) -> None:
    path = dated(tmp_path / f"a.{kind}", taken="2026:03:01 10:00:00", digital="2026:03:02 10:00:00")
    assert camera_date(path) == "2026:03:01 10:00:00"


def test_a_scans_date_is_when_it_was_made_digital(tmp_path: Path) -> None:
    assert camera_date(dated(tmp_path / "a.jpg", digital="2026:03:02 10:00:00")) == "2026:03:02 10:00:00"
    assert camera_date(dated(tmp_path / "b.jpg", taken="", digital="2026:03:02 10:00:00")) == "2026:03:02 10:00:00"


def test_when_a_file_was_changed_is_no_date_of_a_photo(tmp_path: Path) -> None:
    assert camera_date(dated(tmp_path / "a.jpg", changed="2026:03:03 10:00:00")) is None


def test_what_cannot_be_read_has_no_date(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    whole = dated(tmp_path / "whole.jpg", taken="2026:03:01 10:00:00").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[:8])
    for name in ("missing.jpg", "text.jpg", "cut.jpg"):
        assert camera_date(tmp_path / name) is None


def test_first_frame_of_an_animation(small: np.ndarray) -> None:
    first, second = Image.fromarray(small), Image.new("RGB", (96, 64), "red")
    webp = saved(first, "WEBP", save_all=True, append_images=[second], lossless=True)
    assert mean_difference(read_picture(webp), small) == 0
    gif = saved(first.quantize(256), "GIF", save_all=True, append_images=[second])
    assert mean_difference(read_picture(gif), small) < 4


def test_result_is_the_callers_own(small: np.ndarray) -> None:
    given = small.copy()
    read = read_picture(given)
    read[:] = 0
    np.testing.assert_array_equal(given, small)
    read = read_picture(saved(Image.fromarray(small), "PNG"))
    assert read.flags.writeable
    assert read.flags.c_contiguous


# Arrays and bytes ---------------------------------------------------------------------------------------------------


def test_arrays() -> None:
    assert read_picture(np.array([[True, False]])).tolist() == [[[255] * 3, [0] * 3]]
    for kind in (np.float16, np.float32, np.float64):
        assert read_picture(np.array([[0, 0.2, 1]], kind))[0, :, 0].tolist() == [0, 51, 255]
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_array_equal(read_picture(rgb), rgb)
    np.testing.assert_array_equal(read_picture(rgb[:, ::-1]), rgb[:, ::-1])


@pytest.mark.parametrize("kind", [bool, np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3), (2, 3, 4)])
def test_of_every_array_comes_rgb_of_8_bit_row_by_row(kind: type, shape: tuple[int, ...]) -> None:
    for order in ("C", "F"):
        read = read_picture(np.ones(shape, kind, order=order))
        assert read.shape == (2, 3, 3)
        assert read.dtype == np.uint8
        assert read.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 4, 2), np.uint8), r"array: shape \(4, 4, 2\); expected \(h, w\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), r"shape \(1, 4, 4, 3\)"),
        (np.zeros(4, np.uint8), r"shape \(4,\)"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (np.full((2, 2), np.nan), "NaN counts"),
        (np.full((2, 2), 255.0), "floats that are not all from 0 to 1"),
        (np.full((2, 2), 1.001), "floats that are not all from 0 to 1"),
        (np.zeros((2, 2), np.int64), "type int64; expected uint8"),
        (np.zeros((2, 2), object), "type object"),
        (np.zeros((2, 2), complex), "type complex128"),
    ],
)
def test_arrays_refused(array: np.ndarray, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        read_picture(array)


def test_bytes_and_types_refused() -> None:
    with pytest.raises(PictureError, match="picture of 0 bytes: it is empty"):
        read_picture(b"")
    with pytest.raises(PictureError, match="picture of 5 bytes: not a picture of a known format"):
        read_picture(b"hello")
    with pytest.raises(PictureError, match="a list is no picture; give a path"):
        read_picture([[0]])  # type: ignore[arg-type]


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF"])
def test_cut_off_anywhere(small: np.ndarray, kind: str) -> None:
    whole = saved(Image.fromarray(small), kind)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        with pytest.raises(PictureError, match=r"damaged or cut off|not a picture"):
            read_picture(whole[: int(len(whole) * share)])


def test_progressive_jpeg_cut_off(small: np.ndarray) -> None:
    whole = saved(Image.fromarray(small), "JPEG", progressive=True)
    with pytest.raises(PictureError, match="truncated"):
        read_picture(whole[: len(whole) * 9 // 10])


def test_size_is_refused_from_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    # A header that promises 1e9 pixels, and no pixels at all: decoding it would say "truncated".
    header = struct.pack(">IIBBBBB", 100_000, 10_000, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
        with pytest.raises(PictureError, match=r"too large, 100000 x 10000 pixels, 89,478,485"):
            read_picture(head + crc + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))
        monkeypatch.setattr(sources, "MAX_PIXELS", 99)
        with pytest.raises(PictureError, match=r"too large, 10 x 10 pixels, 99"):
            read_picture(saved(Image.new("L", (10, 10)), "PNG"))
        assert read_picture(saved(Image.new("L", (9, 11)), "PNG")).shape == (11, 9, 3)


def test_a_lower_limit_of_pillow_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(PictureError, match=r"too large, 10 x 10 pixels, 50"):
        read_picture(saved(Image.new("L", (10, 10)), "PNG"))


def test_heic_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(PictureError, match=re.escape("pip install 'facialis[heic]'")):
        read_picture(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])  # the second is also that of an AVIF, which is tried first
def test_heic(small: np.ndarray, brand: bytes) -> None:
    heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    heif.from_pillow(Image.fromarray(small)).save(buffer, quality=95)
    whole = buffer.getvalue()
    assert mean_difference(read_picture(whole[:8] + brand + whole[12:]), small) < 4


def test_a_format_that_this_pillow_lacks_keeps_no_other_from_being_read(
    small: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = saved(Image.fromarray(small), "JPEG2000")
    for earlier in ("WEBP", "TIFF", "AVIF"):
        monkeypatch.delitem(Image.OPEN, earlier, raising=False)
    assert mean_difference(read_picture(whole), small) <= 1


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM"])
def test_what_starts_like_a_picture_is_damaged_not_unknown(start: bytes) -> None:
    with pytest.raises(PictureError, match=r"^x: damaged or cut off \(.+\); copy it again from where it came$"):
        read_picture(start + bytes(3), name="x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match=r"pipe\.jpg: not a regular file"):
        read_picture(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match=r"a\\x00b: cannot be opened"):
        read_picture("a\0b")
    with pytest.raises(PictureError, match="cannot be opened"):
        read_picture("x" * 5000)
    (tmp_path / "ring.jpg").symlink_to("ring.jpg")
    with pytest.raises(PictureError, match="cannot be opened"):
        read_picture(tmp_path / "ring.jpg")
    with pytest.raises(PictureError, match=r": a folder, not a picture; give the files in it"):
        read_picture(tmp_path)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc")
def test_files_are_closed(bad_files: dict[str, Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        kept = []
        for path in bad_files.values():
            try:
                read_picture(path)
            except PictureError as error:
                kept.append(error)
    open_files = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    assert not open_files & {os.path.realpath(path) for path in bad_files.values()}


def test_little_more_than_pillow_takes(astronaut: np.ndarray, tmp_path: Path) -> None:
    picture = Image.fromarray(astronaut).resize((816, 612))
    picture.save(tmp_path / "half-a-megapixel.jpg", quality=90)

    def decode() -> None:
        with Image.open(tmp_path / "half-a-megapixel.jpg") as image:
            np.array(image)

    def fastest(function: object) -> float:
        times = []
        for _ in range(15):
            start = time.perf_counter()
            function()  # type: ignore[operator]
            times.append(time.perf_counter() - start)
        return min(times)

    assert fastest(lambda: read_picture(tmp_path / "half-a-megapixel.jpg")) < 1.5 * fastest(decode) + 0.001


# Names and folders --------------------------------------------------------------------------------------------------


def test_display_name() -> None:
    assert display_name("Ä b.jpg") == "Ä b.jpg"
    assert display_name("a\nb\r\t\u2028\u202e.jpg") == r"a\nb\r\t\u2028\u202e.jpg"
    assert display_name(os.fsdecode(b"\xe9.jpg")) == r"\xe9.jpg"
    assert display_name("\ud800") == r"\ud800"
    assert display_name(Path("a") / "b") == os.path.join("a", "b")


def test_list_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "img10.jpg",
        "img2.JPG",
        "Img1.png",
        "notes.txt",
        ".hidden.jpg",
        ".secret/a.jpg",
        "sub9/clip.MP4",
        "sub10/b.webp",
        "walked.jpg/inside.png",
        "img3/z.jpg",
    ):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "all" / "sub10" / "ring").symlink_to(tmp_path / "all", target_is_directory=True)
    (tmp_path / "all" / "broken.jpg").symlink_to("nowhere.jpg")
    monkeypatch.chdir(tmp_path)
    found = list_sources(["all", Path("notes.txt"), "missing.jpg"])
    assert [source.name for source in found] == [
        os.path.join("all", *name.split("/"))
        for name in (
            "broken.jpg",
            "Img1.png",
            "img2.JPG",
            "img3/z.jpg",
            "img10.jpg",
            "sub9/clip.MP4",
            "sub10/b.webp",
            "walked.jpg/inside.png",
        )
    ] + ["notes.txt", "missing.jpg"]
    assert all(source.path == Path(source.name) for source in found)
    assert list_sources(["all" + os.sep])[0].name == os.path.join("all", "broken.jpg")


def test_empty_folder_is_kept_as_a_source(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert [source.path for source in list_sources([tmp_path])] == [tmp_path]
    with pytest.raises(PictureError, match="the folder holds no pictures or videos"):
        read_picture(tmp_path)


def test_is_video() -> None:
    assert is_video("a/b.MP4")
    assert is_video(Path("b.webm"))
    assert not is_video("b.jpg")
    assert not is_video("mp4")


# Videos -------------------------------------------------------------------------------------------------------------

FPS = 30
SIZE = (48, 64)


def frame_picture(number: int) -> np.ndarray:
    """Grey whose brightness is the frame's number, with a white square at the subject's upper right."""
    picture = np.full((*SIZE, 3), 40 + number, np.uint8)
    picture[:16, :16] = 255
    return picture


def write_video(
    path: Path, n: int = 90, *, times: list[int] | None = None, turn: int = 0, flip: bool = False, **options: str
) -> Path:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        if turn or flip:
            stream.set_display_rotation(turn, hflip=flip)
        for number in range(n):
            frame = av.VideoFrame.from_ndarray(frame_picture(number), format="rgb24")
            frame.pts = number if times is None else times[number]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shown_number(rgb: np.ndarray) -> float:
    return float(rgb[20:28, 20:28].mean()) - 40


def test_video_is_sampled_on_a_grid(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_video(tmp_path / "a.mp4")
    frames = list(read_video(path))
    assert [frame.index for frame in frames] == [*range(0, 90, 5), 89]
    for frame in frames:
        assert frame.time == pytest.approx(frame.index / FPS, abs=1e-6)
        assert frame.rgb.shape == (*SIZE, 3)
        assert frame.rgb.dtype == np.uint8
        assert shown_number(frame.rgb) == pytest.approx(frame.index, abs=3)
    assert [frame.index for frame in read_video(path, rate=1)] == [0, 30, 60, 89]
    assert [frame.index for frame in read_video(path, rate=1000)] == list(range(90))
    assert capfd.readouterr() == ("", "")


def test_video_of_uneven_times(tmp_path: Path) -> None:
    times = [0, 1, 2, 3, 33, 34, 60, 61, 89]  # in 1/30 s
    path = write_video(tmp_path / "a.mkv", n=len(times), times=times)
    frames = list(read_video(path, rate=2))
    assert [frame.index for frame in frames] == [0, 4, 6, 8]
    assert [frame.time for frame in frames] == pytest.approx([0, 1.1, 2, 89 / 30], abs=0.002)


@pytest.mark.skipif(not hasattr(av.VideoStream, "set_display_rotation"), reason="this PyAV cannot write turned videos")
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("turn", [0, 90, 180, -90])
def test_video_is_turned_and_mirrored(tmp_path: Path, turn: int, flip: bool) -> None:
    path = write_video(tmp_path / "a.mp4", n=3, turn=turn, flip=flip)
    expected = np.rot90(frame_picture(0), turn // 90)
    # FFmpeg's av_display_matrix_flip comes after the rotation: it mirrors what is seen.
    expected = expected[:, ::-1] if flip else expected
    read = next(iter(read_video(path))).rgb
    assert mean_difference(read, expected) < 4
    assert read.flags.c_contiguous


def test_video_without_times(tmp_path: Path) -> None:
    path = tmp_path / "raw.m4v"  # a bare stream: no container, no times
    with av.open(str(path), "w", format="m4v") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.height, stream.width = SIZE
        for number in range(60):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame_picture(number), format="rgb24")))
        container.mux(stream.encode())
    frames = list(read_video(path, rate=5))
    assert 10 <= len(frames) <= 13
    assert all(a.index < b.index for a, b in pairwise(frames))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_video_that_breaks_off(tmp_path: Path, name: str) -> None:
    whole = write_video(tmp_path / name, **({"movflags": "faststart"} if name == "a.mp4" else {})).read_bytes()
    path = tmp_path / f"cut-{name}"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    frames = []
    with pytest.raises(PictureError, match=r"cut-a.*the video breaks off after \d\.\d s") as caught:
        frames.extend(read_video(path))  # a list keeps what came before the error
    assert frames
    for frame in frames:
        assert shown_number(frame.rgb) == pytest.approx(frame.index, abs=3)
    seconds = float(re.search(r"after (\d\.\d) s", str(caught.value))[1])
    assert seconds == pytest.approx(frames[-1].time, abs=0.25)
    assert seconds < 2.8


@pytest.mark.skipif("libx264" not in av.codecs_available, reason="this FFmpeg has no H.264 encoder")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_no_half_grey_frame_before_the_break(tmp_path: Path, name: str) -> None:
    """Each frame of a file cut anywhere is, to the bit, the one that the whole file has at that time."""
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    with av.open(str(tmp_path / name), "w", options={"movflags": "faststart"} if name == "a.mp4" else {}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = 96, 128
        stream.gop_size = 12
        for number in range(60):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    whole = {frame.time: frame.rgb for frame in read_video(tmp_path / name, rate=1000)}
    assert len(whole) == 60
    content = (tmp_path / name).read_bytes()
    for share in np.linspace(0.3, 0.7, 9):
        (tmp_path / f"cut-{name}").write_bytes(content[: int(len(content) * share)])
        frames = []
        with pytest.raises(PictureError, match="the video breaks off after"):
            frames.extend(read_video(tmp_path / f"cut-{name}", rate=1000))
        assert len(frames) > 5
        for frame in frames:
            np.testing.assert_array_equal(frame.rgb, whole[frame.time])


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_video_cut_off_before_its_index(tmp_path: Path, name: str) -> None:
    """Cameras write the index last: of a copy that broke off no frame can be found."""
    whole = write_video(tmp_path / name).read_bytes()
    half = whole[: len(whole) // 2]
    (tmp_path / f"cut-{name}").write_bytes(half)
    why = "cut off or damaged: it begins as an MP4 or MOV file"
    with pytest.raises(PictureError, match=rf"cut-{name}: {why}.*copy it again"):
        list(read_video(tmp_path / f"cut-{name}"))
    with pytest.raises(PictureError, match=f"sent: {why}"):
        sample_video(half, name="sent")
    with pytest.raises(PictureError, match="not a video that can be read"):
        list(read_video(half[8:]))


def test_no_videos(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello\n" * 100)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:3,\nwhole.mp4\n#EXT-X-ENDLIST\n")
    write_video(tmp_path / "whole.mp4")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), format="fltp", layout="mono")
        sound.rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    for name, reason in (
        ("text.mp4", "not a video that can be read"),
        ("empty.mp4", "the file is empty"),
        ("folder.mp4", "folder"),
        ("missing.mp4", "no such file"),
        ("list.m3u8", "not a video that can be read"),
        ("sound.mp4", "no video track in it"),
    ):
        with pytest.raises(PictureError, match=f"{name}: .*{reason}"):
            list(read_video(tmp_path / name))
    with pytest.raises(PictureError, match="not a picture of a known format"):
        read_picture(tmp_path / "whole.mp4")
    with pytest.raises(RecipeError, match=r"rate is 0; expected frames a second"):
        list(read_video(tmp_path / "whole.mp4", rate=0))


def test_video_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_PIXELS", 1000)
    with pytest.raises(PictureError, match=r"a\.mp4: too large, 64 x 48 pixels"):
        list(read_video(write_video(tmp_path / "a.mp4", n=2)))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc")
def test_abandoned_video_is_closed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4")

    def is_open() -> bool:
        names = (os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd"))
        return any(os.path.realpath(name) == str(path.resolve()) for name in names)

    frames = read_video(path)
    next(frames)
    assert is_open()
    frames.close()  # type: ignore[attr-defined]
    assert not is_open()
