"""A service as a process of its own on loopback: started, frozen, and killed as a power cut would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from typing import Any

import pytest


def lacks(what: str) -> Any:
    """Skip the test for want of a service; fail it where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


class Service:
    """A process on a port that stays the same over restarts. It is well when its port takes connections."""

    PATIENCE_SECONDS = 60.0

    def __init__(self, port: int, command: tuple[str, ...]) -> None:
        self.port = port
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start the process and do not wait."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        """Start the process and wait until it is well."""
        self.spawn()
        until = time.monotonic() + self.PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self._process is not None and self._process.poll() is None, f"{self._command[0]} has ended"
            if self.is_well():
                return
            time.sleep(0.02)
        raise AssertionError(f"{self._command[0]} does not answer")

    def is_well(self) -> bool:
        """Tell whether it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill it; nothing if it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(self.PATIENCE_SECONDS)
            self._process = None

    def freeze(self) -> None:
        """Stop it where it stands: its connections stay open and say nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
