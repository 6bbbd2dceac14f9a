"""graphql-transport-ws: the protocol, its close codes, and what a slow or hostile client cannot do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api import graphql_ws
from tests.api.conftest import Running, Socket

FOLLOW = """subscription f($after: String) {
  events(projects: ["p"], kinds: ["checklist"], after: $after) {
    __typename ... on FeedEvent { cursor sequence kind project actor } ... on OtherEvent { subject data }
  }
}"""
LARGE = FOLLOW.replace("subject data", "subject " + " ".join(f"data{n}: data" for n in range(40)))
ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'


async def ready(server: Running, socket: Socket) -> None:
    """Wait until what the socket subscribed to is being followed: an event of our own comes through."""
    while True:
        await socket.say(type="ping")
        assert (await socket.hear())["type"] == "pong"
        if server.within(_followers):
            return


async def _followers(server: Any) -> bool:
    # One follower is the server's own, of revocations.
    return bool(server.engine.feed.subscriber_count > 1)


async def test_events_come_in_order_and_a_cursor_resumes_behind_the_last(
    serving: Callable[..., Running],
) -> None:
    server = serving()
    async with server.socket() as socket:
        await socket.subscribe(FOLLOW)
        await ready(server, socket)
        for n in range(5):
            await server.data(ADD, name=f"c{n}")
        events = [(await socket.next())["events"] for _ in range(3)]
    assert [event["subject"] for event in events] == ["c0", "c1", "c2"]
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert events[0]["kind"] == "checklist.created" and events[0]["actor"] == "user-local"
    async with server.socket() as socket:
        await socket.subscribe(FOLLOW, after=events[-1]["cursor"])
        assert [(await socket.next())["events"]["subject"] for _ in range(2)] == ["c3", "c4"]


async def test_a_list_and_its_cursor_leave_no_hole(serving: Callable[..., Running]) -> None:
    server = serving()
    await server.data(ADD, name="before")
    listed = (await server.data('{ checklists(project: "p") { nodes { name } cursor } }'))["checklists"]
    await server.data(ADD, name="between")
    async with server.socket() as socket:
        await socket.subscribe(FOLLOW, after=listed["cursor"])
        assert (await socket.next())["events"]["subject"] == "between"


async def test_queries_and_mutations_run_on_a_socket_too(server: Running) -> None:
    async with server.socket() as socket:
        await socket.subscribe(ADD, id="m", name="by-socket")
        assert (await socket.next())["createChecklist"] == {"name": "by-socket"}
        assert await socket.hear() == {"id": "m", "type": "complete"}
        await socket.subscribe(ADD, id="m", name="by-socket")
        failed = await socket.hear()
        assert failed["payload"]["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_errors_before_the_first_event_come_as_error_with_their_code(server: Running) -> None:
    async with server.socket() as socket:
        for document, code in (
            ("subscription {", "BAD_INPUT"),
            ("subscription { nothing }", "BAD_INPUT"),
            ('subscription { events(after: "x") { __typename } }', "BAD_INPUT"),
            ("subscription { events(projects: []) { __typename } }", "BAD_INPUT"),
            ('subscription { lockChanged(project: "///") { __typename } }', "BAD_INPUT"),
            ("subscription { lockChanged { __typename } }", "BAD_INPUT"),
        ):
            await socket.subscribe(document)
            message = await socket.hear()
            assert (message["type"], message["id"]) == ("error", "1"), document
            assert message["payload"][0]["extensions"]["code"] == code, document


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["not json"], 4400),
        (["[]"], 4400),
        ([b"{}"], 4400),
        (['{"type": "dance"}'], 4400),
        (['{"type": "connection_init", "payload": 3}'], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{__typename}"}}'], 4401),
        (['{"type": "connection_init"}'] * 2, 4429),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": 1, "payload": {}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": {}}'], 4400),
    ],
)
async def test_a_breach_of_the_protocol_closes_with_its_code(
    server: Running, frames: list[str | bytes], code: int
) -> None:
    async with server.socket(is_initialised=False) as socket:
        for frame in frames:
            await socket.connection.send(frame)
        assert (await socket.closed())[0] == code


async def test_an_id_in_use_closes_with_4409(server: Running) -> None:
    async with server.socket() as socket:
        await socket.subscribe(FOLLOW)
        await socket.subscribe(FOLLOW)
        assert (await socket.closed())[0] == 4409


async def test_a_client_that_says_nothing_is_closed_with_4408(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql_ws, "INIT_SECONDS", 0.1)
    async with server.socket(is_initialised=False) as socket:
        assert (await socket.closed())[0] == 4408


async def test_another_subprotocol_is_closed_with_4406(server: Running) -> None:
    async with connect(server.url.replace("http", "ws") + "/graphql") as connection:
        async with asyncio.timeout(15):
            await connection.wait_closed()
        assert connection.close_code == 4406


async def test_a_message_beyond_the_limit_closes_with_1009(server: Running) -> None:
    async with server.socket() as socket:
        await socket.say(type="ping", payload={"x": "y" * 1_100_000})
        assert (await socket.closed())[0] == 1009


async def test_ping_is_answered_with_its_payload(server: Running) -> None:
    async with server.socket() as socket:
        await socket.say(type="ping", payload={"n": 1})
        assert await socket.hear() == {"type": "pong", "payload": {"n": 1}}


async def test_operations_on_a_connection_are_limited_and_complete_frees_their_place(
    serving: Callable[..., Running],
) -> None:
    server = serving(max_subscriptions=3)
    async with server.socket() as socket:
        for n in range(4):
            await socket.subscribe(FOLLOW, id=str(n))
        refused = await socket.hear()
        assert (refused["type"], refused["id"]) == ("error", "3")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await socket.say(type="complete", id="0")
        await socket.subscribe("{ __typename }", id="5")
        assert await socket.next() == {"__typename": "Query"}


async def test_a_subscriber_that_never_reads_holds_no_growing_memory(serving: Callable[..., Running]) -> None:
    server = serving()
    address = server.url.replace("http", "ws") + "/graphql"
    async with (
        # One that never reads hears no pong either.
        connect(address, subprotocols=["graphql-transport-ws"], max_queue=1, ping_interval=None) as idle,
        server.socket() as busy,
        httpx.AsyncClient() as client,
    ):
        await idle.send('{"type": "connection_init"}')
        await idle.recv()
        idle.transport.pause_reading()
        await idle.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": LARGE}}))
        await busy.subscribe(FOLLOW)
        await ready(server, busy)
        names = [f"c{n}-" + "x" * 90 for n in range(150)]
        # By one client: the server gives up on one that does not read for 40 seconds.
        for name in names:
            body = {"query": ADD, "variables": {"name": name}}
            assert "errors" not in (await client.post(f"{server.url}/graphql", json=body, timeout=30)).json()
        assert [(await busy.next())["events"]["subject"] for _ in names] == names
        assert server.within(_held) < 4 * 1024 * 1024 + 100_000
        idle.transport.resume_reading()
        heard = [json.loads(await idle.recv())["payload"]["data"]["events"]["subject"] for _ in names]
        assert heard == names


async def _held(server: Any) -> int:
    return int(server.engine.feed.health().ring_bytes)


async def test_stopping_closes_sockets_and_their_clients_resume(
    serving: Callable[..., Running], tmp_path: Any
) -> None:
    server = serving(data=tmp_path / "kept")
    async with server.socket() as socket:
        await socket.subscribe(FOLLOW)
        await ready(server, socket)
        await server.data(ADD, name="first")
        event = (await socket.next())["events"]
        await asyncio.to_thread(server.stop)
        assert (await socket.closed())[0] in (1001, 1012)
    again = serving(data=tmp_path / "kept")
    await again.data(ADD, name="second")
    async with again.socket() as socket:
        await socket.subscribe(FOLLOW, after=event["cursor"])
        assert (await socket.next())["events"]["subject"] == "second"


@pytest.mark.parametrize(
    ("header", "path", "status"),
    [("Bearer " + "a" * 10_000, "/graphql", 431), ("", "/graphql?x=" + "a" * 10_000, 414)],
)
async def test_a_handshake_beyond_the_limits_is_answered_at_once(
    server: Running, header: str, path: str, status: int
) -> None:
    address = server.url.replace("http", "ws", 1) + path
    options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"], "open_timeout": 5}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, additional_headers={"Authorization": header}, **options):
            pass
    assert refused.value.response.status_code == status


async def test_an_upgrade_at_an_unknown_path_is_answered_404_and_says_where_sockets_are(
    server: Running,
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(server.url.replace("http", "ws") + "/nothing"):
            pass
    response = caught.value.response
    assert response.status_code == 404
    (error,) = json.loads(response.body or b"{}")["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert "/graphql" in error["extensions"]["hint"]
