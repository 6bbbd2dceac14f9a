"""Which adapters the contract is held against, and records to hold it with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from store.port import Store
from store.records import EPOCH, BacklogItem
from store.sqlite.store import SqliteStore
from tests.engines.databases import mongo_databases

Opener = Callable[[], Awaitable[Store]]
OPENERS: dict[str, Callable[[Path], Awaitable[Store]]] = {
    "sqlite": SqliteStore.open,
    "mongo": lambda directory: mongo_databases().open(directory),
}
SAMPLES: dict[Any, Any] = {str: "text", int: 7, datetime: EPOCH + timedelta(days=20_000)}


@pytest.fixture(params=sorted(OPENERS))
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Return what opens the store under test; every call opens the same data."""
    return lambda: OPENERS[request.param](tmp_path / "data")


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[Store]:
    opened = await opener()
    yield opened
    await opened.close()


@pytest.fixture
def make() -> Callable[..., Any]:
    """Return what makes a record of any kind, the fields that have no default filled in."""
    return make_record


def make_record(kind: type[Any], **given: Any) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {"project": "p"}
    for field in fields(kind):
        if field.default is MISSING and field.default_factory is MISSING:
            values.setdefault(field.name, SAMPLES.get(hints[field.name]))
            if values[field.name] is None:
                values[field.name] = {} if "Mapping" in str(hints[field.name]) else ()
    return kind(**(values | given))


@pytest.fixture
def item() -> Callable[..., BacklogItem]:
    """Return what makes a backlog item."""

    def item_of(record_id: str, **given: Any) -> BacklogItem:
        return BacklogItem(**({"id": record_id, "project": "p", "title": record_id} | given))

    return item_of


@pytest.fixture
def quick_threads() -> Iterator[None]:
    """Switch threads a hundred times as often, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    yield
    sys.setswitchinterval(before)
