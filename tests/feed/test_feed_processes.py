from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from store.cursor import Cursor
from store.feed.feed import Feed
from store.feed.relay import CHANNEL, Relay
from store.port import Store
from tests.feed.feed_parts import Network, commit, draft, heartbeat, numbers, publish, started, take, until

ZERO = Cursor({"shop": 0})
NEVER = 100.0


@asynccontextmanager
async def two_processes(
    store: Store, network: Network, poll_seconds: float
) -> AsyncIterator[tuple[Feed, Feed]]:
    async with AsyncExitStack() as stack:
        feeds = [Feed(store, poll_seconds=poll_seconds, make_wire=network.wire) for _ in range(2)]
        for feed in feeds:
            await stack.enter_async_context(feed)
        await until(lambda: not any(feed.is_degraded for feed in feeds))
        yield feeds[0], feeds[1]


async def test_a_commit_in_one_process_wakes_subscribers_of_the_other(store: Store, network: Network) -> None:
    async with (
        two_processes(store, network, NEVER) as (here, there),
        aclosing(there.subscribe(["shop"])) as items,
        aclosing(here.subscribe(["shop"])) as own,
    ):
        first, own_first = await started(there, items), await started(here, own)
        await publish(store, here, draft(), draft())
        assert [(await first).event.sequence, *numbers(await take(items, 1))] == [1, 2]
        assert [(await own_first).event.sequence, *numbers(await take(own, 1))] == [1, 2]
        await publish(store, there)
        assert numbers(await take(own, 1)) == [3]


async def test_a_heartbeat_reaches_each_subscriber_of_each_process_once(
    store: Store, network: Network
) -> None:
    async with (
        two_processes(store, network, NEVER) as (here, there),
        aclosing(there.subscribe(["shop"])) as items,
        aclosing(here.subscribe(["shop"])) as own,
    ):
        first, own_first = await started(there, items), await started(here, own)
        here.announce([heartbeat(1), heartbeat(2)])
        assert [(await first).event, (await take(items, 1))[0].event] == [heartbeat(1), heartbeat(2)]
        assert [(await own_first).event, (await take(own, 1))[0].event] == [heartbeat(1), heartbeat(2)]


async def test_following_everything_finds_a_project_that_another_process_began(
    store: Store, network: Network
) -> None:
    async with (
        two_processes(store, network, NEVER) as (here, there),
        aclosing(there.subscribe(None)) as items,
    ):
        first = await started(there, items)
        await publish(store, here, draft("new"), draft("new"))
        assert (await first).event.project == "new"
        assert numbers(await take(items, 1)) == [2]


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), asyncio.CancelledError(), RuntimeError("?")])
async def test_a_listener_that_dies_is_replaced_and_nothing_is_lost(
    store: Store, network: Network, error: BaseException
) -> None:
    async with (
        two_processes(store, network, NEVER) as (here, there),
        aclosing(there.subscribe(["shop"])) as items,
    ):
        first = await started(there, items)
        # Refused, not only lost: else a slow machine connects again too soon, and waits for its ping.
        network.is_refusing = True
        network.break_connections(error)
        await until(lambda: here.is_degraded and there.is_degraded)
        await publish(store, here)
        network.is_refusing = False
        assert (await first).event.sequence == 1
        await until(lambda: not there.is_degraded)
        await publish(store, here)
        assert numbers(await take(items, 1)) == [2]
        assert there.health().restarts >= 1


async def test_a_backend_that_dies_without_raising_is_noticed_and_replaced(
    store: Store, network: Network
) -> None:
    async with (
        two_processes(store, network, 0.05) as (here, there),
        aclosing(there.subscribe(["shop"])) as items,
    ):
        first = await started(there, items)
        network.kill_silently()
        await publish(store, here)
        assert (await first).event.sequence == 1
        await until(lambda: there.health().restarts >= 1 and not there.is_degraded)
        await publish(store, here)
        assert numbers(await take(items, 1)) == [2]


async def test_while_the_broadcast_is_away_the_log_is_polled(store: Store, network: Network) -> None:
    network.is_refusing = True
    async with (
        Feed(store, poll_seconds=0.01, make_wire=network.wire) as feed,
        aclosing(feed.subscribe(["shop"])) as items,
    ):
        first = await started(feed, items)
        await commit(store)
        assert (await first).event.sequence == 1
        assert feed.is_degraded
        detail = feed.health().detail
        assert detail.startswith("BROADCAST_URL: ") and "nobody listens there" in detail
        await publish(store, feed)
        assert numbers(await take(items, 1)) == [2]
        network.is_refusing = False
        await until(lambda: not feed.is_degraded)
    assert network.backends == []


async def test_wake_ups_wait_for_the_broadcast_one_per_project_and_bounded(
    store: Store, network: Network
) -> None:
    network.is_refusing = True
    async with Feed(store, poll_seconds=NEVER, make_wire=network.wire) as feed:
        (event,) = await commit(store)
        feed.announce(replace(event, sequence=number) for number in range(1, 1001))
        feed.announce(replace(event, project=f"p{number}") for number in range(5000))
        feed.announce(heartbeat(number) for number in range(5000))
        assert feed.health().dropped == 5001 - 4096
        assert len(feed._relay._live) <= 256
        network.is_refusing = False
        await until(lambda: not feed.is_degraded)
    sent = [json.loads(message) for message in network.sent]
    assert [body["s"] for body in sent if body.get("p") == "shop"] == [1000]
    assert sum("p" in body for body in sent) == 4096


async def test_foreign_and_hostile_messages_are_ignored(store: Store, network: Network) -> None:
    async with (
        two_processes(store, network, NEVER) as (here, there),
        aclosing(there.subscribe(["shop"])) as items,
    ):
        first = await started(there, items)
        for message in (
            "",
            "[",
            "null",
            "[]",
            "[" * 100_000,
            '{"f": "x", "p": "shop", "s": "many"}',
            '{"f": "x", "e": {"project": "shop"}}',
            '{"f": "x", "e": 7}',
            '{"f": "x", "p": "shop", "s": 1000000000}',
            '{"f": "x", "p": "shop", "s": -5}',
        ):
            network.deliver(CHANNEL, message)
        for number in range(1, 4):
            await publish(store, here)
            network.deliver(CHANNEL, '{"f": "x", "p": "shop", "s": 2000000000}')
            item = await first if number == 1 else (await take(items, 1))[0]
            assert item.event.sequence == number
        assert not there.is_degraded


async def test_servers_with_other_stores_do_not_hear_each_other(store: Store, network: Network) -> None:
    async with (
        Feed(store, poll_seconds=NEVER, namespace="one", make_wire=network.wire) as one,
        Feed(store, poll_seconds=NEVER, namespace="two", make_wire=network.wire) as two,
        aclosing(two.subscribe(["shop"])) as items,
    ):
        await until(lambda: not one.is_degraded and not two.is_degraded)
        first = await started(two, items)
        one.announce([heartbeat(1)])
        await until(lambda: any('"e"' in message for message in network.sent))
        two.announce([heartbeat(2)])
        assert (await first).event == heartbeat(2)


async def test_a_process_that_stops_first_sends_its_last_wake_ups(store: Store, network: Network) -> None:
    async with Feed(store, poll_seconds=NEVER, make_wire=network.wire) as feed:
        await until(lambda: not feed.is_degraded)
        await publish(store, feed)
    assert any(json.loads(message).get("s") == 1 for message in network.sent)


async def test_a_reader_that_sleeps_through_the_first_subscription_is_woken(
    store: Store, network: Network
) -> None:
    async with Feed(store, poll_seconds=NEVER, make_wire=network.wire) as feed:
        await until(lambda: not feed.is_degraded)
        assert network.connections == 1


async def test_a_broadcast_that_stays_up_is_said_to_be_up_once(network: Network) -> None:
    changes: list[bool] = []
    relay = Relay(
        network.wire,
        channel=CHANNEL,
        on_wake=lambda project, sequence: None,
        on_live=lambda event: None,
        on_change=lambda: changes.append(relay.is_up),
        ping_seconds=0.01,
    )
    running = asyncio.create_task(relay.run())
    await until(lambda: len(network.sent) > 3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert changes == [True]
