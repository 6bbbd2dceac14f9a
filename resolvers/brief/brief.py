"""What an agent is told when it starts: what matters first, within a budget of characters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act
from resolvers.brief.parts import Brief
from resolvers.brief.sections import BUDGET, SECTIONS, Look, Section, cost_of
from resolvers.errors import BadInput
from resolvers.knowledge.fields import DocumentStatus, DocumentType, is_current
from resolvers.paths import canonical_path
from resolvers.specs.specs import INTERFACE
from store.port import By, Find, GetMany, In, Not, Span, Where
from store.records import (
    SHARED,
    BacklogItem,
    Delivery,
    Document,
    Guideline,
    Lock,
    Message,
    Session,
    Signal,
    Spec,
    WorkFile,
)
from store.words import STOP_WORDS, asked_words

CURRENT_FOR = timedelta(hours=24)
CHANGED_FOR = timedelta(days=7)
LEARNT = tuple(
    kind.value
    for kind in (DocumentType.LEARNING, DocumentType.GOTCHA, DocumentType.PATTERN, DocumentType.SOLUTION)
)
LEARNINGS = 5
_WORDS = 12
_SHOWN = 8
_MENTION = re.compile(r"[\w./\\-]+")


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
    first = act.store.read(
        Find(Session, ended, (By("created_at", "desc"),), 1),
        Find(Delivery, unread, by_urgency, _SHOWN + 1),
        Find(Lock, here, (By("created_at", "desc"),), 20),
        Find(Session, active, (By("active_at", "desc"),), _SHOWN + 2),
        Find(BacklogItem, ready, by_urgency, _SHOWN + 1),
        Find(Signal, sent, (By("updated_at", "desc"),), _SHOWN + 1),
        Find(Guideline, {"project": ""}, (By("priority"),), _SHOWN + 1),
        Find(Guideline, here, (By("priority"),), _SHOWN + 1),
        *_changed_interfaces(session, now),
    )
    found, matching = await asyncio.gather(first, _matching(act, session, now))
    past, deliveries, newest, others, items, signals, everywhere, rules, specs, documents = found
    last = past.records[0] if past.records else None
    paths = _paths(session, last)
    near = {part for path in paths for part in _with_parents(path)}
    messages, around, touched, holders, *latest = await act.store.read(
        GetMany(Message, tuple(one.message_id for one in deliveries.records)),
        Find(Lock, {**here, "path": In(tuple(sorted(near))[:200])}, limit=20),
        Find(WorkFile, {**here, "path": In(paths)}, limit=_SHOWN + 1),
        GetMany(Session, tuple({lock.session_id for lock in newest.records})),
        *(() if matching else _latest(session)),
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
        learnings=matching or _newest((page.records for page in latest), now),
        specs=specs.records,
        interfaces=documents.records,
    )


def _known_to(session: Session) -> In:
    return In(tuple(dict.fromkeys((session.project, SHARED))))


def _changed_interfaces(session: Session, now: datetime) -> tuple[Find, Find]:
    """Return what finds the interfaces, specs and documents, that others changed within a week."""
    changed: Where = {
        "project": _known_to(session),
        "updated_at": Span(after=now - CHANGED_FOR),
        "author": Not(session.agent),
    }
    document: Where = {**changed, "type": DocumentType.INTERFACE.value, "status": DocumentStatus.ACTIVE.value}
    lately = (By("updated_at", "desc"),)
    return (
        Find(Spec, {**changed, "spec_type": INTERFACE}, lately, _SHOWN + 1),
        Find(Document, document, lately, _SHOWN + 1),
    )


async def _matching(act: Act, session: Session, now: datetime) -> tuple[Document, ...]:
    """Return the learnings whose words match the task best: of its telling words the first 12 are asked for."""
    words = [word for word in asked_words(session.task) if word not in STOP_WORDS][:_WORDS]
    if not words:
        return ()
    where: Where = {
        "project": _known_to(session),
        "status": DocumentStatus.ACTIVE.value,
        "type": In(LEARNT),
        "expires_at": Span(after=now),
    }
    hits = await act.store.search(Document, " ".join(words), where, limit=LEARNINGS)
    return tuple(hit.record for hit in hits)


def _latest(session: Session) -> list[Find]:
    """Return what finds the newest learnings: one look-up a type, for no index has several in order.

    Asked for what has not expired, SQLite would go by that and sort all there is: some more are read.
    """
    return [
        Find(
            Document,
            {"project": project, "status": DocumentStatus.ACTIVE.value, "type": kind},
            (By("created_at", "desc"),),
            2 * LEARNINGS,
        )
        for project in _known_to(session).values
        for kind in LEARNT
    ]


def _newest(found: Iterable[Sequence[Document]], now: datetime) -> tuple[Document, ...]:
    every = [one for some in found for one in some if is_current(one, now)]
    return tuple(sorted(every, key=lambda one: one.created_at, reverse=True)[:LEARNINGS])


def _fitted(built: Sequence[Sequence[Any]]) -> Brief:
    """Cut the sections to the budget, the first first; each leaves the later ones their shares."""
    costs = [[cost_of(entry) for entry in entries] for entries in built]
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
            cost = cost_of(fitting)
        if used + cost <= room and len(taken) < _SHOWN:
            taken.append(fitting)
            used += cost
    return tuple(taken), used


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


def _with_parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return [path, *("/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))]
