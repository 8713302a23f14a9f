"""What the program says in English word for word, in another language: by the English table, section ``known``."""

from __future__ import annotations

import re
import string
from functools import cache

from facialis.words import Words, words

SECTION = "known."


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    made = []
    for key, text in words("en").texts.items():
        if key.startswith(SECTION):
            parts = string.Formatter().parse(text)
            pattern = "".join(re.escape(said) + (f"(?P<{name}>.+?)" if name else "") for said, name, _, _ in parts)
            made.append((key, re.compile(pattern, re.DOTALL)))
    return made


def translated(text: str, say: Words) -> str:
    """Return an English text of the program in the language of `say`; what its table does not know stays English.

    Examples
    --------
    >>> translated("head turned aside: 41°, up to 25° can be judged", words("de"))
    'Kopf zur Seite gedreht: 41°, bis 25° ist eine Beurteilung möglich'
    >>> translated("a card's own words", words("de"))
    "a card's own words"
    """
    known = recognised(text)
    if known is None or say.language == "en":
        return text
    key, values = known
    return say(key, **{name: number_as_said(value, say) for name, value in values.items()})


def recognised(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the key of a text that the English table knows, and what is filled in; None where it knows it not.

    Examples
    --------
    >>> recognised("too dark: mean grey level 12 of 255")
    ('known.dark', {'seen': '12'})
    """
    found = ((key, pattern.fullmatch(text)) for key, pattern in _patterns())
    return next(((key, match.groupdict()) for key, match in found if match), None)


def number_as_said(value: str, say: Words) -> str:
    """Return a text that is a number with the language's decimal mark, any other as it is."""
    return value.replace(".", say("format.decimal_mark")) if re.fullmatch(r"\d+\.\d+", value) else value
