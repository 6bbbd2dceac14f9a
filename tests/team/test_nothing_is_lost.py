"""Three servers on one set of services, and whatever can fail does: nothing acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.faults.processes import ask
from tests.team.agents import CALLS, KeyedAgent
from tests.team.history import History, Outcome
from tests.team.proxy import Proxy
from tests.team.subscribers import Subscriber
from tests.team.topology import Topology, running
from tests.team.workload import Team, at_work

TORTURE = int(os.environ.get("INTERLOCK_TORTURE", "0"))
CLIENTS = 64 if TORTURE else 16
SECONDS = 60.0 if TORTURE else 6.0
ROUNDS = max(1, TORTURE // 10)
SUBSCRIBERS = 3
CALM = 25
PATIENCE_SECONDS = 60.0
AHEAD_SECONDS = 600.0

pytestmark = pytest.mark.timeout(3600 if TORTURE else 300)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    with running(tmp_path_factory.mktemp("team")) as made:
        yield made


@pytest.fixture
async def proxy(services: Topology) -> AsyncIterator[Proxy]:
    await services.until_well()
    async with Proxy(services.ports) as made:
        yield made


async def test_many_agents_on_three_servers_lose_nothing_and_get_nothing_twice(
    services: Topology, proxy: Proxy
) -> None:
    async with at_work(proxy.url, services.address, "calm", CLIENTS, SUBSCRIBERS) as team:
        await asyncio.sleep(SECONDS)
    unsure = [call for call in team.history.calls if call.outcome is Outcome.UNKNOWN]
    # A disk that stands still for longer than commits are waited for may leave a few.
    assert len(unsure) * 100 <= len(team.history.calls), (
        f"nothing failed, and yet {len(unsure)} calls were not answered: {unsure[:3]}"
    )
    assert {call.what for call in team.history.calls if call.is_acknowledged} == set(CALLS)
    assert min(proxy.served[port] for port in services.ports) > len(team.history.calls) / 6


async def a_server_dies(services: Topology, team: Team) -> None:
    dying = services.servers[0]
    await dying.end(signal.SIGKILL)
    await team.grow(CALM)
    await dying.start()


async def the_primary_steps_down(services: Topology, team: Team) -> None:
    await asyncio.to_thread(services.mongo.step_down)


async def a_mongod_dies(services: Topology, team: Team) -> None:
    dying = await asyncio.to_thread(services.mongo.primary)
    await asyncio.to_thread(dying.kill)
    await team.grow(CALM)
    await asyncio.to_thread(dying.start)


async def redis_dies(services: Topology, team: Team) -> None:
    await asyncio.to_thread(services.redis.kill)
    await team.grow(CALM)
    await asyncio.to_thread(services.redis.start)


async def chroma_dies(services: Topology, team: Team) -> None:
    await asyncio.to_thread(services.chroma.kill)
    await team.grow(CALM)
    await asyncio.to_thread(services.chroma.start)


async def a_clock_is_wrong(services: Topology, team: Team) -> None:
    wrong = services.servers[1]
    await wrong.end()
    wrong.turn_clock(AHEAD_SECONDS)
    await wrong.start()


FAULTS: tuple[Callable[[Topology, Team], Awaitable[None]], ...] = (
    a_clock_is_wrong,
    a_server_dies,
    the_primary_steps_down,
    a_mongod_dies,
    redis_dies,
    chroma_dies,
)


async def test_whatever_dies_nothing_acknowledged_is_lost_and_the_rest_is_whole_or_absent(
    services: Topology, proxy: Proxy
) -> None:
    async with at_work(proxy.url, services.address, "storm", CLIENTS, SUBSCRIBERS) as team:
        await team.grow(CALM)
        for _ in range(ROUNDS):
            for fault in FAULTS:
                await fault(services, team)
                await team.grow(CALM)
    acknowledged = sum(call.is_acknowledged for call in team.history.calls)
    assert acknowledged > len(team.history.calls) / 2
    assert any(subscriber.cuts for subscriber in team.subscribers)


async def test_a_client_whose_server_dies_goes_on_at_another_with_its_session_locks_and_cursor(
    services: Topology, proxy: Proxy
) -> None:
    agent, other = (KeyedAgent(proxy.url, name, History()) for name in ("ann", "bob"))
    for one in (agent, other):
        await one.start("moved")
    cursor = await ask(agent.wire, proxy.url, '{ feedCursor(projects: ["moved"]) }')
    subscriber = Subscriber(proxy.url, "moved", cursor["feedCursor"])
    following = asyncio.create_task(subscriber.follow())
    held = await agent.call("lock", files=["src/"], reason="mine")
    await subscriber.until_count(1, PATIENCE_SECONDS)
    (dying,) = (one for one in services.servers if one.port == proxy.behind(subscriber.port))
    await dying.end(signal.SIGKILL)
    try:
        refused = await other.call("lock", files=["src/a.py"], reason="his")
        assert not refused.result["success"]
        assert refused.result["conflicts"][0]["held_by"] == "ann"
        again = await agent.call("lock", files=["src/"], reason="mine")
        assert again.result["fence"] == held.result["fence"]
        released = await agent.call("unlock", files=["src/"])
        assert released.result["released"] == ["src/"]
        taken = await other.call("lock", files=["src/a.py"], reason="his")
        assert taken.result["fence"] > held.result["fence"]
        await subscriber.until_count(3, PATIENCE_SECONDS)
    finally:
        following.cancel()
        await dying.start()
    assert subscriber.cuts == 1
    assert [event.kind for event in subscriber.seen] == ["lock.granted", "lock.released", "lock.granted"]
    await agent.close()
    await other.close()


NEEDS_THE_STORE = {
    "start": {"project": "away", "claude_instance": "eve"},
    "lock": {"files": ["b.py"], "reason": "r", "wait_seconds": 20},
    "unlock": {"files": ["a.py"]},
    "add": {"title": "t", "description": "d"},
    "spec": {"name": "s", "content": "c"},
    "send": {"to_instance": "bob", "message": "m"},
    "read": {"wait_seconds": 20},
    "learn": {"title": "l", "details": "d"},
    "beat": {},
}
NEEDS_NOTHING = {
    "the page": ("GET", "/graphql", {"accept": "text/html"}, None),
    "the first address": ("GET", "/", {}, None),
    "introspection": ("POST", "/graphql", {}, {"query": "{ __schema { queryType { name } } }"}),
    "the list of tools": (
        "POST",
        "/mcp",
        {"accept": "application/json, text/event-stream"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
    ),
}
AWAY_SECONDS = 5.0
BLOCKED_SECONDS = 3.0


@pytest.mark.parametrize("how", ["frozen", "dead"])
async def test_c2_while_mongo_is_away_calls_fail_in_time_others_go_on_and_it_is_taken_up_without_a_restart(
    services: Topology, proxy: Proxy, how: str
) -> None:
    agents = [KeyedAgent(server.url, f"{how}_{server.port}", History()) for server in services.servers]
    for agent in agents:
        await agent.start("away")
    cursor = await ask(agents[0].wire, proxy.url, '{ feedCursor(projects: ["away"]) }')
    subscriber = Subscriber(proxy.url, "away", cursor["feedCursor"])
    following = asyncio.create_task(subscriber.follow())
    pids = [server.pid for server in services.servers]
    # What is read when it is first asked for is read now.
    async with meanwhile(services) as asked:
        while len(asked) < len(NEEDS_NOTHING) * len(services.servers):
            await asyncio.sleep(0.02)
    for member in services.mongo.members:
        (member.kill if how == "dead" else member.freeze)()
    try:
        async with meanwhile(services) as slowest:
            took = await asyncio.gather(
                *(refused(agent, what) for agent in agents for what in NEEDS_THE_STORE)
            )
            reports = await asyncio.gather(*(report(server.url) for server in services.servers))
    finally:
        for member in services.mongo.members:
            (member.start if how == "dead" else member.thaw)()
    # What waits for nothing shows how slow the machine is; a loop that is held up would be so for longer.
    assert max(slowest.values()) < BLOCKED_SECONDS, slowest
    assert max(took) < AWAY_SECONDS + max(slowest.values()), sorted(took)
    for status, parts in reports:
        assert status == 503
        assert not parts["store_write"]["ok"]
        assert "MongoDB" in parts["store_write"]["detail"]
    await services.until_well()
    for agent in agents:
        assert (await agent.call("add", title=f"after, {how}", description="d")).is_acknowledged
        await agent.close()
    assert pids == [server.pid for server in services.servers]
    await subscriber.until_count(len(agents), PATIENCE_SECONDS)
    following.cancel()
    assert [event.kind for event in subscriber.seen] == ["backlog.added"] * len(agents)


async def refused(agent: KeyedAgent, what: str) -> float:
    """Make a call that cannot be served, once; return how many seconds it took to be told so."""
    started = time.monotonic()
    _, told = await agent.tried(what, **NEEDS_THE_STORE[what])
    assert told.get("code") == "UNAVAILABLE", (what, told)
    assert told["hint"]
    return time.monotonic() - started


async def report(url: str) -> tuple[int, dict[str, Any]]:
    """Return what a server says of itself."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/health", timeout=PATIENCE_SECONDS)
        return answer.status_code, answer.json()["parts"]


@asynccontextmanager
async def meanwhile(services: Topology) -> AsyncIterator[dict[str, float]]:
    """Ask every server again and again for what needs no store; yields the longest that each took, in seconds."""
    slowest: dict[str, float] = defaultdict(float)

    async def ask_on(url: str, what: str) -> None:
        method, path, headers, body = NEEDS_NOTHING[what]
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as client:
            while True:
                started = time.monotonic()
                answer = await client.request(method, path, headers=headers, json=body)
                slowest[f"{what} of {url}"] = max(slowest[f"{what} of {url}"], time.monotonic() - started)
                assert answer.status_code in (200, 307), (what, answer.text)
                await asyncio.sleep(0.05)

    asked = [(server.url, what) for server in services.servers for what in NEEDS_NOTHING]
    tasks = [asyncio.create_task(ask_on(*one)) for one in asked]
    yield slowest
    for task in tasks:
        assert not task.done(), task.exception()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
