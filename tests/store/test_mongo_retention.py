"""Old events go from logs in MongoDB that others write to without a pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from store.port import Changes
from store.records import EPOCH, NewEvent
from tests.engines.databases import mongo_databases

pytest.importorskip("motor", reason="the team extra is not installed")

from store.mongo.store import MongoStore

OLD = EPOCH + timedelta(days=1)
YOUNG = OLD + timedelta(days=1)
BATCH = 100
PATIENCE_SECONDS = 60


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[MongoStore]]:
    opened = [await mongo_databases().open(tmp_path) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


def noted(project: str, *, young: bool = False, number: int = 1) -> Changes:
    event = NewEvent(project=project, kind="a.b", subject="s", at=YOUNG if young else OLD)
    return Changes(events=(event,) * number)


async def test_old_events_go_from_a_log_that_others_never_stop_writing_to(stores: list[MongoStore]) -> None:
    first = stores[0]
    await first.commit(noted("busy", number=3 * BATCH))
    await first.commit(noted("idle", number=BATCH))
    is_over = False
    written = 0

    async def write(store: MongoStore) -> None:
        nonlocal written
        while not is_over:
            await store.commit(noted("busy", young=True))
            written += 1

    writers = [asyncio.create_task(write(store)) for store in stores for _ in range(3)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while written < BATCH:
            await asyncio.sleep(0.01)
        try:
            gone = 0
            while gone < 4 * BATCH:
                gone += await first.drop_events(YOUNG, BATCH)
        finally:
            is_over = True
            await asyncio.gather(*writers)
    heads = await first.heads(["busy", "idle"])
    assert gone == 4 * BATCH
    assert (heads["busy"].first, heads["idle"].first) == (3 * BATCH + 1, BATCH + 1)
    kept = await first.events_after("busy", 0, 10_000)
    assert [event.sequence for event in kept] == list(range(3 * BATCH + 1, heads["busy"].last + 1))
    assert len(kept) == written


async def test_processes_that_drop_the_same_events_count_each_once(stores: list[MongoStore]) -> None:
    first = stores[0]
    await first.commit(noted("p", number=BATCH))
    await first.commit(noted("p", young=True))
    gone = await asyncio.gather(*(store.drop_events(YOUNG) for store in stores for _ in range(2)))
    assert sum(gone) == BATCH
    assert [event.sequence for event in await first.events_after("p", 0)] == [BATCH + 1]
