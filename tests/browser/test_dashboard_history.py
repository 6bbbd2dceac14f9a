"""The view History in a real browser: charts with tables behind them, and what sessions left."""

from __future__ import annotations

from collections.abc import Callable

from playwright.async_api import Browser, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
COUNTED_MS = 15_000
"""The server counts every 5 seconds, the page reads as often."""


async def test_what_happened_is_drawn_told_in_tables_and_read_with_the_keyboard(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    page = dashboard.page
    await dashboard.open(server.url, "/history?project=webshop")
    activity = dashboard.panel("Activity")
    await expect(activity).to_contain_text("Nothing happened in this time")
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    await ann.lock("src/cart.ts")
    await bob.said("memory_lock_files", files=["src/cart.ts"], reason="me too")
    await ann.call("memory_send_message", to_instance="bob", message="mine", category="question")

    await expect(activity.get_by_role("slider")).to_be_visible(timeout=COUNTED_MS)
    messages = dashboard.panel("Messages by category")
    await messages.get_by_text("As a table").click(timeout=COUNTED_MS)
    await expect(messages.get_by_role("row").nth(1)).to_have_text("Question1")
    paths = dashboard.panel("Most fought-over paths")
    await paths.get_by_text("As a table").click(timeout=COUNTED_MS)
    await expect(paths.get_by_role("row").nth(1)).to_contain_text("src/cart.ts1")
    latency = dashboard.panel("Calls by latency")
    await latency.get_by_text("As a table").click()
    await expect(latency.get_by_role("row").filter(has_text="lockFiles")).to_contain_text("ms")

    slider = activity.get_by_role("slider")
    await slider.focus()
    await page.keyboard.press("End")
    await expect(activity.locator(".history-said")).to_contain_text("Messages 1")
    await expect(slider).to_have_attribute("aria-valuenow", "23")
    await page.get_by_role("radio", name="30 days").click()
    await expect(page).to_have_url(f"{server.url}/history?project=webshop&span=30d")
    await expect(slider).to_have_attribute("aria-valuemax", "29")
    await dashboard.assert_accessible()
    for width in (360, 1024, 3840):
        await page.set_viewport_size({"width": width, "height": 800})
        await dashboard.assert_fits()


async def test_a_session_that_ends_leaves_its_hand_off_at_an_address_of_its_own(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    await dashboard.open(server.url, "/history")
    ended = dashboard.panel("Sessions that ended")
    await expect(ended).to_contain_text("No session has ended yet")
    await ann.call(
        "memory_end_session",
        summary="Cart is done",
        handoff_notes="Rounding is open:\n<i>see cart.ts</i>",
        learnings="Cents are whole",
        files_modified=["src/cart.ts"],
    )
    await expect(ended).to_contain_text("Cart is done", timeout=SOON_MS)
    await bob.call("memory_end_session", summary="Paint")
    await ended.get_by_role("link", name="ann").click()
    await expect(dashboard.page).to_have_url(f"{server.url}/history/{ann.session}")
    await expect(ended).to_contain_text("<i>see cart.ts</i>")
    await dashboard.assert_accessible()
    await ended.get_by_label("Filter sessions").fill("cents cart")
    await expect(ended.get_by_role("listitem")).to_have_count(1)

    second = await browser.new_page()
    second.set_default_timeout(PATIENCE_MS)
    await second.goto(f"{server.url}/history/{ann.session}")
    await expect(second.get_by_text("Cents are whole")).to_be_visible()


async def test_a_key_that_only_reads_is_not_shown_what_the_server_measures_of_all(
    browser: Browser, serving: Serving
) -> None:
    server = serving(auth_enabled=True)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    page = await browser.new_page(color_scheme="dark")
    page.set_default_timeout(PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    await watched.sign_in(server.url, reader, "/history?project=webshop")
    await expect(watched.panel("Activity")).to_contain_text("Nothing happened in this time")
    await expect(watched.panel("Calls by latency")).to_have_count(0)
    await watched.assert_accessible()
    await watched.assert_clean()
