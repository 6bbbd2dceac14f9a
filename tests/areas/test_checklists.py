"""Checklists, through GraphQL on the real store."""

from __future__ import annotations

import asyncio

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
