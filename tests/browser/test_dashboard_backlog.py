"""The view Backlog in a real browser, against a real server to which real agents come over MCP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import Browser, Locator, expect

from api.app import Server
from resolvers.callers import Role
from store.port import Changes
from store.records import BacklogItem, new_id
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import Agent, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000


async def add(agent: Agent, title: str, **more: object) -> str:
    made = await agent.call("memory_add_backlog_item", title=title, description=f"do: {title}", **more)
    return str(made["id"])


def column(dashboard: Watched, title: str) -> Locator:
    return dashboard.page.locator(".backlog-column", has=dashboard.page.get_by_role("heading", name=title))


async def test_the_board_follows_what_agents_do(dashboard: Watched, serving: Serving, comes: Comes) -> None:
    server = serving()
    await dashboard.open(server.url, "/backlog")
    await expect(dashboard.page.get_by_text("Nothing is to be done")).to_be_visible()
    await expect(dashboard.page.get_by_text("claude mcp add")).to_be_visible()
    ann = await comes(server, "ann")
    first = await add(ann, "Prices in cents", priority="low", tags=["api"], target_version="2.0")
    opened, running = column(dashboard, "Open"), column(dashboard, "In progress")
    await expect(opened).to_contain_text("Prices in cents", timeout=SOON_MS)
    await expect(opened.get_by_role("listitem")).to_contain_text("#api")
    await add(ann, "Refunds", priority="critical", blocked_by=[first])
    await expect(opened.get_by_role("listitem")).to_have_text(
        [re.compile("Refunds.*critical.*waits for 1"), re.compile("Prices in cents.*low.*2.0")],
        timeout=SOON_MS,
    )
    await ann.call("memory_update_backlog_item", item_id=first, claim=True)
    await expect(running).to_contain_text("ann", timeout=SOON_MS)
    await expect(opened.get_by_role("listitem")).to_have_count(1)
    await ann.call("memory_complete_backlog_item", item_id=first, resolution="done")
    await expect(running.get_by_role("listitem")).to_have_count(0, timeout=SOON_MS)
    await expect(opened).not_to_contain_text("waits for")
    await dashboard.assert_accessible()

    await dashboard.page.get_by_role("button", name="Closed too").click()
    await expect(column(dashboard, "Done")).to_contain_text("Prices in cents")
    await expect(dashboard.page).to_have_url(f"{server.url}/backlog?closed=1")


async def test_a_card_is_moved_by_dragging_and_by_keys_and_its_agent_is_told_why(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    bob = await comes(server, "bob")
    await add(ann, "Prices in cents")
    page = dashboard.page
    other = await browser.new_page()
    await other.goto(f"{server.url}/backlog")
    await dashboard.open(server.url, "/backlog")
    card = page.get_by_role("article").filter(has_text="Prices in cents")
    await card.drag_to(column(dashboard, "Retest"))
    await expect(column(dashboard, "Retest")).to_contain_text("Prices in cents", timeout=SOON_MS)
    await expect(other.locator("[data-status=RETEST]")).to_contain_text("Prices in cents", timeout=SOON_MS)

    menu = page.get_by_role("button", name="Move or give Prices in cents")
    dialog = page.locator(".modal")
    await menu.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitem", name="ann").click()
    await expect(dialog).to_contain_text("to ann?")
    await expect(dialog.get_by_role("button", name="Give")).to_be_disabled()
    await dashboard.assert_accessible()
    await dialog.get_by_label("Reason").fill("you know the cart")
    await page.keyboard.press("Enter")
    await expect(card).to_contain_text("ann", timeout=SOON_MS)
    assert "you know the cart" in await ann.said("memory_get_locks")

    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="bob")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(dialog).to_contain_text("to Open?")
    await dialog.get_by_label("Reason").fill("not yet")
    await page.keyboard.press("Enter")
    await expect(column(dashboard, "Open")).to_contain_text("ann", timeout=SOON_MS)
    assert "not yet" in await ann.said("memory_get_locks")
    assert "not yet" not in await bob.said("memory_get_locks")
    await other.close()


async def test_the_focus_is_never_lost_with_a_card_that_is_closed_or_moved(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    item = await add(ann, "Prices in cents")
    await fill(server, 60)
    page = dashboard.page
    await dashboard.open(server.url, f"/backlog/{item}")
    await expect(page.get_by_role("complementary")).to_be_visible()
    await (
        column(dashboard, "Open").locator(".virtual").evaluate("list => (list.scrollTop = list.scrollHeight)")
    )
    title = await page.locator("[aria-posinset='61'] a").inner_text()
    link = page.get_by_role("link", name=title, exact=True)
    for width in (1400, 800):
        await page.set_viewport_size({"width": width, "height": 900})
        if width == 800:
            await page.keyboard.press("Enter")
        else:
            await link.click()
        await expect(page.get_by_role("complementary")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(link).to_be_focused()

    menu = page.get_by_role("button", name=f"Move or give {title}", exact=True)
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="In progress")).to_be_focused()
    await page.keyboard.press("r")
    await page.keyboard.press("Enter")
    await expect(column(dashboard, "Retest").get_by_role("article")).to_have_text(re.compile(title))
    await expect(menu).to_be_focused()
    # Where closed ones are not shown, the board has it.
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitem", name="Done").click()
    await page.locator(".modal").get_by_label("What was done").fill("all")
    await page.keyboard.press("Enter")
    await expect(menu).to_have_count(0)
    await expect(page.get_by_role("group", name="Board")).to_be_focused()

    await page.get_by_role("button", name="Add an item").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("button", name="Add an item")).to_be_focused()


async def test_an_item_is_added_edited_claimed_for_an_agent_and_closed_in_the_side_panel(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    blocker = await add(ann, "Currencies")
    page = dashboard.page
    await dashboard.open(server.url, "/backlog")
    await page.get_by_role("button", name="Add an item").click()
    side = page.get_by_role("complementary")
    await side.get_by_label("Title").fill("Invoices")
    await side.get_by_label("Priority").select_option("HIGH")
    await side.get_by_label("Find an item to wait for").fill("curr")
    await side.get_by_role("button", name="Currencies").first.click()
    await side.get_by_role("button", name="Add", exact=True).click()
    await expect(side.get_by_role("heading", name="Invoices")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/backlog/bkl_\w+$"))
    await expect(side).to_contain_text("waits for 1")
    await ann.call("memory_complete_backlog_item", item_id=blocker)
    await expect(side).not_to_contain_text("waits for 1", timeout=SOON_MS)

    await side.get_by_label("Title").fill("Invoices in cents")
    item = page.url.rpartition("/")[2]
    await ann.call("memory_update_backlog_item", item_id=item, title="Bills", target_version="3.0")
    await expect(side).to_contain_text("Changed meanwhile to: Bills", timeout=SOON_MS)
    await expect(side.get_by_label("Milestone")).to_have_value("3.0")
    await side.get_by_role("button", name="Save").click()
    await expect(side.get_by_role("heading", name="Invoices in cents")).to_be_visible(timeout=SOON_MS)
    await dashboard.assert_accessible()

    dialog = page.locator(".modal")
    await side.get_by_label("Claim for").select_option("ann")
    await side.get_by_role("button", name="Give and start").click()
    await dialog.get_by_label("Reason").fill("yours")
    await page.keyboard.press("Enter")
    await expect(column(dashboard, "In progress")).to_contain_text("Invoices in cents", timeout=SOON_MS)
    await side.get_by_label("Milestone").fill("3.1")
    await expect(side.get_by_role("button", name="Save")).to_be_disabled()
    await side.get_by_label("Reason, told to ann").fill("later")
    await side.get_by_role("button", name="Save").click()
    await expect(column(dashboard, "In progress")).to_contain_text("3.1", timeout=SOON_MS)
    assert "later" in await ann.said("memory_get_locks")

    await side.get_by_role("button", name="Done…").click()
    await dialog.get_by_label("What was done").fill("it was easy")
    await page.keyboard.press("Enter")
    await expect(side).to_contain_text("it was easy", timeout=SOON_MS)
    await side.get_by_role("button", name="Close", exact=True).click()
    await expect(page).to_have_url(f"{server.url}/backlog")


async def test_what_was_changed_and_not_saved_is_still_there_after_another_card_was_looked_at(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    item = await add(ann, "Invoices")
    await add(ann, "Currencies")
    page = dashboard.page
    await dashboard.open(server.url, f"/backlog/{item}")
    side = page.get_by_role("complementary")
    card = page.get_by_role("article").filter(has_text="Invoices")
    await side.get_by_label("Title").fill("Invoices in cents")
    await side.get_by_label("Tags").fill("money, api")
    await expect(card).to_contain_text("not saved")
    await page.get_by_role("link", name="Currencies").click()
    await expect(side.get_by_label("Title")).to_have_value("Currencies")
    await page.get_by_role("link", name="Now", exact=True).click()
    await page.get_by_role("link", name="Backlog").click()
    await page.get_by_role("button", name="Add an item").click()
    await side.get_by_label("Title").fill("Refunds")
    await card.get_by_role("link").click()
    await expect(side.get_by_label("Title")).to_have_value("Invoices in cents")
    await expect(side.get_by_label("Tags")).to_have_value("money, api")
    await side.get_by_role("button", name="Save").click()
    await expect(card).not_to_contain_text("not saved")
    await expect(card).to_contain_text("#money", timeout=SOON_MS)
    await page.get_by_role("button", name="Add an item").click()
    await expect(side.get_by_label("Title")).to_have_value("Refunds")
    await side.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Add an item").click()
    await expect(side.get_by_label("Title")).to_have_value("")


async def fill(server: Running, count: int) -> None:
    """Put so many items into the store at once."""

    async def put(running: Server) -> None:
        store = running.engine.store
        now = await store.now()
        items = [
            BacklogItem(
                id=new_id(BacklogItem.PREFIX),
                project="webshop",
                title=f"Item {number}",
                tags=(("even", "odd")[number % 2],),
                created_at=now,
                updated_at=now,
            )
            for number in range(count)
        ]
        for start in range(0, count, 100):
            await store.commit(Changes(puts=tuple(items[start : start + 100])))

    await asyncio.to_thread(server.within, put)


async def test_a_thousand_items_are_few_elements_and_filters_stand_in_the_address(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "ann")
    await fill(server, 1_000)
    page = dashboard.page
    await dashboard.open(server.url, "/backlog")
    opened = column(dashboard, "Open")
    await expect(opened.locator(".count")).to_have_text("1000")
    assert await opened.get_by_role("article").count() < 40
    await page.get_by_label("Tag").select_option("odd")
    await expect(opened.locator(".count")).to_have_text("500")
    await page.get_by_label("Search items").fill("999")
    await expect(opened.get_by_role("article")).to_have_count(1)
    await expect(page).to_have_url(f"{server.url}/backlog?tag=odd&q=999")
    await page.reload()
    await dashboard.is_live()
    await expect(opened.get_by_role("article")).to_have_text(re.compile("Item 999"))
    await page.get_by_role("button", name="Clear").click()
    await expect(opened.locator(".count")).to_have_text("1000")
    eva = await comes(server, "eva", project="engine")
    await eva.call("memory_add_backlog_item", title="Turbine", description="whistles in the rain")
    await page.get_by_label("Search items").fill("whistles")
    # The board of two projects is read anew meanwhile, at first with few cards.
    await expect(page).to_have_url(f"{server.url}/backlog?q=whistles")
    await expect(opened.get_by_role("article").filter(has_text="Turbine")).to_have_count(1)
    await expect(opened.get_by_role("article")).to_have_count(1)


async def test_a_readonly_key_reads_the_board_and_is_offered_nothing_else(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["401 (Unauthorized)"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    item = await add(await comes(server, "ann", key=owner), "Prices in cents")
    await add(await comes(server, "eva", project="secret", key=owner), "Hidden")
    page = dashboard.page
    await page.goto(f"{server.url}/backlog/{item}")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await dashboard.is_live()
    await expect(column(dashboard, "Open").get_by_role("article")).to_have_count(1)
    await expect(page.get_by_role("complementary")).to_contain_text("do: Prices in cents")
    for name in ("Add an item", "Move or give", "Save", "Give and start", "Done"):
        await expect(page.get_by_role("button", name=re.compile(name))).to_have_count(0)
    await expect(page.locator("[draggable=true]")).to_have_count(0)


async def test_the_backlog_fits_each_width_and_axe_finds_nothing_serious_in_either_theme(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    item = await add(ann, "Long" * 60, tags=["tag" * 20], priority="critical")
    page = dashboard.page
    await dashboard.open(server.url, f"/backlog/{item}")
    await expect(page.get_by_role("complementary")).to_contain_text("LongLong")
    for width, scheme in ((360, "light"), (1200, "dark"), (3840, "light")):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 800})
        await dashboard.assert_fits()
        await dashboard.assert_accessible()
    await page.get_by_role("button", name="Close", exact=True).click()
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 800})
    await dashboard.assert_fits()
    await dashboard.assert_accessible()
