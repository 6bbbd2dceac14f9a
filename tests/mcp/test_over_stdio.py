"""The server on standard input and output."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.mcp.conftest import MODES

ROOT = Path(__file__).parents[2]
COMMAND = StdioServerParameters(
    command=sys.executable, args=["-m", "tests.mcp.stdio_main"], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
)


@pytest.mark.parametrize("mode", MODES)
async def test_tools_and_prompts_are_served_on_standard_input_and_output(mode: str) -> None:
    async with Client(stdio_client(COMMAND), mode=mode) as client:
        result = await client.call_tool("get_thing", {"name": "x"})
        assert result.structured_content == {"name": "ä"}
        assert (await client.call_tool("get_thing", {})).structured_content["code"] == "BAD_INPUT"
        assert len((await client.list_prompts()).prompts) == 3


async def test_standard_output_carries_only_the_protocol() -> None:
    """The older server printed banners before its first answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.mcp.stdio_main",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    info = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    frames: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": info},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "get_thing", "arguments": {"name": "x"}}},
    ]
    assert process.stdin is not None
    assert process.stdout is not None
    for frame in frames:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **frame}).encode() + b"\n")
    lines = [await asyncio.wait_for(process.stdout.readline(), 20) for _ in range(2)]
    process.stdin.close()
    rest, errors = await asyncio.wait_for(process.communicate(), 20)
    assert [json.loads(line)["id"] for line in lines] == [1, 2]
    assert rest == b""
    assert b"a banner on standard output" in errors
    assert process.returncode == 0
