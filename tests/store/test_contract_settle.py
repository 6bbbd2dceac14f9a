"""What `settle` promises on every adapter, in its own way and in the port's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from store.errors import Conflict, Duplicate
from store.port import Changes, Store
from store.records import BacklogItem, Lock, NewEvent

Settle = Callable[[Callable[[], Awaitable[tuple[Any, Changes]]]], Awaitable[Any]]


@pytest.fixture(params=["the adapter's own way", "read, decide, commit"])
def settle(request: pytest.FixtureRequest, store: Store) -> Settle:
    return store.settle if request.param == "the adapter's own way" else partial(Store.settle, store)


async def test_a_decision_is_written_with_its_events_and_its_result_returned(
    store: Store, settle: Settle, item: Callable[..., BacklogItem]
) -> None:
    async def decide() -> tuple[str, Changes]:
        assert await store.get(BacklogItem, "a") is None
        assert (await store.find(BacklogItem, {"project": "p"})).records == ()
        event = NewEvent(project="p", kind="backlog.added", subject="a")
        return "done", Changes(puts=(item("a"),), events=(event,))

    result, changes, events = await settle(decide)
    assert result == "done"
    assert [put.id for put in changes.puts] == ["a"]
    assert [event.sequence for event in events] == [1]
    assert await store.events_after("p", 0) == list(events)
    kept = await store.get(BacklogItem, "a")
    assert kept is not None
    assert kept.version == 1


async def test_a_decision_that_wants_nothing_writes_nothing(store: Store, settle: Settle) -> None:
    async def decide() -> tuple[int, Changes]:
        return 7, Changes()

    assert await settle(decide) == (7, Changes(), ())
    assert await store.events_after("p", 0) == []


async def test_what_a_decision_raises_comes_out_and_nothing_is_written(store: Store, settle: Settle) -> None:
    class Refused(Exception):
        pass

    async def decide() -> tuple[None, Changes]:
        await store.get(BacklogItem, "a")
        raise Refused

    with pytest.raises(Refused):
        await settle(decide)
    assert await store.count(BacklogItem, {}) == 0


async def test_a_stale_version_and_a_broken_key_come_out(
    store: Store, settle: Settle, item: Callable[..., BacklogItem], make: Callable[..., Any]
) -> None:
    async def stale() -> tuple[None, Changes]:
        return None, Changes(puts=(item("a", version=3), item("b")))

    with pytest.raises(Conflict):
        await settle(stale)

    async def twice() -> tuple[None, Changes]:
        return None, Changes(puts=(make(Lock, id="1", path="x"), make(Lock, id="2", path="x")))

    with pytest.raises(Duplicate):
        await settle(twice)
    assert await store.count(BacklogItem, {}) == 0
    assert await store.count(Lock, {}) == 0


@pytest.mark.parametrize("racers", [2, 8, 64])
async def test_of_many_that_count_up_at_once_none_is_lost(
    store: Store, settle: Settle, item: Callable[..., BacklogItem], racers: int
) -> None:
    await store.commit(Changes(puts=(item("a"),)))

    async def decide() -> tuple[int, Changes]:
        found = await store.get(BacklogItem, "a")
        assert found is not None
        return found.edit_count + 1, Changes(puts=(replace(found, edit_count=found.edit_count + 1),))

    async def raced() -> int:
        while True:
            try:
                return int((await settle(decide))[0])
            except Conflict:
                continue

    assert sorted(await asyncio.gather(*(raced() for _ in range(racers)))) == list(range(1, racers + 1))


async def test_the_embedded_store_settles_many_at_once_without_a_conflict(
    store: Store, item: Callable[..., BacklogItem]
) -> None:
    if store.is_shared:
        pytest.skip("others may write to this adapter's records meanwhile")
    await store.commit(Changes(puts=(item("a"),)))

    async def decide() -> tuple[int, Changes]:
        found = await store.get(BacklogItem, "a")
        assert found is not None
        hits = await store.search(BacklogItem, "a", {"project": "p"})
        assert hits
        return found.edit_count + 1, Changes(puts=(replace(found, edit_count=found.edit_count + 1),))

    settled = await asyncio.gather(*(store.settle(decide) for _ in range(64)))
    assert sorted(result for result, _, _ in settled) == list(range(1, 65))


async def test_one_that_fails_leaves_the_others_of_its_moment_standing(
    store: Store, item: Callable[..., BacklogItem]
) -> None:
    async def decide(n: int) -> tuple[None, Changes]:
        if n % 2:
            raise LookupError(n)
        return None, Changes(puts=(item(f"i{n}"),))

    outcomes = await asyncio.gather(
        *(store.settle(partial(decide, n)) for n in range(20)), return_exceptions=True
    )
    assert [isinstance(outcome, LookupError) for outcome in outcomes] == [bool(n % 2) for n in range(20)]
    assert await store.count(BacklogItem, {}) == 10


async def test_a_decision_that_waits_for_something_else_is_refused_where_it_would_hold_up_the_writer(
    store: Store, item: Callable[..., BacklogItem]
) -> None:
    if store.is_shared:
        pytest.skip("this adapter decides on the event loop")
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def decide() -> tuple[None, Changes]:
        await never
        return None, Changes(puts=(item("a"),))

    with pytest.raises(RuntimeError, match="nothing but the store's reads"):
        await store.settle(decide)
    await store.commit(Changes(puts=(item("b"),)))
    assert await store.count(BacklogItem, {}) == 1
