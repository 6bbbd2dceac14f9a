"""Addresses that name nothing, and the way between the dashboard and the page of the schema."""

from __future__ import annotations

from collections.abc import Callable

from playwright.async_api import expect

from tests.api.conftest import Running
from tests.browser.conftest import Comes
from tests.browser.watched import Watched

Serving = Callable[..., Running]
MADE_UP = {
    "knowledge/doc_nothing": ("document", "See all documents", "knowledge"),
    "functions/fn_nothing": ("function", "See all functions", "functions"),
    "specs/webshop/nothing": ("spec", "See all specs", "specs"),
    "specs/nothing": ("spec", "See all specs", "specs"),
    "checklists/webshop/nothing": ("checklist", "See all checklists", "checklists"),
    "checklists/nothing": ("checklist", "See all checklists", "checklists"),
    "backlog/bkl_nothing": ("item", "See the whole board", "backlog"),
    "history/ses_nothing": ("session", "See the sessions that ended", "history"),
    "admin/projects/nothing": ("project", "See all projects", "admin/projects"),
}


async def test_an_address_of_what_is_not_there_says_so_and_leads_to_all_of_its_kind(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "ann")
    page = dashboard.page
    for address, (what, link, view) in MADE_UP.items():
        await dashboard.open(server.url, f"/{address}?project=webshop")
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("heading", name=f"There is no such {what}")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        await page.get_by_role("link", name=link).click()
        await expect(page).to_have_url(f"{server.url}/{view}?project=webshop")
        await expect(page.get_by_text("There is no such")).to_have_count(0)


async def test_a_name_and_a_search_may_hold_any_sign(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    name = "50%25 of a/b? #1 + 100%"
    await ann.call("memory_checklist", action="create", name=name, items=["one"])
    page = dashboard.page
    await dashboard.open(server.url, "/checklists")
    await dashboard.panel("Checklists").get_by_role("link", name=name).click()
    await expect(dashboard.panel(name)).to_contain_text("0 of 1 done")
    await page.reload()
    await expect(dashboard.panel(name)).to_contain_text("0 of 1 done")
    for mistyped in ("100%", "%E0%A4%A"):
        await dashboard.open(server.url, f"/knowledge/{mistyped}")
        await expect(page.get_by_role("heading", name="There is no such document")).to_be_visible()

    await dashboard.open(server.url, "/specs")
    await page.get_by_role("searchbox").fill("LIKE '%41%'")
    await expect(page).to_have_url(f"{server.url}/specs?q=LIKE+%27%2541%25%27")
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("LIKE '%41%'")


async def test_the_schema_is_one_link_away_and_so_is_the_way_back(
    dashboard: Watched, serving: Serving
) -> None:
    server = serving()
    page = dashboard.page
    await dashboard.open(server.url, "/specs")
    await page.get_by_role("navigation", name="Views").get_by_role("link", name="API").click()
    await expect(page.locator(".graphiql-container")).to_be_visible()
    await page.get_by_role("link", name="Dashboard").click()
    await dashboard.is_live()
    await expect(page.get_by_role("heading", name="Now", exact=True)).to_be_visible()
