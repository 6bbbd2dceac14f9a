"""The tools of locks and work as documents: what callers of today send, and the keys that they get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate

from resolvers.acts import Engine
from schema.root import build_schema
from tests.areas.lock_cases import begin
from tests.conftest import Run

TOOLS = Path(__file__).parents[2] / "mcp_adapter" / "tools"
PARAMETERS = {
    "memory_lock_files": ["session_id", "files", "reason", "wait_seconds"],
    "memory_unlock_files": ["session_id", "files"],
    "memory_get_locks": ["session_id", "path_pattern"],
    "memory_update_work": [
        "session_id",
        "title",
        "status",
        "files_touched",
        "notes",
        "blocked_by",
        "blocked_reason",
        "waiting_for_signal",
        "signals",
        "signal_details",
    ],
    "memory_get_active_work": ["session_id", "project", "instance", "since_hours", "limit"],
}


def document(tool: str) -> str:
    return (TOOLS / f"{tool}.graphql").read_text()


@pytest.mark.parametrize("tool", PARAMETERS)
def test_a_tool_is_valid_and_keeps_its_name_and_parameters(tool: str) -> None:
    parsed = parse(document(tool))
    assert not validate(build_schema()._schema, parsed)
    (operation,) = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == tool
    assert operation.description is not None
    assert [one.variable.name.value for one in operation.variable_definitions or ()] == PARAMETERS[tool]


async def test_the_tools_give_the_keys_that_callers_know(engine: Engine, run: Run) -> None:
    ada, bob = await begin(engine, run, "ada"), await begin(engine, run, "bob")

    async def call(tool: str, session: str, **given: Any) -> dict[str, Any]:
        answer = await run(document(tool), {"session_id": session, **given})
        assert not answer["errors"], answer["errors"]
        return dict(answer["data"]["result"])

    locked = await call("memory_lock_files", ada.session, files=["src/"], reason="parser")
    assert (locked["success"], locked["locked"], locked["conflicts"]) == (True, ["src/"], [])
    refused = await call("memory_lock_files", bob.session, files=["src/x.py"], reason="lexer")
    assert (refused["success"], refused["locked"]) == (False, [])
    assert refused["conflicts"][0]["file"] == "src/"
    assert refused["conflicts"][0]["held_by"] == "ada"
    shown = await call("memory_get_locks", bob.session, path_pattern="src/x.py")
    assert [lock["held_by"] for lock in shown["locks"]] == ["ada"]
    assert (shown["your_locks"], shown["total_count"]) == ([], 1)
    told = await call(
        "memory_update_work",
        bob.session,
        title="lexer",
        status="IN_PROGRESS",
        files_touched=["src/x.py"],
        signals=["s"],
    )
    assert "ada" in told["warning"]
    assert told["signals_broadcast"] == ["s"]
    under_way = await call("memory_get_active_work", ada.session)
    assert {one["agent"] for one in under_way["currently_active"]} == {"ada", "bob"}
    released = await call("memory_unlock_files", ada.session)
    assert (released["released"], released["still_held"]) == (["src/"], [])
