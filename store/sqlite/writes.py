"""How one decision is written: checks, deletes, puts, then its events with their numbers."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from store.bounds import refuse_repeats
from store.codec import Plain, encode_time
from store.errors import Conflict, Duplicate
from store.port import Changes
from store.records import Event, NewEvent, Record, numbered
from store.sqlite.errors import broken_key
from store.sqlite.tables import EVENTS, INSERT_EVENT, Table, table_of

Standing = tuple[str, int, int]
"""A record as it was read: its id, its version, and when it was made, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a commit writes, already made into rows, so that nothing can change it on its way."""

    checks: tuple[tuple[Table, Standing], ...]
    deletes: tuple[tuple[Table, Standing], ...]
    puts: tuple[tuple[Table, list[Plain]], ...]
    events: tuple[tuple[NewEvent, list[Plain]], ...]

    def __call__(self, connection: sqlite3.Connection) -> tuple[Event, ...]:
        """Write all of it inside the open transaction.

        Raises:
            Conflict: a record is not at its version.
            Duplicate: a unique key would be broken.
        """
        execute = connection.execute
        for table, standing in self.checks:
            if execute(table.check, standing).fetchone() is None:
                raise Conflict(table.kind.__name__, standing[0])
        for table, standing in self.deletes:
            _delete(connection, table, standing)
        for table, row in self.puts:
            _put(connection, table, row)
        return _append(connection, self.events) if self.events else ()


def rows_of(changes: Changes) -> Decision:
    """Return the rows of `changes`.

    Raises:
        ValueError: a record is written twice, or a value cannot be kept.
    """
    refuse_repeats(changes)
    # Updates go first: they may free a unique key that a new record takes.
    puts = sorted(changes.puts, key=lambda record: record.version == 0)
    return Decision(
        tuple((table_of(type(record)), _standing(record)) for record in changes.checks),
        tuple((table_of(type(record)), _standing(record)) for record in changes.deletes),
        tuple((table_of(type(record)), table_of(type(record)).codec.encode(record)) for record in puts),
        tuple((event, EVENTS.encode(numbered(event, 0))) for event in changes.events),
    )


def _standing(record: Record) -> Standing:
    return record.id, record.version, encode_time(record.created_at)


def _delete(connection: sqlite3.Connection, table: Table, standing: Standing) -> None:
    row = _row_of(connection, table, standing[0]) if table.words else None
    if connection.execute(table.delete, standing).rowcount != 1:
        raise Conflict(table.kind.__name__, standing[0])
    if row is not None:
        connection.execute(f"DELETE FROM {table.words} WHERE rowid = ?", (row[0],))


def _row_of(connection: sqlite3.Connection, table: Table, record_id: str) -> Sequence[Any] | None:
    row: Sequence[Any] | None = connection.execute(f'{table.texts} WHERE "id" = ?', (record_id,)).fetchone()
    return row


def _put(connection: sqlite3.Connection, table: Table, row: list[Plain]) -> None:
    version = row[table.version_at]
    assert isinstance(version, int)
    place(connection, table, [*row[: table.version_at], version + 1, *row[table.version_at + 1 :]], version)


def place(connection: sqlite3.Connection, table: Table, stored: list[Plain], version: int) -> None:
    """Write a row where one of `version` is; 0 where there is none.

    Raises:
        Conflict: it is not so.
        Duplicate: a unique key would be broken.
    """
    record_id = str(stored[table.id_at])
    try:
        if version == 0:
            _insert(connection, table, stored)
        else:
            _update(connection, table, stored, record_id, version)
    except sqlite3.IntegrityError as exc:
        fields = broken_key(exc)
        if fields == ("id",):
            raise Conflict(table.kind.__name__, record_id) from exc
        if fields:
            raise Duplicate(table.kind.__name__, fields) from exc
        raise


def _insert(connection: sqlite3.Connection, table: Table, stored: list[Plain]) -> None:
    cursor = connection.execute(table.insert, stored)
    if table.words:
        words = table.words_of(stored[i] for i in table.indexed_at)
        connection.execute(
            f"INSERT INTO {table.words} (rowid, project, title, rest) VALUES (?, ?, ?, ?)",
            (cursor.lastrowid, *words),
        )


def _update(
    connection: sqlite3.Connection, table: Table, stored: list[Plain], record_id: str, version: int
) -> None:
    before = _row_of(connection, table, record_id) if table.words else None
    if connection.execute(table.update, [*stored, record_id, version]).rowcount != 1:
        raise Conflict(table.kind.__name__, record_id)
    if before is None:
        return
    texts = tuple(stored[i] for i in table.indexed_at)
    if texts != tuple(before[1:]):
        connection.execute(
            f"UPDATE {table.words} SET project = ?, title = ?, rest = ? WHERE rowid = ?",
            (*table.words_of(texts), before[0]),
        )


_SEQUENCE_AT = EVENTS.names.index("sequence")
_RAISE = (
    "INSERT INTO logs (project, first, last) VALUES (?, 1, ?) "
    "ON CONFLICT (project) DO UPDATE SET last = last + excluded.last RETURNING last"
)


def _append(
    connection: sqlite3.Connection, events: tuple[tuple[NewEvent, list[Plain]], ...]
) -> tuple[Event, ...]:
    following: dict[str, int] = {}
    for project, number in Counter(event.project for event, _ in events).items():
        # Fetched whole: a RETURNING statement left half read holds the transaction open.
        ((last,),) = connection.execute(_RAISE, (project, number)).fetchall()
        following[project] = last - number + 1
    appended = []
    for event, row in events:
        sequence = following[event.project]
        following[event.project] = sequence + 1
        connection.execute(INSERT_EVENT, [*row[:_SEQUENCE_AT], sequence, *row[_SEQUENCE_AT + 1 :]])
        appended.append(numbered(event, sequence))
    return tuple(appended)


def drop_events(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete up to `limit` events older than `before` from the fronts of the logs; return how many.

    Only fronts go, so that what is kept of a log has no hole.
    """
    fronts = connection.execute(
        "SELECT l.project, l.first, l.last FROM logs l JOIN event e ON e.project = l.project AND e.sequence = l.first"
        " WHERE e.at < ? ORDER BY e.at LIMIT ?",
        (before, limit),
    ).fetchall()
    dropped = 0
    for project, first, last in fronts:
        end = min(last, first + limit - dropped - 1) + 1
        (kept,) = connection.execute(
            "SELECT min(sequence) FROM event WHERE project = ? AND sequence >= ? AND sequence < ? AND at >= ?",
            (project, first, end, before),
        ).fetchone()
        end = end if kept is None else kept
        connection.execute("DELETE FROM event WHERE project = ? AND sequence < ?", (project, end))
        connection.execute("UPDATE logs SET first = ? WHERE project = ?", (end, project))
        dropped += end - first
        if dropped >= limit:
            break
    return dropped
