"""The view Functions in a real browser: the registry, the enrichment queue, one function whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Agent, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000


async def register(agent: Agent, name: str, file: str, **more: Any) -> str:
    """Let an agent register a function; return its id."""
    told = {"purpose": f"what {name} is for", "code": f"def {name}(): ...", **more}
    return str((await agent.call("memory_register_function", name=name, file=file, **told))["id"])


async def test_a_function_goes_from_the_registry_through_the_queue_to_its_description(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    page = dashboard.page
    await dashboard.open(server.url, "/functions")
    await expect(page.get_by_text("No function is registered yet")).to_be_visible()
    ann = await comes(server, "ann")
    await register(ann, "total_of", "cart/totals.py:5", gotchas="Taxes are not in it.")
    await register(ann, "on_event", "pay/hook.py:88")
    registry = dashboard.panel("Registry")
    await expect(registry.get_by_role("article")).to_have_count(2, timeout=SOON_MS)
    await expect(registry).to_contain_text("cart/totals.py0 of 1 enriched")
    await registry.get_by_role("button", name="cart/totals.py").click()
    await expect(registry.get_by_role("article")).to_have_count(1)
    await registry.get_by_role("link", name="total_of").click()
    opened = dashboard.panel("total_of")
    await expect(opened).to_contain_text("waits for a librarian")
    await expect(dashboard.panel("Beware")).to_contain_text("Taxes are not in it.")
    await expect(dashboard.panel("Code as it was sent")).to_contain_text("def total_of(): ...")

    lib = await comes(server, "lib")
    task = await lib.call("memory_become_librarian", limit=1)
    await page.get_by_role("link", name="Enrichment queue").click()
    queue = dashboard.panel("Enrichment queue")
    await expect(queue.get_by_role("link", name="Waiting 1")).to_be_visible()
    await queue.get_by_role("link", name="Taken 1").click()
    await expect(queue.get_by_role("article")).to_contain_text("lib has it for another 15 min")
    await dashboard.assert_accessible()
    (taken,) = task["items"]
    described = {
        "signature": "def total_of(lines: list[Line]) -> int",
        "parameters": [{"name": "lines", "type": "list[Line]", "description": "what is bought"}],
        "returns": "cents",
        "calls": ["round_half_even"],
    }
    await page.goto(f"{server.url}/functions/{taken['id']}")
    await expect(dashboard.panel(taken["name"])).to_contain_text("with lib")
    await lib.call("memory_enrich_function", func_id=taken["id"], lease_id=task["lease_id"], **described)
    opened = dashboard.panel(taken["name"])
    await expect(opened).to_contain_text("enriched", timeout=SOON_MS)
    await expect(opened.get_by_role("row", name="lines")).to_contain_text("what is bought")
    await expect(dashboard.panel("About it").get_by_role("link", name="round_half_even")).to_be_visible()

    await register(ann, taken["name"], taken["file"], code="def other(): ...")
    await expect(opened).to_contain_text("Its code has changed since it was described", timeout=SOON_MS)
    await dashboard.assert_accessible()


async def test_what_was_given_up_is_tried_again_one_by_one_and_all_at_once(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    names = ["spin_up", "cool_down", "refuel"]
    for name in names:
        await register(ann, name, "f.py")
    lent = (
        await server.data("mutation { leaseFunctions(input: {limit: 3}) { leaseId functions { id name } } }")
    )["leaseFunctions"]
    await server.data(
        """mutation set($lease: ID!) {
          releaseFunctions(input: {leaseId: $lease, failure: "no source", permanent: true}) { released }
        }""",
        lease=lent["leaseId"],
    )
    page = dashboard.page
    await dashboard.open(server.url, f"/functions/{lent['functions'][0]['id']}?queue=failed")
    queue = dashboard.panel("Enrichment queue")
    await expect(queue.get_by_role("link", name="Given up 3")).to_be_visible()
    opened = dashboard.panel(lent["functions"][0]["name"])
    await expect(opened).to_contain_text("no source")
    await opened.get_by_role("button", name="Try again").click()
    await expect(opened).to_contain_text("waits", timeout=SOON_MS)
    await expect(opened.get_by_role("button", name="Try again")).to_have_count(0)
    await expect(queue.get_by_role("link", name="Given up 2")).to_be_visible(timeout=SOON_MS)
    await queue.get_by_role("button", name="Try all again").click()
    dialog = page.get_by_role("alertdialog", name="Try all again")
    await expect(dialog).to_contain_text("webshop")
    await dialog.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("2 wait for a librarian again.")).to_be_visible()
    await expect(queue.get_by_role("link", name="Waiting 3")).to_be_visible(timeout=SOON_MS)
    await dashboard.assert_accessible()


async def test_functions_are_found_by_what_they_do(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    eva = await comes(server, "eva", project="engine")
    await register(ann, "total_of", "cart/totals.py", purpose="adds up the prices of a cart")
    await register(eva, "spin", "spin.py", purpose="turns the engine; prices play no part")
    page = dashboard.page
    await dashboard.open(server.url, "/functions")
    await page.get_by_label("Search functions by what they do").fill("prices of a cart")
    found = dashboard.panel("Found")
    await expect(found.get_by_role("article").first).to_contain_text("adds up the prices of a cart")
    await expect(found.get_by_role("article").first).to_contain_text(re.compile(r"\d+%"))
    await expect(page).to_have_url(f"{server.url}/functions?q=prices+of+a+cart")
    await page.reload()
    await expect(found).to_contain_text("cart/totals.py")
    await page.get_by_label("Project").select_option("engine")
    await page.get_by_label("Search functions by what they do").fill("prices")
    await expect(found.get_by_role("article")).to_have_text([re.compile("spin")])


async def test_a_function_is_removed_after_one_question_and_every_page_shows_it(
    dashboard: Watched, browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    gone = await register(ann, "old_total", "cart/old.py")
    await register(ann, "total_of", "cart/totals.py")
    other = Watched(await browser.new_page(viewport={"width": 1400, "height": 900}))
    other.page.set_default_timeout(PATIENCE_MS)
    await other.watch()
    await other.open(server.url, "/functions?project=webshop")
    await expect(other.panel("Registry").get_by_role("article")).to_have_count(2)
    page = dashboard.page
    await dashboard.open(server.url, f"/functions/{gone}?project=webshop")
    await dashboard.panel("old_total").get_by_role("button", name="Remove old_total").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("cart/old.py")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("old_total is removed.")).to_be_visible()
    await expect(page).to_have_url(f"{server.url}/functions?project=webshop")
    for watched in (dashboard, other):
        articles = watched.panel("Registry").get_by_role("article")
        await expect(articles).to_have_text([re.compile("total_of")], timeout=SOON_MS)
    await other.assert_clean()


async def test_a_readonly_key_reads_and_is_offered_nothing_more(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["401 (Unauthorized)"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    ann = await comes(server, "ann", key=owner)
    eva = await comes(server, "eva", project="secret", key=owner)
    kept = await register(ann, "total_of", "cart/totals.py")
    await register(eva, "launch", "missiles.py")
    page = dashboard.page
    await page.goto(f"{server.url}/functions/{kept}")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await expect(dashboard.panel("total_of")).to_contain_text("what total_of is for")
    await expect(page.get_by_role("button", name=re.compile("Remove"))).to_have_count(0)
    await expect(dashboard.panel("Registry").get_by_role("article")).to_have_count(1)
    await page.goto(f"{server.url}/functions?queue=pending")
    await expect(dashboard.panel("Enrichment queue").get_by_role("article")).to_have_count(1)
    await expect(page.locator("body")).not_to_contain_text("missiles")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_view_fits_each_width_and_axe_finds_nothing_serious_in_either_theme(
    browser: Browser, serving: Serving, comes: Comes, scheme: str
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    kept = await register(ann, "very." + "long" * 30, "deep/" * 30 + "f.py", gotchas="because " * 60)
    page = await browser.new_page(viewport={"width": 1024, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    for address in (f"/functions/{kept}?q=long", "/functions", "/functions?queue=pending"):
        await watched.open(server.url, address)
        await expect(page.get_by_role("heading", name="Functions", exact=True)).to_be_visible()
        await expect(page.locator(".coming")).to_have_count(0)
        for width in (360, 1024, 3840):
            await page.set_viewport_size({"width": width, "height": 800})
            await watched.assert_fits()
        await watched.assert_accessible()
    await watched.assert_clean()
