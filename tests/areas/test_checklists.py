"""Checklists, through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from store.records import Checklist
from tests.conftest import Run, failure

CREATE = """mutation($input: ChecklistItemsInput!, $key: String) {
  createChecklist(input: $input, idempotencyKey: $key) { name project progress items { index text done } }
}"""
CHECK = """mutation($input: CheckItemInput!) {
  checkChecklistItem(input: $input) { progress items { done checkedBy notes } }
}"""


async def test_a_checklist_shows_how_much_is_ticked_off(run: Run) -> None:
    made = await run(CREATE, {"input": {"project": "My-App", "name": "release", "items": ["tag", "push"]}})
    assert made["data"]["createChecklist"]["project"] == "my_app"
    ticked = await run(
        CHECK, {"input": {"project": "my app", "name": "release", "itemIndex": 1, "notes": "v2"}}
    )
    assert ticked["data"]["checkChecklistItem"]["progress"] == "1/2"
    assert ticked["data"]["checkChecklistItem"]["items"][1] == {
        "done": True,
        "checkedBy": "user-local",
        "notes": "v2",
    }


async def test_ticks_made_at_the_same_moment_are_all_kept(run: Run) -> None:
    await run(CREATE, {"input": {"project": "p", "name": "l", "items": [str(n) for n in range(20)]}})
    await asyncio.gather(
        *(run(CHECK, {"input": {"project": "p", "name": "l", "itemIndex": n}}) for n in range(20))
    )
    shown = await run('{ checklist(project: "p", name: "l") { progress } }')
    assert shown["data"]["checklist"]["progress"] == "20/20"


async def test_a_repeat_with_the_same_idempotency_key_gets_the_first_answer(run: Run) -> None:
    asked = {"input": {"project": "p", "name": "l", "items": ["a"]}, "key": "k1"}
    first = await run(CREATE, asked)
    again = await run(CREATE, asked)
    assert again == first
    assert not again["errors"]
    other = await run(CREATE, {"input": {"project": "p", "name": "other"}, "key": "k1"})
    assert failure(other) == ("CONFLICT", "idempotencyKey")


async def test_a_second_checklist_of_the_same_name_is_refused(run: Run) -> None:
    await run(CREATE, {"input": {"project": "p", "name": "l"}})
    assert failure(await run(CREATE, {"input": {"project": "p", "name": "l"}})) == ("CONFLICT", "name")


async def test_an_index_outside_the_list_is_named(run: Run) -> None:
    await run(CREATE, {"input": {"project": "p", "name": "l", "items": ["a"]}})
    for index in (-1, 1):
        answer = await run(CHECK, {"input": {"project": "p", "name": "l", "itemIndex": index}})
        assert failure(answer) == ("BAD_INPUT", "itemIndex")


ADD = """mutation($input: ChecklistItemsInput!) { addChecklistItems(input: $input) { progress } }"""
DELETE = """mutation($input: ChecklistInput!) { deleteChecklist(input: $input) { name } }"""
LIST = "query($project: String) { checklists(project: $project) { nodes { name progress } } }"


async def test_a_null_for_done_ticks_off_and_false_opens_again(run: Run) -> None:
    await run(CREATE, {"input": {"project": "p", "name": "l", "items": ["a"]}})
    for done, progress in ((None, "1/1"), (False, "0/1"), (True, "1/1")):
        asked = {"input": {"project": "p", "name": "l", "itemIndex": 0, "done": done}}
        assert (await run(CHECK, asked))["data"]["checkChecklistItem"]["progress"] == progress


async def test_checklists_are_listed_by_name_until_they_are_deleted(run: Run) -> None:
    for name in ("b", "a"):
        await run(CREATE, {"input": {"project": "p", "name": name}})
    await run(ADD, {"input": {"project": "p", "name": "b", "items": ["x"]}})
    listed = (await run(LIST, {"project": "P"}))["data"]["checklists"]["nodes"]
    assert listed == [{"name": "a", "progress": "0/0"}, {"name": "b", "progress": "0/1"}]
    await run(DELETE, {"input": {"project": "p", "name": "a"}})
    assert [node["name"] for node in (await run(LIST, {"project": "p"}))["data"]["checklists"]["nodes"]] == [
        "b"
    ]
    assert failure(await run(DELETE, {"input": {"project": "p", "name": "a"}})) == ("NOT_FOUND", "name")


@pytest.mark.parametrize("number", [2, 8, 64])
async def test_of_checklists_of_one_name_made_at_the_same_moment_one_is_kept(run: Run, number: int) -> None:
    asked = {"input": {"project": "p", "name": "l"}}
    answers = await asyncio.gather(*(run(CREATE, asked) for _ in range(number)))
    refused = [failure(answer) for answer in answers if answer["errors"]]
    assert refused == [("CONFLICT", "name")] * (number - 1)


async def test_a_key_of_another_project_neither_reads_nor_writes_a_checklist(run: Run) -> None:
    """D1, D2."""
    await run(CREATE, {"input": {"project": "q", "name": "l", "items": ["a"]}})
    agent = Caller("key_a", "a", Role.AGENT, frozenset({"p"}))
    reader = Caller("key_r", "r", Role.READONLY, frozenset({"q"}))
    assert failure(await run(LIST, {"project": "q"}, caller=agent)) == ("FORBIDDEN", "project")
    for caller in (agent, reader):
        for document, more in ((ADD, {"items": ["x"]}), (CHECK, {"itemIndex": 0}), (DELETE, {})):
            asked = {"input": {"project": "q", "name": "l", **more}}
            assert failure(await run(document, asked, caller=caller))[0] == "FORBIDDEN"
    assert not (await run(LIST, {"project": "q"}, caller=reader))["errors"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0"}, "name"),
        ({"project": "../p"}, "project"),
        ({"items": [""]}, "items"),
        ({"items": ["x" * 1_000_000]}, "items"),
        ({"items": ["x"] * 501}, "items"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_written(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    response = await run(CREATE, {"input": {"project": "p", "name": "l", "items": ["a"], **given}})
    assert failure(response) == ("BAD_INPUT", field)
    assert await engine.store.count(Checklist, {}) == 0


async def test_a_list_takes_no_more_than_it_holds(run: Run) -> None:
    await run(CREATE, {"input": {"project": "p", "name": "l", "items": ["x"] * 500}})
    assert failure(await run(ADD, {"input": {"project": "p", "name": "l", "items": ["x"]}})) == (
        "BAD_INPUT",
        "items",
    )
    assert failure(await run(ADD, {"input": {"project": "p", "name": "l", "items": []}})) == (
        "BAD_INPUT",
        "items",
    )


UPDATE = """mutation($input: UpdateChecklistInput!) {
  updateChecklist(input: $input) { name updatedAt items { index text done notes } }
}"""


async def _made(run: Run, *items: str) -> Any:
    answer = await run(CREATE, {"input": {"project": "p", "name": "l", "items": list(items)}})
    assert not answer["errors"], answer["errors"]
    return answer["data"]["createChecklist"]


async def _texts(run: Run, **change: Any) -> list[str]:
    answer = await run(UPDATE, {"input": {"project": "p", "name": "l", **change}})
    assert not answer["errors"], answer["errors"]
    return [item["text"] for item in answer["data"]["updateChecklist"]["items"]]


async def test_entries_are_moved_reworded_added_and_taken_out_at_once(run: Run) -> None:
    await _made(run, "a", "b", "c")
    ticked = {"project": "p", "name": "l", "itemIndex": 1, "notes": "n"}
    await run(CHECK, {"input": ticked})
    items = [{"index": 2}, {"text": "new"}, {"index": 1, "text": "B"}]
    answer = await run(UPDATE, {"input": {"project": "p", "name": "l", "items": items}})
    assert answer["data"]["updateChecklist"]["items"] == [
        {"index": 0, "text": "c", "done": False, "notes": ""},
        {"index": 1, "text": "new", "done": False, "notes": ""},
        {"index": 2, "text": "B", "done": True, "notes": "n"},
    ]
    assert await _texts(run) == ["c", "new", "B"]
    assert await _texts(run, items=[]) == []


async def test_a_checklist_is_renamed_unless_there_is_one_of_that_name(run: Run) -> None:
    await _made(run, "a")
    await run(CREATE, {"input": {"project": "p", "name": "taken"}})
    taken = {"input": {"project": "p", "name": "l", "newName": "taken"}}
    assert failure(await run(UPDATE, taken)) == ("CONFLICT", "newName")
    assert await _texts(run, newName="m") == ["a"]
    listed = (await run(LIST, {"project": "p"}))["data"]["checklists"]["nodes"]
    assert [one["name"] for one in listed] == ["m", "taken"]


async def test_an_edit_of_a_checklist_that_changed_meanwhile_is_refused(run: Run) -> None:
    await _made(run, "a")
    read = await run(UPDATE, {"input": {"project": "p", "name": "l"}})
    seen = read["data"]["updateChecklist"]["updatedAt"]
    await run(ADD, {"input": {"project": "p", "name": "l", "items": ["b"]}})
    late = {"input": {"project": "p", "name": "l", "updatedAt": seen, "items": [{"index": 0}]}}
    assert failure(await run(UPDATE, late)) == ("CONFLICT", "updatedAt")
    assert await _texts(run) == ["a", "b"]


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([{"index": 2}], "index"),
        ([{"index": -1}], "index"),
        ([{"index": 0}, {"index": 0}], "index"),
        ([{"index": 0, "text": " "}], "text"),
        ([{}], "items"),
    ],
)
async def test_an_entry_that_cannot_be_is_refused_and_nothing_changes(
    run: Run, items: list[dict[str, Any]], field: str
) -> None:
    await _made(run, "a", "b")
    answer = await run(UPDATE, {"input": {"project": "p", "name": "l", "items": items}})
    assert failure(answer) == ("BAD_INPUT", field)
    assert await _texts(run) == ["a", "b"]


async def test_a_tick_meant_for_an_entry_that_is_elsewhere_meanwhile_is_refused(run: Run) -> None:
    await _made(run, "a", "b")
    await _texts(run, items=[{"text": "new"}, {"index": 0}, {"index": 1}])
    for index, said in ((0, "a"), (2, "a"), (3, "b")):
        meant = {"project": "p", "name": "l", "itemIndex": index, "itemText": said}
        assert failure(await run(CHECK, {"input": meant})) == ("CONFLICT", "itemText")
    ticked = await run(CHECK, {"input": {"project": "p", "name": "l", "itemIndex": 1, "itemText": " a "}})
    assert [item["done"] for item in ticked["data"]["checkChecklistItem"]["items"]] == [False, True, False]
