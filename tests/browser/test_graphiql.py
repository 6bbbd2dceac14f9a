"""The page at /graphql in a real browser: what a person does with it, and that it stays on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from api.app import Server
from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import followed, key
from tests.browser.watched import NOTE_VIOLATIONS

ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'
PATIENCE_MS = 20_000


@dataclass
class Watched:
    """A page, what it asked for and what it complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    async def open(self, url: str) -> None:
        def asked(address: str) -> None:
            if not address.startswith(("data:", "blob:")):
                self.hosts.add(urlsplit(address).netloc)

        self.page.on("request", lambda request: asked(request.url))
        self.page.on("websocket", lambda socket: asked(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type == "error" else None
        )
        await self.page.add_init_script(NOTE_VIOLATIONS)
        await self.page.goto(f"{url}/graphql")
        await expect(self.page.locator(".graphiql-editor .view-lines").first).to_contain_text("overview")

    async def enter_key(self, secret: str) -> None:
        entered = self.page.get_by_label("API key")
        await entered.fill(secret)
        async with self.page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
            await entered.press("Enter")

    async def run(self, operation: str) -> None:
        await self.page.locator(".graphiql-execute-button").click()
        await self.page.get_by_role("menuitem", name=operation).click()

    async def stop(self) -> None:
        await self.page.locator(".graphiql-execute-button").click()

    @property
    def status(self) -> Locator:
        return self.page.locator("header output")

    @property
    def result(self) -> Locator:
        return self.page.locator(".result-window .view-lines")

    async def stored(self) -> str:
        text: str = await self.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        return text


@pytest_asyncio.fixture(loop_scope="session")
async def watched(browser: Browser) -> Watched:
    page = await browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return Watched(page)


async def test_a_person_with_a_key_runs_a_query_and_follows_events_without_leaving_the_machine(
    watched: Watched,
    serving: Callable[..., Running],
) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    await server.data(ADD, owner, name="before")

    await watched.open(server.url)
    await watched.run("overview")
    await expect(watched.status).to_have_text("The server wants an API key that it knows.")
    await watched.enter_key(owner)
    await expect(watched.status).to_have_text("")

    await watched.run("overview")
    await expect(watched.result).to_contain_text('"nodes"')

    await watched.run("follow")
    await expect(watched.status).to_have_text("Waiting for events")
    await followed(server, 2)
    await server.data(ADD, owner, name="one")
    await expect(watched.status).to_have_text(re.compile(r"^1 received, cursor \S+"))
    await expect(watched.result).to_contain_text("checklist.created")

    await server.data(ADD, owner, name="two")
    await expect(watched.status).to_have_text(re.compile(r"^2 received, cursor \S+"))
    await expect(watched.result).to_contain_text(re.compile(r'"received":\s2'))
    await watched.stop()

    assert watched.hosts == {urlsplit(server.url).netloc}
    assert await watched.page.evaluate("window.violations") == []
    assert [said for said in watched.complaints if "401 (Unauthorized)" not in said] == []


async def test_the_examples_stand_in_tabs_with_the_variables_they_need(
    watched: Watched, serving: Callable[..., Running]
) -> None:
    server = serving()
    await watched.open(server.url)
    tabs = watched.page.get_by_role("tab")
    await expect(tabs).to_contain_text(["overview", "arrive", "plan", "learn", "now"])
    await tabs.filter(has_text="plan").click()
    await watched.run("plan")
    await expect(watched.result).to_contain_text('"addBacklogItem"')
    await watched.run("ready")
    await expect(watched.result).to_contain_text("Refunds in cents")


async def test_a_subscription_whose_connection_is_lost_resumes_behind_its_cursor(
    watched: Watched,
    serving: Callable[..., Running],
) -> None:
    server = serving()
    await watched.open(server.url)
    await watched.run("follow")
    await expect(watched.status).to_have_text("Waiting for events")
    await followed(server, 2)
    await server.data(ADD, name="one")
    await expect(watched.status).to_have_text(re.compile(r"^1 received"))

    async def drop(running: Server) -> None:
        running.sockets.close_all()

    server.within(drop)
    await server.data(ADD, name="while away")
    await expect(watched.status).to_have_text(re.compile(r"^2 received"))
    await server.data(ADD, name="after")
    await expect(watched.status).to_have_text(re.compile(r"^3 received"))


async def test_no_key_is_kept_in_the_browser(
    watched: Watched,
    serving: Callable[..., Running],
) -> None:
    server = serving(auth_enabled=True)
    secret = await key(server, "typed in the field")
    other = await key(server, "typed as a header")
    await watched.open(server.url)
    await watched.enter_key(secret)
    await watched.page.get_by_role("button", name="Headers").click()
    await watched.page.locator(".graphiql-editor-tool .monaco-editor:visible").click()
    await watched.page.keyboard.insert_text(f'{{"authorization": "Bearer {other}"}}')
    await watched.run("overview")
    await expect(watched.result).to_contain_text('"projects"')
    await expect(watched.page.locator("body")).not_to_contain_text(secret)
    history = await watched.stored()
    assert "overview" in history
    assert secret not in history
    assert other not in history


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_follows_the_systems_colours(
    browser: Browser,
    serving: Callable[..., Running],
    scheme: str,
) -> None:
    page = await browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    await page.goto(f"{serving().url}/graphql")
    await expect(page.locator(".graphiql-container")).to_be_visible()
    colours = await page.evaluate(
        "[...document.querySelectorAll('header, .graphiql-container')].map((e) => getComputedStyle(e).backgroundColor)"
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) > 3 * 128 for colour in colours]
    assert light == [scheme == "light"] * 2, colours
