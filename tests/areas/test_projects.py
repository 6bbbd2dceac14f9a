"""The registry: who may change it, and what it lists."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Caller
from store.records import Agent, Audit, Project
from tests.areas.lock_cases import LOCK
from tests.areas.session_cases import make_key, start
from tests.conftest import Run, failure

CREATE = "mutation ($input: CreateProjectInput!) { result: createProject(input: $input) { name displayName createdBy } }"
DELETE = "mutation ($input: DeleteProjectInput!) { result: deleteProject(input: $input) { name } }"
_ENTRY = "{ project name tier roleDescription pathPatterns }"
ADD = f"mutation ($input: ProjectAgentDetailsInput!) {{ result: addProjectAgent(input: $input) {_ENTRY} }}"
UPDATE = (
    f"mutation ($input: ProjectAgentDetailsInput!) {{ result: updateProjectAgent(input: $input) {_ENTRY} }}"
)
REMOVE = f"mutation ($input: ProjectAgentInput!) {{ result: removeProjectAgent(input: $input) {_ENTRY} }}"
GET = "query ($name: String) { project(name: $name) { name agents { name tier } } }"
CHECKLIST = "mutation ($input: ChecklistItemsInput!) { result: createChecklist(input: $input) { project } }"
GUIDELINE = "mutation ($input: SetGuidelineInput!) { result: setGuideline(input: $input) { name } }"
LIST = """query ($first: Int! = 50, $after: String) {
  projects(first: $first, after: $after) {
    nodes { name isRegistered activeSessions locks } pageInfo { hasNextPage endCursor }
  }
}"""


async def done(run: Run, document: str, caller: Caller = LOCAL_OWNER, **given: Any) -> Any:
    answer = await run(document, {"input": given}, caller=caller)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["result"]


async def refused(run: Run, document: str, caller: Caller = LOCAL_OWNER, **given: Any) -> tuple[str, str]:
    return failure(await run(document, {"input": given}, caller=caller))


async def tier_of(engine: Engine, name: str) -> str:
    found = await engine.store.get(Agent, f"p/{name}")
    return found.tier if found is not None else ""


async def test_three_spellings_are_one_project(run: Run, engine: Engine) -> None:
    """A9, A18"""
    assert (await done(run, CREATE, name="my-app"))["name"] == "my_app"
    for spelling in ("my app", "MY_APP", " My-App "):
        assert await refused(run, CREATE, name=spelling) == ("CONFLICT", "name")
    assert await engine.store.count(Project, {}) == 1


async def test_of_many_concurrent_creations_one_wins(run: Run, engine: Engine) -> None:
    answers = await asyncio.gather(*(run(CREATE, {"input": {"name": "p"}}) for _ in range(8)))
    assert sum(not answer["errors"] for answer in answers) == 1
    assert [event.kind for event in await engine.store.events_after("p", 0)].count("project.created") == 1


async def test_the_creator_and_the_coordinator_are_admins(run: Run, engine: Engine) -> None:
    ada, _ = await make_key(engine, "ada")
    session = (await start(run, "ada", caller=ada))["sessionId"]
    await done(run, CREATE, ada, name="p", sessionId=session)
    assert (await tier_of(engine, "ada"), await tier_of(engine, "coordinator")) == ("admin", "admin")
    shown = (await run(GET, {"name": "p"}))["data"]["project"]["agents"]
    assert {(one["name"], one["tier"]) for one in shown} == {("ada", "ADMIN"), ("coordinator", "ADMIN")}
    assert await engine.store.count(Audit, {"act": "project.created"}) == 1


@pytest.mark.parametrize("name", ["human", "coordinator", "admin", "ada"])
async def test_naming_oneself_like_an_admin_gives_no_power(run: Run, engine: Engine, name: str) -> None:
    """D5"""
    (ada, _), (eve, _) = await make_key(engine, "ada"), await make_key(engine, "eve")
    mine = (await start(run, "ada", caller=ada))["sessionId"]
    await done(run, CREATE, ada, name="p", sessionId=mine)
    answer = await run(
        'mutation ($n: String!) { startSession(input: {project: "q", agent: $n}) { sessionId } }',
        {"n": name},
        caller=eve,
    )
    session = answer["data"]["startSession"]["sessionId"]
    for document, more in (
        (DELETE, {}),
        (ADD, {"agent": "x"}),
        (UPDATE, {"agent": "ada"}),
        (REMOVE, {"agent": "ada"}),
    ):
        assert (await refused(run, document, eve, name="p", sessionId=session, **more))[0] == "FORBIDDEN"
        assert (await refused(run, document, eve, name="p", **more))[0] == "FORBIDDEN"
    await done(run, ADD, ada, name="p", agent="x", sessionId=mine)


async def test_a_planted_coordinator_does_not_become_admin_of_anothers_project(
    run: Run, engine: Engine
) -> None:
    """D5: the name was another key's before the project was registered."""
    (ada, _), (eve, _) = await make_key(engine, "ada"), await make_key(engine, "eve")
    await start(run, "coordinator", caller=eve)
    await done(run, CREATE, ada, name="p")
    assert await tier_of(engine, "coordinator") == "named"


async def test_a_readonly_key_changes_nothing_in_the_registry(run: Run, engine: Engine) -> None:
    """D1"""
    reader, _ = await make_key(engine, "r", "readonly")
    assert (await refused(run, CREATE, reader, name="p"))[0] == "FORBIDDEN"
    assert (await refused(run, ADD, reader, name="p", agent="x"))[0] == "FORBIDDEN"
    assert await engine.store.count(Project, {}) == 0


async def test_a_scoped_key_creates_projects_in_its_scope_only(run: Run, engine: Engine) -> None:
    """D2"""
    scoped, _ = await make_key(engine, "s", "admin", ("mine",))
    assert await refused(run, CREATE, scoped, name="other") == ("FORBIDDEN", "name")
    await done(run, CREATE, scoped, name="mine")


async def test_a_role_text_alone_demotes_nobody(run: Run, engine: Engine) -> None:
    """A16"""
    await done(run, CREATE, name="p")
    await done(run, ADD, name="p", agent="ada", tier="ADMIN")
    for name in ("ada", "coordinator"):
        assert (await done(run, UPDATE, name="p", agent=name, roleDescription="words"))["tier"] == "ADMIN"
        assert (await done(run, ADD, name="p", agent=name, roleDescription="more"))["tier"] == "ADMIN"
    assert (await done(run, UPDATE, name="p", agent="ada", tier="NAMED"))["roleDescription"] == "more"


async def test_the_coordinator_can_be_neither_removed_nor_lowered(run: Run, engine: Engine) -> None:
    await done(run, CREATE, name="p")
    assert await refused(run, REMOVE, name="p", agent="Coordinator") == ("CONFLICT", "agent")
    assert await refused(run, UPDATE, name="p", agent="coordinator", tier="NAMED") == ("CONFLICT", "tier")
    assert await tier_of(engine, "coordinator") == "admin"


async def test_naming_a_pending_agent_ends_its_wait(run: Run, engine: Engine) -> None:
    await done(run, CREATE, name="p")
    await start(run, "ada")
    assert await tier_of(engine, "ada") == "pending"
    assert (await done(run, ADD, name="p", agent="ada", pathPatterns=["*/web/**"]))["pathPatterns"] == [
        "*/web/*"
    ]
    assert await tier_of(engine, "ada") == "named"


async def test_a_removed_agent_is_new_when_it_comes_again(run: Run, engine: Engine) -> None:
    await done(run, CREATE, name="p")
    await done(run, ADD, name="p", agent="ada")
    await done(run, REMOVE, name="p", agent="ada")
    assert await refused(run, REMOVE, name="p", agent="ada") == ("NOT_FOUND", "agent")
    assert (await start(run, "ada"))["tier"] == "PENDING"


async def test_deleting_a_project_leaves_its_data_and_no_powers(run: Run, engine: Engine) -> None:
    await done(run, CREATE, name="p")
    await done(run, ADD, name="p", agent="ada", tier="ADMIN")
    session = (await start(run, "ada"))["sessionId"]
    await run(LOCK, {"session": session, "files": ["a.py"]})
    await done(run, DELETE, name="P")
    assert await tier_of(engine, "ada") == "named"
    assert failure(await run(GET, {"name": "p"})) == ("NOT_FOUND", "name")
    (left,) = (await run(LIST, {}))["data"]["projects"]["nodes"]
    assert left == {"name": "p", "isRegistered": False, "activeSessions": 1, "locks": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../x"),
        ("agent", ""),
        ("agent", "worker_1"),
        ("agent", "unknown"),
        ("agent", "user-x"),
        ("tier", "PENDING"),
        ("roleDescription", "x" * 2_000),
        ("pathPatterns", ["(a+)+?"]),
        ("pathPatterns", ["x"] * 10_000),
    ],
)
async def test_bad_input_names_the_field_and_registers_nobody(
    run: Run, engine: Engine, field: str, value: Any
) -> None:
    await done(run, CREATE, name="p")
    before = await engine.store.count(Agent, {})
    assert await refused(run, ADD, **{"name": "p", "agent": "ada", field: value}) == ("BAD_INPUT", field)
    assert await engine.store.count(Agent, {}) == before


async def test_projects_are_listed_by_name_in_pages_registered_or_in_use(run: Run) -> None:
    for name in ("b", "a.x", "d"):
        await done(run, CREATE, name=name)
    for name in ("a", "c", "b"):
        await start(run, "ada", project=name)
    seen, after = [], None
    while True:
        page = (await run(LIST, {"first": 2, "after": after}))["data"]["projects"]
        seen += [(one["name"], one["isRegistered"], one["activeSessions"]) for one in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == [("a", False, 1), ("a.x", True, 0), ("b", True, 1), ("c", False, 1), ("d", True, 0)]
    assert failure(await run(LIST, {"after": "x"})) == ("BAD_INPUT", "after")


async def test_a_project_is_listed_from_what_was_first_written_in_it_though_no_agent_came(run: Run) -> None:
    for project in ("papers", "shared"):
        await done(run, CHECKLIST, name="release", project=project)
    await done(run, GUIDELINE, name="style", rule="Short.", scope="global")
    nodes = (await run(LIST, {}))["data"]["projects"]["nodes"]
    assert nodes == [
        {"name": name, "isRegistered": False, "activeSessions": 0, "locks": 0}
        for name in ("papers", "shared")
    ]


async def test_projects_that_a_key_cannot_see_are_not_listed(run: Run, engine: Engine) -> None:
    """D2, D4"""
    for name in ("mine", "other"):
        await done(run, CREATE, name=name)
        await start(run, "ada", project=name)
    scoped, _ = await make_key(engine, "s", "readonly", ("mine", "empty"))
    nodes = (await run(LIST, {}, caller=scoped))["data"]["projects"]["nodes"]
    assert [one["name"] for one in nodes] == ["mine"]
    assert failure(await run(LIST, {}, caller=None))[0] == "UNAUTHENTICATED"


async def test_the_reason_of_a_change_of_the_registry_is_in_the_audit_log_and_its_event(
    run: Run, engine: Engine
) -> None:
    await done(run, CREATE, name="p")
    await done(run, ADD, name="p", agent="ada")
    ann = (await start(run, "ann"))["sessionId"]
    await done(run, ADD, name="p", agent="ann", tier="ADMIN")
    await done(run, REMOVE, name="p", agent="ada", reason="left the team", sessionId=ann)
    await done(run, ADD, name="p", agent="ben")
    await done(run, REMOVE, name="p", agent="ben", reason="a double")
    await done(run, DELETE, name="p", reason="over")
    kept = (await engine.store.find(Audit, {"project": "p"})).records
    told: dict[str, list[str]] = {one.act: [] for one in kept}
    for one in sorted(kept, key=lambda one: one.id):
        told[one.act].append(one.detail)
    assert told["agent.removed"] == ["left the team", "a double"]
    assert told["project.deleted"] == ["over"]
    events = await engine.store.events_after("p", 0)
    reasons = [(event.kind, event.data["reason"]) for event in events if "reason" in event.data]
    assert [one for one in reasons if one[0].startswith(("agent.", "project."))] == [
        ("agent.removed", "left the team"),
        ("agent.removed", "a double"),
        ("project.deleted", "over"),
    ]


@pytest.mark.parametrize("document", [REMOVE, DELETE])
async def test_a_reason_too_long_is_named_and_nothing_is_taken_out(
    run: Run, engine: Engine, document: str
) -> None:
    await done(run, CREATE, name="p")
    await done(run, ADD, name="p", agent="ada")
    more: dict[str, Any] = {} if document == DELETE else {"agent": "ada"}
    assert await refused(run, document, name="p", reason="x" * 1_001, **more) == ("BAD_INPUT", "reason")
    assert await tier_of(engine, "ada") == "named"
    assert await engine.store.count(Project, {}) == 1
