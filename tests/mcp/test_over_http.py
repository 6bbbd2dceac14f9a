"""The server over real HTTP, with the SDK's own client of both eras."""

from __future__ import annotations

import asyncio
import json

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.mcp.conftest import MODES
from tests.mcp.small import TOOLS, StubExecutor

pytestmark = pytest.mark.parametrize("mode", MODES)


async def test_a_tool_answers_the_same_in_text_and_structured(
    url: str, mode: str, executor: StubExecutor
) -> None:
    thing = {
        "id": "1",
        "name": "käse",
        "mood": "VERY_BAD",
        "moods": ["GOOD"],
        "note": None,
        "tags": [],
        "count": 0,
    }
    executor.answers["get_thing"] = {"data": {"result": {**thing, "done": False, "parts": []}}}
    async with Client(url, mode=mode) as client:
        result = await client.call_tool("get_thing", {"name": "x"})
    expected = {"id": "1", "name": "käse", "mood": "very_bad", "moods": ["good"], "count": 0, "done": False}
    assert result.structured_content == expected
    assert not result.is_error
    assert json.loads(result.content[0].text) == expected  # type: ignore[union-attr]
    assert ": " not in result.content[0].text  # type: ignore[union-attr]


async def test_the_authorization_header_reaches_the_executor(
    url: str, mode: str, executor: StubExecutor
) -> None:
    async with (
        httpx2.AsyncClient(headers={"Authorization": "Bearer k1"}) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        await client.call_tool("get_thing", {"name": "x"})
    assert executor.calls == [("get_thing", {"name": "x"}, "Bearer k1")]


async def test_an_unknown_tool_is_a_protocol_error(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        with pytest.raises(MCPError, match="Unknown tool: nope"):
            await client.call_tool("nope", {})


async def test_all_tools_are_listed(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == sorted(TOOLS)


async def test_cancelling_a_call_cancels_the_operation(url: str, mode: str, executor: StubExecutor) -> None:
    async with Client(url, mode=mode) as client:
        call = asyncio.create_task(client.call_tool("wait", {}))
        await asyncio.wait_for(executor.waiting.wait(), 5)
        call.cancel()
        await asyncio.wait_for(executor.cancelled.wait(), 5)
        await client.list_tools()


async def test_a_client_that_disconnects_cancels_the_operation(
    url: str, mode: str, executor: StubExecutor
) -> None:
    async with Client(url, mode=mode) as client:
        calls = [asyncio.create_task(client.call_tool("wait", {}))]
        await asyncio.wait_for(executor.waiting.wait(), 5)
        for call in calls:
            call.cancel()
    await asyncio.wait_for(executor.cancelled.wait(), 5)


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_foreign_host_or_origin_is_refused(url: str, mode: str, header: dict[str, str]) -> None:
    era = {} if mode == "legacy" else {"MCP-Protocol-Version": mode}
    async with httpx.AsyncClient() as client:
        response = await client.post(
            url,
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers={"Accept": "application/json, text/event-stream", **era, **header},
        )
    assert response.status_code in (403, 421)


async def test_the_address_says_which_profile_is_listed(url: str, mode: str) -> None:
    for profile, count in (("solo", 0), ("team", len(TOOLS)), ("nonsense", len(TOOLS))):
        async with Client(f"{url}?profile={profile}", mode=mode) as client:
            assert len((await client.list_tools()).tools) == count


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"jsonrpc": "2.0", "id": 1}', 400),
        (b"[" * 100_000, 400),
        (b'"' + b"x" * 5_000_000 + b'"', 413),
    ],
)
async def test_a_body_that_is_no_request_is_refused(url: str, mode: str, body: bytes, status: int) -> None:
    era = {} if mode == "legacy" else {"MCP-Protocol-Version": mode}
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json", **era}
    async with httpx.AsyncClient() as client:
        response = await client.post(url, content=body, headers=headers)
    assert response.status_code == status
    assert "Traceback" not in response.text


async def test_a_megabyte_passes_and_hostile_text_stays_text(
    url: str, mode: str, executor: StubExecutor
) -> None:
    big = "\x00\u202e' OR 1=1 --" + "é" * 500_000
    async with Client(url, mode=mode) as client:
        await client.call_tool("get_thing", {"name": big})
    assert executor.calls[-1][1] == {"name": big}


async def test_a_stream_of_the_servers_own_is_not_offered(url: str, mode: str) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.get(url, headers={"Accept": "text/event-stream"})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert (await client.delete(url)).status_code == 405


async def test_a_session_id_of_the_protocol_means_nothing_to_the_server(url: str, mode: str) -> None:
    """The older server lost every connection with a restart, and kept those that were abandoned."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json", "Mcp-Session-Id": "from before the restart"}
    async with httpx.AsyncClient() as client:
        response = await client.post(url, json=body, headers=headers)
    assert response.status_code == 200
    assert len(response.json()["result"]["tools"]) == len(TOOLS)
