"""How records are found by words in MongoDB: stems kept in each document with their weights, ranked as by BM25.

The server's own text index cannot serve: it forgets stop words, or does not stem, and knows no rare words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from store.stems import stem
from store.words import asked_words, split_words

_TITLE_WEIGHT = 2.0
_SATURATION, _LENGTH_SHARE = 1.2, 0.75
_USUAL_WORDS = 60.0
"""The length of an ordinary text. A constant, so that a weight stands once it is written."""


@lru_cache(maxsize=256)
def _weights(texts: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    counts: Counter[str] = Counter()
    length = 0
    for i, text in enumerate(texts):
        words = [stem(word) for word in split_words(text)]
        length += len(words)
        for word in words:
            counts[word] += _TITLE_WEIGHT if i == 0 else 1.0  # type: ignore[assignment]
    norm = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length / _USUAL_WORDS)
    return tuple(
        (word, round(count * (_SATURATION + 1) / (count + norm), 4)) for word, count in counts.items()
    )


def weights_of(texts: tuple[str, ...]) -> dict[str, float]:
    """Return the stems of `texts` (the title first), each with its weight in them."""
    return dict(_weights(texts))


def asked_stems(text: str) -> list[str]:
    """Return the distinct stems to look for."""
    return list(dict.fromkeys(stem(word) for word in asked_words(text)))


def rarity(total: int, holding: int) -> float:
    """Return what a word tells that `holding` of `total` records hold."""
    total = max(total, holding)
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def ranking(stems: Mapping[str, float], weights: str) -> dict[str, Any]:
    """Return the expression of a document's score for `stems`, each given with its rarity."""
    parts: Sequence[Any] = [
        {"$multiply": [rare, {"$ifNull": [{"$getField": {"field": word, "input": f"${weights}"}}, 0]}]}
        for word, rare in stems.items()
    ]
    return {"$add": list(parts)}
