from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.feed.feed import Feed
from store.sqlite.store import SqliteStore
from tests.feed.feed_parts import Network


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def feed(store: SqliteStore) -> AsyncIterator[Feed]:
    async with Feed(store, poll_seconds=60) as started:
        yield started


@pytest.fixture
def network() -> Network:
    return Network()
