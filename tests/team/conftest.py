"""Two server processes' engines on one MongoDB, waking each other through a real Redis; calls go to them in turn."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Caller
from schema.context import RequestContext
from schema.root import build_schema
from store.feed.feed import Feed
from tests.conftest import Clock, Run
from tests.engines.databases import mongo_databases
from tests.engines.redis import RedisServer


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def engines(tmp_path: Path, clock: Clock, redis: RedisServer) -> AsyncIterator[tuple[Engine, Engine]]:
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            store = await mongo_databases().open(tmp_path / "data", clock=clock)
            stack.push_async_callback(store.close)
            feed = await stack.enter_async_context(Feed(store, redis.url, namespace=tmp_path.name))
            made.append(Engine(store, feed))
        yield made[0], made[1]


@pytest.fixture
def engine(engines: tuple[Engine, Engine]) -> Engine:
    """One of the two, for a test to look into the store."""
    return engines[0]


@pytest.fixture
def run(engines: tuple[Engine, Engine]) -> Run:
    """Run a GraphQL document in the one process and the next in the other."""
    turns = itertools.cycle(engines)

    async def execute(
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Caller | None = LOCAL_OWNER,
        operation: str | None = None,
        notices: bool = False,
    ) -> dict[str, Any]:
        context = RequestContext(next(turns), caller, wants_notices=notices)
        result = await build_schema().execute(
            document, variable_values=dict(variables or {}), context_value=context, operation_name=operation
        )
        return {
            "data": result.data,
            "errors": [error.formatted for error in result.errors or ()],
            "extensions": result.extensions or {},
        }

    return execute
