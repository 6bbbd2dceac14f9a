"""What a run leaves behind to be judged: every call as its caller saw it, every event that was received, the end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from store.port import Store
from store.records import BacklogItem, Delivery, Document, Event, Lock, Message, Record, SpecVersion


class Outcome(StrEnum):
    """What a caller knows of its call."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Call:
    """One call: by whom, what, and when, on this process's steady clock. Of one unanswered nobody knows the end."""

    who: str
    what: str
    given: Mapping[str, Any]
    began: float
    ended: float = math.inf
    outcome: Outcome = Outcome.UNKNOWN
    result: Mapping[str, Any] = field(default_factory=dict)

    def answered(self, outcome: Outcome, result: Mapping[str, Any]) -> None:
        """Note how it ended; an unknown end has no time."""
        if outcome is not Outcome.UNKNOWN:
            self.ended = time.monotonic()
        self.outcome, self.result = outcome, result

    @property
    def is_acknowledged(self) -> bool:
        return self.outcome is Outcome.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a subscriber got it."""

    sequence: int
    kind: str
    at: datetime


@dataclass(slots=True)
class History:
    """A run: its calls in the order in which they began, and what each subscriber got."""

    calls: list[Call] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)

    def begin(self, who: str, what: str, given: Mapping[str, Any]) -> Call:
        """Note that a call is made now."""
        call = Call(who, what, given, time.monotonic())
        self.calls.append(call)
        return call

    def of(self, what: str) -> list[Call]:
        """Return the calls of one sort."""
        return [call for call in self.calls if call.what == what]


@dataclass(frozen=True, slots=True)
class End:
    """What the store holds of a project when a run is over."""

    log: tuple[Event, ...] = ()
    locks: tuple[Lock, ...] = ()
    items: tuple[BacklogItem, ...] = ()
    versions: tuple[SpecVersion, ...] = ()
    messages: tuple[Message, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    documents: tuple[Document, ...] = ()


async def end_of(store: Store, project: str) -> End:
    """Read all that a run left behind."""
    log: list[Event] = []
    while page := await store.events_after(project, len(log)):
        log += page
    return End(
        log=tuple(log),
        locks=await _all(store, Lock, project),
        items=await _all(store, BacklogItem, project),
        versions=await _all(store, SpecVersion, project),
        messages=await _all(store, Message, project),
        deliveries=await _all(store, Delivery, project),
        documents=await _all(store, Document, project),
    )


async def _all(store: Store, kind: type[Any], project: str) -> tuple[Any, ...]:
    found: list[Record] = []
    after = None
    while True:
        page = await store.find(kind, {"project": project}, limit=1000, after=after)
        found += page.records
        after = page.after
        if after is None:
            return tuple(found)
