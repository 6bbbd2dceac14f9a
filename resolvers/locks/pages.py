"""How the locks of a project are listed: by path, by glob, own apart from others'."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from resolvers.listing import Listing, listing
from resolvers.locks.grants import BY_PATH, MAX_HELD, MAX_WAITERS, is_stale
from resolvers.paths import Glob, Places, canonical_path, glob, overlapping
from resolvers.rules import MAX_PAGE
from store.keyset import keyset_of
from store.port import By, Condition, Find, In, Not, Prefix, Span, Where
from store.records import Lock, LockWaiter, Session

MAX_SCANNED = 2_000
_IN_TURN = (By("created_at"),)


@dataclass(frozen=True, slots=True)
class LockOverview:
    """A project's locks as one session sees them, at most 100 of each side."""

    others: tuple[Lock, ...]
    yours: tuple[Lock, ...]
    total_count: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Filter:
    """What a listing asks of a lock's path: a glob, or without wildcards whatever overlaps it."""

    where: dict[str, Condition] = field(default_factory=dict)
    glob: Glob | None = None

    def takes(self, lock: Lock) -> bool:
        return self.glob is None or self.glob.matches(lock.path)


def _filter(act: Act, pattern: str | None) -> _Filter:
    if pattern is None:
        return _Filter()
    if not any(sign in pattern for sign in "*?"):
        home = act.session.working_directory if act.session is not None else ""
        return _Filter(overlapping((canonical_path("path_pattern", pattern, working_directory=home),)))
    made = glob("path_pattern", pattern)
    return _Filter({"path": Prefix(made.prefix)} if made.prefix else {}, made)


async def locks(
    act: Act,
    *,
    project: str | None = None,
    path_pattern: str | None = None,
    mine: bool | None = None,
    first: int = MAX_PAGE,
    after: str | None = None,
) -> Listing[Lock]:
    """Return a project's locks by path; `mine` tells own from others'.

    A glob is tried on at most 2,000 locks a page, which may then be short though more follow.

    Raises:
        BadInput: the pattern is none, or a page argument is wrong.
    """
    where = act.project(project)
    chosen = _filter(act, path_pattern)
    conditions: dict[str, Condition] = {"project": where, **chosen.where}
    if mine is not None:
        own = act.in_session.id
        conditions["session_id"] = own if mine else Not(own)
    page_size("first", first)
    cursor = await act.feed.cursor((where,))
    taken: list[Lock] = []
    for _ in range(1 if chosen.glob is None else MAX_SCANNED // MAX_HELD):
        size = first if chosen.glob is None else MAX_HELD
        try:
            page = await act.store.find(Lock, conditions, order=BY_PATH, limit=size, after=after)
        except ValueError as error:
            raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
        after = page.after
        for lock in page.records:
            if len(taken) == first:
                return Listing(tuple(taken), BY_PATH, keyset_of(taken[-1], BY_PATH), cursor.encode())
            if chosen.takes(lock):
                taken.append(lock)
        if after is None:
            break
    return Listing(tuple(taken), BY_PATH, after, cursor.encode())


async def lock_overview(
    act: Act, *, project: str | None = None, path_pattern: str | None = None
) -> LockOverview:
    """Return a project's locks, own apart from others'; of more than 1,000 only the first are looked at.

    Raises:
        BadInput: the pattern is none.
    """
    where = act.project(project)
    chosen = _filter(act, path_pattern)
    page = await act.store.find(Lock, {"project": where, **chosen.where}, order=BY_PATH, limit=MAX_HELD)
    matching = [lock for lock in page.records if chosen.takes(lock)]
    own = act.session.id if act.session is not None else ""
    others = [lock for lock in matching if lock.session_id != own]
    yours = [lock for lock in matching if lock.session_id == own]
    return LockOverview(
        others=tuple(others[:MAX_PAGE]),
        yours=tuple(yours[:MAX_PAGE]),
        total_count=len(matching),
        is_cut=page.after is not None or max(len(others), len(yours)) > MAX_PAGE,
    )


async def lock_waiters(
    act: Act, *, project: str | None = None, first: int = MAX_PAGE, after: str | None = None
) -> Listing[LockWaiter]:
    """Return the requests that wait for locks of a project, first come first.

    Raises:
        BadInput: a page argument is wrong.
    """
    where: Where = {"project": act.project(project), "expires_at": Span(after=await act.store.now())}
    return await listing(act, LockWaiter, where, _IN_TURN, first=first, after=after)


async def waiters_of(act: Act, lock_ids: Sequence[str]) -> list[list[LockWaiter]]:
    """Return for each lock, by its id, who waits for it, first come first."""
    projects = tuple(dict.fromkeys(one.partition(":")[0] for one in lock_ids))
    now = Span(after=await act.store.now())
    pages = await act.store.read(
        *(Find(LockWaiter, {"project": one, "expires_at": now}, _IN_TURN, MAX_WAITERS) for one in projects)
    )
    waiting = {
        project: [(waiter, Places(waiter.paths)) for waiter in page.records]
        for project, page in zip(projects, pages, strict=True)
    }
    found = []
    for one in lock_ids:
        project, _, path = one.partition(":")
        found.append([waiter for waiter, places in waiting[project] if places.touch(path)])
    return found


async def locks_of(act: Act, session_ids: Sequence[str]) -> list[list[Lock]]:
    """Return the locks of each session by path, up to 1,000 of them all."""
    where: Where = {"session_id": In(tuple(session_ids))}
    held: dict[str, list[Lock]] = {}
    for lock in (await act.store.find(Lock, where, limit=MAX_HELD)).records:
        held.setdefault(lock.session_id, []).append(lock)
    return [sorted(held.get(one, ()), key=lambda lock: lock.path)[:MAX_PAGE] for one in session_ids]


async def stale_ones(act: Act, session_ids: Sequence[str]) -> list[bool]:
    """Tell for each session whether its locks may be taken over."""
    now, found = await asyncio.gather(act.store.now(), act.store.get_many(Session, session_ids))
    return [is_stale(found.get(session_id), now, act.rules) for session_id in session_ids]
