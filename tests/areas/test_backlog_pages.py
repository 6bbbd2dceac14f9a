"""Reading the backlog: order, filters, pages; no filter walks the whole of it."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.backlog.fields import RANKS, Priority, Status
from resolvers.backlog.pages import ORDER, _where
from resolvers.callers import Caller, Role
from store.port import Changes, Where
from store.records import BacklogItem, BacklogTag, new_id
from store.sqlite.queries import Order, matching
from store.sqlite.store import SqliteStore
from store.sqlite.tables import table_of
from tests.conftest import Run, failure

PAGE = """query($status: BacklogStatus, $priority: BacklogPriority, $assignedTo: String, $targetVersion: String,
  $includeDone: Boolean = false, $ready: Boolean = false, $tag: String, $text: String, $first: Int = 100,
  $after: String, $offset: Int = 0) {
  page: backlog(project: "p", status: $status, priority: $priority, assignedTo: $assignedTo,
    targetVersion: $targetVersion, includeDone: $includeDone, ready: $ready, tag: $tag, text: $text,
    first: $first, after: $after, offset: $offset) {
    count total next cursor nodes { title } pageInfo { hasNextPage endCursor }
  }
}"""


async def fill(engine: Engine, items: list[dict[str, Any]], project: str = "p") -> None:
    """Put items made of these fields, one second apart."""
    start = await engine.store.now()
    records: list[BacklogItem | BacklogTag] = []
    for number, fields in enumerate(items):
        priority = Priority(fields.pop("priority", "medium"))
        item = BacklogItem(
            **{"id": new_id("bkl"), "project": project, "title": f"t{number}", "priority": priority.value}
            | {"priority_rank": RANKS[priority], "is_closed": fields.get("status") in ("done", "wont_do")}
            | {"created_at": start.replace(microsecond=number), "updated_at": start}
            | fields
        )
        records.append(item)
        for tag in item.tags:
            records.append(
                BacklogTag(
                    id=f"{item.id}:{tag}",
                    project=project,
                    item_id=item.id,
                    tag=tag,
                    is_closed=item.is_closed,
                    priority_rank=item.priority_rank,
                    created_at=item.created_at,
                )
            )
    for start_ in range(0, len(records), 500):
        await engine.store.commit(Changes(puts=tuple(records[start_ : start_ + 500])))


async def page(run: Run, **variables: Any) -> dict[str, Any]:
    answer = await run(PAGE, variables)
    assert not answer["errors"], answer
    shown: dict[str, Any] = answer["data"]["page"]
    return shown


async def titles(run: Run, **variables: Any) -> list[str]:
    return [node["title"] for node in (await page(run, **variables))["nodes"]]


async def walk(run: Run, **variables: Any) -> list[str]:
    """Return the titles of all pages."""
    found: list[str] = []
    after = None
    for _ in range(100):
        shown = await page(run, after=after, **variables)
        found += [node["title"] for node in shown["nodes"]]
        after = shown["next"]
        assert (after is not None) == shown["pageInfo"]["hasNextPage"]
        if after is None:
            return found
    raise AssertionError("the pages do not end")


async def test_the_most_pressing_come_first_and_of_these_the_oldest(engine: Engine, run: Run) -> None:
    await fill(engine, [{"priority": p} for p in ("low", "high", "critical", "medium", "critical")])
    assert await titles(run) == ["t2", "t4", "t1", "t3", "t0"]


async def test_asking_for_done_finds_done_a21(engine: Engine, run: Run) -> None:
    await fill(engine, [{}, {"status": "done"}, {"status": "wont_do"}, {"status": "blocked"}])
    assert await titles(run) == ["t0", "t3"]
    assert await titles(run, status="DONE") == ["t1"]
    assert await titles(run, includeDone=True) == ["t0", "t1", "t2", "t3"]


async def test_each_filter_and_each_pair_of_them_finds_what_it_says(engine: Engine, run: Run) -> None:
    kinds = itertools.product(
        ("open", "done", "deferred"), ("high", "low"), ("", "ann"), ("", "v1"), ((), ("x",))
    )
    items: list[dict[str, Any]] = [
        {"status": s, "priority": p, "assignee": a, "target_version": v, "tags": t} for s, p, a, v, t in kinds
    ]
    rows = [dict(item, title=f"t{number}") for number, item in enumerate(items)]
    await fill(engine, items)
    filters: dict[str, tuple[dict[str, Any], Any]] = {
        "status": ({"status": "DEFERRED"}, lambda row: row["status"] == "deferred"),
        "priority": ({"priority": "HIGH"}, lambda row: row["priority"] == "high"),
        "assigned": ({"assignedTo": "Ann"}, lambda row: row["assignee"] == "ann"),
        "version": ({"targetVersion": "v1"}, lambda row: row["target_version"] == "v1"),
        "tag": ({"tag": "x"}, lambda row: "x" in row["tags"]),
        "done": ({"includeDone": True}, lambda row: True),
    }
    for pair in (*itertools.combinations(filters, 1), *itertools.combinations(filters, 2)):
        asked = {name: value for key in pair for name, value in filters[key][0].items()}
        expected = {
            row["title"]
            for row in rows
            if all(filters[key][1](row) for key in pair)
            and ("done" in pair or "status" in pair or row["status"] != "done")
        }
        assert set(await walk(run, first=3, **asked)) == expected, pair
        shown = await page(run, first=1, **asked)
        assert shown["total"] in (len(expected), None), pair
        assert shown["total"] is not None or "tag" in pair


async def test_ready_is_open_unblocked_and_nobodys(engine: Engine, run: Run) -> None:
    await fill(engine, [{"assignee": "ann"}, {"open_blockers": 1}, {"status": "deferred"}, {"tags": ("x",)}])
    assert await titles(run, ready=True) == ["t3"]
    assert await titles(run, ready=True, tag="x") == ["t3"]
    assert failure(await run(PAGE, {"ready": True, "assignedTo": "ann"})) == ("BAD_INPUT", "ready")


@pytest.mark.parametrize("asked", [{}, {"tag": "x"}, {"tag": "x", "targetVersion": "v"}, {"text": "needle"}])
async def test_pages_neither_repeat_nor_skip_while_items_arrive(
    engine: Engine, run: Run, asked: dict[str, Any]
) -> None:
    def kind(number: int) -> dict[str, Any]:
        priority = ("low", "high")[number % 2]
        return {"priority": priority, "tags": ("x",), "target_version": "v", "description": "a needle"}

    await fill(engine, [kind(n) for n in range(20)])
    whole = await titles(run, **asked)
    first = await page(run, first=7, **asked)
    await fill(engine, [dict(kind(n), title="late", priority="critical") for n in range(5)])
    rest = await walk(run, first=100, **asked)
    assert rest[:5] == ["late"] * 5
    after = await page(run, after=first["next"], **asked)
    seen = [node["title"] for node in (*first["nodes"], *after["nodes"])]
    assert seen == whole
    assert len(seen) == 20


async def test_the_cursor_of_an_edge_continues_behind_it(engine: Engine, run: Run) -> None:
    await fill(engine, [{"tags": ("x",)} for _ in range(4)])
    for tag in ("null", '"x"'):
        edges = await run(
            f'{{ backlog(project: "p", tag: {tag}) {{ edges {{ cursor node {{ title }} }} }} }}'
        )
        second = edges["data"]["backlog"]["edges"][1]["cursor"]
        asked = {} if tag == "null" else {"tag": "x"}
        assert await titles(run, after=second, **asked) == ["t2", "t3"]


async def test_offset_works_for_old_callers_within_bounds(engine: Engine, run: Run) -> None:
    await fill(engine, [{"tags": ("x",)} for _ in range(30)])
    for asked in ({}, {"tag": "x"}):
        assert await titles(run, first=3, offset=5, **asked) == ["t5", "t6", "t7"]
        assert await titles(run, offset=29, **asked) == ["t29"]
        beyond = await page(run, offset=30, **asked)
        assert (beyond["count"], beyond["total"], beyond["next"]) == (0, 30, None)
    for offset in (-1, 1_001):
        refused = await run(PAGE, {"offset": offset})
        assert failure(refused) == ("BAD_INPUT", "offset")
        assert "after" in refused["errors"][0]["extensions"]["hint"]


async def test_a_page_of_zero_is_a_full_one(engine: Engine, run: Run) -> None:
    await fill(engine, [{} for _ in range(105)])
    shown = await page(run, first=0)
    assert (shown["count"], shown["total"]) == (100, 105)
    assert await titles(run, first=0, after=shown["next"]) == [f"t{n}" for n in range(100, 105)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("first", 101), ("first", -1), ("after", "banana"), ("after", "x" * 5_000), ("assignedTo", "../x")]
    + [("tag", "x" * 300), ("text", "x" * 1_001), ("text", "a\x00b"), ("targetVersion", "x" * 101)],
)
async def test_a_bad_argument_is_named(run: Run, field: str, value: object) -> None:
    assert failure(await run(PAGE, {field: value})) == ("BAD_INPUT", field)


async def test_words_find_items_by_title_and_description(engine: Engine, run: Run) -> None:
    await fill(
        engine,
        [
            {"title": "Retry the upload", "priority": "low"},
            {"title": "other", "description": "uploads fail", "priority": "high"},
            {"title": "unrelated"},
            {"title": "upload done", "status": "done"},
        ],
    )
    assert await titles(run, text="upload") == ["other", "Retry the upload"]
    assert await titles(run, text='" OR ( *') == []


SEVERAL = """query($projects: [String!], $text: String, $first: Int = 100, $after: String) {
  page: backlog(projects: $projects, text: $text, includeDone: true, first: $first, after: $after) {
    total next nodes { project title }
  }
}"""


async def test_words_are_looked_for_in_several_projects_at_once_page_by_page(
    engine: Engine, run: Run
) -> None:
    for project, priority in (("p", "low"), ("q", "high"), ("r", "medium"), ("s", "high")):
        named = {"description": "upload it", "priority": priority, "title": f"of {project}"}
        await fill(engine, [named, {"title": "unrelated"}], project)
    asked: dict[str, Any] = {"projects": ["P", "q", "r", "q"], "text": "upload"}
    whole = (await run(SEVERAL, asked))["data"]["page"]
    assert [one["title"] for one in whole["nodes"]] == ["of q", "of r", "of p"]
    assert (whole["total"], whole["next"]) == (3, None)
    first = (await run(SEVERAL, {**asked, "first": 2}))["data"]["page"]
    rest = (await run(SEVERAL, {**asked, "first": 2, "after": first["next"]}))["data"]["page"]
    assert first["nodes"] + rest["nodes"] == whole["nodes"]


async def test_several_projects_are_searched_only_and_only_those_of_the_key(run: Run) -> None:
    listed = await run(SEVERAL, {"projects": ["p", "q"]})
    assert failure(listed) == ("BAD_INPUT", "projects")
    assert "project" in listed["errors"][0]["extensions"]["hint"]
    for wrong in ([], ["p"] * 101, ["../x"]):
        assert failure(await run(SEVERAL, {"projects": wrong, "text": "x"})) == ("BAD_INPUT", "projects")
    scoped = Caller("key_s", "s", Role.OWNER, frozenset({"p"}))
    foreign = await run(SEVERAL, {"projects": ["p", "q"], "text": "x"}, caller=scoped)
    assert failure(foreign) == ("FORBIDDEN", "projects")


FILTERS: list[dict[str, Any]] = [
    {},
    {"status": Status.DONE},
    {"priority": Priority.HIGH},
    {"assigned_to": "ann"},
    {"target_version": "v"},
    {"include_done": True},
    {"ready": True},
    {"assigned_to": "ann", "include_done": True},
    {"target_version": "v", "include_done": True, "priority": Priority.LOW},
]
UNASKED: dict[str, Any] = {"status": None, "priority": None, "assigned_to": None, "target_version": None}
UNASKED |= {"include_done": False, "ready": False}


@pytest.mark.parametrize("asked", FILTERS)
async def test_no_filter_scans_or_sorts_the_backlog_c5(
    engine: Engine, run: Run, asked: dict[str, Any]
) -> None:
    await fill(engine, [{"tags": ("x",)}])
    where = _where(("p",), **(UNASKED | asked))
    narrowed = {name: value for name, value in where.items() if name in ("project", "is_closed")}
    plans = [_plan(engine, BacklogItem, where), _plan(engine, BacklogTag, narrowed | {"tag": "x"})]
    for plan in plans:
        assert len(plan) == 1, plan
        assert plan[0].startswith("SEARCH t USING INDEX"), plan


def _plan(engine: Engine, kind: type[Any], where: Where) -> list[str]:
    """Return how SQLite reads a page of that filter; a sort would be a line of its own."""
    assert isinstance(engine.store, SqliteStore)
    table = table_of(kind)
    condition, values = matching(table.codec, where)
    order = Order(table.codec, ORDER)
    sql = f"EXPLAIN QUERY PLAN {table.select} WHERE {condition} ORDER BY {order.sql} LIMIT 20"
    with closing(sqlite3.connect(engine.store.directory / "interlock.db")) as connection:
        return [row[3] for row in connection.execute(sql, values).fetchall()]
