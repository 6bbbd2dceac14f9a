"""Processes that the durability tests start, kill and starve: `python -m tests.store.children NAME DIRECTORY`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from store.errors import AlreadyServed, Unavailable
from store.port import Changes
from store.records import BacklogItem, NewEvent
from store.sqlite.store import SqliteStore


def say(**words: object) -> None:
    """Report a line through the pipe, past every buffer."""
    os.write(1, json.dumps(words).encode() + b"\n")


def pair(name: str, text: str = "") -> Changes:
    """Return a commit of two records and an event that must be there together or not at all."""
    left, right = (
        BacklogItem(id=f"{side}{name}", project="p", title="pair", description=text) for side in "ab"
    )
    return Changes((left, right), events=(NewEvent(project="p", kind="a.b", subject=name),))


async def write_for_ever(directory: Path) -> None:
    store = await SqliteStore.open(directory)
    prefix = sys.argv[3]

    async def write(writer: int) -> None:
        n = 0
        while True:
            n += 1
            await store.commit(pair(f"{prefix}-{writer}-{n}", "x" * (n * 37 % 3000)))
            say(acknowledged=f"{prefix}-{writer}-{n}")

    await asyncio.gather(*(write(n) for n in range(8)))


async def hold(directory: Path) -> None:
    store = await SqliteStore.open(directory, owner={"url": "http://127.0.0.1:1234"})
    say(held=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()


async def open_once(directory: Path) -> None:
    try:
        store = await SqliteStore.open(directory)
    except AlreadyServed as exc:
        say(refused=str(exc), path=exc.path)
    except Unavailable as exc:
        say(unavailable=exc.reason, hint=exc.hint)
    else:
        await store.close()
        say(opened=True)


async def open_as_nobody(directory: Path) -> None:
    # The store's own imports must be done: nobody may be unable to read where Python lives.
    await asyncio.to_thread(os.getpid)
    await asyncio.to_thread(lambda: directory.absolute().as_uri())
    if os.getuid() == 0:
        os.setuid(65_534)
    directory.parent.stat()
    await open_once(directory)


async def _fill(store: SqliteStore, size: int) -> str:
    for n in range(100_000):
        try:
            await store.commit(pair(f"full-{size}-{n}", "x" * size))
        except Unavailable as exc:
            return json.dumps([exc.reason, exc.hint])
        say(acknowledged=f"full-{size}-{n}")
    return "never full"


async def _starve(directory: Path, make_room: object) -> None:
    store = await SqliteStore.open(directory)
    say(stopped=await _fill(store, 20_000))
    await _fill(store, 1)
    with contextlib.suppress(Unavailable):
        await asyncio.gather(*(store.commit(pair(f"batch-{n}", "x" * 20_000)) for n in range(20)))
    health = await store.health()
    for _ in range(100):
        # The probe is small: it may fit a few times where no pair does.
        if not health.can_write:
            break
        health = await store.health()
    say(can_read=health.can_read, can_write=health.can_write, detail=health.detail)
    say(count=await store.count(BacklogItem, {}))
    assert callable(make_room)
    make_room()
    await store.commit(pair("afterwards"))
    say(acknowledged="afterwards")
    say(can_write=(await store.health()).can_write)
    await store.close()


async def starve_by_limit(directory: Path) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    await _starve(directory, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)))


async def starve_by_volume(directory: Path) -> None:
    ballast = directory / "ballast"
    ballast.write_bytes(b"x" * 5_000_000)
    await _starve(directory / "data", ballast.unlink)


if __name__ == "__main__":
    CHILDREN = {
        child.__name__: child
        for child in (write_for_ever, hold, open_once, open_as_nobody, starve_by_limit, starve_by_volume)
    }
    asyncio.run(CHILDREN[sys.argv[1]](Path(sys.argv[2])))
