"""A Chroma server that is wrong, slow or gone: it is said in one line, searches go by words, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from store.index import IndexAway
from store.meaning import indexer as indexing
from store.meaning import writer as writing
from store.meaning.chroma import Chroma, ChromaAway
from store.meaning.chroma_address import ChromaAddress
from tests.engines.chroma import ChromaServer
from tests.engines.ports import free_port
from tests.store.index_cases import Brain, HashEmbedder, document, embedder

__all__ = ["embedder"]

# Chroma's client leaves the socket of a call that was cut off to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PAUSE_SECONDS", (0.05, 0.2))
    monkeypatch.setattr(indexing, "_REST_SECONDS", 0.05)


@contextmanager
def peer(answers: dict[str, tuple[int, object]], token: str = "") -> Iterator[int]:
    """Stand in for a server or a proxy before one; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, {}))
            if token and self.headers["Authorization"] != f"Bearer {token}":
                status, body = 401, {"error": "Unauthorized"}
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(port: int, **more: str) -> None:
    chroma = Chroma(None, ChromaAddress("127.0.0.1", port, **more))  # type: ignore[arg-type]
    try:
        chroma.open("model")
    finally:
        chroma.close()


def test_a_wrong_token_is_said_with_the_name_of_the_setting_and_not_with_the_token() -> None:
    with peer({}, token="right") as port, pytest.raises(ChromaAway) as caught:
        opened(port, token="wr0ng")
    assert str(caught.value) == f"http://127.0.0.1:{port} refuses us (401): see CHROMA_TOKEN"
    assert "wr0ng" not in repr(ChromaAddress("h", token="wr0ng"))


def test_a_server_of_another_version_is_refused_with_both_versions() -> None:
    answers = {
        "/api/v2/heartbeat": (200, {"nanosecond heartbeat": 1}),
        "/api/v2/version": (200, "7.2.0"),
    }
    with peer(answers) as port, pytest.raises(ChromaAway, match=r"is Chroma 7\.2\.0, this client is 1\."):
        opened(port)


def test_a_server_that_is_something_else_is_said_to_be_none() -> None:
    with (
        peer({"/api/v2/heartbeat": (200, "hello")}) as port,
        pytest.raises(ChromaAway, match="no Chroma server"),
    ):
        opened(port)


def test_a_tenant_that_does_not_exist_is_named(chroma: ChromaServer) -> None:
    with pytest.raises(ChromaAway, match="nobodys"):
        opened(chroma.port, tenant="nobodys")


async def test_stores_of_their_own_databases_in_one_chroma_server_see_nothing_of_each_other(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer
) -> None:
    for name, text in (("one", "cat"), ("other", "kitten")):
        brain = Brain(tmp_path / name, embedder, lambda name=name: chroma.client(f"database-{name}"))
        async with brain.running():
            await brain.put(document(name, text))
            await brain.until("feline", [name])


async def test_with_a_wrong_port_documents_are_stored_and_a_reindex_is_refused_until_it_is_right(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer
) -> None:
    wrong = Brain(tmp_path / "data", embedder, lambda: Chroma(None, ChromaAddress("127.0.0.1", free_port())))
    async with wrong.running():
        await wrong.put(document("a", "cat"))
        assert await wrong.near("feline") is None
        await wrong.state("failing")
        health = wrong.index.health()
        assert (health.is_degraded, health.is_reachable) == (True, False)
        with pytest.raises(IndexAway):
            await wrong.index.reindex(None)
    right = Brain(tmp_path / "data", embedder, lambda: chroma.client("wrong-port"))
    async with right.running():
        await right.until("feline", ["a"])


async def test_a_server_that_says_nothing_holds_up_neither_the_loop_nor_a_search(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_ASK_SECONDS", 0.3)
    brain = Brain(tmp_path / "data", embedder, lambda: chroma.client("frozen"))
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        chroma.freeze()
        try:
            began = time.monotonic()
            ticks = asyncio.create_task(_longest_gap())
            assert await brain.near("cat") is None
            assert time.monotonic() - began < 4
            await brain.put(document("b", "kitten"))
            ticks.cancel()
            assert await ticks < 1.5
        finally:
            chroma.thaw()
        async with asyncio.timeout(20):
            while set(await brain.near("feline") or ()) != {"a", "b"}:
                await asyncio.sleep(0.05)


async def _longest_gap() -> float:
    """Return, once cancelled, the longest time that the event loop did not come round."""
    longest, before = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            longest, before = max(longest, now - before), now
    except asyncio.CancelledError:
        return longest


async def test_a_loss_is_noticed_though_nobody_asks_and_nothing_is_stored(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LOOK_SECONDS", 0.05)
    brain = Brain(tmp_path / "data", embedder, lambda: chroma.client("lost"))
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
        before = embedder.embedded
        chroma.kill()
        chroma.lose_all()
        chroma.start()
        async with asyncio.timeout(20):
            while embedder.embedded == before:
                await asyncio.sleep(0.02)
        await brain.until("feline", ["a"])


async def test_a_loss_while_the_process_was_down_is_noticed_at_its_start(
    tmp_path: Path, embedder: HashEmbedder, chroma: ChromaServer
) -> None:
    names = iter(("before", "emptied"))
    brain = Brain(tmp_path / "data", embedder, lambda: chroma.client(next(names)))
    async with brain.running():
        await brain.put(document("a", "cat"))
        await brain.until("feline", ["a"])
    async with brain.running():
        await brain.state("ready")
        await brain.until("feline", ["a"])
