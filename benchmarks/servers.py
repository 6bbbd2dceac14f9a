"""The servers that are measured, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @property
    def websocket(self) -> str:
        return f"ws{self.url.removeprefix('http')}/graphql"

    def memory(self) -> float:
        """Return the resident memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def interlock(data: Path) -> AsyncIterator[Server]:
    """Serve `data` as `interlock serve` does."""
    async with _served(
        [sys.executable, "-c", "from cli.main import main; main()", "serve"], "/health", data
    ) as server:
        yield server


@asynccontextmanager
async def peer(module: str) -> AsyncIterator[Server]:
    """Serve one of the bare peers in this folder."""
    async with _served([sys.executable, "-m", f"benchmarks.{module}"], "/", Path()) as server:
        yield server


@asynccontextmanager
async def _served(command: Sequence[str], path: str, data: Path) -> AsyncIterator[Server]:
    port = free_port()
    environment = {
        **os.environ,
        "INTERLOCK_PORT": str(port),
        "INTERLOCK_DATA": str(data),
        "INTERLOCK_LOG_LEVEL": "warning",
        "MCP_AUTH_ENABLED": "false",
    }
    process = _spawned(command, environment)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        await answered(server.url + path, process)
        yield server
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def _spawned(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


async def answered(url: str, process: subprocess.Popen[bytes], patience_seconds: float = 30) -> float:
    """Wait for the first answer; returns how many seconds it took."""
    began = time.perf_counter()
    async with httpx.AsyncClient() as client:
        while time.perf_counter() - began < patience_seconds and process.poll() is None:
            try:
                await client.get(url, timeout=2)
            except httpx.TransportError:
                await asyncio.sleep(0.005)
                continue
            return time.perf_counter() - began
    raise SystemExit(f"no answer at {url}")
