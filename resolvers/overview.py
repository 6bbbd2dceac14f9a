"""The counters of a project at a glance: each counted by an index, and no further than 10,000."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from resolvers.acts import Act
from resolvers.backlog.fields import Status
from resolvers.errors import BadInput
from resolvers.tallies import Topic
from resolvers.tally_flush import Bucket, blank
from store.cursor import Cursor
from store.port import Ask, Count, Find, Get, Head, Heads, In, Span, Where
from store.records import (
    BacklogItem,
    Delivery,
    Document,
    Function,
    Lock,
    LockWaiter,
    Session,
    Tally,
)

COUNTED = 10_000
MOST_PROJECTS = 20
_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    """What goes on in a project, in numbers; `cursor` is the feed's at that moment."""

    project: str
    active_sessions: int
    active_agents: int
    locks: int
    stale_locks: int
    lock_waiters: int
    unread_messages: int
    urgent_messages: int
    messages_to_you: int
    open_backlog: int
    ready_backlog: int
    documents: int
    pending_functions: int
    events_today: int
    cursor: str


async def overview(act: Act, *, projects: Sequence[str] | None = None) -> list[ProjectOverview]:
    """Return the counters of up to 20 projects; by default of the first that the caller sees.

    Raises:
        BadInput: too many are named.
        Forbidden: the key does not include one.
    """
    names = await _projects(act, projects)
    now = await act.store.now()
    asks = [_asks(name, act.actor, now) for name in names]
    answers = await act.store.read(Heads(names), *(ask for each in asks for ask in each)) if names else [{}]
    heads, rest = answers[0], list(answers[1:])
    size = len(asks[0]) if asks else 0
    rows = [rest[n * size : (n + 1) * size] for n in range(len(names))]
    idle_before = now - act.rules.lock_stale_after
    idle = [tuple(one.id for one in row[0].records if one.active_at < idle_before) for row in rows]
    stale = await act.store.read(*(Count(Lock, {"session_id": In(ids)}, COUNTED) for ids in idle))
    return [
        _shown(name, heads[name], row, count, idle_before)
        for name, row, count in zip(names, rows, stale, strict=True)
    ]


async def _projects(act: Act, named: Sequence[str] | None) -> tuple[str, ...]:
    if named is None:
        if act.session is not None:
            return (act.session.project,)
        return tuple(await act.store.logged_projects(limit=MOST_PROJECTS))
    if not 1 <= len(named) <= MOST_PROJECTS:
        raise BadInput("projects", f"must name 1 to {MOST_PROJECTS} projects")
    return tuple(dict.fromkeys(act.project(name, field="projects") for name in named))


def _asks(name: str, reader: str, now: datetime) -> list[Ask]:
    where: Where = {"project": name}
    ready: Where = {"status": Status.OPEN.value, "assignee": "", "open_blockers": 0}
    return [
        Find(Session, {**where, "status": "active"}, limit=_SESSIONS),
        Get(Tally, blank(name, Topic.EVENTS, Bucket.DAY, now).id),
        Count(Lock, where, COUNTED),
        Count(LockWaiter, {**where, "expires_at": Span(after=now)}, COUNTED),
        Count(Delivery, {**where, "status": "pending"}, COUNTED),
        Count(Delivery, {**where, "status": "pending", "priority_rank": 0}, COUNTED),
        Count(Delivery, {**where, "recipient": reader, "status": "pending"}, COUNTED),
        Count(BacklogItem, {**where, "is_closed": False}, COUNTED),
        Count(BacklogItem, {**where, **ready}, COUNTED),
        Count(Document, {**where, "status": "active"}, COUNTED),
        Count(Function, {**where, "queue": "pending"}, COUNTED),
    ]


def _shown(
    name: str,
    head: Head,
    row: Sequence[Any],
    stale_locks: int,
    idle_before: datetime,
) -> ProjectOverview:
    page, tally, *counts = row
    live = {session.agent for session in page.records if session.active_at >= idle_before}
    locks, waiters, unread, urgent, to_you, is_open, ready, documents, pending = counts
    return ProjectOverview(
        project=name,
        active_sessions=len(page.records),
        active_agents=len(live),
        locks=locks,
        stale_locks=stale_locks,
        lock_waiters=waiters,
        unread_messages=unread,
        urgent_messages=urgent,
        messages_to_you=to_you,
        open_backlog=is_open,
        ready_backlog=ready,
        documents=documents,
        pending_functions=pending,
        events_today=sum(tally.counts.values()) if isinstance(tally, Tally) else 0,
        cursor=Cursor({name: head.last}).encode(),
    )
