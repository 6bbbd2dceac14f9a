"""The tools of messages, guidelines and checklists: their documents fit, take and give what callers expect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_adapter.calls import call_of
from mcp_adapter.documents import TOOLS, Tool, compile_tool, schema_of
from mcp_adapter.results import result_of
from resolvers.acts import Engine
from schema.root import build_schema
from tests.areas.test_messages import begin
from tests.conftest import Run

PARAMETERS: dict[str, tuple[set[str], set[str]]] = {
    "memory_send_message": (
        {"session_id", "to_instance", "message"},
        {"priority", "category", "to_project", "reply_to"},
    ),
    "memory_get_messages": ({"session_id"}, {"include_delivered", "limit", "message_id", "for_instance"}),
    "memory_acknowledge_message": ({"session_id", "message_id"}, set()),
    "memory_update_message_status": ({"session_id", "message_id", "status"}, set()),
    "memory_guidelines": ({"action"}, {"name", "rule", "scope", "priority"}),
    "memory_checklist": (
        {"session_id", "action"},
        {"name", "project", "items", "item_index", "done", "notes"},
    ),
}


def tool_of(name: str) -> Tool:
    extras = json.loads(Path(TOOLS, "extras.json").read_text("utf-8"))
    source = Path(TOOLS, f"{name}.graphql").read_text("utf-8")
    return compile_tool(schema_of(build_schema().as_str()), name, source, extras.get(name, {}))


async def call(run: Run, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """Call a tool as the adapter does, in process, and return its result."""
    made = call_of(tool_of(tool), arguments)
    response = await run(made.operation.document, made.variables, operation=made.operation.name)
    shown = result_of(made.operation, response)
    assert "isError" not in shown, shown
    result: dict[str, Any] = shown["structuredContent"]
    return result


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_tool_takes_the_parameters_that_its_callers_send(name: str) -> None:
    shape = tool_of(name).input_schema
    needed, optional = PARAMETERS[name]
    assert set(shape["required"]) == needed
    assert optional <= set(shape["properties"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_tool_is_small(name: str) -> None:
    assert len(json.dumps(tool_of(name).definition, separators=(",", ":"))) < 1_100


async def test_a_message_is_sent_read_answered_and_finished_by_tools(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    made = await call(
        run, "memory_send_message", session_id=alice, to_instance="bob", message="hi", priority="urgent"
    )
    assert made == {
        "status": "queued",
        "message_id": made["message_id"],
        "to": ["bob"],
        "to_project": "p",
        "from_project": "p",
        "priority": "urgent",
        "category": "info",
        "thread_id": made["message_id"],
        "chain_depth": 0,
        "require_human": False,
    }
    box = await call(run, "memory_get_messages", session_id=bob, message_id=None)
    assert (box["count"], box["has_more"]) == (1, False)
    (message,) = box["messages"]
    assert (message["from"], message["message"], message["status"]) == ("alice", "hi", "delivered")
    taken = await call(run, "memory_acknowledge_message", session_id=bob, message_id=made["message_id"])
    assert taken == {"status": "received", "message_id": made["message_id"], "updated": True}
    done = await call(
        run,
        "memory_update_message_status",
        session_id=bob,
        message_id=made["message_id"],
        status="completed",
    )
    assert done["status"] == "completed"
    mine = await call(run, "memory_get_messages", session_id=alice, message_id=made["message_id"])
    assert mine["messages"][0]["deliveries"] == [{"recipient": "bob", "status": "completed"}]


async def test_guidelines_are_kept_by_the_tool_without_a_session(run: Run) -> None:
    made = await call(run, "memory_guidelines", action="set", name="tests", rule="run them", priority=500)
    assert made == {"name": "tests", "scope": "global", "priority": 100}
    shown = await call(run, "memory_guidelines", action="get", name="tests")
    assert shown["rule"] == "run them"
    (listed,) = (await call(run, "memory_guidelines", action="list"))["guidelines"]
    assert listed == {"name": "tests", "scope": "global", "rule": "run them", "priority": 100}
    gone = await call(run, "memory_guidelines", action="delete", name="tests")
    assert gone == {"status": "deleted", "name": "tests", "scope": "global"}
    assert await call(run, "memory_guidelines", action="list") == {"guidelines": []}


async def test_a_checklist_is_kept_by_the_tool_and_list_needs_no_name(run: Run, engine: Engine) -> None:
    alice = await begin(engine, "alice")
    made = await call(
        run, "memory_checklist", session_id=alice, action="create", name="release", items=["tag"]
    )
    assert made == {"name": "release", "project": "p", "progress": "0/1"}
    more = {"session_id": alice, "name": "release"}
    assert (await call(run, "memory_checklist", action="add", items=["push"], **more))["progress"] == "0/2"
    ticked = await call(run, "memory_checklist", action="check", item_index=1, done=None, **more)
    assert ticked["progress"] == "1/2"
    shown = await call(run, "memory_checklist", action="get", **more)
    assert shown["created_by"] == "alice"
    assert [(item["index"], item["done"]) for item in shown["items"]] == [(0, False), (1, True)]
    opened = await call(run, "memory_checklist", action="check", item_index=1, done=False, **more)
    assert opened["progress"] == "0/2"
    listed = await call(run, "memory_checklist", session_id=alice, action="list", name="ignored")
    assert listed == {"checklists": [{"name": "release", "progress": "0/2"}]}
    assert (await call(run, "memory_checklist", action="delete", **more))["status"] == "deleted"
