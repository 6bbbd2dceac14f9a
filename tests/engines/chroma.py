"""A real Chroma server on loopback, to be killed, frozen, emptied and started again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import httpx

from store.meaning.chroma import Chroma
from store.meaning.chroma_address import ChromaAddress
from tests.engines.ports import free_port
from tests.engines.service import Service, lacks


class ChromaServer(Service):
    """`chroma run` as a process of its own, on a port and a directory that stay the same over restarts."""

    def __init__(self, folder: Path) -> None:
        program = Path(sys.executable).with_name("chroma")
        if not program.exists():
            lacks("no chroma: install the extra `semantic`")
        port = free_port()
        self._folder = folder
        place = ("--path", str(folder), "--host", "127.0.0.1", "--port", str(port))
        super().__init__(port, (str(program), "run", *place))

    def is_well(self) -> bool:
        """Tell whether it answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/v2/heartbeat", timeout=5).is_success
        except httpx.TransportError:
            return False

    def lose_all(self) -> None:
        """Take its data away; it must not run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, database: str = "default_database", token: str = "") -> Chroma:
        """Return a client that is not open yet; a database is made where it is missing."""
        return Chroma(None, ChromaAddress("127.0.0.1", self.port, token=token, database=database))
