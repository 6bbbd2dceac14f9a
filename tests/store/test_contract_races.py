"""What the port promises when many decide at once: one wins, and everyone sees what was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from store.errors import Conflict, Duplicate
from store.port import Changes, Store
from store.records import BacklogItem, Fence, Lock, NewEvent

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("quick_threads")


@pytest.mark.parametrize("count", [2, 8, 64])
async def test_of_many_who_update_one_record_exactly_one_wins(store: Store, item: Make, count: int) -> None:
    await store.commit(Changes(puts=(item("a"),)))

    async def claim(n: int) -> bool:
        record = await store.get(BacklogItem, "a")
        assert record is not None
        if record.assignee:
            return False
        try:
            await store.commit(
                Changes(
                    puts=(replace(record, assignee=f"agent{n}"),),
                    events=(NewEvent(project="p", kind="backlog.claimed", subject="a", actor=f"agent{n}"),),
                )
            )
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(claim(n) for n in range(count)))
    assert won.count(True) == 1
    found = await store.get(BacklogItem, "a")
    assert found is not None
    assert (found.assignee, found.version) == (f"agent{won.index(True)}", 2)
    assert [event.actor for event in await store.events_after("p", 0)] == [found.assignee]


@pytest.mark.parametrize("count", [2, 8, 64])
async def test_of_many_who_take_one_unique_key_exactly_one_wins(store: Store, make: Make, count: int) -> None:
    async def take(n: int) -> bool:
        try:
            await store.commit(Changes(puts=(make(Lock, id=f"lock{n}", path="src/a.py"),)))
        except Duplicate:
            return False
        return True

    won = await asyncio.gather(*(take(n) for n in range(count)))
    assert won.count(True) == 1
    assert [lock.id for lock in (await store.find(Lock, {"path": "src/a.py"})).records] == [
        f"lock{won.index(True)}"
    ]


@pytest.mark.parametrize("count", [2, 8, 64])
async def test_a_counter_raised_by_many_who_retry_loses_no_step(store: Store, make: Make, count: int) -> None:
    await store.commit(Changes(puts=(make(Fence, id="p"),)))

    async def rise() -> int:
        while True:
            fence = await store.get(Fence, "p")
            assert fence is not None
            try:
                await store.commit(Changes(puts=(replace(fence, value=fence.value + 1),)))
            except Conflict:
                continue
            return fence.value + 1

    assert sorted(await asyncio.gather(*(rise() for _ in range(count)))) == list(range(1, count + 1))


@pytest.mark.parametrize("count", [2, 8, 64])
async def test_a_check_makes_two_decisions_exclude_each_other(store: Store, item: Make, count: int) -> None:
    """Each reads all, finds no other, and writes itself: only the check on a shared record prevents two."""
    await store.commit(Changes(puts=(item("shared"),)))

    async def enter(n: int) -> bool:
        shared = await store.get(BacklogItem, "shared")
        assert shared is not None
        if shared.version > 1:
            return False
        try:
            await store.commit(Changes(puts=(item(f"in{n}"), shared)))
        except Conflict:
            return False
        return True

    assert (await asyncio.gather(*(enter(n) for n in range(count)))).count(True) == 1
    assert await store.count(BacklogItem, {}) == 2


async def test_a_read_sees_every_commit_acknowledged_before_it_began(store: Store, item: Make) -> None:
    async def write_and_read(name: str) -> None:
        record = item(name, title="zebra")
        for version in range(1, 16):
            await store.commit(Changes(puts=(record,)))
            record = replace(record, version=version)
            one, many, page, count, hits = await asyncio.gather(
                store.get(BacklogItem, name),
                store.get_many(BacklogItem, [name]),
                store.find(BacklogItem, {"id": name}),
                store.count(BacklogItem, {"id": name, "version": version}),
                store.search(BacklogItem, "zebra", {"id": name}),
            )
            assert one == many[name] == page.records[0] == hits[0].record == record
            assert count == 1

    await asyncio.gather(*(write_and_read(f"w{n}") for n in range(8)))


async def test_a_reader_never_sees_half_a_commit(store: Store, item: Make) -> None:
    left, right = item("left", open_blockers=0), item("right", open_blockers=0)
    await store.commit(Changes(puts=(left, right)))
    is_done = asyncio.Event()

    async def write() -> None:
        for n in range(1, 200):
            pair = (replace(left, version=n, open_blockers=n), replace(right, version=n, open_blockers=n))
            await store.commit(Changes(puts=pair))
        is_done.set()

    async def read() -> int:
        looks = 0
        while not is_done.is_set():
            found = await store.get_many(BacklogItem, ["left", "right"])
            assert found["left"].open_blockers == found["right"].open_blockers
            looks += 1
        return looks

    _, *looks = await asyncio.gather(write(), read(), read())
    assert min(looks) > 5
