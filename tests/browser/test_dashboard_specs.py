"""The view Specs in a real browser: what was agreed, and what each version changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "description": "Of the order."},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "integer"}}}},
    },
}


def text(price: str, *more: str) -> str:
    """Return a spec of many lines, of which one names what a price is."""
    return "\n".join([*(f"Line {number} stays." for number in range(12)), f"A price is in {price}.", *more])


async def test_versions_are_seen_live_and_any_two_are_compared(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    page = dashboard.page
    await dashboard.open(server.url, "/specs")
    await expect(page.get_by_text("No spec is defined yet")).to_be_visible()
    ann = await comes(server, "ann")
    bob = await comes(server, "bob")
    await bob.call("memory_define_spec", name="catalogue/search", content="As agreed.", spec_type="state")
    await ann.call("memory_define_spec", name="orders-api", content=text("euros"), tags=["http"])
    listed = dashboard.panel("Specs")
    await expect(listed.get_by_role("article")).to_have_count(2, timeout=SOON_MS)
    await page.get_by_label("Filter: name, owner, tag").fill("http")
    await expect(listed.get_by_role("article")).to_have_count(1)
    await listed.get_by_role("link", name="orders-api").click()
    opened = dashboard.panel("orders-api")
    await expect(opened.get_by_role("group", name="Text of the spec")).to_contain_text("A price is in euros.")
    await opened.get_by_role("button", name="What changed").click()
    await expect(opened).to_contain_text("only one version")

    await ann.call("memory_define_spec", name="orders-api", content=text("cents"), version="1.1.0")
    await expect(opened.locator("del")).to_have_text(["euros"], timeout=SOON_MS)
    await expect(opened.locator("ins")).to_have_text(["cents"])
    await expect(listed.get_by_role("article")).to_contain_text("1.1.0")
    await expect(opened).not_to_contain_text("Line 1 stays.")
    await opened.get_by_role("button", name="lines are the same").click()
    await expect(opened).to_contain_text("Line 1 stays.")

    newest = text("cents", "A repeated key answers 200.")
    await ann.call(
        "memory_define_spec", name="orders-api", content=newest, version="2.0.0", json_schema=SCHEMA
    )
    await expect(opened.get_by_role("combobox", name="To")).to_have_value("2.0.0", timeout=SOON_MS)
    await opened.get_by_role("combobox", name="From").select_option("1.0.0")
    await expect(page).to_have_url(re.compile(r"from=1\.0\.0"))
    await expect(opened.locator("del")).to_have_text(["euros"])
    await expect(opened.get_by_role("group", name="JSON Schema from 1.0.0 to 2.0.0")).to_contain_text("price")
    await dashboard.assert_accessible()
    await opened.get_by_role("button", name="JSON Schema").click()
    await expect(opened.get_by_role("row", name=re.compile("^id"))).to_contain_text("Of the order.")
    await expect(opened.get_by_role("row", name="lines[].price")).to_contain_text("integer")
    await dashboard.assert_accessible()


async def test_an_older_version_has_an_address_and_says_that_it_is_older(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    name = "state: check/out?"
    for version, price in (("1.0.0", "euros"), ("1.1.0", "cents")):
        await ann.call(
            "memory_define_spec", name=name, content=f"A price is in {price}.", version=version, force=True
        )
    page = dashboard.page
    await dashboard.open(server.url, "/specs/webshop/state%3A%20check/out%3F?to=1.0.0&project=webshop")
    opened = dashboard.panel(name)
    await expect(opened).to_contain_text("A price is in euros.")
    await opened.get_by_role("button", name="show the newest, 1.1.0").click()
    await expect(opened).to_contain_text("A price is in cents.")
    await dashboard.panel("Versions").get_by_role("link", name="changes of 1.1.0").click()
    await expect(opened.locator("ins")).to_have_text(["cents"])
    await page.go_back()
    await expect(opened.get_by_role("group", name="Text of the spec")).to_be_visible()


async def test_a_readonly_key_sees_the_specs_of_its_projects_only(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["401 (Unauthorized)", "403 (Forbidden)"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    ann = await comes(server, "ann", key=owner)
    eva = await comes(server, "eva", project="secret", key=owner)
    await ann.call("memory_define_spec", name="orders-api", content="In cents.")
    await eva.call("memory_define_spec", name="missiles", content="Nobody may know.")
    page = dashboard.page
    await page.goto(f"{server.url}/specs")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await expect(dashboard.panel("Specs").get_by_role("article")).to_have_text([re.compile("orders-api")])
    await page.goto(f"{server.url}/specs/secret/missiles")
    await expect(page.get_by_role("alert")).to_contain_text("could not be read")
    await expect(page.locator("body")).not_to_contain_text("Nobody may know")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_view_fits_each_width_and_axe_finds_nothing_serious_in_either_theme(
    browser: Browser, serving: Serving, comes: Comes, scheme: str
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    for word in ("euros", "cents"):
        await ann.call(
            "memory_define_spec",
            name="very" * 20,
            content=text(word, "long" * 100),
            json_schema={**SCHEMA, "title": word, "description": "wide" * 50},
            spec_type="interface" * 5,
        )
    page = await browser.new_page(viewport={"width": 1024, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    watched = Watched(page)
    await watched.watch()
    for shown in ("changes", "schema", "text"):
        await watched.open(server.url, f"/specs/webshop/{'very' * 20}?show={shown}")
        await expect(watched.panel("Versions")).to_be_visible()
        for width in (360, 1024, 3840):
            await page.set_viewport_size({"width": width, "height": 800})
            await watched.assert_fits()
        await watched.assert_accessible()
    await watched.assert_clean()
