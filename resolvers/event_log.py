"""How past events are read: the newest first, from the logs of several projects at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from store.cursor import Cursor
from store.port import Head
from store.records import Event

MOST_READ = 2_000
_BATCH = 200
_LEAST_BATCH = 10


@dataclass(frozen=True, slots=True)
class EventPage:
    """A run of events, the newest first. `following` is the cursor of what is older, None at the end.

    `cursor` is where the logs ended when they were read.
    """

    events: tuple[Event, ...]
    following: str | None
    cursor: str


@dataclass(slots=True)
class _Tail:
    """One log, read backwards: what is above `low` was read, what of it is not yet shown is in `buffer`."""

    project: str
    first: int
    low: int
    buffer: deque[Event] = field(default_factory=deque)

    @property
    def is_open(self) -> bool:
        return bool(self.buffer) or self.low >= self.first

    @property
    def position(self) -> int:
        return self.buffer[0].sequence if self.buffer else self.low


async def event_log(
    act: Act,
    *,
    projects: Sequence[str],
    kinds: frozenset[str] | None = None,
    before: str | None = None,
    first: int = 50,
) -> EventPage:
    """Return the newest events of these projects that the caller may see, or what is older than a page.

    `kinds` are whole kinds or areas. At most some 2,000 events are looked at, so that a page may be
    short, or empty, though older ones follow.

    Raises:
        BadInput: `first` is out of bounds, or `before` is not a cursor.
    """
    size = page_size("first", first)
    names = tuple(name for name in projects if name or act.caller.role.includes(Role.ADMIN))
    heads = await act.store.heads(names)
    tails = [_tail(name, heads[name], _positions(before)) for name in names]
    batch = max(_BATCH // max(len(tails), 1), _LEAST_BATCH)
    shown: list[Event] = []
    read = 0
    while len(shown) < size:
        empty = [tail for tail in tails if not tail.buffer and tail.low >= tail.first]
        if empty:
            if read >= MOST_READ:
                break
            read += sum(await asyncio.gather(*(_fill(act, tail, kinds, batch) for tail in empty)))
            continue
        full = [tail for tail in tails if tail.buffer]
        if not full:
            break
        latest = max(full, key=lambda tail: (tail.buffer[0].at, tail.project))
        shown.append(latest.buffer.popleft())
    older = {tail.project: max(tail.position, 0) for tail in tails}
    following = Cursor(older).encode() if any(tail.is_open for tail in tails) else None
    now = Cursor({name: head.last for name, head in heads.items()}).encode()
    return EventPage(tuple(shown), following, now)


def _tail(project: str, head: Head, positions: Mapping[str, int] | None) -> _Tail:
    last = head.last if positions is None else min(positions.get(project, 0), head.last)
    return _Tail(project, max(head.first, 1), last)


def _positions(before: str | None) -> Mapping[str, int] | None:
    if before is None:
        return None
    try:
        return Cursor.decode(before).positions
    except ValueError as error:
        raise BadInput("before", "is not a cursor of this list", hint="Start again without it.") from error


async def _fill(act: Act, tail: _Tail, kinds: frozenset[str] | None, batch: int) -> int:
    """Read the next older events of a log; return how many were looked at."""
    start = max(tail.low - batch, tail.first - 1)
    count = tail.low - start
    for event in reversed(await act.store.events_after(tail.project, start, count)):
        is_chosen = kinds is None or event.kind in kinds or event.kind.partition(".")[0] in kinds
        if event.sequence <= tail.low and is_chosen:
            tail.buffer.append(event)
    tail.low = start
    return count
