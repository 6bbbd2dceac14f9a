"""Which commits share a transaction: those of one process that wait to number events of the same log.

A log's counter makes its commits follow each other, and each waits for the disks of a majority. What has
gathered meanwhile goes together. If one of a group is refused, each goes alone: none fails for another.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo.errors import PyMongoError

from store.mongo.client import Database
from store.mongo.errors import is_outcome_unknown, is_transient
from store.mongo.transactions import Transactions
from store.mongo.writes import Decision, together
from store.records import Event

_MOST_TOGETHER = 32
Events = tuple[Event, ...]


class _Unwritten(Exception):
    """A group failed before it was committed, for a reason that may be one member's own."""


@dataclass(slots=True)
class _Waiting:
    decision: Decision
    until: float
    answer: asyncio.Future[Events]

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def succeed(self, events: Events) -> None:
        if not self.answer.done():
            self.answer.set_result(events)


@dataclass(slots=True)
class Groups:
    """The queues of one store, one for each log that is written to."""

    database: Database
    transactions: Transactions
    _queues: dict[str, deque[_Waiting]] = field(default_factory=dict)
    _runners: set[asyncio.Task[None]] = field(default_factory=set)

    async def commit(self, decision: Decision, until: float) -> Events:
        """Commit `decision`, with others where that saves time; give up at `until` (`time.monotonic`).

        Raises:
            Conflict, Duplicate: as the store's `commit`.
            PyMongoError: time ran out, or the failure is for good.
        """
        if len(decision.logs) != 1:
            return await self._alone(decision, until)
        (project,) = decision.logs
        waiting = _Waiting(decision, until, asyncio.get_running_loop().create_future())
        queue = self._queues.get(project)
        if queue is not None:
            queue.append(waiting)
        else:
            self._queues[project] = deque((waiting,))
            runner = asyncio.create_task(self._run(project))
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        return await waiting.answer

    async def _alone(self, decision: Decision, until: float) -> Events:
        return await self.transactions.run(lambda session: decision.write(self.database, session), until)

    async def _run(self, project: str) -> None:
        queue = self._queues[project]
        while queue:
            group = [queue.popleft() for _ in range(min(len(queue), _MOST_TOGETHER))]
            if len(group) == 1 or not await self._shared(group):
                for waiting in group:
                    await self._by_itself(waiting)
        del self._queues[project]

    async def _by_itself(self, waiting: _Waiting) -> None:
        if time.monotonic() > waiting.until:
            waiting.fail(TimeoutError("others were before it for too long"))
            return
        try:
            waiting.succeed(await self._alone(waiting.decision, waiting.until))
        except Exception as exc:  # noqa: BLE001  (whatever it is, it is the caller's)
            waiting.fail(exc)

    async def _shared(self, group: list[_Waiting]) -> bool:
        """Write all of `group` in one transaction; return False if each must be tried alone."""
        decision = together([waiting.decision for waiting in group])

        async def write(session: AsyncIOMotorClientSession) -> Events:
            try:
                return await decision.write(self.database, session)
            except Exception as exc:
                if isinstance(exc, PyMongoError) and is_transient(exc):
                    raise
                raise _Unwritten from exc

        try:
            events = iter(await self.transactions.run(write, min(waiting.until for waiting in group)))
        except _Unwritten:
            return False
        except Exception as exc:  # noqa: BLE001  (it may have been committed: nobody tries again)
            if isinstance(exc, PyMongoError) and not is_outcome_unknown(exc):
                # Such as a time-out, which was that of the most impatient.
                return False
            for waiting in group:
                waiting.fail(exc)
            return True
        for waiting in group:
            waiting.succeed(tuple(next(events) for _ in waiting.decision.events))
        return True
