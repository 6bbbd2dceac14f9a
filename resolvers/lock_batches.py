"""How requests for locks that come at the same moment are decided: together, in one read and one commit.

Grants of a project serialise on its fence, so one after the other each would wait for all the commits
before its own. Whoever comes while a batch is being decided joins the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from resolvers.acts import Act, Decision, Engine
from resolvers.errors import DomainError, Unready
from resolvers.lock_grants import (
    Found,
    LockOutcome,
    Wanted,
    asks,
    conflicts,
    found_for,
    granting,
    holder_ids,
    read,
)
from resolvers.paths import Places
from store.errors import Conflict, Duplicate, StoreError, Unavailable
from store.port import Changes
from store.records import Fence, Session

MOST = 32
_lines: WeakKeyDictionary[Engine, dict[str, _Line]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Request:
    act: Act
    asked: Wanted
    answer: asyncio.Future[LockOutcome]


@dataclass(slots=True)
class _Line:
    """The requests of a project that wait to be decided, and the task that decides them."""

    requests: list[_Request] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


async def decided(act: Act, asked: Wanted) -> LockOutcome:
    """Grant or refuse a request that does not wait, together with those that come meanwhile.

    Raises:
        Clash: the session ended meanwhile.
        LimitExceeded: the session would hold too many locks.
        Unready: the store cannot write.
    """
    lines = _lines.setdefault(act.engine, {})
    line = lines.setdefault(asked.project, _Line())
    request = _Request(act, asked, asyncio.get_running_loop().create_future())
    line.requests.append(request)
    if line.task is None:
        line.task = asyncio.create_task(_drain(act.engine, asked.project, lines, line))
    return await request.answer


async def _drain(engine: Engine, project: str, lines: dict[str, _Line], line: _Line) -> None:
    """Decide until nobody waits. It belongs to no request, so that none's end disturbs the others."""
    while line.requests:
        async with engine.turn(f"locks:{project}"):
            batch, line.requests = line.requests[:MOST], line.requests[MOST:]
            batch = [request for request in batch if not request.answer.done()]
            line.requests[:0] = await _decide(batch) if batch else []
    del lines[project]


async def _decide(batch: Sequence[_Request]) -> list[_Request]:
    """Decide the requests of a batch in their order; return those that must wait for the next."""
    try:
        return await _together(batch)
    except (Conflict, Duplicate):
        # Another process, or the end of a session, came between: each for itself then.
        await asyncio.gather(*(_alone(request) for request in batch))
    except Exception as error:  # noqa: BLE001 - whoever asked gets it
        for request in batch:
            _fail(request, _told(error))
    return []


async def _together(batch: Sequence[_Request]) -> list[_Request]:
    engine, store = batch[0].act.engine, batch[0].act.store
    questions = [asks(request.asked) for request in batch]
    answers = await store.read(*(ask for each in questions for ask in each))
    size = len(questions[0])
    of_each = [answers[start : start + size] for start in range(0, len(answers), size)]
    ids = tuple({key for each in of_each for key in holder_ids(each)})
    holders = await store.get_many(Session, ids) if ids else {}
    now = await store.now()
    made: list[tuple[_Request, LockOutcome]] = []
    later: list[_Request] = []
    changes: list[Changes] = []
    taken = Places(())
    sessions: set[str] = set()
    fence: Fence | None = of_each[0][0]
    for request, each in zip(batch, of_each, strict=True):
        if request.asked.session_id in sessions or any(map(taken.touch, request.asked.paths)):
            later.append(request)
            continue
        try:
            found = found_for(request.asked, (fence, *each[1:]), holders, now, request.act.rules)
            decision = _decision(request, found)
        except DomainError as error:
            _fail(request, error)
            continue
        made.append((request, decision.result))
        if decision.changes:
            request.act.store.require(decision.changes)
            changes.append(request.act.stamped(decision.changes, now))
            fence = next((one for one in decision.changes.puts if isinstance(one, Fence)), fence)
            taken.add(request.asked.paths)
            sessions.add(request.asked.session_id)
    if changes:
        await engine.write(_merged(changes))
    for request, outcome in made:
        if not request.answer.done():
            request.answer.set_result(outcome)
    return later


def _decision(request: _Request, found: Found) -> Decision[LockOutcome]:
    blocked = conflicts(request.asked, found)
    if blocked:
        return Decision(LockOutcome(False, conflicts=blocked))
    return granting(request.act, request.asked, found)


def _merged(changes: Sequence[Changes]) -> Changes:
    """Return all of a batch as one commit: of the fences only the last, which counts them all."""
    puts = [put for each in changes for put in each.puts]
    fences = [put for put in puts if isinstance(put, Fence)]
    checks = {check.id: check for each in changes for check in each.checks}
    return Changes(
        puts=(*(put for put in puts if not isinstance(put, Fence)), *fences[-1:]),
        deletes=tuple(one for each in changes for one in each.deletes),
        checks=tuple(checks.values()),
        events=tuple(event for each in changes for event in each.events),
    )


async def _alone(request: _Request) -> None:
    async def decision(now: datetime) -> Decision[LockOutcome]:
        return _decision(request, await read(request.act, request.asked, now))

    try:
        outcome = await request.act.decide(decision)
    except (DomainError, StoreError) as error:
        _fail(request, _told(error))
    else:
        if not request.answer.done():
            request.answer.set_result(outcome)


def _fail(request: _Request, error: Exception) -> None:
    if not request.answer.done():
        request.answer.set_exception(error)


def _told(error: Exception) -> Exception:
    return Unready(error.reason, hint=error.hint) if isinstance(error, Unavailable) else error
