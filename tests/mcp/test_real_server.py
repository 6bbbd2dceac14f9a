"""The tools over the real schema and store, through HTTP, as agents of both eras use them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourceUpdated

from resolvers.acts import Engine
from store.records import LockWaiter
from tests.mcp.conftest import MODES
from tests.mcp.test_definitions import TOOLS, least

pytestmark = pytest.mark.parametrize("mode", MODES)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    return dict(result.structured_content)


async def start(client: Client, agent: str) -> str:
    started = await call(client, "memory_start_session", project="shop", claude_instance=agent)
    return str(started["session_id"])


async def test_two_agents_want_the_same_file(real: str, mode: str, engine: Engine) -> None:
    async with Client(real, mode=mode) as one, Client(real, mode=mode) as two:
        first, second = await start(one, "ann"), await start(two, "bob")
        granted = await call(one, "memory_lock_files", session_id=first, files=["a.py"], reason="mine")
        assert granted["success"] is True
        refused = await call(two, "memory_lock_files", session_id=second, files=["./a.py"], reason="x")
        assert refused["success"] is False
        assert refused["conflicts"][0]["held_by"] == "ann"
        waiting = asyncio.create_task(
            call(two, "memory_lock_files", session_id=second, files=["a.py"], reason="x", wait_seconds=30)
        )
        await until_waiting(engine, 1)
        await call(one, "memory_unlock_files", session_id=first)
        assert (await asyncio.wait_for(waiting, 10))["success"] is True


async def until_waiting(engine: Engine, count: int) -> None:
    """Wait until so many requests are queued for locks."""
    with anyio.fail_after(10):
        while await engine.store.count(LockWaiter, {}) != count:
            await anyio.lowlevel.checkpoint()


async def test_a_waiter_that_is_cancelled_leaves_the_queue(real: str, mode: str, engine: Engine) -> None:
    async with Client(real, mode=mode) as one, Client(real, mode=mode) as two:
        first, second = await start(one, "ann"), await start(two, "bob")
        await call(one, "memory_lock_files", session_id=first, files=["a.py"], reason="mine")
        waiting = asyncio.create_task(
            call(two, "memory_lock_files", session_id=second, files=["a.py"], reason="x", wait_seconds=50)
        )
        await until_waiting(engine, 1)
        waiting.cancel()
        await until_waiting(engine, 0)
        await call(one, "memory_unlock_files", session_id=first)
        third = await call(one, "memory_lock_files", session_id=first, files=["a.py"], reason="again")
        assert third["success"] is True, third


async def test_each_tool_answers_its_least_call_without_an_internal_error(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        session = await start(client, "ann")
        for name, tool in TOOLS.items():
            arguments = {key: session if key == "session_id" else one for key, one in least(tool).items()}
            result = await client.call_tool(name, arguments)
            if result.is_error:
                assert result.structured_content["code"] in ("NOT_FOUND", "BAD_INPUT", "CONFLICT"), name
                assert result.structured_content["message"], name
            if name == "memory_end_session":
                session = await start(client, "ann")


async def test_a_session_that_is_not_there_is_named_by_its_parameter(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        for name, tool in TOOLS.items():
            if "session_id" not in tool.input_schema.get("required", ()):
                continue
            result = await client.call_tool(name, {**least(tool), "session_id": "ses_nope.x"})
            assert result.is_error, name
            told = result.structured_content
            assert (told["code"], told["field"]) == ("NOT_FOUND", "session_id"), name
            assert "memory_start_session" in told["hint"], name


async def test_a_fault_in_an_argument_is_told_under_the_tools_own_name(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        session = await start(client, "ann")
        result = await client.call_tool(
            "memory_lock_files", {"session_id": session, "files": ["../x"], "reason": "r"}
        )
        assert (result.structured_content["code"], result.structured_content["field"]) == (
            "BAD_INPUT",
            "files",
        )
        result = await client.call_tool(
            "memory_send_message", {"session_id": session, "to_instance": "bob", "message": ""}
        )
        assert result.structured_content["field"] == "message"
        for tool, arguments in (
            ("memory_list_backlog", {"limit": 1_000}),
            ("memory_get_messages", {"limit": 1_000}),
            ("memory_admin", {"action": "list_keys", "limit": 1_000}),
            ("memory_admin", {"action": "audit_log", "limit": 1_000}),
        ):
            result = await client.call_tool(tool, {"session_id": session, **arguments})
            told = result.structured_content
            assert (told["field"], told["message"][:6]) == ("limit", "limit:"), told


async def test_an_urgent_message_is_announced_with_the_next_result(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        ann, bob = await start(client, "ann"), await start(client, "bob")
        message = {"to_instance": "ann", "message": "stop", "priority": "urgent"}
        await call(client, "memory_send_message", session_id=bob, **message)
        told = await call(client, "memory_heartbeat", session_id=ann)
        assert "urgent" in told["notice"]
        assert "notice" not in await call(client, "memory_heartbeat", session_id=bob)
        read = await call(client, "memory_get_messages", session_id=ann)
        assert read["messages"][0]["message"] == "stop"
        assert "notice" not in await call(client, "memory_heartbeat", session_id=ann)


async def test_resources_read_and_change_with_what_they_show(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        session = await start(client, "ann")
        await call(client, "memory_lock_files", session_id=session, files=["a.py"], reason="mine")
        listed = [str(one.uri) for one in (await client.list_resources()).resources]
        assert listed == ["interlock://shop/backlog", "interlock://shop/locks"]
        read = json.loads((await client.read_resource("interlock://shop/locks")).contents[0].text)  # type: ignore[union-attr]
        assert [(lock["path"], lock["held_by"]) for lock in read["locks"]] == [("a.py", "ann")]


async def test_a_listener_hears_of_locks_messages_and_backlog(real: str, mode: str) -> None:
    if mode == "legacy":
        pytest.skip("subscriptions/listen came with 2026-07-28")
    uris = ["interlock://shop/locks", "interlock://shop/backlog", "interlock://shop/inbox/bob"]
    async with Client(real, mode=mode) as client, Client(real, mode=mode) as other:
        session = await start(client, "ann")
        await start(client, "bob")
        async with other.listen(resource_subscriptions=uris) as stream:
            assert stream.honored.resource_subscriptions == uris
            await call(client, "memory_lock_files", session_id=session, files=["a.py"], reason="mine")
            await call(client, "memory_send_message", session_id=session, to_instance="bob", message="hi")
            await call(client, "memory_add_backlog_item", session_id=session, title="t", description="d")
            heard: list[str] = []
            with anyio.fail_after(10):
                async for change in stream:
                    assert isinstance(change, ResourceUpdated)
                    heard.append(change.uri)
                    if set(heard) == set(uris):
                        break


async def test_a_listener_hears_of_the_spec_it_has_read_and_of_no_other(real: str, mode: str) -> None:
    uri = "interlock://shop/spec/pay%2Fapi"
    async with Client(real, mode=mode) as client, Client(real, mode=mode) as other:
        session = await start(client, "ann")
        made = await call(client, "memory_define_spec", session_id=session, name="pay/api", content="one")
        assert made == {
            "status": "created",
            "spec_name": "pay/api",
            "version": "1.0.0",
            "owner": "ann",
            "location": "shop",
        }
        read = json.loads((await other.read_resource(uri)).contents[0].text)  # type: ignore[union-attr]
        assert (read["name"], read["version"], read["content"]) == ("pay/api", "1.0.0", "one")
        assert "cursor" not in read
        if mode == "legacy":
            return
        heard: list[str] = []
        uris = [uri, "interlock://shop/spec/other", "interlock://shop/backlog"]
        await call(client, "memory_define_spec", session_id=session, name="other", content="x")
        async with other.listen(resource_subscriptions=uris) as stream:
            assert stream.honored.resource_subscriptions == uris
            await call(client, "memory_define_spec", session_id=session, name="pay/api", content="two")
            await call(client, "memory_add_backlog_item", session_id=session, title="t", description="d")
            with anyio.fail_after(10):
                async for change in stream:
                    assert isinstance(change, ResourceUpdated)
                    heard.append(change.uri)
                    if uris[2] in heard:
                        break
        assert heard == [uri, uris[2]]


async def test_the_three_tools_of_specs_show_what_callers_know(real: str, mode: str) -> None:
    async with Client(real, mode=mode) as client:
        ann, bob = await start(client, "ann"), await start(client, "bob")
        spec = {"name": "api", "content": "one", "json_schema": {"type": "object"}, "tags": ["pay"]}
        await call(client, "memory_define_spec", session_id=ann, **spec)
        refused = await call(client, "memory_define_spec", session_id=bob, name="api", content="mine")
        assert set(refused) == {"error", "owner", "hint", "spec"}
        assert refused["owner"] == "ann"
        again = await call(client, "memory_define_spec", session_id=ann, name="api", content="one")
        assert (again["status"], again["version"]) == ("unchanged", "1.0.0")
        await call(client, "memory_define_spec", session_id=ann, name="api", content="two")
        now = await call(client, "memory_get_spec", session_id=bob, name="api")
        known = {"spec_name", "version", "owner", "spec_type", "content", "created", "updated", "tags"}
        assert set(now) == known | {"json_schema", "author"}
        assert (now["content"], now["json_schema"]) == ("two", {"type": "object"})
        old = await call(client, "memory_get_spec", session_id=bob, name="api", version="1.0.0")
        assert set(old) == {*now, "archived_at", "note"}
        listed = await call(client, "memory_list_specs", session_id=bob, include_versions=True)
        assert listed["count"] == 1
        keys = {"name", "version", "owner", "spec_type", "project", "updated"}
        assert set(listed["specs"][0]) == keys | {"all_versions"}
        assert listed["specs"][0]["all_versions"] == ["1.0.1", "1.0.0"]
        bare = await call(client, "memory_list_specs", session_id=bob)
        assert set(bare["specs"][0]) == keys
        failed = await client.call_tool("memory_get_spec", {"session_id": bob, "name": "apj"})
        assert failed.structured_content["hint"] == "There is: api."


async def test_a_spec_with_the_deepest_schema_that_is_taken_can_be_read(real: str, mode: str) -> None:
    schema: dict[str, Any] = {"x": 1}
    for _ in range(98):
        schema = {"x": schema}
    async with Client(real, mode=mode) as client:
        session = await start(client, "ann")
        told = {"session_id": session, "name": "deep", "content": "c", "json_schema": schema}
        await call(client, "memory_define_spec", **told)
        read = await call(client, "memory_get_spec", session_id=session, name="deep")
    assert read["json_schema"] == schema
