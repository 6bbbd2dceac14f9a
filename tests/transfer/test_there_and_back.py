"""From one machine to a team and back: nothing is lost, nothing is other than it was."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from schema.context import RequestContext
from schema.root import build_schema
from store.codec import codec_of
from store.cursor import Cursor
from store.feed.feed import Feed
from store.mongo.store import MongoStore
from store.port import Changes, Store
from store.records import KINDS, Document, NewEvent
from store.sqlite.store import SqliteStore
from tests.test_store_calls import World
from tests.transfer.conftest import embedded, export_to, findings, import_from, shared

LISTS = """{
  backlog(project: "p", includeDone: true) { nodes { id title status blockedBy openBlockers } }
  documents(project: "p") { nodes { id title status content } }
  specs(project: "p") { nodes { name version owner } }
  locks(project: "p") { locks: nodes { path holder fence } }
}"""


async def listed(store: Store) -> Any:
    async with Feed(store) as feed:
        context = RequestContext(Engine(store, feed), LOCAL_OWNER)
        result = await build_schema().execute(LISTS, context_value=context)
    assert not result.errors, result.errors
    return result.data


async def found_by_words(store: Store, text: str) -> set[str]:
    return {hit.record.id for hit in await store.search(Document, text, {"project": "p"})}


async def test_sqlite_to_mongodb_and_back_is_the_same_line_by_line(filled: World, tmp_path: Path) -> None:
    source = embedded(tmp_path / "data3")
    cursor = (await filled.engine.store.heads(["p"]))["p"].last
    before = await listed(filled.engine.store)
    words = await found_by_words(filled.engine.store, "words")
    one, two, three = (tmp_path / f"{n}.jsonl" for n in range(3))
    first = await export_to(source, one)

    team = shared(tmp_path / "team")
    await import_from(team, one)
    assert team.mongo is not None
    store = await MongoStore.open(team.mongo)
    assert await listed(store) == before
    assert await found_by_words(store, "words") == words != set()
    await store.close()
    assert (await export_to(team, two))[1:] == first[1:]
    assert await findings(team) == []

    home = embedded(tmp_path / "home")
    await import_from(home, two)
    assert (await export_to(home, three))[1:] == first[1:]
    assert await findings(home) == []
    back = await SqliteStore.open(tmp_path / "home")
    assert await listed(back) == before
    assert await found_by_words(back, "words") == words
    await heard_after(back, cursor)
    await back.close()


async def heard_after(store: SqliteStore, last: int) -> None:
    """See a subscriber that stopped at `last` get the next event, and no other."""
    one = NewEvent(project="p", kind="k.k", subject="next")
    async with Feed(store) as feed:
        async with asyncio.timeout(10), aclosing(feed.subscribe(["p"], Cursor({"p": last}))) as items:
            feed.announce(await store.commit(Changes(events=(one,))))
            item = await anext(items)
        assert item.event is not None
        assert (item.event.sequence, item.event.subject) == (last + 1, "next")


async def test_an_export_holds_every_kind_that_was_stored(filled: World, tmp_path: Path) -> None:
    lines = await export_to(embedded(tmp_path / "data3"), tmp_path / "all.jsonl")
    header, *body, footer = lines
    counts = Counter(line["kind"] for line in body)
    stored = {codec_of(kind).name: await filled.engine.store.count(kind, {}) for kind in KINDS}
    assert {name: number for name, number in counts.items() if name not in ("log", "event")} == {
        name: number for name, number in stored.items() if number
    }
    assert counts["event"] > 20
    assert header["counts"] == footer["counts"] == dict(counts)
    # All but what only crowds, chances and other processes make.
    rare = {
        "lock_waiter",
        "audit",
        "answer",
        "lease",
        "usage",
        "document_band",
        "notice",
        "index_state",
        "tally",
    }
    assert {name for name, number in stored.items() if not number} <= rare


async def test_to_import_twice_is_to_import_once(filled: World, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    lines = await export_to(embedded(tmp_path / "data3"), file)
    target = embedded(tmp_path / "target")
    assert (await import_from(target, file)).total() == len(lines) - 2
    assert (await import_from(target, file)).total() == 0
    assert (await export_to(target, tmp_path / "again.jsonl"))[1:] == lines[1:]


async def test_a_log_whose_beginning_is_forgotten_keeps_its_numbers(filled: World, tmp_path: Path) -> None:
    store = filled.engine.store
    await store.drop_events((await store.events_after("p", 10, 1))[0].at, 10)
    head = (await store.heads(["p"]))["p"]
    assert head.first > 1
    await export_to(embedded(tmp_path / "data3"), tmp_path / "all.jsonl")
    await import_from(embedded(tmp_path / "target"), tmp_path / "all.jsonl")
    target = await SqliteStore.open(tmp_path / "target")
    assert (await target.heads(["p"]))["p"] == head
    assert await target.events_after("p", 0) == await store.events_after("p", 0)
    await target.close()


async def test_one_project_moves_into_a_store_that_holds_others(filled: World, tmp_path: Path) -> None:
    lines = await export_to(embedded(tmp_path / "data3"), tmp_path / "p.jsonl", project="P")
    assert {line["data"]["project"] for line in lines[1:-1]} == {"p"}
    target = embedded(tmp_path / "target")
    store = await SqliteStore.open(tmp_path / "target")
    other = Document(id="doc_other", project="other", type="adr", title="t", content="c")
    await store.commit(Changes(puts=(other,), events=(NewEvent(project="other", kind="k.k", subject="s"),)))
    await store.close()
    await import_from(target, tmp_path / "p.jsonl", merge=True)
    assert (await export_to(target, tmp_path / "back.jsonl", project="p"))[1:] == lines[1:]
    store = await SqliteStore.open(tmp_path / "target")
    kept = await store.get(Document, "doc_other")
    await store.close()
    assert kept is not None
