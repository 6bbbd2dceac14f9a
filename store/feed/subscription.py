"""How one subscriber walks through the logs it follows: a position a project, and one flag to sleep on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from store.cursor import Cursor
from store.errors import Unavailable
from store.feed.channel import Channel
from store.feed.log import PAGE, Log
from store.port import Head
from store.records import Event


@dataclass(frozen=True, slots=True)
class Item:
    """An event with the cursor that follows it.

    With `expired`, `event` is None: of these projects the log no longer holds what followed the
    subscriber's position. Refetch them; the events still kept follow.
    """

    event: Event | None
    cursor: Cursor
    expired: tuple[str, ...] = ()


class Subscription:
    """A subscriber's place. It holds no event: what it has not read is in the rings or in the log."""

    __slots__ = (
        "_accept",
        "_flag",
        "_is_live",
        "_live_from",
        "_live_seen",
        "_log",
        "_ready",
        "channels",
        "closed",
        "late",
        "positions",
    )

    def __init__(
        self,
        log: Log,
        closed: asyncio.Event,
        *,
        accept: Callable[[Event], bool] | None,
        is_live: bool,
        live_from: int,
        is_for_all: bool,
    ) -> None:
        self.closed = closed
        self.channels: dict[str, Channel] = {}
        self.positions: dict[str, int] = {}
        self.late: dict[str, int] | None = {} if is_for_all else None
        self._log = log
        self._accept = accept
        self._is_live = is_live
        self._live_from = live_from
        self._live_seen: dict[str, int] = {}
        self._ready: dict[Channel, None] = {}
        self._flag = asyncio.Event()

    @property
    def cursor(self) -> Cursor:
        """Where to go on from."""
        return Cursor(self.positions)

    def place(self, channel: Channel, position: int, head: Head) -> bool:
        """Start in `channel` after `position`; return False if the log no longer reaches back to it."""
        is_kept = head.first - 1 <= position <= head.last
        self.positions[channel.project] = position if is_kept else head.first - 1
        self.poke(channel)
        return is_kept

    def poke(self, channel: Channel) -> None:
        self._ready[channel] = None
        self._flag.set()

    def wake(self) -> None:
        """Let the reader look whether the feed is closed."""
        self._flag.set()

    async def next(self) -> Item | None:
        """Return the next accepted event, or None once the feed is closed."""
        steps = 0
        while not self.closed.is_set():
            if not self._ready:
                self._flag.clear()
                await self._flag.wait()
                continue
            channel = next(iter(self._ready))
            del self._ready[channel]
            try:
                item = await self._step(channel)
            except Unavailable:
                if self.closed.is_set():
                    return None
                raise
            if item is not None:
                return item
            steps += 1
            if steps % PAGE == 0:
                await asyncio.sleep(0)
        return None

    async def _step(self, channel: Channel) -> Item | None:
        """Advance in one channel by one event, and queue it behind the others if it may have more."""
        found = await self._logged(channel)
        if found is None:
            found = self._live(channel)
        if found is None:
            # No await since the look that found nothing: a wake-up from here on is not lost.
            channel.idle.add(self)
            return None
        self._ready[channel] = None
        if isinstance(found, Item):
            return found
        if self._accept is not None and not self._accept(found):
            return None
        return Item(found, self.cursor)

    async def _logged(self, channel: Channel) -> Event | Item | None:
        project = channel.project
        while self.positions[project] < (channel.last or 0):
            position = self.positions[project]
            event = channel.at(position + 1) or await self._log.first_from(project, position + 1)
            if event is None or event.sequence != position + 1:
                head = await self._log.head(project)
                if head.first - 1 <= position:
                    return None
                self.positions[project] = head.first - 1
                return Item(None, self.cursor, (project,))
            self.positions[project] = event.sequence
            return event
        return None

    def _live(self, channel: Channel) -> Event | None:
        if self._is_live and channel.live:
            seen = self._live_seen.get(channel.project, self._live_from)
            for serial, event in channel.live:
                if serial > seen:
                    self._live_seen[channel.project] = serial
                    return event
        return None
