"""A server as a process of its own, to be killed and started again on the same data."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.engines.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60.0


class ServerProcess:
    """`interlock serve` on a data directory and a port that stay the same over restarts."""

    patience_seconds = PATIENCE_SECONDS

    def __init__(self, data: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")},
            "INTERLOCK_DATA": str(data),
            "INTERLOCK_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None

    def spawn(self) -> subprocess.Popen[str]:
        """Start the process without waiting for it to answer."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", "serve"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self._process

    async def start(self) -> None:
        """Start and wait for the first answer."""
        process = self.spawn()
        until = time.monotonic() + self.patience_seconds
        async with httpx.AsyncClient() as client:
            while time.monotonic() < until:
                assert process.poll() is None, process.communicate()[1]
                try:
                    await client.get(f"{self.url}/health", timeout=2)
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
                    continue
                return
        raise AssertionError("the server did not answer")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = await asyncio.to_thread(self._process.wait, PATIENCE_SECONDS)
        if self._process.stderr is not None:
            self._process.stderr.close()
        return code

    def kill(self) -> None:
        """Kill the process if it still runs."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait(PATIENCE_SECONDS)
            if process.stderr is not None:
                process.stderr.close()

    async def finish(self) -> tuple[int, str]:
        """Wait for a process that ends by itself; return its exit code and what it said."""
        assert self._process is not None
        said = await asyncio.to_thread(self._process.communicate, timeout=PATIENCE_SECONDS)
        return self._process.returncode, said[1]


async def ask(client: httpx.AsyncClient, url: str, document: str, **variables: Any) -> Any:
    """Return the data of an operation; raises what the transport raises, and AssertionError on errors."""
    answer = await client.post(f"{url}/graphql", json={"query": document, "variables": variables}, timeout=20)
    response = answer.json()
    assert "errors" not in response, response
    return response["data"]
