"""How records and logs are put back as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from store.codec import Plain
from store.errors import Conflict
from store.moving.snapshot import Restoration, by_log
from store.sqlite.tables import EVENTS, INSERT_EVENT, Table, table_of
from store.sqlite.writes import place

LOG = "Log"


def rows_to_restore(restoration: Restoration) -> Callable[[sqlite3.Connection], None]:
    """Return the job that writes `restoration` inside the open transaction.

    Raises:
        ValueError: a value cannot be kept, or events leave a gap.
    """
    rows: list[tuple[Table, list[Plain], int]] = []
    for record, over in restoration.records:
        if record.version < 1:
            raise ValueError(f"{type(record).__name__} {record.id} was never stored")
        table = table_of(type(record))
        rows.append((table, table.codec.encode(record), over))
    runs = {
        project: [(event.sequence, EVENTS.encode(event)) for event in run]
        for project, run in by_log(restoration.events).items()
    }
    begun = dict(restoration.logs)

    def write(connection: sqlite3.Connection) -> None:
        # Replacements go first: they may free a unique key.
        for table, row, over in sorted(rows, key=lambda one: one[2] == 0):
            place(connection, table, row, over)
        for project, first in begun.items():
            _begin(connection, project, first)
        for project, run in runs.items():
            _append(connection, project, run)

    return write


def _begin(connection: sqlite3.Connection, project: str, first: int) -> None:
    done = connection.execute(
        "INSERT INTO logs (project, first, last) VALUES (?, ?, ?) ON CONFLICT (project)"
        " DO UPDATE SET first = excluded.first, last = excluded.last WHERE last = 0",
        (project, first, first - 1),
    )
    if done.rowcount != 1:
        raise Conflict(LOG, project)


def _append(connection: sqlite3.Connection, project: str, run: list[tuple[int, list[Plain]]]) -> None:
    done = connection.execute(
        "UPDATE logs SET last = ? WHERE project = ? AND last = ?", (run[-1][0], project, run[0][0] - 1)
    )
    if done.rowcount != 1:
        raise Conflict(LOG, project)
    connection.executemany(INSERT_EVENT, [row for _, row in run])
