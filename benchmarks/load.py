"""`python -m benchmarks.load URL CLIENTS`: agents of a process of their own that store and search without a pause."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

from mcp import Client

from benchmarks.calls import answer, connect
from benchmarks.corpus import content, question, title
from benchmarks.servers import ROOT, Server
from benchmarks.workload import sessions

_FIRST = 10_000_000
_READY_SECONDS = 120
STORE_EVERY = 2


@asynccontextmanager
async def load(server: Server, clients: int) -> AsyncIterator[Mapping[str, Any]]:
    """Load `server` meanwhile; what is yielded holds after the end how many `calls` were made."""
    command = (sys.executable, "-m", "benchmarks.load", server.mcp, str(clients))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told: dict[str, Any] = {}
    try:
        await asyncio.wait_for(process.stdout.readline(), _READY_SECONDS)
        yield told
    finally:
        process.stdin.close()
        told["calls"] = int(await process.stdout.readline() or 0)
        await process.wait()


async def _agent(client: Client, session: str, first: int, done: list[int]) -> None:
    for number in count(first):
        if number % STORE_EVERY:
            await answer(client, "memory_query", {"session_id": session, "query": question(number)})
        else:
            document = {"title": title(number), "content": content(number), "memory_type": "learning"}
            await answer(client, "memory_store", {"session_id": session, **document})
        done.append(number)


async def _main(url: str, clients: int) -> None:
    question(0)
    done: list[int] = []
    async with AsyncExitStack() as stack:
        connected = await connect(stack, url, clients)
        ids = await sessions(connected)
        agents = [
            asyncio.create_task(_agent(client, ids[n], _FIRST * (n + 1), done))
            for n, client in enumerate(connected)
        ]
        print("ready", flush=True)
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait([ended, *agents], return_when=asyncio.FIRST_COMPLETED)
        for agent in agents:
            if agent.done():
                agent.result()
            agent.cancel()
        await asyncio.gather(*agents, return_exceptions=True)
    print(len(done), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
