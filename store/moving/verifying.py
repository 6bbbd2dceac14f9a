"""What must hold between the records and logs of a store, whoever wrote them, and where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from store.moving.portable import kinds
from store.moving.snapshot import UNREADABLE, Snapshot
from store.moving.verified_links import Links
from store.port import Head
from store.records import Event, Record

MOST_FINDINGS = 20
"""Of one sort that are told; all are counted."""

Advance = Callable[[int, int], None]


@dataclass(slots=True)
class Report:
    """What a store holds, by kind and project, and what is wrong with it."""

    records: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        return self.records.total() + self.events.total()

    def add(self, sort: str, finding: str) -> None:
        """Note a finding; of each sort only the first are kept."""
        self.found[sort] += 1
        if self.found[sort] <= MOST_FINDINGS:
            self.findings.append(f"{sort}: {finding}")

    def lines(self) -> Iterator[str]:
        """Yield the findings, and how many more there are of a sort."""
        yield from self.findings
        for sort, number in self.found.items():
            if number > MOST_FINDINGS:
                yield f"{sort}: {number - MOST_FINDINGS:,} more"


async def verify(snapshot: Snapshot, *, project: str | None, advance: Advance) -> Report:
    """Read all of a snapshot, or of one project, and return what it holds and what is wrong."""
    report = Report()
    for line in await snapshot.damages():
        report.add("storage", line)
    logs = await snapshot.logs()
    total = sum([await snapshot.count(kind, project) for _, kind in kinds()])
    total += sum(head.last - head.first + 1 for name, head in logs.items() if project in (None, name))
    links = Links(snapshot)
    for name, kind in kinds():
        refuse = partial(_unreadable, report, name, "a record")
        try:
            async for page in snapshot.pages(kind, project, refuse):
                await _page(page, name, links, report)
                advance(report.seen, total)
            await _words(snapshot, name, kind, report)
        except UNREADABLE as exc:
            refuse(str(exc))
    for finding in links.remaining():
        report.add("counters", finding)
    for name in sorted({*logs, *await snapshot.logged()}):
        if project in (None, name):
            async for finding in _log(snapshot, name, logs.get(name), report):
                report.add("feed", finding)
            advance(report.seen, total)
    return report


def _unreadable(report: Report, sort: str, what: str, said: str) -> None:
    report.add(sort, f"{what} cannot be read: {said}")


async def _page(page: list[Record], name: str, links: Links, report: Report) -> None:
    for record in page:
        report.records[name, record.project] += 1
        if record.version < 1:
            report.add(name, f"{record.id} has version {record.version}")
    async for finding in links.check(page):
        report.add(name, finding)


async def _words(snapshot: Snapshot, name: str, kind: type[Record], report: Report) -> None:
    async for wrong in snapshot.misworded(kind):
        for one in wrong:
            report.add(f"{name} words", f"{one} is searched by other words than its own")


async def _log(snapshot: Snapshot, project: str, head: Head | None, report: Report) -> AsyncIterator[str]:
    """Yield where the numbers of a log are not those that its counter says, each once."""
    if head is None:
        yield f"{project!r} has events and no counter"
        return
    due = head.first
    async for events in snapshot.events(project, partial(_unreadable, report, "feed", "an event")):
        for event in events:
            report.events[project] += 1
            if event.sequence != due:
                yield _gap(event, due)
            due = event.sequence + 1
    if due != head.last + 1:
        yield f"the log of {project!r} ends with {due - 1}, its counter says {head.last}"


def _gap(event: Event, due: int) -> str:
    where = f"in {event.project!r}"
    if event.sequence < due:
        return f"event {event.sequence} {where} comes before {due}, the next one due"
    return f"events {due} to {event.sequence - 1} {where} are missing"
