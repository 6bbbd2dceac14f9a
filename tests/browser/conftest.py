"""A real browser, pages that are watched, and agents that come over MCP."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from mcp import Client
from playwright.async_api import Browser, async_playwright, expect

from api.explorer import FOLDER
from tests.api.conftest import Running, serving, settings_for  # noqa: F401 - a fixture
from tests.browser.chromium import FLAGS, NAMES
from tests.browser.watched import PATIENCE_MS, Agent, Watched
from tests.js import missing

Comes = Callable[..., Awaitable[Agent]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser serves all tests of this folder, so they run on the loop that it lives on."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not all((FOLDER / page / "index.html").exists() for page in ("dashboard", "explorer")):
        missing("the pages are not built; run `make install`")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing("Chromium is not installed; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser, in which nothing is open; what a test opens is closed after it."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(browser: Browser, serving: object) -> AsyncIterator[Watched]:  # noqa: F811 - a fixture
    """A page for the dashboard; after the test it must have complained of nothing and left no host.

    Servers outlive it: it is not to complain of one that stops.
    """
    page = await browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    yield watched
    await watched.assert_clean()
    await page.close()


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Start a server on the same data and port each time, after the one before has stopped."""
    running: list[Running] = []
    settings = settings_for(tmp_path / "data")

    def start() -> Running:
        if running:
            running[-1].stop()
        running.append(Running(settings).start())
        return running[-1]

    yield start
    running[-1].stop()


@pytest_asyncio.fixture(loop_scope="session")
async def comes() -> AsyncIterator[Comes]:
    """Let an agent come to a server over MCP: `await comes(server, "ann", project="p", task="...")`."""
    go = asyncio.Event()
    staying: list[asyncio.Task[None]] = []

    async def stay(url: str, came: asyncio.Future[Client]) -> None:
        # A client must be left by the task that entered it; fixtures change tasks.
        async with Client(url) as client:
            came.set_result(client)
            await go.wait()

    async def come(
        server: Running, name: str, project: str = "webshop", task: str = "", key: str | None = None
    ) -> Agent:
        came: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        staying.append(asyncio.create_task(stay(f"{server.url}/mcp", came)))
        agent = Agent(await asyncio.wait_for(came, 10), name, project)
        await agent.start(task or f"the work of {name}", key)
        return agent

    yield come
    go.set()
    await asyncio.wait_for(asyncio.gather(*staying, return_exceptions=True), 10)
