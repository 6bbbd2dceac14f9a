"""The audit log: newest first, filtered, each admin its own projects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resolvers.acts import Act, Engine
from resolvers.audit import entry, refused
from resolvers.callers import LOCAL_OWNER, Caller, Role
from store.port import By, Changes
from store.records import Audit
from tests.conftest import Clock, Run, failure

LOG = """query($project: String, $act: String, $first: Int = 50, $after: String) {
  log: auditLog(project: $project, actType: $act, first: $first, after: $after) {
    next nodes { act project actor keyName target detail createdAt }
  }
}"""


async def keep(engine: Engine, clock: Clock, *acts: tuple[str, str]) -> None:
    """Keep one entry a second for each (act, project)."""
    for number, (name, project) in enumerate(acts):
        clock.forward(seconds=1)
        made = entry(Act(engine, LOCAL_OWNER), await engine.store.now(), name, project, f"t{number}")
        await engine.store.commit(Changes(puts=(made,)))


async def targets(run: Run, caller: Caller = LOCAL_OWNER, **variables: Any) -> list[str]:
    answer = await run(LOG, variables, caller=caller)
    assert not answer["errors"], answer
    return [node["target"] for node in answer["data"]["log"]["nodes"]]


MIXED = (
    ("lock.forced", "p"),
    ("key.created", ""),
    ("lock.forced", "q"),
    ("guideline.set", "p"),
    ("x.y", "r"),
)


async def test_the_newest_entry_comes_first_and_filters_narrow(
    engine: Engine, run: Run, clock: Clock
) -> None:
    await keep(engine, clock, *MIXED)
    assert await targets(run) == ["t4", "t3", "t2", "t1", "t0"]
    assert await targets(run, act="lock.forced") == ["t2", "t0"]
    assert await targets(run, project="P") == ["t3", "t0"]
    assert await targets(run, project="p", act="lock.forced") == ["t0"]


BY = """query($actor: String, $since: DateTime, $until: DateTime, $project: String, $act: String) {
  log: auditLog(actor: $actor, since: $since, until: $until, project: $project, actType: $act) { nodes { target } }
}"""


@pytest.mark.parametrize("caller", [LOCAL_OWNER, Caller("key_a", "a", Role.ADMIN, frozenset({"p", "q"}))])
async def test_entries_are_found_by_who_did_it_and_when(
    engine: Engine, run: Run, clock: Clock, caller: Caller
) -> None:
    for number, name in enumerate(("ada", "bob", "ada", "ada")):
        clock.forward(hours=1)
        made = entry(
            Act(engine, LOCAL_OWNER), await engine.store.now(), "x.y", "pq"[number % 2], f"t{number}"
        )
        await engine.store.commit(Changes(puts=(replace(made, actor=f"user-{name}"),)))
    times = [
        one.created_at for one in (await engine.store.find(Audit, {}, order=(By("created_at"),))).records
    ]

    async def found(**given: Any) -> list[str]:
        answer = await run(BY, given, caller=caller)
        assert not answer["errors"], answer
        return [node["target"] for node in answer["data"]["log"]["nodes"]]

    assert await found(actor="user-ada") == ["t3", "t2", "t0"]
    assert await found(actor="user-ada", project="p") == ["t2", "t0"]
    assert await found(actor="user-ada", act="x.z") == []
    assert await found(actor="nobody") == []
    assert await found(since=times[0].isoformat(), until=times[3].isoformat()) == ["t2", "t1"]
    assert await found(since=times[1].isoformat(), actor="user-ada", project="q") == ["t3"]
    assert await found(until="0001-01-01T00:00:00+14:00") == []


@pytest.mark.parametrize(
    ("name", "value"), [("since", "2026-01-01T00:00:00"), ("until", "2026-01-01T00:00:00")]
)
async def test_a_time_without_a_zone_is_refused_by_name(run: Run, name: str, value: str) -> None:
    assert failure(await run(BY, {name: value})) == ("BAD_INPUT", name)


async def test_an_admin_reads_of_its_own_projects_only(engine: Engine, run: Run, clock: Clock) -> None:
    await keep(engine, clock, *MIXED)
    admin = Caller("key_a", "a", Role.ADMIN, frozenset({"p", "q"}))
    assert await targets(run, admin) == ["t3", "t2", "t0"]
    assert await targets(run, admin, act="key.created") == []
    assert failure(await run(LOG, {"project": "r"}, caller=admin)) == ("FORBIDDEN", "project")
    agent = Caller("key_b", "b", Role.AGENT)
    assert failure(await run(LOG, caller=agent))[0] == "FORBIDDEN"


@pytest.mark.parametrize("caller", [LOCAL_OWNER, Caller("key_a", "a", Role.ADMIN, frozenset({"p", "q"}))])
async def test_pages_continue_where_the_last_ended(
    engine: Engine, run: Run, clock: Clock, caller: Caller
) -> None:
    await keep(engine, clock, *(("a.b", ("p", "q")[n % 2]) for n in range(9)))
    seen: list[str] = []
    after = None
    for _ in range(5):
        answer = (await run(LOG, {"first": 2, "after": after}, caller=caller))["data"]["log"]
        seen += [node["target"] for node in answer["nodes"]]
        after = answer["next"]
    assert seen == [f"t{n}" for n in range(8, -1, -1)]
    assert after is None


async def test_a_page_has_up_to_200_entries(engine: Engine, run: Run, clock: Clock) -> None:
    await keep(engine, clock, *(("a.b", "p") for _ in range(201)))
    assert len(await targets(run, first=200)) == 200
    for first in (0, 201):
        assert failure(await run(LOG, {"first": first})) == ("BAD_INPUT", "first")


async def test_a_cursor_of_another_list_is_refused(run: Run) -> None:
    for caller in (LOCAL_OWNER, Caller("key_a", "a", Role.ADMIN, frozenset({"p", "q"}))):
        assert failure(await run(LOG, {"after": "banana"}, caller=caller)) == ("BAD_INPUT", "after")


async def test_making_and_revoking_a_key_is_kept_with_who_did_it(engine: Engine, run: Run) -> None:
    await run('mutation { createKey(input: {name: "ci", projects: ["p"]}) { name } }')
    await run('mutation { revokeKey(input: {name: "ci"}) { name } }')
    nodes = (await run(LOG))["data"]["log"]["nodes"]
    assert [(node["act"], node["target"], node["actor"], node["keyName"]) for node in nodes] == [
        ("key.revoked", "ci", "user-local", "local"),
        ("key.created", "ci", "user-local", "local"),
    ]
    assert nodes[1]["detail"] == "agent: p"


async def test_a_flood_of_refusals_does_not_fill_the_log(engine: Engine, clock: Clock) -> None:
    for _ in range(100):
        await refused(engine, "auth.failed", None, detail="unknown key")
    assert await engine.store.count(Audit, {"act": "auth.failed"}) == 60
    clock.forward(minutes=2)
    await refused(engine, "auth.project_denied", LOCAL_OWNER, project="p", target="p")
    (kept,) = (await engine.store.find(Audit, {"act": "auth.project_denied"})).records
    assert (kept.project, kept.actor, kept.key_name) == ("p", "user-local", "local")
