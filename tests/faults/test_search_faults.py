"""Searching through real processes: the server is killed before it indexes, the Chroma server goes and comes."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.meaning import indexer as indexing
from store.meaning import writer as writing
from store.meaning.chroma import ChromaAway
from tests.engines.chroma import ChromaServer
from tests.faults.conftest import Serve
from tests.faults.processes import ServerProcess, ask
from tests.store.index_cases import Brain, HashEmbedder, document, embedder

__all__ = ["embedder"]

PATIENCE_SECONDS = 60.0
REGISTER = "mutation($i: RegisterFunctionInput!) { registerFunction(input: $i) { __typename } }"
STATUS = "{ searchIndex { state lag model indexed total isDegraded } }"


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
    await asyncio.to_thread(chroma.start)
    brain = Brain(tmp_path / "data", embedder, chroma.client)
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        chroma.kill()
        await brain.put(document("b", "kitten"))
        await brain.state("failing")
        assert await brain.near("feline") is None
        await asyncio.to_thread(chroma.start)
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
