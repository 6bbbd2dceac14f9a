"""Searching through real processes: the server is killed before it indexes, the Chroma server goes and comes."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from store import index_writer as writing
from store import indexer as indexing
from store.chroma import Chroma, ChromaAway
from store.chroma_address import ChromaAddress
from tests.faults.conftest import Serve
from tests.faults.processes import ServerProcess, ask
from tests.store.index_cases import Brain, HashEmbedder, document, embedder

__all__ = ["embedder"]

PATIENCE_SECONDS = 60.0
REGISTER = "mutation($i: RegisterFunctionInput!) { registerFunction(input: $i) { __typename } }"
STATUS = "{ searchIndex { state lag model indexed total isDegraded } }"


class ChromaServer:
    """`chroma run` as a process of its own, on a port and a directory that stay the same."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).with_name("chroma")
        process = self._process = subprocess.Popen(
            [
                str(program),
                "run",
                "--path",
                str(self._folder),
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return process

    async def start(self) -> None:
        process = self.spawn()
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
            while True:
                assert process.poll() is None
                with suppress(httpx.TransportError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/api/v2/heartbeat")).is_success:
                        return
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def client(self) -> Chroma:
        return Chroma(None, ChromaAddress("127.0.0.1", self.port))


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path / "chroma-server")
    yield server
    server.kill()
    # Here, where it is expected, and not in whichever test comes next.
    gc.collect()


# Chroma's client leaves the socket of a call that was cut off to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_chroma_server_that_goes_and_comes_costs_nothing_but_meaning_meanwhile(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAUSE_SECONDS", (0.05, 0.2))
    monkeypatch.setattr(indexing, "_REST_SECONDS", 0.05)
    await chroma.start()
    brain = Brain(tmp_path / "data", embedder, chroma.client)
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        chroma.kill()
        await brain.put(document("b", "kitten"))
        await brain.state("failing")
        assert await brain.near("feline") is None
        await chroma.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while set(await brain.near("feline") or ()) != {"a", "b"}:
                await asyncio.sleep(0.05)
    before = embedder.embedded
    async with brain.running():
        await brain.state("ready")
        assert set(await brain.near("cat") or ()) == {"a", "b"}
    assert embedder.embedded == before + 1, "the server kept the cursor: nothing is indexed again"
    held = chroma.client()
    held.open(embedder.id)
    held.drop()
    held.close()
    async with brain.running():
        await brain.state("ready")
        assert await brain.index.reindex(None) == 2
        await brain.state("ready")


def test_a_server_that_is_not_there_is_away(chroma: ChromaServer) -> None:
    with pytest.raises(ChromaAway):
        chroma.client().open("model")


async def test_what_was_stored_right_before_kill_9_is_indexed_after_the_restart(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve()
    await server.start()
    async with httpx.AsyncClient() as client:
        for n in range(5):
            await _register(client, server, f"function number {n}", n)
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        await server.start()
        status = await _ready(client, server, 5)
        assert (status["model"], status["isDegraded"]) == ("all-minilm-l6-v2-int8-in-8-bits", False)


async def _register(client: httpx.AsyncClient, server: ServerProcess, purpose: str, n: int) -> None:
    given: dict[str, Any] = {"project": "p", "name": f"f{n}", "file": "a.py", "purpose": purpose}
    await ask(client, server.url, REGISTER, i=given)


async def _ready(client: httpx.AsyncClient, server: ServerProcess, indexed: int) -> Any:
    """Wait until so many records were indexed since the start."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            figures = (await client.get(f"{server.url}/metrics")).text
            status = (await ask(client, server.url, STATUS))["searchIndex"]
            if f"interlock_search_indexed_total {indexed}.0" in figures and status["state"] == "ready":
                return status
            await asyncio.sleep(0.1)
