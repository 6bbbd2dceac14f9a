"""The gate: foreign hosts and pages, keys, and what revoking one does to what is open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.app import Server
from resolvers import keys
from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER, Caller, Role
from store.errors import Unavailable
from tests.api.conftest import Running

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
MCP = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
FOLLOW = 'subscription { events(projects: ["p"]) { __typename ... on FeedEvent { kind } } }'
ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'


async def statuses(server: Running, headers: dict[str, str]) -> list[int]:
    """Return how GraphQL, MCP, /health and a WebSocket answer to these headers."""
    async with httpx.AsyncClient() as client:
        found = [
            (
                await client.post(f"{server.url}/graphql", json={"query": "{__typename}"}, headers=headers)
            ).status_code,
            (await client.post(f"{server.url}/mcp", json=PING, headers={**MCP, **headers})).status_code,
            (await client.get(f"{server.url}/health", headers=headers)).status_code,
        ]
    try:
        address = server.url.replace("http", "ws") + "/graphql"
        options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"], "additional_headers": headers}
        if "Host" in headers:
            port = server.url.rpartition(":")[2]
            options |= {"host": "127.0.0.1", "port": int(port), "additional_headers": {}}
            address = f"ws://{headers['Host']}/graphql"
        async with connect(address, **options):
            found.append(101)
    except InvalidStatus as error:
        found.append(error.response.status_code)
    return found


async def test_a_foreign_host_is_refused_everywhere(server: Running) -> None:
    for host in (
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8080",
        "192.0.2.1",
    ):
        assert await statuses(server, {"Host": host}) == [421] * 4, host


async def test_names_of_loopback_are_taken_with_any_port(server: Running) -> None:
    for host in ("localhost", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:99"):
        found = await statuses(server, {"Host": host})
        assert 421 not in found and 403 not in found, host


async def test_a_foreign_page_is_refused_everywhere(server: Running) -> None:
    for origin in ("http://evil.example", "null", "http://localhost:1", "file://", "https://127.0.0.1"):
        assert await statuses(server, {"Origin": origin}) == [403] * 4, origin


async def test_the_servers_own_page_may_call_it(server: Running) -> None:
    found = await statuses(server, {"Origin": server.url})
    assert 403 not in found


async def test_configured_hosts_and_origins_are_taken_and_preflights_answered(
    serving: Callable[..., Running],
) -> None:
    server = serving(allowed_hosts=("team.example",), allowed_origins=("https://Page.example/",))
    assert 421 not in await statuses(server, {"Host": "team.example:443"})
    assert 403 not in await statuses(server, {"Origin": "https://page.example"})
    async with httpx.AsyncClient() as client:
        asked = {
            "Origin": "https://page.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        answer = await client.options(f"{server.url}/graphql", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


async def key(server: Running, name: str, role: Role = Role.AGENT, projects: tuple[str, ...] = ()) -> str:
    """Make a key and return its secret."""

    async def make(running: Server) -> str:
        act = Act(running.engine, LOCAL_OWNER)
        return (await keys.create_key(act, name=name, role=role, projects=projects)).secret

    secret: str = await asyncio.to_thread(server.within, make)
    return secret


async def revoke(server: Running, name: str) -> None:
    async def take(running: Server) -> None:
        await keys.revoke_key(Act(running.engine, LOCAL_OWNER), name=name)

    await asyncio.to_thread(server.within, take)


async def test_without_a_valid_key_nothing_is_done(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)
    response = await server.post(ADD, name="x")
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    for wrong in ("Bearer nonsense", "Bearer", "Basic abc", "Bearer " + "x" * 1_000):
        found = await statuses(server, {"Authorization": wrong})
        assert [found[0], found[1], found[3]] == [401] * 3, wrong
        assert found[2] == 200


async def test_a_refused_key_is_answered_with_a_challenge_and_kept_in_the_audit_log(
    serving: Callable[..., Running],
) -> None:
    server = serving(auth_enabled=True)
    response = await server.post("{__typename}", "wrong")
    assert response.headers["www-authenticate"].startswith("Bearer ")
    owner = await key(server, "boss", Role.OWNER)
    found = await server.data("{ auditLog { nodes { act target } } }", owner)
    acts = [(entry["act"], entry["target"]) for entry in found["auditLog"]["nodes"]]
    assert ("auth.failed", "127.0.0.1") in acts
    assert "wrong" not in json.dumps(found)


async def test_a_revoked_key_closes_its_sockets_and_no_other(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)
    await key(server, "boss", Role.OWNER)
    going, staying = await key(server, "going"), await key(server, "staying")
    async with (
        server.socket(authorization=f"Bearer {going}") as first,
        server.socket(authorization=f"Bearer {going}") as idle,
        server.socket(authorization=f"Bearer {staying}") as other,
    ):
        await first.subscribe(FOLLOW)
        await other.subscribe(FOLLOW)
        await revoke(server, "going")
        assert await first.closed() == (4403, "this API key was revoked")
        assert (await idle.closed())[0] == 4403
        await server.data(ADD, staying, name="after")
        assert (await other.next())["events"]["kind"] == "checklist.created"
    assert (await server.post("{__typename}", going)).status_code == 401


async def test_a_socket_with_a_wrong_key_is_closed_with_4403(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)
    async with server.socket(is_initialised=False) as socket:
        await socket.say(type="connection_init", payload={"Authorization": "Bearer wrong"})
        assert (await socket.closed())[0] == 4403


async def test_a_subscriber_sees_its_projects_only(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    scoped = await key(server, "scoped", Role.AGENT, ("mine",))
    unscoped = await key(server, "unscoped")
    add = 'mutation a($p: String!) { createChecklist(input: {name: "c", project: $p}) { name } }'
    everything = "subscription { events { __typename ... on FeedEvent { project kind } } }"
    async with (
        server.socket(authorization=f"Bearer {scoped}") as narrow,
        server.socket(authorization=f"Bearer {unscoped}") as wide,
    ):
        await narrow.subscribe(everything)
        await wide.subscribe(everything)
        await followed(server, 3)
        await key(server, "another")
        await server.data(add, owner, p="theirs")
        await server.data(add, owner, p="mine")
        assert (await narrow.next())["events"]["project"] == "mine"
        seen = [(await wide.next())["events"]["project"] for _ in range(2)]
        assert seen == ["theirs", "mine"], "events of the server itself are for admins"
        await narrow.subscribe('subscription { events(projects: ["theirs"]) { __typename } }', id="2")
        refused = await narrow.hear()
        assert refused["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def followed(server: Running, count: int) -> None:
    """Wait until the feed has this many followers."""

    async def settled(running: Server) -> None:
        async with asyncio.timeout(15):
            while running.engine.feed.subscriber_count < count:
                await asyncio.sleep(0)

    await asyncio.to_thread(server.within, settled)


@pytest.mark.parametrize("path", ["/health", "/metrics"])
async def test_health_and_figures_need_no_key(serving: Callable[..., Running], path: str) -> None:
    server = serving(auth_enabled=True)
    async with httpx.AsyncClient() as client:
        assert (await client.get(server.url + path)).status_code == 200


async def test_an_agent_whose_key_is_refused_is_told_why(serving: Callable[..., Running]) -> None:
    server = serving(auth_enabled=True)
    headers = {"Authorization": "Bearer ilk_unknown"}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
        with pytest.raises(ExceptionGroup) as caught:
            async with Client(transport):
                pass
    assert caught.group_contains(MCPError, match=r"^UNAUTHENTICATED: this API key is unknown or revoked$")


async def test_a_store_that_cannot_tell_whose_key_it_is_makes_a_client_come_back(
    serving: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hung up without a word, which clients take for an error of their own."""
    server = serving(auth_enabled=True)
    secret = await key(server, "one")

    async def away(engine: Engine, given: str) -> Caller:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(Engine, "authenticate", away)
    async with server.socket(is_initialised=False) as socket:
        await socket.say(type="connection_init", payload={"authorization": f"Bearer {secret}"})
        assert await socket.closed() == (1013, "the store does not answer")
