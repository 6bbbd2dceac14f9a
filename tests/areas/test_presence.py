"""Presence: the latest heartbeat of each agent, per project."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers.acts import Engine
from store.records import Presence, Session
from tests.areas.session_cases import make_key, start
from tests.conftest import Clock, Run, failure

BEAT = """mutation ($input: HeartbeatInput!) {
  heartbeat(input: $input) { agent status currentTask tmuxTarget isStale }
}"""
STATUS = """query ($project: String = "p", $agent: String, $first: Int! = 50, $after: String) {
  agentStatuses(project: $project, agent: $agent, first: $first, after: $after) {
    nodes { agent status currentTask isStale } pageInfo { hasNextPage endCursor }
  }
}"""


async def nodes(run: Run, **asked: Any) -> Any:
    answer = await run(STATUS, asked)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["agentStatuses"]["nodes"]


async def test_a_heartbeat_is_shown_until_it_is_stale(run: Run, clock: Clock) -> None:
    one = (await start(run, "ada", tmuxTarget="w:1"))["sessionId"]
    beat = (await run(BEAT, {"input": {"sessionId": one, "status": "BUSY", "currentTask": "tests"}}))["data"]
    assert beat["heartbeat"] == {
        "agent": "ada",
        "status": "BUSY",
        "currentTask": "tests",
        "tmuxTarget": "w:1",
        "isStale": False,
    }
    clock.forward(minutes=4)
    assert not (await nodes(run))[0]["isStale"]
    clock.forward(minutes=2)
    assert (await nodes(run)) == [{"agent": "ada", "status": "BUSY", "currentTask": "tests", "isStale": True}]


async def test_the_same_name_in_two_projects_has_two_heartbeats(run: Run) -> None:
    """A20"""
    for project, status in (("p", "BUSY"), ("q", "ERROR")):
        one = (await start(run, "ada", project=project))["sessionId"]
        await run(BEAT, {"input": {"sessionId": one, "status": status}})
    assert [one["status"] for one in await nodes(run)] == ["BUSY"]
    assert [one["status"] for one in await nodes(run, project="q")] == ["ERROR"]


async def test_a_heartbeat_counts_as_activity(run: Run, engine: Engine, clock: Clock) -> None:
    """A20: a busy agent's locks do not go stale."""
    one = (await start(run, "ada"))["sessionId"]
    clock.forward(minutes=29)
    await run(BEAT, {"input": {"sessionId": one}})
    found = await engine.store.get(Session, one)
    assert found is not None
    assert (await engine.store.now() - found.active_at).total_seconds() < 5


async def test_a_heartbeat_is_pushed_live_and_not_logged(run: Run, engine: Engine) -> None:
    one = (await start(run, "ada"))["sessionId"]
    logged = len(await engine.store.events_after("p", 0))
    items = engine.feed.subscribe(("p",), await engine.feed.cursor(("p",)))
    following = asyncio.ensure_future(anext(items))
    async with asyncio.timeout(15):
        while not following.done():
            await run(BEAT, {"input": {"sessionId": one, "status": "BUSY"}})
    item = await following
    await items.aclose()
    assert item.event is not None
    assert (item.event.kind, item.event.sequence, item.event.actor) == ("presence.heartbeat", 0, "ada")
    assert item.event.data["status"] == "busy"
    assert len(await engine.store.events_after("p", 0)) == logged


async def test_heartbeats_at_once_leave_one_row_an_agent(run: Run, engine: Engine) -> None:
    ids = [(await start(run, f"a{n % 2}"))["sessionId"] for n in range(8)]
    answers = await asyncio.gather(*(run(BEAT, {"input": {"sessionId": one}}) for one in ids * 4))
    assert not any(answer["errors"] for answer in answers)
    assert await engine.store.count(Presence, {}) == 2


async def test_one_agent_is_shown_by_name_and_all_in_pages(run: Run, clock: Clock) -> None:
    for name in ("ada", "bob", "cyd"):
        await run(BEAT, {"input": {"sessionId": (await start(run, name))["sessionId"]}})
        clock.forward(seconds=1)
    assert [one["agent"] for one in await nodes(run, agent="BOB")] == ["bob"]
    assert await nodes(run, agent="nobody") == []
    page = (await run(STATUS, {"first": 2}))["data"]["agentStatuses"]
    assert [one["agent"] for one in page["nodes"]] == ["cyd", "bob"]
    assert [one["agent"] for one in await nodes(run, first=2, after=page["pageInfo"]["endCursor"])] == ["ada"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"currentTask": "x" * 2_000}, ("BAD_INPUT", "currentTask")),
        ({"currentTask": "\u0000"}, ("BAD_INPUT", "currentTask")),
        ({"status": "sleeping"}, ("BAD_INPUT", "")),
    ],
)
async def test_bad_input_leaves_no_heartbeat(
    run: Run, engine: Engine, given: dict[str, str], expected: tuple[str, str]
) -> None:
    one = (await start(run, "ada"))["sessionId"]
    code, field = failure(await run(BEAT, {"input": {"sessionId": one, **given}}))
    assert code == expected[0]
    assert not expected[1] or field == expected[1]
    assert await engine.store.count(Presence, {}) == 0


async def test_a_readonly_key_sends_no_heartbeat(run: Run, engine: Engine) -> None:
    """D1"""
    reader, _ = await make_key(engine, "r", "readonly")
    one = (await start(run, "rita", caller=reader))["sessionId"]
    assert failure(await run(BEAT, {"input": {"sessionId": one}}, caller=reader))[0] == "FORBIDDEN"
    assert await engine.store.count(Presence, {}) == 0
