"""The view Now in a real browser, against a real server to which real agents come over MCP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from api.app import Server
from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key, revoke
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
AWAY = ["ERR_CONNECTION_REFUSED", "WebSocket connection", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE"]
REGISTER = """mutation { registerFunction(input: {
  project: "scanned", name: "add_up", file: "cart.py", purpose: "Adds up prices."
}) { function { name } } }"""
LOCKED_OUT = "401 (Unauthorized)"


async def test_what_agents_do_is_on_the_page_at_once(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await dashboard.open(server.url)
    await expect(dashboard.page.get_by_text("No agent has come yet")).to_be_visible()
    await expect(dashboard.page.locator("code", has_text="mcpServers")).to_contain_text(f"{server.url}/mcp")

    ann = await comes(server, "ann", task="rewrite the cart")
    bob = await comes(server, "bob")
    await ann.lock("web/src/cart.ts", "web/src/pay/card.ts", "README.md", reason="one price per line")
    agents, locks, events = (dashboard.panel(title) for title in ("Agents", "Locks", "Events"))
    await expect(agents.get_by_role("link", name="ann")).to_be_visible(timeout=SOON_MS)
    await expect(agents).to_contain_text("rewrite the cart")
    await expect(locks.get_by_role("treeitem", name="cart.ts")).to_contain_text("ann", timeout=SOON_MS)
    await expect(locks.get_by_role("treeitem", name="web/src/")).to_have_count(3)
    await expect(dashboard.counter("Agents here")).to_have_text("2")
    await expect(dashboard.counter("Locks held")).to_have_text("3")

    await ann.call("memory_heartbeat", status="busy", current_task="adding up")
    await expect(agents.get_by_role("listitem").filter(has_text="ann")).to_contain_text(
        "busy", timeout=SOON_MS
    )
    await expect(agents).to_contain_text("adding up")

    waiting = asyncio.create_task(bob.lock("web/src/cart.ts", wait_seconds=20))
    await expect(locks.get_by_role("treeitem", name="cart.ts")).to_contain_text("bob waiting")
    await expect(dashboard.counter("Waiting")).to_have_text("1")
    await ann.call("memory_unlock_files", files=["web/src/cart.ts"])
    await waiting
    await expect(locks.get_by_role("treeitem", name="cart.ts")).to_contain_text("bob", timeout=SOON_MS)
    await expect(dashboard.counter("Waiting")).to_have_text("0")
    await expect(events).to_contain_text("granted web/src/cart.ts")
    await dashboard.assert_accessible()

    await ann.call("memory_end_session", summary="done")
    await expect(dashboard.counter("Agents here")).to_have_text("1", timeout=SOON_MS)
    await expect(dashboard.counter("Locks held")).to_have_text("1")


async def test_a_lock_is_forced_open_after_one_question_and_its_holder_is_told_why(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await ann.lock("api/orders.py", reason="totals in cents")
    await dashboard.open(server.url)
    row = dashboard.panel("Locks").get_by_role("treeitem", name="api/orders.py")
    force = row.get_by_role("button", name="Force open api/orders.py")
    await force.click()
    dialog = dashboard.page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("totals in cents")
    await expect(dialog.get_by_role("button", name="Force open")).to_be_disabled()
    await dashboard.assert_accessible()
    await dashboard.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(row).to_be_visible()

    await force.click()
    await dialog.get_by_label("Reason").fill("ann's machine is away")
    await dashboard.page.keyboard.press("Enter")
    await expect(row).to_have_count(0, timeout=SOON_MS)
    await expect(dashboard.page.get_by_text("api/orders.py is free.")).to_be_visible()
    await expect(dashboard.panel("Events")).to_contain_text("ann's machine is away")
    assert "ann's machine is away" in await ann.said("memory_get_locks")


async def test_an_agents_page_tells_what_it_waits_for_and_who_holds_it_and_counts_nothing_else(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    await ann.lock("src/pool.py", "src/other.py")
    waiting = asyncio.create_task(bob.lock("src/pool.py", wait_seconds=30))
    await dashboard.open(server.url)
    row = dashboard.panel("Agents").get_by_role("listitem").filter(has_text="the work of bob")
    await expect(row).to_contain_text("waits for ann: src/pool.py")
    await row.get_by_role("link", name="bob").click()
    await expect(dashboard.page).to_have_url(f"{server.url}/now/webshop/bob")
    locks = dashboard.panel("Locks").get_by_role("treeitem")
    await expect(locks).to_have_count(1)
    await expect(locks).to_contain_text("held by ann")
    await expect(locks).to_contain_text("bob waiting")
    assert await counted(dashboard) == {
        "Agents here": "1",
        "Locks held": "0",
        "Waiting": "1",
        "Events a minute": str(await dashboard.panel("Events").get_by_role("listitem").count()),
    }
    await dashboard.assert_accessible()
    await dashboard.open(server.url, "/now/webshop/ann")
    await expect(locks).to_have_count(3)
    assert (await counted(dashboard))["Waiting"] == "0"
    await ann.call("memory_unlock_files", files=["src/pool.py"])
    await waiting
    await expect(locks).to_have_count(1, timeout=SOON_MS)


async def counted(dashboard: Watched) -> dict[str, str]:
    """Return figures that are the same each time the test runs."""
    names = ("Agents here", "Locks held", "Waiting", "Events a minute")
    return {name: (await dashboard.counter(name).inner_text()) for name in names}


async def test_figures_lead_to_what_they_count_and_the_address_says_so(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    await ann.lock("a.py", "b.py")
    await bob.call("memory_heartbeat", status="error", current_task="lost")
    await bob.lock("c.py")
    waiting = asyncio.create_task(bob.lock("a.py", wait_seconds=30))
    page = dashboard.page
    await dashboard.open(server.url)
    agents, locks = dashboard.panel("Agents"), dashboard.panel("Locks").get_by_role("treeitem")
    await expect(dashboard.counter("Waiting")).to_have_text("1")
    await page.get_by_role("link", name="In trouble").click()
    await expect(page).to_have_url(f"{server.url}/now?only=trouble")
    await expect(agents.locator("li")).to_have_count(1)
    await expect(agents).to_contain_text("lost")
    await expect(locks).to_have_text([re.compile("a.py"), re.compile("c.py")])
    await dashboard.assert_accessible()
    await page.get_by_role("link", name="Waiting").click()
    await expect(locks).to_have_text([re.compile("a.py")])
    await page.reload()
    await expect(locks).to_have_text([re.compile("a.py")])
    await page.get_by_role("link", name="Stale locks").click()
    await expect(agents).to_contain_text("No agent holds a stale lock")
    await expect(dashboard.panel("Locks")).to_contain_text("No lock is stale")
    await page.get_by_role("link", name="Show all").click()
    await expect(agents.locator("li")).to_have_count(2)
    await ann.call("memory_unlock_files", files=["a.py"])
    await waiting


async def test_an_agent_is_written_to_and_its_session_ended_from_its_row(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "zoe", project="engine")
    ann = await comes(server, "ann")
    await ann.lock("a.py")
    page = dashboard.page
    await dashboard.open(server.url)
    menu = dashboard.panel("Agents").get_by_role("button", name="What to do with ann")
    await menu.click()
    await dashboard.assert_accessible()
    await page.get_by_role("menuitem", name="Write to ann").click()
    await expect(page.get_by_role("checkbox", name=re.compile("ann"))).to_be_checked()
    await page.get_by_label("Message", exact=True).fill("How far are you?")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page).to_have_url(re.compile("/messages/webshop/"))
    assert "How far are you?" in await ann.said("memory_get_messages")

    await dashboard.open(server.url)
    await menu.focus()
    await page.keyboard.press("ArrowDown")
    await page.get_by_role("menuitem", name="End the session").press("Enter")
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("loses its lock on a.py")
    await dialog.get_by_label("Reason").fill("its machine is gone")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("ann's session is ended; 1 lock is free.")).to_be_visible()
    await expect(menu).not_to_be_visible(timeout=SOON_MS)
    await expect(dashboard.counter("Agents here")).to_have_text("1")
    # The row is gone; the focus stays in the view.
    await expect(page.locator("main")).to_be_focused()
    assert "its machine is gone" in await ann.said("memory_get_locks")


async def test_made_up_agents_and_projects_are_said_to_be_unknown(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    gone = await comes(server, "gone")
    await gone.call("memory_end_session", summary="done")
    page = dashboard.page
    main, chooser = page.get_by_role("main"), page.get_by_label("Project")
    await dashboard.open(server.url, "/now/webshop/nobody")
    await expect(page.get_by_role("heading", name="There is no agent “nobody” in webshop")).to_be_visible()
    await page.get_by_role("link", name="Show all agents").click()
    await expect(page).to_have_url(f"{server.url}/now")
    await dashboard.open(server.url, "/now/basket/nobody")
    await expect(page.get_by_role("heading", name="There is no agent “nobody” in basket")).to_be_visible()
    await dashboard.open(server.url, "/now/webshop/gone")
    await expect(dashboard.panel("Agents").get_by_role("listitem")).to_contain_text("away")

    await dashboard.open(server.url, "/backlog?project=nonsense")
    await expect(main).to_contain_text("No project “nonsense” is known here")
    await expect(chooser.locator("option:checked")).to_have_text("nonsense (not known)")
    await expect(chooser.locator("option:enabled")).to_have_text(["All projects", "webshop"])
    await dashboard.assert_accessible()
    # It is known as soon as somebody comes to it.
    await comes(server, "ann", project="nonsense")
    await expect(main).not_to_contain_text("No project")
    await expect(chooser.locator("option:checked")).to_have_text("nonsense")

    # So is a project that a command wrote in, though no agent came.
    await dashboard.open(server.url, "/functions?project=scanned")
    await expect(main).to_contain_text("No project “scanned” is known here")
    await server.data(REGISTER)
    await expect(main).not_to_contain_text("No project")
    await expect(main).to_contain_text("add_up")


async def test_what_agents_write_does_not_turn_the_direction_of_what_stands_beside_it(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await ann.lock("a.py", reason="fix \u202exslx.exe")
    await dashboard.open(server.url)
    await expect(dashboard.panel("Events")).to_contain_text("granted a.py: fix [U+202E]xslx.exe")
    row = dashboard.panel("Locks").get_by_role("treeitem")
    holder, reason = row.locator(".now-holder > strong"), row.locator(".now-holder > .faint")
    left, right = await holder.bounding_box(), await reason.bounding_box()
    assert left and right and left["x"] + left["width"] <= right["x"]
    assert await reason.evaluate("part => getComputedStyle(part).unicodeBidi") == "isolate"


async def test_the_tree_of_locks_is_walked_by_keys_and_what_is_done_with_a_lock_is_among_them(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await ann.lock("api/cart.py", "api/orders.py", "web/page.ts")
    page = dashboard.page
    await dashboard.open(server.url)
    tree = dashboard.panel("Locks").get_by_role("tree")
    rows = tree.get_by_role("treeitem")
    await expect(rows).to_have_count(4)
    folder, orders, last = rows.nth(0), rows.nth(2), rows.nth(3)
    await expect(folder).to_have_attribute("aria-expanded", "true")
    await dashboard.panel("Agents").get_by_role("link", name="ann").focus()
    for _ in range(3):
        await page.keyboard.press("Tab")
        if await folder.evaluate("row => row === document.activeElement"):
            break
    await expect(folder).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(rows).to_have_count(2)
    await expect(folder).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("End")
    await expect(last).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(orders).to_be_focused()
    await dashboard.assert_accessible()
    await page.keyboard.press("ArrowRight")
    await expect(orders.get_by_role("button")).to_be_focused()
    await page.keyboard.press("Enter")
    await dashboard.page.get_by_role("alertdialog").get_by_label("Reason").fill("it is mine")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(2, timeout=SOON_MS)
    # Its place is taken by another row, not by the beginning of the page.
    await expect(tree.locator(":focus")).to_have_count(1)


async def test_agents_locks_and_events_are_in_sight_together_and_scroll_in_themselves(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await ann.lock(*(f"src/part{number}.py" for number in range(50)))
    page = dashboard.page
    await dashboard.open(server.url)
    await expect(dashboard.panel("Locks").get_by_role("treeitem")).to_have_count(51)
    for width, height in ((800, 900), (1200, 800), (1440, 900), (3840, 2160)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollHeight") <= height, width
        for title in ("Agents", "Locks", "Events"):
            box = await dashboard.panel(title).bounding_box()
            assert box is not None
            assert box["height"] > 150, (width, title)
            assert box["y"] + box["height"] <= height, (width, title)


async def test_the_stream_can_be_paused_and_filtered(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await dashboard.open(server.url)
    events = dashboard.panel("Events")
    # It began before the page was opened.
    await expect(events).to_contain_text("session.started")
    await events.get_by_role("button", name="Pause").click()
    await ann.lock("one.py")
    await ann.lock("two.py")
    await expect(events.get_by_role("button", name=re.compile("Resume"))).to_have_text("Resume (2 new)")
    await expect(events).not_to_contain_text("one.py")
    await events.get_by_role("button", name=re.compile("Resume")).click()
    await expect(events).to_contain_text("granted one.py")

    await events.get_by_role("button", name="Locks").click()
    await expect(events).not_to_contain_text("session.started")
    await events.get_by_label("Filter events").fill("two ann")
    await expect(events.get_by_role("listitem")).to_have_count(1)
    await events.get_by_label("Filter events").fill("no such thing")
    await expect(events).to_contain_text("Nothing passes the filter")

    await events.get_by_label("Filter events").fill("")
    await events.get_by_role("button", name="Pause").click()
    eve = await comes(server, "eve", project="depot")
    await eve.lock("three.py")
    # What is held is not of the project that is now looked at.
    await dashboard.page.get_by_label("Project").select_option("depot")
    await expect(events).to_contain_text("granted three.py")
    await expect(events).not_to_contain_text("two.py")
    await expect(events.get_by_role("button", name="Pause")).to_be_visible()


async def test_a_lost_connection_is_made_up_for_without_a_gap_or_a_repetition(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await dashboard.open(server.url)
    await ann.lock("before.py")
    await expect(dashboard.panel("Events")).to_contain_text("before.py")

    async def drop(running: Server) -> None:
        running.sockets.close_all()

    await asyncio.to_thread(server.within, drop)
    await ann.lock("meanwhile.py")
    await dashboard.is_live()
    await ann.lock("after.py")
    await dashboard.panel("Events").get_by_role("button", name="Locks").click()
    said = dashboard.panel("Events").locator(".now-said")
    await expect(said).to_have_text([re.compile(name) for name in ("after.py", "meanwhile.py", "before.py")])
    await expect(dashboard.panel("Locks").get_by_role("treeitem")).to_have_count(3)


async def test_a_restart_of_the_server_needs_no_reload(
    dashboard: Watched, restarting: Callable[[], Running], comes: Comes
) -> None:
    dashboard.expected = AWAY
    server = restarting()
    ann = await comes(server, "ann")
    await ann.lock("before.py")
    await dashboard.open(server.url)
    await dashboard.page.evaluate("window.isTheSamePage = true")
    states = "window.states = []; new MutationObserver(() => states.push(document.querySelector('.live-state').textContent))"
    await dashboard.page.evaluate(
        f"{states}.observe(document.querySelector('.live-state'), {{childList: true, characterData: true, subtree: true}}); 0"
    )
    server = await asyncio.to_thread(restarting)
    bob = await comes(server, "bob")
    await bob.lock("after.py")
    await expect(dashboard.panel("Locks").get_by_role("treeitem")).to_have_count(2)
    await expect(dashboard.panel("Events")).to_contain_text("granted after.py")
    await dashboard.is_live()
    assert await dashboard.page.evaluate("window.isTheSamePage")
    assert "Offline" in await dashboard.page.evaluate("window.states")


async def test_a_key_opens_the_page_stays_in_the_tab_and_ends_with_it(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = [LOCKED_OUT]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    ann = await comes(server, "ann", key=owner)
    await ann.lock("a.py")
    page = dashboard.page
    await page.goto(f"{server.url}/now?project=webshop")
    await expect(page.get_by_label("API key")).to_be_focused()
    await dashboard.assert_accessible()
    await page.get_by_label("API key").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("does not know this key")
    await page.get_by_label("API key").fill(owner)
    await page.keyboard.press("Enter")
    await dashboard.is_live()
    await expect(dashboard.panel("Locks")).to_contain_text("a.py")
    assert page.url == f"{server.url}/now?project=webshop"
    stored: str = await page.evaluate("JSON.stringify([{...localStorage}, document.cookie])")
    assert owner not in stored

    await page.reload()
    await dashboard.is_live()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("API key")).to_be_visible()
    assert await page.evaluate("JSON.stringify({...sessionStorage})") == "{}"


async def test_a_key_sees_its_projects_only_does_what_its_role_may_and_is_shut_out_when_revoked(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = [LOCKED_OUT, "WebSocket connection"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    for project in ("webshop", "secret"):
        agent = await comes(server, f"agent-of-{project}", project=project, key=owner)
        await agent.lock(f"{project}.py")
    page = dashboard.page
    await page.goto(server.url)
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await dashboard.is_live()
    await expect(dashboard.panel("Locks")).to_contain_text("webshop.py")
    await agent.lock("more-secret.py")
    await expect(dashboard.counter("Locks held")).to_have_text("1")
    await expect(page.locator("body")).not_to_contain_text("secret")
    await expect(page.get_by_role("button", name=re.compile("Force open|What to do with"))).to_have_count(0)

    await revoke(server, "reader")
    await expect(page.get_by_label("API key")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("revoked")


async def test_a_project_that_the_key_does_not_see_is_refused_in_words_that_tell_what_to_do(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    for project in ("webshop", "other"):
        agent = await comes(server, f"agent-of-{project}", project=project, key=owner)
        await agent.lock(f"{project}.py")
    page = dashboard.page
    dashboard.expected = [LOCKED_OUT, "403 (Forbidden)"]
    await page.goto(f"{server.url}/now?project=other")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="“other” is not for this key")).to_be_visible()
    await expect(dashboard.state).to_have_text("Refused")
    await expect(page.locator("body")).not_to_contain_text("other.py")
    await dashboard.assert_accessible()
    await page.get_by_role("main").get_by_role("link", name="webshop").click()
    await dashboard.is_live()
    await expect(dashboard.panel("Locks")).to_contain_text("webshop.py")
    await page.goto(f"{server.url}/now?project=other")
    await page.get_by_role("button", name="Sign in with another key").click()
    await expect(page.get_by_label("API key")).to_be_visible()


async def test_the_entry_of_the_open_view_is_in_sight_in_a_narrow_window(
    dashboard: Watched, serving: Serving
) -> None:
    server = serving()
    await dashboard.page.set_viewport_size({"width": 360, "height": 700})
    await dashboard.open(server.url, "/history")
    for name in ("History", "Now", "Admin"):
        await dashboard.page.evaluate(f"window.history.pushState(null, '', '/{name.lower()}')")
        await expect(dashboard.page.get_by_role("link", name=re.compile(name))).to_be_in_viewport(ratio=1)
        await dashboard.assert_fits()


async def test_addresses_lead_to_what_they_name(dashboard: Watched, serving: Serving, comes: Comes) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await ann.lock("a.py")
    engineer = await comes(server, "eva", project="engine")
    await engineer.lock("b.py")
    page = dashboard.page
    await dashboard.open(server.url, "/now/webshop/ann")
    await expect(dashboard.panel("Agents").locator("li")).to_have_count(1)
    await expect(dashboard.panel("Locks")).not_to_contain_text("b.py")
    await page.get_by_role("link", name="Show all").click()
    await expect(dashboard.panel("Agents").locator("li")).to_have_count(2)
    await page.get_by_label("Project").select_option("engine")
    await expect(page).to_have_url(f"{server.url}/now?project=engine")
    await expect(dashboard.panel("Agents").locator("li")).to_have_count(1)
    await expect(dashboard.panel("Agents")).to_contain_text("eva")
    await page.go_back()
    await expect(dashboard.panel("Agents").locator("li")).to_have_count(2)
    await dashboard.open(server.url, "/now")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the view")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits_each_width_and_axe_finds_nothing_serious_in_either_theme(
    browser: Browser, serving: Serving, comes: Comes, scheme: str
) -> None:
    server = serving()
    ann = await comes(server, "ann", task="a task with " + "very" * 30 + " long words")
    await ann.lock("a/long/way/down/" + "name" * 20 + ".py", "b.py", reason="because " * 20)
    page = await browser.new_page(viewport={"width": 1024, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    await watched.open(server.url)
    await expect(watched.panel("Locks")).to_contain_text("b.py")
    await ann.call("memory_heartbeat", status="error", current_task="broken")
    await expect(watched.panel("Agents")).to_contain_text("broken")
    for width in (360, 1024, 3840):
        await page.set_viewport_size({"width": width, "height": 800})
        await watched.assert_fits()
        await watched.assert_accessible()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    before = await page.evaluate(ground)
    assert (sum(map(int, re.findall(r"\d+", before)[:3])) > 3 * 128) == (scheme == "light")
    await page.get_by_label("Colours").select_option("dark" if scheme == "light" else "light")
    assert await page.evaluate(ground) != before
    await watched.assert_clean()
