from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from store.cursor import Cursor
from store.errors import Unavailable
from store.feed.channel import LIVE_KEPT
from store.feed.feed import Feed, Item
from store.port import Store
from store.records import Event
from tests.feed.feed_parts import (
    LIMIT_SECONDS,
    commit,
    draft,
    heartbeat,
    numbers,
    publish,
    started,
    take,
    until,
)

ZERO = Cursor({"shop": 0})
LATER = datetime.now(UTC) + timedelta(days=1)


def _events_alive() -> int:
    gc.collect()
    return sum(type(thing) is Event for thing in gc.get_objects())


async def test_subscribers_that_stop_reading_hold_no_events(store: Store) -> None:
    await commit(store, *(draft() for _ in range(300)))
    # The store's writer thread keeps the answer to its last commit: let that be a small one.
    await commit(store)
    before = _events_alive()
    async with Feed(store, ring_size=16, poll_seconds=60) as feed, AsyncExitStack() as stack:
        stalled: list[AsyncIterator[Item]] = []
        for _ in range(20):
            stalled.append(await stack.enter_async_context(aclosing(feed.subscribe(["shop"], ZERO))))
            assert numbers(await take(stalled[-1], 1)) == [1]
        for _ in range(10):
            await publish(store, feed, *(draft() for _ in range(500)))
        await publish(store, feed)
        # A ring, the page that all of them stopped in, and no more.
        assert _events_alive() - before <= 16 + 200 + 20
        for items in stalled[:2]:
            assert numbers(await take(items, 5301)) == list(range(2, 5303))


async def test_a_project_that_nobody_follows_holds_nothing(store: Store, feed: Feed) -> None:
    await publish(store, feed, *(draft() for _ in range(50)))
    feed.announce([heartbeat(1)])
    assert feed.health().channels == 0
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        assert feed.health().channels == 1
        await publish(store, feed)
        assert feed.health().ring_events == 1
        assert (await first).event.sequence == 51
    assert (feed.health().channels, feed.subscriber_count) == (0, 0)


async def test_a_lagging_subscriber_loses_the_oldest_live_events_only(store: Store, feed: Feed) -> None:
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        feed.announce(heartbeat(number) for number in range(1000))
        await publish(store, feed)
        found = [await first, *await take(items, LIVE_KEPT)]
    assert sorted(item.event.data.get("number", -1) for item in found) == [-1, *range(1000 - LIVE_KEPT, 1000)]


async def test_a_cursor_older_than_the_log_says_so_once_and_goes_on(store: Store, feed: Feed) -> None:
    await commit(store, *(draft() for _ in range(10)), replace(draft("other"), at=LATER))
    await store.drop_events(LATER, 6)
    async with aclosing(feed.subscribe(["shop", "other"], Cursor({"shop": 2, "other": 0}))) as items:
        notice, *rest = await take(items, 6)
    assert (notice.event, notice.expired) == (None, ("shop",))
    assert notice.cursor == Cursor({"shop": 6, "other": 0})
    assert sorted(numbers(rest)) == [1, 7, 8, 9, 10]
    assert not any(item.expired for item in rest)


async def test_a_cursor_whose_whole_log_was_dropped_has_expired(store: Store, feed: Feed) -> None:
    await commit(store, *(draft() for _ in range(10)))
    await store.drop_events(LATER)
    async with aclosing(feed.subscribe(["shop"], Cursor({"shop": 3}))) as items:
        (notice,) = await take(items, 1)
        assert (notice.expired, notice.cursor) == (("shop",), Cursor({"shop": 10}))
        await publish(store, feed)
        assert numbers(await take(items, 1)) == [11]


async def test_a_reader_overtaken_by_retention_is_told_that_it_missed_events(store: Store) -> None:
    await commit(store, *(draft() for _ in range(250)))
    async with (
        Feed(store, ring_size=8, poll_seconds=60) as feed,
        aclosing(feed.subscribe(["shop"], ZERO)) as items,
    ):
        assert numbers(await take(items, 200)) == list(range(1, 201))
        await store.drop_events(LATER, 220)
        (notice, *rest) = await take(items, 31)
    assert (notice.expired, notice.cursor) == (("shop",), Cursor({"shop": 220}))
    assert numbers(rest) == list(range(221, 251))


async def test_a_cursor_beyond_the_log_has_expired(store: Store, feed: Feed) -> None:
    await commit(store, draft(), draft())
    async with aclosing(feed.subscribe(["shop"], Cursor({"shop": 99}))) as items:
        notice, *rest = await take(items, 3)
    assert (notice.expired, numbers(rest)) == (("shop",), [1, 2])


async def test_the_log_of_another_store_has_expired_also_where_it_holds_nothing_of_a_project(
    store: Store, feed: Feed
) -> None:
    await commit(store, draft())
    before = Cursor({"shop": 1, "gone": 7, "never": 0})
    async with aclosing(feed.subscribe(None, before)) as items:
        (notice,) = await take(items, 1)
        assert (notice.event, notice.expired, notice.cursor) == (None, ("gone",), Cursor({"": 0, "shop": 1}))
        await publish(store, feed, draft("gone"))
        assert numbers(await take(items, 1)) == [1]


async def test_leaving_in_any_way_leaves_no_registration_behind(store: Store, feed: Feed) -> None:
    async def follow(projects: list[str] | None) -> None:
        async for _ in feed.subscribe(projects):
            pass

    tasks = [asyncio.create_task(follow(projects)) for projects in (["shop"], None, ["shop", "other"])]
    await until(lambda: feed.subscriber_count == 3)
    tasks.append(asyncio.create_task(follow(["shop"])))
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*tasks, return_exceptions=True)
    )
    dropped = feed.subscribe(["shop"], ZERO)
    await publish(store, feed)
    await take(dropped, 1)
    del dropped
    await until(lambda: feed.subscriber_count == 0)
    assert feed.health().channels == 0


async def test_closing_the_feed_ends_every_iterator(store: Store) -> None:
    await commit(store, *(draft() for _ in range(10)))
    async with Feed(store) as feed:
        parked, midway = feed.subscribe(["other"]), feed.subscribe(["shop"], ZERO)
        first = asyncio.ensure_future(anext(parked, None))
        waiting = asyncio.create_task(feed.wait(["other"], lambda event: True, 60))
        await take(midway, 2)
        await until(lambda: feed.subscriber_count == 3)
        assert feed.close_reason == ""
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await first is None
        assert await waiting is False
        assert [item async for item in midway] == []
        assert [item async for item in feed.subscribe(["shop"], ZERO)] == []
    assert (feed.close_reason, feed.subscriber_count) == ("closed", 0)


async def test_a_store_that_fails_for_a_while_delays_events_but_loses_none(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> object:
        raise Unavailable("the disk is full")

    await commit(store, *(draft() for _ in range(5)))
    async with aclosing(feed.subscribe(["shop"], ZERO)) as items:
        with monkeypatch.context() as broken:
            broken.setattr(store, "events_after", refuse)
            first = asyncio.ensure_future(anext(items))
            await until(lambda: feed.is_degraded)
            assert feed.health().detail == "the disk is full"
        assert (await first).event.sequence == 1
        assert numbers(await take(items, 4)) == [2, 3, 4, 5]
    assert not feed.is_degraded


async def test_an_announcement_never_raises(store: Store, feed: Feed) -> None:
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        feed.announce([None])  # type: ignore[list-item]
        await publish(store, feed)
        assert (await first).event.sequence == 1


async def test_a_wrong_broadcast_url_is_refused_at_once(store: Store) -> None:
    with pytest.raises(ValueError, match="Unsupported backend"):
        Feed(store, "carrier-pigeon://roof")
