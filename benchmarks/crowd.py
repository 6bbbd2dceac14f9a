"""Agents that call at a steady pace over MCP, all kinds of calls in turn, so that every view has something to follow."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp import Client

from benchmarks.calls import answer, connect
from benchmarks.workload import sessions

AGENTS = 10
ITEMS = 4
"""Backlog items that each agent adds at its start."""
PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(slots=True)
class Agent:
    """One agent; `session` is where it works."""

    number: int
    client: Client
    session: str
    items: list[str] = field(default_factory=list)
    edited: str = ""

    @property
    def name(self) -> str:
        return f"bench-{self.number}"

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool in the agent's session; an error ends the benchmark."""
        return await answer(self.client, f"memory_{tool}", {"session_id": self.session, **arguments})

    async def act(self, number: int) -> None:
        """Make the call whose turn it is."""
        # Agents begin at different places of the round, so that rare calls come evenly.
        name = ROUND[(number + self.number * len(ROUND) // AGENTS) % len(ROUND)]
        tool, arguments = CALLS[name](self, number)
        await self.call(tool, **arguments)

    async def settle(self) -> None:
        """Leave something of each kind, so that no view is empty."""
        await self.call("lock_files", files=[held(self.number)], reason="at work on it")
        for number in range(ITEMS):
            added = await self.call(
                "add_backlog_item",
                title=f"item {number} of {self.name}",
                description="something to be done",
                priority=PRIORITIES[number],
            )
            self.items.append(added["id"])
        await self.call("checklist", action="create", name=f"before {self.name} merges", items=["tests pass"])
        for name in ("work", "function", "spec", "guideline", "document", "message"):
            tool, arguments = CALLS[name](self, -1)
            await self.call(tool, **arguments)


def held(number: int) -> str:
    """Return the path that an agent holds all the time."""
    return f"src/held/by_{number}.py"


Turn = Callable[[Agent, int], tuple[str, Mapping[str, Any]]]


def _lock(agent: Agent, number: int) -> tuple[str, Mapping[str, Any]]:
    if agent.edited:
        path, agent.edited = agent.edited, ""
        return "unlock_files", {"files": [path]}
    agent.edited = f"src/{agent.name}/part_{number % 10}.py"
    return "lock_files", {"files": [agent.edited], "reason": "edit"}


CALLS: Mapping[str, Turn] = {
    "lock": _lock,
    "beat": lambda a, n: ("heartbeat", {"status": "busy", "current_task": f"step {n}"}),
    "message": lambda a, n: (
        "send_message",
        {
            "to_instance": f"bench-{(a.number + 1) % AGENTS}",
            "message": f"{n}: the parser is ready for review",
        },
    ),
    "read": lambda a, n: ("get_messages", {"limit": 5}),
    "work": lambda a, n: ("update_work", {"title": f"work {n}", "status": "in_progress"}),
    "backlog": lambda a, n: (
        "update_backlog_item",
        {
            "item_id": a.items[n % ITEMS],
            "title": f"item {n % ITEMS} of {a.name}, as of {n}",
            "priority": PRIORITIES[n // ITEMS % 4],
        },
    ),
    "function": lambda a, n: (
        "register_function",
        {
            "name": f"{a.name}.step_{n % 20}",
            "file": f"src/{a.name}/steps.py",
            "purpose": f"does step {n}",
            "code": f"def step():\n    return {n}\n",
        },
    ),
    "spec": lambda a, n: (
        "define_spec",
        {"name": f"api of {a.name}", "content": f"GET /steps/{n}\nanswers the step\n"},
    ),
    "checklist": lambda a, n: (
        "checklist",
        {"action": "check", "name": f"before {a.name} merges", "item_index": 0, "done": n % 100 < 50},
    ),
    "guideline": lambda a, n: (
        "guidelines",
        {"action": "set", "name": f"what {a.name} asks", "rule": f"name things after step {n}"},
    ),
    "document": lambda a, n: (
        "store",
        {
            "title": f"step {n} of {a.name}",
            "content": f"step {n} of {a.name} needs the parser {n * 7919 % 1009} and the clock {n * 104729 % 997}",
            "memory_type": "pattern",
        },
    ),
}
_WEIGHTS = {
    "lock": 16, "beat": 9, "message": 5, "read": 2, "work": 6, "backlog": 5,
    "function": 2, "spec": 2, "checklist": 1, "guideline": 1, "document": 1,
}  # fmt: skip
ROUND = random.Random(1).sample(
    sorted(_WEIGHTS), sum(_WEIGHTS.values()), counts=[_WEIGHTS[n] for n in sorted(_WEIGHTS)]
)
"""The kinds of calls in the order in which each agent makes them, over and over."""


class Crowd:
    """The agents of the benchmark's project."""

    def __init__(self, agents: list[Agent]) -> None:
        self.agents = agents
        self._numbers = dict.fromkeys((agent.number for agent in agents), 0)

    @asynccontextmanager
    async def at_work(self, calls_a_second: float) -> AsyncIterator[None]:
        """Let all of them call, at this pace together; a failed call ends the benchmark."""
        over = asyncio.Event()
        pace = calls_a_second / AGENTS
        tasks = [asyncio.create_task(self._paced(agent, pace, over)) for agent in self.agents]
        try:
            yield
        finally:
            # A call that has begun comes to its end: half of one would leave a lock of which nobody knows.
            over.set()
            await asyncio.gather(*tasks)

    async def _paced(self, agent: Agent, calls_a_second: float, over: asyncio.Event) -> None:
        due = time.perf_counter() + agent.number / AGENTS / calls_a_second
        while not over.is_set():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            due += 1 / calls_a_second
            self._numbers[agent.number] += 1
            await agent.act(self._numbers[agent.number])


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[Crowd]:
    """Bring the agents to the server's MCP address, each with a session and something of each kind."""
    try:
        async with AsyncExitStack() as stack:
            clients = await connect(stack, url, AGENTS)
            ids = await sessions(clients)
            agents = [Agent(*one) for one in zip(range(AGENTS), clients, ids, strict=True)]
            for agent in agents:
                await agent.settle()
            yield Crowd(agents)
    except BaseExceptionGroup as group:
        # The clients' own task groups wrap whatever ends the benchmark, each once more.
        raise _innermost(group) from group


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
