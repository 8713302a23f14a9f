"""``facialis report``: the page of photos, what leaks into it, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.errors import FacialisError
from facialis.reports.pdf import find_browser

NAME = '<script>alert(1)</script>"Muster.jpg'
SECRET = "SECRETEXIF"


@pytest.fixture(scope="module")
def folder(astronaut, tmp_path_factory) -> Path:
    """A photo with a place and a camera's words in its EXIF and a hostile name, and one that is broken."""
    root = tmp_path_factory.mktemp("photos")
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 34.5), 3: "E", 4: (11.0, 33.0, 21.25)}
    Image.fromarray(astronaut).save(root / NAME.replace("/", "⁄"), exif=exif, comment=SECRET.encode())
    (root / "broken Muster.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    return root


def run(*arguments: str):
    ran = CliRunner().invoke(app, ["report", *arguments])
    return ran.exit_code, re.sub(r"[\s│]+", " ", ran.output)


def test_neither_name_nor_place_leaks_unless_asked(folder, tmp_path):
    pages = {}
    for name, options in (("en", []), ("de", ["--language", "de", "--no-photo"]), ("names", ["--names"])):
        out = tmp_path / f"{name}.html"
        code, said = run(str(folder), "--out", str(out), *options)
        assert code == 1, said  # one could not be read
        assert f"written: {out}" in said
        pages[name] = out.read_bytes()
        assert len(pages[name]) < 3e6
        assert SECRET.encode() not in pages[name]
        assert b"<script" not in pages[name]
        for jpeg in re.findall(rb"base64,([A-Za-z0-9+/=]+)", pages[name]):
            check_bare(jpeg)
    for name in ("en", "de"):
        assert b"Muster" not in pages[name]
        assert b"alert" not in pages[name]
        assert b"Content-Security-Policy" in pages[name]
    assert b"base64" not in pages["de"]
    assert "Foto 2" in pages["de"].decode()
    assert b"&lt;script&gt;alert(1)&lt;" in pages["names"]
    assert "holds file names" in pages["names"].decode()


def check_bare(encoded: bytes) -> None:
    import base64
    import io

    image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert image.format == "JPEG"
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_several_faces_as_asked(astronaut, tmp_path):
    import numpy as np

    Image.fromarray(np.hstack([astronaut, astronaut])).save(tmp_path / "two.png")
    out = tmp_path / "r.htm"
    assert run(str(tmp_path / "two.png"), "--out", str(out), "--face", "all")[0] == 0
    page = out.read_text(encoding="utf-8")
    assert "Photo 1, face 1" in page
    assert "Photo 1, face 2" in page


def test_mistakes_end_in_one_line(folder, tmp_path):
    photo = str(next(folder.glob("broken*")))
    (tmp_path / "v.mp4").write_bytes(b"x")
    for arguments, said in (
        ([photo, "--out", "page.docx"], "must end in .html or .pdf"),
        ([photo, "--out", str(tmp_path / "p.html"), "--language", "fr"], "expected one of de, en"),
        ([photo, "--out", str(tmp_path / "p.html"), "--prevalence", "1"], "not a share"),
        ([photo, "--out", str(tmp_path / "none" / "p.html")], "cannot write"),
        ([str(tmp_path / "v.mp4"), "--out", str(tmp_path / "p.html")], "facialis detect"),
        ([photo, "--out", str(tmp_path / "p.html"), "--bundle", str(tmp_path)], "model.onnx"),
    ):
        code, output = run(*arguments)
        assert code == 2, output
        assert said in output
    assert not (tmp_path / "p.html").exists()


def test_a_pdf_of_one_page(astronaut, tmp_path):
    try:
        find_browser()
    except FacialisError as error:
        pytest.skip(str(error))
    Image.fromarray(astronaut).save(tmp_path / "Muster.png")
    out = tmp_path / "r.pdf"
    code, said = run(str(tmp_path / "Muster.png"), "--out", str(out))
    assert code == 0, said
    data = out.read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"Muster" not in data
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Muster.png", "r.pdf"]
