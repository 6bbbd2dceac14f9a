"""How an agent of the story calls: by an MCP client, in one session, with every refusal counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mcp import Client

Tell = Callable[[str, str, str], None]


class Refused(Exception):
    """A call failed that the story needs; its text names the agent, the tool and why."""


@dataclass(slots=True)
class Tally:
    """How many calls were made, and what was refused."""

    calls: int = 0
    meant: int = 0
    """Refusals that the story means: two agents want one thing."""
    failed: list[str] = field(default_factory=list)


def tell(project: str, who: str, text: str) -> None:
    """Print a line of the story."""
    print(f"{time.strftime('%H:%M:%S')}  {project:<9}  {who:<10}  {text}", flush=True)


class Agent:
    """An MCP client that acts in one session at a time."""

    def __init__(self, name: str, role: str, project: str, client: Client, tally: Tally, tell: Tell) -> None:
        self.name = name
        self.project = project
        self.task = ""
        self._role = role
        self._client = client
        self._tally = tally
        self._tell = tell
        self._session = ""

    @property
    def is_here(self) -> bool:
        return bool(self._session)

    async def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool in the agent's session and return its result.

        Raises:
            Refused: the tool refused.
        """
        return await self._call("", tool, arguments)

    async def attempt(self, refusal: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that may refuse with the code `refusal`: such an answer holds `code`.

        Raises:
            Refused: the tool refused otherwise.
        """
        return await self._call(refusal, tool, arguments)

    async def _call(self, meant: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._session:
            arguments["session_id"] = self._session
        self._tally.calls += 1
        result = await self._client.call_tool(f"memory_{tool}", arguments)
        answer = dict(result.structured_content or {})
        if not result.is_error:
            return answer
        if meant and answer.get("code") == meant:
            self._tally.meant += 1
            return answer
        raise Refused(f"{self.name}: memory_{tool}: {answer.get('message') or result.content}")

    async def start(self, task: str) -> dict[str, Any]:
        """Start a session and return its brief."""
        self._session = ""
        brief = await self.call(
            "start_session",
            project=self.project,
            claude_instance=self.name,
            role_description=self._role,
            task_description=task,
        )
        self._session = brief["session_id"]
        self.task = task
        return brief

    async def end(self, summary: str, **more: Any) -> None:
        """End the session."""
        await self.call("end_session", summary=summary, **more)
        self._session = ""

    async def beat(self, status: str, task: str | None = None) -> None:
        """Send a heartbeat; without a task, with the one before."""
        if task is not None:
            self.task = task
        await self.call("heartbeat", status=status, current_task=self.task)

    async def lock(self, *files: str, reason: str, wait_seconds: int = 0) -> dict[str, Any]:
        """Ask for files; who holds one is in `conflicts` of the answer."""
        return await self.call("lock_files", files=list(files), reason=reason, wait_seconds=wait_seconds)

    async def send(self, to: str, category: str, text: str, **more: Any) -> str:
        """Send a message, to `agent` or `project/agent`, and return its id."""
        project, _, name = to.rpartition("/")
        if project:
            more["to_project"] = project
        sent = await self.call("send_message", to_instance=name, category=category, message=text, **more)
        return str(sent["message_id"])

    async def read(self) -> list[dict[str, Any]]:
        """Read the inbox and settle each message."""
        messages: list[dict[str, Any]] = (await self.call("get_messages", limit=50)).get("messages", [])
        for message in messages:
            await self.call("acknowledge_message", message_id=message["id"])
        return messages

    def say(self, text: str) -> None:
        """Print a line under the agent's name."""
        self._tell(self.project, self.name, text)
