"""Which part of a text is shown for a search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from store.index import Near
from store.words import STOP_WORDS, asked_words

_MOST_MATCHES, _MOST_OF_ONE = 200, 40
_SHORTEST_STEM = 3
_ENDING = 2
_CUT = "…"


def snippet(text: str, asked: str, near: Near | None, most: int) -> str:
    """Return at most `most` characters of `text`: where most words of `asked` meet, within the passage near it.

    The title, the first line, is left out where there is more than it.
    """
    title, _, body = text.partition("\n")
    if not body.strip():
        return _cut(title, 0, most)
    offset = len(title) + 1
    start, end = (near.start, near.end) if near is not None and near.end else (offset, len(text))
    start = max(start, offset)
    if end <= start or start >= len(text):
        start, end = offset, len(text)
    passage = text[start:end]
    if len(passage) <= most:
        return passage.strip()
    return _cut(passage, max(densest(passage, asked, most * 2 // 3) - most // 6, 0), most)


def densest(text: str, asked: str, window: int) -> int:
    """Return where the first `window` characters begin that hold most of the words asked for; 0 without any.

    Words are told by their stems, whatever stands around them; at most 200 places are looked at.
    """
    words = [word for word in asked_words(text=asked) if word not in STOP_WORDS]
    stems = dict.fromkeys(word[: max(_SHORTEST_STEM, len(word) - _ENDING)] for word in words)
    matches = sorted(islice(_places(text.lower(), stems), _MOST_MATCHES))
    within: dict[str, int] = {}
    best, most, end = 0, 0, 0
    for begin, first in matches:
        while end < len(matches) and matches[end][0] < begin + window:
            within[matches[end][1]] = within.get(matches[end][1], 0) + 1
            end += 1
        count = sum(number > 0 for number in within.values())
        if count > most:
            best, most = begin, count
        within[first] -= 1
    return best


def _places(lower: str, stems: Iterable[str]) -> Iterator[tuple[int, str]]:
    # Looked for one by one: a pattern of them all takes longer to compile than all this.
    for stem in stems:
        at = -1
        for _ in range(_MOST_OF_ONE):
            at = lower.find(stem, at + 1)
            if at < 0:
                break
            yield at, stem


def _cut(text: str, start: int, most: int) -> str:
    """Return `text` from about `start` on, at words' borders, marked where something is left out."""
    if len(text) <= most:
        return text.strip()
    start = min(start, len(text) - most)
    if start:
        border = re.search(r"\s", text[start : start + 40])
        start += border.end() if border else 0
    end = min(start + most - 2 * len(_CUT), len(text))
    part = text[start:end]
    if end < len(text) and (last := re.search(r"\s\S{0,40}$", part)):
        part = part[: last.start()]
    return f"{_CUT if start else ''}{part.strip()}{_CUT if end < len(text) else ''}"
