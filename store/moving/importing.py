"""What becomes of an export in a store that may hold some of it already, or other data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from store.codec import codec_of
from store.errors import Conflict, StoreError
from store.moving.portable import EVENT, LOG, Begun, Entry, kinds
from store.moving.portable_file import PortableFile
from store.moving.snapshot import PAGE, MovableStore, Restoration
from store.records import Event, Record

_ATTEMPTS = 5
_OF_SERVERS = frozenset({"lease", "index_state"})
"""Kinds that tell what server processes do, not what a team has stored: what is there of them is in nobody's way."""
_EXAMPLES = 5
_MOST_BYTES = 1_000_000

T = TypeVar("T")
Advance = Callable[[int, int], None]
Batch = tuple[str, list[Entry]]


class TargetInUse(StoreError):
    """The target holds what the export does not; nothing was written."""


@dataclass(slots=True)
class Found:
    """How an export compares with a store: numbers of records by kind, and what stands in its way."""

    missing: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    older: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    foreign_logs: set[str] = field(default_factory=set)

    @property
    def is_clear(self) -> bool:
        """Whether the store holds nothing but parts of the export, as they are there."""
        return not (self.kept or self.others or self.foreign_logs)

    def obstacles(self) -> str:
        """Return what stands in the way, in a line."""
        parts = [f"{number:,} other {name} records" for name, number in sorted(self.others.items())]
        parts += [f"{number:,} {name} records changed since" for name, number in sorted(self.kept.items())]
        if self.foreign_logs:
            parts.append(f"events of its own in {', '.join(repr(p) for p in sorted(self.foreign_logs)[:5])}")
        more = f" (such as {', '.join(self.examples)})" if self.examples else ""
        return "; ".join(parts[:6]) + more


async def compare(store: MovableStore, file: PortableFile, total: int, advance: Advance) -> Found:
    """Return how the export compares with the store. Nothing is written."""
    found = Found()
    matched: Counter[str] = Counter()
    logs: set[str] = set()
    done = 0
    for name, batch in _batches(file.entries()):
        if name == LOG:
            for begun in _of(Begun, batch):
                logs.add(begun.project)
                if not await _can_follow(store, begun):
                    found.foreign_logs.add(begun.project)
        elif name == EVENT:
            events = _of(Event, batch)
            if not await _is_part(store, events):
                found.foreign_logs.add(events[0].project)
        else:
            matched[name] += await _compared(store, name, _of(Record, batch), found)
        done += len(batch)
        advance(done, total)
    for name, kind in kinds():
        others = await store.count(kind, {}) - matched[name]
        if others and name not in _OF_SERVERS:
            found.others[name] = others
    found.foreign_logs |= {one for one in await _begun(store) if one not in logs}
    return found


async def apply(
    store: MovableStore, file: PortableFile, found: Found, total: int, advance: Advance
) -> Counter[str]:
    """Write what is missing or older, a few hundred records at a time; return how many of each kind.

    Records whose version in the store is the same or greater are kept as they are there, and logs that
    are not the beginning of the export's stay. What was written before a failure stays, and is found
    there when it is done again.

    Raises:
        Conflict: others keep changing the same records.
        Duplicate: a record there has the same unique key.
    """
    written: Counter[str] = Counter()
    done = 0
    for name, batch in _batches(file.entries()):
        if name == LOG:
            for begun in _of(Begun, batch):
                if begun.project not in found.foreign_logs:
                    written[LOG] += await _begin(store, begun)
        elif name == EVENT:
            events = [event for event in _of(Event, batch) if event.project not in found.foreign_logs]
            written[EVENT] += await _append(store, events)
        else:
            written[name] += await _put(store, _of(Record, batch))
        done += len(batch)
        advance(done, total)
    return +written


def _batches(entries: Iterable[Entry]) -> Iterator[Batch]:
    """Yield entries in runs of one kind (events: of one project) of at most 200 and about 1 MB."""
    batch: list[Entry] = []
    key: tuple[str, str] = ("", "")
    size = 0
    for entry in entries:
        name = _name(entry)
        this = (name, entry.project if isinstance(entry, Event) else "")
        if batch and (this != key or len(batch) == PAGE or size > _MOST_BYTES):
            yield key[0], batch
            batch, size = [], 0
        key = this
        batch.append(entry)
        size += _size(entry)
    if batch:
        yield key[0], batch


def _name(entry: Entry) -> str:
    return LOG if isinstance(entry, Begun) else codec_of(type(entry)).name


def _size(entry: Entry) -> int:
    texts = (getattr(entry, name, "") for name in ("text", "content", "code", "description", "rule"))
    return 500 + sum(len(text) for text in texts if isinstance(text, str))


def _of(kind: type[T], batch: list[Entry]) -> list[T]:
    return [entry for entry in batch if isinstance(entry, kind)]


async def _compared(store: MovableStore, name: str, records: list[Record], found: Found) -> int:
    there = await store.get_many(type(records[0]), [record.id for record in records])
    for record in records:
        other = there.get(record.id)
        if other is None:
            found.missing[name] += 1
        elif other == record or name in _OF_SERVERS:
            found.same[name] += 1
        elif _is_later(record, other):
            found.older[name] += 1
        else:
            found.kept[name] += 1
            if len(found.examples) < _EXAMPLES:
                found.examples.append(f"{name} {record.id}")
    return len(there)


async def _put(store: MovableStore, records: list[Record]) -> int:
    for attempt in range(_ATTEMPTS):
        there = await store.get_many(type(records[0]), [record.id for record in records])
        wanted = tuple(
            (record, there[record.id].version if record.id in there else 0)
            for record in records
            if record.id not in there or _is_later(record, there[record.id])
        )
        if not wanted:
            return 0
        try:
            await store.restore(Restoration(records=wanted))
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return len(wanted)
    return 0


def _is_later(record: Record, other: Record) -> bool:
    """Tell whether `record` is what `other` became; one deleted and made anew under its id is another."""
    return record.version > other.version and record.created_at == other.created_at


async def _begun(store: MovableStore) -> list[str]:
    """Return the projects whose logs have begun; the server's own is ""."""
    names = [""]
    while page := await store.logged_projects(after=names[-1], limit=500):
        names += page
    begun = []
    for start in range(0, len(names), 500):
        heads = await store.heads(names[start : start + 500])
        begun += [name for name, head in heads.items() if head.last]
    return begun


async def _can_follow(store: MovableStore, begun: Begun) -> bool:
    """Tell whether the log there is empty, or ends within the export's."""
    there = (await store.heads([begun.project]))[begun.project]
    return there.last == 0 or begun.head.first - 1 <= there.last <= begun.head.last


async def _is_part(store: MovableStore, events: list[Event]) -> bool:
    """Tell whether the events that are there under these numbers are these."""
    first, last = events[0].sequence, events[-1].sequence
    found = await store.events_after(events[0].project, first - 1, len(events))
    there = {one.sequence: one for one in found if one.sequence <= last}
    return all(event == there.get(event.sequence, event) for event in events)


async def _begin(store: MovableStore, begun: Begun) -> int:
    there = (await store.heads([begun.project]))[begun.project]
    if there.last or begun.head.last == 0:
        return 0
    await store.restore(Restoration(logs={begun.project: begun.head.first}))
    return 1


async def _append(store: MovableStore, events: list[Event]) -> int:
    if not events:
        return 0
    project = events[0].project
    last = (await store.heads([project]))[project].last
    rest = tuple(event for event in events if event.sequence > last)
    if rest:
        await store.restore(Restoration(events=rest))
    return len(rest)
