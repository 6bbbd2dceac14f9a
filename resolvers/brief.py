"""What an agent is told when it starts: what matters first, within a budget of characters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.lock_grants import is_stale
from resolvers.paths import canonical_path, overlaps
from resolvers.rules import Rules
from store.port import By, Find, GetMany, In, Span, Where
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
    """What the sections are built from: all that was read, each list within its limit."""

    rules: Rules
    session: Session
    now: datetime
    last: Session | None
    paths: tuple[str, ...]
    messages: tuple[Message, ...]
    locks: tuple[Lock, ...]
    holders: Mapping[str, Session]
    others: tuple[Session, ...]
    touched: tuple[WorkFile, ...]
    ready: tuple[BacklogItem, ...]
    signals: tuple[Signal, ...]
    guidelines: tuple[Guideline, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A field of the brief, the characters that those before it must leave, and where more is."""

    name: str
    share: int
    more: str
    build: Callable[[Look], Sequence[Any]]
    cut: Callable[[Any, int], Any] | None = None
    """Shortens an entry to a number of characters, where that is better than leaving it out."""


async def brief_of(act: Act, session: Session) -> Brief:
    """Return the brief of a session: at most 4,900 characters of compact JSON.

    What is read is bounded, each part through an index, so that its cost does not grow with the
    store.
    """
    look = await _look(act, session)
    return _fitted([section.build(look) for section in SECTIONS])


async def _look(act: Act, session: Session) -> Look:
    """Read in two trips: what the session alone tells to ask for, then what that leads to."""
    now = await act.store.now()
    here: Where = {"project": session.project}
    # Whoever ends a session leaves a summary: the latest ended one is the one to take up.
    ended: Where = {**here, "agent": session.agent, "status": "ended"}
    unread: Where = {**here, "recipient": session.agent, "status": "pending"}
    active: Where = {**here, "status": "active", "active_at": Span(after=now - CURRENT_FOR)}
    ready: Where = {**here, "status": "open", "assignee": "", "open_blockers": 0}
    sent: Where = {**here, "updated_at": Span(after=now - act.rules.signal_ttl)}
    by_urgency = (By("priority_rank"), By("created_at"))
    past, deliveries, newest, others, items, signals, everywhere, rules = await act.store.read(
        Find(Session, ended, (By("created_at", "desc"),), 1),
        Find(Delivery, unread, by_urgency, _SHOWN + 1),
        Find(Lock, here, (By("created_at", "desc"),), 20),
        Find(Session, active, (By("active_at", "desc"),), _SHOWN + 2),
        Find(BacklogItem, ready, by_urgency, _SHOWN + 1),
        Find(Signal, sent, (By("updated_at", "desc"),), _SHOWN + 1),
        Find(Guideline, {"project": ""}, (By("priority"),), _SHOWN + 1),
        Find(Guideline, here, (By("priority"),), _SHOWN + 1),
    )
    last = past.records[0] if past.records else None
    paths = _paths(session, last)
    near = {part for path in paths for part in _with_parents(path)}
    messages, around, touched, holders = await act.store.read(
        GetMany(Message, tuple(one.message_id for one in deliveries.records)),
        Find(Lock, {**here, "path": In(tuple(sorted(near))[:200])}, limit=20),
        Find(WorkFile, {**here, "path": In(paths)}, limit=_SHOWN + 1),
        GetMany(Session, tuple({lock.session_id for lock in newest.records})),
    )
    locks = {lock.id: lock for lock in (*around.records, *newest.records)}
    missing = {lock.session_id for lock in locks.values()} - set(holders)
    if missing:
        holders |= await act.store.get_many(Session, tuple(missing))
    return Look(
        rules=act.rules,
        session=session,
        now=now,
        last=last,
        paths=paths,
        messages=tuple(messages[one.message_id] for one in deliveries.records if one.message_id in messages),
        locks=tuple(lock for lock in locks.values() if lock.session_id != session.id),
        holders=holders,
        others=tuple(other for other in others.records if other.id != session.id),
        touched=tuple(one for one in touched.records if one.session_id != session.id),
        ready=items.records,
        signals=signals.records,
        guidelines=tuple(sorted((*everywhere.records, *rules.records), key=lambda rule: rule.priority)),
    )


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
        taken, used = _taken(section, entries, costs[index], left - owed)
        left -= used
        kept[section.name] = taken
        if len(taken) < len(entries) and section.more:
            omitted.append(f"more {section.name.replace('_', ' ')}: {section.more}")
    return Brief(**kept, omitted=tuple(omitted))


def _taken(
    section: Section, entries: Sequence[Any], costs: Sequence[int], room: int
) -> tuple[tuple[Any, ...], int]:
    """Return the entries that fit, at most 8, and what they cost."""
    taken: list[Any] = []
    used = 0
    for entry, whole in zip(entries, costs, strict=True):
        fitting, cost = entry, whole
        if section.cut and whole > room - used:
            fitting = section.cut(entry, room - used)
            cost = _cost(fitting)
        if used + cost <= room and len(taken) < _SHOWN:
            taken.append(fitting)
            used += cost
    return tuple(taken), used


_SHOWN = 8


def _cost(entry: Any) -> int:
    """Return the characters that an entry takes, its separator included."""
    values = ((name, getattr(entry, name)) for name in entry.__dataclass_fields__)
    shown = {name: value for name, value in values if value not in ("", (), None)}
    return len(_compact(shown)) + 1


_compact = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode


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


def _unread(look: Look) -> Sequence[BriefMessage]:
    return [
        BriefMessage(one.id, one.sender, one.priority, one.category, _clip(one.text, 280), one.created_at)
        for one in look.messages
    ]


def _locks(look: Look) -> Sequence[BriefLock]:
    """Return others' locks: those near the work first, then the newest."""
    ranked = sorted(look.locks, key=lambda lock: not any(overlaps(lock.path, path) for path in look.paths))
    return [
        BriefLock(
            lock.path,
            lock.agent,
            _clip(lock.reason, 120),
            lock.created_at,
            is_stale(look.holders.get(lock.session_id), look.now, look.rules),
        )
        for lock in ranked
    ]


def _with_parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return [path, *("/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))]


def _handoff(look: Look) -> Sequence[BriefHandoff]:
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


def _active_agents(look: Look) -> Sequence[BriefAgent]:
    return [
        BriefAgent(
            other.agent, _clip(other.task, 80), int((look.now - other.active_at).total_seconds() // 60)
        )
        for other in look.others
    ]


def _overlaps(look: Look) -> Sequence[BriefOverlap]:
    return [BriefOverlap(one.path, one.agent) for one in look.touched]


def _ready_backlog(look: Look) -> Sequence[BriefItem]:
    return [BriefItem(item.id, _clip(item.title, 100), item.priority) for item in look.ready]


def _signals(look: Look) -> Sequence[BriefSignal]:
    return [BriefSignal(one.name, _clip(one.details, 120), one.agent) for one in look.signals]


def _guidelines(look: Look) -> Sequence[BriefRule]:
    """Return the server's and the project's guidelines, priority 1 first."""
    return [BriefRule(one.name, _clip(one.rule, 400), one.created_by, one.project) for one in look.guidelines]


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
