"""The sections of a brief: what each shows of what was read, and how much room it is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from resolvers.brief.parts import (
    Brief,
    BriefAgent,
    BriefChange,
    BriefHandoff,
    BriefItem,
    BriefLearning,
    BriefLock,
    BriefMessage,
    BriefOverlap,
    BriefRule,
    BriefSignal,
)
from resolvers.locks.grants import is_stale
from resolvers.paths import overlaps
from resolvers.rules import Rules
from store.records import (
    BacklogItem,
    Document,
    Guideline,
    Lock,
    Message,
    Session,
    Signal,
    Spec,
    WorkFile,
)

BUDGET = 4_900
"""Characters of compact JSON for the brief: with what surrounds it, a result stays under 6,000."""


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
    learnings: tuple[Document, ...]
    specs: tuple[Spec, ...]
    interfaces: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A field of the brief, the characters that those before it must leave, and where more is."""

    name: str
    share: int
    more: str
    build: Callable[[Look], Sequence[Any]]
    cut: Callable[[Any, int], Any] | None = None
    """Shortens an entry to a number of characters, where that is better than leaving it out."""


def cost_of(entry: Any) -> int:
    """Return the characters that an entry takes, its separator included."""
    values = ((name, getattr(entry, name)) for name in entry.__dataclass_fields__)
    shown = {name: value for name, value in values if value not in ("", (), None)}
    return len(_compact(shown)) + 1


_compact = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode


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
    excess = cost_of(handoff) - room
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


def _learnings(look: Look) -> Sequence[BriefLearning]:
    return [
        BriefLearning(one.id, _clip(one.title, 120), one.type, (look.now - one.created_at).days)
        for one in look.learnings
    ]


def _interface_changes(look: Look) -> Sequence[BriefChange]:
    """Return the interfaces that others changed lately, specs and documents, the latest first."""
    changed = [
        *(BriefChange(one.name, one.spec_version, one.author, one.updated_at) for one in look.specs),
        *(
            BriefChange(
                _clip(one.interface_name or one.title, 100),
                one.interface_version,
                one.author,
                one.updated_at,
            )
            for one in look.interfaces
        ),
    ]
    return sorted(changed, key=lambda one: one.changed_at, reverse=True)


SECTIONS = (
    Section("unread_messages", 900, "memory_get_messages", _unread),
    Section("locks", 550, "memory_get_locks", _locks),
    Section("handoff", 1_000, "", _handoff, _shorter),
    Section("active_agents", 400, "memory_get_active_work", _active_agents),
    Section("overlaps", 200, "memory_get_active_work", _overlaps),
    Section("ready_backlog", 350, "memory_list_backlog", _ready_backlog),
    Section("signals", 150, "memory_get_active_work", _signals),
    Section("guidelines", 700, "memory_guidelines list", _guidelines),
    Section("learnings", 400, "memory_query", _learnings),
    Section("interface_changes", 250, "memory_list_specs", _interface_changes),
)
"""The brief's sections by importance; a new kind of knowledge adds its line and its field of `Brief`."""

if sum(section.share for section in SECTIONS) > BUDGET:
    raise ValueError("the shares of the brief exceed its budget")
if {section.name for section in SECTIONS} | {"omitted"} != {field.name for field in fields(Brief)}:
    raise TypeError("each field of the brief needs its section")
