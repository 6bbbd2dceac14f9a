"""A real Chroma server on loopback, to be killed, frozen, emptied and started again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from store.meaning.chroma import Chroma
from store.meaning.chroma_address import ChromaAddress
from tests.engines.mongod import free_port, lacks

PATIENCE_SECONDS = 60.0


class ChromaServer:
    """`chroma run` as a process of its own, on a port and a directory that stay the same over restarts."""

    def __init__(self, folder: Path) -> None:
        program = Path(sys.executable).with_name("chroma")
        if not program.exists():
            lacks("no chroma: install the extra `semantic`")
        self.port = free_port()
        self._folder = folder
        place = ("--path", str(folder), "--host", "127.0.0.1", "--port", str(self.port))
        self._command = (str(program), "run", *place)
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start the process and do not wait."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.spawn()
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self._process is not None and self._process.poll() is None, "chroma has ended"
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/api/v2/heartbeat", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError("chroma does not answer")

    def kill(self) -> None:
        """Kill it; nothing if it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def lose_all(self) -> None:
        """Take its data away; it must not run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def freeze(self) -> None:
        """Stop it where it stands: its connections stay open and say nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self, database: str = "default_database", token: str = "") -> Chroma:
        """Return a client that is not open yet; a database is made where it is missing."""
        return Chroma(None, ChromaAddress("127.0.0.1", self.port, token=token, database=database))
