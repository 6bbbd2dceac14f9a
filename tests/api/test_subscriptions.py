"""What each subscription shows of what happens, through the real rules."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import httpx
from graphql.execution.collect_fields import FieldDetails

from schema.subscriptions import AREAS
from tests.api.conftest import Running
from tests.api.test_gate import followed

START = 'mutation s($a: String!) { startSession(input: {project: "p", agent: $a}) { sessionId } }'
LOCK = """mutation l($s: ID!, $f: [String!]!, $w: Int = 0) {
  lockFiles(input: {sessionId: $s, files: $f, reason: "r", waitSeconds: $w}) { isGranted }
}"""
END = 'mutation e($s: ID!) { endSession(input: {sessionId: $s, summary: "done"}) { __typename } }'
SEND = """mutation m($s: ID!, $to: [String!]!) {
  sendMessage(input: {sessionId: $s, to: $to, message: "hello", priority: URGENT}) { __typename }
}"""


async def session(server: Running, agent: str) -> str:
    found: str = (await server.data(START, a=agent))["startSession"]["sessionId"]
    return found


async def test_locks_come_and_go_with_their_fence_and_with_their_session(
    serving: Callable[..., Running],
) -> None:
    server = serving()
    held = await session(server, "one")
    async with server.socket() as socket:
        await socket.subscribe(
            'subscription { lockChanged(project: "p") { ... on LockEvent { kind actor locks { path agent fence since } } } }'
        )
        await followed(server, 2)
        await server.data(LOCK, s=held, f=["a.py", "b/"])
        granted = (await socket.next())["lockChanged"]
        await server.data(END, s=held)
        ended = (await socket.next())["lockChanged"]
    assert (granted["kind"], granted["actor"]) == ("lock.granted", "one")
    assert [lock["path"] for lock in granted["locks"]] == ["a.py", "b/"]
    assert all(lock["fence"] and lock["since"] and lock["agent"] == "one" for lock in granted["locks"])
    assert ended["kind"] == "session.ended"
    assert {lock["path"] for lock in ended["locks"]} == {"a.py", "b/"}


async def test_messages_reach_the_subscriber_of_their_recipient_only(serving: Callable[..., Running]) -> None:
    server = serving()
    one = await session(server, "one")
    await session(server, "two")
    await session(server, "three")
    document = """subscription r($agent: String) {
      messageReceived(project: "p", agent: $agent) { ... on MessageEvent { sender to text priority category } }
    }"""
    async with server.socket() as socket:
        await socket.subscribe(document, agent="Two")
        await followed(server, 2)
        await server.data(SEND, s=one, to=["three"])
        await server.data(SEND, s=one, to=["two"])
        message = (await socket.next())["messageReceived"]
    assert message["to"] == ["two"]
    assert (message["sender"], message["text"], message["priority"]) == ("one", "hello", "URGENT")


async def test_heartbeats_and_the_backlog_are_followed_each_by_itself(
    serving: Callable[..., Running],
) -> None:
    server = serving()
    one = await session(server, "one")
    async with server.socket() as socket:
        await socket.subscribe(
            'subscription { heartbeat(project: "p") { agent status currentTask sequence } }', id="h"
        )
        await socket.subscribe(
            'subscription { backlogChanged(project: "p") { ... on BacklogEvent { kind title priority status } } }',
            id="b",
        )
        await followed(server, 3)
        await server.data(
            'mutation b($s: ID!) { addBacklogItem(input: {sessionId: $s, title: "t", description: "d", priority: HIGH}) { __typename } }',
            s=one,
        )
        item = await socket.hear()
        await server.data(
            'mutation h($s: ID!) { heartbeat(input: {sessionId: $s, status: BUSY, currentTask: "x"}) { __typename } }',
            s=one,
        )
        beat = await socket.hear()
    assert item["id"] == "b"
    shown = {"kind": "backlog.added", "title": "t", "priority": "HIGH", "status": "OPEN"}
    assert item["payload"]["data"]["backlogChanged"] == shown
    assert beat["id"] == "h"
    alive = {"agent": "one", "status": "BUSY", "currentTask": "x", "sequence": 0}
    assert beat["payload"]["data"]["heartbeat"] == alive


async def test_every_kind_of_event_is_shown_in_the_union(serving: Callable[..., Running]) -> None:
    """Nothing that the rules emit may break the one subscription that follows everything."""
    server = serving()
    async with server.socket() as socket:
        await socket.subscribe(
            'subscription { events(projects: ["p"]) { __typename ... on FeedEvent { kind } ... on Expired { projects } } }'
        )
        await followed(server, 2)
        one, two = await session(server, "one"), await session(server, "two")
        await server.data(LOCK, s=one, f=["a.py"])
        await server.data(SEND, s=one, to=["two"])
        await server.data(
            "mutation g($s: ID!) { heartbeat(input: {sessionId: $s, status: IDLE}) { __typename } }", s=one
        )
        work = """mutation w($s: ID!) {
          updateWork(input: {sessionId: $s, title: "t", status: IN_PROGRESS, signals: ["go"]}) { __typename }
        }"""
        await server.data(work, s=one)
        await server.data(END, s=two)
        await server.data(END, s=one)
        kinds: dict[str, str] = {}
        while list(kinds).count("session.ended") == 0 or "presence.heartbeat" not in kinds:
            event = (await socket.next())["events"]
            kinds[event["kind"]] = event["__typename"]
    wanted = {
        "session.started": "SessionEvent",
        "lock.granted": "LockEvent",
        "message.sent": "MessageEvent",
        "presence.heartbeat": "HeartbeatEvent",
        "work.updated": "WorkEvent",
        "signal.sent": "SignalEvent",
        "session.ended": "SessionEvent",
    }
    assert {kind: kinds.get(kind) for kind in wanted} == wanted
    assert {kind.partition(".")[0] for kind in kinds} <= AREAS


async def test_a_client_that_goes_away_stops_waiting_for_its_lock(serving: Callable[..., Running]) -> None:
    server = serving()
    one, two, three = [await session(server, agent) for agent in ("one", "two", "three")]
    await server.data(LOCK, s=one, f=["a.py"])
    waiting = asyncio.create_task(server.post(LOCK, s=two, f=["a.py"], w=50))
    await queued(server, 1)
    waiting.cancel()
    await queued(server, 0)
    await server.data(
        'mutation u($s: ID!) { unlockFiles(input: {sessionId: $s, files: ["a.py"]}) { __typename } }', s=one
    )
    assert (await server.data(LOCK, s=three, f=["a.py"]))["lockFiles"] == {"isGranted": True}


async def queued(server: Running, count: int) -> None:
    """Wait until so many requests queue for locks."""
    from store.records import LockWaiter

    async def settled(running: Any) -> None:
        async with asyncio.timeout(30):
            while await running.engine.store.count(LockWaiter, {}) != count:
                await asyncio.sleep(0.01)

    await asyncio.to_thread(server.within, settled)


async def test_notices_come_with_results_where_they_are_asked_for(serving: Callable[..., Running]) -> None:
    server = serving()
    one, two = await session(server, "one"), await session(server, "two")
    await server.data(SEND, s=one, to=["two"])
    body = {
        "query": "mutation h($s: ID!) { heartbeat(input: {sessionId: $s, status: IDLE}) { __typename } }",
        "variables": {"s": two},
    }
    async with httpx.AsyncClient() as client:
        plain = (await client.post(f"{server.url}/graphql", json=body)).json()
        told = (
            await client.post(f"{server.url}/graphql", json=body, headers={"Interlock-Notices": "1"})
        ).json()
    assert "extensions" not in plain
    assert "urgent message" in told["extensions"]["notices"][0]


async def test_an_event_leaves_nothing_behind_in_the_server_while_its_subscriber_stays(
    serving: Callable[..., Running],
) -> None:
    server = serving()
    held = await session(server, "one")
    document = 'subscription { lockChanged(project: "p") { ... on LockEvent { kind actor locks { path } } } }'

    async def events(count: int) -> None:
        for number in range(count):
            await server.data(LOCK, s=held, f=[f"{number}.py"])
            await socket.next()
            await server.data(
                "mutation($s: ID!) { unlockFiles(input: {sessionId: $s}) { __typename } }", s=held
            )
            await socket.next()

    def collected() -> int:
        gc.collect()
        return sum(type(one) is FieldDetails for one in gc.get_objects())

    async with server.socket() as socket:
        await socket.subscribe(document)
        await followed(server, 2)
        await events(3)
        before = collected()
        await events(15)
        assert collected() < before + 30
