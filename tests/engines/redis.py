"""A real `redis-server` on loopback, to be killed and started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.engines.mongod import free_port, lacks

PATIENCE_SECONDS = 20.0


class RedisServer:
    """One `redis-server` that keeps nothing, on a port that stays the same over restarts."""

    def __init__(self, directory: Path) -> None:
        path = shutil.which("redis-server")
        if path is None:
            lacks("no redis-server: install Debian's package redis-server")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        directory.mkdir(parents=True, exist_ok=True)
        place = ("--dir", str(directory), "--save", "", "--appendonly", "no")
        self._command = (path, "--port", str(self.port), "--bind", "127.0.0.1", *place)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self._process.poll() is None, f"redis-server ended with {self._process.returncode}"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("redis-server does not listen")

    def kill(self) -> None:
        """Kill it; nothing if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_SECONDS)
            self._process = None
