"""The view Knowledge in a real browser: what agents wrote, found as they find it, and kept in order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from api.app import Server
from resolvers.callers import Role
from store.port import Changes
from store.records import Document
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Agent, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
INDEX = "the search index is rebuilt at night by the job reindex and takes some forty minutes of one core"


async def store(agent: Agent, title: str, content: str, **more: object) -> str:
    """Let an agent keep a document; return its id."""
    kept = await agent.call(
        "memory_store", title=title, content=content, **{"memory_type": "learning", **more}
    )
    return str(kept["id"])


async def test_a_search_shows_what_agents_find_and_a_new_document_at_once(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    page = dashboard.page
    await dashboard.open(server.url, "/knowledge")
    await expect(page.get_by_text("Nothing has been written down yet")).to_be_visible()
    ann = await comes(server, "ann")
    eva = await comes(server, "eva", project="engine")
    await store(ann, "Rounding of prices", "Prices are <b>rounded</b> half to even.", tags=["money"])
    listed = dashboard.panel("Documents: active")
    await expect(listed.get_by_role("article")).to_contain_text("Rounding of prices", timeout=SOON_MS)
    await store(eva, "Prices of fuel", "Prices of fuel are given a litre.", memory_type="gotcha")
    await expect(listed.get_by_role("article")).to_have_count(2, timeout=SOON_MS)

    await page.get_by_label("Search the knowledge as agents do").fill("prices rounded")
    found = dashboard.panel("Found")
    await expect(found.get_by_role("article").first).to_contain_text("<b>rounded</b> half to even")
    await expect(found.locator("mark").first).to_have_text("Prices")
    await expect(found.get_by_role("article").first).to_contain_text(re.compile(r"\d+%"))
    await expect(page).to_have_url(re.compile(r"/knowledge\?q=prices\+rounded$"))
    await page.get_by_label("Type").select_option("GOTCHA")
    await expect(found.get_by_role("article")).to_have_count(1)
    await expect(found).to_contain_text("Prices of fuel")
    await page.get_by_label("Project").select_option("webshop")
    await page.goto(f"{server.url}/knowledge?project=webshop&q=prices&tag=money")
    await expect(found.get_by_role("article")).to_have_text([re.compile("Rounding of prices")])
    await store(ann, "Prices of today", "Prices of today are those of the morning.", tags=["money"])
    await expect(found.get_by_role("article")).to_have_count(2, timeout=SOON_MS)
    await page.get_by_label("Where").select_option("everywhere")
    await page.get_by_label("Tag").fill("")
    await expect(found).to_contain_text("Prices of fuel")
    await dashboard.assert_accessible()
    await found.get_by_role("link", name="Prices of fuel").click()
    await expect(dashboard.panel("About it")).to_contain_text("Handed out0 times")


async def test_a_document_is_superseded_and_restored_with_a_reason_and_every_page_shows_it(
    dashboard: Watched, browser: Browser, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    old = await store(
        ann, "Totals in euros", "Totals of a cart are floats in euros.", files_related=["cart.py"]
    )
    new = await store(ann, "Totals in cents", f"Totals of a cart are integers in cents; not as in {old}.")
    other = Watched(await browser.new_page(viewport={"width": 1400, "height": 900}))
    other.page.set_default_timeout(PATIENCE_MS)
    await other.watch()
    await other.open(server.url, f"/knowledge/{old}?project=webshop")
    page = dashboard.page
    await dashboard.open(server.url, f"/knowledge/{new}?project=webshop")
    await dashboard.panel("Totals in cents").get_by_role("link", name=old).click()
    opened = dashboard.panel("Totals in euros")
    await expect(page).to_have_url(f"{server.url}/knowledge/{old}?project=webshop")
    await expect(dashboard.panel("About it")).to_contain_text("cart.py")

    await opened.get_by_role("button", name="Supersede").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Change status")).to_be_disabled()
    await dialog.get_by_role("radio", name="Totals in cents").check(force=True)
    await dialog.get_by_label("Reason").fill("floats lose cents")
    await dashboard.assert_accessible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("“Totals in euros” was active and is superseded.")).to_be_visible()
    for watched in (dashboard, other):
        there = watched.panel("Totals in euros")
        await expect(there).to_contain_text("Replaced by Totals in cents", timeout=SOON_MS)
        await expect(watched.panel("History")).to_contain_text("floats lose cents")
        await expect(watched.panel("Documents: active").get_by_role("article")).to_have_count(1)
    assert "superseded" in await ann.said("memory_get_by_id", doc_id=old)

    await opened.get_by_role("button", name="Restore").click()
    await dialog.get_by_label("Reason").fill("the mobile app still needs it")
    await dialog.get_by_role("button", name="Change status").click()
    await expect(other.panel("Documents: active").get_by_role("article")).to_have_count(2, timeout=SOON_MS)
    await ann.call("memory_change_status", doc_id=old, new_status="deprecated", reason="soon gone")
    await expect(opened).to_contain_text("soon gone", timeout=SOON_MS)
    await other.assert_clean()


async def test_duplicates_old_ones_and_all_of_a_tag_are_cleaned_up(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await store(ann, "Rebuilding the index", f"{INDEX}.")
    await store(ann, "Rebuilding the index", f"{INDEX} at most.")
    aged = await store(ann, "How a release is made", "Tag, wait, deploy.", memory_type="adr", tags=["ops"])
    await store(ann, "Who is on call", "The one whose week it is.", memory_type="adr", tags=["ops"])

    async def age(running: Server) -> None:
        kept = running.engine.store
        found = await kept.get(Document, aged)
        assert found is not None
        await kept.commit(Changes(puts=(replace(found, updated_at=found.updated_at - timedelta(days=100)),)))

    await asyncio.to_thread(server.within, age)
    page = dashboard.page
    await dashboard.open(server.url, "/knowledge/cleaning?project=webshop")
    pairs, stale = dashboard.panel("Almost the same"), dashboard.panel("Not written for long")
    await expect(pairs.get_by_role("article")).to_have_count(1)
    await expect(pairs.locator("mark")).to_contain_text(["at most"])
    await expect(stale.get_by_role("article")).to_have_text([re.compile("How a release is made")])
    await dashboard.assert_accessible()
    await page.get_by_label("Not written for", exact=True).select_option("180")
    await expect(stale).to_contain_text("Everything was written in the last 180 days")
    await page.get_by_label("Not written for", exact=True).select_option("90")

    await pairs.get_by_role("button", name="Keep the newer one").click()
    dialog = page.get_by_role("alertdialog")
    await dialog.get_by_label("Reason").fill("says more")
    await page.keyboard.press("Enter")
    await expect(pairs).to_contain_text("No two documents say the same", timeout=SOON_MS)
    await stale.get_by_role("button", name="Archive How a release is made").click()
    await dialog.get_by_label("Reason").fill("we release otherwise")
    await page.keyboard.press("Enter")
    await expect(stale.get_by_role("article")).to_have_count(0, timeout=SOON_MS)

    tag = page.get_by_label("Tag to archive or restore")
    await tag.focus()
    await expect(page.locator("datalist option")).to_have_count(1)
    assert await page.locator("datalist option").get_attribute("value") == "ops"
    assert await tag.get_attribute("list") == await page.locator("datalist").get_attribute("id")
    await tag.fill("ops")
    by_tag = dashboard.panel("By tag")
    await expect(by_tag).to_contain_text("#ops: 1 document, 1 archived besides")
    await page.get_by_role("button", name="Archive all").click()
    await expect(page.locator(".modal")).to_contain_text(
        "1 document of the project webshop with the tag ops is put aside"
    )
    await expect(page.locator(".modal").get_by_role("listitem")).to_have_text(["Who is on call"])
    await dialog.get_by_label("Reason").fill("ops moved away")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 document is archived.")).to_be_visible()
    assert "Who is on call" not in await ann.said("memory_query", query="who is on call")
    await expect(by_tag).to_contain_text("#ops: 0 documents, 2 archived besides", timeout=SOON_MS)
    await expect(page.get_by_role("button", name="Archive all")).to_be_disabled()
    await page.get_by_role("button", name="Restore all").click()
    await dialog.get_by_role("button", name="Restore all").click()
    await expect(page.get_by_text(re.compile("restored."))).to_be_visible()
    assert "Who is on call" in await ann.said("memory_query", query="who is on call")


async def test_a_readonly_key_reads_and_is_offered_nothing_more(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["401 (Unauthorized)"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    ann = await comes(server, "ann", key=owner)
    eva = await comes(server, "eva", project="secret", key=owner)
    kept = await store(ann, "Rounding of prices", "Half to even.", tags=["money"])
    hidden = await store(eva, "Prices of missiles", "Nobody may know.")
    page = dashboard.page
    await page.goto(f"{server.url}/knowledge/{kept}?tag=money")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await expect(dashboard.panel("Rounding of prices")).to_contain_text("Half to even.")
    await expect(dashboard.panel("History")).to_contain_text("stored")
    act = re.compile("Supersede|Archive|Restore|Status")
    await expect(page.get_by_role("button", name=act)).to_have_count(0)
    await page.goto(f"{server.url}/knowledge/{hidden}?q=prices")
    await expect(page.get_by_role("heading", name="There is no such document")).to_be_visible()
    await expect(dashboard.panel("Found")).to_contain_text("Rounding of prices")
    await expect(page.locator("body")).not_to_contain_text("missiles")
    await page.goto(f"{server.url}/knowledge/cleaning")
    await expect(page.get_by_text("No two documents say the same")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("Archive|Keep"))).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_view_fits_each_width_and_axe_finds_nothing_serious_in_either_theme(
    browser: Browser, serving: Serving, comes: Comes, scheme: str
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    title = "very" * 40 + " long"
    kept = await store(
        ann, title, "way " + "tooLong" * 60, tags=["t" * 40], files_related=["d/" * 60 + "f.py"]
    )
    page = await browser.new_page(viewport={"width": 1024, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    for address in (f"/knowledge/{kept}?q=way", "/knowledge?project=webshop", "/knowledge/cleaning"):
        await watched.open(server.url, address)
        await expect(page.locator(".coming")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Knowledge", exact=True)).to_be_visible()
        for width in (360, 1024, 3840):
            await page.set_viewport_size({"width": width, "height": 800})
            await watched.assert_fits()
        await watched.assert_accessible()
    await watched.assert_clean()
