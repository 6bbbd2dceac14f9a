"""A real Chromium in which pages are measured: when they paint, how evenly they draw, what they keep."""

from __future__ import annotations

import asyncio
import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

from api.explorer import FOLDER
from tests.browser.chromium import FLAGS, NAMES

PROBE = Path(__file__).with_name("probe.js").read_text("utf-8")
LONG_FRAME_MS = 50
_PATIENCE_SECONDS = 60.0
_SIZE: Any = {"width": 1400, "height": 900}


@dataclass(frozen=True, slots=True)
class Frames:
    """How evenly a page drew: gaps between frames and long tasks (over 50 ms), in ms."""

    gaps: list[float]
    long_tasks: list[float]

    def __str__(self) -> str:
        return (
            f"{1000 / statistics.fmean(self.gaps):5.1f} {self.p50:6.1f} {self.p95:6.1f} "
            f"{self.long_share * 100:7.1f} {len(self.long_tasks):5} {max(self.long_tasks, default=0):7.0f}"
        )

    @property
    def p50(self) -> float:
        return statistics.median(self.gaps)

    @property
    def p95(self) -> float:
        return sorted(self.gaps)[int(len(self.gaps) * 0.95)]

    @property
    def long_share(self) -> float:
        """The share of frames that took longer than 50 ms."""
        return sum(gap > LONG_FRAME_MS for gap in self.gaps) / len(self.gaps)


FRAMES_HEAD = f"{'fps':>5} {'p50':>6} {'p95':>6} {'>50 ms%':>7} {'long':>5} {'longest':>7}"
"""The heading of what `Frames` says of itself: gaps in ms, how many long tasks, and the longest."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page holds after its garbage is collected."""

    heap: float
    """Megabytes of JavaScript objects."""
    nodes: int
    listeners: int


class Measured:
    """A page with the probe in it."""

    def __init__(self, page: Page, cdp: CDPSession) -> None:
        self.page = page
        self._cdp = cdp

    async def open(self, address: str, *wanted: str) -> tuple[float, float]:
        """Open a view; returns after how many ms it painted first, and was live with all texts `wanted` in it."""
        await self.page.add_init_script(f"window.probe.wanted = {list(wanted)!r}")
        await self.page.goto(address, wait_until="commit")
        painted, live = await self._within("probe.opened()")
        return painted, live

    async def blank(self, address: str) -> float:
        """Open a page of another server; returns after how many ms it painted first."""
        await self.page.goto(address, wait_until="commit")
        return float(await self._within("probe.until(() => probe.painted)"))

    async def frames(self, seconds: float) -> Frames:
        """Watch the page draw."""
        return _frames(await self.page.evaluate("(seconds) => probe.frames(seconds)", seconds))

    async def scroll(self, selector: str, seconds: float, pixels_a_second: int) -> Frames:
        """Scroll a box down, and up again from its end."""
        given = [selector, seconds, pixels_a_second]
        return _frames(await self.page.evaluate("(given) => probe.scroll(...given)", given))

    async def seen(self, selector: str, text: str) -> float:
        """Wait until an element shows a text; returns the time of day in seconds."""
        return float(await self._within("(given) => probe.seen(...given)", [selector, text])) / 1e3

    async def all_cards(self, total: int) -> float:
        """Wait until the board has read so many cards; returns after how many ms."""
        return float(await self._within("(total) => probe.whole(total)", total))

    async def _within(self, script: str, given: object = None) -> Any:
        # The page's policy forbids what Playwright itself waits by.
        try:
            return await asyncio.wait_for(self.page.evaluate(script, given), _PATIENCE_SECONDS)
        except TimeoutError:
            raise SystemExit(f"{self.page.url}: {script} {given or ''} took too long") from None

    async def events(self) -> int:
        """Return how many events have come since the page was opened."""
        return int(await self.page.evaluate("probe.events"))

    async def kept(self) -> Kept:
        """Collect garbage and return what is left."""
        for _ in range(2):
            await self._cdp.send("HeapProfiler.collectGarbage")
        found = (await self._cdp.send("Performance.getMetrics"))["metrics"]
        figures = {one["name"]: one["value"] for one in found}
        return Kept(figures["JSHeapUsedSize"] / 1e6, int(figures["Nodes"]), int(figures["JSEventListeners"]))


def _frames(found: dict[str, list[float]]) -> Frames:
    return Frames(found["gaps"], found["longTasks"])


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the system's Chromium; without it, or without the built page, the benchmark ends."""
    if not (FOLDER / "dashboard" / "index.html").exists():
        raise SystemExit("the pages are not built; run `make install`")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SystemExit("Chromium is not installed; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Come as a browser that has nothing of the page yet."""
    context = await browser.new_context(viewport=_SIZE)
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def measured(context: BrowserContext) -> AsyncIterator[Measured]:
    """Give a new page with the probe."""
    page = await context.new_page()
    try:
        await page.add_init_script(PROBE)
        cdp = await context.new_cdp_session(page)
        await cdp.send("Performance.enable")
        yield Measured(page, cdp)
    finally:
        await page.close()
