"""What is counted of all that happens, by the hour: in memory, until it is written beside the requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from store.record import Event

MOST = 20_000
BATCH = 100


class Topic(StrEnum):
    """What is counted; each by names of its own."""

    EVENTS = "events"
    MESSAGES = "messages"
    PRIORITIES = "priorities"
    LOCKS = "locks"


REFUSAL, WAIT, TAKEOVER = "refusal", "wait", "takeover"
"""What befalls a path that is fought over: the names of the topic locks are `refusal:path` and so on."""

Hour = tuple[str, Topic, datetime]


class Tallies:
    """What this process counted since the last flush, at most 20,000 names; nobody waits for it.

    A process that is killed loses the counts of a few seconds.
    """

    def __init__(self) -> None:
        self._counts: dict[Hour, dict[str, int]] = {}
        self._names = 0

    def add(self, events: Iterable[Event]) -> None:
        """Count events that were committed."""
        for event in events:
            self.count(event.project, Topic.EVENTS, event.kind, event.at)
            data = event.data
            if event.kind == "message.sent":
                self.count(event.project, Topic.MESSAGES, str(data.get("category")), event.at)
                self.count(event.project, Topic.PRIORITIES, str(data.get("priority")), event.at)
            elif event.kind == "lock.waiting":
                for one in data.get("in_the_way", ()):
                    self.count(event.project, Topic.LOCKS, f"{WAIT}:{one['path']}", event.at)
            elif event.kind == "lock.taken_over":
                for one in data.get("displaced", ()):
                    self.count(event.project, Topic.LOCKS, f"{TAKEOVER}:{one['path']}", event.at)

    def refused(self, project: str, paths: Iterable[str], at: datetime) -> None:
        """Count a request for locks that was refused, for each path that stood in its way."""
        for path in set(paths):
            self.count(project, Topic.LOCKS, f"{REFUSAL}:{path}", at)

    def count(self, project: str, topic: Topic, name: str, at: datetime, by: int = 1) -> None:
        """Count `name` in the hour of `at`."""
        counts = self._counts.setdefault((project, topic, at.replace(minute=0, second=0, microsecond=0)), {})
        if name not in counts:
            if self._names >= MOST:
                return
            self._names += 1
        counts[name] = counts.get(name, 0) + by

    def taken(self) -> dict[Hour, dict[str, int]]:
        """Take the counts of up to 100 hours and topics out."""
        taken = {hour: self._counts.pop(hour) for hour in list(self._counts)[:BATCH]}
        self._names -= sum(map(len, taken.values()))
        return taken

    def put_back(self, taken: dict[Hour, dict[str, int]]) -> None:
        """Count again what could not be written."""
        for (project, topic, hour), counts in taken.items():
            for name, count in counts.items():
                self.count(project, topic, name, hour, count)
