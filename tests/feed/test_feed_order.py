from __future__ import annotations

import asyncio
import random
from contextlib import aclosing

import pytest

from store.cursor import Cursor
from store.feed.feed import Feed
from store.port import Store
from tests.feed.feed_parts import (
    LIMIT_SECONDS,
    commit,
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


async def test_a_subscriber_gets_what_was_logged_before_and_what_comes_after(
    store: Store, feed: Feed
) -> None:
    await publish(store, feed, draft(), draft())
    async with aclosing(feed.subscribe(["shop"], ZERO)) as items:
        assert numbers(await take(items, 2)) == [1, 2]
        await publish(store, feed, draft(), draft())
        assert numbers(await take(items, 2)) == [3, 4]


async def test_without_a_cursor_a_subscription_starts_now(store: Store, feed: Feed) -> None:
    await publish(store, feed, draft(), draft())
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        await publish(store, feed)
        assert (await first).event.sequence == 3


async def test_no_gap_and_no_duplicate_under_concurrent_commits_and_reconnects(store: Store) -> None:
    committers, commits, readers = 8, 110, 20
    total = committers * commits
    chance = random.Random(7)

    async def write() -> None:
        for number in range(commits):
            await publish(store, feed, draft(number=number), draft("other"))

    async def read() -> int:
        """Read everything in pieces, each on a fresh subscription from the last cursor."""
        text, seen, resumes = ZERO.encode(), list[int](), 0
        while len(seen) < total:
            resumes += 1
            async with aclosing(feed.subscribe(["shop"], Cursor.decode(text))) as items:
                for item in await take(items, min(chance.randint(1, 7), total - len(seen))):
                    seen += numbers([item])
                    text = item.cursor.encode()
        assert seen == list(range(1, total + 1))
        return resumes

    async with Feed(store, ring_size=64, poll_seconds=60) as feed, asyncio.TaskGroup() as group:
        tasks = [group.create_task(read()) for _ in range(readers)]
        for _ in range(committers):
            group.create_task(write())
    assert all(task.result() >= 100 for task in tasks)
    assert sum(task.result() for task in tasks) >= 20 * 200


@pytest.mark.parametrize("seed", range(10))
async def test_announcements_out_of_order_twice_or_never_are_delivered_once_in_order(
    store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    async with Feed(store, poll_seconds=0.02) as feed:
        reader = asyncio.create_task(read_to(feed, "shop", 200, ZERO))
        await until(lambda: feed.subscriber_count == 1)
        events = await commit(store, *(draft() for _ in range(200)))
        told = [event for event in events if chance.random() < 0.8] * 2
        chance.shuffle(told)
        for event in told:
            feed.announce([event])
            if chance.random() < 0.1:
                await asyncio.sleep(0)
        assert await reader == list(range(1, 201))


async def test_a_commit_whose_announcement_was_lost_is_found_in_the_log(store: Store) -> None:
    async with Feed(store, poll_seconds=0.01) as feed, aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        await commit(store)
        async with asyncio.timeout(LIMIT_SECONDS):
            assert (await first).event.sequence == 1


async def test_late_announcements_in_one_turn_cost_no_read_of_the_log(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        events = await commit(store, *(draft() for _ in range(20)))
        reads = []
        read = store.events_after

        async def counted(*args: object) -> object:
            reads.append(args)
            return await read(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(store, "events_after", counted)
        feed.announce(reversed(events))
        assert (await first).event.sequence == 1
        assert numbers(await take(items, 19)) == list(range(2, 21))
        assert reads == []


async def test_a_reader_that_falls_out_of_the_ring_goes_on_from_the_log(store: Store) -> None:
    async with Feed(store, ring_size=8, poll_seconds=60) as feed, aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        await publish(store, feed)
        assert (await first).event.sequence == 1
        for _ in range(10):
            await publish(store, feed, *(draft() for _ in range(50)))
        assert feed.health().ring_events == 8
        assert numbers(await take(items, 500)) == list(range(2, 502))


async def test_an_event_too_large_for_the_ring_still_arrives(store: Store) -> None:
    async with (
        Feed(store, ring_bytes=5_000, poll_seconds=60) as feed,
        aclosing(feed.subscribe(["shop"])) as items,
    ):
        first = await started(feed, items)
        await publish(store, feed, draft(), draft(text="x" * 10_000), draft())
        assert (await first).event.sequence == 1
        assert numbers(await take(items, 2)) == [2, 3]
        assert feed.health().ring_bytes <= 5_000


async def test_refused_events_only_advance_the_cursor(store: Store, feed: Feed) -> None:
    await publish(store, feed, *(draft(number=number) for number in range(500)))
    wanted = feed.subscribe(["shop"], ZERO, accept=lambda event: event.data["number"] % 100 == 99)
    async with aclosing(wanted) as items:
        found = await take(items, 5)
    assert numbers(found) == [100, 200, 300, 400, 500]
    assert found[-1].cursor == Cursor({"shop": 500})


async def test_several_projects_are_each_in_order_and_none_waits_for_another(
    store: Store, feed: Feed
) -> None:
    await publish(store, feed, *(draft("busy") for _ in range(400)), draft("quiet"))
    async with aclosing(feed.subscribe(["busy", "quiet"], Cursor())) as items:
        found = await take(items, 401)
    assert numbers([item for item in found if item.event.project == "busy"]) == list(range(1, 401))
    assert "quiet" in [item.event.project for item in found[:5]]
    assert found[-1].cursor == Cursor({"busy": 400, "quiet": 1})


async def test_following_everything_takes_in_projects_that_appear_later(store: Store, feed: Feed) -> None:
    async with aclosing(feed.subscribe(None)) as items:
        first = await started(feed, items)
        await publish(store, feed, draft("new"))
        assert (await first).event.project == "new"
        events = await publish(store, feed, draft("newer"), draft("newer"))
        feed.announce(reversed(events))
        assert numbers(await take(items, 2)) == [1, 2]


async def test_resuming_everything_brings_projects_that_appeared_meanwhile(store: Store, feed: Feed) -> None:
    async with aclosing(feed.subscribe(None)) as items:
        first = await started(feed, items)
        await publish(store, feed, draft(""))
        cursor = (await first).cursor
    async with aclosing(feed.subscribe(None, cursor)) as items:
        first = await started(feed, items)
        await publish(store, feed, draft("new"), draft("new"))
        assert (await first).event.sequence == 1
        assert numbers(await take(items, 1)) == [2]


async def test_live_only_events_reach_those_who_listen_and_are_not_logged(store: Store, feed: Feed) -> None:
    feed.announce([heartbeat(0)])
    async with aclosing(feed.subscribe(["shop"])) as items:
        first = await started(feed, items)
        feed.announce([heartbeat(1)])
        assert (await first).event.data == {"number": 1}
        assert (await first).cursor == Cursor({"shop": 0})
    async with aclosing(feed.subscribe(["shop"], ZERO, live=False)) as items:
        first = await started(feed, items)
        feed.announce([heartbeat(2)])
        await publish(store, feed)
        assert (await first).event.sequence == 1
