"""Two agents on one checkout: a contested file, a message, overlapping work, a hand-off, all watched live.

    make serve                                  # in one terminal
    .venv/bin/python examples/two_agents.py     # in another

It drives two MCP clients over Streamable HTTP against the running server, on the git checkout it
stands in, while `interlock watch` prints each event as it happens. No file is changed.
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

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from cli.connection import Connection, connection
from cli.failure import Failure

HERE = Path(__file__).resolve().parent.parent


class Agent:
    """An MCP client that acts in one session."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self._client = client
        self._session = ""

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool in the agent's session and return its result.

        Raises:
            Failure: the tool refused.
        """
        if self._session:
            arguments["session_id"] = self._session
        result = await self._client.call_tool(f"memory_{tool}", arguments)
        answer = dict(result.structured_content or {})
        if result.is_error:
            raise Failure(f"{self.name}: memory_{tool}: {answer.get('message', result.content)}")
        if notice := answer.get("notice"):
            self.say(f"(is told on the way: {notice})")
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
        self.say(f"starts a session: {task}")
        return brief

    async def end(self, summary: str, **more: Any) -> None:
        """End the session."""
        await self.call("end_session", summary=summary, **more)
        self._session = ""
        self.say(f"ends the session: {summary}")

    async def leave(self) -> None:
        """End a session that the story did not come to the end of, so that its locks go."""
        if self._session:
            await self.call("end_session", summary="broken off")

    def say(self, text: str) -> None:
        """Print a line under the agent's name."""
        tell(self.name, text)


@asynccontextmanager
async def mcp_client(to: Connection) -> AsyncIterator[Client]:
    """Connect as an agent's own program does: Streamable HTTP, with the key in a header."""
    async with (
        httpx2.AsyncClient(headers=to.headers, timeout=70) as http,
        Client(streamable_http_client(f"{to.url}/mcp", http_client=http)) as client,
    ):
        yield client


def tell(who: str, text: str) -> None:
    """Print a line of the story."""
    print(f"{who:>6} | {text}", flush=True)


def largest_files(checkout: Path) -> tuple[str, str]:
    """Return the two largest Python files that git tracks, tests last.

    They are the ones that two agents are likeliest to want.

    Raises:
        Failure: it is no git checkout, or has no two.
    """
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "*.py"], check=False, capture_output=True, text=True
    )
    names = [name for name in listed.stdout.splitlines() if (checkout / name).is_file()]
    if len(names) < 2:
        raise Failure(f"{checkout} is no git checkout with two Python files")
    first, second = sorted(
        names, key=lambda name: (name.startswith("tests/"), -(checkout / name).stat().st_size)
    )[:2]
    return first, second


class Watch:
    """What `interlock watch` prints, shown as it comes; a chapter ends when its last event was seen."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._read = 0
        self._came = asyncio.Event()

    def show(self, line: str) -> None:
        """Print a line."""
        tell("watch", line)
        self._lines.append(line)
        self._came.set()

    async def shows(self, kind: str, agent: str) -> None:
        """Wait for an event that was not waited for before.

        Raises:
            Failure: it does not come.
        """
        while True:
            for number in range(self._read, len(self._lines)):
                if f"  {kind}  {agent}" in self._lines[number]:
                    self._read = number + 1
                    return
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), 10)
            except TimeoutError as error:
                raise Failure(f"interlock watch did not show {kind} of {agent}") from error


@asynccontextmanager
async def watching(to: Connection, project: str) -> AsyncIterator[Watch]:
    """Run `interlock watch` beside the story.

    Raises:
        Failure: it cannot watch; the text is what it said.
    """
    command = [sys.executable, "-c", "from cli.main import main; main()", "watch", "--project", project]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "INTERLOCK_URL": to.url,
        "INTERLOCK_API_KEY": to.secret,
    }
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    lines, said = process.stdout, process.stderr
    if lines is None or said is None:
        raise Failure("interlock watch has no output")
    try:
        # It says on stderr when it has its place in the log: what happens from then on is shown.
        ready = (await asyncio.wait_for(said.readline(), 20)).decode().strip()
        if not ready.startswith("watching"):
            raise Failure(ready.removeprefix("interlock: "))
        watch = Watch()
        watch.show(ready)

        async def show() -> None:
            async for line in lines:
                watch.show(line.decode().rstrip())

        shown = asyncio.create_task(show())
        try:
            yield watch
        finally:
            process.terminate()
            await shown
    finally:
        await process.wait()


def chapter(title: str) -> None:
    """Print a heading."""
    print(f"\n{title}", flush=True)


async def play(ada: Agent, ben: Agent, project: str, files: tuple[str, str], watch: Watch) -> None:
    """Let the two agents work."""
    contested, other = files

    chapter(f"1. Both want {contested}")
    await ada.start(project, f"rework {contested}")
    await ben.start(project, f"document {contested}")
    got = await ada.call("lock_files", files=[contested], reason="rework it")
    if not got["success"]:
        raise Failure(
            f"{contested} is held by {got['conflicts'][0]['held_by']}, who is not part of this story"
        )
    ada.say(f"locked {contested} (fence {got['fence']})")
    await watch.shows("lock.granted", ada.name)
    refused = await ben.call("lock_files", files=[contested], reason="document it")
    (conflict,) = refused["conflicts"]
    ben.say(f'is refused: {contested} is held by {conflict["held_by"]} ("{conflict["reason"]}")')

    chapter("2. Ben waits, Ada writes to him and lets go")
    waiting = asyncio.create_task(
        ben.call("lock_files", files=[contested], reason="document it", wait_seconds=30)
    )
    await asyncio.wait([waiting], timeout=1)
    ben.say("got it at once" if waiting.done() else "has asked again and waits in the queue")
    text = f"{contested} is yours in a moment; mind the new docstring."
    await ada.call("send_message", to_instance=ben.name, message=text, priority="urgent")
    ada.say(f"writes to ben: {text}")
    await watch.shows("message.sent", ada.name)
    await ada.call("unlock_files", files=[contested])
    ada.say(f"unlocked {contested}")
    got = await waiting
    ben.say(f"got {contested} (fence {got['fence']})")
    await watch.shows("lock.granted", ben.name)
    for message in (await ben.call("get_messages"))["messages"]:
        ben.say(f"reads from {message['from']}: {message['message']}")
        await ben.call("acknowledge_message", message_id=message["id"])

    chapter(f"3. Both touch {other}")
    await ada.call("update_work", title="rework it", status="in_progress", files_touched=[other])
    ada.say(f"works on {other}")
    work = await ben.call("update_work", title="document it", status="in_progress", files_touched=[other])
    for overlap in work["overlaps"]:
        ben.say(f'is told: {overlap["agent"]} is at {overlap["file"]} too ("{overlap["title"]}")')
    await watch.shows("work.updated", ben.name)

    chapter("4. Ben hands off to his next session")
    await ben.end(
        "docstring written", handoff_notes=f"{other} still wants an example.", files_modified=[contested]
    )
    await watch.shows("session.ended", ben.name)
    brief = await ben.start(project, "go on")
    ben.say(f"reads in the brief what he left: {brief['handoff']['handoff_notes']}")
    await ben.end("read the hand-off")
    await ada.end("done")
    await watch.shows("session.ended", ada.name)


async def main() -> None:
    """Play against the server at --url."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--url", default=os.environ.get("INTERLOCK_URL", ""), help="default: the local server"
    )
    parser.add_argument("--key", default=os.environ.get("INTERLOCK_API_KEY", ""), help="default: its owner's")
    parser.add_argument("--checkout", type=Path, default=HERE, help="default: the one of this file")
    parser.add_argument("--project", help="default: the checkout's name")
    given = parser.parse_args()
    project = given.project or given.checkout.resolve().name
    files = largest_files(given.checkout)
    to = connection(given.url, given.key)
    async with AsyncExitStack() as stack:
        watch = await stack.enter_async_context(watching(to, project))
        ada = Agent("ada", await stack.enter_async_context(mcp_client(to)))
        ben = Agent("ben", await stack.enter_async_context(mcp_client(to)))
        try:
            await play(ada, ben, project, files, watch)
        finally:
            await ada.leave()
            await ben.leave()
    chapter("Both are done.")


def stopped(group: BaseExceptionGroup[Failure]) -> str:
    """Return the line of the first failure in a group."""
    first = group.exceptions[0]
    return stopped(first) if isinstance(first, BaseExceptionGroup) else str(first)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except* Failure as failures:
        sys.exit(f"two_agents: {stopped(failures)}")
    except* KeyboardInterrupt:
        sys.exit(130)
