"""What the tests of moving share: a store filled by real calls, and exports of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.transfer import export_store, import_store, verify_store
from store.moving.verifying import Report
from tests.engines.databases import mongo_databases
from tests.test_store_calls import World, world

QUIET: Any = lambda what, done, total: None  # noqa: E731 - an argument


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[World]:
    """A server's store in `data3`, open, with records of nearly every kind in it."""
    async with world(tmp_path, 3) as made:
        await made.do("completeBacklogItem", itemId=made.items[0], resolution="çela fait — 完了")
        await made.do(
            "changeDocumentStatus",
            documentId=made.documents[0],
            status="SUPERSEDED",
            supersededBy=made.documents[1],
        )
        await made.do("defineSpec", name="s0", content="a second text")
        await made.do("acknowledgeMessage", messageId=made.messages[0])
        await made.do("sendMessage", to=["agent1"], message="back", replyTo=made.messages[1])
        yield made


def embedded(directory: Path) -> Settings:
    """Return settings that name the embedded store in `directory`."""
    return Settings(data=directory, databases=())


def shared(directory: Path) -> Settings:
    """Return settings that name the MongoDB of the tests, emptied."""
    databases = mongo_databases()
    databases.empty()
    return Settings(
        data=directory,
        databases=(),
        mongo_host=databases.replicas.hosts,
        mongo_db="contract",
        mongo_port=27017,
    )


async def export_to(settings: Settings, path: Path, project: str | None = None) -> list[dict[str, Any]]:
    """Export to a file and return its lines, read."""
    with path.open("wb") as file:
        await export_store(settings, file.write, project=project, product="test", advance=QUIET)
    return lines_of(path)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def import_from(settings: Settings, path: Path, *, merge: bool = False) -> Counter[str]:
    """Import a file and return how many of each kind were written."""
    imported = await import_store(settings, path, shown=path.name, merge=merge, dry_run=False, advance=QUIET)
    return imported.written


async def findings(settings: Settings) -> list[str]:
    """Return what is found wrong."""
    return list((await report(settings)).lines())


async def report(settings: Settings) -> Report:
    return await verify_store(settings, project=None, advance=QUIET)
