"""Reading registered databases through ODBC: each call a connection and a thread of its own, bounded, cancellable."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, TypeVar

from store.databases import Busy, Database, Databases, Engine, Rows, Table, TableColumn, TimedOut
from store.errors import Unavailable
from store.odbc.catalog import columns_of, tables_of
from store.odbc.cells import MAX_RESULT_BYTES, cell, size
from store.odbc.drivers import LOGIN_SECONDS
from store.odbc.session import connected, driver_of, drivers, translated

T = TypeVar("T")

AT_ONCE = 4
"""Queries of one database under way at a time."""
WAIT_SECONDS = 5.0
GRACE_SECONDS = 1.0
_CANCEL_AGAIN_SECONDS = 0.2
_CANCELS = 25
_CHUNK = 50


class OdbcDatabases(Databases):
    """Reads through ODBC drivers, which are loaded when first needed."""

    def __init__(self, databases: Iterable[Database], *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._doors = {
            one.name: _Door(one, wait_seconds) for one in sorted(databases, key=lambda one: one.name)
        }

    def registered(self) -> Sequence[Database]:
        return tuple(door.database for door in self._doors.values())

    async def fault(self, name: str) -> str:
        try:
            await asyncio.to_thread(driver_of, self._doors[name].database)
        except Unavailable as error:
            return f"{error.reason}. {error.hint}".strip()
        return ""

    async def tables(self, name: str, *, limit: int) -> list[Table]:
        door = self._doors[name]
        sql = tables_of(door.database.engine)
        rows = await door.run(lambda cursor: cursor.execute(sql).fetchmany(limit), rows=limit)
        return [Table(str(schema), str(table), _kind(kind)) for schema, table, kind in rows]

    async def table(self, name: str, schema: str, table: str) -> list[Table]:
        door = self._doors[name]
        sql = columns_of(door.database.engine)
        rows = await door.run(
            lambda cursor: cursor.execute(sql, table, schema, schema).fetchmany(5_000), rows=5_000
        )
        return [
            Table(str(key[0]), str(key[1]), _kind(key[2]), tuple(_column(row) for row in own))
            for key, own in groupby(rows, key=lambda row: (row[0], row[1], row[2]))
        ]

    async def query(self, name: str, sql: str, *, limit: int) -> Rows:
        return await self._doors[name].run(lambda cursor: _rows(cursor, sql, limit), rows=limit + 1)

    async def close(self) -> None:
        for door in self._doors.values():
            door.close()


def _kind(kind: object) -> str:
    return "view" if "view" in str(kind).lower() else "table"


def _column(row: Sequence[Any]) -> TableColumn:
    return TableColumn(str(row[3]), str(row[4]), str(row[5]).upper() == "YES", str(row[6] or ""))


def _rows(cursor: Any, sql: str, limit: int) -> Rows:
    # The driver must not look for escapes and parameters in what was checked as it is.
    with contextlib.suppress(drivers().Error):  # not every driver looks for them
        cursor.noscan = True
    cursor.execute(sql)
    # SQLite's driver counts bytes for characters: what follows a NUL is not the name's.
    columns = tuple(str(one[0]).partition("\0")[0] for one in cursor.description or ())
    kept: list[tuple[object, ...]] = []
    cut_cells, room = 0, MAX_RESULT_BYTES
    while chunk := cursor.fetchmany(min(_CHUNK, limit + 1 - len(kept))):
        for row in chunk:
            cells = [cell(value) for value in row]
            room -= sum(size(value) for value, _ in cells) + 2
            if len(kept) == limit or (room < 0 and kept):
                return Rows(columns, tuple(kept), True, cut_cells)
            kept.append(tuple(value for value, _ in cells))
            cut_cells += sum(is_cut for _, is_cut in cells)
    return Rows(columns, tuple(kept), False, cut_cells)


class _Door:
    """The way into one database: so many at once, the others wait a while."""

    def __init__(self, database: Database, wait_seconds: float) -> None:
        self.database = database
        self._wait_seconds = wait_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"odbc-{database.name}")
        self._cancels = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"odbc-cancel-{database.name}")
        self._calls: set[_Call] = set()
        self._endings: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[Any], T], *, rows: int) -> T:
        """Do `work` with a cursor in a thread; what takes too long, or is not wanted any more, is ended."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise Busy(f"{AT_ONCE} queries of {self.database.name!r} are under way") from None
        call = _Call(self.database, work, rows)
        future = asyncio.get_running_loop().run_in_executor(self._threads, call.run)
        self._calls.add(call)
        future.add_done_callback(lambda done: self._finished(call, done))
        try:
            await asyncio.wait({future}, timeout=self._seconds())
            if not future.done():
                call.is_late = True
                await self._end(call, future)
        except asyncio.CancelledError:
            ending = asyncio.create_task(self._end(call, future))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            raise
        if not future.done():
            raise TimedOut(self.database.timeout_seconds)
        result: T = future.result()
        return result

    def _seconds(self) -> float:
        # The others end the statement themselves; theirs is the better message.
        is_own = self.database.engine is Engine.SQLITE
        return self.database.timeout_seconds + (0 if is_own else GRACE_SECONDS + LOGIN_SECONDS)

    def _finished(self, call: _Call, done: asyncio.Future[Any]) -> None:
        self._calls.discard(call)
        self._slots.release()
        if not done.cancelled():
            done.exception()  # taken, so that an answer that nobody waits for is no warning

    async def _end(self, call: _Call, future: asyncio.Future[Any]) -> None:
        """Cancel on the server until the call has ended; a cancel may come before what it is to cancel."""
        for _ in range(_CANCELS):
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._cancels.submit(call.cancel)
            await asyncio.wait({future}, timeout=_CANCEL_AGAIN_SECONDS)
            if future.done():
                return

    def close(self) -> None:
        for call in tuple(self._calls):
            self._cancels.submit(call.cancel)
        self._cancels.shutdown(wait=False)
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Call:
    """One use of a connection, which it opens and closes."""

    def __init__(self, database: Database, work: Callable[[Any], Any], rows: int) -> None:
        self._database = database
        self._work = work
        self._rows = rows
        self._cursor: Any = None
        self._is_cancelled = False
        self._lock = threading.Lock()
        self.is_late = False

    def run(self) -> Any:
        """Connect, work, roll back. Runs in a thread."""
        odbc = drivers()
        connection = connected(self._database, rows=self._rows)
        try:
            with self._lock:
                self._cursor = connection.cursor()
            if self._is_cancelled:
                raise TimedOut(self._database.timeout_seconds)
            return self._work(self._cursor)
        except odbc.Error as error:
            if self.is_late:
                raise TimedOut(self._database.timeout_seconds) from None
            raise translated(self._database, error) from None
        finally:
            with self._lock:
                self._cursor = None
            with contextlib.suppress(odbc.Error):
                connection.rollback()
            with contextlib.suppress(odbc.Error):
                connection.close()

    def cancel(self) -> None:
        """End the statement on the server. Runs in another thread."""
        with self._lock:
            self._is_cancelled = True
            cursor = self._cursor
            if cursor is not None:
                with contextlib.suppress(drivers().Error):
                    cursor.cancel()
