"""Which store the settings ask for, and how it is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from api.settings import Settings
from store.errors import Unavailable
from store.moving.snapshot import MovableStore
from store.sqlite.file_lock import DirectoryLock
from store.sqlite.store import SqliteStore


async def open_store(stack: AsyncExitStack, settings: Settings, owner: Mapping[str, str]) -> MovableStore:
    """Open MongoDB if a host is set, else the embedded store; the stack closes it.

    In either case this process serves the data directory alone: it is where local clients find it, as
    `owner` says, and where the search index lies unless a Chroma server keeps it.

    Raises:
        AlreadyServed: another process serves the data directory.
        Unavailable: the store cannot be opened; the reason begins with the setting that names it.
    """
    if settings.mongo is None:
        with _named("INTERLOCK_DATA"):
            embedded = await SqliteStore.open(settings.data, owner=owner)
        stack.push_async_callback(embedded.close)
        return embedded
    # The driver is an extra, and not loaded where nobody asks for it.
    from store.mongo.store import MongoStore

    with _named("INTERLOCK_DATA"):
        lock = await asyncio.to_thread(_claimed, settings.data, owner)
    stack.callback(lock.release)
    with _named("MONGO_URL" if settings.mongo_url else "MONGO_HOST"):
        shared = await MongoStore.open(settings.mongo)
    stack.push_async_callback(shared.close)
    return shared


@contextmanager
def _named(setting: str) -> Iterator[None]:
    try:
        yield
    except Unavailable as exc:
        raise Unavailable(f"{setting}: {exc.reason}", exc.hint) from exc


def _claimed(directory: Path, owner: Mapping[str, str]) -> DirectoryLock:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DirectoryLock(directory, owner)
    except OSError as exc:
        raise Unavailable(
            f"{directory} cannot be used: {exc.strerror or exc}",
            f"let this user write to {directory}, or choose another directory with INTERLOCK_DATA",
        ) from exc
