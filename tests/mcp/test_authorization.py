"""What a key opens over MCP, and what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError

from resolvers.acts import Engine, secret_hash
from store.feed.feed import Feed
from store.port import Changes
from store.records import Key
from store.sqlite.store import SqliteStore
from tests.mcp.conftest import MODES, served_by

pytestmark = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[str]:
    """A server with authentication on and a key for each of three projects, `shared` among them."""
    store = await SqliteStore.open(tmp_path / "auth")
    now = await store.now()
    keys = [
        Key(id=f"key_{name}", project="", name=name, role="agent", projects=(name,), hash=secret_hash(name), created_at=now)
        for name in ("shop", "bank", "shared")
    ]  # fmt: skip
    await store.commit(Changes(puts=tuple(keys)))
    async with Feed(store) as feed, served_by(Engine(store, feed, auth=True)) as address:
        yield address
    await store.close()


@asynccontextmanager
async def client_of(url: str, mode: str, key: str | None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def started(client: Client, project: str, **more: str) -> dict[str, str]:
    result = await client.call_tool(
        "memory_start_session", {"project": project, "claude_instance": "ann", **more}
    )
    return dict(result.structured_content)


async def test_without_a_key_nothing_is_done(locked: str, mode: str) -> None:
    async with client_of(locked, mode, None) as client:
        assert (await started(client, "shop"))["code"] == "UNAUTHENTICATED"
        assert (await client.list_resources()).resources == []
        with pytest.raises(MCPError):
            await client.read_resource("interlock://shop/locks")
    async with client_of(locked, mode, "wrong") as client:
        assert (await started(client, "shop"))["code"] == "UNAUTHENTICATED"


async def test_a_key_opens_its_own_project_only(locked: str, mode: str) -> None:
    async with client_of(locked, mode, "shop") as client:
        assert "session_id" in await started(client, "shop")
        assert (await started(client, "bank"))["code"] == "FORBIDDEN"
        with pytest.raises(MCPError, match="bank"):
            await client.read_resource("interlock://bank/locks")


async def test_the_session_of_another_key_is_useless(locked: str, mode: str) -> None:
    async with client_of(locked, mode, "shop") as shop, client_of(locked, mode, "bank") as bank:
        session = (await started(shop, "shop"))["session_id"]
        result = await bank.call_tool("memory_get_locks", {"session_id": session})
        assert result.structured_content["code"] == "NOT_FOUND"


async def test_a_key_may_come_as_the_argument_that_starts_a_session(locked: str, mode: str) -> None:
    async with client_of(locked, mode, None) as client:
        session = (await started(client, "shop", api_key="shop"))["session_id"]
        result = await client.call_tool("memory_get_locks", {"session_id": session})
        assert not result.is_error, result.structured_content


async def test_a_listener_hears_nothing_of_other_projects(locked: str, mode: str) -> None:
    if mode == "legacy":
        pytest.skip("subscriptions/listen came with 2026-07-28")
    uris = ["interlock://bank/locks", "interlock://shop/locks"]
    async with (
        client_of(locked, mode, "shop") as shop,
        client_of(locked, mode, None) as nobody,
        shop.listen(resource_subscriptions=uris) as stream,
        nobody.listen(resource_subscriptions=uris) as silent,
    ):
        assert stream.honored.resource_subscriptions == ["interlock://shop/locks"]
        assert not silent.honored.resource_subscriptions
        session = (await started(shop, "shop"))["session_id"]
        await shop.call_tool("memory_lock_files", {"session_id": session, "files": ["a"], "reason": "r"})
        change = await asyncio.wait_for(anext(aiter(stream)), 5)
        assert change.uri == "interlock://shop/locks"  # type: ignore[union-attr]


async def test_a_shared_spec_that_a_key_may_only_read_does_not_end_its_stream(locked: str, mode: str) -> None:
    if mode == "legacy":
        pytest.skip("subscriptions/listen came with 2026-07-28")
    shared, backlog = "interlock://shared/spec/api", "interlock://shop/backlog"
    async with client_of(locked, mode, "shared") as author, client_of(locked, mode, "shop") as reader:
        theirs = (await started(author, "shared"))["session_id"]
        told = {"session_id": theirs, "name": "api", "content": "c"}
        assert not (await author.call_tool("memory_define_spec", told)).is_error
        mine = (await started(reader, "shop"))["session_id"]
        assert (await reader.read_resource(shared)).contents
        async with reader.listen(resource_subscriptions=[shared, backlog]) as stream:
            assert stream.honored.resource_subscriptions == [backlog]
            item = {"session_id": mine, "title": "t", "description": "d"}
            await reader.call_tool("memory_add_backlog_item", item)
            with anyio.fail_after(5):
                assert await anext(aiter(stream)) == ResourceUpdated(backlog)
