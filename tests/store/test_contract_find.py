"""What the port promises about finding: conditions, orders, pages and counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.port import AnyOf, By, Changes, Has, In, Not, Prefix, Span, Store, Where
from store.records import BacklogItem, Lock

Make = Callable[..., Any]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def ids(store: Store, where: Where, order: Sequence[By] = ()) -> str:
    found = await store.find(BacklogItem, where, order=order, limit=1000)
    assert found.after is None
    assert await store.count(BacklogItem, where) == len(found.records)
    return "".join(record.id for record in found.records)


@pytest.fixture
async def filled(store: Store, item: Make) -> Store:
    rows = (
        item("a", title="alpha", priority_rank=3, tags=("x", "y"), completed_at=None, is_closed=False),
        item("b", title="alpine", priority_rank=1, tags=("x",), completed_at=NOON, is_closed=True),
        item(
            "c",
            title="Alpha",
            priority_rank=2,
            tags=(),
            completed_at=NOON + timedelta(hours=1),
            is_closed=True,
        ),
        item("d", title="beta%", priority_rank=1, tags=("y", "xx"), completed_at=None, project="q"),
        item("e", title="ال", priority_rank=0, tags=('"x"',), completed_at=NOON, project=""),
    )
    await store.commit(Changes(puts=rows))
    return store


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "abcde"),
        ({"project": "p"}, "abc"),
        ({"project": ""}, "e"),
        ({"project": "p", "is_closed": True}, "bc"),
        ({"title": "alpha"}, "a"),
        ({"completed_at": None}, "ad"),
        ({"completed_at": Not(None)}, "bce"),
        ({"completed_at": Not(NOON)}, "acd"),
        ({"completed_at": NOON}, "be"),
        ({"completed_at": In((NOON, None))}, "abde"),
        ({"completed_at": Span(before=NOON + timedelta(microseconds=1))}, "be"),
        ({"completed_at": Span(after=NOON)}, "c"),
        ({"completed_at": Span()}, "bce"),
        ({"title": Not("alpha")}, "bcde"),
        ({"priority_rank": In((1, 2, 9))}, "bcd"),
        ({"priority_rank": In(())}, ""),
        ({"priority_rank": Span(after=0, before=3)}, "bcd"),
        ({"title": Span(after="alpha", before="beta")}, "b"),
        ({"title": Prefix("alp")}, "ab"),
        ({"title": Prefix("beta%")}, "d"),
        ({"title": Prefix("_")}, ""),
        ({"title": Prefix("")}, "abcde"),
        ({"title": Prefix("ا")}, "e"),
        ({"title": Prefix("\U0010ffff")}, ""),
        ({"title": Prefix("\ud7ff")}, ""),
        ({"tags": Has("x")}, "ab"),
        ({"tags": Has("y")}, "ad"),
        ({"tags": Has('"x"')}, "e"),
        ({"tags": Has("nothing")}, ""),
        ({"title": AnyOf(("beta%", Prefix("alpi"), In(("Alpha", "x"))))}, "bcd"),
        ({"title": AnyOf(())}, ""),
        ({"completed_at": AnyOf((None, NOON))}, "abde"),
        ({"project": "p", "title": AnyOf((Prefix("al"), "beta%"))}, "ab"),
        ({"id": In(("a", "e", "z"))}, "ae"),
        ({"title": "' OR 1=1 --"}, ""),
    ],
    ids=repr,
)
async def test_a_condition_finds_and_counts_exactly_what_it_says(
    filled: Store, where: Where, expected: str
) -> None:
    assert await ids(filled, where) == expected


async def test_branches_may_have_more_values_together_than_one_may_have(filled: Store) -> None:
    given = [In(tuple(f"{place}{n}" for n in range(999))) for place in "xyz"]
    assert await ids(filled, {"title": AnyOf((*given, "beta%", Prefix("alpi")))}) == "bd"
    assert await ids(filled, {"title": AnyOf((*given, "beta%", In(("alpha",))))}) == "ad"
    with pytest.raises(ValueError, match="at most 1000"):
        await ids(filled, {"title": AnyOf((In(("x",) * 1001), Prefix("alpi")))})


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((By("id", "desc"),), "edcba"),
        ((By("priority_rank"),), "ebdca"),
        ((By("priority_rank", "desc"),), "acdbe"),
        ((By("priority_rank"), By("title", "desc")), "edbca"),
        ((By("completed_at"),), "adbec"),
        ((By("completed_at", "desc"),), "cebda"),
        ((By("completed_at", "desc"), By("priority_rank")), "cebda"),
        ((By("title"),), "cabde"),
    ],
    ids=repr,
)
async def test_an_order_sorts_by_bytes_with_the_unset_first_and_ties_by_id(
    filled: Store, order: tuple[By, ...], expected: str
) -> None:
    assert await ids(filled, {}, order) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "order",
    [
        (),
        (By("priority_rank"), By("created_at")),
        (By("priority_rank", "desc"), By("created_at", "desc")),
        (By("priority_rank"), By("created_at", "desc")),
        (By("completed_at"), By("priority_rank", "desc")),
        (By("completed_at", "desc"),),
        (By("priority_rank"), By("completed_at", "desc"), By("id", "desc")),
    ],
    ids=repr,
)
async def test_pages_joined_are_the_whole_without_gap_or_repeat(
    store: Store, item: Make, order: tuple[By, ...], size: int
) -> None:
    chance = random.Random(5)
    times = (None, NOON, NOON + timedelta(microseconds=1))
    rows = [
        item(f"i{n:02}", priority_rank=chance.randrange(3), completed_at=chance.choice(times),
             created_at=NOON + timedelta(seconds=chance.randrange(3)), project=chance.choice("pq"))
        for n in range(40)
    ]  # fmt: skip
    await store.commit(Changes(puts=tuple(rows)))
    whole = (await store.find(BacklogItem, {"project": "p"}, order=order, limit=1000)).records
    pages: list[BacklogItem] = []
    after = None
    while True:
        page = await store.find(BacklogItem, {"project": "p"}, order=order, limit=size, after=after)
        assert len(page.records) == size or page.after is None
        pages += page.records
        assert len(pages) <= len(whole)
        after = page.after
        if after is None:
            break
    assert tuple(pages) == whole


async def test_records_inserted_between_two_pages_neither_repeat_nor_hide_others(
    store: Store, item: Make
) -> None:
    await store.commit(Changes(puts=tuple(item(f"i{n}", priority_rank=n) for n in range(0, 8, 2))))
    first = await store.find(BacklogItem, {}, order=(By("priority_rank"),), limit=2)
    await store.commit(Changes(puts=(item("early", priority_rank=-1), item("late", priority_rank=5))))
    rest = await store.find(BacklogItem, {}, order=(By("priority_rank"),), after=first.after)
    assert [record.id for record in (*first.records, *rest.records)] == ["i0", "i2", "i4", "late", "i6"]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "AAAA", "bnVsbA", "W10", "WyJiYWNrbG9nX2l0ZW0gaWQ6YXNjIix7fV0", "9" * 5000],
    ids=lambda c: c[:9],
)
async def test_what_is_no_cursor_is_refused(filled: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await filled.find(BacklogItem, {}, after=cursor)


async def test_a_cursor_of_another_order_or_kind_is_refused(filled: Store) -> None:
    page = await filled.find(BacklogItem, {}, order=(By("title"),), limit=1)
    for kind, order in ((BacklogItem, ()), (BacklogItem, (By("title", "desc"),)), (Lock, (By("id"),))):
        with pytest.raises(ValueError, match="cursor"):
            await filled.find(kind, {}, order=order, after=page.after)


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_outside_1_to_1000_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        await store.find(BacklogItem, {}, limit=limit)


@pytest.mark.parametrize(
    "where",
    [{"nope": 1}, {'id" OR 1 --': 1}, {"title": 5}, {"tags": "x"}, {"title": Has("x")}, {"priority_rank": Prefix("1")},
     {"title": In(tuple(f"{n}" for n in range(1001)))}, {"completed_at": datetime(2026, 1, 1)}],
    ids=lambda where: next(iter(where)),
)  # fmt: skip
async def test_a_condition_without_sense_is_refused(store: Store, where: Where) -> None:
    with pytest.raises(ValueError, match=r"field|must|compare|list|text|values"):
        await store.find(BacklogItem, where)


async def test_an_unknown_order_is_refused(store: Store) -> None:
    for by in (By("nope"), By("tags"), By("title", "up")):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"field|order|direction"):
            await store.find(BacklogItem, {}, order=(by,))


async def test_a_count_goes_no_further_than_its_limit(filled: Store) -> None:
    assert [await filled.count(BacklogItem, {}, limit=limit) for limit in (0, 3, 5, 100)] == [0, 3, 5, 5]
    assert (
        await filled.count(BacklogItem, {"project": "p", "title": AnyOf((Prefix("al"), "Alpha"))}, limit=2)
        == 2
    )


async def test_a_thousand_values_can_be_asked_for(filled: Store) -> None:
    assert await ids(filled, {"id": In(tuple("abc") + tuple(f"z{n}" for n in range(997)))}) == "abc"
