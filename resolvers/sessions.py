"""The rules of sessions: who begins one, what its end releases, and when it lapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from resolvers import answers
from resolvers.acts import Act, Decision, Engine, secret_hash
from resolvers.agents import UNKNOWN, Enrolment, Tier, enrol, identity
from resolvers.audit import entry
from resolvers.brief.brief import brief_of
from resolvers.brief.parts import Brief
from resolvers.callers import LOCAL_OWNER
from resolvers.errors import BadInput, NotFound
from resolvers.inputs import line, text
from resolvers.knowledge import leavings as knowledge_leavings
from resolvers.listing import Listing, listing, snapshot
from resolvers.oversight import is_over
from resolvers.path_patterns import Suggestion, suggestion
from resolvers.paths import canonical_paths
from resolvers.rules import MAX_LINE, MAX_PATH
from store.port import By, Changes, Find, Get, In, Page, R, Span
from store.records import (
    EPOCH,
    Audit,
    Fence,
    Lock,
    LockWaiter,
    NewEvent,
    Notice,
    Record,
    Session,
    Work,
    WorkFile,
    new_id,
)

_OVER = ("completed", "abandoned")


@answers.answer
class SessionStatus(StrEnum):
    """Whether a session is under way."""

    ACTIVE = "active"
    ENDED = "ended"
    LAPSED = "lapsed"


@answers.answer
@dataclass(frozen=True, slots=True)
class Begun:
    """A session as it was begun."""

    session: Session
    tier: Tier | None
    warning: str
    needs_role: bool


@dataclass(frozen=True, slots=True)
class StartedSession:
    """What an agent is told when its session starts. `handle` is what it passes from then on."""

    begun: Begun
    handle: str
    brief: Brief
    suggestion: Suggestion | None
    role: str | None
    projects: tuple[str, ...]


@answers.answer
@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session as it ended, the paths whose locks it held, and which of its texts others will not find."""

    session: Session
    released: tuple[str, ...]
    warning: str = ""


async def start_session(
    act: Act,
    *,
    project: str,
    agent: str | None = None,
    task: str | None = None,
    role_description: str | None = None,
    working_directory: str | None = None,
    tmux_target: str | None = None,
    spawned_by: str | None = None,
) -> StartedSession:
    """Begin a session of an agent in a project and brief it.

    Raises:
        Forbidden: the agent's name belongs to another key, or the project is out of scope.
        BadInput: a value cannot be taken.
    """
    where, name = act.project(project), identity(act, agent)
    role = line("role_description", role_description)
    draft = Session(
        id="",
        project=where,
        agent=name,
        key_id=act.caller.key_id,
        task=line("task", task),
        working_directory=line("working_directory", working_directory, max_bytes=MAX_PATH),
        tmux_target=line("tmux_target", tmux_target, max_bytes=MAX_LINE),
        spawned_by=line("spawned_by", spawned_by, max_bytes=MAX_LINE),
        active_at=EPOCH,
    )

    async def decision(now: datetime) -> Decision[Begun]:
        stands = await enrol(
            act,
            where,
            name,
            is_spawned=bool(draft.spawned_by),
            role_description=role,
            task=draft.task,
            now=now,
        )
        return _begin(act, draft, stands, now)

    begun = await act.decide(decision, turn=f"agent:{where}/{name}")
    session = begun.session
    brief = await brief_of(act, session)
    suggested = await suggestion(act, where, session.working_directory if session.agent == UNKNOWN else "")
    has_auth = act.engine.is_auth_enabled
    return StartedSession(
        begun=begun,
        handle=f"{session.id}.{act.seal.secret(session.id)}" if act.seal else session.id,
        brief=brief,
        suggestion=suggested,
        role=act.caller.role.value if has_auth else None,
        projects=tuple(sorted(act.caller.projects or ())) if has_auth else (),
    )


def _begin(act: Act, draft: Session, stands: Enrolment, now: datetime) -> Decision[Begun]:
    session_id = new_id(Session.PREFIX)
    session = replace(
        draft,
        id=session_id,
        agent=stands.name,
        secret_hash=secret_hash(act.seal.secret(session_id)) if act.seal else "",
        active_at=now,
        created_at=now,
        updated_at=now,
    )
    audit = Audit(
        id=new_id(Audit.PREFIX),
        project=session.project,
        act="session.start",
        actor=session.agent,
        key_id=act.caller.key_id,
        key_name=act.caller.key_name,
        target=session.id,
        created_at=now,
        updated_at=now,
    )
    started = NewEvent(
        project=session.project,
        kind="session.started",
        subject=session.id,
        actor=session.agent,
        data=snapshot(session, "id", "agent", "task"),
    )
    changes = replace(
        stands.changes,
        puts=(session, audit, *stands.changes.puts),
        events=(
            *(replace(event, actor=event.actor or session.agent) for event in stands.changes.events),
            started,
        ),
    )
    return Decision(Begun(session, stands.tier, stands.warning, stands.needs_role), changes)


async def end_session(
    act: Act,
    *,
    summary: str,
    files_modified: Sequence[str] | None = None,
    learnings: str | None = None,
    handoff: str | None = None,
) -> EndedSession:
    """End the session acted in: keep what it leaves to the next, free what it held.

    Raises:
        Clash: it has ended meanwhile.
    """
    current = act.in_session
    told = text("summary", summary, required=True)
    left = text("handoff_notes", handoff)
    learnt = text("learnings", learnings)
    files = canonical_paths("files_modified", files_modified, working_directory=current.working_directory)

    documents = knowledge_leavings.leavings(current, learnings=learnt, handoff=left, files=files)
    warning = knowledge_leavings.withheld(learnings=learnt, handoff=left)

    async def decision(now: datetime) -> Decision[EndedSession]:
        found = await act.store.get(Session, current.id)
        if found is None or found.status != "active":
            raise is_over(found)
        ended = replace(
            found, status="ended", summary=told, handoff=left, learnings=learnt, files_modified=files
        )
        made = await _closing(act, ended, now)
        kept = await knowledge_leavings.left(act, documents, now)
        puts, events = (*made.changes.puts, *kept.puts), (*made.changes.events, *kept.events)
        result = replace(made.result, warning=warning)
        return replace(made, result=result, changes=replace(made.changes, puts=puts, events=events))

    ended = await act.decide(decision, turn=f"locks:{current.project}")
    await _sweep(act, ended.session)
    return ended


async def force_end_session(act: Act, *, id: str, reason: str) -> EndedSession:
    """End another's session in its agent's place: free what it held, give up its work, say why.

    Raises:
        NotFound: there is no such session where the caller may look.
        BadInput: no reason is given, or it is the session acted in.
        Clash: it has ended or lapsed.
    """
    why = line("reason", reason, required=True)
    known = await session(act, id=id)
    if act.session is not None and act.session.id == known.id:
        raise BadInput("id", "is the session acted in", hint="End it with memory_end_session.")

    async def decision(now: datetime) -> Decision[EndedSession]:
        found = await session(act, id=id)
        if found.status != "active":
            raise is_over(found)
        made = await _forced(act, found, why, now)
        audit = entry(act, now, "session.forced", found.project, found.id, f"{found.agent}: {why}")
        return replace(made, changes=replace(made.changes, puts=(*made.changes.puts, audit)))

    ended = await act.decide(decision, turn=f"locks:{known.project}")
    await _sweep(act, ended.session)
    return ended


async def closing_of_key(
    act: Act, key_id: str, why: str, now: datetime, limit: int = 100
) -> Decision[Sequence[Session]]:
    """Decide the end of up to `limit` sessions begun with a key, in their agents' place, as one change."""
    page = await act.store.find(Session, {"key_id": key_id, "status": "active"}, limit=limit)
    puts: dict[tuple[type[Record], str], Record] = {}
    deletes: dict[tuple[type[Record], str], Record] = {}
    checks: dict[tuple[type[Record], str], Record] = {}
    events: list[NewEvent] = []
    for found in page.records:
        made = (await _forced(act, found, why, now)).changes
        # Those of one project share its fence.
        for kept, records in ((puts, made.puts), (deletes, made.deletes), (checks, made.checks)):
            kept.update({(type(record), record.id): record for record in records})
        events += made.events
    changes = Changes(tuple(puts.values()), tuple(deletes.values()), tuple(checks.values()), tuple(events))
    return Decision(page.records, changes)


async def sweep(act: Act, closed: Sequence[Session]) -> None:
    """Remove what sessions added to their queues and their work while their end was being decided."""
    for session in closed:
        await _sweep(act, session)


async def lapse_sessions(engine: Engine, limit: int = 100) -> int:
    """Lapse up to `limit` sessions idle longer than the session TTL; return how many.

    What they held is freed as at an end, one commit a session.
    """
    act = Act(engine, LOCAL_OWNER)
    oldest = await engine.store.now() - engine.rules.session_ttl
    page = await engine.store.find(
        Session, {"status": "active", "active_at": Span(before=oldest)}, order=(By("active_at"),), limit=limit
    )
    return sum([await _lapse(act, session) for session in page.records])


async def _lapse(act: Act, session: Session) -> bool:
    async def decision(now: datetime) -> Decision[EndedSession | None]:
        found = await act.store.get(Session, session.id)
        is_idle = found is not None and now - found.active_at > act.rules.session_ttl
        if found is None or found.status != "active" or not is_idle:
            return Decision(None)
        made = await _closing(act, replace(found, status="lapsed"), now)
        return Decision(made.result, made.changes)

    lapsed = await act.decide(decision, turn=f"locks:{session.project}")
    if lapsed is not None:
        await _sweep(act, lapsed.session)
    return lapsed is not None


async def _forced(act: Act, found: Session, why: str, now: datetime) -> Decision[EndedSession]:
    """Decide the end of a session in its agent's place: its events name the caller, its work is given up."""
    closed = replace(found, status="ended", ended_by=act.actor, end_reason=why)
    made = await _closing(act, closed, now, work="abandoned")
    events = tuple(replace(event, actor=act.actor) for event in made.changes.events)
    return replace(made, changes=replace(made.changes, events=events))


async def _closing(
    act: Act, closed: Session, now: datetime, *, work: str = "completed"
) -> Decision[EndedSession]:
    """Decide the end of a session as `closed` shows it.

    The project's fence is checked: a grant raises it, so none can slip in after the locks are read.
    """
    # One snapshot: a grant after it raises the fence and makes the commit conflict.
    fence, doing, locks, *held = await act.store.read(
        Get(Fence, closed.project), Get(Work, closed.id), *_of_session(closed, Lock, *_HELD)
    )
    locks = await _whole(act, closed, Lock, locks)
    held = await _all_held(act, closed, held)
    closed = replace(closed, ended_at=now, updated_at=now)
    puts: list[Record] = [closed]
    if doing is not None and doing.status not in _OVER:
        puts.append(replace(doing, status=work, updated_at=now))
    if fence is None:
        puts.append(Fence(id=closed.project, project=closed.project, created_at=now, updated_at=now))
    changes = Changes(
        puts=tuple(puts),
        deletes=(*locks, *held),
        checks=(fence,) if fence is not None else (),
        events=(_ended(closed, locks),),
    )
    return Decision(EndedSession(closed, tuple(lock.path for lock in locks)), changes)


async def _sweep(act: Act, closed: Session) -> None:
    """Remove what the session added to its queue and its work while its end was being decided."""
    if act.is_alone:
        # Nothing comes between reading and writing there.
        return

    async def decision(now: datetime) -> Decision[None]:
        work, *pages = await act.store.read(Get(Work, closed.id), *_of_session(closed, *_HELD))
        held = await _all_held(act, closed, pages)
        is_open = work is not None and work.status not in _OVER
        status = "abandoned" if closed.ended_by else "completed"
        puts = (replace(work, status=status, updated_at=now),) if is_open and work is not None else ()
        return Decision(None, Changes(puts=puts, deletes=tuple(held)))

    await act.decide(decision, is_final=False)


_HELD = (LockWaiter, WorkFile, Notice)


def _of_session(closed: Session, *kinds: type[Record]) -> list[Find]:
    return [Find(kind, {"session_id": closed.id}, limit=1_000) for kind in kinds]


async def _all_held(act: Act, closed: Session, pages: Sequence[Page[Record]]) -> list[Record]:
    wholes = [await _whole(act, closed, kind, page) for kind, page in zip(_HELD, pages, strict=True)]
    return [one for whole in wholes for one in whole]


async def _whole(act: Act, closed: Session, kind: type[R], page: Page[R]) -> list[R]:
    """Return all records of the session's, of which `page` is the first thousand."""
    found = list(page.records)
    while page.after is not None:
        page = await act.store.find(kind, {"session_id": closed.id}, limit=1_000, after=page.after)
        found += page.records
    return found


def _ended(closed: Session, locks: Sequence[Lock]) -> NewEvent:
    data = snapshot(closed, "id", "agent", "task", "summary", "handoff", "files_modified")
    if closed.ended_by:
        data["reason"] = closed.end_reason
    data["locks"] = [
        {
            **snapshot(lock, "path", "agent", "session_id", "reason", "fence"),
            "since": lock.created_at.isoformat(),
        }
        for lock in locks
    ]
    return NewEvent(
        project=closed.project,
        kind=f"session.{closed.status}",
        subject=closed.id,
        actor=closed.agent,
        data=data,
    )


async def session(act: Act, *, id: str) -> Session:
    """Return a session by its id.

    Raises:
        NotFound: there is none that the caller may see.
    """
    found = await act.store.get(Session, id) if len(id) <= 64 else None
    if found is None:
        raise NotFound("there is no such session", field="id")
    return found


async def active_of(act: Act, agent_ids: Sequence[str]) -> list[list[Session]]:
    """Return the sessions under way of each agent, by `project/name`: the latest 1,000 of a project's."""
    wanted: dict[str, list[str]] = {}
    for one in agent_ids:
        project, _, name = one.partition("/")
        wanted.setdefault(project, []).append(name)
    finds = [
        Find(Session, {"project": project, "agent": In(tuple(names)), "status": "active"}, limit=1_000)
        for project, names in wanted.items()
    ]
    found: dict[str, list[Session]] = {}
    for page in await act.store.read(*finds):
        for one in sorted(page.records, key=lambda session: session.active_at, reverse=True):
            found.setdefault(f"{one.project}/{one.agent}", []).append(one)
    return [found.get(one, []) for one in agent_ids]


async def work_of(act: Act, session_ids: Sequence[str]) -> list[Work | None]:
    """Return what each session said it does."""
    found = await act.store.get_many(Work, session_ids)
    return [found.get(one) for one in session_ids]


async def sessions(
    act: Act, *, project: str | None = None, status: SessionStatus, first: int = 50, after: str | None = None
) -> Listing[Session]:
    """Return a project's sessions of one status, the latest active first."""
    where = {"project": act.project(project), "status": status.value}
    return await listing(act, Session, where, (By("active_at", "desc"),), first=first, after=after)
