"""Every language says the same things."""

from __future__ import annotations

import string

import pytest

from facialis.errors import RecipeError
from facialis.modalities.views import REGIONS, VIEWS
from facialis.words import languages, words


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_text_with_the_same_places_to_fill_in(language: str) -> None:
    english, other = words("en").texts, words(language).texts
    assert set(other) == set(english)
    assert all(other[key].strip() for key in english)
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


def test_a_translation_is_not_a_copy() -> None:
    english, german = words("en").texts, words("de").texts
    same = [key for key in english if english[key] == german[key] and len(english[key]) > 12]
    assert len(same) <= 0.05 * len(english), same


def test_views_and_regions_have_names() -> None:
    for language in languages():
        assert all(words(language)(f"view.{view}") for view in VIEWS)
        assert all(words(language)(f"region.{region}") for region in REGIONS)


def test_numbers_have_the_languages_decimal_mark() -> None:
    assert words("de").number(-2.345, 1) == "-2,3"
    assert words("en").percent(0.9731, 1) == "97.3 %"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(RecipeError, match="'fr': expected one of de, en"):
        words("fr")
