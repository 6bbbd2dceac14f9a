"""The rules of locks: exclusive per project, all of a request or none, released by path, all, or force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput
from resolvers.inputs import line
from resolvers.locks.grants import MAX_HELD, LockOutcome, lost_notices, shown, wanted
from resolvers.locks.queue import acquire
from resolvers.paths import ROOT, canonical_paths, key_of
from store.port import Changes, Store
from store.records import Audit, Lock, NewEvent, Session, new_id


@answer
@dataclass(frozen=True, slots=True)
class UnlockOutcome:
    """What a release did: paths let go, the session's others, and those that it does not hold."""

    released: tuple[str, ...] = ()
    still_held: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()


async def lock_files(
    act: Act, *, files: Sequence[str] | None, reason: str, wait_seconds: int = 0
) -> LockOutcome:
    """Lock all of `files` for the session, or none; wait up to `wait_seconds` (0 to 55) for them.

    Raises:
        BadInput: no files, too many, one that is no path of the project, no reason, or such a wait.
        Clash: the session ended meanwhile.
        LimitExceeded: the session would hold too many locks, or too many requests wait.
    """
    limit = act.rules.wait_limit_seconds
    if not 0 <= wait_seconds <= limit:
        raise BadInput("wait_seconds", f"must be between 0 and {limit}")
    return await acquire(act, wanted(act, files, reason), wait_seconds)


async def unlock_files(act: Act, *, files: Sequence[str] | None = None) -> UnlockOutcome:
    """Release the session's locks on `files`, or all of them when that is None.

    Raises:
        BadInput: a path is none of the project.
    """
    session = act.in_session
    named = None
    if files is not None:
        named = canonical_paths("files", files, working_directory=session.working_directory)

    async def decision(now: datetime) -> Decision[UnlockOutcome]:
        own = await _own(act.store, session)
        going = own if named is None else _named(own, named)
        held = {key_of(lock.path) for lock in own}
        outcome = UnlockOutcome(
            released=tuple(lock.path for lock in going),
            still_held=tuple(lock.path for lock in own if lock not in going),
            not_held=tuple(path for path in named or () if key_of(path) not in held),
        )
        return Decision(outcome, Changes(deletes=going, events=_released(session.project, going)))

    return await act.decide(decision)


async def _own(store: Store, session: Session) -> tuple[Lock, ...]:
    where = {"project": session.project, "session_id": session.id}
    found = (await store.find(Lock, where, limit=MAX_HELD)).records
    return tuple(sorted(found, key=lambda lock: lock.path))


def _released(project: str, locks: Sequence[Lock]) -> tuple[NewEvent, ...]:
    if not locks:
        return ()
    data = {"locks": [shown(lock) for lock in locks]}
    return (NewEvent(project=project, kind="lock.released", subject=locks[0].path, data=data),)


def _named(locks: Iterable[Lock], paths: Iterable[str]) -> tuple[Lock, ...]:
    keys = {key_of(path) for path in paths}
    return tuple(lock for lock in locks if key_of(lock.path) in keys)


async def force_unlock(
    act: Act, *, files: Sequence[str] | None, reason: str, project: str | None = None
) -> UnlockOutcome:
    """Release others' locks on exactly these paths; their holders are told why.

    Raises:
        BadInput: no files, one that is no path of the project, or no reason.
    """
    where = act.project(project)
    home = act.session.working_directory if act.session is not None else ""
    paths = canonical_paths("files", files, working_directory=home)
    if not paths:
        raise BadInput("files", "must not be empty")
    why = line("reason", reason, required=True)

    async def decision(now: datetime) -> Decision[UnlockOutcome]:
        ids = [f"{where}:{path}" for key in map(key_of, paths) for path in (key or ROOT, f"{key}/")]
        going = tuple((await act.store.get_many(Lock, ids)).values())
        held = {key_of(lock.path) for lock in going}
        outcome = UnlockOutcome(
            released=tuple(lock.path for lock in going),
            not_held=tuple(path for path in paths if key_of(path) not in held),
        )
        return Decision(outcome, _forced(act, where, going, why, now) if going else Changes())

    return await act.decide(decision, turn=f"locks:{where}")


def _forced(act: Act, project: str, going: tuple[Lock, ...], why: str, now: datetime) -> Changes:
    data = {"locks": [shown(lock) for lock in going], "reason": why}
    audit = Audit(
        id=new_id(Audit.PREFIX),
        project=project,
        act="lock.forced",
        actor=act.actor,
        key_id=act.caller.key_id,
        key_name=act.caller.key_name,
        target=line("files", ", ".join(f"{lock.path} ({lock.agent})" for lock in going)[:900]),
        detail=why,
        created_at=now,
        updated_at=now,
    )
    notices = lost_notices(going, now, f"was released by {act.actor}: {why}")
    event = NewEvent(project=project, kind="lock.forced", subject=going[0].path, data=data)
    return Changes(puts=(audit, *notices), deletes=going, events=(event,))
