"""What is read of a request's body beside the SDK: however it comes in pieces, and whatever it holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.mcp import Mcp
from api.settings import Settings
from mcp_adapter.http import McpApp
from mcp_adapter.server import McpServer
from tests.mcp.small import StubExecutor

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"},
}


def message(method: str, params: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Send a body so that its last piece, an empty one, tells nothing."""
    yield body[:20]
    yield body[20:]


@pytest.fixture
async def client(small_server: McpServer) -> AsyncIterator[httpx.AsyncClient]:
    """Reach the small tools without sockets, which would join the pieces as they please."""
    app = McpApp(small_server)
    ready, done = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        # The SDK's task group must be left by the task that entered it; fixtures change tasks.
        async with app.lifespan():
            ready.set()
            await done.wait()

    task = asyncio.create_task(run())
    await ready.wait()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=HEADERS
    ) as reached:
        yield reached
    done.set()
    await asyncio.wait_for(task, 10)


async def test_a_body_in_pieces_opens_as_one_in_one_piece_does(client: httpx.AsyncClient) -> None:
    body = message("initialize", INITIALIZE, id=1)
    for content in (body, in_pieces(body)):
        answer = await client.post("/mcp", content=content)
        assert answer.json()["result"]["protocolVersion"] == "2025-06-18"
        assert len(answer.headers["mcp-session-id"]) == 32


async def test_a_notice_in_pieces_cancels_its_call(client: httpx.AsyncClient, executor: StubExecutor) -> None:
    client.headers["mcp-session-id"] = "s"
    call = message("tools/call", {"name": "wait", "arguments": {}}, id=7)
    notice = message("notifications/cancelled", {"requestId": 7})
    calling = asyncio.create_task(client.post("/mcp", content=call))
    await asyncio.wait_for(executor.waiting.wait(), 10)
    await client.post("/mcp", content=in_pieces(notice))
    answer = await asyncio.wait_for(calling, 10)
    assert "cancelled" in answer.json()["error"]["message"]


async def test_a_notice_nested_beyond_reason_is_refused_as_such(client: httpx.AsyncClient) -> None:
    client.headers["mcp-session-id"] = "s"
    body = b'{"method": "notifications/cancelled", "x": ' + b"[" * 3_900
    answer = await client.post("/mcp", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


async def test_a_body_too_large_is_refused_in_the_words_of_the_protocol(tmp_path: Path) -> None:
    app = create_app(Settings.model_validate({"data": tmp_path, "max_body_bytes": 2_000}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.post("/mcp", content=b" " * 2_001, headers=HEADERS)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == "LIMIT_EXCEEDED: the body is larger than 2,000 bytes"


async def test_what_could_not_be_loaded_for_want_of_files_is_loaded_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, failures = Mcp._load, [OSError(24, "Too many open files")]

    def failing_once(mcp: Mcp) -> Any:
        if failures:
            raise failures.pop()
        return load(mcp)

    monkeypatch.setattr(Mcp, "_load", failing_once)
    monkeypatch.setattr("api.mcp.FIRST_PAUSE_SECONDS", 0.05)
    app = create_app(Settings.model_validate({"data": tmp_path}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.post("/mcp", content=message("ping", {}, id=1), headers=HEADERS)
            assert answer.status_code == 503
            assert answer.json()["error"]["message"] == "UNAVAILABLE: MCP is not being served"
            assert (await client.get("/health")).status_code == 503
            async with asyncio.timeout(20):
                while answer.status_code == 503:
                    await asyncio.sleep(0.01)
                    answer = await client.post("/mcp", content=message("ping", {}, id=1), headers=HEADERS)
            assert answer.json()["result"] == {}
            assert (await client.get("/health")).json()["parts"]["mcp"] == {"ok": True}
