"""Ports for what tests start as processes: theirs alone, and still theirs when the process starts again."""

from __future__ import annotations

import os
import random
import re
import socket
from collections.abc import Iterator

_FIRST, _A_WORKER, _WORKERS = 11_000, 2_500, 8
"""Below what systems give to outgoing connections, of which one may take a port while its service is down."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on, another each time; no other test worker returns it."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("all ports have been used")


def _shuffled() -> Iterator[int]:
    worker = re.search(r"\d+", os.environ.get("PYTEST_XDIST_WORKER", ""))
    first = _FIRST + (int(worker[0]) if worker else 0) % _WORKERS * _A_WORKER
    return iter(random.sample(range(first, first + _A_WORKER), _A_WORKER))


_ports = _shuffled()
