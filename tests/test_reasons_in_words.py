"""Why a photo or video is not judged, in every language."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

from facialis.detection import photo_set
from facialis.faces import images, sources, videos
from facialis.faces.reasons import REASONS, reason
from facialis.words import languages, words
from facialis.words.known import translated
from tests.browsers import node_with

OTHERS = [language for language in languages() if language != "en"]
VALUES = {"value": 0.4368, "limit": 12.64, "number": 3, "count": 2}
NOT_OF_FILES = ("read_picture", "_from_array", "check_output")
"""They refuse arrays, bytes, and where to write: no page shows that."""


def errors_of(module: ModuleType) -> Iterator[str]:
    """Yield what a module says of a file after its name, with 7 for all that is filled in."""
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(function, ast.FunctionDef) or function.name in NOT_OF_FILES:
            continue
        for text in ast.walk(function):
            if isinstance(text, ast.JoinedStr):
                said = "".join(p.value if isinstance(p, ast.Constant) else "7" for p in text.values)  # type: ignore[misc]
                if said.startswith("7: ") and " " in said[3:]:
                    yield said[3:]


OF_SETS = [photo_set._why_not(view) for view in ("nasal_base", "rest", None)]
BROKEN = "the video breaks off after 3.1 s (4.0 s were expected); copy it again from where it came"
SAID = [*(reason(name, **VALUES) for name in REASONS), *errors_of(sources), *errors_of(images), *errors_of(videos),
        *OF_SETS, BROKEN]  # fmt: skip


def numbers(text: str) -> list[str]:
    return sorted(number.replace(",", ".") for number in re.findall(r"\d+(?:[.,]\d+)?", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_is_said_with_its_numbers(language: str) -> None:
    say = words(language)
    assert len(SAID) >= 21 + 16
    for text in SAID:
        found = translated(text, say)
        assert found != text
        assert numbers(found) == numbers(text)
        assert "{" not in found
        assert translated(text, words("en")) == text
    assert "12,6" in translated(reason("unlike", **VALUES), words("de"))
    assert "4,0 s wurden erwartet" in translated(BROKEN, words("de"))
    large = "too large, 20000 x 20000 pixels, 89,478,485 in all are allowed; make it smaller first"
    assert "89\u202f478\u202f485 sind erlaubt" in translated(large, words("de"))


@pytest.mark.parametrize("language", OTHERS)
def test_a_videos_reasons_which_have_no_numbers_are_said_too(language: str) -> None:
    for name in REASONS:
        head = reason(name, **VALUES).split(":")[0]
        assert translated(head, words(language)) != head
    assert translated("landmarks", words(language)) == "landmarks"


def test_the_page_says_the_same(tmp_path: Path) -> None:
    node = node_with()
    page = str(files("facialis.service").joinpath("page"))
    for name in ("known.js", "say.js"):
        shutil.copy(Path(page) / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    heads = [text.split(":")[0] for text in SAID]
    asked = {"texts": [*SAID, *heads, "a, b"], **{language: words(language).texts for language in ("en", *OTHERS)}}
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    (tmp_path / "ask.js").write_text("""
        import { readFile } from "node:fs/promises";
        import { knownTexts } from "./known.js";
        import { makeSay } from "./say.js";
        const { texts, ...tables } = JSON.parse(await readFile("asked.json", "utf8"));
        const say = Object.fromEntries(Object.entries(tables).map(([code, table]) => [code, makeSay(code, table)]));
        const told = Object.entries(say).map(([code, one]) => [code, texts.map(knownTexts(say.en, one).translated)]);
        console.log(JSON.stringify(Object.fromEntries(told)));
    """)
    done = subprocess.run([node, "ask.js"], cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    for language in ("en", *OTHERS):
        assert told[language] == [translated(text, words(language)) for text in asked["texts"]]
