"""What the feed's tests share: commits, readers under a time limit, and a network that can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from broadcaster import BroadcastBackend
from broadcaster import Event as Message

from store.cursor import Cursor
from store.feed.feed import Feed, Item
from store.feed.relay import Wire
from store.port import Changes, Store
from store.records import Event, NewEvent

LIMIT_SECONDS = 45.0


def draft(project: str = "shop", kind: str = "lock.granted", **data: Any) -> NewEvent:
    return NewEvent(project=project, kind=kind, subject="src/app.py", actor="ada", data=data)


def heartbeat(number: int, project: str = "shop") -> Event:
    return Event(project=project, kind="agent.beat", subject="ada", data={"number": number}, sequence=0)


async def commit(store: Store, *events: NewEvent) -> tuple[Event, ...]:
    return await store.commit(Changes(events=events or (draft(),)))


async def publish(store: Store, feed: Feed, *events: NewEvent) -> tuple[Event, ...]:
    committed = await commit(store, *events)
    feed.announce(committed)
    return committed


async def take(items: AsyncIterator[Item], count: int) -> list[Item]:
    async with asyncio.timeout(LIMIT_SECONDS):
        return [await anext(items) for _ in range(count)]


def numbers(items: list[Item]) -> list[int]:
    return [item.event.sequence for item in items if item.event is not None]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)


async def started(feed: Feed, items: AsyncIterator[Item]) -> asyncio.Task[Item]:
    """Begin to wait for the first item, and return once the subscription stands."""
    task = asyncio.ensure_future(anext(items))
    await until(lambda: task.done() or is_parked(feed))
    return task  # type: ignore[return-value]


def is_parked(feed: Feed) -> bool:
    """Tell whether every subscription has its place in every log that it follows, and sleeps there."""
    channels, subscriptions = feed._channels.values(), feed._subscriptions
    # One that asks the log where it ends has none yet, and no channel to be awake in.
    is_placed = all(one.late is None and 0 < len(one.channels) == len(one.positions) for one in subscriptions)
    return bool(subscriptions) and is_placed and all(one.idle == one.followers for one in channels)


async def read_to(feed: Feed, project: str, last: int, after: Cursor) -> list[int]:
    """Read one project's log through the feed up to `last`."""
    seen: list[int] = []
    async with asyncio.timeout(LIMIT_SECONDS), aclosing(feed.subscribe([project], after)) as items:
        async for item in items:
            seen += numbers([item])
            if seen and seen[-1] >= last:
                break
    return seen


class Network:
    """The server between the processes: it delivers, refuses, breaks or goes quiet on demand."""

    def __init__(self) -> None:
        self.backends: list[NetworkBackend] = []
        self.is_refusing = False
        self.is_swallowing = False
        self.connections = 0
        self.sent: list[str] = []

    def wire(self) -> Wire:
        return Wire(backend=NetworkBackend(self))

    def deliver(self, channel: str, message: str) -> None:
        self.sent.append(message)
        for backend in self.backends:
            if channel in backend.joined and not backend.is_dead:
                backend.inbox.put_nowait(Message(channel, message))

    def break_connections(self, error: BaseException) -> None:
        for backend in self.backends:
            backend.inbox.put_nowait(error)

    def kill_silently(self) -> None:
        for backend in self.backends:
            backend.is_dead = True


class NetworkBackend(BroadcastBackend):
    def __init__(self, network: Network) -> None:
        self.network = network
        self.asked: set[str] = set()
        self.joined: set[str] = set()
        self.inbox: asyncio.Queue[Message | BaseException] = asyncio.Queue()
        self.is_dead = False

    async def connect(self) -> None:
        self.network.connections += 1
        if self.network.is_refusing:
            raise ConnectionRefusedError("nobody listens there")
        self.network.backends.append(self)

    async def disconnect(self) -> None:
        if self in self.network.backends:
            self.network.backends.remove(self)

    async def subscribe(self, group: str) -> None:
        # As with Redis: the first subscription alone leaves the reader asleep.
        if group in self.asked:
            self.joined.add(group)
        self.asked.add(group)

    async def unsubscribe(self, group: str) -> None:
        self.joined.discard(group)

    async def publish(self, channel: str, message: Any) -> None:
        if self.network.is_refusing:
            raise ConnectionResetError("the connection is gone")
        if not self.network.is_swallowing and not self.is_dead:
            self.network.deliver(channel, message)

    async def next_published(self) -> Message:
        got = await self.inbox.get()
        if isinstance(got, BaseException):
            raise got
        return got
