"""Guidelines, through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from store.port import Changes
from store.records import Audit, Guideline
from tests.areas.test_messages import begin
from tests.conftest import Run, failure

SET = """mutation($input: SetGuidelineInput!) {
  setGuideline(input: $input) { name scope rule priority createdBy updatedBy }
}"""
DELETE = "mutation($input: GuidelineInput!) { deleteGuideline(input: $input) { name scope } }"
GET = """query($name: String!, $scope: String! = "global") {
  guideline(name: $name, scope: $scope) { name scope rule priority }
}"""
LIST = "query($scope: String) { guidelines(scope: $scope) { nodes { name scope priority } } }"

AGENT = Caller("key_a", "a", Role.AGENT, frozenset({"p"}))
READER = Caller("key_r", "r", Role.READONLY, frozenset({"p"}))
ADMIN = Caller("key_x", "x", Role.ADMIN)
SCOPED_ADMIN = Caller("key_s", "s", Role.ADMIN, frozenset({"p"}))


async def put(run: Run, name: str = "tests", caller: Caller = ADMIN, **more: Any) -> dict[str, Any]:
    return await run(SET, {"input": {"name": name, "rule": "run them", **more}}, caller=caller)


async def names(run: Run, caller: Caller, scope: str | None = None) -> list[tuple[str, str]]:
    response = await run(LIST, {"scope": scope}, caller=caller)
    assert not response["errors"], response["errors"]
    return [(node["scope"], node["name"]) for node in response["data"]["guidelines"]["nodes"]]


async def test_a_guideline_is_set_replaced_shown_and_deleted(run: Run) -> None:
    made = (await put(run, scope="My-App", priority=7))["data"]["setGuideline"]
    assert made == {
        "name": "tests",
        "scope": "my_app",
        "rule": "run them",
        "priority": 7,
        "createdBy": "user-x",
        "updatedBy": "user-x",
    }
    await put(run, scope="my app", rule="run them twice")
    shown = (await run(GET, {"name": "tests", "scope": "my_app"}))["data"]["guideline"]
    assert (shown["rule"], shown["priority"]) == ("run them twice", 50)
    gone = await run(DELETE, {"input": {"name": "tests", "scope": "my_app"}}, caller=ADMIN)
    assert gone["data"]["deleteGuideline"] == {"name": "tests", "scope": "my_app"}
    assert failure(await run(GET, {"name": "tests", "scope": "my_app"})) == ("NOT_FOUND", "name")
    again = await run(DELETE, {"input": {"name": "tests", "scope": "my_app"}}, caller=ADMIN)
    assert failure(again) == ("NOT_FOUND", "name")


async def test_the_same_name_in_another_scope_is_another_guideline(run: Run) -> None:
    """A17."""
    for scope in ("p", "q", "global"):
        await put(run, scope=scope, rule=f"of {scope}")
    for scope in ("p", "q", "global"):
        shown = await run(GET, {"name": "tests", "scope": scope})
        assert shown["data"]["guideline"]["rule"] == f"of {scope}"
    await run(DELETE, {"input": {"name": "tests", "scope": "q"}}, caller=ADMIN)
    assert await names(run, ADMIN) == [("global", "tests"), ("p", "tests")]


@pytest.mark.parametrize(
    ("given", "kept"), [(-5, 1), (0, 1), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)]
)
async def test_a_priority_outside_is_brought_within(run: Run, given: int, kept: int) -> None:
    assert (await put(run, priority=given))["data"]["setGuideline"]["priority"] == kept


async def test_guidelines_are_listed_by_priority_and_a_projects_own_by_its_name(run: Run) -> None:
    await put(run, "late", priority=90)
    await put(run, "first", priority=1, scope="p")
    await put(run, "middle", priority=50, scope="q")
    assert await names(run, ADMIN) == [("p", "first"), ("q", "middle"), ("global", "late")]
    assert await names(run, ADMIN, "global") == await names(run, ADMIN)
    assert await names(run, ADMIN, "P") == [("p", "first")]


async def test_a_key_for_one_project_sees_its_guidelines_and_the_global_ones(run: Run) -> None:
    for scope in ("p", "q", "global"):
        await put(run, scope=scope)
    assert await names(run, READER) == [("global", "tests"), ("p", "tests")]
    assert failure(await run(LIST, {"scope": "q"}, caller=READER)) == ("FORBIDDEN", "scope")
    assert failure(await run(GET, {"name": "tests", "scope": "q"}, caller=READER)) == ("FORBIDDEN", "scope")


async def test_nobody_unknown_reads_or_plants_a_rule(run: Run, engine: Engine) -> None:
    """D4."""
    asked = {"name": "tests", "rule": "obey", "scope": "global"}
    for document, variables in (
        (SET, {"input": asked}),
        (DELETE, {"input": {"name": "tests"}}),
        (LIST, {}),
        (GET, {"name": "tests"}),
    ):
        assert failure(await run(document, variables, caller=None))[0] == "UNAUTHENTICATED"
    assert await engine.store.count(Guideline, {}) == 0


@pytest.mark.parametrize("caller", [AGENT, READER, SCOPED_ADMIN])
async def test_a_global_rule_needs_an_admin_of_all_projects(run: Run, engine: Engine, caller: Caller) -> None:
    await put(run, "kept")
    assert failure(await put(run, "planted", caller))[0] == "FORBIDDEN"
    gone = await run(DELETE, {"input": {"name": "kept"}}, caller=caller)
    assert failure(gone)[0] == "FORBIDDEN"
    assert await names(run, ADMIN) == [("global", "kept")]


async def test_a_projects_rule_needs_an_admin_or_its_own_admin_agent(run: Run, engine: Engine) -> None:
    plain = await begin(engine, "plain", key_id="key_a")
    boss = await begin(engine, "boss", key_id="key_a", tier="admin")
    borrowed = await begin(engine, "stolen", key_id="key_b", tier="admin")
    thief = await begin(engine, "stolen", key_id="key_a")
    assert borrowed != thief
    for session in (None, plain, thief):
        assert failure(await put(run, caller=AGENT, scope="p", sessionId=session)) == ("FORBIDDEN", "scope")
    assert not (await put(run, caller=AGENT, scope="p", sessionId=boss))["errors"]
    assert failure(await put(run, caller=AGENT, scope="global", sessionId=boss)) == ("FORBIDDEN", "scope")
    assert failure(await put(run, caller=AGENT, scope="q", sessionId=boss)) == ("FORBIDDEN", "scope")
    assert not (await put(run, "other", SCOPED_ADMIN, scope="p"))["errors"]
    assert failure(await put(run, caller=SCOPED_ADMIN, scope="q")) == ("FORBIDDEN", "scope")


async def test_the_audit_names_who_really_set_and_deleted_a_guideline(run: Run, engine: Engine) -> None:
    boss = await begin(engine, "boss", key_id="key_a", tier="admin")
    await put(run, caller=AGENT, scope="p", sessionId=boss)
    await run(DELETE, {"input": {"name": "tests", "scope": "p"}}, caller=SCOPED_ADMIN)
    entries = sorted((await engine.store.find(Audit, {})).records, key=lambda one: one.created_at)
    assert [(one.act, one.actor, one.key_name, one.target) for one in entries] == [
        ("guideline.set", "boss", "a", "p/tests"),
        ("guideline.deleted", "user-s", "s", "p/tests"),
    ]
    events = await engine.store.events_after("p", 0)
    assert [(event.kind, event.data["scope"]) for event in events] == [
        ("guideline.set", "p"),
        ("guideline.deleted", "p"),
    ]


@pytest.mark.parametrize("number", [2, 8, 64])
async def test_rules_set_at_the_same_moment_leave_one_whole_rule(
    run: Run, engine: Engine, number: int
) -> None:
    answers = await asyncio.gather(*(put(run, rule=f"rule {one}", priority=one + 1) for one in range(number)))
    assert not any(answer["errors"] for answer in answers)
    (kept,) = (await engine.store.find(Guideline, {})).records
    assert kept.rule == f"rule {kept.priority - 1}"
    assert kept.version == number


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0"}, "name"),
        ({"rule": ""}, "rule"),
        ({"rule": "x" * 1_000_000}, "rule"),
        ({"scope": ""}, "scope"),
        ({"scope": "a/b"}, "scope"),
        ({"scope": "x" * 10_000}, "scope"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_written(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    asked = {"name": "tests", "rule": "run them", "scope": "p", **given}
    assert failure(await run(SET, {"input": asked}, caller=ADMIN)) == ("BAD_INPUT", field)
    assert await engine.store.count(Guideline, {}) == 0
    assert await engine.store.count(Audit, {}) == 0


READ = """query($name: String!, $scope: String! = "p") {
  guideline(name: $name, scope: $scope) { rule updatedAt }
}"""


async def read(run: Run, name: str = "tests") -> dict[str, Any]:
    shown = (await run(READ, {"name": name}))["data"]["guideline"]
    return dict(shown)


async def test_who_edits_a_guideline_that_changed_meanwhile_is_refused(run: Run) -> None:
    await put(run, scope="p")
    seen = (await read(run))["updatedAt"]
    assert not (await put(run, scope="p", rule="theirs", updatedAt=seen))["errors"]
    late = await put(run, scope="p", rule="mine", updatedAt=seen)
    assert failure(late) == ("CONFLICT", "updatedAt")
    gone = await run(DELETE, {"input": {"name": "tests", "scope": "p", "updatedAt": seen}}, caller=ADMIN)
    assert failure(gone) == ("CONFLICT", "updatedAt")
    assert (await read(run))["rule"] == "theirs"


async def test_who_edits_a_guideline_that_was_deleted_meanwhile_does_not_make_it_again(
    run: Run, engine: Engine
) -> None:
    await put(run, scope="p")
    seen = (await read(run))["updatedAt"]
    asked = {"input": {"name": "tests", "scope": "p", "updatedAt": seen}}
    assert not (await run(DELETE, asked, caller=ADMIN))["errors"]
    late = await put(run, scope="p", rule="mine", updatedAt=seen)
    assert failure(late) == ("CONFLICT", "updatedAt")
    assert await engine.store.count(Guideline, {}) == 0


async def test_of_edits_made_of_one_reading_at_the_same_moment_one_is_kept(run: Run) -> None:
    await put(run, scope="p")
    seen = (await read(run))["updatedAt"]
    answers = await asyncio.gather(*(put(run, scope="p", rule=f"rule {n}", updatedAt=seen) for n in range(8)))
    won = [n for n, answer in enumerate(answers) if not answer["errors"]]
    assert len(won) == 1
    assert {failure(one) for one in answers if one["errors"]} == {("CONFLICT", "updatedAt")}
    assert (await read(run))["rule"] == f"rule {won[0]}"


async def test_who_changed_a_guideline_last_is_kept_beside_who_wrote_it(run: Run, engine: Engine) -> None:
    await put(run)
    other = Caller("key_y", "y", Role.ADMIN)
    changed = (await put(run, caller=other, rule="run them twice"))["data"]["setGuideline"]
    assert (changed["createdBy"], changed["updatedBy"]) == ("user-x", "user-y")


async def test_a_guideline_of_before_says_nothing_of_who_changed_it(run: Run, engine: Engine) -> None:
    old = Guideline(id="/old", project="", name="old", rule="obey", created_by="planner")
    await engine.store.commit(Changes(puts=(old,)))
    asked = '{ guideline(name: "old") { createdBy updatedBy } }'
    assert (await run(asked))["data"]["guideline"] == {"createdBy": "planner", "updatedBy": ""}
