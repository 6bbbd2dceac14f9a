"""The rules of work: what each session says it does, where that overlaps with others, signals sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput
from resolvers.inputs import agent_name, line, names, page_size, text
from resolvers.listing import snapshot
from resolvers.oversight import is_over
from resolvers.paths import canonical_paths, overlapping
from resolvers.rules import MAX_NAME, MAX_PAGE, MAX_TITLE
from store.port import By, Changes, Find, Get, GetMany, Not, Span, Where
from store.records import Lock, NewEvent, Record, Session, Signal, Work, WorkFile

OVERLAP_WINDOW = timedelta(hours=24)
MAX_SIGNALS = 20
MAX_SINCE_HOURS = 24 * 30
_MOST = 1_000
_NEWEST = (By("updated_at", "desc"),)


@answer
class WorkStatus(StrEnum):
    """How far the work is."""

    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    ABANDONED = "abandoned"

    @property
    def is_over(self) -> bool:
        return self in (WorkStatus.COMPLETED, WorkStatus.ABANDONED)


@answer
@dataclass(frozen=True, slots=True)
class Overlap:
    """A path of another session's work or lock that is, holds, or lies under one of the caller's."""

    path: str
    agent: str
    is_locked: bool
    title: str = ""


@answer
@dataclass(frozen=True, slots=True)
class UpdatedWork:
    """The work as it stands, what it overlaps with, and the signal waited for if it was sent already."""

    work: Work
    overlaps: tuple[Overlap, ...]
    signals: tuple[str, ...]
    arrived: Signal | None


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session under way and what it does."""

    session: Session
    work: Work | None


@dataclass(frozen=True, slots=True)
class ActiveWork:
    """What is under way in a project."""

    currently_active: tuple[ActiveSession, ...]
    blocked_agents: tuple[Work, ...]
    recent_signals: tuple[Signal, ...]
    recent_work_items: tuple[Work, ...]
    overlap_window_hours: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a session says of its work, checked. None leaves files and notes as they are."""

    title: str
    status: WorkStatus
    files: tuple[str, ...] | None
    notes: str | None
    blocked_by: str
    blocked_reason: str
    waiting_for_signal: str
    signals: tuple[str, ...]
    signal_details: str


async def update_work(
    act: Act,
    *,
    title: str,
    status: WorkStatus,
    files_touched: Sequence[str] | None = None,
    notes: str | None = None,
    blocked_by: str | None = None,
    blocked_reason: str | None = None,
    waiting_for_signal: str | None = None,
    signals: Sequence[str] | None = None,
    signal_details: str | None = None,
) -> UpdatedWork:
    """Say what the session does; a new title is new work, with its own files and notes.

    Files and notes not given stay. What blocks it counts until the next update.

    Raises:
        BadInput: a value cannot be taken.
        Clash: the session ended meanwhile.
    """
    session = act.in_session
    report = Report(
        title=line("title", title, required=True, max_bytes=MAX_TITLE),
        status=status,
        files=None if files_touched is None else _files(session, files_touched),
        notes=None if notes is None else text("notes", notes),
        blocked_by=line("blocked_by", blocked_by, max_bytes=MAX_NAME),
        blocked_reason=line("blocked_reason", blocked_reason),
        waiting_for_signal=line("waiting_for_signal", waiting_for_signal, max_bytes=MAX_NAME * 2),
        signals=names("signals", signals, limit=MAX_SIGNALS),
        signal_details=line("signal_details", signal_details),
    )

    async def decision(now: datetime) -> Decision[UpdatedWork]:
        made = await _updated(act, report, now)
        return replace(made, result=await _with_overlaps(act, made.result)) if act.is_alone else made

    made = await act.decide(decision)
    # Of two who begin at the same moment at least one must be told of the other: where decisions do
    # not stand in a row, that takes a look after the commit.
    return made if act.is_alone else await _with_overlaps(act, made)


async def _with_overlaps(act: Act, made: UpdatedWork) -> UpdatedWork:
    return replace(made, overlaps=await _overlaps(act, made.work))


def _files(session: Session, values: Sequence[str]) -> tuple[str, ...]:
    return canonical_paths("files_touched", values, working_directory=session.working_directory)


async def _updated(act: Act, report: Report, now: datetime) -> Decision[UpdatedWork]:
    project, session_id = act.in_session.project, act.in_session.id
    sent_ids = [f"{project}/{name}" for name in (*report.signals, report.waiting_for_signal) if name]
    session, before, files, sent = await act.store.read(
        Get(Session, session_id),
        Get(Work, session_id),
        Find(WorkFile, {"session_id": session_id}, limit=_MOST),
        GetMany(Signal, tuple(sent_ids)),
    )
    if session is None or session.status != "active":
        raise is_over(session)
    work = _work(session, before, report, now)
    touched = {} if report.status.is_over else {f"{session_id}:{path}": path for path in work.files}
    known = {file.id for file in files.records}
    signals = tuple(_signal(session, sent, name, report.signal_details, now) for name in report.signals)
    puts: list[Record] = [work, *signals]
    puts += [_file(session, key, path, now) for key, path in touched.items() if key not in known]
    awaited = sent.get(f"{project}/{report.waiting_for_signal}")
    is_here = awaited is not None and now - awaited.updated_at <= act.rules.signal_ttl
    result = UpdatedWork(work, (), report.signals, awaited if is_here else None)
    changes = Changes(
        puts=tuple(puts),
        deletes=tuple(file for file in files.records if file.id not in touched),
        checks=(session,),
        events=(_told(work), *(_sent(signal) for signal in signals)),
    )
    return Decision(result, changes)


def _work(session: Session, before: Work | None, report: Report, now: datetime) -> Work:
    is_same = before is not None and before.title == report.title and not WorkStatus(before.status).is_over
    kept = before if is_same else None
    return Work(
        id=session.id,
        project=session.project,
        agent=session.agent,
        title=report.title,
        status=report.status.value,
        files=report.files if report.files is not None else kept.files if kept else (),
        notes=report.notes if report.notes is not None else kept.notes if kept else "",
        blocked_by=report.blocked_by,
        blocked_reason=report.blocked_reason,
        waiting_for_signal=report.waiting_for_signal,
        version=before.version if before else 0,
        created_at=kept.created_at if kept else now,
        updated_at=now,
    )


def _file(session: Session, key: str, path: str, now: datetime) -> WorkFile:
    return WorkFile(
        id=key,
        project=session.project,
        session_id=session.id,
        agent=session.agent,
        path=path,
        created_at=now,
        updated_at=now,
    )


def _signal(session: Session, sent: dict[str, Signal], name: str, details: str, now: datetime) -> Signal:
    key = f"{session.project}/{name}"
    made = Signal(
        id=key,
        project=session.project,
        name=name,
        details=details,
        agent=session.agent,
        session_id=session.id,
        created_at=now,
        updated_at=now,
    )
    earlier = sent.get(key)
    return replace(made, version=earlier.version, created_at=earlier.created_at) if earlier else made


def _told(work: Work) -> NewEvent:
    data = snapshot(
        work, "agent", "title", "status", "files", "blocked_by", "blocked_reason", "waiting_for_signal"
    )
    return NewEvent(
        project=work.project, kind="work.updated", subject=work.title, data={"session_id": work.id, **data}
    )


def _sent(signal: Signal) -> NewEvent:
    return NewEvent(
        project=signal.project,
        kind="signal.sent",
        subject=signal.name,
        data=snapshot(signal, "name", "details", "agent"),
    )


async def _overlaps(act: Act, work: Work) -> tuple[Overlap, ...]:
    """Return the paths of others' work and locks that overlap, the first 100; by index alone.

    Work counts while its session is active and was heard of within 24 hours.
    """
    if not work.files or WorkStatus(work.status).is_over:
        return ()
    where: Where = {"project": work.project, **overlapping(work.files), "session_id": Not(work.id)}
    now = await act.store.now()
    files, locks = await act.store.read(
        Find(WorkFile, where, (By("path"),), _MOST), Find(Lock, where, (By("path"),), MAX_PAGE)
    )
    ids = tuple({file.session_id for file in files.records})
    sessions, works = await act.store.read(GetMany(Session, ids), GetMany(Work, ids)) if ids else ({}, {})
    found = {
        (lock.path, lock.agent): Overlap(path=lock.path, agent=lock.agent, is_locked=True)
        for lock in locks.records
    }
    for file in files.records:
        holder = sessions.get(file.session_id)
        if holder is None or holder.status != "active" or now - holder.active_at > OVERLAP_WINDOW:
            continue
        other = works.get(file.session_id)
        is_locked = (file.path, file.agent) in found
        found[file.path, file.agent] = Overlap(file.path, file.agent, is_locked, other.title if other else "")
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.agent))[:MAX_PAGE])


async def active_work(
    act: Act,
    *,
    project: str | None = None,
    agent: str | None = None,
    since_hours: int = 24,
    limit: int = 20,
) -> ActiveWork:
    """Return what is under way in a project, the latest first; each list has at most `limit`, 1 to 100.

    `agent` narrows all of it to one agent; `since_hours`, 1 to 720, how far back it looks.

    Raises:
        BadInput: a bound or the agent's name cannot be taken.
    """
    where = act.project(project)
    size = page_size("limit", limit)
    if not 1 <= since_hours <= MAX_SINCE_HOURS:
        raise BadInput("since_hours", f"must be between 1 and {MAX_SINCE_HOURS}")
    now = await act.store.now()
    since = Span(after=now - timedelta(hours=since_hours))
    signalled = Span(after=now - min(act.rules.signal_ttl, timedelta(hours=since_hours)))
    of: Where = {"project": where}
    if agent is not None:
        of = {**of, "agent": agent_name("instance", agent)}
    sessions, blocked, signals, recent = await act.store.read(
        Find(Session, {**of, "status": "active", "active_at": since}, (By("active_at", "desc"),), size),
        Find(Work, {**of, "status": "blocked", "updated_at": since}, _NEWEST, size),
        Find(Signal, {**of, "updated_at": signalled}, _NEWEST, size),
        Find(Work, {**of, "updated_at": since}, _NEWEST, size),
    )
    works = await act.store.get_many(Work, [session.id for session in sessions.records])
    return ActiveWork(
        currently_active=tuple(ActiveSession(one, works.get(one.id)) for one in sessions.records),
        blocked_agents=blocked.records,
        recent_signals=signals.records,
        recent_work_items=recent.records,
        overlap_window_hours=int(OVERLAP_WINDOW / timedelta(hours=1)),
    )
