"""The public MCP conformance scenarios that need no tools of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.js import node, program

SCENARIOS = (
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_scenario_passes(real: str, scenario: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        node(),
        program("@modelcontextprotocol/conformance/dist/index.js"),
        *("server", "--url", real, "--scenario", scenario),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    said = output.decode()
    assert process.returncode == 0, said
    assert "0 failed, 0 warnings" in said
    assert "Passed: 0/0" not in said
