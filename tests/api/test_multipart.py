"""Subscriptions over HTTP in parts, read as Apollo's clients read them, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api import multipart
from api.app import Server
from resolvers import keys
from resolvers.acts import Act
from resolvers.callers import LOCAL_OWNER, Role
from tests.api.conftest import PATIENCE_SECONDS, Running

ACCEPT = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0",application/json'
FOLLOW = """subscription f($projects: [String!], $after: String) {
  events(projects: $projects, after: $after) { __typename ... on FeedEvent { kind cursor } }
}"""
ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'
CURSOR = '{ checklists(project: "p") { cursor } }'


class Parts:
    """The parts of one answer, as a client that splits at the boundary sees them."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._texts = response.aiter_text()
        self._read = ""

    async def next(self) -> Any:
        """Return the content of the next part, or None at the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                part, mark, rest = self._read.partition("\r\n--graphql")
                if mark:
                    self._read = rest
                    head, _, body = part.partition("\r\n\r\n")
                    assert "application/json" in head
                    return json.loads(body)
                if self._read == "--\r\n":
                    assert [text async for text in self._texts] == []
                    return None
                self._read += await anext(self._texts)

    async def event(self) -> Any:
        """Return the next event, whatever heartbeats come before it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (part := await self.next()) == {}:
                pass
        return part["payload"]["data"]["events"]

    async def last(self) -> Any:
        """Return the last part, of which the heartbeats are none."""
        found = None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (part := await self.next()) is not None:
                found = part or found
        return found


@asynccontextmanager
async def following(server: Running, key: str | None = None, **variables: Any) -> AsyncIterator[Parts]:
    headers = {"accept": ACCEPT} | ({"authorization": f"Bearer {key}"} if key else {})
    sent = {"query": FOLLOW, "variables": {"projects": ["p"], **variables}}
    async with (
        httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
        client.stream("POST", f"{server.url}/graphql", json=sent, headers=headers) as response,
    ):
        yield Parts(response)


async def cursor(server: Running) -> str:
    return str((await server.data(CURSOR))["checklists"]["cursor"])


def open_streams(server: Running) -> int:
    async def count(running: Server) -> int:
        return len(running.streams._open)

    return int(server.within(count))


async def until_open(server: Running, count: int) -> None:
    """Wait until so many streams are open."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await asyncio.to_thread(open_streams, server) == count:
                return


async def test_events_come_in_order_as_parts_and_a_cursor_resumes(server: Running) -> None:
    start = await cursor(server)
    names = ["a1", "a2", "a3"]
    async with following(server, after=start) as parts:
        kind = parts.response.headers["content-type"]
        assert kind.startswith("multipart/mixed")
        assert 'boundary="graphql"' in kind
        assert await parts.next() == {}, "a heartbeat says at once that the subscription stands"
        for name in names:
            await server.data(ADD, name=name)
        heard = [await parts.event() for _ in names]
    assert [event["kind"] for event in heard] == ["checklist.created"] * 3
    async with following(server, after=heard[0]["cursor"]) as parts:
        again = [await parts.event() for _ in names[1:]]
    assert [event["cursor"] for event in again] == [event["cursor"] for event in heard[1:]]


async def test_heartbeats_come_while_nothing_happens(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "HEARTBEAT_SECONDS", 0.01)
    async with following(server) as parts:
        assert [await parts.next() for _ in range(5)] == [{}] * 5


async def test_a_client_that_goes_away_leaves_nothing_behind(server: Running) -> None:
    async with following(server) as parts:
        await parts.next()
        assert await asyncio.to_thread(open_streams, server) == 1
    await until_open(server, 0)


async def test_a_stop_ends_the_parts_with_its_reason(serving: Callable[..., Running]) -> None:
    server = serving()
    async with following(server) as parts:
        await parts.next()
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        told = await parts.last()
        await asyncio.wait_for(stopping, PATIENCE_SECONDS)
    assert told["payload"] is None
    assert told["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_revoked_key_ends_its_parts_and_no_other(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)

    async def make(running: Server, name: str) -> str:
        made = await keys.create_key(
            Act(running.engine, LOCAL_OWNER), name=name, role=Role.AGENT, projects=("p",)
        )
        return made.secret

    async def revoke(running: Server) -> None:
        await keys.revoke_key(Act(running.engine, LOCAL_OWNER), name="bad")

    bad = server.within(lambda running: make(running, "bad"))
    good = server.within(lambda running: make(running, "good"))
    async with following(server, bad) as one, following(server, good) as two:
        await one.next()
        await two.next()
        await asyncio.to_thread(server.within, revoke)
        assert (await one.last())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await server.data(ADD, good, name="after")
        assert (await two.event())["kind"] == "checklist.created"


async def test_what_a_key_may_not_follow_ends_the_parts_with_forbidden(
    serving: Callable[..., Running],
) -> None:
    server = serving(auth_enabled=True)

    async def make(running: Server) -> str:
        act = Act(running.engine, LOCAL_OWNER)
        return (await keys.create_key(act, name="q", role=Role.AGENT, projects=("q",))).secret

    async with following(server, server.within(make)) as parts:
        (error,) = (await parts.last())["payload"]["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_beyond_the_bound_a_subscription_is_refused_and_a_place_becomes_free(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bound(running: Server) -> None:
        monkeypatch.setattr(running.streams, "_most", 1)

    server.within(bound)
    async with following(server) as first:
        await first.next()
        async with following(server) as second:
            refused = json.loads(await second.response.aread())
    assert refused["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    await until_open(server, 0)
    async with following(server) as third:
        assert await third.next() == {}


async def test_a_client_that_never_reads_is_waited_for_and_holds_no_growing_memory(server: Running) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps({"query": FOLLOW, "variables": {"projects": ["p"]}}).encode()
    reader, writer = await asyncio.open_connection(host, int(port), limit=1_024)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAccept: {ACCEPT}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await reader.readuntil(b"{}")
    writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def flood(running: Server) -> int:
        # The sender is asked for far more than sockets buffer; it may take only what they do.
        (stream,) = running.streams._open
        size, sent = 100_000, 0

        async def push() -> None:
            nonlocal sent
            for _ in range(1_000):
                await stream._part({"payload": "x" * size})
                sent += size

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await push()
        return sent

    try:
        assert await asyncio.to_thread(server.within, flood) < 50_000_000
    finally:
        writer.transport.abort()
    await until_open(server, 0)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("subscription { nothing }", 200, "BAD_INPUT"), ("subscription {", 200, "BAD_INPUT")],
)
async def test_a_document_that_is_none_is_answered_in_one_piece(
    server: Running, query: str, status: int, code: str
) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{server.url}/graphql", json={"query": query}, headers={"accept": ACCEPT}
        )
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_a_query_of_a_client_that_reads_parts_is_answered_in_one_piece(server: Running) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{server.url}/graphql", json={"query": "{ __typename }"}, headers={"accept": ACCEPT}
        )
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accepted", "is_wanted"),
    [
        (ACCEPT, True),
        ("application/json, multipart/mixed; subscriptionSpec=1.0", True),
        ("multipart/mixed;boundary=graphql;subscriptionSpec='1.0'", True),
        ("multipart/mixed", False),
        ("multipart/mixed;deferSpec=20220824,application/json", False),
        ("multipart/mixed;boundary=other;subscriptionSpec=1.0", False),
        ("multipart/mixed;subscriptionSpec=2.0", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_parts_are_sent_to_those_who_ask_for_them(accepted: str, is_wanted: bool) -> None:
    assert multipart.is_wanted(accepted) is is_wanted
