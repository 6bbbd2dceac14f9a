"""How words are ranked: by their table alone first, the filter then sees only the best of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from store.codec import Plain
from store.port import Hit
from store.records import Record
from store.sqlite.queries import placeholders
from store.sqlite.tables import Table

_RANKED = 200
"""Of the best by words so many are looked at; all of them only if too few pass the filter."""

Job = Callable[[sqlite3.Connection], list[Hit[Record]]]


def ranked(table: Table, words: str, condition: str, values: list[Plain], limit: int) -> Job:
    """Return the job that finds the `limit` best rows for `words` (an FTS5 query) that meet the condition."""
    # A row of the table itself costs as much as its score, and most that match are far from the best.
    best = f"SELECT rowid, bm25({table.words}, 0.0, 2.0, 1.0) AS score FROM {table.words} WHERE {table.words} MATCH ?"
    decode = table.codec.decode

    def read(connection: sqlite3.Connection) -> list[Hit[Record]]:
        most = max(_RANKED, 2 * limit)
        scores = dict(connection.execute(f"{best} ORDER BY score LIMIT ?", (words, most)).fetchall())
        if not scores:
            return []
        ordered = list(scores.items())
        # As many as are wanted, and what is as good as the last of them; the others if some do not pass.
        cut = sum(score <= ordered[limit - 1][1] for _, score in ordered) if limit < len(ordered) else most
        rows = passing(connection, [number for number, _ in ordered[:cut]])
        if len(rows) < limit:
            rows += passing(connection, [number for number, _ in ordered[cut:]])
        if len(rows) < limit and len(scores) == most:
            return everywhere(connection)
        rows.sort(key=lambda row: (scores[row[0]], row[1 + table.id_at]))
        return [Hit(decode(row[1:]), -scores[row[0]]) for row in rows[:limit]]

    def passing(connection: sqlite3.Connection, numbers: list[Plain]) -> list[sqlite3.Row]:
        if not numbers:
            return []
        return connection.execute(
            f'SELECT t."row", {table.selected} FROM {table.name} t'
            f' WHERE t."row" IN ({placeholders(numbers)}) AND {condition}',
            [*numbers, *values],
        ).fetchall()

    def everywhere(connection: sqlite3.Connection) -> list[Hit[Record]]:
        rows = connection.execute(
            f'SELECT {table.selected}, best.score FROM ({best}) best JOIN {table.name} t ON t."row" = best.rowid'
            f' WHERE {condition} ORDER BY best.score, t."id" LIMIT ?',
            [words, *values, limit],
        ).fetchall()
        return [Hit(decode(row[:-1]), -row[-1]) for row in rows]

    return read
