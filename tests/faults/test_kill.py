"""The server is killed under load: what it acknowledged is there, nothing is half there, subscribers resume."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.faults.conftest import Serve
from tests.faults.processes import ask

KILLS = int(os.environ.get("INTERLOCK_TORTURE", "8"))
AGENTS = 4
START = "mutation($i: StartSessionInput!) { startSession(input: $i) { sessionId } }"
ADD = "mutation($i: AddBacklogItemInput!) { addBacklogItem(input: $i) { id } }"
LOCK = "mutation($i: LockFilesInput!) { lockFiles(input: $i) { isGranted granted { path fence } } }"
UNLOCK = "mutation($i: UnlockFilesInput!) { unlockFiles(input: $i) { released } }"
ITEMS = """query($after: String) {
  backlog(project: "p", first: 100, after: $after, includeDone: true) {
    nodes { id title } pageInfo { hasNextPage endCursor }
  }
}"""
LOCKS = 'query { locks(project: "p", first: 100) { nodes { path sessionId fence } } }'
EVENTS = """subscription($after: String) {
  events(projects: ["p"], kinds: ["backlog"], after: $after) {
    __typename ... on FeedEvent { cursor sequence } ... on BacklogEvent { id }
  }
}"""
GONE = (httpx.TransportError, OSError, json.JSONDecodeError)


@dataclass
class Ledger:
    """What the clients were told, and so what must be true."""

    sessions: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)
    unsure_items: set[str] = field(default_factory=set)
    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    unsure_paths: set[str] = field(default_factory=set)
    fences: list[int] = field(default_factory=list)
    seen: list[tuple[int, str]] = field(default_factory=list)
    cursor: str | None = None


async def _work(url: str, ledger: Ledger, number: int, serial: list[int]) -> None:
    """Add items, lock and unlock until the server is gone."""
    session = ledger.sessions[number]
    async with httpx.AsyncClient() as client:
        while True:
            serial[0] += 1
            title = f"item {serial[0]}"
            path = f"src/{number}/{serial[0] % 7}.py"
            ledger.unsure_items.add(title)
            try:
                given = {"project": "p", "title": title, "description": "d", "sessionId": session}
                added = await ask(client, url, ADD, i=given)
                ledger.items[title] = added["addBacklogItem"]["id"]
                ledger.unsure_items.discard(title)
                await _toggle(client, url, ledger, session, path)
            except GONE:
                return


async def _toggle(client: httpx.AsyncClient, url: str, ledger: Ledger, session: str, path: str) -> None:
    ledger.unsure_paths.add(path)
    if path in ledger.held:
        await ask(client, url, UNLOCK, i={"sessionId": session, "files": [path]})
        ledger.held.pop(path)
    else:
        got = await ask(client, url, LOCK, i={"sessionId": session, "files": [path], "reason": "r"})
        (lock,) = got["lockFiles"]["granted"]
        ledger.held[path] = (session.partition(".")[0], lock["fence"])
        ledger.fences.append(lock["fence"])
    ledger.unsure_paths.discard(path)


async def _follow(url: str, ledger: Ledger) -> None:
    """Follow the backlog from where it broke off, until the server is gone."""
    try:
        async with connect(
            url.replace("http", "ws") + "/graphql", subprotocols=["graphql-transport-ws"]
        ) as socket:  # type: ignore[list-item]
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            payload = {"query": EVENTS, "variables": {"after": ledger.cursor}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] != "next":
                    continue
                event = message["payload"]["data"]["events"]
                assert event["__typename"] == "BacklogEvent", event
                ledger.seen.append((event["sequence"], event["id"]))
                ledger.cursor = event["cursor"]
    except (WebSocketException, OSError):
        return


async def _check(client: httpx.AsyncClient, url: str, ledger: Ledger) -> None:
    found: dict[str, str] = {}
    after = None
    while True:
        page = (await ask(client, url, ITEMS, after=after))["backlog"]
        for item in page["nodes"]:
            assert item["title"] not in found, "an item is there twice"
            found[item["title"]] = item["id"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    lost = {title for title, identity in ledger.items.items() if found.get(title) != identity}
    assert not lost, "acknowledged items are gone"
    assert set(found) <= set(ledger.items) | ledger.unsure_items
    locks = (await ask(client, url, LOCKS))["locks"]["nodes"]
    paths = [lock["path"] for lock in locks]
    assert len(paths) == len(set(paths)), "a lock is there twice"
    by_path = {lock["path"]: (lock["sessionId"], lock["fence"]) for lock in locks}
    for path, holder in ledger.held.items():
        if path not in ledger.unsure_paths:
            assert by_path.get(path) == holder, f"the lock on {path} is lost"
    # What was under way when the server died may have happened or not; from here on it is known.
    ledger.items = found
    ledger.unsure_items.clear()
    ledger.held = by_path
    ledger.unsure_paths.clear()


@pytest.mark.timeout(600)
async def test_what_was_acknowledged_survives_kill_9_and_subscribers_resume(serve: Serve) -> None:
    server = serve()
    ledger = Ledger()
    serial = [0]
    await server.start()
    async with httpx.AsyncClient() as client:
        for number in range(AGENTS):
            started = await ask(
                client, server.url, START, i={"project": "p", "agent": f"a{number}", "task": "t"}
            )
            ledger.sessions.append(started["startSession"]["sessionId"])
        ledger.cursor = (await ask(client, server.url, '{ feedCursor(projects: ["p"]) }'))["feedCursor"]
    for _ in range(KILLS):
        clients: list[Any] = [_work(server.url, ledger, number, serial) for number in range(AGENTS)]
        tasks = [asyncio.create_task(one) for one in (*clients, _follow(server.url, ledger))]
        await asyncio.sleep(random.uniform(0.05, 0.6))
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        await asyncio.gather(*tasks)
        await server.start()
        async with httpx.AsyncClient() as client:
            await _check(client, server.url, ledger)
    following = asyncio.create_task(_follow(server.url, ledger))
    async with asyncio.timeout(30):
        while len(ledger.seen) < len(ledger.items):
            await asyncio.sleep(0.02)
    assert await server.end() == 0
    await following
    numbers = [number for number, _ in ledger.seen]
    assert numbers == sorted(set(numbers)), "events came twice or out of order"
    assert {identity for _, identity in ledger.seen} == set(ledger.items.values())
    assert len(ledger.seen) == len(ledger.items), "events were missed or came twice"
    assert len(set(ledger.fences)) == len(ledger.fences), "a fence was given twice"
    assert len(ledger.items) > KILLS, "there was no load"
