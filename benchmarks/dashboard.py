"""The dashboard in a real Chromium: first paint, bundle, frames while agents work, a large board, an hour of events."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import Browser

from api.dashboard import VIEWS
from benchmarks import dashboard_board, dashboard_hour
from benchmarks.browser import FRAMES_HEAD, chromium, measured, visit
from benchmarks.bundle import MOST_BYTES, packed
from benchmarks.crowd import Crowd, crowd, held
from benchmarks.servers import Server, interlock, peer
from benchmarks.workload import PROJECT

EVENTS_A_SECOND = 50
_SETTLE_SECONDS = 1.0
_FIRST = {
    "now": ("bench-0", Path(held(0)).name),
    "backlog": ("item 0 of bench-0",),
}
"""The views whose first paint is measured, and what shows that they have their data."""


async def run(*, quick: bool) -> None:
    """Print the figures; a bundle over its limit or a page that keeps growing ends the benchmark."""
    size = _bundle()
    async with chromium() as browser:
        with tempfile.TemporaryDirectory() as folder:
            async with interlock(Path(folder)) as server, crowd(server.mcp) as agents:
                await _first_paint(browser, server, loads=3 if quick else 15)
                await _frames(browser, server, agents, seconds=3 if quick else 10)
        await dashboard_board.run(browser, quick=quick, events_a_second=EVENTS_A_SECOND)
        await dashboard_hour.run(browser, quick=quick)
    if size > MOST_BYTES:
        raise SystemExit("the bundle is over its limit")


def _bundle() -> int:
    entry, later = packed()
    total = sum(entry.values()) + sum(later.values())
    print(
        f"packed by gzip: the page's own files {sum(entry.values()) / 1e3:.1f} kB, all views with them "
        f"{total / 1e3:.1f} kB in {len(entry) + len(later)} files, aim {MOST_BYTES / 1e3:.0f}",
        flush=True,
    )
    return total


async def _first_paint(browser: Browser, server: Server, loads: int) -> None:
    print(f"\nopening a view, p50 of {loads}, ms; beside it a blank page of the same server library")
    print(
        f"{'view':10} {'cache':5} {'blank':>7} {'first paint':>12} {'ratio':>6} {'live data':>10} {'ratio':>6}"
    )
    async with peer("blank") as bare:
        for view, wanted in _FIRST.items():
            address = f"{server.url}/{view}?project={PROJECT}"
            for is_warm in (False, True):
                figures = await _opened(browser, bare.url, address, wanted, loads, is_warm=is_warm)
                blank, painted, live = map(statistics.median, zip(*figures, strict=True))
                print(
                    f"{view:10} {'warm' if is_warm else 'cold':5} {blank:7.0f} {painted:12.0f} "
                    f"{painted / blank:6.1f} {live:10.0f} {live / blank:6.1f}",
                    flush=True,
                )


async def _opened(
    browser: Browser, bare: str, address: str, wanted: tuple[str, ...], loads: int, *, is_warm: bool
) -> list[tuple[float, float, float]]:
    """Open both pages in turn; with `is_warm` in one browser that knows them, else each time in a new one."""
    found: list[tuple[float, float, float]] = []
    if is_warm:
        async with visit(browser) as context:
            for _ in range(loads + 1):
                async with measured(context) as page:
                    blank = await page.blank(bare)
                async with measured(context) as page:
                    found.append((blank, *await page.open(address, *wanted)))
        return found[1:]
    for _ in range(loads):
        async with visit(browser) as context:
            async with measured(context) as page:
                blank = await page.blank(bare)
            async with measured(context) as page:
                found.append((blank, *await page.open(address, *wanted)))
    return found


async def _frames(browser: Browser, server: Server, agents: Crowd, seconds: float) -> None:
    print(
        f"\nframes, idle and while {EVENTS_A_SECOND} events a second arrive from {len(agents.agents)} agents' "
        f"calls, {seconds:.0f} s each; gaps and tasks in ms"
    )
    print(f"{'view':11} {'':5} {'events/s':>8} {FRAMES_HEAD}")
    async with visit(browser) as context:
        for view in sorted(VIEWS, key=_place):
            async with measured(context) as page:
                await page.open(f"{server.url}/{view}?project={PROJECT}")
                await asyncio.sleep(_SETTLE_SECONDS)
                idle = await page.frames(seconds)
                async with agents.at_work(EVENTS_A_SECOND):
                    await asyncio.sleep(_SETTLE_SECONDS)
                    before = await page.events()
                    busy = await page.frames(seconds)
                    came = (await page.events() - before) / seconds
                print(f"{view:11} {'idle':5} {'':8} {idle}")
                print(f"{'':11} {'busy':5} {came:8.1f} {busy}", flush=True)


def _place(view: str) -> tuple[bool, str]:
    return view not in _FIRST, view
