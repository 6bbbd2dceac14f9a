"""A team's set-up: tools on MongoDB against bare driver calls, one to three servers, receipt through Redis and without."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from mcp import Client
from websockets.asyncio.client import connect as connect_socket

from benchmarks.bare_mongo import BareMongo, trips_of
from benchmarks.calls import Call, answer, connect
from benchmarks.fanout import ADD, SUBSCRIBE
from benchmarks.workload import calls, sessions
from tests.team.topology import Topology

CLIENTS = 16
PROJECTS = 6
POLL_ROUNDS = 8
_APART = 1_000


async def run(*, quick: bool) -> None:
    """Print the three tables."""
    with tempfile.TemporaryDirectory() as folder:
        async with _services(Path(folder)) as services:
            await _against_driver(services, rounds=8 if quick else 40)
            await _by_servers(services, seconds=3.0 if quick else 15.0)
            await _receipt(services, rounds=10 if quick else 60)


@asynccontextmanager
async def _services(folder: Path) -> AsyncIterator[Topology]:
    services = Topology(folder, INTERLOCK_EMBEDDER="off")
    try:
        await asyncio.to_thread(services.start)
        await services.until_well()
        yield services
    finally:
        await asyncio.to_thread(services.kill)


async def _against_driver(services: Topology, rounds: int) -> None:
    print("tools on one server, by the driver's own calls with the same reads and writes")
    print(
        f"{'tool':20} {'clients':>7} {'driver ms':>9} {'ours ms':>8} {'p50':>6} {'calls/s':>8} {'of driver':>9}"
    )
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(BareMongo.open(services.address))
        clients = await connect(stack, f"{services.servers[0].url}/mcp", CLIENTS)
        ids = await sessions(clients)
        for label, call in calls(ids, "team").items():
            trips = await trips_of(services.address, call)
            for count in (1, CLIENTS):
                theirs = await _timed(count, rounds, lambda _c, _n, trips=trips: bare.run(trips))
                mine = await _timed(count, rounds, _one(clients, call))
                print(
                    f"{label:20} {count:7} {theirs[0]:9.2f} {mine[0]:8.2f} {mine[0] / theirs[0]:6.2f} "
                    f"{mine[1]:8.0f} {mine[1] / theirs[1]:9.2f}",
                    flush=True,
                )


def _one(clients: list[Client], call: Call) -> Callable[[int, int], Awaitable[Any]]:
    return lambda client, number: answer(clients[client], call.name, call.arguments(client, number))


async def _timed(count: int, rounds: int, work: Callable[[int, int], Awaitable[Any]]) -> tuple[float, float]:
    """Return the p50 in ms, and how many are done in a second, by `count` callers at once."""
    taken: list[float] = []

    async def caller(client: int) -> None:
        for number in range(rounds):
            began = time.perf_counter()
            await work(client, count * _APART + number)
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(work(client, count * _APART + rounds) for client in range(count)))
    began = time.perf_counter()
    await asyncio.gather(*(caller(client) for client in range(count)))
    return statistics.median(taken) * 1e3, len(taken) / (time.perf_counter() - began)


async def _by_servers(services: Topology, seconds: float) -> None:
    print(f"\n{CLIENTS} agents in {PROJECTS} projects: lock, send, read, unlock, as fast as they can")
    first = 0.0
    for count in range(1, len(services.servers) + 1):
        async with AsyncExitStack() as stack:
            clients = [
                (await connect(stack, f"{services.servers[n % count].url}/mcp", 1))[0] for n in range(CLIENTS)
            ]
            done = await asyncio.gather(
                *(_works(client, n, count, seconds) for n, client in enumerate(clients))
            )
        rate = sum(done) / seconds
        first = first or rate
        print(f"{count} servers: {rate:6.0f} calls/s, {rate / first:4.2f} of one", flush=True)


async def _works(client: Client, number: int, servers: int, seconds: float) -> int:
    given = {"project": f"team_{number % PROJECTS}", "claude_instance": f"agent_{number}"}
    session = (await answer(client, "memory_start_session", given))["session_id"]
    path = [f"src/{servers}/{number}.py"]
    until = time.perf_counter() + seconds
    done = 0
    while time.perf_counter() < until:
        text = f"{servers} {number} {done}"
        for tool, more in (
            ("memory_lock_files", {"files": path, "reason": "edit"}),
            ("memory_send_message", {"to_instance": f"agent_{number}", "message": text}),
            ("memory_get_messages", {}),
            ("memory_unlock_files", {"files": path}),
        ):
            await answer(client, tool, {"session_id": session, **more})
            done += 1
    return done


async def _receipt(services: Topology, rounds: int) -> None:
    print("\na commit in one server, received by a subscriber of another: ms from the call, p50 and worst")
    await _received(services, "through Redis", rounds)
    await asyncio.to_thread(services.redis.kill)
    await _received(services, "by polling, Redis away", POLL_ROUNDS)
    await asyncio.to_thread(services.redis.start)
    await services.until_well()
    await _received(services, "through Redis again", rounds)


async def _received(services: Topology, how: str, rounds: int) -> None:
    here, there = services.servers[:2]
    url = there.url.replace("http", "ws", 1) + "/graphql"
    told: list[float] = []
    got: list[float] = []
    async with (
        httpx.AsyncClient(base_url=here.url, timeout=30) as http,
        connect_socket(url, subprotocols=["graphql-transport-ws"]) as socket,  # type: ignore[list-item]
    ):
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIBE}}))
        # The subscription has its place when the first of its events has come.
        await _until_first(http, socket)
        for number in range(rounds):
            began = time.perf_counter()
            await _add(http, number)
            told.append(time.perf_counter() - began)
            await asyncio.wait_for(socket.recv(), 30)
            got.append(time.perf_counter() - began)
    print(
        f"{how:24} acknowledged {statistics.median(told) * 1e3:7.1f}, received "
        f"{statistics.median(got) * 1e3:7.1f}, worst {max(got) * 1e3:7.1f}",
        flush=True,
    )


async def _add(http: httpx.AsyncClient, number: int) -> None:
    given = {"project": "bench", "title": f"item {number}", "description": "to be told"}
    response = await http.post("/graphql", json={"query": ADD, "variables": {"input": given}})
    if "errors" in response.json():
        raise SystemExit(response.text)


async def _until_first(http: httpx.AsyncClient, socket: Any) -> None:
    for number in range(20):
        await _add(http, -number)
        try:
            await asyncio.wait_for(socket.recv(), 3)
        except TimeoutError:
            continue
        return
    raise SystemExit("the subscriber got nothing")
