"""Processes that share a MongoDB and wake each other through a real Redis; without it events come late, not never."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from store.cursor import Cursor
from store.feed.feed import Feed
from store.port import Store
from tests.engines.databases import mongo_databases
from tests.engines.redis import RedisServer
from tests.feed.feed_parts import (
    LIMIT_SECONDS,
    draft,
    heartbeat,
    numbers,
    publish,
    read_to,
    started,
    take,
    until,
)

ZERO = Cursor({"shop": 0})


@dataclass(frozen=True)
class Process:
    """What a server process has of its own."""

    store: Store
    feed: Feed


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def pair(redis: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes, each with its own connections to the one database and the one broadcast."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            store = await mongo_databases().open(tmp_path)
            stack.push_async_callback(store.close)
            feed = Feed(store, redis.url, poll_seconds=0.3, namespace="test")
            made.append(Process(store, await stack.enter_async_context(feed)))
        await until(lambda: not any(one.feed.is_degraded for one in made))
        yield made[0], made[1]


async def test_a_commit_here_wakes_a_subscriber_there_through_redis(pair: tuple[Process, Process]) -> None:
    here, there = pair
    async with aclosing(there.feed.subscribe(["shop"])) as items:
        first = await started(there.feed, items)
        await publish(here.store, here.feed, draft())
        assert (await first).event.sequence == 1
        took = []
        for number in range(2, 12):
            before = time.monotonic()
            await publish(here.store, here.feed, draft())
            assert numbers(await take(items, 1)) == [number]
            took.append(time.monotonic() - before)
        # While the broadcast is up the log is compared every 4.5 s only.
        assert sorted(took)[5] < 2
        here.feed.announce([heartbeat(1)])
        assert (await take(items, 1))[0].event == heartbeat(1)


async def test_redis_killed_and_restarted_loses_no_event_and_doubles_none(
    pair: tuple[Process, Process], redis: RedisServer
) -> None:
    total = 240
    readers = [asyncio.create_task(read_to(one.feed, "shop", total, ZERO)) for one in pair for _ in range(3)]

    async def write(one: Process, count: int) -> None:
        for _ in range(count):
            await publish(one.store, one.feed, draft())

    async def write_both(count: int) -> None:
        await asyncio.gather(*(write(one, count // 2) for one in pair))

    await write_both(60)
    redis.kill()
    await write_both(60)
    await until(lambda: all(one.feed.is_degraded for one in pair))
    redis.start()
    await write_both(60)
    await until(lambda: not any(one.feed.is_degraded for one in pair))
    await write_both(60)
    for seen in await asyncio.gather(*readers):
        assert seen == list(range(1, total + 1))
    assert all(one.feed.health().restarts >= 1 for one in pair)


async def test_without_a_broadcast_processes_on_one_database_find_each_others_events_by_polling(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        stores = [await mongo_databases().open(tmp_path) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        here, there = [await stack.enter_async_context(Feed(store, poll_seconds=0.1)) for store in stores]
        items = await stack.enter_async_context(aclosing(there.subscribe(["shop"])))
        first = await started(there, items)
        await publish(stores[0], here, draft())
        async with asyncio.timeout(LIMIT_SECONDS):
            assert (await first).event.sequence == 1
