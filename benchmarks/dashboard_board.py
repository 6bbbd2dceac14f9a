"""The board with 5,000 items: until it stands, scrolling, moving a card, and an agent's change until it is seen."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser

from benchmarks import crowd as people
from benchmarks.browser import FRAMES_HEAD, Measured, measured, visit
from benchmarks.crowd import PRIORITIES, Agent, Crowd, crowd
from benchmarks.servers import Server, interlock
from benchmarks.workload import PROJECT
from store.port import Changes
from store.records import BacklogItem
from store.sqlite.store import SqliteStore

ITEMS = 5_000
_FILLED = ITEMS - people.AGENTS * people.ITEMS
_AT_TOP = 40
"""Items that stand first in their column: those that are changed and moved while somebody looks."""
_STATUSES = ("open",) * 6 + ("in_progress", "blocked", "retest", "deferred")
_CARDS = "[data-status={}] .backlog-cards"
_PIXELS_A_SECOND = 3_000
"""Some 35 cards a second."""


async def run(browser: Browser, *, quick: bool, events_a_second: float) -> None:
    """Print the figures."""
    print(f"\nthe board with {ITEMS:,} items, most of them open")
    with tempfile.TemporaryDirectory() as folder:
        await _fill(Path(folder))
        async with (
            interlock(Path(folder)) as server,
            crowd(server.mcp) as agents,
            visit(browser) as context,
            measured(context) as page,
        ):
            await _board(page, server)
            await _drawn(page, agents, 3 if quick else 10, events_a_second)
            await _changes(page, agents.agents[0], rounds=3 if quick else 15)
            await _moves(page, rounds=2 if quick else 10)
            kept = await page.kept()
            print(f"{'afterwards':34} heap {kept.heap:.1f} MB, {kept.nodes:,} nodes", flush=True)


async def _fill(directory: Path) -> None:
    store = await SqliteStore.open(directory)
    start = datetime.now(UTC) - timedelta(days=6)
    items = [_item(number, start + timedelta(seconds=number)) for number in range(_FILLED)]
    for first in range(0, _FILLED, 1_000):
        await store.commit(Changes(puts=tuple(items[first : first + 1_000])))
    await store.close()


def _item(number: int, at: datetime) -> BacklogItem:
    rank = 0 if number < _AT_TOP else number % 4
    return BacklogItem(
        id=f"bkl_{number:024}",
        project=PROJECT,
        title=_title(number),
        description="something to be done " * 5,
        status="open" if number < _AT_TOP else _STATUSES[number % len(_STATUSES)],
        priority=PRIORITIES[rank],
        priority_rank=rank,
        tags=(f"area-{number % 12}",),
        target_version=f"{number % 3}.0",
        created_at=at,
        updated_at=at,
    )


def _title(number: int) -> str:
    return f"Task no. {number:04} of the board"


async def _board(page: Measured, server: Server) -> None:
    painted, live = await page.open(f"{server.url}/backlog?project={PROJECT}", _title(0))
    whole = await page.all_cards(ITEMS)
    kept = await page.kept()
    print(
        f"{'painted, first cards, all read, ms':34} {painted:.0f}, {live:.0f}, {whole:.0f}; "
        f"heap {kept.heap:.1f} MB, {kept.nodes:,} nodes",
        flush=True,
    )


async def _drawn(page: Measured, agents: Crowd, seconds: float, events_a_second: float) -> None:
    box = _CARDS.format("OPEN")
    print(f"{'frames':34} {FRAMES_HEAD}")
    print(f"{'idle':34} {await page.frames(seconds)}")
    print(
        f"{f'scrolling {_PIXELS_A_SECOND:,} pixels/s':34} {await page.scroll(box, seconds, _PIXELS_A_SECOND)}",
        flush=True,
    )
    async with agents.at_work(events_a_second):
        await asyncio.sleep(1)
        for label, scrolls in (("", False), (", scrolling", True)):
            before = await page.events()
            drawn = await (page.scroll(box, seconds, _PIXELS_A_SECOND) if scrolls else page.frames(seconds))
            came = (await page.events() - before) / seconds
            print(f"{f'with {came:.1f} events/s{label}':34} {drawn}", flush=True)
    await page.page.evaluate("(box) => document.querySelector(box).scrollTo(0, 0)", box)


async def _changes(page: Measured, agent: Agent, rounds: int) -> None:
    from_call: list[float] = []
    from_answer: list[float] = []
    for number in range(rounds):
        title = f"Changed for the {number}. time"
        seen = asyncio.create_task(page.seen(f"{_CARDS.format('OPEN')} article", title))
        began = time.time()
        await agent.call("update_backlog_item", item_id=f"bkl_{0:024}", title=title)
        answered = time.time()
        at = await seen
        from_call.append((at - began) * 1e3)
        from_answer.append((at - answered) * 1e3)
    _told("an agent's change until it is drawn", from_call)
    _told("  from its answer", from_answer)


async def _moves(page: Measured, rounds: int) -> None:
    taken: list[float] = []
    target = page.page.locator("[data-status=RETEST]")
    for number in range(1, rounds + 1):
        card = page.page.locator(f"{_CARDS.format('OPEN')} article", has_text=_title(number))
        await card.hover()
        await page.page.mouse.down()
        # The first movement begins the dragging, the second is over the column.
        await target.hover()
        await target.hover()
        seen = asyncio.create_task(page.seen(f"{_CARDS.format('RETEST')} article", _title(number)))
        await asyncio.sleep(0)
        began = time.time()
        await page.page.mouse.up()
        taken.append((await seen - began) * 1e3)
    _told("a card dragged, from the drop", taken)


def _told(what: str, milliseconds: list[float]) -> None:
    p50 = statistics.median(milliseconds)
    print(f"{what:34} p50 {p50:.0f} ms, worst {max(milliseconds):.0f} of {len(milliseconds)}", flush=True)
