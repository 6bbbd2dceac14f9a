"""How the database grows with the program, and that every declared index is used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.errors import Unavailable
from store.port import AnyOf, By, Changes, In, Prefix, Span, Where
from store.records import KINDS, BacklogItem, Document, Lock, NewEvent, Record
from store.sqlite.queries import matching
from store.sqlite.store import SqliteStore
from store.sqlite.tables import MIGRATIONS, table_of

Make = Callable[..., Any]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def named(name: str) -> Callable[[type], type]:
    def rename(kind: type) -> type:
        kind.__name__ = name
        return kind

    return rename


@named("Thing")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingThen(Record):
    INDEXES = (("project", "title"),)

    title: str


@named("Thing")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingNow(Record):
    INDEXES = (("project", "size"),)
    UNIQUE = (("title",),)
    SEARCHED = ("title", "note")

    title: str
    note: str = "it's new"
    size: int = 5
    is_big: bool = True
    seen_at: datetime | None = None
    since: datetime = NOON
    tags: tuple[str, ...] = ("a",)


@named("Thing")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingBroken(Record):
    title: str
    needed: str


async def test_new_fields_with_defaults_indexes_and_searched_texts_are_added(tmp_path: Path) -> None:
    then = await SqliteStore.open(tmp_path, kinds=[ThingThen])
    await then.commit(Changes(puts=(ThingThen(id="a", project="p", title="zebra"),)))
    await then.close()
    now = await SqliteStore.open(tmp_path, kinds=[ThingNow])
    assert await now.get(ThingNow, "a") == ThingNow(id="a", project="p", title="zebra", version=1)
    assert [hit.record.id for hit in await now.search(ThingNow, "zebra", {})] == ["a"]
    await now.close()
    database = sqlite3.connect(tmp_path / "interlock.db")
    names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    database.close()
    assert {"thing:project,size", "thing!title"} <= names
    assert "thing:project,title" not in names


async def test_an_older_program_reads_and_writes_what_a_newer_one_only_extended(tmp_path: Path) -> None:
    now = await SqliteStore.open(tmp_path, kinds=[ThingNow])
    await now.close()
    then = await SqliteStore.open(tmp_path, kinds=[ThingThen])
    await then.commit(Changes(puts=(ThingThen(id="a", project="p", title="t"),)))
    await then.close()
    again = await SqliteStore.open(tmp_path, kinds=[ThingNow])
    assert await again.get(ThingNow, "a") == ThingNow(id="a", project="p", title="t", version=1)
    await again.close()


async def test_a_field_that_no_default_fills_stops_the_start_and_changes_nothing(tmp_path: Path) -> None:
    then = await SqliteStore.open(tmp_path, kinds=[ThingThen])
    await then.commit(Changes(puts=(ThingThen(id="a", project="p", title="t"),)))
    await then.close()
    with pytest.raises(Unavailable, match="needed"):
        await SqliteStore.open(tmp_path, kinds=[ThingBroken])
    again = await SqliteStore.open(tmp_path, kinds=[ThingThen])
    assert await again.count(ThingThen, {}) == 1
    await again.close()


async def test_a_database_of_a_newer_version_is_refused_with_one_line_and_left_alone(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path)).close()
    database = sqlite3.connect(tmp_path / "interlock.db")
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    before = (tmp_path / "interlock.db").read_bytes()
    with pytest.raises(Unavailable) as caught:
        await SqliteStore.open(tmp_path)
    assert "\n" not in caught.value.reason
    assert "newer" in caught.value.hint
    assert (tmp_path / "interlock.db").read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "interlock.db").write_bytes(b"my diary, " * 1000)
    with pytest.raises(Unavailable, match="not a database"):
        await SqliteStore.open(tmp_path)
    assert (tmp_path / "interlock.db").read_bytes() == b"my diary, " * 1000


async def test_a_path_with_signs_of_an_address_in_it_is_just_a_path(tmp_path: Path) -> None:
    directory = tmp_path / "a?mode=memory#x%41 ü"
    await (await SqliteStore.open(directory)).close()
    assert (directory / "interlock.db").exists()


async def test_the_database_is_durable_on_acknowledge(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    settings = await store._writer.submit(
        lambda c: [c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    )
    await store.close()
    assert settings == ["wal", 2]


async def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    times = iter([100.0, 50.0, 100.5, 1.0])
    store = await SqliteStore.open(tmp_path, clock=lambda: next(times))
    told = [(await store.now()).timestamp() for _ in range(4)]
    await store.close()
    assert told == [100.0, 100.0, 100.5, 100.5]


async def test_a_full_database_fails_the_whole_batch_and_recovers(tmp_path: Path, item: Make) -> None:
    store = await SqliteStore.open(tmp_path)
    pages = await store._writer.submit(lambda c: int(c.execute("PRAGMA page_count").fetchone()[0]))
    await store._writer.submit(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 3}").fetchone())
    commits = (store.commit(Changes(puts=(item(f"i{n}", description="x" * 9000),))) for n in range(8))
    results = await asyncio.gather(*commits, return_exceptions=True)
    failed = [result for result in results if isinstance(result, Unavailable)]
    assert failed
    assert all("the disk is full" in one.reason and str(tmp_path) in one.hint for one in failed)
    assert await store.count(BacklogItem, {}) == 8 - len(failed)
    await store._writer.submit(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    await store.commit(
        Changes(puts=(item("after"),), events=(NewEvent(project="p", kind="a.b", subject="s"),))
    )
    assert (await store.heads(["p"]))["p"].last == 1
    await store.close()


@pytest.fixture
async def traced(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, Callable[[], list[str]]]]:
    """Return a store and what returns the plan of its latest find."""
    store = await SqliteStore.open(tmp_path)
    seen: list[str] = []
    await store._quick.submit(lambda connection: connection.set_trace_callback(seen.append))
    database = sqlite3.connect(tmp_path / "interlock.db")

    def plan() -> list[str]:
        return [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {seen[-1]}")]

    yield store, plan
    database.close()
    await store.close()


def is_seek(plan: list[str]) -> bool:
    return not any("SCAN t" in step or "TEMP B-TREE" in step for step in plan)


CASES = [
    (kind, columns, length, direction)
    for kind in KINDS
    for columns in kind.INDEXES
    for length in range(1, len(columns) + 1)
    for direction in ("asc", "desc")
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_declared_index_answers_its_filters_and_orders_without_a_scan(
    traced: tuple[SqliteStore, Callable[[], list[str]]], make: Make, kind: type[Record]
) -> None:
    store, plan = traced
    await store.commit(Changes(puts=tuple(make(kind, id=f"r{n}", **unique(kind, n)) for n in range(3))))
    sample = await store.get(kind, "r0")
    asked = 0
    for _, columns, length, direction in (case for case in CASES if case[0] is kind):
        where = {name: getattr(sample, name) for name in columns[:length]}
        order = [By(name, direction) for name in columns[length:]] or [By("id", direction)]  # type: ignore[arg-type]
        after: str | None = None
        for _ in range(2):
            page = await store.find(kind, where, order=order, limit=1, after=after)
            assert is_seek(plan()), (where, order, after, plan())
            asked += 1
            after = page.after
            if after is None:
                break
        last = columns[length - 1]
        if length == len(columns) and last.endswith("_at"):
            where[last] = Span(before=NOON)
            await store.find(kind, where, order=[By(last)])
            assert is_seek(plan()), (where, plan())
    assert asked or not kind.INDEXES


UNEQUAL = {"path", "hash"}


def unique(kind: type[Record], n: int) -> dict[str, str]:
    return {name: f"{name}{n}" for columns in kind.UNIQUE for name in columns if name in UNEQUAL}


async def test_paths_above_and_below_are_found_in_the_index(
    traced: tuple[SqliteStore, Callable[[], list[str]]],
) -> None:
    store, plan = traced
    for condition in (
        Prefix("src/"),
        In(("src/", "src/a.py")),
        AnyOf((In(("src/", "src/a/")), Prefix("src/a/b/"))),
    ):
        await store.find(Lock, {"project": "p", "path": condition}, limit=1000)
        assert not any("SCAN t" in step for step in plan()), plan()
        seeks = [step for step in plan() if "SEARCH t" in step and "PRIMARY KEY" not in step]
        assert seeks
        assert all("project=? AND path" in step for step in seeks), plan()


async def test_pages_of_one_order_stay_seeks_however_deep(
    traced: tuple[SqliteStore, Callable[[], list[str]]], item: Make
) -> None:
    store, plan = traced
    rows = [item(f"i{n:03}", created_at=NOON + timedelta(seconds=n)) for n in range(50)]
    await store.commit(Changes(puts=tuple(replace(row, priority_rank=n % 3) for n, row in enumerate(rows))))
    order = [By("priority_rank"), By("created_at")]
    after = None
    for _ in range(4):
        page = await store.find(
            BacklogItem, {"project": "p", "is_closed": False}, order=order, limit=10, after=after
        )
        after = page.after
    assert any("is_closed=? AND (priority_rank,created_at" in step for step in plan()), plan()
    assert is_seek(plan())


async def test_ids_are_looked_up_in_their_index(traced: tuple[SqliteStore, Callable[[], list[str]]]) -> None:
    store, plan = traced
    await store.get_many(Lock, ["a", "b", "c"])
    assert is_seek(plan())
    await store.events_after("p", 5)
    assert plan() == ["SEARCH event USING PRIMARY KEY (project=? AND sequence>?)"]


async def test_words_of_an_earlier_make_are_made_anew(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    await store.commit(Changes(puts=(BacklogItem(id="a", project="p", title="zebra"),)))
    await store.close()
    with closing(sqlite3.connect(tmp_path / "interlock.db", isolation_level=None)) as connection:
        connection.execute("DROP TABLE backlog_item_words")
        connection.execute("CREATE VIRTUAL TABLE backlog_item_words USING fts5(title, rest)")
    store = await SqliteStore.open(tmp_path)
    hits = await store.search(BacklogItem, "zebras", {"project": "p"})
    assert [hit.record.id for hit in hits] == ["a"]
    await store.close()


async def test_records_asked_for_by_id_are_read_by_id_whatever_else_is_asked(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    seen: list[str] = []
    where: Where = {"project": In(("p", "shared")), "status": "active", "id": In(("doc_1", "doc_2"))}
    connection = sqlite3.connect(tmp_path / "interlock.db")
    condition, values = matching(table_of(Document).codec, where)
    for row in connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM document t WHERE {condition}", values):
        seen.append(str(row[3]))
    connection.close()
    await store.close()
    assert len(seen) == 1 and "(id=?)" in seen[0]
