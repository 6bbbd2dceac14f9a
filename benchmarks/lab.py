"""A server's inside in this process: real store, feed, index and GraphQL, with parts that can be taken out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.execution import Execution
from api.metrics import Metrics
from benchmarks.progress import Progress
from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from schema.limits import Limits
from store.feed.feed import Feed
from store.meaning.chroma import Chroma
from store.meaning.embedder import EmbedderChoice
from store.meaning.indexer import Indexer
from store.sqlite.store import SqliteStore

_LOOK_SECONDS = 0.5
_QUIET_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Lab:
    """What `interlock serve` is made of, without HTTP."""

    engine: Engine
    index: Indexer
    execution: Execution

    async def run(self, document: str, **variables: Any) -> Mapping[str, Any]:
        """Return an operation's data; an error ends the benchmark."""
        outcome = await self.execution.execute(
            document, self.execution.context(LOCAL_OWNER), variables=variables
        )
        if outcome.response.get("errors"):
            raise SystemExit(f"{document}: {outcome.response['errors']}")
        return dict(outcome.response["data"])

    async def caught_up(self, count: int) -> None:
        """Wait until `count` records are indexed, telling how far it is; a failing index ends the benchmark."""
        progress = Progress("indexed", count)
        quiet = 0
        while quiet < _QUIET_LOOKS:
            health = self.index.health()
            if health.state in ("off", "failing"):
                raise SystemExit(f"the index is {health.state}: {health.detail}")
            indexed = int(health.figures["indexed"])
            progress.at(min(indexed, count))
            is_done = health.lag == 0 and health.state != "catching up" and indexed >= count
            quiet = quiet + 1 if is_done else 0
            await asyncio.sleep(_LOOK_SECONDS)
        progress.end()


@asynccontextmanager
async def lab(folder: Path, embedder: str = "auto") -> AsyncIterator[Lab]:
    """Open the data in `folder` with its index by meaning."""
    store = await SqliteStore.open(folder)
    try:
        async with Feed(store) as feed:
            index = Indexer(
                store,
                feed,
                EmbedderChoice(embedder),
                Chroma(folder / f"vectors-{embedder}"),
                settle_seconds=0,
            )
            engine = Engine(store, feed, index=index)
            following = asyncio.create_task(index.run())
            try:
                yield Lab(engine, index, Execution(engine, Limits(), Metrics()))
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
                await index.close()
    finally:
        await store.close()
