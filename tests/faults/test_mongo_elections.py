"""After an election nothing is read before it shows all that was acknowledged before."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from store.errors import Unavailable
from store.mongo.collections import META
from store.mongo.store import MongoStore
from store.port import Changes, Store
from store.records import NewEvent
from tests.engines.mongod import ReplicaSet
from tests.faults.test_mongo import replicas, store

__all__ = ["replicas", "store"]

LIMIT_SECONDS = 60
ROUNDS = 4


async def marks(store: MongoStore) -> int:
    found: dict[str, Any] = await store._database[META].find_one({"_id": "election"}) or {}
    return int(found.get("count", 0))


async def elect(store: MongoStore, replicas: ReplicaSet) -> None:
    """Have a primary elected, and wait until the driver knows it."""
    before = store._elections.current()
    await asyncio.to_thread(replicas.step_down)
    async with asyncio.timeout(LIMIT_SECONDS):
        while store._elections.current() in (before, None):
            await asyncio.sleep(0.02)


async def test_of_many_reads_after_an_election_one_writes_a_mark(
    store: MongoStore, replicas: ReplicaSet
) -> None:
    await asyncio.gather(*(store.heads(["p"]) for _ in range(20)))
    assert await marks(store) == 1
    await elect(store, replicas)
    await asyncio.gather(*(store.events_after("p", 0) for _ in range(20)))
    await store.logged_projects()
    assert await marks(store) == 2


async def test_what_was_read_while_another_primary_was_elected_is_read_again(
    store: MongoStore, replicas: ReplicaSet
) -> None:
    await store.heads(["p"])
    seen: list[int] = []

    async def ask() -> int:
        seen.append(await marks(store))
        if len(seen) == 1:
            await elect(store, replicas)
        return seen[-1]

    assert await store._elections.read(ask) == 2
    assert seen == [1, 2]


@pytest.mark.parametrize("replicas", [3], indirect=True)
async def test_no_reader_sees_less_than_was_acknowledged_however_primaries_change(
    store: Store, replicas: ReplicaSet
) -> None:
    acknowledged, is_over = 0, False

    async def write() -> None:
        nonlocal acknowledged
        while not is_over:
            with suppress(Unavailable):
                (event,) = await store.commit(
                    Changes(events=(NewEvent(project="p", kind="a.b", subject="s"),))
                )
                acknowledged = event.sequence

    async def read() -> None:
        while not is_over:
            least = acknowledged
            with suppress(Unavailable):
                assert (await store.heads(["p"]))["p"].last >= least
            await asyncio.sleep(0.005)

    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(write())
        for _ in range(4):
            group.create_task(read())
        for number in range(ROUNDS):
            if number % 2:
                dying = await asyncio.to_thread(replicas.primary)
                await asyncio.to_thread(dying.kill)
                await asyncio.to_thread(dying.start)
            else:
                await asyncio.to_thread(replicas.step_down)
            wanted = acknowledged + 20
            while acknowledged < wanted:
                await asyncio.sleep(0.02)
        is_over = True
