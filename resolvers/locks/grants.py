"""Who may have which lock: what a request needs read, what stands in its way, and what a grant writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput, LimitExceeded
from resolvers.inputs import line
from resolvers.oversight import is_over
from resolvers.paths import Places, canonical_paths, key_of, overlapping
from resolvers.rules import MAX_PAGE, Rules
from store.port import By, Changes, Condition, Count, Find, Get, Not
from store.records import Fence, Lock, LockWaiter, NewEvent, Notice, Session, new_id

MAX_HELD = 1_000
MAX_WAITERS = 1_000
BY_PATH = (By("path"),)


@answer
@dataclass(frozen=True, slots=True)
class LockConflict:
    """Why a path was not granted: somebody holds it, or waits for it before the caller."""

    path: str
    holder: str
    session_id: str
    reason: str
    since: datetime
    stale: bool = False
    is_queued: bool = False


@answer
@dataclass(frozen=True, slots=True)
class LockOutcome:
    """What became of a request: all of it in `granted`, or none and the first 100 conflicts."""

    is_granted: bool
    granted: tuple[Lock, ...] = ()
    conflicts: tuple[LockConflict, ...] = ()
    displaced: tuple[LockConflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for locks; `waiter_id` is what its place in the queue is called, if it needs one."""

    session_id: str
    project: str
    paths: tuple[str, ...]
    reason: str
    waiter_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a decision about a request read."""

    session: Session
    own: tuple[Lock, ...]
    """Those of the session's locks that touch the paths asked for."""
    own_count: int
    held: tuple[Lock, ...]
    holders: dict[str, Session]
    ahead: tuple[LockWaiter, ...]
    waiter: LockWaiter | None
    is_queue_full: bool
    fence: Fence | None
    is_cut: bool
    now: datetime
    rules: Rules

    def kept(self, path: str) -> Lock | None:
        """Return the session's own lock on exactly this place."""
        return next((lock for lock in self.own if key_of(lock.path) == key_of(path)), None)

    def is_stale(self, lock: Lock) -> bool:
        return is_stale(self.holders.get(lock.session_id), self.now, self.rules)


def is_stale(holder: Session | None, now: datetime, rules: Rules) -> bool:
    """Tell whether a lock of this session may be taken over: it is over, or long without activity."""
    return holder is None or holder.status != "active" or now - holder.active_at > rules.lock_stale_after


def wanted(act: Act, files: Sequence[str] | None, reason: str) -> Wanted:
    """Return the request that the session makes.

    Raises:
        BadInput: no files, too many, one that is no path of the project or a pattern, or no reason.
    """
    session = act.in_session
    paths = canonical_paths("files", files, working_directory=session.working_directory)
    if not paths:
        raise BadInput("files", "must not be empty")
    # Granted as a name it would keep nobody from the files that its sender means.
    if pattern := next((path for path in paths if "*" in path), None):
        raise BadInput(
            "files",
            f"has {pattern[:80]!a}, a pattern: nothing was locked",
            hint="Name the files, or their directory with a trailing /.",
        )
    return Wanted(
        session.id, session.project, paths, line("reason", reason, required=True), new_id(LockWaiter.PREFIX)
    )


async def read(act: Act, asked: Wanted, now: datetime) -> Found:
    """Read all that decides about a request, by index only.

    Raises:
        Clash: the session has ended or lapsed meanwhile.
    """
    where: dict[str, Condition] = {"project": asked.project}
    near = {**where, **overlapping(asked.paths)}
    # One snapshot: whatever is granted after it makes the fence's version stale, here and elsewhere.
    fence, session, own, own_count, held, waiters = await act.store.read(
        Get(Fence, asked.project),
        Get(Session, asked.session_id),
        Find(Lock, {**near, "session_id": asked.session_id}, limit=MAX_HELD),
        Count(Lock, {"session_id": asked.session_id}, MAX_HELD),
        Find(Lock, {**near, "session_id": Not(asked.session_id)}, BY_PATH, MAX_HELD),
        Find(LockWaiter, where, (By("created_at"),), MAX_WAITERS),
    )
    if session is None or session.status != "active":
        raise is_over(session)
    holders = tuple({lock.session_id for lock in held.records})
    return Found(
        session=session,
        own=own.records,
        own_count=own_count,
        held=held.records,
        holders=await act.store.get_many(Session, holders) if holders else {},
        ahead=_ahead(asked, waiters.records, own.records, now),
        waiter=next((waiter for waiter in waiters.records if waiter.id == asked.waiter_id), None),
        is_queue_full=len(waiters.records) >= MAX_WAITERS,
        fence=fence,
        is_cut=held.after is not None,
        now=now,
        rules=act.rules,
    )


def _ahead(
    asked: Wanted, waiters: Iterable[LockWaiter], own: Iterable[Lock], now: datetime
) -> tuple[LockWaiter, ...]:
    """Of the waiters in order, return the live ones before the request, for a path that it needs and has not."""
    mine = Places(lock.path for lock in own)
    needed = Places(path for path in asked.paths if not mine.cover(path))
    ahead = []
    for waiter in waiters:
        if waiter.id == asked.waiter_id:
            break
        is_other = waiter.session_id != asked.session_id and waiter.expires_at > now
        if is_other and any(needed.touch(path) for path in waiter.paths):
            ahead.append(waiter)
    return tuple(ahead)


def conflicts(asked: Wanted, found: Found) -> tuple[LockConflict, ...]:
    """Return what stands in the way; a stale lock does only together with one that is not."""
    places = Places(asked.paths)
    queued = [
        LockConflict(
            path=path,
            holder=waiter.agent,
            session_id=waiter.session_id,
            reason=waiter.reason,
            since=waiter.created_at,
            is_queued=True,
        )
        for waiter in found.ahead
        for path in waiter.paths
        if places.touch(path)
    ]
    if not queued and not found.is_cut and all(found.is_stale(lock) for lock in found.held):
        return ()
    return tuple([*(_conflict(found, lock) for lock in found.held[:MAX_PAGE]), *queued][:MAX_PAGE])


def _conflict(found: Found, lock: Lock) -> LockConflict:
    return LockConflict(
        path=lock.path,
        holder=lock.agent,
        session_id=lock.session_id,
        reason=lock.reason,
        since=lock.created_at,
        stale=found.is_stale(lock),
    )


def granting(act: Act, asked: Wanted, found: Found) -> Decision[LockOutcome]:
    """Grant all of a request that nothing stands in the way of, displacing stale holders.

    Raises:
        LimitExceeded: the session would hold more than 1,000 locks.
    """
    kept, new = [], []
    value = found.fence.value if found.fence else 0
    for path in asked.paths:
        own = found.kept(path)
        if own is not None:
            kept.append(replace(own, reason=asked.reason, updated_at=found.now))
            continue
        value += 1
        new.append(_lock(asked, found, path, value))
    if new and found.own_count + len(new) > MAX_HELD:
        raise LimitExceeded(
            f"a session may hold {MAX_HELD:,} locks", field="files", hint="Lock a directory, or release some."
        )
    displaced = tuple(_conflict(found, lock) for lock in found.held)
    ids = {lock.id for lock in new}
    changes = Changes(
        puts=(*_repeated(found, kept), *new, *_fence(asked, found, value if new else 0), *_lost(act, found)),
        deletes=(*(lock for lock in found.held if lock.id not in ids), *left(found)),
        checks=(found.session, *(found.holders[key] for key in sorted(found.holders))),
        events=_granted(asked, found, new, displaced) if new or displaced or found.waiter else (),
    )
    order = {key_of(path): place for place, path in enumerate(asked.paths)}
    granted = tuple(sorted((*kept, *new), key=lambda lock: order[key_of(lock.path)]))
    return Decision(LockOutcome(True, granted, (), displaced), changes)


def _lock(asked: Wanted, found: Found, path: str, fence: int) -> Lock:
    return Lock(
        id=f"{asked.project}:{path}",
        project=asked.project,
        path=path,
        session_id=asked.session_id,
        agent=found.session.agent,
        reason=asked.reason,
        fence=fence,
        created_at=found.now,
        updated_at=found.now,
        version=next((lock.version for lock in found.held if lock.path == path), 0),
    )


def _repeated(found: Found, kept: Iterable[Lock]) -> tuple[Lock, ...]:
    """Return the own locks whose reason changed: locking again changes nothing else."""
    before = {lock.id: lock.reason for lock in found.own}
    return tuple(lock for lock in kept if before[lock.id] != lock.reason)


def _fence(asked: Wanted, found: Found, value: int) -> tuple[Fence, ...]:
    if not value:
        return ()
    before = found.fence or Fence(id=asked.project, project=asked.project, created_at=found.now)
    return (replace(before, value=value, updated_at=found.now),)


def left(found: Found) -> tuple[LockWaiter, ...]:
    """Return the request's place in the queue, where it has one, to be deleted."""
    return (found.waiter,) if found.waiter is not None else ()


def _lost(act: Act, found: Found) -> tuple[Notice, ...]:
    """Return the line owed to each session that was displaced."""
    idle = round(act.rules.lock_stale_after.total_seconds() / 60)
    said = f"was taken over by {found.session.agent}: this session was idle for more than {idle} min."
    return lost_notices(found.held, found.now, said)


def lost_notices(locks: Iterable[Lock], now: datetime, said: str) -> tuple[Notice, ...]:
    """Return one notice for each session of `locks`: "Your lock on x `said`"."""
    by_session: dict[str, list[Lock]] = {}
    for lock in locks:
        by_session.setdefault(lock.session_id, []).append(lock)
    return tuple(
        Notice(
            id=new_id(Notice.PREFIX),
            project=lost[0].project,
            session_id=session_id,
            kind="lock_lost",
            text=f"Your lock on {lost[0].path}{f' (and {len(lost) - 1} more)' if lost[1:] else ''} {said}",
            created_at=now,
            updated_at=now,
        )
        for session_id, lost in by_session.items()
    )


def _granted(
    asked: Wanted, found: Found, new: Sequence[Lock], displaced: Sequence[LockConflict]
) -> tuple[NewEvent, ...]:
    data: dict[str, Any] = {"locks": [shown(lock) for lock in new]}
    if displaced:
        data["displaced"] = [
            {"path": lost.path, "agent": lost.holder, "session_id": lost.session_id} for lost in displaced
        ]
    if found.waiter is not None:
        data["waiter"] = asked.waiter_id
    kind = "lock.taken_over" if displaced else "lock.granted"
    return (NewEvent(project=asked.project, kind=kind, subject=asked.paths[0], data=data),)


def shown(lock: Lock) -> dict[str, Any]:
    """Return a lock as events tell of it."""
    return {
        "path": lock.path,
        "agent": lock.agent,
        "session_id": lock.session_id,
        "reason": lock.reason,
        "fence": lock.fence,
        "since": lock.created_at.isoformat(),
    }
