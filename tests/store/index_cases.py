"""What the tests of the search index share: an embedder to foresee, documents, a way to wait."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.feed.feed import Feed
from store.meaning import meanings
from store.meaning.chroma import Chroma
from store.meaning.embedder import Embedder, EmbedderAway, EmbedderChoice
from store.meaning.indexer import Indexer
from store.port import Changes
from store.records import Document, NewEvent
from store.sqlite.store import SqliteStore
from store.words import split_words

PATIENCE_SECONDS = 30.0
SYNONYMS = {"feline": "cat", "kitten": "cat", "automobile": "car"}


class HashEmbedder(Embedder):
    """Stands in for a language model: words are directions, synonyms are the same one."""

    def __init__(self, name: str = "hash-1") -> None:
        self.id = name
        self.is_away = False
        self.embedded = 0
        self.threads: set[int] = set()

    def embed(self, texts: Sequence[str], *, is_patient: bool = True) -> Any:
        self.threads.add(threading.get_ident())
        if self.is_away:
            raise EmbedderAway("the model is away")
        self.embedded += len(texts)
        vectors = np.full((len(texts), 64), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in split_words(text):
                digest = hashlib.sha256(SYNONYMS.get(word, word).encode()).digest()
                vectors[row, digest[0] % 64] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def document(record_id: str, title: str, content: str = "", **more: Any) -> Document:
    return Document(
        **({"project": "p", "type": "learning"} | more), id=record_id, title=title, content=content
    )


class Brain:
    """A store, its feed and its index, each to be opened anew on the same data."""

    def __init__(
        self, data: Path, embedder: HashEmbedder, chroma: Callable[[], Chroma] | None = None
    ) -> None:
        self.data = data
        self.embedder = embedder
        self.make_chroma = chroma or (lambda: Chroma(data / "chroma"))
        self.store: SqliteStore
        self.feed: Feed
        self.index: Indexer

    @property
    def folder(self) -> Path:
        return self.data / "chroma"

    def take_away_folder(self) -> None:
        """Delete the index as `rm -rf` would, again where a file was written into it meanwhile."""
        for _attempt in range(20):
            with suppress(OSError):
                shutil.rmtree(self.folder)
                return
        shutil.rmtree(self.folder)

    @asynccontextmanager
    async def running(self, *, has_index: bool = True, settle_seconds: float = 0.0) -> AsyncIterator[Brain]:
        self.store = await SqliteStore.open(self.data)
        async with Feed(self.store) as self.feed:
            chroma = self.make_chroma()
            self.index = Indexer(
                self.store, self.feed, EmbedderChoice(), chroma, settle_seconds=settle_seconds
            )
            task = asyncio.create_task(self.index.run()) if has_index else None
            try:
                yield self
            finally:
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                    await self.index.close()
        await self.store.close()

    async def put(self, *records: Any, kind: str = "document.stored") -> None:
        puts = tuple(records)
        event = NewEvent(
            project=puts[0].project, kind=kind, subject=puts[0].id, data={"ids": [one.id for one in puts]}
        )
        self.feed.announce(await self.store.commit(Changes(puts=puts, events=(event,))))

    async def change(self, record_id: str, **fields: Any) -> None:
        held = await self.store.get(Document, record_id)
        assert held is not None
        await self.put(replace(held, **fields), kind="document.updated")

    async def near(self, text: str, *projects: str) -> list[str] | None:
        """Return the ids of documents of some nearness, or None if the index cannot answer."""
        found = await self.index.nearest(Document, projects or ("p",), text)
        return None if found is None else [one.record_id for one in found if one.cosine > 0.3]

    async def until(self, text: str, wanted: Any, *projects: str) -> None:
        """Wait until a query answers what is wanted."""
        found: Any = ()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (found := await self.near(text, *projects)) != wanted:
                    await asyncio.sleep(0.02)
        assert found == wanted, self.index.health()

    async def until_lag_is_gone(self) -> None:
        """Wait until all events are indexed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert self.index._writer is not None
            queue = self.index._writer.queue
            while self.index.health().state != "ready" or any(
                queue.settled(project) < self.feed.reached(project) for project in ("p", "q", "shared")
            ):
                await asyncio.sleep(0.02)

    async def state(self, *wanted: str) -> None:
        """Wait until the index says that it is in one of these states."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while self.index.health().state not in wanted:
                    await asyncio.sleep(0.02)
        assert self.index.health().state in wanted, self.index.health()


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> HashEmbedder:
    made = HashEmbedder()
    monkeypatch.setattr(meanings, "make_embedder", lambda choice: made)
    return made


@pytest.fixture
def brain(tmp_path: Path, embedder: HashEmbedder) -> Brain:
    return Brain(tmp_path / "data", embedder)
