"""The same calls with 100, 10,000 and 100,000 records of each kind in the store."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks.calls import connect, times
from benchmarks.servers import interlock
from benchmarks.workload import PROJECT, calls, sessions
from store.port import Changes
from store.records import BacklogItem, Delivery, Message, NewEvent, Record, Session
from store.sqlite.store import SqliteStore


async def run(*, quick: bool) -> None:
    """Print p50 by size, and the ratio of the largest to the smallest."""
    sizes = (100, 1_000, 10_000) if quick else (100, 10_000, 100_000)
    found: dict[str, list[float]] = {}
    for size in sizes:
        for label, taken in (await _measured(size, blocks=2 if quick else 6)).items():
            found.setdefault(label, []).append(taken)
    print(f"{'tool':20}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>8}   (p50 ms; aim 1.5)")
    for label, taken in found.items():
        figures = "".join(f"{one * 1e3:12.2f}" for one in taken)
        print(f"{label:20}{figures}{taken[-1] / taken[0]:8.2f}", flush=True)


async def _measured(size: int, *, blocks: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        await fill(Path(folder), size)
        print(
            f"{size:,} backlog items, messages, sessions and events in {time.perf_counter() - began:.1f} s",
            flush=True,
        )
        async with interlock(Path(folder)) as server, AsyncExitStack() as stack:
            clients = await connect(stack, server.mcp, 1)
            ids = await sessions(clients)
            result: dict[str, float] = {}
            for label, call in calls(ids, "s").items():
                await times(clients, call, 10, 0)
                taken = [
                    second
                    for block in range(blocks)
                    for second in await times(clients, call, 30, 10 + block * 30)
                ]
                result[label] = statistics.median(taken)
            return result


async def fill(directory: Path, size: int) -> None:
    """Write `size` records of each kind and as many events, as a year's use would leave them."""
    store = await SqliteStore.open(directory)
    start = datetime.now(UTC) - timedelta(days=6)
    made = _records(size, start)
    events = (
        NewEvent(project=PROJECT, kind="signal.sent", subject=str(n), data={"name": str(n)}, at=start)
        for n in range(size)
    )
    while batch := tuple(islice(made, 2_000)):
        await store.commit(Changes(puts=batch, events=tuple(islice(events, 500))))
    await store.close()


def _records(size: int, start: datetime) -> Iterator[Record]:
    for n in range(size):
        at = start + timedelta(seconds=5 * n)
        stamp = {"project": PROJECT, "created_at": at, "updated_at": at}
        agent = f"bench-{n % 50}"
        yield BacklogItem(
            id=f"bkl_{n:024}",
            title=f"item {n}",
            description="something to be done " * 5,
            status="done" if n % 3 else "open",
            is_closed=bool(n % 3),
            priority=("critical", "high", "medium", "low")[n % 4],
            priority_rank=n % 4,
            **stamp,
        )
        yield Session(
            id=f"ses_{n:024}",
            agent=agent,
            key_id="local",
            status="ended" if n >= 20 else "active",
            task="an earlier run",
            handoff="go on with the parser " * 10,
            active_at=at,
            ended_at=at if n >= 20 else None,
            **stamp,
        )
        yield Message(
            id=f"msg_{n:024}",
            from_project=PROJECT,
            sender=agent,
            to=(f"bench-{(n + 1) % 50}",),
            text="ready for review " * 5,
            thread_id=f"msg_{n:024}",
            **stamp,
        )
        # A few unread ones an inbox; the rest are read, as in use.
        yield Delivery(
            id=f"msg_{n:024}:bench-{(n + 1) % 50}",
            message_id=f"msg_{n:024}",
            recipient=f"bench-{(n + 1) % 50}",
            status="pending" if n < 100 else "completed",
            priority_rank=n % 3,
            finished_at=None if n < 100 else at,
            **stamp,
        )
