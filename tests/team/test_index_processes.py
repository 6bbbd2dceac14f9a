"""Two real servers with one MongoDB and one Chroma server: the one that indexes is killed, and stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.meaning.turn import LEASE_SECONDS
from tests.engines.chroma import ChromaServer
from tests.engines.mongod import ReplicaSet
from tests.faults.processes import ROOT, ServerProcess, ask

pytestmark = pytest.mark.skipif(
    "INTERLOCK_TORTURE" not in os.environ, reason="a lease takes its time to end: make torture"
)
PATIENCE_SECONDS = 60.0
REGISTER = "mutation($i: RegisterFunctionInput!) { registerFunction(input: $i) { __typename } }"
STATUS = "{ searchIndex { state lag indexed total indexer process } }"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[ServerProcess]]:
    with ExitStack() as stack:
        chroma, mongo = ChromaServer(tmp_path / "chroma"), ReplicaSet(tmp_path / "mongo")
        stack.callback(chroma.kill)
        chroma.start()
        stack.callback(mongo.kill)
        mongo.start()
        settings = {
            "MONGO_HOST": mongo.hosts,
            "MONGO_DB": "index",
            "CHROMA_HOST": "127.0.0.1",
            "CHROMA_PORT": str(chroma.port),
            "INTERLOCK_LOG_LEVEL": "error",
        }
        made = [ServerProcess(tmp_path / f"server{n}", **settings) for n in range(2)]
        for server in made:
            stack.callback(server.kill)
        yield made


async def test_one_server_indexes_and_when_it_is_killed_or_stopped_the_other_goes_on(
    servers: list[ServerProcess],
) -> None:
    await asyncio.gather(*(server.start() for server in servers))
    async with httpx.AsyncClient() as client:
        for n in range(20):
            await _register(client, servers[n % 2], f"f{n}")
        told = [await _settled(client, server) for server in servers]
        assert told[0]["indexer"] == told[1]["indexer"] in [one["process"] for one in told]
        first, second = servers if told[0]["process"] == told[0]["indexer"] else reversed(servers)

        done = await asyncio.to_thread(_reindex, second)
        assert done.stdout.startswith("20 records indexed"), done.stderr

        await first.end(signal.SIGKILL)
        await _register(client, second, "after")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await _indexes(client, second)
        assert loop.time() - began < 2 * LEASE_SECONDS

        await first.start()
        await _settled(client, first)
        assert await second.end() == 0
        began = loop.time()
        await _indexes(client, first)
        assert loop.time() - began < LEASE_SECONDS / 2


async def _register(client: httpx.AsyncClient, server: ServerProcess, name: str) -> None:
    given = {"project": "p", "name": name, "file": "a.py", "purpose": f"does what {name} does"}
    await ask(client, server.url, REGISTER, i=given)


async def _settled(client: httpx.AsyncClient, server: ServerProcess) -> Any:
    """Wait until all is indexed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            status = (await ask(client, server.url, STATUS))["searchIndex"]
            if status["indexer"] and status["lag"] == 0 and status["state"] in ("ready", "idle"):
                return status
            await asyncio.sleep(0.1)


async def _indexes(client: httpx.AsyncClient, server: ServerProcess) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (status := await _settled(client, server))["indexer"] != status["process"]:
            await asyncio.sleep(0.1)


def _reindex(server: ServerProcess) -> subprocess.CompletedProcess[str]:
    program = "from cli.main import main; main()"
    command = [sys.executable, "-c", program, "reindex", "--url", server.url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
