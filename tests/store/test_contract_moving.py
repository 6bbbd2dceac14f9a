"""What stores promise to those who move everything: one moment read whole, and all put back as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.errors import Conflict, Duplicate
from store.moving.snapshot import MovableStore, Restoration, Snapshot
from store.port import Changes, Head
from store.records import KINDS, BacklogItem, Document, Event, Key, NewEvent, Record

Make = Callable[..., Any]
NOON = datetime(2026, 5, 4, 12, 0, 0, 123_456, tzinfo=UTC)


def event(sequence: int, project: str = "p") -> Event:
    return Event(project=project, kind="a.b", subject="s", at=NOON, sequence=sequence, data={"n": sequence})


async def records_in(snapshot: Snapshot, kind: type[Record], project: str | None = None) -> list[Record]:
    return [record async for page in snapshot.pages(kind, project) for record in page]


async def events_in(snapshot: Snapshot, project: str = "p") -> list[Event]:
    return [one async for page in snapshot.events(project) for one in page]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_a_record_put_back_is_the_one_that_was_taken(
    store: MovableStore, make: Make, kind: type[Record]
) -> None:
    given = make(kind, id="x", version=7, created_at=NOON, updated_at=NOON + timedelta(seconds=1))
    await store.restore(Restoration(records=((given, 0),)))
    assert await store.get(kind, "x") == given
    async with store.snapshot() as snapshot:
        assert await records_in(snapshot, kind) == [given]
        assert await snapshot.get_many(kind, ["x", "y"]) == {"x": given}
        assert [one async for one in snapshot.misworded(kind)] == []


async def test_a_snapshot_shows_nothing_of_what_is_written_later(store: MovableStore, item: Make) -> None:
    first = [item(f"a{n:03}") for n in range(450)]
    for start in range(0, 450, 150):
        await store.commit(
            Changes(
                puts=tuple(first[start : start + 150]),
                events=(NewEvent(project="p", kind="a.b", subject="s"),),
            )
        )
    async with store.snapshot() as snapshot:
        stored = await store.get(BacklogItem, "a449")
        assert stored is not None
        later = NewEvent(project="q", kind="a.b", subject="s")
        await store.commit(Changes(puts=(item("b"),), deletes=(stored,), events=(later, later)))
        read = await records_in(snapshot, BacklogItem)
        assert [record.id for record in read] == [one.id for one in first]
        assert await snapshot.count(BacklogItem) == 450
        assert await snapshot.logs() == {"p": Head(1, 3)}
        assert await snapshot.logged() == ["p"]
        assert [one.sequence for one in await events_in(snapshot)] == [1, 2, 3]
        assert await events_in(snapshot, "q") == []
    assert await store.count(BacklogItem, {}) == 450


async def test_a_snapshot_sorts_ids_by_their_bytes_and_tells_projects_apart(
    store: MovableStore, item: Make
) -> None:
    ids = ["Z", "a", "a_b", "aB", "ä", "z", "é", "𝄞", "\uffff"]
    await store.commit(Changes(puts=tuple(item(one, project="q" if one == "z" else "p") for one in ids)))
    async with store.snapshot() as snapshot:
        read = [record.id for record in await records_in(snapshot, BacklogItem)]
        assert read == sorted(ids, key=str.encode)
        assert [one.id for one in await records_in(snapshot, BacklogItem, "q")] == ["z"]
        assert (await snapshot.count(BacklogItem, "q"), await snapshot.count(BacklogItem, "r")) == (1, 0)


async def test_what_is_put_back_replaces_only_the_version_named(store: MovableStore, item: Make) -> None:
    await store.commit(Changes(puts=(item("a", title="old word"),)))
    newer = item("a", title="new word", version=9)
    for wrong in (0, 2):
        with pytest.raises(Conflict):
            await store.restore(Restoration(records=((item("b", version=1), 0), (newer, wrong))))
    assert await store.get(BacklogItem, "b") is None
    await store.restore(Restoration(records=((newer, 1),)))
    assert await store.get(BacklogItem, "a") == newer
    assert [hit.record for hit in await store.search(BacklogItem, "new", {"project": "p"})] == [newer]
    assert await store.search(BacklogItem, "old", {"project": "p"}) == []
    (stored,) = await store.get_many(BacklogItem, ["a"])
    await store.commit(Changes(puts=(replace(newer, title="next"),)))
    after = await store.get(BacklogItem, stored)
    assert after is not None
    assert after.version == 10


async def test_a_unique_key_holds_for_what_is_put_back(store: MovableStore, make: Make) -> None:
    await store.restore(Restoration(records=((make(Key, id="k1", hash="h", version=1), 0),)))
    with pytest.raises(Duplicate):
        await store.restore(Restoration(records=((make(Key, id="k2", hash="h", version=1), 0),)))


async def test_a_record_that_was_never_stored_is_not_put_back(store: MovableStore, item: Make) -> None:
    with pytest.raises(ValueError, match="never stored"):
        await store.restore(Restoration(records=((item("a"), 0),)))


async def test_a_log_goes_on_with_the_numbers_it_had(store: MovableStore) -> None:
    await store.restore(Restoration(logs={"p": 5, "q": 9}))
    await store.restore(Restoration(events=(event(5), event(6), event(9, "q"))))
    assert await store.heads(["p", "q"]) == {"p": Head(5, 6), "q": Head(9, 9)}
    assert await store.events_after("p", 0) == [event(5), event(6)]
    (next_one,) = await store.commit(Changes(events=(NewEvent(project="p", kind="a.b", subject="s"),)))
    assert next_one.sequence == 7


async def test_a_log_that_has_no_event_left_goes_on_too(store: MovableStore) -> None:
    await store.restore(Restoration(logs={"p": 5}))
    assert (await store.heads(["p"]))["p"] == Head(5, 4)
    (next_one,) = await store.commit(Changes(events=(NewEvent(project="p", kind="a.b", subject="s"),)))
    assert next_one.sequence == 5


@pytest.mark.parametrize(
    "wrong",
    [
        Restoration(logs={"p": 1}),
        Restoration(events=(event(2),)),
        Restoration(events=(event(4),)),
        Restoration(events=(event(1, "q"),)),
    ],
)
async def test_no_event_is_put_back_out_of_its_place(
    store: MovableStore, item: Make, wrong: Restoration
) -> None:
    await store.commit(
        Changes(events=tuple(NewEvent(project="p", kind="a.b", subject="s") for _ in range(2)))
    )
    if wrong.logs:
        wrong = replace(wrong, records=((item("a", version=1), 0),))
    with pytest.raises(Conflict):
        await store.restore(wrong)
    assert await store.heads(["p", "q"]) == {"p": Head(1, 2), "q": Head(1, 0)}
    assert await store.get(BacklogItem, "a") is None


async def test_events_that_leave_a_gap_are_refused(store: MovableStore) -> None:
    with pytest.raises(ValueError, match="out of its order"):
        await store.restore(Restoration(logs={"p": 1}, events=(event(1), event(3))))
    assert await store.heads(["p"]) == {"p": Head(1, 0)}


async def test_many_records_are_put_back_at_once(store: MovableStore, make: Make) -> None:
    given = [make(Document, id=f"d{n:03}", content="word " * 900, version=3) for n in range(200)]
    await store.restore(Restoration(records=tuple((one, 0) for one in given)))
    async with store.snapshot() as snapshot:
        assert await records_in(snapshot, Document) == given
