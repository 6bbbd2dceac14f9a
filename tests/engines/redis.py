"""A real `redis-server` on loopback, to be killed and started again."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.engines.ports import free_port
from tests.engines.service import Service, lacks


class RedisServer(Service):
    """One `redis-server` that keeps nothing, on a port that stays the same over restarts."""

    PATIENCE_SECONDS = 60.0

    def __init__(self, directory: Path) -> None:
        path = shutil.which("redis-server")
        if path is None:
            lacks("no redis-server: install Debian's package redis-server")
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}"
        directory.mkdir(parents=True, exist_ok=True)
        place = ("--dir", str(directory), "--save", "", "--appendonly", "no")
        super().__init__(port, (str(path), "--port", str(port), "--bind", "127.0.0.1", *place))
