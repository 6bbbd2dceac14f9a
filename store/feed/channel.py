"""What a process holds of one followed project: a bounded ring of its latest events, and who sleeps on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from store.records import Event

LIVE_KEPT = 64
_AHEAD_KEPT = 64


class Follower(Protocol):
    """A subscriber as its channels see it."""

    def poke(self, channel: Channel) -> None:
        """Be told that the channel has something new; must not block or raise."""


def weigh(event: Event) -> int:
    """Return roughly how many bytes of memory an event takes."""
    return 600 + len(event.subject) + _weigh(event.data)


def _weigh(value: Any) -> int:
    if isinstance(value, str):
        return 50 + len(value)
    if isinstance(value, Mapping):
        return 64 + sum(_weigh(key) + _weigh(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return 64 + sum(map(_weigh, value))
    return 32


class Channel:
    """One project's latest events, with no gap, at most `ring_size` of them and `ring_bytes` bytes.

    `last` is the newest sequence number that readers may go up to (None until something is known),
    `known` the newest that is said to exist. Between the two lies what must be read from the log.
    """

    __slots__ = (
        "_ahead",
        "_bytes",
        "_is_wake_due",
        "_ring",
        "_ring_bytes",
        "_ring_size",
        "_weights",
        "catch_up",
        "followers",
        "idle",
        "known",
        "last",
        "live",
        "project",
    )

    def __init__(self, project: str, ring_size: int, ring_bytes: int) -> None:
        self.project = project
        self.last: int | None = None
        self.known = 0
        self.live: deque[tuple[int, Event]] = deque(maxlen=LIVE_KEPT)
        self.followers: set[Follower] = set()
        self.idle: set[Follower] = set()
        self.catch_up: asyncio.Task[None] | None = None
        self._ring: deque[Event] = deque()
        self._weights: deque[int] = deque()
        self._bytes = 0
        self._ring_size = ring_size
        self._ring_bytes = ring_bytes
        self._ahead: dict[int, Event] = {}
        self._is_wake_due = False

    @property
    def is_behind(self) -> bool:
        """Whether events are said to exist that must come from the log."""
        return self.last is not None and self.known > self.last

    @property
    def held(self) -> tuple[int, int]:
        """How many events the ring holds, and how many bytes they take."""
        return len(self._ring), self._bytes

    def at(self, sequence: int) -> Event | None:
        """Return the event with this number if the ring holds it."""
        if not self._ring:
            return None
        offset = sequence - self._ring[0].sequence
        return self._ring[offset] if 0 <= offset < len(self._ring) else None

    def add(self, event: Event) -> bool:
        """Take an event of the log, in whatever order they come; return whether `last` moved."""
        if self.last is not None and event.sequence <= self.last:
            return False
        self.known = max(self.known, event.sequence)
        if self.last is not None and event.sequence != self.last + 1:
            if len(self._ahead) < _AHEAD_KEPT:
                self._ahead[event.sequence] = event
            return False
        following: Event | None = event
        while following is not None:
            self._append(following)
            following = self._ahead.pop(following.sequence + 1, None)
        return True

    def fill(self, page: Iterable[Event]) -> None:
        """Take a run of the log that was read after `last`."""
        for event in page:
            if self.last is not None and event.sequence > self.last + 1:
                # Retention has eaten what lay between: readers find that out in the log.
                self._jump(event.sequence - 1)
            self.add(event)

    def add_live(self, serial: int, event: Event) -> None:
        """Take an event that is not logged; readers that lag lose the oldest."""
        self.live.append((serial, event))

    def hear(self, sequence: int) -> None:
        """Be told that the log reaches `sequence`."""
        self.known = max(self.known, sequence)

    def learn(self, last: int) -> None:
        """Be told the end of the log by the log itself."""
        if self.last is None:
            self._jump(last)
        self.hear(last)

    def skip_what_cannot_fit(self, end: int) -> None:
        """Give up on events that a catch-up to `end`, read from the log, would push out again."""
        if self.last is not None and end - self.last > self._ring_size:
            self._jump(end - self._ring_size)

    def wake_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the idle followers in the loop's next turn, once however often this is called."""
        if self.idle and not self._is_wake_due:
            self._is_wake_due = True
            loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._is_wake_due = False
        idle, self.idle = self.idle, set()
        for follower in idle:
            follower.poke(self)

    def _append(self, event: Event) -> None:
        weight = weigh(event)
        self._ring.append(event)
        self._weights.append(weight)
        self._bytes += weight
        self.last = event.sequence
        while self._ring and (len(self._ring) > self._ring_size or self._bytes > self._ring_bytes):
            self._ring.popleft()
            self._bytes -= self._weights.popleft()

    def _jump(self, last: int) -> None:
        self._ring.clear()
        self._weights.clear()
        self._bytes = 0
        self.last = last
        self._ahead = {number: event for number, event in self._ahead.items() if number > last}
