"""Commits that share a transaction in MongoDB: none fails for another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store.errors import Unavailable
from store.port import Changes
from store.records import BacklogItem, NewEvent
from tests.engines.databases import mongo_databases

pytest.importorskip("motor", reason="the team extra is not installed")

from store.mongo.store import MongoStore
from store.mongo.writes import decision_of

COMMITS = 6


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[MongoStore]:
    opened = await mongo_databases().open(tmp_path)
    yield opened
    await opened.close()


def noted(record_id: str) -> Changes:
    """Return a commit of one item and its event."""
    item = BacklogItem(id=record_id, project="p", title=record_id)
    return Changes((item,), events=(NewEvent(project="p", kind="a.b", subject=record_id),))


async def test_an_event_that_is_too_large_is_refused_alone_and_not_those_that_wait_with_it(
    store: MongoStore,
) -> None:
    commits = [noted(f"i{n}") for n in range(COMMITS)]
    # So large that it does not even leave the driver.
    large = NewEvent(project="p", kind="a.b", subject="large", data={"text": "x" * (49 * 1024 * 1024)})
    commits[2] = replace(commits[2], events=(large,))
    outcomes = await asyncio.gather(*map(store.commit, commits), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)] == [2]
    assert isinstance(outcomes[2], ValueError)
    assert [event.sequence for event in await store.events_after("p", 0)] == list(range(1, COMMITS))


async def test_a_commit_whose_time_runs_out_does_not_fail_those_that_wait_with_it(store: MongoStore) -> None:
    now = time.monotonic()
    untils = [now + (0.4 if n == 1 else 4) for n in range(COMMITS)]
    decisions = [decision_of(noted(f"i{n}")) for n in range(COMMITS)]

    async def committed(n: int) -> bool:
        try:
            async with store._translated():
                await store._groups.commit(decisions[n], untils[n])
        except Unavailable:
            return False
        return True

    # The server stands still for a moment.
    stands = {"failCommands": ["update"], "blockConnection": True, "blockTimeMS": 900}
    await asyncio.to_thread(mongo_databases().replicas.fail, 1, **stands)
    assert await asyncio.gather(*map(committed, range(COMMITS))) == [n != 1 for n in range(COMMITS)]


async def test_a_commit_that_is_given_up_lets_go_at_once_of_what_it_has_written_to(store: MongoStore) -> None:
    stands = {"failCommands": ["update"], "blockConnection": True, "blockTimeMS": 300}
    await asyncio.to_thread(mongo_databases().replicas.fail, 1, **stands)
    with pytest.raises(Unavailable):
        async with store._translated():
            await store._groups.commit(decision_of(noted("late")), time.monotonic() + 0.2)
    idle: list[dict[str, Any]] = [
        {"$currentOp": {"idleSessions": True}},
        {"$match": {"transaction": {"$exists": True}}},
    ]
    assert await store._client.admin.aggregate(idle).to_list(None) == []
    await store.commit(noted("next"))
    assert [event.subject for event in await store.events_after("p", 0)] == ["next"]
