from __future__ import annotations

import asyncio
import random

from store.feed.feed import Feed
from store.port import Store
from store.records import Event
from tests.feed.feed_parts import LIMIT_SECONDS, commit, draft, publish


def _anything(_: Event) -> bool:
    return True


async def test_a_commit_at_any_moment_after_the_cursor_ends_the_wait(store: Store, feed: Feed) -> None:
    chance = random.Random(3)

    async def change(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await publish(store, feed)

    async with asyncio.timeout(LIMIT_SECONDS):
        for _ in range(150):
            after = await feed.cursor(["shop"])
            changing = asyncio.create_task(change(chance.randint(0, 30)))
            if chance.random() < 0.3:
                await changing
            assert await feed.wait(["shop"], _anything, 15, after=after)
            await changing
    assert feed.subscriber_count == 0


async def test_a_commit_of_another_process_before_the_wait_ends_it(store: Store, feed: Feed) -> None:
    after = await feed.cursor(["shop"])
    await commit(store)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await feed.wait(["shop"], _anything, 60, after=after)


async def test_a_wait_ends_with_its_time_out_when_only_other_events_come(store: Store, feed: Feed) -> None:
    after = await feed.cursor(["shop"])
    await publish(store, feed, draft(kind="message.sent"), draft("other"))
    assert not await feed.wait(["shop"], lambda event: event.kind == "lock.released", 0.05, after=after)
    assert feed.subscriber_count == 0


async def test_one_commit_wakes_all_who_wait_for_it(store: Store, feed: Feed) -> None:
    after = await feed.cursor(["shop"])
    waiting = [asyncio.create_task(feed.wait(["shop"], _anything, 30, after=after)) for _ in range(100)]
    while feed.subscriber_count < 100:
        await asyncio.sleep(0)
    await publish(store, feed)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert all(await asyncio.gather(*waiting))
