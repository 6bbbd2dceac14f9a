"""Work and signals through GraphQL: what is kept, what overlaps, what is shown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from store.records import Signal, Work, WorkFile
from tests.areas.lock_cases import Agent, begin, log_of
from tests.conftest import Clock, Run, failure

UPDATE = """mutation($input: UpdateWorkInput!) { updateWork(input: $input) {
  work { title status files notes blockedBy blockedReason waitingForSignal }
  overlaps { path agent isLocked title } warning signals arrived { name details agent }
} }"""
ACTIVE = """query($project: String, $session: ID, $instance: String, $since: Int, $limit: Int! = 20) {
  activeWork(project: $project, sessionId: $session, instance: $instance, sinceHours: $since, limit: $limit) {
    currentlyActive { sessionId agent task work { title status } }
    blockedAgents { agent blockedBy blockedReason waitingForSignal }
    recentSignals { name details agent } recentWorkItems { agent title status } overlapWindowHours
  }
}"""


async def update(
    agent: Agent, title: str = "parser", status: str = "IN_PROGRESS", **more: Any
) -> dict[str, Any]:
    asked = {"sessionId": agent.session, "title": title, "status": status, **more}
    answer = await agent.run(UPDATE, {"input": asked})
    assert not answer["errors"], answer["errors"]
    return dict(answer["data"]["updateWork"])


async def active(run: Run, **variables: Any) -> dict[str, Any]:
    answer = await run(ACTIVE, variables)
    assert not answer["errors"], answer["errors"]
    return dict(answer["data"]["activeWork"])


async def test_a7_a_real_overlap_is_reported_and_an_unrelated_file_is_not(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await update(ada, "parser", "BLOCKED", filesTouched=["src/parser.rs", "zebra.md"])
    told = await update(bob, "lexer", filesTouched=["./src//parser.rs", "zebra.rs"])
    assert told["overlaps"] == [
        {"path": "src/parser.rs", "agent": "ada", "isLocked": False, "title": "parser"}
    ]
    assert "ada" in told["warning"]
    assert "src/parser.rs" in told["warning"]


async def test_as_many_and_as_deep_paths_as_may_be_given_are_compared_and_locked(
    engine: Engine, run: Run
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    deep = ["/".join(f"{depth}d{n}" for depth in range(64)) for n in range(200)]
    assert (await update(ada, filesTouched=deep))["overlaps"] == []
    assert (await ada.lock(*deep))["isGranted"]
    told = await update(bob, "lexer", filesTouched=[f"{deep[0].rpartition('/')[0]}/", deep[199]])
    assert [one["path"] for one in told["overlaps"]] == [deep[0], deep[199]]
    refused = await bob.lock("0d7/")
    assert [one["path"] for one in refused["conflicts"]] == [deep[7]]


@pytest.mark.parametrize(
    ("mine", "theirs", "is_overlap"),
    [
        ("src/", "src/a/b.py", True),
        ("src/a/b.py", "src/", True),
        ("src/a.py", "src/b.py", False),
        ("src/", "srcs/a.py", False),
    ],
)
async def test_a7_directories_overlap_with_what_is_under_them(
    engine: Engine, run: Run, mine: str, theirs: str, is_overlap: bool
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await update(ada, filesTouched=[theirs])
    assert bool((await update(bob, filesTouched=[mine]))["overlaps"]) is is_overlap


async def test_a_lock_of_another_on_a_touched_path_is_an_overlap(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    await ada.lock("src/")
    await update(ada, "parser", filesTouched=["src/"])
    told = await update(bob, filesTouched=["src/x.py"])
    assert told["overlaps"] == [{"path": "src/", "agent": "ada", "isLocked": True, "title": "parser"}]


async def test_finished_work_and_that_of_ended_or_silent_sessions_overlaps_with_nothing(
    engine: Engine, run: Run, clock: Clock
) -> None:
    done, ended, silent = [await begin(engine, run, name) for name in ("done", "ended", "silent")]
    for agent in (done, ended, silent):
        await update(agent, filesTouched=["a.py"])
    await update(done, status="COMPLETED")
    await ended.end()
    clock.forward(hours=25)
    bob = await begin(engine, run, "bob")
    assert (await update(bob, filesTouched=["a.py"]))["overlaps"] == []
    assert not (await engine.store.find(WorkFile, {"session_id": done.session})).records
    assert not (await engine.store.find(WorkFile, {"session_id": ended.session})).records


async def test_work_of_another_project_overlaps_with_nothing(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob", project="q")
    await update(ada, filesTouched=["a.py"], signals=["ready"])
    told = await update(bob, filesTouched=["a.py"], waitingForSignal="ready")
    assert (told["overlaps"], told["arrived"]) == ([], None)


@pytest.mark.parametrize("clients", [2, 8, 64])
async def test_of_many_who_begin_on_a_file_at_once_at_most_one_is_not_told(
    engine: Engine, run: Run, clients: int
) -> None:
    agents = [await begin(engine, run, f"a{n}") for n in range(clients)]
    told = await asyncio.gather(*(update(agent, filesTouched=["a.py"]) for agent in agents))
    assert sum(not one["overlaps"] for one in told) <= 1


async def test_files_and_notes_not_given_stay_until_the_work_is_another(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await update(ada, filesTouched=["a.py", "b.py"], notes="half done")
    kept = await update(ada, status="BLOCKED", blockedBy="bob", blockedReason="review")
    assert kept["work"]["files"] == ["a.py", "b.py"]
    assert (kept["work"]["notes"], kept["work"]["blockedBy"]) == ("half done", "bob")
    changed = await update(ada, filesTouched=["b.py", "c.py"])
    assert (changed["work"]["files"], changed["work"]["blockedBy"]) == (["b.py", "c.py"], "")
    files = (await engine.store.find(WorkFile, {"session_id": ada.session})).records
    assert sorted(file.path for file in files) == ["b.py", "c.py"]
    other = await update(ada, "another thing")
    assert (other["work"]["files"], other["work"]["notes"]) == ([], "")
    assert not (await engine.store.find(WorkFile, {"session_id": ada.session})).records


async def test_who_waits_for_a_signal_learns_that_it_was_sent_and_only_for_24_hours(
    engine: Engine, run: Run, clock: Clock
) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")
    waits = {"status": "BLOCKED", "waitingForSignal": "schema-ready"}
    assert (await update(bob, **waits))["arrived"] is None
    sent = await update(ada, signals=["schema-ready", "x"], signalDetails="v2")
    assert sent["signals"] == ["schema-ready", "x"]
    assert (await update(bob, **waits))["arrived"] == {
        "name": "schema-ready",
        "details": "v2",
        "agent": "ada",
    }
    clock.forward(hours=25)
    assert (await update(bob, **waits))["arrived"] is None
    assert (await active(run, project="p", since=720))["recentSignals"] == []


async def test_b1_signals_and_work_are_in_the_store_and_sent_to_the_feed(engine: Engine, run: Run) -> None:
    ada = await begin(engine, run, "ada")
    await update(ada, filesTouched=["a.py"], signals=["ready"], signalDetails="now")
    assert await engine.store.get(Work, ada.session) is not None
    assert await engine.store.get(Signal, "p/ready") is not None
    work, signal = await log_of(engine)
    assert (work.kind, work.data["files"], work.data["session_id"]) == ("work.updated", ["a.py"], ada.session)
    assert (signal.kind, signal.data) == ("signal.sent", {"name": "ready", "details": "now", "agent": "ada"})


async def test_the_same_signal_sent_by_many_at_once_is_kept_once(engine: Engine, run: Run) -> None:
    agents = [await begin(engine, run, f"a{n}") for n in range(16)]
    await asyncio.gather(*(update(agent, signals=["ready"]) for agent in agents))
    assert len((await engine.store.find(Signal, {"project": "p"})).records) == 1
    assert sum(event.kind == "signal.sent" for event in await log_of(engine)) == 16


async def test_what_is_under_way_shows_sessions_blocks_signals_and_recent_work(
    engine: Engine, run: Run, clock: Clock
) -> None:
    old = await begin(engine, run, "old")
    await update(old, "ancient")
    clock.forward(hours=30)
    ada, bob = await begin(engine, run, "ada", task="parser"), await begin(engine, run, "bob")
    await update(ada, "parser", "BLOCKED", blockedBy="bob", blockedReason="api", waitingForSignal="api")
    await update(bob, "api", "COMPLETED", signals=["api"])
    shown = await active(run, session=ada.session)
    assert [one["agent"] for one in shown["currentlyActive"]] == ["bob", "ada"]
    assert shown["currentlyActive"][1]["work"] == {"title": "parser", "status": "BLOCKED"}
    assert shown["blockedAgents"] == [
        {"agent": "ada", "blockedBy": "bob", "blockedReason": "api", "waitingForSignal": "api"}
    ]
    assert shown["recentSignals"] == [{"name": "api", "details": "", "agent": "bob"}]
    assert [one["title"] for one in shown["recentWorkItems"]] == ["api", "parser"]
    assert shown["overlapWindowHours"] == 24
    assert len((await active(run, project="p", since=48))["recentWorkItems"]) == 3
    only = await active(run, project="p", instance="Bob")
    assert {one["agent"] for one in (*only["currentlyActive"], *only["recentWorkItems"])} == {"bob"}
    assert len((await active(run, project="p", limit=1))["currentlyActive"]) == 1


async def test_d2_work_of_a_foreign_project_is_neither_shown_nor_changed(engine: Engine, run: Run) -> None:
    foreign = Caller("k9", "foreign", Role.OWNER, frozenset({"q"}))
    ada = await begin(engine, run, "ada")
    await update(ada)
    assert failure(await run(ACTIVE, {"project": "p"}, caller=foreign))[0] == "FORBIDDEN"
    asked = {"sessionId": ada.session, "title": "t", "status": "BLOCKED"}
    assert failure(await run(UPDATE, {"input": asked}, caller=foreign)) == ("NOT_FOUND", "sessionId")


async def test_d1_a_readonly_key_sends_no_signal(engine: Engine, run: Run) -> None:
    reader = Caller("k1", "reader", Role.READONLY)
    ada = await begin(engine, run, "ada", key_id="k1")
    asked = {"sessionId": ada.session, "title": "t", "status": "BLOCKED", "signals": ["x"]}
    assert failure(await run(UPDATE, {"input": asked}, caller=reader))[0] == "FORBIDDEN"
    assert not await log_of(engine)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 1_000_000}, "title"),
        ({"filesTouched": ["../x"]}, "filesTouched"),
        ({"filesTouched": [f"f{n}" for n in range(10_000)]}, "filesTouched"),
        ({"notes": "x" * 1_000_000}, "notes"),
        ({"notes": "a\x00"}, "notes"),
        ({"blockedBy": "x" * 1_000}, "blockedBy"),
        ({"blockedReason": "x" * 1_000_000}, "blockedReason"),
        ({"waitingForSignal": "x" * 1_000}, "waitingForSignal"),
        ({"signals": [""]}, "signals"),
        ({"signals": [f"s{n}" for n in range(21)]}, "signals"),
        ({"signalDetails": "x" * 1_000_000}, "signalDetails"),
    ],
)
async def test_bad_input_names_its_field_and_changes_nothing(
    engine: Engine, run: Run, given: dict[str, Any], field: str
) -> None:
    ada = await begin(engine, run, "ada")
    asked = {"sessionId": ada.session, "title": "t", "status": "IN_PROGRESS", **given}
    assert failure(await run(UPDATE, {"input": asked})) == ("BAD_INPUT", field)
    assert not await log_of(engine)


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"since": 0}, "sinceHours"),
        ({"since": 721}, "sinceHours"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"instance": "a/b"}, "instance"),
    ],
)
async def test_a_bound_that_cannot_be_taken_is_named(run: Run, variables: dict[str, Any], field: str) -> None:
    assert failure(await run(ACTIVE, {"project": "p", **variables})) == ("BAD_INPUT", field)


async def test_updating_and_ending_at_once_never_leaves_a_file_behind(engine: Engine, run: Run) -> None:
    for n in range(20):
        agent = await begin(engine, run, f"a{n}")
        asked = {"sessionId": agent.session, "title": "t", "status": "IN_PROGRESS", "filesTouched": ["a.py"]}
        await asyncio.gather(run(UPDATE, {"input": asked}), agent.end())
    assert not (await engine.store.find(WorkFile, {"project": "p"})).records
