"""The server of a demo: `interlock serve` as a child process, deaf to the settings of other servers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from cli.failure import Failure

START_SECONDS = 60
END_SECONDS = 15
PORTS = 50
LOG = "server.log"
# The story must never reach a store, an index or an endpoint that a real team uses.
_NOT_PASSED_ON = ("INTERLOCK_", "MONGO_", "CHROMA_", "BROADCAST_", "MCP_", "DB_")
_ROOT = Path(__file__).resolve().parent.parent.parent
_RUN = "import sys; sys.path.append(sys.argv.pop(1)); from cli.main import main; main()"


class Server:
    """A server that runs, and where."""

    def __init__(self, url: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.url = url
        self._process = process
        self._log = log

    async def ended(self) -> Failure:
        """Wait until the server ends by itself; return what it said last."""
        await self._process.wait()
        return _ended(self._log)


@asynccontextmanager
async def serving(data: Path, port: int) -> AsyncIterator[Server]:
    """Serve a data directory on loopback, at the port or the first free one after it; 0 picks one.

    Raises:
        Failure: the server does not start; the text is its last line.
    """
    log = data / LOG
    with log.open("ab") as said:
        process = await _spawn(data, _free_port(port), said)
    drain: asyncio.Task[None] | None = None
    try:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                url = await _address(process.stdout, log)
        except TimeoutError as error:
            raise Failure(f"the server did not start within {START_SECONDS} s") from error
        drain = asyncio.create_task(_drain(process.stdout))
        yield Server(url, process, log)
    finally:
        await _stop(process)
        if drain is not None:
            await drain


async def _spawn(data: Path, port: int, said: IO[bytes]) -> asyncio.subprocess.Process:
    given = ("serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(data))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a folder named like one of ours, where the demo is started, is not to be imported
        "-c",
        _RUN,
        str(_ROOT),
        *given,
        cwd=data,  # an `.env` of the directory where the demo is started is not to be read
        env=_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,  # Ctrl-C is for the demo, which ends the server after the agents
    )


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if not name.startswith(_NOT_PASSED_ON)}


async def _address(lines: asyncio.StreamReader, log: Path) -> str:
    async for line in lines:
        word, _, address = line.decode().strip().partition(" ")
        if word == "MCP":
            return address.strip().removesuffix("/mcp")
    raise _ended(log)


def _ended(log: Path) -> Failure:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return Failure(
        f"the server ended: {lines[-1].removeprefix('interlock: ') if lines else 'it said nothing'}"
    )


async def _drain(lines: asyncio.StreamReader) -> None:
    async for _ in lines:
        pass


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port(first: int) -> int:
    if first == 0:
        return 0
    for port in range(first, min(first + PORTS, 65536)):
        with socket.socket() as probe:
            if os.name != "nt":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failure(f"no port from {first} on is free: pass another by --port")
