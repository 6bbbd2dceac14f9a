"""The embedded store: one SQLite file, one writer, durable when it answers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from store.bounds import check_limit
from store.codec import encode_time
from store.errors import StoreError
from store.moving.snapshot import MovableStore, Restoration, Snapshot
from store.port import Ask, Changes, Health, Hit, Where
from store.records import KINDS, Event, Record
from store.sqlite.errors import unavailable
from store.sqlite.file_lock import DirectoryLock, served_by
from store.sqlite.queries import matching
from store.sqlite.reads import job_of, together
from store.sqlite.restore import rows_to_restore
from store.sqlite.snapshot import snapshot_of
from store.sqlite.tables import EVENT_COLUMNS, EVENTS, bring_up_to_date, table_of, write_probe
from store.sqlite.threads import Job, ReadLane, WriteLane
from store.sqlite.words import Frequencies, ranked
from store.sqlite.writes import drop_events, rows_of
from store.words import asked_words

__all__ = ["FILE", "SqliteStore", "served_by"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")
FILE = "interlock.db"
_STATEMENTS = 512
_BUSY_SECONDS = 5.0
_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Opened:
    directory: Path
    lock: DirectoryLock
    connections: tuple[sqlite3.Connection, ...]


class _Inside(threading.local):
    """The connection of the transaction that this thread decides in, if any."""

    connection: sqlite3.Connection | None = None


def _finished(made: Awaitable[T]) -> T:
    """Return what a coroutine returns that never waits.

    Raises:
        RuntimeError: it waited: a decision may ask this store only, one question after the other.
    """
    steps = made.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return cast(T, end.value)
    steps.close()
    raise RuntimeError("a decision may await nothing but the store's reads")


class SqliteStore(MovableStore):
    """Keeps everything in `interlock.db` of a directory that no other process serves meanwhile."""

    is_shared = False

    def __init__(self, opened: _Opened, clock: Callable[[], float]) -> None:
        writer, quick, slow = opened.connections
        self.directory = opened.directory
        path = opened.directory / FILE
        self._lock = opened.lock
        self._clock = clock
        self._latest = 0.0
        self._writer = WriteLane("writer", writer, path)
        self._quick = ReadLane("reader", quick, path)
        # Searches and counts may take long: nothing else waits behind them.
        self._slow = ReadLane("searcher", slow, path)
        self._frequencies = Frequencies()
        self._inside = _Inside()

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        owner: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        kinds: Sequence[type[Record]] = KINDS,
    ) -> SqliteStore:
        """Open or create the store in `directory`; `owner` is what `served_by` tells others.

        `clock` returns seconds since 1970.

        Raises:
            AlreadyServed: another process serves the directory.
            Unavailable: the directory or the database cannot be used.
        """
        opened = await asyncio.to_thread(_open, directory, owner or {}, tuple(kinds))
        return cls(opened, clock)

    async def read(self, *asks: Ask) -> tuple[Any, ...]:
        jobs = [job_of(ask) for ask in asks]
        answer = together([job for job, _ in jobs])
        if self._inside.connection is not None:
            return answer(self._inside.connection)
        is_quick = all(is_quick for _, is_quick in jobs)
        return await (self._quick if is_quick else self._slow).submit(answer)

    async def search(self, kind: type[R], text: str, where: Where, *, limit: int = 20) -> list[Hit[R]]:
        check_limit(limit)
        table = table_of(kind)
        if not table.words:
            raise ValueError(f"{kind.__name__} is not searched")
        condition, values = matching(table.codec, where)
        words = asked_words(text)
        if not words:
            return []
        read = ranked(table, words, where.get("project"), self._frequencies, condition, values, limit)
        if self._inside.connection is not None:
            return cast(list[Hit[R]], read(self._inside.connection))
        return cast(list[Hit[R]], await self._slow.submit(read))

    async def commit(self, changes: Changes) -> tuple[Event, ...]:
        return await self._writer.submit(rows_of(changes))

    async def settle(
        self, decide: Callable[[], Awaitable[tuple[T, Changes]]]
    ) -> tuple[T, Changes, tuple[Event, ...]]:
        return await self._writer.submit(lambda connection: self._settled(decide, connection))

    def _settled(
        self, decide: Callable[[], Awaitable[tuple[T, Changes]]], connection: sqlite3.Connection
    ) -> tuple[T, Changes, tuple[Event, ...]]:
        """Decide and write in the writer's thread, inside its open transaction."""
        self._inside.connection = connection
        try:
            result, changes = _finished(decide())
        finally:
            self._inside.connection = None
        events = rows_of(changes)(connection) if changes or changes.checks else ()
        return result, changes, events

    async def events_after(self, project: str, sequence: int, limit: int = 500) -> list[Event]:
        sql = (
            f"SELECT {EVENT_COLUMNS} FROM event WHERE project = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        )
        decode = EVENTS.decode

        def read(connection: sqlite3.Connection) -> list[Event]:
            rows = connection.execute(sql, (project, sequence, max(limit, 0))).fetchall()
            return [cast(Event, decode(row)) for row in rows]

        return await self._quick.submit(read)

    async def logged_projects(self, *, after: str = "", limit: int = 1000) -> list[str]:
        sql = "SELECT project FROM logs WHERE project > ? ORDER BY project LIMIT ?"

        def read(connection: sqlite3.Connection) -> list[str]:
            return [name for (name,) in connection.execute(sql, (after, max(limit, 0))).fetchall()]

        return await self._quick.submit(read)

    async def drop_events(self, before: datetime, limit: int = 1000) -> int:
        moment = encode_time(before)
        return await self._writer.submit(lambda connection: drop_events(connection, moment, max(limit, 0)))

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return snapshot_of(self.directory / FILE)

    async def restore(self, restoration: Restoration) -> None:
        await self._writer.submit(rows_to_restore(restoration))

    async def now(self) -> datetime:
        self._latest = max(self._latest, self._clock())
        return datetime.fromtimestamp(self._latest, UTC)

    async def health(self) -> Health:
        figures: dict[str, Any] = {"sqlite": sqlite3.sqlite_version}
        can_read, read_detail = await _probe(
            self._quick, lambda connection: figures.update(_figures(connection))
        )
        can_write, write_detail = await _probe(self._writer, write_probe)
        return Health("sqlite", can_read, can_write, write_detail or read_detail, figures)

    async def close(self) -> None:
        # The writer last: closing the last connection folds the log into the file.
        await asyncio.gather(self._quick.close(), self._slow.close())
        await self._writer.close()
        self._lock.release()


def _open(directory: Path, owner: Mapping[str, str], kinds: tuple[type[Record], ...]) -> _Opened:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DirectoryLock(directory, owner)
    except OSError as exc:
        raise unavailable(exc, directory) from exc
    connections: list[sqlite3.Connection] = []
    try:
        connections.append(_connect(directory / FILE, "rwc"))
        _prepare(connections[0], kinds)
        connections += [_connect(directory / FILE, "ro") for _ in range(2)]
    except BaseException as exc:
        for connection in connections:
            connection.close()
        lock.release()
        if isinstance(exc, sqlite3.Error | OSError):
            raise unavailable(exc, directory) from exc
        raise
    return _Opened(directory, lock, tuple(connections))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def _prepare(connection: sqlite3.Connection, kinds: tuple[type[Record], ...]) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    bring_up_to_date(connection, kinds)


async def _probe(lane: ReadLane | WriteLane, job: Job[None]) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await lane.submit(job)
    except TimeoutError:
        return False, f"no answer within {_PROBE_SECONDS:g} s"
    except StoreError as exc:
        return False, str(exc)
    return True, ""


def _figures(connection: sqlite3.Connection) -> dict[str, int]:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute("SELECT id, at FROM health").fetchall()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return {"bytes": pages * size}
