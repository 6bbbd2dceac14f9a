"""How tool calls are timed: ours and the echo's in turn, so that the machine's drift hits both."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from mcp import Client

Arguments = Callable[[int, int], Mapping[str, Any]]
"""(client's number, call's number) -> the arguments of that call."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool with its arguments."""

    name: str
    arguments: Arguments


ECHO = Call("echo", lambda client, number: {"text": f"a line of about sixty characters, {client} {number}"})


async def connect(stack: AsyncExitStack, url: str, count: int) -> list[Client]:
    """Return `count` connected clients that close with `stack`."""
    return [await stack.enter_async_context(Client(url)) for _ in range(count)]


async def answer(client: Client, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call a tool and return its result; an error ends the benchmark."""
    result = await client.call_tool(name, dict(arguments))
    if result.is_error:
        raise SystemExit(f"{name}({dict(arguments)}): {result.content}")
    return dict(result.structured_content or {})


async def times(clients: list[Client], call: Call, rounds: int, start: int) -> list[float]:
    """Return the seconds of each call: every client calls `rounds` times, one after the other."""

    async def one(number: int, client: Client) -> list[float]:
        taken = []
        for index in range(start, start + rounds):
            arguments = call.arguments(number, index)
            began = time.perf_counter()
            await answer(client, call.name, arguments)
            taken.append(time.perf_counter() - began)
        return taken

    lists = await asyncio.gather(*(one(number, client) for number, client in enumerate(clients)))
    return [second for taken in lists for second in taken]


async def against_echo(
    ours: list[Client], echoes: list[Client], call: Call, *, blocks: int, rounds: int
) -> tuple[float, float]:
    """Return the p50 of our tool and of the echo, in seconds, over blocks taken in turn."""
    mine: list[float] = []
    theirs: list[float] = []
    await times(ours, call, 5, 0)
    await times(echoes, ECHO, 5, 0)
    for block in range(blocks):
        theirs += await times(echoes, ECHO, rounds, 5 + block * rounds)
        mine += await times(ours, call, rounds, 5 + block * rounds)
    return statistics.median(mine), statistics.median(theirs)
