"""How words are ranked: by their table alone first, the filter then sees only the best of them.

In a large table the words that every so many rows hold find nothing: they only order what rarer ones found.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from store.codec import Plain
from store.port import Condition, Hit
from store.records import Record
from store.sqlite.queries import placeholders, within_projects
from store.sqlite.tables import Table

_RANKED = 200
"""Of the best by words so many are looked at; all of them only if too few pass the filter."""
_LARGE = 4_000
"""A table of fewer rows is ranked by all words at once."""
_COMMON_ROWS, _COMMON_SHARE = 2_000, 16
"""A word is common in more rows than 2,000 and than a sixteenth of all."""
_ENOUGH = 300
"""Common words find, too, while those that are left stand in fewer rows together."""
_KEPT_SECONDS, _MOST_KEPT = 300.0, 5_000
_K1, _B = 1.2, 0.75

Job = Callable[[sqlite3.Connection], list[Hit[Record]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The FTS5 query that finds, and the common words that order what it found, each with its weight."""

    finding: str
    ordering: tuple[tuple[str, float], ...] = ()


class Frequencies:
    """In how many rows words stand, as of some minutes ago at most. May be used by several threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int, float]] = {}

    def rows_with(self, connection: sqlite3.Connection, table: Table, query: str) -> int:
        """Return how many rows an FTS5 query matches."""
        now = time.monotonic()
        held = self._counts.get((table.words, query))
        if held is not None and held[1] > now:
            return held[0]
        counted = f"SELECT count(*) FROM {table.words} WHERE {table.words} MATCH ?"
        (count,) = connection.execute(counted, (query,)).fetchone()
        if len(self._counts) >= _MOST_KEPT:
            self._counts.clear()
        self._counts[table.words, query] = (int(count), now + _KEPT_SECONDS)
        return int(count)

    def asked(
        self, connection: sqlite3.Connection, table: Table, words: Sequence[str], projects: Condition
    ) -> Asked:
        """Return how to ask for `words`: in a large table the rarer ones find."""
        (size,) = connection.execute(f'SELECT max("row") FROM {table.name}').fetchone()
        if (size or 0) < _LARGE:
            return Asked(within_projects(_any(words), projects))
        counts = {word: self.rows_with(connection, table, _any([word])) for word in words}
        most = max(_COMMON_ROWS, size // _COMMON_SHARE)
        finding, found = [], 0
        for word in sorted(words, key=lambda word: counts[word]):
            if counts[word] > most and found >= _ENOUGH:
                break
            finding.append(word)
            found += counts[word]
        ordering = tuple(
            (word, math.log((size - counts[word] + 0.5) / (counts[word] + 0.5)))
            for word in words
            if word not in finding and counts[word] < size / 2
        )
        return Asked(within_projects(_any(finding), projects), ordering)


def _any(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def ranked(
    table: Table,
    words: Sequence[str],
    projects: Condition,
    frequencies: Frequencies,
    condition: str,
    values: list[Plain],
    limit: int,
) -> Job:
    """Return the job that finds the `limit` best rows for `words` that meet the condition."""
    # A row of the table itself costs as much as its score, and most that match are far from the best.
    best = f"SELECT rowid, bm25({table.words}, 0.0, 2.0, 1.0) AS score FROM {table.words} WHERE {table.words} MATCH ?"
    decode = table.codec.decode

    def read(connection: sqlite3.Connection) -> list[Hit[Record]]:
        asked = frequencies.asked(connection, table, words, projects)
        most = max(_RANKED, 2 * limit)
        scores = dict(connection.execute(f"{best} ORDER BY score LIMIT ?", (asked.finding, most)).fetchall())
        if not scores:
            return []
        ordered = list(scores.items())
        # As many as are wanted, and what is as good as the last of them; the others if some do not pass.
        cut = sum(score <= ordered[limit - 1][1] for _, score in ordered) if limit < len(ordered) else most
        rows = passing(connection, [number for number, _ in ordered[:cut]])
        if len(rows) < limit:
            rows += passing(connection, [number for number, _ in ordered[cut:]])
        if len(rows) < limit and len(scores) == most:
            return everywhere(connection, asked)
        if rows and asked.ordering:
            _order(connection, table, asked.ordering, scores, [row[0] for row in rows])
        rows.sort(key=lambda row: (scores[row[0]], row[1 + table.id_at]))
        return [Hit(decode(row[1:]), -scores[row[0]]) for row in rows[:limit]]

    def passing(connection: sqlite3.Connection, numbers: list[Plain]) -> list[sqlite3.Row]:
        if not numbers:
            return []
        return connection.execute(
            # By row: its other indexes would read all that is of the project and status.
            f'SELECT t."row", {table.selected} FROM {table.name} t NOT INDEXED'
            f' WHERE t."row" IN ({placeholders(numbers)}) AND {condition}',
            [*numbers, *values],
        ).fetchall()

    def everywhere(connection: sqlite3.Connection, asked: Asked) -> list[Hit[Record]]:
        rows = connection.execute(
            f'SELECT {table.selected}, best.score FROM ({best}) best JOIN {table.name} t NOT INDEXED ON t."row" = best.rowid'
            f' WHERE {condition} ORDER BY best.score, t."id" LIMIT ?',
            [asked.finding, *values, limit],
        ).fetchall()
        return [Hit(decode(row[:-1]), -row[-1]) for row in rows]

    return read


def _order(
    connection: sqlite3.Connection,
    table: Table,
    words: Sequence[tuple[str, float]],
    scores: dict[int, float],
    numbers: list[Plain],
) -> None:
    """Add to the scores what BM25 gives for common words: about, told by the words' beginnings."""
    texts = connection.execute(
        f"SELECT rowid, title, rest FROM {table.words} WHERE rowid IN ({placeholders(numbers)})",
        numbers,
    ).fetchall()
    mean = sum(len(title) + len(rest) for _, title, rest in texts) / len(texts)
    for number, title, rest in texts:
        damping = _K1 * (1 - _B + _B * (len(title) + len(rest)) / mean)
        for word, weight in words:
            begins = f" {word[: max(3, len(word) - 2)]}"
            times = 2 * f" {title}".count(begins) + f" {rest}".count(begins)
            scores[number] -= weight * times * (_K1 + 1) / (times + damping)
