"""What the port promises about records: kept as given, versioned, all of a commit or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from store.errors import Conflict, Duplicate, Unavailable
from store.port import Changes, Store
from store.records import KINDS, Answer, BacklogItem, Checklist, Key, Lock, NewEvent, Record

Make = Callable[..., Any]
NOON = datetime(2026, 5, 4, 12, 0, 0, 123_457, UTC)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_kind_of_record_comes_back_as_it_was_given(
    store: Store, make: Make, kind: type[Record]
) -> None:
    record = make(kind, created_at=NOON, updated_at=NOON)
    await store.commit(Changes(puts=(record,)))
    found = await store.get(kind, record.id)
    assert found == replace(record, version=1)
    assert [type(getattr(found, f.name)) for f in fields(kind)] == [
        type(getattr(record, f.name)) for f in fields(kind)
    ]


async def test_values_of_every_type_come_back_exactly(store: Store, item: Make) -> None:
    given = item(
        "a",
        title="Ünï – 漢字 \U0001f600 'quoted' \"twice\" \\u0000 %_",
        description="",
        is_closed=True,
        priority_rank=-(2**63),
        open_blockers=2**63 - 1,
        tags=("", "x", "ä", '"', "a,b"),
        completed_at=datetime(1, 1, 2, 3, 4, 5, 6, UTC),
        created_at=datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
    )
    await store.commit(Changes(puts=(given,)))
    assert await store.get(BacklogItem, "a") == replace(given, version=1)


async def test_a_time_of_another_zone_comes_back_as_the_same_moment_in_utc(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", created_at=NOON.astimezone(timezone(timedelta(hours=5)))),)))
    found = await store.get(BacklogItem, "a")
    assert found is not None
    assert (found.created_at, found.created_at.tzinfo) == (NOON, UTC)


async def test_nested_json_comes_back_equal(store: Store, make: Make) -> None:
    result = {"a": [1, 2.5, None, True, {"b": "ä\\"}], "big": 2**70, "": ""}
    items = ({"text": "x", "done": False, "notes": None}, {"text": "y"})
    await store.commit(
        Changes(
            puts=(make(Answer, id="x", result=MappingProxyType(result)), make(Checklist, id="x", items=items))
        )
    )
    answer, checklist = await store.get(Answer, "x"), await store.get(Checklist, "x")
    assert answer is not None
    assert checklist is not None
    assert (answer.result, checklist.items) == (result, items)


async def test_a_record_handed_out_shares_nothing_with_the_next(store: Store, make: Make) -> None:
    await store.commit(Changes(puts=(make(Answer, id="x", result={"a": [1]}),)))
    first = await store.get(Answer, "x")
    assert first is not None
    first.result["a"].append(2)
    second = await store.get(Answer, "x")
    assert second is not None
    assert second.result == {"a": [1]}


async def test_a_value_changed_after_the_call_is_written_as_it_was_at_the_call(
    store: Store, make: Make
) -> None:
    result = {"a": [1]}
    pending = asyncio.ensure_future(store.commit(Changes(puts=(make(Answer, id="x", result=result),))))
    await asyncio.sleep(0)
    result["a"].append(2)
    await pending
    found = await store.get(Answer, "x")
    assert found is not None
    assert found.result == {"a": [1]}


async def test_what_does_not_exist_is_none(store: Store) -> None:
    assert await store.get(Lock, "nothing") is None
    assert await store.get_many(Lock, ["nothing"]) == {}
    assert await store.get_many(Lock, []) == {}


async def test_many_are_returned_by_id_without_those_that_do_not_exist(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=tuple(item(f"i{n}") for n in range(1000))))
    asked = [f"i{n}" for n in range(0, 1998, 2)]
    found = await store.get_many(BacklogItem, [*asked, asked[0]])
    assert sorted(found) == sorted(asked[:500])
    assert all(record.id == key for key, record in found.items())
    with pytest.raises(ValueError, match="1000"):
        await store.get_many(BacklogItem, [f"i{n}" for n in range(1001)])


async def test_each_write_raises_the_version_by_one(store: Store, item: Make) -> None:
    record = item("a")
    for version in range(1, 5):
        await store.commit(Changes(puts=(replace(record, title=f"v{version}"),)))
        found = await store.get(BacklogItem, "a")
        assert found == replace(record, title=f"v{version}", version=version)
        record = found


async def test_a_record_created_twice_conflicts_and_keeps_the_first(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="first"),)))
    with pytest.raises(Conflict) as caught:
        await store.commit(Changes(puts=(item("a", title="second"),)))
    assert (caught.value.kind, caught.value.record_id) == ("BacklogItem", "a")
    found = await store.get(BacklogItem, "a")
    assert found is not None
    assert found.title == "first"


@pytest.mark.parametrize("how", ["deletes", "checks"])
async def test_a_record_deleted_and_made_anew_is_another_although_its_version_is_the_same(
    store: Store, make: Make, how: str
) -> None:
    first = make(Lock, id="p:a", created_at=NOON)
    await store.commit(Changes(puts=(first,)))
    read = await store.get(Lock, "p:a")
    assert read is not None
    await store.commit(Changes(deletes=(read,)))
    await store.commit(Changes(puts=(replace(first, created_at=NOON + timedelta(microseconds=1)),)))
    event = NewEvent(project="p", kind="a.b", subject="x")
    with pytest.raises(Conflict):
        await store.commit(Changes(**{how: (read,)}, events=(event,)))
    with pytest.raises(Conflict):
        await store.commit(Changes(**{how: (read,)}))
    assert await store.get(Lock, "p:a") is not None


@pytest.mark.parametrize("version", [1, 3, -1])
@pytest.mark.parametrize("how", ["puts", "deletes", "checks"])
async def test_a_stale_version_conflicts_and_writes_nothing(
    store: Store, item: Make, how: str, version: int
) -> None:
    await store.commit(Changes(puts=(item("a"),)))
    await store.commit(Changes(puts=(item("a", version=1, title="now"),)))
    stale = Changes(puts=(item("other"),), events=(NewEvent(project="p", kind="a.b", subject="s"),))
    stale = replace(stale, **{how: (*getattr(stale, how), item("a", version=version))})
    with pytest.raises(Conflict):
        await store.commit(stale)
    assert await store.get(BacklogItem, "other") is None
    assert (await store.heads(["p"]))["p"].last == 0
    found = await store.get(BacklogItem, "a")
    assert found is not None
    assert (found.version, found.title) == (2, "now")


@pytest.mark.parametrize("how", ["puts", "deletes", "checks"])
async def test_a_record_that_is_gone_conflicts(store: Store, item: Make, how: str) -> None:
    with pytest.raises(Conflict):
        await store.commit(Changes(**{how: (item("gone", version=1),)}))


async def test_a_check_that_stands_lets_the_commit_through_and_changes_nothing(
    store: Store, item: Make
) -> None:
    await store.commit(Changes(puts=(item("a"),)))
    await store.commit(Changes(puts=(item("b"),), checks=(item("a", version=1),)))
    found = await store.get(BacklogItem, "a")
    assert found is not None
    assert found.version == 1


async def test_a_deleted_record_is_gone_and_may_be_created_anew(store: Store, item: Make) -> None:
    await store.commit(Changes(puts=(item("a"),)))
    await store.commit(Changes(deletes=(item("a", version=1),)))
    assert await store.get(BacklogItem, "a") is None
    assert await store.count(BacklogItem, {}) == 0
    await store.commit(Changes(puts=(item("a"),)))
    assert await store.count(BacklogItem, {}) == 1


async def test_a_broken_unique_key_names_its_fields_and_writes_nothing(
    store: Store, make: Make, item: Make
) -> None:
    await store.commit(Changes(puts=(make(Lock, id="one", path="src/a.py"),)))
    with pytest.raises(Duplicate) as caught:
        await store.commit(Changes(puts=(item("other"), make(Lock, id="two", path="src/a.py"))))
    assert (caught.value.kind, caught.value.fields) == ("Lock", ("project", "path"))
    assert await store.get(BacklogItem, "other") is None
    assert await store.get(Lock, "two") is None


async def test_an_update_that_breaks_a_unique_key_is_a_duplicate(store: Store, make: Make) -> None:
    one, two = make(Key, id="one", hash="1"), make(Key, id="two", hash="2")
    await store.commit(Changes(puts=(one, two)))
    with pytest.raises(Duplicate):
        await store.commit(Changes(puts=(replace(two, version=1, hash="1"),)))


async def test_a_key_freed_in_a_commit_may_be_taken_in_it(store: Store, make: Make) -> None:
    await store.commit(Changes(puts=(make(Lock, id="one", path="a"), make(Lock, id="two", path="b"))))
    await store.commit(
        Changes(
            puts=(make(Lock, id="three", path="a"), make(Lock, id="four", path="b"),
                  make(Lock, id="two", path="c", version=1)),
            deletes=(make(Lock, id="one", path="a", version=1),),
        )
    )  # fmt: skip
    assert {lock.id: lock.path for lock in (await store.find(Lock, {})).records} == {
        "three": "a",
        "four": "b",
        "two": "c",
    }


async def test_a_record_written_twice_in_one_commit_is_refused(store: Store, item: Make) -> None:
    with pytest.raises(ValueError, match="twice"):
        await store.commit(Changes(puts=(item("a"), item("a"))))
    with pytest.raises(ValueError, match="twice"):
        await store.commit(Changes(puts=(item("a", version=1),), deletes=(item("a", version=1),)))


async def test_nothing_to_write_is_no_error(store: Store) -> None:
    assert await store.commit(Changes()) == ()


@pytest.mark.parametrize(
    "fault",
    [
        {"title": "a\0b"},
        {"title": "\ud800"},
        {"tags": ("ok", "a\0b")},
        {"tags": ("\udfff",)},
        {"title": None},
        {"title": 5},
        {"priority_rank": 2**63},
        {"priority_rank": "high"},
        {"is_closed": 1},
        {"tags": "abc"},
        {"completed_at": datetime(2026, 1, 1)},
    ],
    ids=repr,
)
async def test_a_value_that_cannot_be_kept_is_refused_by_name_before_anything_is_written(
    store: Store, item: Make, fault: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"BacklogItem.{next(iter(fault))} must"):
        await store.commit(Changes(puts=(item("good"), item("bad", **fault))))
    assert await store.count(BacklogItem, {}) == 0


@pytest.mark.parametrize(
    "value",
    [{"a": "x\0y"}, {"x\0": 1}, {"a": ["\ud83d"]}, {"a": float("nan")}, {"a": object()}],
    ids=["NUL", "NUL in a name", "half a pair", "NaN", "an object"],
)
async def test_json_that_cannot_be_kept_is_refused(store: Store, make: Make, value: Any) -> None:
    with pytest.raises(ValueError, match=r"Answer\.result"):
        await store.commit(Changes(puts=(make(Answer, id="x", result=value),)))
    with pytest.raises(ValueError, match=r"Event\.data"):
        await store.commit(Changes(events=(NewEvent(project="p", kind="a.b", subject="s", data=value),)))
    assert (await store.heads(["p"]))["p"].last == 0


async def test_a_commit_whose_caller_went_away_is_whole_or_absent(store: Store, item: Make) -> None:
    for n in range(50):
        task = asyncio.ensure_future(store.commit(Changes(puts=(item(f"a{n}"), item(f"b{n}")))))
        for _ in range(n % 4):
            await asyncio.sleep(0)
        task.cancel()
    await store.commit(Changes(puts=(item("last"),)))
    found = {record.id for record in (await store.find(BacklogItem, {}, limit=1000)).records} - {"last"}
    assert {f"b{name[1:]}" for name in found if name[0] == "a"} == {name for name in found if name[0] == "b"}


async def test_every_call_on_a_closed_store_is_unavailable_and_closing_again_is_harmless(
    store: Store, item: Make
) -> None:
    await store.close()
    for call in (
        lambda: store.get(BacklogItem, "a"),
        lambda: store.find(BacklogItem, {}),
        lambda: store.count(BacklogItem, {}),
        lambda: store.commit(Changes(puts=(item("a"),))),
        lambda: store.events_after("p", 0),
        lambda: store.heads(["p"]),
    ):
        with pytest.raises(Unavailable):
            await call()
    health = await store.health()
    assert (health.can_read, health.can_write) == (False, False)
    await store.close()


async def test_commits_accepted_before_the_close_are_finished(store: Store, opener: Any, item: Make) -> None:
    pending = [asyncio.ensure_future(store.commit(Changes(puts=(item(f"i{n}"),)))) for n in range(300)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*pending) == [()] * 300
    again = await opener()
    assert await again.count(BacklogItem, {}) == 300
    await again.close()


async def test_a_reopened_store_has_everything(opener: Any, item: Make) -> None:
    first = await opener()
    await first.commit(Changes(puts=(item("a"),), events=(NewEvent(project="p", kind="a.b", subject="s"),)))
    await first.close()
    second = await opener()
    assert await second.get(BacklogItem, "a") == item("a", version=1)
    assert [event.sequence for event in await second.events_after("p", 0)] == [1]
    assert [hit.record.id for hit in await second.search(BacklogItem, "a", {})] == ["a"]
    await second.close()


async def test_the_clock_is_aware_utc_and_the_health_is_good(store: Store) -> None:
    first, second = await store.now(), await store.now()
    assert first.tzinfo is UTC
    assert first <= second
    health = await store.health()
    assert (health.can_read, health.can_write, health.detail) == (True, True, "")
