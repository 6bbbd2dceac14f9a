"""The example runs against a real server on this checkout and tells the whole story."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys

import pytest

from tests.faults import conftest as faults
from tests.faults.processes import ROOT

serve = faults.serve

EXAMPLE = ROOT / "examples" / "two_agents.py"

STORY = [
    r"watch \| watching http",
    r"1\. Both want (?P<one>\S+\.py)",
    r"watch \| .* session\.started  ada  rework (?P=one)",
    r"watch \| .* session\.started  ben  document (?P=one)",
    r"watch \| .* lock\.granted  ada  (?P=one) \(fence 1\)",
    r'ben \| is refused: (?P=one) is held by ada \("rework it"\)',
    r"2\. Ben waits",
    r"ben \| has asked again and waits in the queue",
    r"watch \| .* message\.sent  ada  to ben \[urgent\] (?P=one) is yours",
    r"watch \| .* lock\.released  ada  (?P=one)",
    r"watch \| .* lock\.granted  ben  (?P=one) \(fence 2\)",
    r"ben \| reads from ada: (?P=one) is yours in a moment",
    r"3\. Both touch (?P<two>\S+\.py)",
    r"watch \| .* work\.updated  ada  rework it \[in_progress\]: (?P=two)",
    r'ben \| is told: ada is at (?P=two) too \("rework it"\)',
    r"4\. Ben hands off",
    r"watch \| .* session\.ended  ben  docstring written",
    r"ben \| reads in the brief what he left: (?P=two) still wants an example\.",
    r"watch \| .* session\.ended  ada  done",
    r"Both are done\.",
]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *words],
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("auth", ["false", "true"])
async def test_two_agents_on_this_checkout_tell_the_whole_story(serve: faults.Serve, auth: str) -> None:
    server = serve(MCP_AUTH_ENABLED=auth)
    await server.start()
    data = server._environment["INTERLOCK_DATA"]
    done = await asyncio.to_thread(run, INTERLOCK_DATA=data)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    told = re.search(".*?".join(STORY), done.stdout, re.DOTALL)
    assert told, done.stdout


async def test_the_example_says_what_is_missing_in_one_line() -> None:
    done = await asyncio.to_thread(run, "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("two_agents: no server at http://127.0.0.1:1: start one with")
