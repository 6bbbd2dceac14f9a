"""How a text is recognised again: word for word by a hash, almost so by the bands of a word sketch.

The sketch is a MinHash over runs of three words (Broder, 1997), cut into bands that are looked up
by index (locality-sensitive hashing): two texts of similarity 0.8 meet in one with 99.7 %.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from zlib import crc32

NEAR = 0.8
"""The Jaccard similarity from which a text is told as a near duplicate."""

_BANDS, _ROWS = 8, 3
_RUN = 3
_SKETCHED = 200
_COMPARED = 2_000
_WORD = re.compile(r"\w+")


_PLACES = tuple(crc32(f"row {row}".encode()) for row in range(_BANDS * _ROWS))
"""Points among the hashes: the hash nearest to one, bit by bit, is the least of a random order."""


def text_hash(title: str, content: str) -> str:
    """Return the hash of a text without regard to case and white space."""
    folded = " ".join(f"{title}\n{content}".casefold().split())
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:40]


def shingles(title: str, content: str) -> frozenset[int]:
    """Return the hashes of a text's runs of three words, of its words where it has no three.

    Of a long text 2,000 hashes stand for all: the same ones in a similar text.
    """
    words = _WORD.findall(f"{title} {content}".lower())
    count = max(len(words) - _RUN + 1, 0)
    runs: Iterable[str] = (" ".join(words[i : i + _RUN]) for i in range(count)) if count else words
    hashed = {crc32(run.encode("utf-8", "replace")) for run in runs}
    return _sample(hashed, _COMPARED)


def bands(hashed: frozenset[int]) -> tuple[str, ...]:
    """Return the bands under which a text is looked up; none for a text without words."""
    if not hashed:
        return ()
    sketched = _sample(hashed, _SKETCHED)
    least = [min([one ^ place for one in sketched]) for place in _PLACES]
    return tuple(
        f"{band:x}{crc32(repr(least[band * _ROWS : (band + 1) * _ROWS]).encode()):08x}"
        for band in range(_BANDS)
    )


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the Jaccard similarity of two texts by their shingles, 0 to 1."""
    if not one or not other:
        return 0.0
    if max(len(one), len(other)) < _COMPARED:
        return len(one & other) / len(one | other)
    # Beyond the smaller sample's end the other may hold hashes that were cut off here.
    both = _sample(one | other, _COMPARED)
    return len(both & one & other) / len(both)


def _sample(hashed: set[int] | frozenset[int], most: int) -> frozenset[int]:
    return frozenset(hashed if len(hashed) <= most else sorted(hashed, key=_mixed)[:most])


def _mixed(one: int) -> int:
    # Another order than that of the hashes: a sample must not be thin where a place of the sketch lies.
    return one * 2_654_435_761 & 0xFFFF_FFFF
