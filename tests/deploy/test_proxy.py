"""The team's proxy, as HAProxy reads its file: it finds living copies, holds nothing back, and hides the figures."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from api.settings import Settings
from tests.deploy.reading import ROOT
from tests.engines.ports import free_port
from tests.engines.service import lacks
from tests.faults.conftest import Serve, serve  # noqa: F401 - a fixture of these tests too
from tests.faults.processes import ServerProcess, ask

FILE = (ROOT / "deploy" / "haproxy.cfg").read_text()
TLS = (ROOT / "deploy" / "haproxy-tls.cfg").read_text()
NAME = "brain.example.org"
PATIENCE_SECONDS = 60


def program() -> str:
    found = os.environ.get("HAPROXY") or shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    return found or str(lacks("no haproxy: install Debian's package haproxy"))


def test_it_waits_longer_than_any_call_may_take_and_buffers_nothing() -> None:
    minutes = {name: int(value) for name, value in re.findall(r"timeout (client|server)\s+(\d+)m", FILE)}
    limit = next(
        one.le for one in Settings.model_fields["operation_timeout_seconds"].metadata if hasattr(one, "le")
    )
    assert min(minutes.values()) * 60 > limit
    assert set(minutes) == {"client", "server"}
    assert "http-buffer-request" not in FILE
    assert "compression" not in FILE
    # Only what was never sent may be sent again.
    assert re.findall(r"retry-on (.*)", FILE) == ["conn-failure"]


def test_both_doors_treat_a_request_alike() -> None:
    def lines(text: str, name: str) -> set[str]:
        section = text.split(f"frontend {name}\n", 1)[1].split("\n\n", 1)[0]
        rules = {line.strip() for line in section.splitlines() if not line.strip().startswith("#")}
        return {line for line in rules if not line.startswith(("bind", "http-response"))}

    assert lines(FILE, "public") == lines(TLS, "encrypted")


def test_haproxy_takes_both_files(tmp_path: Path) -> None:
    pem = tmp_path / "interlock.pem"
    parts = [tmp_path / "key", tmp_path / "certificate"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
        + ["-keyout", str(parts[0]), "-out", str(parts[1])],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(b"".join(part.read_bytes() for part in reversed(parts)))
    (tmp_path / "a.cfg").write_text(FILE)
    (tmp_path / "b.cfg").write_text(TLS.replace("/run/tls/interlock.pem", str(pem)))
    done = subprocess.run(
        [program(), "-c", "-f", str(tmp_path / "a.cfg"), "-f", str(tmp_path / "b.cfg")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower(), done.stderr


class Proxied:
    """Two servers with data of their own, and the proxy in front of them."""

    def __init__(self, url: str, servers: list[ServerProcess]) -> None:
        self.url = url
        self.servers = servers


@pytest.fixture
async def proxied(serve: Serve, tmp_path: Path) -> AsyncIterator[Proxied]:  # noqa: F811
    path = program()
    servers = [serve(name, INTERLOCK_ALLOWED_HOSTS=NAME, INTERLOCK_EMBEDDER="off") for name in ("one", "two")]
    await asyncio.gather(*(server.start() for server in servers))
    port = free_port()
    # The same file with addresses in the place of containers' names.
    named = "\n".join(f"    server api{n} 127.0.0.1:{one.port}" for n, one in enumerate(servers))
    text, changed = re.subn(r"    server-template api .*", named, FILE)
    assert changed == 1
    text = text.replace("bind :8080", f"bind 127.0.0.1:{port}").replace(
        "127.0.0.1:8081", f"127.0.0.1:{free_port()}"
    )
    (tmp_path / "haproxy.cfg").write_text(text)
    process = await asyncio.create_subprocess_exec(
        path, "-db", "-f", str(tmp_path / "haproxy.cfg"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/health")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield Proxied(f"http://127.0.0.1:{port}", servers)
    finally:
        process.kill()
        await process.wait()


async def test_names_and_origins_pass_as_they_came_and_figures_do_not(proxied: Proxied) -> None:
    body = {"query": "{ feedCursor }"}
    async with httpx.AsyncClient(base_url=proxied.url) as client:
        own = {"Host": NAME, "Origin": f"https://{NAME}"}
        assert (await client.post("/graphql", json=body, headers=own)).status_code == 200
        other = {"Host": "rebound.example.org"}
        assert (await client.post("/graphql", json=body, headers=other)).status_code == 421
        foreign = own | {"Origin": "https://evil.example.org"}
        assert (await client.post("/graphql", json=body, headers=foreign)).status_code == 403
        for path in ("/metrics", "/%6detrics", "/metrics?x=1"):
            assert (await client.get(path)).status_code == 404, path
        named = await client.get("/health", headers={"X-Request-Id": "mine-1"})
        assert named.headers["x-request-id"] == "mine-1"
        made = await client.get("/health", headers={"X-Request-Id": "no name\\"})
        assert len(made.headers["x-request-id"]) == 36


async def test_events_pass_as_they_come_by_websocket_and_by_http(proxied: Proxied) -> None:
    query = 'subscription { events(projects: ["p"]) { ... on FeedEvent { kind } } }'
    add = 'mutation { addBacklogItem(input: {project: "p", title: "t", description: "d"}) { id } }'
    port = proxied.url.rpartition(":")[2]
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
        async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"]) as socket:
            await socket.send('{"type": "connection_init"}')
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            event = await followed(client, proxied, add, socket.recv)
            assert json.loads(event)["payload"]["data"]["events"]["kind"].startswith("backlog")
        stream: dict[str, Any] = {
            "method": "POST",
            "url": f"{proxied.url}/graphql",
            "json": {"query": query},
            "headers": {"Accept": "multipart/mixed;subscriptionSpec=1.0, application/json"},
        }
        async with client.stream(**stream) as answer:
            assert answer.status_code == 200
            chunks = answer.aiter_text()

            async def next_part() -> str:
                text = ""
                while "backlog" not in text:
                    text += await anext(chunks)
                return text

            assert "backlog" in await followed(client, proxied, add, next_part)


async def followed(client: httpx.AsyncClient, proxied: Proxied, add: str, receive: Any) -> str:
    """Make events on both servers until one is received."""
    waiting = asyncio.ensure_future(receive())
    while not waiting.done():
        for server in proxied.servers:
            await ask(client, server.url, add)
        await asyncio.wait([waiting], timeout=0.05)
    return str(waiting.result())


async def test_a_copy_that_is_killed_costs_its_callers_nothing_new(proxied: Proxied) -> None:
    async with httpx.AsyncClient(base_url=proxied.url) as client:
        proxied.servers[0].kill()
        for _ in range(30):
            answer = await client.post("/graphql", json={"query": "{ feedCursor }"})
            assert answer.status_code == 200, answer.text
