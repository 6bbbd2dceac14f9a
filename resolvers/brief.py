"""What an agent is told when it starts: what matters first, within a budget of characters."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.lock_grants import is_stale
from resolvers.paths import canonical_path, overlaps
from store.port import By, In, Span, Where
from store.records import (
    BacklogItem,
    Delivery,
    Guideline,
    Lock,
    Message,
    Session,
    Signal,
    WorkFile,
)

BUDGET = 4_900
"""Characters of compact JSON for the brief: with what surrounds it, a result stays under 6,000."""

CURRENT_FOR = timedelta(hours=24)
_MENTION = re.compile(r"[\w./\\-]+")


@dataclass(frozen=True, slots=True)
class BriefMessage:
    """An unread message; a long text is cut and ends in `…`."""

    id: str
    sender: str
    priority: str
    category: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BriefLock:
    """A lock that others hold."""

    path: str
    holder: str
    reason: str
    since: datetime
    is_stale: bool


@dataclass(frozen=True, slots=True)
class BriefHandoff:
    """What the agent's last session in the project left to the next."""

    session_id: str
    ended_at: datetime
    summary: str
    notes: str
    files_modified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BriefAgent:
    """Another session under way."""

    agent: str
    task: str
    idle_minutes: int


@dataclass(frozen=True, slots=True)
class BriefOverlap:
    """A file that both the agent's task and another's work under way touch."""

    path: str
    agent: str


@dataclass(frozen=True, slots=True)
class BriefItem:
    """A backlog item that is open, unblocked and unassigned."""

    id: str
    title: str
    priority: str


@dataclass(frozen=True, slots=True)
class BriefSignal:
    """A signal sent within its lifetime."""

    name: str
    details: str
    agent: str


@dataclass(frozen=True, slots=True)
class BriefRule:
    """A guideline of the project or, with an empty `project`, of the server."""

    name: str
    rule: str
    author: str
    project: str


@dataclass(frozen=True, slots=True)
class Brief:
    """The sections, most important first. `omitted` says of which there is more, and where."""

    unread_messages: tuple[BriefMessage, ...] = ()
    locks: tuple[BriefLock, ...] = ()
    handoff: tuple[BriefHandoff, ...] = ()
    active_agents: tuple[BriefAgent, ...] = ()
    overlaps: tuple[BriefOverlap, ...] = ()
    ready_backlog: tuple[BriefItem, ...] = ()
    signals: tuple[BriefSignal, ...] = ()
    guidelines: tuple[BriefRule, ...] = ()
    omitted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the sections are built from: the session, its agent's last one, the files at hand."""

    act: Act
    session: Session
    now: datetime
    last: Session | None
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A field of the brief, the characters that those before it must leave, and where more is."""

    name: str
    share: int
    more: str
    build: Callable[[Look], Awaitable[Sequence[Any]]]
    cut: Callable[[Any, int], Any] | None = None
    """Shortens an entry to a number of characters, where that is better than leaving it out."""


async def brief_of(act: Act, session: Session) -> Brief:
    """Return the brief of a session: at most 4,900 characters of compact JSON.

    All is read at once, each part through an index and with a limit, so that its cost does not
    grow with the store.
    """
    now = await act.store.now()
    last = await _last_session(act, session)
    look = Look(act, session, now, last, _paths(session, last))
    built = await asyncio.gather(*(section.build(look) for section in SECTIONS))
    return _fitted(built)


def _fitted(built: Sequence[Sequence[Any]]) -> Brief:
    """Cut the sections to the budget, the first first; each leaves the later ones their shares."""
    costs = [[_cost(entry) for entry in entries] for entries in built]
    needs = [sum(cost) for cost in costs]
    left, kept, omitted = BUDGET, {}, []
    for index, (section, entries) in enumerate(zip(SECTIONS, built, strict=True)):
        owed = sum(
            min(need, later.share)
            for need, later in zip(needs[index + 1 :], SECTIONS[index + 1 :], strict=True)
        )
        taken, used = _taken(section, entries, left - owed)
        left -= used
        kept[section.name] = taken
        if len(taken) < len(entries) and section.more:
            omitted.append(f"more {section.name.replace('_', ' ')}: {section.more}")
    return Brief(**kept, omitted=tuple(omitted))


def _taken(section: Section, entries: Sequence[Any], room: int) -> tuple[tuple[Any, ...], int]:
    """Return the entries that fit, at most 8, and what they cost."""
    taken: list[Any] = []
    used = 0
    for entry in entries:
        fitting = section.cut(entry, room - used) if section.cut else entry
        cost = _cost(fitting)
        if used + cost <= room and len(taken) < _SHOWN:
            taken.append(fitting)
            used += cost
    return tuple(taken), used


_SHOWN = 8


def _cost(entry: Any) -> int:
    """Return the characters that an entry takes, its separator included."""
    shown = {name: value for name, value in asdict(entry).items() if value not in ("", (), None)}
    return len(json.dumps(shown, separators=(",", ":"), default=str, ensure_ascii=False)) + 1


async def _last_session(act: Act, session: Session) -> Session | None:
    """Return the agent's latest session in the project that left something, among its last 20."""
    page = await act.store.find(
        Session,
        {"project": session.project, "agent": session.agent},
        order=(By("created_at", "desc"),),
        limit=20,
    )
    over = (past for past in page.records if past.status != "active" and past.id != session.id)
    return next((past for past in over if past.handoff or past.summary), None)


def _paths(session: Session, last: Session | None) -> tuple[str, ...]:
    """Return up to 40 files that the session is likely about: those its task names, then the last one's."""
    named = []
    for word in _MENTION.findall(session.task):
        if "." in word.strip(".") or "/" in word:
            try:
                named.append(canonical_path("task", word.rstrip(".")))
            except BadInput:
                continue
    return tuple(dict.fromkeys((*named, *(last.files_modified if last else ()))))[:40]


def _clip(text: str, size: int) -> str:
    """Cut a text to at most `size` characters of JSON."""
    if len(text) <= size and len(json.dumps(text, ensure_ascii=False)) - 2 <= size:
        return text
    length, room = 0, size - 1
    while length < len(text) and (room := room - (2 if text[length] in _ESCAPED else 1)) >= 0:
        length += 1
    return text[:length].rstrip() + "…"


_ESCAPED = frozenset('"\\\n\r\t')


async def _unread(look: Look) -> Sequence[BriefMessage]:
    page = await look.act.store.find(
        Delivery,
        {"project": look.session.project, "recipient": look.session.agent, "status": "pending"},
        order=(By("priority_rank"), By("created_at")),
        limit=_SHOWN + 1,
    )
    found = await look.act.store.get_many(Message, [one.message_id for one in page.records])
    messages = [found[one.message_id] for one in page.records if one.message_id in found]
    return [
        BriefMessage(one.id, one.sender, one.priority, one.category, _clip(one.text, 280), one.created_at)
        for one in messages
    ]


async def _locks(look: Look) -> Sequence[BriefLock]:
    """Return others' locks: those near the work first, then the newest."""
    in_project = {"project": look.session.project}
    near = {part for path in look.paths for part in _with_parents(path)}
    newest, around = await asyncio.gather(
        look.act.store.find(Lock, in_project, order=(By("created_at", "desc"),), limit=20),
        look.act.store.find(Lock, {**in_project, "path": In(tuple(sorted(near))[:200])}, limit=20),
    )
    locks = {lock.id: lock for lock in (*around.records, *newest.records)}
    held = await look.act.store.get_many(Session, list({lock.session_id for lock in locks.values()}))
    ranked = sorted(
        locks.values(), key=lambda lock: not any(overlaps(lock.path, path) for path in look.paths)
    )
    return [
        BriefLock(
            lock.path,
            lock.agent,
            _clip(lock.reason, 120),
            lock.created_at,
            is_stale(held.get(lock.session_id), look.now, look.act.rules),
        )
        for lock in ranked
        if lock.session_id != look.session.id
    ]


def _with_parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return [path, *("/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))]


async def _handoff(look: Look) -> Sequence[BriefHandoff]:
    last = look.last
    if last is None:
        return ()
    ended_at = last.ended_at or last.active_at
    files, room = [], 240
    for path in last.files_modified:
        room -= len(path) + 3
        if room >= 0:
            files.append(path)
    return (
        BriefHandoff(
            last.id, ended_at, _clip(last.summary, 240), _clip(last.handoff, _LONGEST_NOTES), tuple(files)
        ),
    )


_LONGEST_NOTES = 2_500


def _shorter(handoff: BriefHandoff, room: int) -> BriefHandoff:
    excess = _cost(handoff) - room
    if excess <= 0:
        return handoff
    size = len(json.dumps(handoff.notes, ensure_ascii=False)) - 2 - excess
    return replace(handoff, notes=_clip(handoff.notes, max(size, 1)))


async def _active_agents(look: Look) -> Sequence[BriefAgent]:
    where: Where = {
        "project": look.session.project,
        "status": "active",
        "active_at": Span(after=look.now - CURRENT_FOR),
    }
    page = await look.act.store.find(Session, where, order=(By("active_at", "desc"),), limit=_SHOWN + 2)
    return [
        BriefAgent(
            other.agent, _clip(other.task, 80), int((look.now - other.active_at).total_seconds() // 60)
        )
        for other in page.records
        if other.id != look.session.id
    ]


async def _overlaps(look: Look) -> Sequence[BriefOverlap]:
    if not look.paths:
        return ()
    page = await look.act.store.find(
        WorkFile, {"project": look.session.project, "path": In(look.paths)}, limit=_SHOWN + 1
    )
    return [BriefOverlap(one.path, one.agent) for one in page.records if one.session_id != look.session.id]


async def _ready_backlog(look: Look) -> Sequence[BriefItem]:
    where: Where = {"project": look.session.project, "status": "open", "assignee": "", "open_blockers": 0}
    page = await look.act.store.find(
        BacklogItem, where, order=(By("priority_rank"), By("created_at")), limit=_SHOWN + 1
    )
    return [BriefItem(item.id, _clip(item.title, 100), item.priority) for item in page.records]


async def _signals(look: Look) -> Sequence[BriefSignal]:
    since = Span(after=look.now - look.act.rules.signal_ttl)
    page = await look.act.store.find(
        Signal,
        {"project": look.session.project, "updated_at": since},
        order=(By("updated_at", "desc"),),
        limit=_SHOWN + 1,
    )
    return [BriefSignal(one.name, _clip(one.details, 120), one.agent) for one in page.records]


async def _guidelines(look: Look) -> Sequence[BriefRule]:
    """Return the server's and the project's guidelines, priority 1 first."""
    pages = await asyncio.gather(
        *(
            look.act.store.find(Guideline, {"project": project}, order=(By("priority"),), limit=_SHOWN + 1)
            for project in ("", look.session.project)
        )
    )
    rules = sorted((rule for page in pages for rule in page.records), key=lambda rule: rule.priority)
    return [BriefRule(one.name, _clip(one.rule, 400), one.created_by, one.project) for one in rules]


SECTIONS = (
    Section("unread_messages", 1_000, "memory_get_messages", _unread),
    Section("locks", 600, "memory_get_locks", _locks),
    Section("handoff", 1_100, "", _handoff, _shorter),
    Section("active_agents", 450, "memory_get_active_work", _active_agents),
    Section("overlaps", 250, "memory_get_active_work", _overlaps),
    Section("ready_backlog", 400, "memory_list_backlog", _ready_backlog),
    Section("signals", 200, "memory_get_active_work", _signals),
    Section("guidelines", 900, "memory_guidelines list", _guidelines),
)
"""The brief's sections by importance; a new kind of knowledge adds its line and its field of `Brief`."""

if sum(section.share for section in SECTIONS) > BUDGET:
    raise ValueError("the shares of the brief exceed its budget")
if {section.name for section in SECTIONS} | {"omitted"} != {field.name for field in fields(Brief)}:
    raise TypeError("each field of the brief needs its section")
