"""How work leaves the event loop: one thread per connection, which takes all that waits at once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from store.errors import Unavailable
from store.sqlite.errors import translate, unavailable

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
Ticket = tuple[Job[Any], "asyncio.Future[Any]"]
Outcome = tuple["asyncio.Future[Any]", Any, Exception | None]
_BATCH = 256


class Lane:
    """A thread with a connection of its own that answers jobs in the order they came.

    All jobs that wait are answered as one batch, and the event loop is woken once per batch.
    """

    def __init__(self, name: str, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Ticket | None] = SimpleQueue()
        self._is_closed = False
        self._thread = Thread(target=self._run, name=f"interlock-{name}", daemon=True)
        self._thread.start()

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job and return the future of its result.

        Raises:
            Unavailable: the lane is closed.
        """
        if self._is_closed:
            raise Unavailable("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((job, future))
        return future

    async def close(self) -> None:
        """Finish what was submitted, then close the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._take()
            if batch:
                self._deliver(self._answer_safely(batch))
        self._connection.close()

    def _take(self) -> tuple[list[Ticket], bool]:
        batch: list[Ticket] = []
        while not batch or (len(batch) < _BATCH and not self._queue.empty()):
            ticket = self._queue.get()
            if ticket is None:
                return batch, False
            batch.append(ticket)
        return batch, True

    def _deliver(self, outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            # The event loop is gone, and with it everyone who waited.
            return

    def _answer_safely(self, batch: list[Ticket]) -> list[Outcome]:
        try:
            return self._answer(batch)
        except Exception as exc:  # noqa: BLE001 (whoever asked gets it)
            return [(future, None, translate(exc, self._path)) for _, future in batch]

    def _answer(self, batch: list[Ticket]) -> list[Outcome]:
        raise NotImplementedError

    def _attempt(self, ticket: Ticket) -> Outcome:
        job, future = ticket
        try:
            return future, job(self._connection), None
        except Exception as exc:  # noqa: BLE001 (whoever asked gets it)
            return future, None, translate(exc, self._path)


class ReadLane(Lane):
    """Answers reads; a batch shares one snapshot, taken after the last of it was asked."""

    def _answer(self, batch: list[Ticket]) -> list[Outcome]:
        if len(batch) == 1:
            return [self._attempt(batch[0])]
        self._connection.execute("BEGIN")
        try:
            return [self._attempt(ticket) for ticket in batch if not ticket[1].cancelled()]
        finally:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")


class WriteLane(Lane):
    """Writes a batch in one transaction: each job in a savepoint, one wait for the disk for all."""

    def _answer(self, batch: list[Ticket]) -> list[Outcome]:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                return [self._write_alone(batch[0])]
            outcomes = [self._write(ticket) for ticket in batch]
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            self._roll_back()
            return [(future, None, unavailable(exc, self._path)) for _, future in batch]
        except BaseException:
            self._roll_back()
            raise
        return outcomes

    def _write_alone(self, ticket: Ticket) -> Outcome:
        """Write the only job of a batch: the transaction is its savepoint."""
        job, future = ticket
        try:
            result = job(self._connection)
        except sqlite3.OperationalError:
            raise
        except Exception as exc:  # noqa: BLE001 (whoever asked gets it)
            self._roll_back()
            return future, None, translate(exc, self._path)
        self._connection.execute("COMMIT")
        return future, result, None

    def _write(self, ticket: Ticket) -> Outcome:
        job, future = ticket
        execute = self._connection.execute
        execute("SAVEPOINT job")
        try:
            result = job(self._connection)
        except sqlite3.OperationalError:
            # The whole transaction may be gone with the statement that failed.
            raise
        except Exception as exc:  # noqa: BLE001 (whoever asked gets it)
            execute("ROLLBACK TO job")
            execute("RELEASE job")
            return future, None, translate(exc, self._path)
        execute("RELEASE job")
        return future, result, None

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # SQLite has rolled back by itself.
                return


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
