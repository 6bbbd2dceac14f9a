"""What a team runs, as processes on loopback: three `mongod`, Redis, Chroma, three servers and a proxy before them."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from store.mongo.address import MongoAddress
from tests.engines.chroma import ChromaServer
from tests.engines.mongod import ReplicaSet
from tests.engines.redis import RedisServer
from tests.faults.processes import ROOT, ServerProcess
from tests.team.meanings import ModelServer

SERVERS = 3
LIMIT_SECONDS = 90.0
TURNED_CLOCK = Path(__file__).parent / "turned_clock"


class TeamServer(ServerProcess):
    """One of several servers; what it says goes to a file, for nobody reads along."""

    # Eight processes start at once.
    patience_seconds = LIMIT_SECONDS

    def __init__(self, data: Path, **environment: str) -> None:
        super().__init__(data, **environment)
        self._said = data.with_suffix(".log")

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def turn_clock(self, seconds: float) -> None:
        """Let the clock of its machine be ahead by `seconds` from its next start on."""
        self._environment["CLOCK_AHEAD_SECONDS"] = str(seconds)
        self._environment["PYTHONPATH"] = f"{TURNED_CLOCK}:{ROOT}"

    def said(self) -> str:
        """Return what it wrote to its error output, over all its starts."""
        return self._said.read_text() if self._said.exists() else ""

    def spawn(self) -> subprocess.Popen[str]:
        with self._said.open("a") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from cli.main import main; main()", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=said,
                text=True,
            )
        return self._process


class Topology:
    """All services of a team; everything that was started is killed by `kill`."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.mongo = ReplicaSet(directory / "mongo", 3)
        self.redis = RedisServer(directory / "redis")
        self.chroma = ChromaServer(directory / "chroma")
        self.model = ModelServer()
        self.database = "team"
        settings = {
            "MONGO_HOST": self.mongo.hosts,
            "MONGO_DB": self.database,
            "BROADCAST_URL": self.redis.url,
            "INTERLOCK_LOG_LEVEL": "warning",
            "CHROMA_HOST": "127.0.0.1",
            "CHROMA_PORT": str(self.chroma.port),
            "INTERLOCK_EMBEDDER": self.model.url,
            **environment,
        }
        self.servers = [TeamServer(directory / f"server{n}", **settings) for n in range(SERVERS)]

    @property
    def ports(self) -> list[int]:
        """Where the servers listen."""
        return [server.port for server in self.servers]

    @property
    def address(self) -> MongoAddress:
        """Where their store is."""
        return MongoAddress(self.mongo.hosts, database=self.database)

    def start(self) -> None:
        """Start everything and wait until each server answers."""
        self.redis.start()
        self.chroma.spawn()
        self.mongo.start()
        asyncio.run(self.start_servers())

    async def start_servers(self) -> None:
        """Start the servers that do not run."""
        await asyncio.gather(*(server.start() for server in self.servers))

    async def until_well(self, *servers: TeamServer) -> None:
        """Wait until these servers, or all, find all that they need."""
        async with asyncio.timeout(LIMIT_SECONDS), httpx.AsyncClient() as client:
            for server in servers or self.servers:
                while not await _is_well(client, server.url):
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Kill everything."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.model.kill)
            stack.callback(self.mongo.kill)
            stack.callback(self.chroma.kill)
            stack.callback(self.redis.kill)
            for server in self.servers:
                stack.callback(server.kill)


async def _is_well(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/health", timeout=10)).json()["status"] == "ok"
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def running(directory: Path, **environment: str) -> Iterator[Topology]:
    """Run a team's services while entered."""
    directory.mkdir(parents=True, exist_ok=True)
    topology = Topology(directory, **environment)
    try:
        topology.start()
        yield topology
    finally:
        topology.kill()
