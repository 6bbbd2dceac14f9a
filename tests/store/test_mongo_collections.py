"""What MongoDB is asked to do: pages by index alone, and collections that grow with the records."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from store.errors import Unavailable
from store.port import By, Changes, Find, Prefix
from store.records import KINDS, BacklogItem, Lock, Record
from tests.engines.databases import mongo_databases

pytest.importorskip("motor", reason="the team extra is not installed")

from store.mongo import client as mongo_client
from store.mongo import collections as mongo_collections
from store.mongo import search as mongo_search
from store.mongo import words as mongo_words
from store.mongo.reads import Query, query_of
from store.mongo.store import MongoAddress, MongoStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[MongoStore]:
    opened = await mongo_databases().open(tmp_path)
    yield opened
    await opened.close()


def stages(plan: dict[str, Any]) -> list[str]:
    """Return the names of a plan's stages."""
    inner = [plan[key] for key in ("inputStage", "queryPlan") if key in plan] + plan.get("inputStages", [])
    return [plan.get("stage", ""), *(name for one in inner for name in stages(one))]


ORDER = (By("priority_rank"), By("created_at"))


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_a_page_is_read_by_index_and_never_sorted(
    store: MongoStore, is_first: bool, direction: str
) -> None:
    items = [BacklogItem(id=f"i{n:03}", project="p", title="x", priority_rank=n % 4) for n in range(200)]
    await store.commit(Changes(puts=tuple(items)))
    order = tuple(By(by.name, direction) for by in ORDER)  # type: ignore[arg-type]
    after = (await store.find(BacklogItem, {"project": "p"}, order=order, limit=20)).after
    query = query_of(Find(BacklogItem, {"project": "p"}, order, 20, None if is_first else after))
    assert isinstance(query, Query)
    asked = {
        "find": query.collection,
        "filter": query.filter,
        "sort": dict(query.sort),
        "limit": query.limit,
    }
    plan = await store._database.command({"explain": asked, "verbosity": "executionStats"})
    names = stages(plan["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in names
    assert not {"SORT", "COLLSCAN"} & set(names)
    assert plan["executionStats"]["totalDocsExamined"] <= 25


async def test_locks_under_a_directory_are_found_by_index(store: MongoStore) -> None:
    query = query_of(Find(Lock, {"project": "p", "path": Prefix("src/")}, (By("path"),), 20))
    assert isinstance(query, Query)
    asked = {"find": query.collection, "filter": query.filter, "sort": dict(query.sort), "limit": 21}
    plan = await store._database.command({"explain": asked, "verbosity": "queryPlanner"})
    assert "IXSCAN" in stages(plan["queryPlanner"]["winningPlan"])


async def test_a_field_that_is_new_gets_its_default_in_what_is_there_and_indexes_come_and_go(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Grown(Record):
        INDEXES = (("project", "old"),)
        old: str = ""

    before = Grown

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Grown(Record):  # type: ignore[no-redef]  # the same record, a version on
        INDEXES = (("project", "new"),)
        old: str = ""
        new: str = "fresh"

    database = store._database
    try:
        await mongo_client.bring_up_to_date(database, (before,))
        document = mongo_collections.collection_of(before).encode(before(id="a", project="p", old="x"))
        await database["grown"].insert_one(document)
        assert ":project,old,id" in await database["grown"].index_information()
        await mongo_client.bring_up_to_date(database, (Grown,))
        indexes = await database["grown"].index_information()
        assert ":project,new,id" in indexes
        assert ":project,old,id" not in indexes
        found = await database["grown"].find_one({"new": "fresh"})
        assert found is not None
        assert mongo_collections.collection_of(Grown).decode(found) == Grown(
            id="a", project="p", old="x", version=1
        )
    finally:
        await database.drop_collection("grown")
        await database["meta"].delete_one({"_id": "shape"})


async def test_of_processes_that_start_together_none_fails_for_an_index_that_another_dropped(
    store: MongoStore,
) -> None:
    database, name = store._database, mongo_collections.collection_of(BacklogItem).name
    for _ in range(4):
        await database[name].create_index([("gone", 1)], name=":gone,id")
        await database["meta"].delete_one({"_id": "shape"})
        await asyncio.gather(*(mongo_client.bring_up_to_date(database, KINDS) for _ in range(4)))
        assert ":gone,id" not in await database[name].index_information()


async def test_searches_of_one_moment_leave_each_other_what_they_have_counted(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_search, "_MOST_REMEMBERED", 20)
    words = [f"word{n}" for n in range(60)]

    async def searching(first: int) -> None:
        for n in range(first, first + 60, 5):
            text = " ".join((words * 3)[n : n + 6])
            assert await store.search(BacklogItem, text, {"project": "p"}) == []

    await asyncio.gather(*map(searching, range(0, 60, 7)))


async def test_the_names_and_the_address_of_the_store_are_no_secret_in_its_health(store: MongoStore) -> None:
    health = await store.health()
    assert health.adapter == "mongodb"
    assert health.figures["set"] == "rs0"
    assert isinstance(MongoAddress(password="hidden"), MongoAddress)
    assert "hidden" not in repr(MongoAddress(password="hidden"))


async def test_the_stems_of_a_long_text_are_made_beside_the_event_loop(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    before = mongo_words.weights_of

    def noted(texts: tuple[str, ...]) -> dict[str, float]:
        made.append(threading.current_thread() is threading.main_thread())
        return before(texts)

    monkeypatch.setattr(mongo_collections, "weights_of", noted)
    for name, title in (("long", "word " * 2_000), ("short", "word")):
        await store.commit(Changes(puts=(BacklogItem(id=name, project="p", title=title),)))
    assert made == [False, True]


@pytest.mark.parametrize("password", ["hid/den", "hid?den", "hid@den", "hid:den", "hid/d@n", "hid%den"])
async def test_a_url_with_a_password_that_is_not_escaped_is_refused_without_a_part_of_it(
    password: str,
) -> None:
    address = MongoAddress(url=f"mongodb://user:{password}@host:27018/db")
    with pytest.raises(Unavailable) as refused:
        await MongoStore.open(address)
    told = f"{refused.value.reason} {refused.value.hint}"
    assert "host:27018" in told
    assert not any(part in told for part in ("hid", "den", "d@n"))


async def test_a_port_that_is_none_is_refused_in_a_line() -> None:
    with pytest.raises(Unavailable, match="cannot be used: Port must be"):
        await MongoStore.open(MongoAddress(url="mongodb://one:27017,two:99999"))


async def test_a_process_whose_clock_is_off_tells_the_time_of_the_server(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await store.now()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 600)
    assert timedelta() <= await store.now() - before < timedelta(seconds=60)
    await store._clock.set()
    assert timedelta() <= await store.now() - before < timedelta(seconds=60)
