"""One event to 1, 100 and 500 WebSocket subscribers: from commit to receipt, and what a subscriber costs."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.servers import Server, interlock, peer

SUBSCRIBE = """subscription { events(projects: ["bench"]) { ... on FeedEvent { cursor at kind actor } } }"""
WARM_UP = 3
ADD = """mutation ($input: AddBacklogItemInput!) { addBacklogItem(input: $input) { id } }"""


async def run(*, quick: bool) -> None:
    """Print p50 and p99 by the number of subscribers, the ratio to the bare broadcast, and memory."""
    counts = (1, 50) if quick else (1, 100, 500)
    rounds = 10 if quick else 40
    print(
        f"{'subscribers':>11} {'bare p50':>9} {'p99':>8} {'ours p50':>9} {'p99':>8} {'ratio p50':>9}   (ms)"
    )
    with tempfile.TemporaryDirectory() as folder:
        async with interlock(Path(folder)) as server, peer("broadcast") as bare, httpx.AsyncClient() as http:
            await _event(http, server, 0)
            for count in counts:
                theirs = await _round(http, bare, count, rounds)
                before = server.memory()
                mine, after = await _ours(http, server, count, rounds)
                p50, p99 = _figures(mine)
                bare50, bare99 = _figures(theirs)
                print(
                    f"{count:11} {bare50:9.2f} {bare99:8.2f} {p50:9.2f} {p99:8.2f} {p50 / bare50:9.2f}",
                    flush=True,
                )
                print(f"{'':11} memory per subscriber {(after - before) * 1e3 / count:.0f} kB", flush=True)
            await _with_a_deaf_one(http, server, counts[1], rounds * 5)


def _figures(seconds: list[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    return statistics.median(ordered) * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3


async def _ours(
    http: httpx.AsyncClient, server: Server, count: int, rounds: int
) -> tuple[list[float], float]:
    async with AsyncExitStack() as stack:
        sockets = [await _subscribed(stack, server) for _ in range(count)]
        return await _received(http, server, sockets, rounds), server.memory()


async def _with_a_deaf_one(http: httpx.AsyncClient, server: Server, count: int, rounds: int) -> None:
    alone, _ = await _ours(http, server, count, rounds)
    async with AsyncExitStack() as stack:
        deaf = await stack.enter_async_context(
            connect(server.websocket, subprotocols=["graphql-transport-ws"], max_queue=1)
        )  # type: ignore[list-item]
        await _subscribe(deaf)
        deaf.transport.pause_reading()
        before = server.memory()
        beside, after = await _ours(http, server, count, rounds)
    print(
        f"a subscriber that never reads: the others' p50 {_figures(beside)[0]:.2f} ms beside it, "
        f"{_figures(alone)[0]:.2f} ms without; server {after - before:+.1f} MB over {rounds} events "
        f"(incl. {count} readers)",
        flush=True,
    )


async def _subscribed(stack: AsyncExitStack, server: Server) -> ClientConnection:
    socket = await stack.enter_async_context(connect(server.websocket, subprotocols=["graphql-transport-ws"]))  # type: ignore[list-item]
    await _subscribe(socket)
    return socket


async def _subscribe(socket: ClientConnection) -> None:
    await socket.send('{"type":"connection_init"}')
    await socket.recv()
    payload = {"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIBE}}
    await socket.send(json.dumps(payload))


async def _event(http: httpx.AsyncClient, server: Server, number: int) -> None:
    given = {"project": "bench", "title": f"item {number}", "description": "fan out"}
    answer = await http.post(server.url + "/graphql", json={"query": ADD, "variables": {"input": given}})
    if "errors" in answer.json():
        raise SystemExit(answer.text)


async def _received(
    http: httpx.AsyncClient, server: Server, sockets: list[ClientConnection], rounds: int
) -> list[float]:
    # The first events after so many subscriptions at once meet their start; they are not counted.
    await asyncio.sleep(0.2 + len(sockets) / 500)
    taken: list[float] = []

    async def one(socket: ClientConnection) -> None:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 20))
            if message["type"] == "next":
                break
        at = datetime.fromisoformat(message["payload"]["data"]["events"]["at"]).timestamp()
        taken.append(time.time() - at)

    for number in range(-WARM_UP, rounds):
        if number == 0:
            taken.clear()
        waiting = [asyncio.create_task(one(socket)) for socket in sockets]
        await asyncio.sleep(0)
        await _event(http, server, number)
        await asyncio.gather(*waiting)
    return taken


async def _round(http: httpx.AsyncClient, bare: Server, count: int, rounds: int) -> list[float]:
    body = json.dumps(
        {
            "cursor": "x" * 40,
            "at": "2026-01-01T00:00:00.000000+00:00",
            "kind": "backlog.added",
            "actor": "user-local",
        }
    )
    taken: list[float] = []

    async def one(socket: ClientConnection) -> None:
        message = json.loads(await asyncio.wait_for(socket.recv(), 20))
        taken.append(time.time() - message["at"])

    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(connect(bare.websocket, subprotocols=["graphql-transport-ws"]))  # type: ignore[list-item]
            for _ in range(count)
        ]
        for number in range(-WARM_UP, rounds):
            if number == 0:
                taken.clear()
            waiting = [asyncio.create_task(one(socket)) for socket in sockets]
            await asyncio.sleep(0)
            await http.post(bare.url + "/send", content=body)
            await asyncio.gather(*waiting)
    return taken
