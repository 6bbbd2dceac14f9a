"""How a request waits for locks: first come first served, parked on the feed, gone when its caller is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.errors import DomainError, LimitExceeded
from resolvers.locks.grants import Found, LockConflict, LockOutcome, Wanted, conflicts, granting, left, read
from store.errors import StoreError
from store.port import Changes
from store.records import EPOCH, Event, LockWaiter, NewEvent

log = logging.getLogger("interlock.locks")

_GRACE = timedelta(seconds=5)
_SLACK_SECONDS = 0.005
_MOST_TOLD = 20
_MOVES = frozenset({"lock.granted", "lock.taken_over", "lock.wait_ended"})
_RELEASES = frozenset({"lock.released", "lock.forced", "lock.taken_over"})
_ENDS = frozenset({"session.ended", "session.lapsed"})
_leaving: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class Blockers:
    """What a waiting request waits for: the one just ahead of it, else the locks in its way.

    `until` is when they stop counting if nothing happens, in seconds from the decision.
    """

    waiter_id: str
    paths: frozenset[str]
    sessions: frozenset[str]
    own_session: str
    until: float

    def wake(self, event: Event) -> bool:
        """Tell whether after this event the request may be granted, or must be given up."""
        if event.kind in _ENDS:
            ended = event.data.get("id")
            return ended == self.own_session or ended in self.sessions
        if self.waiter_id:
            return event.kind in _MOVES and event.data.get("waiter") == self.waiter_id
        if event.kind not in _RELEASES:
            return False
        gone = [*event.data.get("locks", ()), *event.data.get("displaced", ())]
        return any(lock.get("path") in self.paths for lock in gone)


async def acquire(act: Act, asked: Wanted, wait_seconds: float) -> LockOutcome:
    """Grant a request now, or queue it for up to `wait_seconds`; return what became of it.

    Raises:
        Clash: the session ended meanwhile.
        LimitExceeded: too many locks or too many waiters.
    """
    request = _Request(act, asked, wait_seconds)
    try:
        while True:
            # The cursor before the decision: what happens after it wakes the wait below.
            cursor = await act.feed.cursor((asked.project,)) if wait_seconds else None
            outcome = await request.decided()
            if outcome is not None:
                request.count(outcome)
                return outcome
            blockers = request.blockers
            await act.feed.wait(
                (asked.project,), blockers.wake, min(request.seconds_left, blockers.until), after=cursor
            )
    finally:
        if request.is_queued:
            await _outlive(request.leave())


async def _outlive(leaving: Coroutine[Any, Any, None]) -> None:
    """Finish even if the caller is cancelled again meanwhile."""
    task = asyncio.create_task(leaving)
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
    await asyncio.shield(task)


class _Request:
    """One request on its way: the decision about it, again and again, and its place in the queue."""

    def __init__(self, act: Act, asked: Wanted, wait_seconds: float) -> None:
        self._act = act
        self._asked = asked
        self._wait_seconds = wait_seconds
        self._deadline = asyncio.get_running_loop().time() + wait_seconds
        self._turn = f"locks:{asked.project}"
        self.blockers = Blockers("", frozenset(), frozenset(), asked.session_id, 0.0)
        self.is_queued = wait_seconds > 0
        self._step: asyncio.Future[LockOutcome | None] | None = None
        self._made: LockOutcome | None = None
        self._judged_at = EPOCH

    @property
    def seconds_left(self) -> float:
        return self._deadline - asyncio.get_running_loop().time()

    async def decided(self) -> LockOutcome | None:
        """Return the outcome, or None while the request waits."""
        is_last = self.seconds_left <= 0 or bool(self._act.feed.close_reason)

        async def decision(now: datetime) -> Decision[LockOutcome | None]:
            self._judged_at = now
            found = await read(self._act, self._asked, now)
            blocked = conflicts(self._asked, found)
            if not blocked:
                made = granting(self._act, self._asked, found)
                self._made = made.result
                return made
            if is_last:
                self._made = LockOutcome(False, conflicts=blocked)
                return Decision(self._made, self._gone(left(found)))
            self.blockers = _blockers(self._asked, found)
            return Decision(None, self._queued(found, blocked))

        step = self._act.decide(decision, turn=self._turn)
        if not self._wait_seconds:
            return await step
        # A step goes on without its caller, so that `leave` sees what it did.
        self._step = asyncio.ensure_future(step)
        outcome = await asyncio.shield(self._step)
        # The answer to another request with the same idempotency key took no place away.
        self.is_queued = outcome is None or outcome is not self._made
        return outcome

    def count(self, outcome: LockOutcome) -> None:
        """Count what stood in the way of a request that was refused."""
        held = [conflict.path for conflict in outcome.conflicts if not conflict.is_queued]
        self._act.engine.tallies.refused(self._asked.project, held, self._judged_at)

    def _queued(self, found: Found, blocked: tuple[LockConflict, ...]) -> Changes:
        if found.waiter is not None:
            return Changes()
        if found.is_queue_full:
            raise LimitExceeded("too many requests wait for locks of this project", field="wait_seconds")
        waiter = LockWaiter(
            id=self._asked.waiter_id,
            project=self._asked.project,
            session_id=self._asked.session_id,
            agent=found.session.agent,
            paths=self._asked.paths,
            reason=self._asked.reason,
            expires_at=found.now + timedelta(seconds=self._wait_seconds) + _GRACE,
            created_at=found.now,
            updated_at=found.now,
        )
        in_the_way = [{"path": conflict.path, "holder": conflict.holder} for conflict in blocked[:_MOST_TOLD]]
        event = _news("lock.waiting", waiter, in_the_way=in_the_way)
        return Changes(puts=(waiter,), events=(event,), checks=(found.session,))

    def _gone(self, waiters: tuple[LockWaiter, ...]) -> Changes:
        """Delete a place in the queue and tell those behind it."""
        events = tuple(_news("lock.wait_ended", waiter, locks=[]) for waiter in waiters)
        return Changes(deletes=waiters, events=events)

    async def leave(self) -> None:
        """Give up the place in the queue, if there is one."""
        if self._step is not None:
            await asyncio.wait([self._step])

        async def decision(now: datetime) -> Decision[None]:
            waiter = await self._act.store.get(LockWaiter, self._asked.waiter_id)
            return Decision(None, self._gone((waiter,) if waiter is not None else ()))

        try:
            await self._act.decide(decision, turn=self._turn, is_final=False)
        except (DomainError, StoreError) as error:
            log.warning("a place in the queue for locks stays until it expires: %s", error)


def _news(kind: str, waiter: LockWaiter, **data: Any) -> NewEvent:
    return NewEvent(
        project=waiter.project,
        kind=kind,
        subject=waiter.paths[0],
        actor=waiter.agent,
        data={
            "waiter": waiter.id,
            "agent": waiter.agent,
            "session_id": waiter.session_id,
            "paths": list(waiter.paths),
            **data,
        },
    )


def _blockers(asked: Wanted, found: Found) -> Blockers:
    if found.ahead:
        last = found.ahead[-1]
        until = (last.expires_at - found.now).total_seconds() + _SLACK_SECONDS
        return Blockers(last.id, frozenset(), frozenset({last.session_id}), asked.session_id, until)
    live = [lock for lock in found.held if not found.is_stale(lock)]
    ends = [found.holders[lock.session_id].active_at + found.rules.lock_stale_after for lock in live]
    until = (max(ends) - found.now).total_seconds() + _SLACK_SECONDS if ends else _SLACK_SECONDS
    return Blockers(
        "",
        frozenset(lock.path for lock in live),
        frozenset(lock.session_id for lock in live),
        asked.session_id,
        until,
    )
