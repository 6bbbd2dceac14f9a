"""How all of a database is read at one moment: one read transaction on a connection of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from store.bounds import MOST_VALUES
from store.codec import Plain
from store.errors import Unavailable
from store.moving.snapshot import PAGE, Refuse, Snapshot, head_of, readable, refused
from store.port import Head
from store.records import Event, Record
from store.sqlite.errors import translate
from store.sqlite.queries import placeholders
from store.sqlite.tables import EVENT_COLUMNS, EVENTS, MIGRATIONS, Table, literal, table_of

R = TypeVar("R", bound=Record)
T = TypeVar("T")
_BUSY_SECONDS = 5.0
_DAMAGES = 20


class SqliteSnapshot(Snapshot):
    """A read transaction. Its calls follow each other; each runs in a thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def count(self, kind: type[Record], project: str | None = None) -> int:
        table = table_of(kind)
        condition, values = _within(project)

        def read(connection: sqlite3.Connection) -> int:
            if not _columns(connection, table.name):
                return 0
            (number,) = connection.execute(
                f"SELECT count(*) FROM {table.name} t WHERE {condition}", values
            ).fetchone()
            return int(number)

        return await self._in_thread(read)

    async def pages(
        self, kind: type[R], project: str | None = None, refuse: Refuse = refused
    ) -> AsyncIterator[list[R]]:
        table = table_of(kind)
        condition, values = _within(project)
        after: str | None = ""
        while after is not None:
            rows = await self._in_thread(_page(table, condition, [after, *values]))
            if records := _records(table, rows, refuse):
                yield records
            after = rows[-1][table.id_at] if len(rows) == PAGE else None

    async def get_many(self, kind: type[R], record_ids: Sequence[str]) -> dict[str, R]:
        table = table_of(kind)
        asked: list[Plain] = list(dict.fromkeys(record_ids))
        if len(asked) > MOST_VALUES:
            raise ValueError(f"at most {MOST_VALUES} records can be asked for at once")

        def read(connection: sqlite3.Connection) -> list[Any]:
            columns = _selected(connection, table)
            if not asked or not columns:
                return []
            sql = f'SELECT {columns} FROM {table.name} t WHERE t."id" IN ({placeholders(asked)})'
            return connection.execute(sql, asked).fetchall()

        rows = await self._in_thread(read)
        return {record.id: record for record in _records(table, rows, lambda said: None)}

    async def logs(self) -> dict[str, Head]:
        def read(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute("SELECT project, first, last FROM logs ORDER BY project").fetchall()

        return {row[0]: head_of(*row) for row in await self._in_thread(read)}

    async def logged(self) -> list[str]:
        # Each step is one look-up in the index: the events themselves are not walked through.
        following = "SELECT min(project) FROM event WHERE project > ?"

        def read(connection: sqlite3.Connection) -> list[str]:
            (name,) = connection.execute("SELECT min(project) FROM event").fetchone()
            found = []
            while name is not None:
                found.append(str(name))
                (name,) = connection.execute(following, (name,)).fetchone()
            return found

        return await self._in_thread(read)

    async def events(self, project: str, refuse: Refuse = refused) -> AsyncIterator[list[Event]]:
        sql = f"SELECT {EVENT_COLUMNS} FROM event WHERE project = ? AND sequence > ? ORDER BY sequence LIMIT {PAGE}"
        number_at = EVENTS.names.index("sequence")
        after: int | None = -1
        while after is not None:
            rows = await self._rows(sql, project, after)
            named: Callable[[Any], str] = lambda row: f"event {row[number_at]} of {project!r}"  # noqa: E731
            if events := readable(rows, cast(Callable[[Any], Event], EVENTS.decode), EVENTS, named, refuse):
                yield events
            after = rows[-1][number_at] if len(rows) == PAGE else None

    async def misworded(self, kind: type[Record]) -> AsyncIterator[list[str]]:
        table = table_of(kind)
        if not table.words or not await self._rows(f"PRAGMA table_info({table.words})"):
            return
        texts = ", ".join(f't."{name}"' for name in table.indexed)
        compared = (
            f'SELECT t."id", w.project, w.title, w.rest, {texts} FROM {table.name} t'
            f' LEFT JOIN {table.words} w ON w.rowid = t."row" WHERE t."id" > ? ORDER BY t."id" LIMIT {PAGE}'
        )
        after: str | None = ""
        while after is not None:
            rows = await self._rows(compared, after)
            if wrong := [row[0] for row in rows if tuple(row[1:4]) != table.words_of(row[4:])]:
                yield wrong
            after = rows[-1][0] if len(rows) == PAGE else None
        strays = (
            f'SELECT w.rowid FROM {table.words} w LEFT JOIN {table.name} t ON t."row" = w.rowid'
            f' WHERE t."row" IS NULL LIMIT {PAGE}'
        )
        if rows := await self._rows(strays):
            yield [f"(row {row}, of no record)" for (row,) in rows]

    async def damages(self) -> list[str]:
        def read(connection: sqlite3.Connection) -> list[str]:
            told = connection.execute(f"PRAGMA integrity_check({_DAMAGES})").fetchall()
            return [str(line) for (line,) in told if line != "ok"]

        return await self._in_thread(read)

    async def _rows(self, sql: str, *values: Plain) -> list[Any]:
        return await self._in_thread(lambda connection: connection.execute(sql, values).fetchall())

    async def _in_thread(self, read: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await asyncio.to_thread(read, self._connection)
        except (sqlite3.Error, OSError) as exc:
            raise translate(exc, self._path) from exc


@asynccontextmanager
async def snapshot_of(path: Path) -> AsyncIterator[SqliteSnapshot]:
    """Hold a snapshot of the database at `path`, also while another process serves it.

    Nothing is written. What a database of an older version lacks is read as its default.

    Raises:
        Unavailable: there is none, or it was written by a newer version.
    """
    try:
        connection = await asyncio.to_thread(_begun, path)
    except (sqlite3.Error, OSError) as exc:
        raise translate(exc, path) from exc
    try:
        yield SqliteSnapshot(connection, path)
    finally:
        await asyncio.to_thread(connection.close)


def _begun(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise Unavailable(f"there is no database at {path}", "name its directory in INTERLOCK_DATA")
    # Opened for writing, for a log that was left behind must be read with the file; and then not written to.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        # The transaction takes its moment with its first read.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('event', 'logs')"
        ).fetchone()
        if version > len(MIGRATIONS) or tables < 2:
            raise Unavailable(
                f"{path} is not a database of this version of Interlock", "use the version that wrote it"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _records(table: Table, rows: list[Any], refuse: Refuse) -> list[Any]:
    return readable(rows, table.codec.decode, table.codec, lambda row: str(row[table.id_at]), refuse)


def _within(project: str | None) -> tuple[str, list[str]]:
    return ("1", []) if project is None else ('t."project" = ?', [project])


def _columns(connection: sqlite3.Connection, name: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({name})")}


def _selected(connection: sqlite3.Connection, table: Table) -> str:
    """Return the columns to select, those that are missing as their defaults; nothing without a table."""
    present = _columns(connection, table.name)
    if not present:
        return ""
    return ", ".join(
        f't."{column.name}"' if column.name in present else f'{literal(table, column)} AS "{column.name}"'
        for column in table.codec.columns
    )


def _page(table: Table, condition: str, values: list[Any]) -> Callable[[sqlite3.Connection], list[Any]]:
    def read(connection: sqlite3.Connection) -> list[Any]:
        columns = _selected(connection, table)
        if not columns:
            return []
        sql = (
            f'SELECT {columns} FROM {table.name} t WHERE t."id" > ? AND {condition}'
            f' ORDER BY t."id" LIMIT {PAGE}'
        )
        return connection.execute(sql, values).fetchall()

    return read
