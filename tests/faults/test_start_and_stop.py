"""Starts that cannot work say so in one line; a stop in good order loses nothing."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.faults.conftest import Serve
from tests.faults.processes import ask

ADD = """mutation($n: String!) {
  addBacklogItem(input: {project: "p", title: $n, description: "%s"}) { id }
}"""


async def test_a_second_server_on_one_data_directory_is_refused_with_one_line(serve: Serve) -> None:
    first, second = serve(), serve()
    await first.start()
    second.spawn()
    code, said = await second.finish()
    assert code == 1
    assert len(said.strip().splitlines()) == 1 and "in use" in said, said
    async with httpx.AsyncClient() as client:
        await ask(client, first.url, ADD % "d", n="still served")
    assert await first.end() == 0


async def test_a_port_in_use_is_named_in_one_line(serve: Serve) -> None:
    first, second = serve("a"), serve("b")
    await first.start()
    second._environment["INTERLOCK_PORT"] = str(first.port)
    second.spawn()
    code, said = await second.finish()
    assert code == 1
    assert len(said.strip().splitlines()) == 1 and str(first.port) in said, said
    assert await first.end() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERLOCK_PORT", "many"),
        ("INTERLOCK_PORT", "70000"),
        ("MCP_AUTH_ENABLED", "perhaps"),
        ("SESSION_TTL_DAYS", "-1"),
        ("INTERLOCK_HOST", "0.0.0.0"),
        ("BROADCAST_URL", "carrier-pigeon://x"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_one_line_naming_it(
    serve: Serve, name: str, value: str
) -> None:
    server = serve(**{name: value})
    server.spawn()
    code, said = await server.finish()
    assert code == 1
    assert len(said.strip().splitlines()) == 1 and name in said, said


async def test_a_full_disk_acknowledges_nothing_that_is_not_stored(serve: Serve) -> None:
    server = serve()
    await server.start()
    assert server._process is not None
    text = "x" * 20_000
    stored: list[str] = []
    refused: list[dict[str, object]] = []
    async with httpx.AsyncClient() as client:
        # No file of the server may grow beyond 2 MB: its writes fail as on a full disk.
        limit = 2_000_000
        resource.prlimit(server._process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        for number in range(400):
            answer = await client.post(
                f"{server.url}/graphql",
                json={"query": ADD % text, "variables": {"n": f"n{number}"}},
                timeout=20,
            )
            if "errors" in (body := answer.json()):
                refused.append(body["errors"][0]["extensions"])
                if len(refused) == 5:
                    break
            else:
                stored.append(body["data"]["addBacklogItem"]["id"])
        assert stored and refused
        assert {one["code"] for one in refused} == {"UNAVAILABLE"}
        assert all(one.get("hint") for one in refused)
        # The page that a probe writes may still fit where an item does not.
        for _ in range(500):
            health = await client.get(f"{server.url}/health")
            if health.status_code == 503:
                break
        assert health.status_code == 503 and health.json()["can_write"] is False
    await server.end(signal.SIGKILL)
    await server.start()
    async with httpx.AsyncClient() as client:
        for identity in stored:
            found = await ask(client, server.url, f'{{ backlogItem(itemId: "{identity}") {{ id }} }}')
            assert found["backlogItem"]["id"] == identity
        assert (await client.get(f"{server.url}/health")).json()["can_write"] is True
    assert await server.end() == 0


async def test_a_data_directory_that_cannot_be_written_stops_the_start_with_one_line(
    serve: Serve, tmp_path: Path
) -> None:
    # A file in the place of a directory: refused for every user, root included.
    (tmp_path / "data").write_text("not a directory")
    server = serve()
    server.spawn()
    code, said = await server.finish()
    assert code == 1
    assert len(said.strip().splitlines()) == 1 and "data" in said, said


async def test_a_stop_tells_subscribers_to_come_back_and_keeps_what_was_acknowledged(serve: Serve) -> None:
    server = serve()
    await server.start()
    acknowledged: list[str] = []

    async def load() -> None:
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    made = await ask(client, server.url, ADD % "d", n=f"n{len(acknowledged)}")
                except (httpx.TransportError, AssertionError):
                    return
                acknowledged.append(made["addBacklogItem"]["id"])

    async with connect(
        f"ws://127.0.0.1:{server.port}/graphql", subprotocols=["graphql-transport-ws"]
    ) as socket:  # type: ignore[list-item]
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        query = 'subscription { backlogChanged(project: "p") { ... on BacklogEvent { id } } }'
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        loading = asyncio.create_task(load())
        kinds = {json.loads(await asyncio.wait_for(socket.recv(), 10))["type"]}
        code = await server.end()
        async with asyncio.timeout(10):
            kinds |= {json.loads(text)["type"] async for text in socket}
        await loading
    assert code == 0
    # A `complete` would tell the client not to come back; the close code tells it to.
    assert kinds == {"next"}
    assert socket.close_code in (1001, 1012)
    await server.start()
    async with httpx.AsyncClient() as client:
        for identity in acknowledged:
            await ask(client, server.url, f'{{ backlogItem(itemId: "{identity}") {{ id }} }}')
    assert await server.end() == 0


async def test_sigint_ends_the_server_cleanly(serve: Serve) -> None:
    server = serve()
    await server.start()
    assert await server.end(signal.SIGINT) == 0
