"""Agents as they really call: MCP clients, and scripts that repeat a GraphQL call by its key until it is answered."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.team.history import Call, History, Outcome

TRY_SECONDS = 60.0
REPEAT_SECONDS = 90.0
TOOLS = Path(__file__).resolve().parent.parent.parent / "mcp_adapter" / "tools"
CALLS = {
    "start": "memory_start_session",
    "lock": "memory_lock_files",
    "unlock": "memory_unlock_files",
    "add": "memory_add_backlog_item",
    "claim": "memory_update_backlog_item",
    "spec": "memory_define_spec",
    "send": "memory_send_message",
    "read": "memory_get_messages",
    "learn": "memory_record_learning",
    "ask": "memory_query",
    "beat": "memory_heartbeat",
}
"""What is done -> the tool that does it."""

_UNSURE = ("UNAVAILABLE", "INTERNAL")


class Agent(ABC):
    """An agent with a session; each of its calls may go to another server."""

    def __init__(self, url: str, name: str, history: History) -> None:
        self.name = name
        self.session = ""
        self._url = url
        self._history = history

    async def start(self, project: str) -> None:
        """Start its session; it must be possible, on a slow machine perhaps not at the first time."""
        given = {"project": project, "claude_instance": self.name, "task_description": "to lose nothing"}
        until = time.monotonic() + TRY_SECONDS
        while (call := await self.call("start", **given)).outcome is Outcome.UNKNOWN:
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.1)
        assert call.is_acknowledged, call
        self.session = call.result["session_id"]

    async def call(self, what: str, **given: Any) -> Call:
        """Make a call and note what came of it; never raises."""
        call = self._history.begin(self.name, what, given)
        arguments = given if what == "start" else {"session_id": self.session, **given}
        outcome, result = await self._answer(CALLS[what], arguments)
        call.answered(outcome, result)
        return call

    @abstractmethod
    async def _answer(self, tool: str, arguments: Mapping[str, Any]) -> tuple[Outcome, Mapping[str, Any]]:
        """Return what the caller learns."""

    @abstractmethod
    async def close(self) -> None:
        """Hang up."""


def _judged(code: str) -> Outcome:
    return Outcome.UNKNOWN if code in _UNSURE else Outcome.REFUSED


class McpAgent(Agent):
    """Calls tools by the SDK and, as most agents would, does not repeat a call whose answer is lost."""

    def __init__(self, url: str, name: str, history: History, mode: str) -> None:
        super().__init__(url, name, history)
        self._mode = mode
        self._asked: asyncio.Queue[tuple[str, dict[str, Any], asyncio.Future[Any]]] = asyncio.Queue()
        self._connection: asyncio.Task[None] | None = None

    async def _answer(self, tool: str, arguments: Mapping[str, Any]) -> tuple[Outcome, Mapping[str, Any]]:
        if self._connection is None:
            self._connection = asyncio.create_task(self._connected())
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((tool, dict(arguments), answer))
        await asyncio.wait(
            (answer, self._connection), timeout=TRY_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if not answer.done():
            answer.cancel()
            return Outcome.UNKNOWN, {"error": repr(await self._hung_up())[:300]}
        result = answer.result()
        told = dict(result.structured_content or {})
        return (_judged(told.get("code", "")) if result.is_error else Outcome.ACKNOWLEDGED), told

    async def _connected(self) -> None:
        """Answer calls until one fails; a task of its own, for the SDK cancels the one it fails in."""
        # A connection for each call: so they go round the servers.
        limits = httpx2.Limits(max_keepalive_connections=0)
        async with (
            httpx2.AsyncClient(limits=limits, timeout=TRY_SECONDS) as wire,
            Client(streamable_http_client(f"{self._url}/mcp", http_client=wire), mode=self._mode) as client,
        ):
            while True:
                tool, arguments, answer = await self._asked.get()
                result = await client.call_tool(tool, arguments)
                if not answer.done():
                    answer.set_result(result)

    async def _hung_up(self) -> BaseException | None:
        connection, self._connection, self._asked = self._connection, None, asyncio.Queue()
        if connection is None:
            return None
        connection.cancel()
        (error,) = await asyncio.gather(connection, return_exceptions=True)
        return error

    async def close(self) -> None:
        await self._hung_up()


class KeyedAgent(Agent):
    """Sends each tool's own operation with an idempotency key, again and again until it is answered."""

    def __init__(self, url: str, name: str, history: History) -> None:
        super().__init__(url, name, history)
        limits = httpx.Limits(max_keepalive_connections=0)
        self.wire = httpx.AsyncClient(base_url=url, timeout=TRY_SECONDS, limits=limits)

    async def tried(self, what: str, **given: Any) -> tuple[Outcome, Mapping[str, Any]]:
        """Make a call once, out of the history."""
        arguments = given if what == "start" else {"session_id": self.session, **given}
        return await self._tried(CALLS[what], {**arguments, "key": secrets.token_hex(8)})

    async def _answer(self, tool: str, arguments: Mapping[str, Any]) -> tuple[Outcome, Mapping[str, Any]]:
        variables = {**arguments, "key": secrets.token_hex(8)}
        until = time.monotonic() + REPEAT_SECONDS
        outcome: tuple[Outcome, Mapping[str, Any]] = (Outcome.UNKNOWN, {})
        while outcome[0] is Outcome.UNKNOWN and time.monotonic() < until:
            outcome = await self._tried(tool, variables)
            if outcome[0] is Outcome.UNKNOWN:
                await asyncio.sleep(0.1)
        return outcome

    async def _tried(self, tool: str, variables: Mapping[str, Any]) -> tuple[Outcome, Mapping[str, Any]]:
        try:
            document = keyed(tool)
            given = {name: value for name, value in variables.items() if f"${name}:" in document}
            answer = await self.wire.post("/graphql", json={"query": document, "variables": given})
            response = answer.json()
        except (httpx.TransportError, json.JSONDecodeError) as error:
            return Outcome.UNKNOWN, {"error": repr(error)[:200]}
        if "errors" in response:
            error = response["errors"][0]
            told = {"message": error["message"], **error.get("extensions", {})}
            return _judged(told.get("code", "")), told
        return Outcome.ACKNOWLEDGED, response["data"]["result"]

    async def close(self) -> None:
        await self.wire.aclose()


def keyed(tool: str) -> str:
    """Return a tool's operation with an idempotency key to be given; a query takes none and needs none."""
    text = (TOOLS / f"{tool}.graphql").read_text()
    if re.search(r"^query ", text, re.MULTILINE):
        return text
    text = re.sub(r"(mutation \w+\()", r"\1$key: String ", text, count=1)
    return re.sub(r"(result: \w+\()", r"\1idempotencyKey: $key, ", text, count=1)
