"""How much of what was found is handed out: whole texts where short, else the passage that matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring

from resolvers.snippets import densest

CHARACTERS_A_TOKEN = 4
LONGEST = 1_200
"""Characters of one excerpt, at most."""

FRAME = 120
"""Characters of JSON around the results."""

KEYS = 240
"""Characters of JSON of one result's keys, times and numbers."""

_LEAST = 60
_KNOWN_BY = 60
_WINDOW = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was found, best first: its text, the passage that matched, and the room its other fields take."""

    content: str
    snippet: str
    other: int


def shared_out(candidates: Sequence[Candidate], query: str, max_tokens: int | None) -> list[tuple[str, bool]]:
    """Return for each candidate that fits its excerpt, and whether that is less than the whole.

    Room that short texts leave goes to the others. Those that no longer fit are dropped from the
    end, except the first.
    """
    if max_tokens is None:
        return [excerpt(one.content, one.snippet, query, LONGEST) for one in candidates]
    room = max_tokens * CHARACTERS_A_TOKEN - FRAME - json_size(query)
    kept = list(candidates)
    while len(kept) > 1 and room < sum(one.other + min(_LEAST, json_size(one.content)) for one in kept):
        kept.pop()
    room -= sum(one.other for one in kept)
    made: list[tuple[str, bool]] = []
    for index, one in enumerate(kept):
        later = sum(min(_LEAST, json_size(rest.content)) for rest in kept[index + 1 :])
        fair = _fair_share(room, [json_size(rest.content) for rest in kept[index:]])
        size = max(min(fair, room - later, LONGEST), _LEAST)
        text, is_cut = excerpt(one.content, one.snippet, query, size)
        # Quotes and line breaks take two.
        while json_size(text) > size:
            text, is_cut = excerpt(one.content, one.snippet, query, len(text) * 3 // 4)
        made.append((text, is_cut))
        room -= json_size(text)
    return made


def _fair_share(room: int, sizes: Sequence[int]) -> int:
    """Return what each may take so that those that need less leave the rest to the others."""
    left, waiting = room, sorted(sizes)
    for position, size in enumerate(waiting):
        share = left // (len(waiting) - position)
        if size > share:
            return share
        left -= size
    return room


def json_size(text: str) -> int:
    """Return how many characters a text takes in JSON, its quotes left out."""
    return len(encode_basestring(text)) - 2


def excerpt(content: str, snippet: str, query: str, size: int) -> tuple[str, bool]:
    """Return up to `size` characters of a text around what matched, and whether that is less than all.

    What is cut off is marked by `…`.
    """
    if len(content) <= size:
        return content, False
    start = _place(content, snippet, query)
    begin = 0 if start < size // 3 else start - size // 6
    end = begin + size - 2
    if end >= len(content):
        begin, end = len(content) - size + 1, len(content)
    begin = _boundary(content, begin) if begin else 0
    shown = content[begin:end].strip()
    return f"{'…' if begin else ''}{shown}{'…' if end < len(content) else ''}", True


def _boundary(content: str, begin: int) -> int:
    """Move a cut to the next word, unless that is far."""
    space = content.find(" ", begin, begin + 20)
    return space + 1 if space >= 0 else begin


def _place(content: str, snippet: str, query: str) -> int:
    """Return where what matched stands in the text: the query's words in the snippet, else anywhere."""
    core = snippet.strip("… \n")
    found = content.find(core) if core else -1
    if found < 0 and core:
        found = content.find(core[:_KNOWN_BY])
    if found >= 0:
        return found + densest(content[found : found + len(core)], query, _WINDOW)
    return densest(content, query, _WINDOW)
