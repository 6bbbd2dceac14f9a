"""Every view in a real browser: right within a second, over slow lines, restarts and sleep, never what never was."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, Route, expect

from api.app import Server
from api.dashboard import VIEWS
from tests.api.conftest import Running
from tests.browser.conftest import Comes
from tests.browser.network import Network
from tests.browser.scenes import DEEDS, SCENES, Team
from tests.browser.tabs import WORD, Tabs
from tests.browser.watched import PATIENCE_MS, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
LOST = ["ERR_CONNECTION_REFUSED", "WebSocket", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_NETWORK"]
SLOW_SECONDS = 0.2
"""Each way."""
SLOW_BYTES = 50_000
TURNS = 20


def test_every_view_has_a_scene_and_each_but_those_only_read_a_deed() -> None:
    assert {scene.path.split("/")[1] for scene in SCENES} == VIEWS
    assert {scene.view for scene in SCENES} - {deed.view for deed in DEEDS} == {"Specs", "History"}


async def test_each_view_tells_after_a_restart_what_happened_since_and_how_live_it_was(
    browser: Browser, restarting: Callable[[], Running], comes: Comes
) -> None:
    server = restarting()
    team = await Team.comes(server, comes)
    tabs = await Tabs.open(await browser.new_context(), server.url, LOST)
    team.server = await asyncio.to_thread(restarting)
    await tabs.happens(team, 1)
    await tabs.show(1)
    for tab in tabs.all:
        assert (await tab.states())[-3:] == ["Offline", "Catching up", "Live"], tab.scene.view
    await tabs.assert_clean()


async def test_a_server_that_comes_back_with_other_data_is_shown_as_it_is_then(
    dashboard: Watched, restarting: Callable[[], Running], comes: Comes, tmp_path: Path
) -> None:
    """Its events are numbered from one again, and nothing of the old ones may be told any more."""
    dashboard.expected = LOST
    server = restarting()
    ann = await comes(server, "ann")
    for number in range(5):
        await ann.lock(f"old{number}.py")
    await dashboard.open(server.url)
    await expect(dashboard.panel("Events")).to_contain_text("old4.py")
    await asyncio.to_thread(server.stop)
    (tmp_path / "data").rename(tmp_path / "before")
    server = await asyncio.to_thread(restarting)
    await dashboard.is_live()
    await expect(dashboard.panel("Events")).to_contain_text("Nothing has happened yet")
    bob = await comes(server, "bob")
    await bob.lock("new.py")
    await expect(dashboard.panel("Events")).to_contain_text("granted new.py", timeout=SOON_MS)
    await expect(dashboard.panel("Locks").get_by_role("treeitem")).to_have_count(1, timeout=SOON_MS)
    await expect(dashboard.page.get_by_role("main")).not_to_contain_text("ann")


async def test_no_view_shows_an_answer_that_comes_late_over_a_newer_one_and_each_asks_again_for_a_lost_one(
    browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)
    context = await browser.new_context()
    tabs = await Tabs.open(context, server.url, ["ERR_FAILED"])
    await tabs.note_rounds()
    late = itertools.cycle([0.9, 0.0, None, 0.4, 0.1])

    async def delay(route: Route) -> None:
        answer = await route.fetch()
        seconds = next(late)
        if seconds is None:
            await route.abort()
            return
        # It is as old as this when it arrives; others that were asked for later may overtake it.
        await asyncio.sleep(seconds)
        await route.fulfill(response=answer)

    await context.route("**/graphql", delay)
    for number in range(1, 5):
        await tabs.happens(team, number)
    await tabs.show(4)
    for tab in tabs.all:
        rounds = await tab.rounds()
        assert rounds == sorted(rounds), (tab.scene.view, rounds)
        assert rounds[-1] == 4
    await context.unroute_all(behavior="wait")
    await tabs.assert_clean()


async def test_what_was_asked_for_before_a_change_does_not_pass_for_what_is_asked_after_it(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)
    page = dashboard.page
    await dashboard.open(server.url, "/guidelines")
    held: list[asyncio.Event] = []

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        if "query Guidelines(" in (route.request.post_data or "") and not held:
            held.append(asyncio.Event())
            await held[0].wait()
        await route.fulfill(response=answer)

    views = page.get_by_role("navigation", name="Views")
    await views.get_by_role("link", name="Checklists").click()
    await page.route("**/graphql", hold)
    async with page.expect_request(lambda request: "query Guidelines(" in (request.post_data or "")):
        await views.get_by_role("link", name="Guidelines").click()
    while not held:
        await asyncio.sleep(0)
    change = {"name": "rule-of-webshop", "scope": "webshop", "rule": "rule as it is now"}
    await team.ann.call("memory_guidelines", action="set", **change)
    await views.get_by_role("link", name="Checklists").click()
    await expect(page.get_by_role("region", name="Checklists")).to_contain_text("list of webshop")
    await views.get_by_role("link", name="Guidelines").click()
    held[0].set()
    await expect(page.get_by_role("region", name="webshop")).to_contain_text("rule as it is now")
    await page.unroute_all(behavior="wait")


NOTE_CLAIMS = """
window.claims = [];
window.blanks = 0;
const look = () => {
  for (const title of document.querySelectorAll(".empty h3"))
    if (!window.claims.includes(title.textContent)) window.claims.push(title.textContent);
};
new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
"""
"""Notes what a page claimed not to be there."""
TRUE_CLAIMS = re.compile(
    r"^No \w+ is open$|^Open a |^No guideline holds everywhere$|^Nobody fought over a path$"
)


async def test_over_a_slow_line_each_view_opens_claims_nothing_that_is_not_so_and_ends_right(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)
    page = dashboard.page
    dashboard.expected = LOST
    await page.add_init_script(NOTE_CLAIMS)
    async with Network.to(server.url) as network:
        network.latency, network.bytes_per_second = SLOW_SECONDS, SLOW_BYTES
        await page.goto(network.url + SCENES[0].path)
        for number, scene in enumerate(SCENES):
            if number > 0:
                await page.evaluate("(path) => { history.pushState(null, '', path) }", scene.path)
            place = scene.place(page).first
            await expect(place).to_be_visible()
            await scene.happens(team, WORD.format(number))
            await expect(place).to_contain_text(WORD.format(number))
        await dashboard.is_live()
        claims = await page.evaluate("window.claims")
        untrue = [claim for claim in claims if not TRUE_CLAIMS.match(claim)]
        assert untrue == [], untrue


async def test_what_a_person_presses_twice_over_a_slow_line_is_done_once_and_seen_by_another(
    browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)
    one, other = [Watched(await browser.new_page(viewport={"width": 1400, "height": 900})) for _ in range(2)]
    sent: list[str] = []

    async def slowly(route: Route) -> None:
        asked: str = (route.request.post_data_json or {}).get("query", "")
        if asked.startswith("mutation"):
            sent.append(asked.split()[1])
            await asyncio.sleep(0.3)
        await route.continue_()

    for watched in (one, other):
        watched.page.set_default_timeout(PATIENCE_MS)
        await watched.watch()
    await one.page.route("**/graphql", slowly)
    await other.open(server.url, DEEDS[0].elsewhere)
    await other.page.evaluate("window.isTheSamePage = true")
    for deed in DEEDS:
        await one.open(server.url, deed.path.format(**team.ids))
        await other.page.evaluate("(path) => { history.pushState(null, '', path) }", deed.elsewhere)
        seen = deed.place(other.page).first
        await (
            expect(seen).to_contain_text(deed.before)
            if deed.before
            else expect(seen).not_to_contain_text(deed.after)
        )
        last = await deed.prepare(one.page, team)
        assert sent == []
        await last.dblclick()
        await (
            expect(seen).not_to_contain_text(deed.before)
            if deed.before
            else expect(seen).to_contain_text(deed.after)
        )
        await expect(one.page.locator(".toast").first).to_be_visible()
        assert len(sent) == 1, (deed.view, sent)
        sent.clear()
    assert await other.page.evaluate("window.isTheSamePage")
    for watched in (one, other):
        await watched.page.unroute_all(behavior="wait")
        await watched.assert_clean()


async def test_after_two_hours_of_sleep_each_view_catches_up_with_what_happened(
    browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)
    context = await browser.new_context()
    async with Network.to(server.url) as network:
        await context.clock.install()
        tabs = await Tabs.open(context, network.url, LOST)
        await tabs.happens(team, 1)
        await tabs.show(1)
        # The socket is dead, and nobody tells the page.
        network.die()
        await context.clock.pause_at(await tabs.all[0].watched.page.evaluate("Date.now() / 1000 + 1"))
        await tabs.happens(team, 2)
        for tab in tabs.all:
            assert (await tab.states())[-1] == "Live"
            await expect(tab.scene.place(tab.watched.page).first).not_to_contain_text(WORD.format(2))
        network.revive()
        await context.clock.fast_forward("02:00:00")
        await context.clock.resume()
        await tabs.show(2)
        for tab in tabs.all:
            assert (await tab.states())[-3:] == ["Offline", "Catching up", "Live"], tab.scene.view
        events = tabs.all[0].watched.panel("Events")
        await events.get_by_label("Filter events").fill("round")
        await expect(events.locator(".now-said")).to_contain_text([WORD.format(2), WORD.format(1)])
        await tabs.assert_clean()
        await context.close()


async def test_after_a_sleep_longer_than_events_are_kept_the_page_reads_anew_and_lists_no_event_with_a_gap(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = LOST
    server = serving()
    team = await Team.comes(server, comes)
    page = dashboard.page
    async with Network.to(server.url) as network:
        await dashboard.open(network.url)
        locks, events = dashboard.panel("Locks"), dashboard.panel("Events")
        await team.ann.lock("before.py")
        await expect(events).to_contain_text("before.py")
        network.die()
        await team.ann.lock("forgotten.py")

        async def forget(running: Server) -> None:
            store = running.engine.store
            await store.drop_events(await store.now())

        await asyncio.to_thread(server.within, forget)
        await team.ann.lock("kept.py")
        network.revive()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(events).to_contain_text("kept.py")
        await dashboard.is_live()
        await events.get_by_role("button", name="Locks").click()
        await expect(events.locator(".now-said")).to_have_text([re.compile("kept.py")])
        await expect(locks).to_contain_text("forgotten.py")


NOTE_SCENES = """() => {
  const look = LOOK;
  const seen = window.scenes = [];
  const note = () => {
    const now = JSON.stringify(look());
    if (now !== seen.at(-1)) seen.push(now);
  };
  new MutationObserver(note).observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
  const each = () => (note(), requestAnimationFrame(each));
  each();
}"""
"""Notes all that a page showed; LOOK is a function that tells what it shows now."""
HOLDERS = """() => [...document.querySelectorAll(".now-lock")].filter((row) => row.textContent.includes("turn"))
  .map((row) => [row.querySelector(".now-holder strong").textContent, row.querySelector(".now-holder [title]").title])"""
CARDS = """() => [...document.querySelectorAll(".backlog-column")].flatMap((column) =>
  [...column.querySelectorAll(".backlog-card")].map((card) =>
    [column.dataset.status, card.querySelector(".backlog-assignee")?.textContent ?? "", card.querySelector("a").textContent]))"""


async def scenes(page: Page) -> list[list[list[str]]]:
    """Return what a page showed since it notes it, each state once."""
    found: list[list[list[str]]] = await page.evaluate("window.scenes.map((one) => JSON.parse(one))")
    return found


async def test_of_two_facts_that_change_at_once_the_page_never_shows_one_without_the_other_nor_goes_back(
    browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    team = await Team.comes(server, comes)

    async def be_impatient(running: Server) -> None:
        # Who asks for a lock takes it over at once, in one commit.
        running.engine.rules = replace(running.engine.rules, lock_stale_after=timedelta(0))

    await asyncio.to_thread(server.within, be_impatient)
    late = itertools.cycle([0.05, 0.0, 0.2])

    async def delay(route: Route) -> None:
        answer = await route.fetch()
        await asyncio.sleep(next(late))
        await route.fulfill(response=answer)

    context = await browser.new_context(viewport={"width": 1600, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    await context.route("**/graphql", delay)
    pages = [Watched(await context.new_page()) for _ in range(2)]
    now, backlog = (watched.page for watched in pages)
    agents, statuses = (team.ann, team.bob), ("in_progress", "retest")

    async def turn(number: int) -> None:
        agent, status = agents[number % 2], statuses[number % 2]
        await agent.lock("src/cart.ts", reason=f"turn {number:02}")
        told = {"item_id": team.ids["item"], "title": f"turn {number:02}", "assigned_to": agent.name}
        await team.ann.call("memory_update_backlog_item", status=status, **told)

    await turn(0)
    for watched, path, look in zip(pages, ("/now", "/backlog"), (HOLDERS, CARDS), strict=True):
        await watched.watch()
        await watched.open(server.url, path)
        await expect(watched.page.locator(".now-lock, .backlog-card", has_text="turn 00")).to_be_visible()
        await watched.page.evaluate(NOTE_SCENES.replace("LOOK", look))
    for number in range(1, TURNS):
        await turn(number)
    for page in (now, backlog):
        await expect(page.locator(".now-lock, .backlog-card", has_text=f"turn {TURNS - 1}")).to_be_visible()
    held, moved = await scenes(now), await scenes(backlog)
    assert len(held) > 2
    assert len(moved) > 2
    for shown in held:
        assert len(shown) == 1, held
        ((holder, reason),) = shown
        assert holder == agents[int(reason.split()[1]) % 2].name
    for shown in moved:
        assert len(shown) == 1, moved
        ((status, assignee, title),) = shown
        which = int(title.split()[1]) % 2
        assert (status, assignee) == (statuses[which].upper(), agents[which].name)
    reasons, titles = [shown[0][1] for shown in held], [shown[0][2] for shown in moved]
    assert reasons == sorted(set(reasons))
    assert titles == sorted(set(titles))
    await context.unroute_all(behavior="wait")
    for watched in pages:
        await watched.assert_clean()


async def test_a_view_whose_code_does_not_come_is_there_as_soon_as_it_can_be(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["ERR_FAILED"]
    server = serving()
    await Team.comes(server, comes)
    page = dashboard.page
    await dashboard.open(server.url)
    lost: list[str] = []

    async def lose(route: Route) -> None:
        lost.append(route.request.url)
        await route.abort()

    await page.route("**/assets/Checklists*", lose)
    async with page.expect_request(re.compile("/assets/Checklists")):
        await page.get_by_role("navigation", name="Views").get_by_role("link", name="Checklists").click()
    await page.unroute_all(behavior="wait")
    await expect(page.get_by_role("region", name="Checklists")).to_contain_text("list of webshop")
    assert lost
