"""Every language says the same things."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import facialis
from facialis.errors import RecipeError
from facialis.modalities.regions import REGIONS
from facialis.modalities.views import VIEWS
from facialis.words import languages, words
from facialis.words.known import recognised


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_text_with_the_same_places_to_fill_in(language: str) -> None:
    english, other = words("en").texts, words(language).texts
    assert set(other) == set(english)
    assert all(other[key].strip() for key in english)
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", [language for language in languages() if language != "en"])
def test_a_translation_is_not_a_copy(language: str) -> None:
    english, other = words("en").texts, words(language).texts
    same = [key for key in english if english[key] == other[key] and len(english[key]) > 12]
    assert len(same) <= 0.05 * len(english), same


def test_views_and_regions_have_names() -> None:
    for language in languages():
        assert all(words(language)(f"view.{view}") for view in VIEWS)
        assert all(words(language)(f"region.{region}") for region in REGIONS)


def test_numbers_have_the_languages_decimal_mark() -> None:
    assert words("de").number(-2.345, 1) == "-2,3"
    assert words("en").percent(0.9731, 1) == "97.3 %"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(RecipeError, match=f"'xx': expected one of {', '.join(languages())}"):
        words("xx")


BUILT = {
    "explain": "reference_simulated reference_real reference_local healthy_simulated healthy_real healthy_local "
    "picture_as_one pairs_as_one whole_face measures pairs picture regions_table measures_table branches_table",
    "follow": "within repeats landmarks takes no_date two_dates copy bad_date not_read not_sure not_told",
    "page.app": "judge_largest judge_all",
    "page.camera": "your_right your_left refused missing in_use insecure closed_hidden closed_left closed_ended",
    "page.sequence": "taken skipped open",
    "repeatability": "measures differences millimetres score",
    "report": "answer_palsy answer_none uncertain_palsy uncertain_none alt_photo alt_drawing within borderline outside "
    "auc sensitivity specificity",
    "sheet": "sunnybrook eface house_brackmann",
}
"""Keys that the code builds in a table of others; of a table whose keys are all built, one place that builds them."""


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def test_every_text_is_said_somewhere() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(Path(facialis.__file__).parent.rglob("*"))
        if path.suffix in (".py", ".js", ".html")
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", source)  # a text that goes on in the next line
    built = {f"{table}.{name}" for table, names in BUILT.items() for name in names.split()}
    assert not built - set(words("en").texts)
    card = json.loads((Path(facialis.__file__).parent / "detection/default.bundle/card.json").read_text("utf-8"))
    of_card = {found[0] for text in (*strings(card),) if (found := recognised(text))}
    unsaid = []
    for key, text in words("en").texts.items():
        table = key.rpartition(".")[0]
        if table == "known":  # what the program says in English
            said = key in of_card or all(part.lstrip("%") in joined for part, *_ in string.Formatter().parse(text))
        else:
            said = (
                key in built
                or re.search(f"[\"'`]{re.escape(key)}[\"'`]", source) is not None
                or (table not in BUILT and re.search(f"[\"'`]{re.escape(table)}\\.\\$?{{", source) is not None)
            )
        unsaid += [] if said else [key]
    assert not unsaid
