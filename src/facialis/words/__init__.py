"""What reports and explanations say, in each language: one table a language, one file a table.

A third language joins as a copy of ``en.toml`` under its own code (ISO 639-1) with its texts translated; a test holds
every table to the same keys and the same places to fill in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from facialis.errors import RecipeError


class Words:
    """The texts of one language.

    Examples
    --------
    >>> words("en")("side.subject_left"), words("de")("side.subject_left")
    ("subject's left", 'links (der Person)')
    >>> words("de").number(2.345, 1)
    '2,3'
    """

    def __init__(self, language: str, table: Mapping[str, Any]) -> None:
        self.language = language
        self.texts = _flat(table)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a key (section.name) with `values` filled in as `str.format` does.

        Raises
        ------
        KeyError
            There is no such text, or a value is missing.
        """
        return self.texts[key].format(**values)

    def number(self, value: float, decimals: int) -> str:
        """Return a number with the language's decimal mark."""
        return f"{round(value, decimals) + 0.0:.{decimals}f}".replace(".", self.texts["format.decimal_mark"])

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share between 0 and 1 as a percentage."""
        return f"{self.number(100 * share, decimals)} %"


def languages() -> list[str]:
    """Return the codes of the languages there are."""
    return sorted(entry.name[:-5] for entry in files(__name__).iterdir() if entry.name.endswith(".toml"))


@lru_cache
def words(language: str = "en") -> Words:
    """Return a language's texts.

    Raises
    ------
    RecipeError
        There is no such language.
    """
    known = languages()
    if language not in known:
        raise RecipeError(f"language {language!r}: expected one of {', '.join(known)}")
    return Words(language, tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8")))


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, entry in table.items():
        flat |= _flat(entry, f"{above}{name}.") if isinstance(entry, Mapping) else {f"{above}{name}": entry}
    return flat
