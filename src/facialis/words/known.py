"""What the program says in English word for word, in another language: by the English table, section ``known``."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import cache

from facialis.words import Words, words

SECTION = "known."


@cache
def _patterns(head: bool) -> list[tuple[str, re.Pattern[str]]]:
    made = []
    for key, text in words("en").texts.items():
        if key.startswith(SECTION) and (":" in text or not head):
            parts = string.Formatter().parse(text.partition(":")[0] if head else text)
            pattern = "".join(re.escape(said) + (f"(?P<{name}>.+?)" if name else "") for said, name, _, _ in parts)
            made.append((key, re.compile(pattern, re.DOTALL)))
    return made


def translated(text: str, say: Words) -> str:
    """Return an English text of the program, or its head (up to a colon), in the language of `say`; what its table does
    not know stays English.

    Examples
    --------
    >>> translated("head turned aside: 41°, up to 25° can be judged", words("de"))
    'Kopf zur Seite gedreht: 41°, bis 25° ist eine Beurteilung möglich'
    >>> translated("head turned aside", words("de")), translated("a card's own words", words("de"))
    ('Kopf zur Seite gedreht', "a card's own words")
    """
    if say.language == "en":
        return text
    for head in (False, True):
        known = recognised(text, head=head)
        if known is not None:
            said = say.texts[known[0]].partition(":")[0] if head else say.texts[known[0]]
            return said.format(**{name: number_as_said(value, say) for name, value in known[1].items()})
    return text


def reasons_line(reasons: Iterable[str], name: str, say: Words) -> str:
    """Return why a photo or video called `name` is not used as one line in the language of `say`, without its name."""
    return "; ".join(translated(reason.removeprefix(f"{name}: "), say) for reason in reasons) or "-"


def recognised(text: str, *, head: bool = False) -> tuple[str, dict[str, str]] | None:
    """Return the key of a text that the English table knows, and what is filled in; None where it knows it not.

    Parameters
    ----------
    head : whether the text is one of the table's up to its colon, as a video's reasons are.

    Examples
    --------
    >>> recognised("too dark: mean grey level 12 of 255")
    ('known.dark', {'seen': '12'})
    """
    found = ((key, pattern.fullmatch(text)) for key, pattern in _patterns(head))
    return next(((key, match.groupdict()) for key, match in found if match), None)


def number_as_said(value: str, say: Words) -> str:
    """Return a text that is a number with the language's decimal mark, or thousands set apart; any other as it is."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+", value):
        return value.replace(",", "\N{NARROW NO-BREAK SPACE}")
    return value.replace(".", say("format.decimal_mark")) if re.fullmatch(r"\d+\.\d+", value) else value
