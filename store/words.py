"""Which words a text is searched by: identifiers whole and in their parts, lower-case."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
_JOINT = re.compile(r"_+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 200
_MOST_ASKED = 64

STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can do does for from had has have how i if in into is it its
    me my no not of on or our so such than that the their then there these they this to was we were
    what when where which who why will with you your
    """.split()  # noqa: SIM905 (a page of quotes)
)


def split_words(text: str) -> list[str]:
    """Return the words of `text` in order; each identifier is followed by its parts, if several.

    A word is cut at 200 characters.
    """
    words: list[str] = []
    for whole in _WORD.findall(unicodedata.normalize("NFC", text)):
        word = whole[:_LONGEST]
        words.append(word.lower())
        parts = [part for part in _JOINT.split(word) if part]
        if len(parts) > 1:
            words.extend(part.lower() for part in parts)
    return words


def asked_words(text: str) -> list[str]:
    """Return the distinct words to look for (at most 64), without stop words unless there are only such."""
    distinct = list(dict.fromkeys(split_words(text)))
    telling = [word for word in distinct if word not in STOP_WORDS]
    return (telling or distinct)[:_MOST_ASKED]
