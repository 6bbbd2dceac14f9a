"""How events reach those who follow them: the log is the truth, everything else is a wake-up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from broadcaster import Broadcast

from store.cursor import Cursor
from store.errors import StoreError
from store.feed.channel import Channel
from store.feed.log import PAGE, Log
from store.feed.relay import CHANNEL, Relay, Wire
from store.feed.subscription import Item, Subscription
from store.port import Head, Store
from store.records import Event

__all__ = ["Cursor", "Feed", "FeedHealth", "Item"]

logger = logging.getLogger(__name__)

RING_BYTES = 4 * 1024 * 1024
_SWEEP_EVERY_POLLS = 15
_PING_EVERY_POLLS = 5
_FLUSH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How the feed does. `restarts` counts connections to the broadcast that were lost."""

    is_degraded: bool
    detail: str
    subscribers: int
    channels: int
    ring_events: int
    ring_bytes: int
    restarts: int
    dropped: int


class Feed:
    """The feed of one process. All calls must be made on the event loop that entered it.

    With `memory://` this process is alone with its store, or reads the followed logs every
    `poll_seconds` if it is not. With any other URL of broadcaster (`redis://`) processes wake each
    other through it; while it is down, logs are polled likewise. Else they are compared with the store every 15 times that, so
    a commit whose announcement was lost comes late, not never.
    """

    def __init__(
        self,
        store: Store,
        url: str = "memory://",
        *,
        ring_size: int = 1024,
        ring_bytes: int = RING_BYTES,
        poll_seconds: float = 1.0,
        namespace: str = "",
        make_wire: Callable[[], Wire] | None = None,
    ) -> None:
        """Prepare the feed. `namespace` keeps servers with other stores on the same broadcast apart.

        Raises:
            ValueError: the URL's scheme is unknown to broadcaster.
            ImportError: the scheme's driver is not installed.
        """
        self._ring = (ring_size, ring_bytes)
        self._poll_seconds = poll_seconds
        self._channels: dict[str, Channel] = {}
        self._subscriptions: set[Subscription] = set()
        self._all: set[Subscription] = set()
        self._listed: set[str] = set()
        self._live_serial = 0
        self._closed = asyncio.Event()
        self._log = Log(store, self._closed)
        self._namespace = namespace
        self._sweep_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._relay = self._make_relay(url, make_wire)
        # Other processes write to this store, and nothing carries their wake-ups.
        self._is_unheard = store.is_shared and self._relay is None

    def _make_relay(self, url: str, make_wire: Callable[[], Wire] | None) -> Relay | None:
        if make_wire is None:
            # Made once here so that a wrong URL or a missing driver stops the start.
            Broadcast(url)
            if url.startswith("memory:"):
                return None
        return Relay(
            make_wire or (lambda: Wire(url)),
            channel=f"{CHANNEL}.{self._namespace}" if self._namespace else CHANNEL,
            on_wake=self._hear,
            on_live=self._deliver,
            on_change=self._sweep_due.set,
            ping_seconds=self._poll_seconds * _PING_EVERY_POLLS,
        )

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._tasks.append(asyncio.create_task(self._sweep_forever()))
        if self._relay is not None:
            self._tasks.append(asyncio.create_task(self._relay.run()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._relay is not None:
            await self._relay.flush(_FLUSH_SECONDS)
        self._closed.set()
        for subscription in self._subscriptions:
            subscription.wake()
        tasks = [*self._tasks, *(channel.catch_up for channel in self._channels.values() if channel.catch_up)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def subscriber_count(self) -> int:
        """How many subscriptions are open."""
        return len(self._subscriptions)

    @property
    def is_degraded(self) -> bool:
        """Whether the log is being polled because the broadcast or the store failed."""
        return bool(self._log.failure) or (self._relay is not None and not self._relay.is_up)

    @property
    def close_reason(self) -> str:
        """Why nothing comes: "not started", "closed", or "" while the feed runs."""
        if self._closed.is_set():
            return "closed"
        return "" if self._loop is not None else "not started"

    def health(self) -> FeedHealth:
        """Return the feed's state and how much it holds."""
        held = [channel.held for channel in self._channels.values()]
        relay = self._relay
        return FeedHealth(
            is_degraded=self.is_degraded,
            detail=self._log.failure or (relay.detail if relay else ""),
            subscribers=len(self._subscriptions),
            channels=len(self._channels),
            ring_events=sum(events for events, _ in held),
            ring_bytes=sum(size for _, size in held),
            restarts=relay.restarts if relay else 0,
            dropped=relay.dropped if relay else 0,
        )

    def reached(self, project: str) -> int:
        """Return the greatest sequence number heard of in a project's log; 0 while nobody follows it."""
        channel = self._channels.get(project)
        return channel.known if channel is not None else 0

    def announce(self, events: Iterable[Event]) -> None:
        """Tell of events just committed, in any order; those with sequence 0 are live only.

        Never blocks and never raises: what goes wrong here is made good from the log.
        """
        try:
            for event in events:
                self._deliver(event)
                if self._relay is not None:
                    self._relay.offer(event)
        except Exception:
            logger.exception("an announcement failed; the log will be compared")
            self._sweep_due.set()

    async def cursor(self, projects: Sequence[str]) -> Cursor:
        """Return where the logs of these projects end now. May raise `Unavailable`."""
        heads = await self._log.heads(list(dict.fromkeys(projects)))
        return Cursor({name: head.last for name, head in heads.items()})

    async def subscribe(
        self,
        projects: Sequence[str] | None,
        after: Cursor | None = None,
        *,
        accept: Callable[[Event], bool] | None = None,
        live: bool = True,
    ) -> AsyncGenerator[Item, None]:
        """Yield the events of these projects, each project's in order, until the feed closes.

        `projects` None follows every project, those that appear later from their beginning.
        `after` None starts now, that is when the first item is asked for. A project missing in
        `after` starts at its beginning: whoever wants only what is new to come adds its cursor.
        A position that the log does not hold, too old, beyond its end, or in a project without a
        log, gives one item with `expired`. Events that `accept` refuses only advance the cursor.
        `live` adds events that are not logged; who lags loses the oldest of them.

        Raises:
            RuntimeError: the feed is not started.
            Unavailable: the store cannot say where the logs end; later failures are waited out.
        """
        if self._loop is None:
            raise RuntimeError("the feed is not started")
        subscription = Subscription(
            self._log,
            self._closed,
            accept=accept,
            is_live=live,
            live_from=self._live_serial,
            is_for_all=projects is None,
        )
        try:
            expired = await self._open(subscription, projects, after)
            if expired:
                yield Item(None, subscription.cursor, expired)
            while (item := await subscription.next()) is not None:
                yield item
        finally:
            self._leave(subscription)

    async def wait(
        self,
        projects: Sequence[str],
        accept: Callable[[Event], bool],
        timeout_seconds: float,
        *,
        after: Cursor | None = None,
    ) -> bool:
        """Park until an accepted event; return False after the time-out or when the feed closes.

        Take the cursor, read the state, then wait after the cursor: so no change is missed. True
        also when the cursor has expired, as the state may then have changed unseen.
        """
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                aclosing(self.subscribe(projects, after, accept=accept)) as items,
            ):
                async for _ in items:
                    return True
        except TimeoutError:
            pass
        return False

    async def _open(
        self, subscription: Subscription, projects: Sequence[str] | None, after: Cursor | None
    ) -> tuple[str, ...]:
        """Register, then ask the log where it ends: what is committed later is announced to us."""
        self._subscriptions.add(subscription)
        if projects is None:
            self._all.add(subscription)
            names = list(dict.fromkeys([*await self._log.projects(), *self._listed]))
        else:
            names = list(dict.fromkeys(projects))
        channels = [self._follow(name, subscription) for name in names]
        heads = await self._log.heads(names)
        expired = []
        for channel in channels:
            head = heads.get(channel.project, Head())
            position = head.last if after is None else after.positions.get(channel.project, 0)
            if not subscription.place(channel, position, head):
                expired.append(channel.project)
            channel.learn(head.last)
            self._catch_up_if_behind(channel)
        self._admit_late(subscription, names, after)
        if projects is None and after is not None:
            # A log that is not there is that of another store, as after its data were replaced.
            gone = (name for name, position in after.positions.items() if position > 0)
            expired += [name for name in gone if name not in subscription.positions]
        return tuple(expired)

    def _admit_late(self, subscription: Subscription, names: list[str], after: Cursor | None) -> None:
        """Follow the projects that appeared while the subscription was being opened."""
        if subscription.late is None:
            return
        late, subscription.late = subscription.late, None
        for name in names:
            self._discover(name, 0)
        for name, sequence in late.items():
            if name not in subscription.positions:
                self._start_at_beginning(subscription, name, after.positions.get(name, 0) if after else 0)
                self._hear(name, sequence)

    def _follow(self, project: str, subscription: Subscription) -> Channel:
        channel = self._channels.get(project)
        if channel is None:
            channel = self._channels[project] = Channel(project, *self._ring)
        channel.followers.add(subscription)
        subscription.channels[project] = channel
        return channel

    def _leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        self._all.discard(subscription)
        if not self._all:
            self._listed.clear()
        for channel in subscription.channels.values():
            channel.followers.discard(subscription)
            channel.idle.discard(subscription)
            if not channel.followers and self._channels.get(channel.project) is channel:
                del self._channels[channel.project]
                if channel.catch_up is not None:
                    channel.catch_up.cancel()

    def _deliver(self, event: Event) -> None:
        if self._all and event.project not in self._listed:
            self._discover(event.project, event.sequence)
        channel = self._channels.get(event.project)
        if channel is None or self._loop is None:
            return
        if event.sequence == 0:
            self._live_serial += 1
            channel.add_live(self._live_serial, event)
            channel.wake_soon(self._loop)
        elif channel.add(event):
            channel.wake_soon(self._loop)
        self._catch_up_if_behind(channel)

    def _hear(self, project: str, sequence: int) -> None:
        """Be told by another process, or by the log, that the log reaches `sequence`."""
        if self._all and project not in self._listed:
            self._discover(project, sequence)
        channel = self._channels.get(project)
        if channel is not None:
            channel.hear(sequence)
            self._catch_up_if_behind(channel)

    def _discover(self, project: str, sequence: int) -> None:
        """Make those who follow everything follow this project too, from its beginning."""
        self._listed.add(project)
        for subscription in self._all:
            if subscription.late is not None:
                subscription.late[project] = max(sequence, subscription.late.get(project, 0))
            elif project not in subscription.positions:
                self._start_at_beginning(subscription, project, 0)

    def _start_at_beginning(self, subscription: Subscription, project: str, position: int) -> None:
        channel = self._follow(project, subscription)
        subscription.place(channel, position, Head(position + 1, position))
        channel.learn(position)

    def _catch_up_if_behind(self, channel: Channel) -> None:
        if channel.is_behind and channel.catch_up is None and not self._closed.is_set():
            channel.catch_up = asyncio.create_task(self._catch_up(channel))

    async def _catch_up(self, channel: Channel) -> None:
        """Bring the ring to the end of the log. What was heard may be wrong; the log is not."""
        assert self._loop is not None
        try:
            while channel.is_behind:
                known, last = channel.known, channel.last or 0
                if known - last > PAGE:
                    channel.skip_what_cannot_fit((await self._log.head(channel.project)).last)
                page = await self._log.after(channel.project, channel.last or 0)
                channel.fill(page)
                channel.wake_soon(self._loop)
                if not page and channel.known == known and channel.last == last:
                    channel.known = last
        finally:
            channel.catch_up = None

    async def _sweep_forever(self) -> None:
        while True:
            pause = self._poll_seconds * (1 if self.is_degraded or self._is_unheard else _SWEEP_EVERY_POLLS)
            try:
                async with asyncio.timeout(pause):
                    await self._sweep_due.wait()
            except TimeoutError:
                self._log.forget()
            self._sweep_due.clear()
            try:
                await self._sweep()
            except StoreError as exc:
                logger.warning("the feed cannot compare itself with the log: %s", exc)
            except Exception:
                logger.exception("comparing the feed with the log failed")

    async def _sweep(self) -> None:
        """Compare what is followed with the ends of the logs."""
        names = set(self._channels)
        if self._all:
            names |= set(await self._log.projects())
        for name, head in (await self._log.heads(sorted(names))).items():
            if head.last or name in self._channels:
                self._hear(name, head.last)
