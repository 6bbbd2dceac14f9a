"""Resources and prompts, read and listened to in both eras."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError

from mcp_adapter.server import McpServer
from tests.mcp.conftest import MODES, small
from tests.mcp.small import StubExecutor, answer_shelf

SHELF = "interlock://p1/shelf"
SHARED = "interlock://shared/shelf"
INBOX = "interlock://p1/inbox/Agent%20One"


@pytest.fixture(autouse=True)
def answers(executor: StubExecutor) -> None:
    executor.answers["shelf"] = executor.answers["inbox"] = answer_shelf
    executor.answers["listing"] = {"data": {"result": {"projects": [{"project": "p1"}, {"project": "p 2"}]}}}


@pytest.mark.parametrize("mode", MODES)
async def test_resources_are_listed_and_read(url: str, mode: str, executor: StubExecutor) -> None:
    async with Client(url, mode=mode) as client:
        templates = (await client.list_resource_templates()).resource_templates
        listed = (await client.list_resources()).resources
        read = await client.read_resource(SHELF)
    assert [one.uri_template for one in templates] == [
        "interlock://{project}/inbox/{agent}",
        "interlock://{project}/shelf",
    ]
    assert [one.uri for one in listed] == [SHELF, "interlock://p%202/shelf"]
    content = read.contents[0]
    assert (content.uri, content.mime_type) == (SHELF, "application/json")
    assert json.loads(content.text) == {"things": [{"name": "ä", "mood": "good"}]}  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "uri", ["interlock://p1/nope", "interlock://p1/shelf/x", "file:///etc/passwd", "interlock://secret/shelf"]
)
async def test_a_resource_that_is_not_there_is_an_error(url: str, mode: str, uri: str) -> None:
    async with Client(url, mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    assert refused.value.error.code == -32602


async def test_a_listener_hears_of_changes_of_what_it_may_read(url: str, executor: StubExecutor) -> None:
    wanted = [SHELF, INBOX, SHARED, "interlock://secret/shelf", "interlock://nope"]
    async with Client(url, mode="2026-07-28") as client:
        async with client.listen(resource_subscriptions=wanted, tools_list_changed=True) as stream:
            assert stream.honored.resource_subscriptions == [SHELF, INBOX]
            assert stream.honored.tools_list_changed is None
            assert await asyncio.wait_for(executor.followed.get(), 5) == (
                {"project": "p1", "after": "c1"},
                None,
            )
            heard = []
            for event in (
                {"kind": "thing.made"},
                {"kind": "other.made"},
                {"kind": "message.sent", "to": ["somebody"]},
                {"kind": "message.sent", "to": ["agent_one"]},
                {"kind": None},
            ):
                executor.events.put_nowait(event)
            with anyio.fail_after(5):
                async for change in stream:
                    assert isinstance(change, ResourceUpdated)
                    heard.append(change.uri)
                    if len(heard) == 4:
                        break
        assert heard == [SHELF, INBOX, SHELF, INBOX]
        await asyncio.wait_for(executor.unfollowed.wait(), 5)


async def test_a_listener_that_disconnects_stops_following(url: str, executor: StubExecutor) -> None:
    async with Client(url, mode="2026-07-28") as client, client.listen(resource_subscriptions=[SHELF]):
        await asyncio.wait_for(executor.followed.get(), 5)
    await asyncio.wait_for(executor.unfollowed.wait(), 5)


async def test_a_lost_feed_ends_the_stream_so_that_the_client_reads_anew(
    url: str, executor: StubExecutor
) -> None:
    async with (
        Client(url, mode="2026-07-28") as client,
        client.listen(resource_subscriptions=[SHELF]) as stream,
    ):
        executor.events.put_nowait(None)
        with anyio.fail_after(5):
            assert [change async for change in stream] == []


async def test_a_server_that_stops_ends_its_streams(url: str, small_server: McpServer) -> None:
    async with (
        Client(url, mode="2026-07-28") as client,
        client.listen(resource_subscriptions=[SHELF]) as stream,
    ):
        small_server.close_streams()
        with anyio.fail_after(5):
            assert [change async for change in stream] == []


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_an_older_client_on_a_stream_of_its_own_may_subscribe(
    executor: StubExecutor, tmp_path: Path
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(message: Any) -> None:
        if getattr(message, "method", "") == "notifications/resources/updated":
            heard.put_nowait(message.params.uri)

    server = small(executor, tmp_path, is_persistent=True)
    async with Client(server, mode="legacy", message_handler=hear) as client:
        assert client.server_capabilities.resources is not None
        assert client.server_capabilities.resources.subscribe is True
        await client.subscribe_resource(SHELF)
        await asyncio.wait_for(executor.followed.get(), 5)
        executor.events.put_nowait({"kind": "hub.moved"})
        assert await asyncio.wait_for(heard.get(), 5) == SHELF
        with pytest.raises(MCPError):
            await client.subscribe_resource("interlock://secret/shelf")
        with pytest.raises(MCPError, match="not told"):
            await client.subscribe_resource(SHARED)
        await client.unsubscribe_resource(SHELF)
        await asyncio.wait_for(executor.unfollowed.wait(), 5)


async def test_over_http_an_older_client_is_not_promised_subscriptions(url: str) -> None:
    async with Client(url, mode="legacy") as client:
        assert client.server_capabilities.resources is not None
        assert not client.server_capabilities.resources.subscribe


async def test_a_newer_client_is_promised_what_is_so(url: str) -> None:
    async with Client(url, mode="auto") as client:
        assert client.protocol_version == "2026-07-28"
        assert client.server_capabilities.resources is not None
        assert client.server_capabilities.resources.subscribe is True
        assert client.server_capabilities.tools is not None
        assert not client.server_capabilities.tools.list_changed


@pytest.mark.parametrize("mode", MODES)
async def test_prompts_are_listed_and_filled(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        listed = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        assert set(listed) == {"hand_off", "start_work", "work_queue"}
        filled = await client.get_prompt("start_work", {"project": "shop", "task": "fix {agent} {x}"})
        text = filled.messages[0].content.text  # type: ignore[union-attr]
        assert 'project "shop", claude_instance "unknown"' in text
        assert "fix {agent} {x}" in text
        with pytest.raises(MCPError, match="task is required"):
            await client.get_prompt("start_work", {"project": "shop"})
        with pytest.raises(MCPError, match="Unknown prompt"):
            await client.get_prompt("nope")
