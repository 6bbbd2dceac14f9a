"""The view Guidelines in a real browser: rules by scope, edited where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.async_api import Browser, Page, Route, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
SET = """mutation set($rule: String!) {
  setGuideline(input: {name: "money", scope: "webshop", rule: $rule, priority: 7}) { name }
}"""


async def test_a_guideline_is_set_edited_moved_and_deleted_and_agents_are_told_it(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    page = dashboard.page
    await dashboard.open(server.url, "/guidelines")
    everywhere = dashboard.panel("For all projects")
    await expect(everywhere).to_contain_text("No guideline holds everywhere")
    second = await browser.new_page()
    second.set_default_timeout(PATIENCE_MS)
    await second.goto(page.url)

    await everywhere.get_by_role("button", name="New guideline").click()
    await page.get_by_label("Name").fill("money")
    await page.get_by_label("Rule").fill("Cents are integers.")
    await page.get_by_label("Priority").fill("3")
    await dashboard.assert_accessible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("money is set")).to_be_visible()
    await expect(second.get_by_text("Cents are integers.")).to_be_visible(timeout=SOON_MS)
    assert "Cents are integers." in await ann.said("memory_guidelines", action="list")

    await page.get_by_role("button", name="Edit money").click()
    await page.get_by_label("Scope").select_option("webshop")
    await page.get_by_label("Rule").fill("Cents are whole.")
    await page.get_by_role("button", name="Save").click()
    await expect(dashboard.panel("webshop")).to_contain_text("Cents are whole.", timeout=SOON_MS)
    await expect(everywhere).to_contain_text("No guideline holds everywhere")
    changed = {"action": "set", "name": "money", "scope": "webshop", "rule": "Count cents.", "priority": 3}
    await ann.call("memory_guidelines", **changed)
    credit = dashboard.panel("webshop").locator(".guidelines-head")
    await expect(credit).to_contain_text("by user-local, changed by ann", timeout=SOON_MS)
    await ann.call("memory_guidelines", action="set", name="kind", scope="webshop", rule="Be kind.")
    names = second.get_by_role("region", name="webshop").locator(".guidelines-head a")
    await expect(names).to_have_text(["money", "kind"], timeout=SOON_MS)

    await dashboard.panel("webshop").get_by_role("link", name="kind").click()
    await expect(page).to_have_url(f"{server.url}/guidelines/webshop/kind")
    await page.get_by_role("button", name="Delete kind").click()
    await page.get_by_label("Reason").fill("self-evident")
    await page.keyboard.press("Enter")
    await expect(names).to_have_text(["money"], timeout=SOON_MS)
    await expect(page.get_by_text("There is no guideline kind in webshop")).to_be_visible()
    await page.set_viewport_size({"width": 360, "height": 800})
    await dashboard.assert_fits()
    await dashboard.assert_accessible()


async def set_before(page: Page, server: Running, operation: str, rule: str) -> None:
    """Let another set the rule just before the page's next such operation arrives."""
    pending = [True]

    async def hold(route: Route) -> None:
        if operation in (route.request.post_data or "") and pending:
            pending.clear()
            await server.data(SET, rule=rule)
        await route.continue_()

    await page.route("**/graphql", hold)


async def test_what_another_wrote_meanwhile_is_shown_and_not_overwritten_unasked(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "ann")
    await server.data(SET, rule="the first")
    await dashboard.open(server.url, "/guidelines?project=webshop")
    page, alert = dashboard.page, dashboard.page.get_by_role("alert")
    await page.get_by_role("button", name="Edit money").click()
    await page.get_by_label("Rule").fill("mine")
    await server.data(SET, rule="theirs, seen at once")
    await expect(alert).to_contain_text("theirs, seen at once", timeout=SOON_MS)
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await alert.get_by_role("button", name="Edit that one").click()
    await expect(page.get_by_label("Rule")).to_have_value("theirs, seen at once")
    await page.get_by_label("Rule").fill("mine again")

    await set_before(page, server, "query Guideline(", "theirs, at the last moment")
    await page.get_by_role("button", name="Save").click()
    await expect(alert).to_contain_text("theirs, at the last moment")
    await alert.get_by_role("button", name="Replace it with mine").click()
    await expect(page.get_by_text("money is set")).to_be_visible()
    await expect(dashboard.panel("webshop")).to_contain_text("mine again")

    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Edit money").click()
    await page.get_by_label("Rule").fill("mine at last")
    await set_before(page, server, "mutation SetGuideline(", "theirs, while mine was on its way")
    await page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("main").get_by_role("alert")
    await expect(alert).to_contain_text("theirs, while mine was on its way")
    await alert.get_by_role("button", name="Replace it with mine").click()
    await expect(dashboard.panel("webshop")).to_contain_text("mine at last")


async def test_a_rule_that_is_written_and_not_saved_is_not_lost_by_a_key_or_a_look_elsewhere(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "ann")
    await server.data(SET, rule="the first")
    await dashboard.open(server.url, "/guidelines")
    page = dashboard.page
    views = page.get_by_role("navigation", name="Views")
    rule = page.get_by_label("Rule")
    await page.get_by_role("button", name="Edit money").click()
    await page.keyboard.press("Escape")
    await expect(rule).to_have_count(0)
    await page.get_by_role("button", name="Edit money").click()
    await rule.fill("a long thought")
    await page.keyboard.press("Escape")
    await expect(rule).to_have_value("a long thought")
    await views.get_by_role("link", name="Specs").click()
    await expect(page.get_by_role("region", name="Specs")).to_be_visible()
    await views.get_by_role("link", name="Guidelines").click()
    await expect(rule).to_have_value("a long thought")
    await page.get_by_role("button", name="New guideline in global").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("Leave money?")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(rule).to_have_value("a long thought")
    await page.get_by_role("button", name="New guideline in global").click()
    await dialog.get_by_role("button", name="Discard my changes").click()
    await expect(rule).to_have_value("")
    await expect(dashboard.panel("webshop")).to_contain_text("the first")


async def test_only_who_may_set_guidelines_is_offered_to(dashboard: Watched, serving: Serving) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    await server.data(SET, owner, rule="Be kind.")
    admin = await key(server, "lead", Role.ADMIN, ("webshop",))
    user = await key(server, "agents", Role.USER, ("webshop",))
    page = dashboard.page
    await dashboard.sign_in(server.url, user, "/guidelines?project=webshop")
    await expect(dashboard.panel("webshop")).to_contain_text("Be kind.")
    offered = page.locator("main").get_by_role("button")
    await expect(offered).to_have_count(0)
    await page.get_by_role("button", name="Sign out").click()
    await dashboard.sign_in(server.url, admin, "/guidelines?project=webshop")
    await expect(offered).to_have_text([re.compile("New guideline in webshop"), "", ""])
