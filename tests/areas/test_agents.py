"""Agents: whose a name is, which tier it has, who is told of a new one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from resolvers.errors import BadInput
from resolvers.path_patterns import MAX_PATTERN, matches, path_patterns
from store.port import Changes
from store.records import Agent, Delivery, Key, Message, Project, Session
from tests.areas.session_cases import START, make_key, start
from tests.conftest import Clock, Run, failure

AGENTS = """query ($query: String, $first: Int! = 50, $after: String, $project: String = "p") {
  agents(project: $project, query: $query, first: $first, after: $after) {
    nodes { name tier daysAgo sessionCount lastTask } pageInfo { hasNextPage endCursor }
  }
}"""


async def register(engine: Engine, *agents: Agent, name: str = "p") -> None:
    await engine.store.commit(Changes(puts=(Project(id=name, project=name), *agents)))


def known(name: str, tier: str = "named", key_id: str = "local", **more: Any) -> Agent:
    return Agent(id=f"p/{name}", project="p", name=name, tier=tier, key_id=key_id, **more)


async def stored(engine: Engine, name: str) -> Agent:
    found = await engine.store.get(Agent, f"p/{name}")
    assert found is not None
    return found


async def test_an_agent_of_an_unregistered_project_is_recorded(run: Run, engine: Engine) -> None:
    started = await start(run, "ada", task="one")
    assert (started["tier"], started["registryWarning"]) == ("NAMED", None)
    assert started["actionNeeded"]
    await start(run, "ada", task="two", roleDescription="front end")
    ada = await stored(engine, "ada")
    assert (ada.session_count, ada.last_task, ada.role_description) == (2, "two", "front end")


async def test_concurrent_starts_of_one_agent_count_each(run: Run, engine: Engine) -> None:
    """B5: no update is lost."""
    await asyncio.gather(*(start(run, "ada") for _ in range(8)))
    assert (await stored(engine, "ada")).session_count == 8


async def test_a_new_agent_of_a_registered_project_is_pending_and_its_admins_are_told(
    run: Run, engine: Engine
) -> None:
    await register(engine, known("boss", "admin"), known("other"))
    started = await start(run, "ada", roleDescription="tests")
    assert started["tier"] == "PENDING"
    assert "its admins were told" in started["registryWarning"]
    (delivery,) = (await engine.store.find(Delivery, {})).records
    assert (delivery.recipient, delivery.status) == ("boss", "pending")
    message = await engine.store.get(Message, delivery.message_id)
    assert message is not None
    assert message.sender == "interlock"
    assert "ada" in message.text and "tests" in message.text
    await start(run, "ada")
    assert await engine.store.count(Message, {}) == 1


async def test_no_alert_is_claimed_where_there_is_no_admin_to_tell(run: Run, engine: Engine) -> None:
    """A22"""
    await register(engine)
    started = await start(run, "ada")
    assert "no admin agent" in started["registryWarning"]
    assert await engine.store.count(Message, {}) == 0


async def test_a_role_text_given_again_does_not_change_the_tier(run: Run, engine: Engine) -> None:
    """A16"""
    await register(engine, known("boss", "admin"))
    started = await start(run, "boss", roleDescription="new words")
    assert started["tier"] == "ADMIN"
    assert (await stored(engine, "boss")).tier == "admin"


async def test_another_keys_agent_name_is_refused_below_admin(run: Run, engine: Engine) -> None:
    """D5: reusing a name does not open its inbox."""
    (ada, _), (eve, _) = await make_key(engine, "ada"), await make_key(engine, "eve")
    (root, _), (reader, _) = await make_key(engine, "root", "admin"), await make_key(engine, "r", "readonly")
    await start(run, "front", caller=ada)
    for caller in (eve, reader):
        answer = await run(START, {"input": {"project": "p", "agent": "FRONT"}}, caller=caller)
        assert failure(answer) == ("FORBIDDEN", "agent")
    assert await engine.store.count(Session, {}) == 1
    await start(run, "front", caller=root)
    assert (await stored(engine, "front")).key_id == ada.key_id


async def test_of_two_keys_that_claim_a_new_name_at_once_one_gets_it(run: Run, engine: Engine) -> None:
    callers = [(await make_key(engine, f"k{n}"))[0] for n in range(8)]
    asked = {"input": {"project": "p", "agent": "front"}}
    answers = await asyncio.gather(*(run(START, asked, caller=caller) for caller in callers))
    assert sum(not answer["errors"] for answer in answers) == 1


async def test_a_revoked_keys_name_can_be_taken_over_but_not_its_powers(run: Run, engine: Engine) -> None:
    """D7: a key that is replaced locks nobody out, and leaves nobody more power."""
    (old, _), (new, _) = await make_key(engine, "old"), await make_key(engine, "new")
    await register(engine, known("boss", "admin", old.key_id))
    key = await engine.store.get(Key, old.key_id)
    assert key is not None
    await engine.store.commit(Changes(puts=(replace(key, revoked_at=await engine.store.now()),)))
    started = await start(run, "boss", caller=new)
    assert started["tier"] == "NAMED"
    assert "changed hands" in started["registryWarning"]
    boss = await stored(engine, "boss")
    assert (boss.key_id, boss.tier) == (new.key_id, "named")


async def test_naming_oneself_after_another_key_is_refused(run: Run, engine: Engine) -> None:
    caller, _ = await make_key(engine, "ada")
    await start(run, "user-ada", caller=caller)
    answer = await run(START, {"input": {"project": "p", "agent": "user-boss"}}, caller=caller)
    assert failure(answer) == ("FORBIDDEN", "agent")


@pytest.mark.parametrize("more", [{"agent": "worker_7"}, {"agent": "ada", "spawnedBy": "boss"}])
async def test_a_worker_gets_a_name_of_its_own_and_stays_out_of_the_registry(
    run: Run, engine: Engine, more: dict[str, str]
) -> None:
    await register(engine)
    started = await start(run, **more)
    assert (started["worker"], started["tier"]) == (True, "WORKER")
    assert len(started["agent"]) == len("worker_1234")
    assert await engine.store.count(Agent, {}) == 0


async def test_a_working_directory_suggests_who_one_is(run: Run, engine: Engine) -> None:
    await register(
        engine,
        known("web", path_patterns=("*/app/web/*",)),
        known("app", path_patterns=("/app",)),
    )
    started = await start(run, workingDirectory="C:\\Work\\App\\Web")
    assert started["agent"] == "unknown"
    assert started["actionNeeded"] is None
    assert started["identitySuggestion"] == {"agent": "web", "pattern": "*/app/web/*"}
    elsewhere = await start(run, workingDirectory="/elsewhere")
    assert elsewhere["identitySuggestion"] is None
    assert "claude_instance" in elsewhere["actionNeeded"]
    assert (await start(run, "ada", workingDirectory="/x/app/web"))["identitySuggestion"] is None
    assert await engine.store.get(Agent, "p/unknown") is None


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/app", "/code/app", True),
        ("*/app", "/code/app", True),
        ("*/app", "/code/apple", False),
        ("src/", "/code/src2", False),
        ("src/", "/code/src", True),
        ("/w/*/b/*", "/w/x/y/b/z", True),
        ("/w/*/b/*", "/w/x/y/c/z", False),
        ("a*a", "a", False),
        (".*", "/code/anything", False),
    ],
)
def test_a_pattern_fits_a_path(pattern: str, path: str, fits: bool) -> None:
    assert matches(path_patterns("p", [pattern])[0], path) is fits


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    pattern = ("a*" * (MAX_PATTERN // 2))[:-1] + "b"
    began = time.process_time()
    for _ in range(100):
        assert not matches(pattern, "a" * 100_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("hostile", ["(a+)+$?", "[a-z]*", "*", "**/**", "", "x" * 300, "\u0000", "{a,b}"])
def test_other_wildcards_and_patterns_that_fit_everything_are_refused(hostile: str) -> None:
    with pytest.raises(BadInput):
        path_patterns("path_patterns", [hostile])


async def test_agents_are_listed_newest_first_in_pages(run: Run, engine: Engine, clock: Clock) -> None:
    for name in ("ada", "bob", "cyd"):
        await start(run, name)
        clock.forward(days=1, seconds=60)
    first = (await run(AGENTS, {"first": 2}))["data"]["agents"]
    assert [(one["name"], one["daysAgo"]) for one in first["nodes"]] == [("cyd", 1), ("bob", 2)]
    rest = (await run(AGENTS, {"first": 2, "after": first["pageInfo"]["endCursor"]}))["data"]["agents"]
    assert [one["name"] for one in rest["nodes"]] == ["ada"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert failure(await run(AGENTS, {"first": 101})) == ("BAD_INPUT", "first")
    assert failure(await run(AGENTS, {"after": "x"})) == ("BAD_INPUT", "after")


async def test_agents_are_found_by_name_and_by_role(run: Run) -> None:
    await start(run, "ada-web", roleDescription="draws the dashboard")
    await start(run, "bob", roleDescription="keeps the database")
    for query, name in (("ADA", "ada-web"), ("dashboard", "ada-web"), ("database", "bob")):
        found = (await run(AGENTS, {"query": query}))["data"]["agents"]["nodes"]
        assert [one["name"] for one in found] == [name]


async def test_agents_of_a_hyphenated_project_are_found_under_each_spelling(run: Run) -> None:
    """A9"""
    await start(run, "ada", project="my-app")
    for spelling in ("my-app", "My App", "MY_APP"):
        found = (await run(AGENTS, {"project": spelling}))["data"]["agents"]["nodes"]
        assert [one["name"] for one in found] == ["ada"]


async def test_agents_of_a_project_out_of_scope_are_not_shown(run: Run, engine: Engine) -> None:
    """D2"""
    await start(run, "ada", caller=LOCAL_OWNER)
    outsider, _ = await make_key(engine, "out", projects=("other",))
    assert failure(await run(AGENTS, {}, caller=outsider)) == ("FORBIDDEN", "project")
