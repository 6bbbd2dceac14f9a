"""How a long text is cut into passages that a model can read whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARACTERS = 50 * 1024
PASSAGE_TOKENS = 190
_OVERLAP_TOKENS = 30
_TITLE_CHARACTERS = 80
_PIECE = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_SENTENCE = re.compile(r"[.!?;]\s|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text by its characters, and what is embedded for it."""

    start: int
    end: int
    text: str


def passages(text: str) -> list[Passage]:
    """Return the passages of `text` in order, its title (the first line) before each.

    They overlap a little, end at a line or a sentence where one is near, and are sized by a
    generous guess of how many word pieces a word has. What lies beyond 50 K characters is left out.
    """
    text = text[:MOST_CHARACTERS]
    weights = _weights(text)
    if sum(weight for _, weight in weights) <= PASSAGE_TOKENS:
        return [Passage(0, len(text), text)]
    title = text.partition("\n")[0][:_TITLE_CHARACTERS]
    cut = [
        Passage(start, end, text[start:end] if start == 0 else f"{title}\n{text[start:end]}")
        for start, end in _spans(text, weights)
    ]
    return [passage for passage in cut if passage.text.strip()]


def _weights(text: str) -> list[tuple[int, int]]:
    """Return where each word ends, and how many pieces it may be cut into."""
    return [(found.end(), _pieces(found.group())) for found in _PIECE.finditer(text)]


def _pieces(word: str) -> int:
    if not word.isascii():
        return len(word)
    if word[0].isdigit():
        return (len(word) + 1) // 2
    return 1 if len(word) <= 5 else -(-len(word) // 4)


def _spans(text: str, weights: list[tuple[int, int]]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    first = 0
    while first < len(weights):
        last, total = first, 0
        while last < len(weights) and (total + weights[last][1] <= PASSAGE_TOKENS or last == first):
            total += weights[last][1]
            last += 1
        start = weights[first - 1][0] if first else 0
        if last == len(weights):
            spans.append((start, len(text)))
            break
        end = _border(text, start, weights[last - 1][0])
        spans.append((start, end))
        while last > first + 1 and weights[last - 1][0] > end:
            last -= 1
        back = 0
        following = last
        while following > first + 1 and back < _OVERLAP_TOKENS:
            following -= 1
            back += weights[following][1]
        first = following
    return spans


def _border(text: str, start: int, end: int) -> int:
    """Return the end of the last line or sentence in the passage's last third, else `end`."""
    lowest = start + (end - start) * 2 // 3
    ends = [found.end() for found in _SENTENCE.finditer(text, lowest, end)]
    return ends[-1] if ends else end
