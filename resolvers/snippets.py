"""Which part of a text is shown for a search."""

from __future__ import annotations

import re

from store.index import Near
from store.words import STOP_WORDS, asked_words

_MOST_MATCHES = 200
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
    return _cut(passage, _densest(passage, asked, most), most)


def _densest(text: str, asked: str, most: int) -> int:
    """Return where the window of `most` characters begins that holds most of the words asked for."""
    words = [word for word in asked_words(text=asked) if word not in STOP_WORDS]
    stems = sorted(
        {word[: max(_SHORTEST_STEM, len(word) - _ENDING)] for word in words}, key=len, reverse=True
    )
    if not stems:
        return 0
    pattern = re.compile("|".join(map(re.escape, stems)), re.IGNORECASE)
    matches = []
    for found in pattern.finditer(text):
        matches.append((found.start(), found.group().lower()))
        if len(matches) == _MOST_MATCHES:
            break
    best, most_words = 0, 0
    for place, (begin, _) in enumerate(matches):
        within = {stem for at, stem in matches[place:] if at < begin + most * 2 // 3}
        if len(within) > most_words:
            best, most_words = begin, len(within)
    return max(best - most // 6, 0)


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
