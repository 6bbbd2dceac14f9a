"""Two agents on one checkout: a contested file, a message, overlapping work, a hand-off, all watched live.

    make serve                                  # in one terminal
    .venv/bin/python examples/two_agents.py     # in another

It drives two MCP clients over Streamable HTTP against the running server, on the git checkout it
stands in, while `interlock watch` prints each event as it happens.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client

HERE = Path(__file__).resolve().parent.parent


class Agent:
    """An MCP client that acts in one session."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self._client = client
        self._session = ""

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool in the agent's session and return its result."""
        if self._session:
            arguments["session_id"] = self._session
        result = await self._client.call_tool(f"memory_{tool}", arguments)
        answer = dict(result.structured_content or {})
        if result.is_error:
            raise SystemExit(f"{self.name}: memory_{tool} failed: {answer or result.content}")
        if notice := answer.get("notice"):
            self.say(f"(told: {notice})")
        return answer

    async def start(self, project: str, task: str) -> dict[str, Any]:
        """Start a session."""
        self._session = ""
        brief = await self.call(
            "start_session",
            project=project,
            claude_instance=self.name,
            task_description=task,
            working_directory=str(HERE),
        )
        self._session = brief["session_id"]
        return brief

    def say(self, text: str) -> None:
        """Print a line under the agent's name."""
        print(f"{self.name:>6} | {text}", flush=True)


def tracked_files(checkout: Path) -> list[str]:
    """Return the Python files that git tracks in the checkout."""
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "*.py"], check=True, capture_output=True, text=True
    )
    return listed.stdout.split()


@asynccontextmanager
async def watching(url: str, project: str) -> AsyncIterator[None]:
    """Print what `interlock watch` prints, until the end."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "watch", "--url", url, "--project", project]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    watched = process.stdout
    # It says on stderr when it is connected; events before that would not be seen.
    ready = (await asyncio.wait_for(process.stderr.readline(), 20)).decode().strip()
    print(f" watch | {ready}", flush=True)
    if not ready.startswith("watching"):
        raise SystemExit("there is nothing to play against: run `make serve` first")

    async def show() -> None:
        while line := await watched.readline():
            print(f" watch | {line.decode().rstrip()}", flush=True)

    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        await asyncio.sleep(0.3)
        process.terminate()
        await asyncio.gather(process.wait(), shown)


async def play(ada: Agent, ben: Agent, project: str, files: list[str]) -> None:
    """Let the two agents work."""
    contested, other = files[0], files[1]
    await ada.start(project, f"rework {contested}")
    await ben.start(project, f"document {contested}")

    got = await ada.call("lock_files", files=[contested], reason="rework it")
    ada.say(f"locked {contested} (fence {got['fence']})")
    refused = await ben.call("lock_files", files=[contested], reason="document it")
    (conflict,) = refused["conflicts"]
    ben.say(f"is told: {contested} is held by {conflict['held_by']} ({conflict['reason']})")

    waiting = asyncio.create_task(
        ben.call("lock_files", files=[contested], reason="document it", wait_seconds=30)
    )
    await ben_is_waiting(ada, ben)
    ben.say("waits for it")
    await ada.call("update_work", title=f"rework {contested}", status="in_progress", files_touched=[contested, other])
    await ada.call(
        "send_message",
        to_instance=ben.name,
        message=f"{contested} is yours in a moment; mind the new docstring.",
        priority="urgent",
    )
    await ada.call("unlock_files", files=[contested])
    ada.say(f"unlocked {contested}")
    got = await waiting
    ben.say(f"got it (fence {got['fence']})")

    inbox = await ben.call("get_messages")
    for message in inbox["messages"]:
        ben.say(f"reads from {message['from']}: {message['message']}")
        await ben.call("acknowledge_message", message_id=message["id"])

    work = await ben.call("update_work", title="document it", status="in_progress", files_touched=[other])
    for overlap in work["overlaps"]:
        ben.say(f"is told that {overlap['agent']} touches {overlap['path']} too")

    await ben.call(
        "end_session", summary="docstring written", handoff_notes=f"{other} still wants an example.", files_modified=[contested]
    )
    ben.say("ended, with a hand-off")
    brief = await ben.start(project, "go on")
    ben.say(f"starts again and reads: {brief['handoff']['notes']}")
    await ben.call("end_session", summary="read the hand-off")
    await ada.call("end_session", summary="done")


async def ben_is_waiting(ada: Agent, ben: Agent) -> None:
    """Wait until the queue shows Ben, so that the story is told in order."""
    for _ in range(200):
        locks = await ada.call("get_locks")
        if any(one["agent"] == ben.name for one in locks.get("waiting", ())):
            return
        await asyncio.sleep(0.05)
    raise SystemExit("nobody waits for the lock")


async def main() -> None:
    """Play against the server at --url."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("INTERLOCK_URL", "http://127.0.0.1:8080"))
    parser.add_argument("--project", default=HERE.name)
    parser.add_argument("--checkout", type=Path, default=HERE)
    given = parser.parse_args()
    files = tracked_files(given.checkout)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watching(given.url, given.project))
        clients = [await stack.enter_async_context(Client(f"{given.url}/mcp")) for _ in range(2)]
        ada, ben = (Agent(name, client) for name, client in zip(("ada", "ben"), clients, strict=True))
        await play(ada, ben, given.project, files)
    print("       | both are done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
