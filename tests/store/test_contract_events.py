"""What the port promises about logs: numbers without gap, in commit order, never used twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.errors import Conflict
from store.port import Changes, Head, Store
from store.records import Event, NewEvent

Make = Callable[..., Any]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def event(project: str = "p", at: datetime = NOON, **given: Any) -> NewEvent:
    values: dict[str, Any] = {"project": project, "kind": "lock.granted", "subject": "s", "at": at}
    return NewEvent(**(values | given))


async def numbers(store: Store, project: str = "p") -> list[int]:
    return [one.sequence for one in await store.events_after(project, 0)]


async def test_an_event_comes_back_as_given_with_its_number(store: Store) -> None:
    given = event(actor="a", data={"path": "ä", "n": [1, None]}, audience=("k1", "k2"))
    (returned,) = await store.commit(Changes(events=(given,)))
    assert await store.events_after("p", 0) == [returned]
    assert returned == Event(
        project="p", kind="lock.granted", subject="s", at=NOON, sequence=1, actor="a",
        data={"path": "ä", "n": [1, None]}, audience=("k1", "k2"),
    )  # fmt: skip


async def test_each_project_counts_for_itself(store: Store) -> None:
    returned = await store.commit(Changes(events=(event("p"), event("q"), event("p"), event(""))))
    assert [(one.project, one.sequence) for one in returned] == [("p", 1), ("q", 1), ("p", 2), ("", 1)]
    assert await store.heads(["p", "q", "", "none"]) == {
        "p": Head(1, 2),
        "q": Head(1, 1),
        "": Head(1, 1),
        "none": Head(1, 0),
    }
    assert await store.heads([]) == {}


async def test_events_are_read_from_a_number_on_and_up_to_a_limit(store: Store) -> None:
    await store.commit(Changes(events=tuple(event(subject=str(n)) for n in range(1, 11))))
    assert [one.subject for one in await store.events_after("p", 4, limit=3)] == ["5", "6", "7"]
    assert await store.events_after("p", 10) == []
    assert await store.events_after("q", 0) == []


async def test_a_commit_that_fails_uses_no_number(store: Store, item: Make) -> None:
    await store.commit(Changes(events=(event(),)))
    with pytest.raises(Conflict):
        await store.commit(Changes(puts=(item("a", version=9),), events=(event(),)))
    await store.commit(Changes(events=(event(),)))
    assert await numbers(store) == [1, 2]


async def test_numbers_have_no_gap_when_many_commit_and_some_fail(
    store: Store, item: Make, quick_threads: None
) -> None:
    async def one(n: int) -> tuple[Event, ...]:
        record = item(f"i{n}", version=int(n % 3 == 0))
        return await store.commit(Changes(puts=(record,), events=(event(), event())))

    results = await asyncio.gather(*(one(n) for n in range(150)), return_exceptions=True)
    kept = [result for result in results if isinstance(result, tuple)]
    assert len(kept) == 100
    assert all(first.sequence + 1 == second.sequence for first, second in kept)
    assert sorted(one.sequence for pair in kept for one in pair) == list(range(1, 201))
    assert await numbers(store) == list(range(1, 201))


async def test_old_events_are_forgotten_in_bounded_steps_and_their_numbers_never_return(
    store: Store, opener: Any
) -> None:
    old, new = NOON - timedelta(days=8), NOON
    await store.commit(Changes(events=tuple(event(at=old) for _ in range(7)) + (event(at=new),)))
    await store.commit(Changes(events=(event("q", at=old), event("q", at=old))))
    limit = NOON - timedelta(days=7)
    assert [await store.drop_events(limit, limit=5) for _ in range(3)] == [5, 4, 0]
    assert await store.heads(["p", "q"]) == {"p": Head(8, 8), "q": Head(3, 2)}
    assert (await numbers(store), await numbers(store, "q")) == ([8], [])
    assert await store.drop_events(NOON + timedelta(days=1)) == 1
    await store.close()
    again = await opener()
    (ninth, third) = await again.commit(Changes(events=(event(), event("q"))))
    assert (ninth.sequence, third.sequence) == (9, 3)
    assert (await again.heads(["p"]))["p"] == Head(9, 9)
    await again.close()


async def test_forgetting_never_makes_a_hole_in_what_is_kept(store: Store) -> None:
    ages = [9, 1, 9, 9, 1]
    await store.commit(Changes(events=tuple(event(at=NOON - timedelta(days=age)) for age in ages)))
    assert await store.drop_events(NOON - timedelta(days=7)) == 1
    assert await numbers(store) == [2, 3, 4, 5]
    assert (await store.heads(["p"]))["p"] == Head(2, 5)


async def test_an_event_as_old_as_the_bound_is_kept(store: Store) -> None:
    await store.commit(Changes(events=(event(),)))
    assert await store.drop_events(NOON) == 0
    assert await store.drop_events(NOON + timedelta(microseconds=1)) == 1


async def test_every_project_with_a_log_is_listed_by_name(store: Store) -> None:
    for name in ("b", "a", "", "c"):
        await store.commit(Changes(events=(event(name),)))
    assert await store.logged_projects() == ["a", "b", "c"]
    assert await store.logged_projects(after="a", limit=1) == ["b"]
