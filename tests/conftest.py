"""What all tests share: a clock to turn, an engine on the real store, GraphQL through the real schema."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Caller
from schema.context import RequestContext
from schema.root import build_schema
from store.feed.feed import Feed
from store.port import Store
from store.sqlite.store import SqliteStore
from tests.engines.databases import mongo_databases

Run = Callable[..., Awaitable[dict[str, Any]]]


class Clock:
    """The store's clock: real time plus what a test has turned it forward by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def forward(self, **spans: float) -> None:
        """Turn the clock forward by days, hours, minutes and seconds."""
        seconds = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        self.ahead += sum(seconds[unit] * amount for unit, amount in spans.items())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(tmp_path: Path, clock: Clock) -> AsyncIterator[Engine]:
    """An engine with authentication off; `run(..., caller=...)` says who calls."""
    store = await open_store(tmp_path / "data", clock)
    async with Feed(store) as feed:
        yield Engine(store, feed)
    await store.close()


async def open_store(directory: Path, clock: Clock) -> Store:
    """Open what the rules are tested on: the embedded store, or MongoDB where INTERLOCK_TEST_STORE=mongo."""
    if os.environ.get("INTERLOCK_TEST_STORE") == "mongo":
        return await mongo_databases().open(directory, clock=clock)
    return await SqliteStore.open(directory, clock=clock)


@pytest.fixture
def run(engine: Engine) -> Run:
    """Run a GraphQL document; returns its response as a client gets it (data, errors, extensions)."""

    async def execute(
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Caller | None = LOCAL_OWNER,
        operation: str | None = None,
        notices: bool = False,
    ) -> dict[str, Any]:
        context = RequestContext(engine, caller, wants_notices=notices)
        result = await build_schema().execute(
            document, variable_values=dict(variables or {}), context_value=context, operation_name=operation
        )
        return {
            "data": result.data,
            "errors": [error.formatted for error in result.errors or ()],
            "extensions": result.extensions or {},
        }

    return execute


def failure(response: Mapping[str, Any]) -> tuple[str, str]:
    """Return the code and the field of the only error in a response."""
    (error,) = response["errors"]
    return error["extensions"]["code"], error["extensions"].get("field", "")
