"""The view Checklists in a real browser: edited in place, live, and honest where two edit at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.async_api import Browser, Route, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import PATIENCE_MS, Agent, Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
REWORD = """mutation reword($entries: [ChecklistEntryInput!]!) {
  updateChecklist(input: {name: "Release", project: "webshop", items: $entries}) { name }
}"""
AUDITED = "{ auditLog(first: 20) { nodes { act detail } } }"


async def release(agent: Agent, *items: str) -> None:
    await agent.call("memory_checklist", action="create", name="Release", items=list(items))


async def test_a_checklist_is_edited_in_place_and_everybody_sees_it_at_once(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await dashboard.open(server.url, "/checklists")
    page = dashboard.page
    lists = dashboard.panel("Checklists")
    await expect(lists).to_contain_text("There is no checklist yet")
    await release(ann, "Freeze", "Tag")
    await lists.get_by_role("link", name="Release").click(timeout=SOON_MS)
    await expect(page).to_have_url(f"{server.url}/checklists/webshop/Release")

    second = await browser.new_page()
    second.set_default_timeout(PATIENCE_MS)
    await second.goto(page.url)
    other = second.locator(".checklists-entries > li")
    rows = page.get_by_role("list", name="Entries of Release").get_by_role("listitem")

    await page.get_by_label("New entry").fill("<b>Tell support</b>")
    await page.keyboard.press("Enter")
    await expect(other.nth(2)).to_contain_text("<b>Tell support</b>", timeout=SOON_MS)
    await rows.nth(0).get_by_role("checkbox").click()
    await expect(other.nth(0).get_by_role("checkbox")).to_be_checked(timeout=SOON_MS)
    await expect(rows.nth(0)).to_contain_text("user-local")
    await ann.call("memory_checklist", action="check", name="Release", item_index=1)
    await expect(rows.nth(1).get_by_role("checkbox")).to_be_checked(timeout=SOON_MS)
    await expect(lists.get_by_role("progressbar", name="Release: 2 of 3 done")).to_be_visible()

    await rows.nth(1).get_by_role("button", name="Reword Tag").click()
    await page.get_by_label("Text of the entry").fill("Tag and sign")
    await dashboard.assert_accessible()
    await page.keyboard.press("Enter")
    await expect(other.nth(1)).to_contain_text("Tag and sign", timeout=SOON_MS)

    await rows.nth(1).get_by_role("button", name="Move Tag and sign", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="To the top")).to_be_focused()
    await dashboard.assert_accessible()
    for pressed in ("ArrowDown", "Enter"):
        await page.keyboard.press(pressed)
    texts = second.locator(".checklists-text")
    await expect(texts).to_have_text(["Freeze", "<b>Tell support</b>", "Tag and sign"], timeout=SOON_MS)
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(page.get_by_role("button", name="Move Tag and sign", exact=True)).to_be_focused()
    tag, freeze = (rows.filter(has_text=text) for text in ("Tag and sign", "Freeze"))
    # What is dragged is what lies under the pointer: this page must have the new order, too.
    await expect(rows.nth(2)).to_contain_text("Tag and sign", timeout=SOON_MS)
    await tag.drag_to(freeze, target_position={"x": 200, "y": 3})
    await expect(texts).to_have_text(["Tag and sign", "Freeze", "<b>Tell support</b>"], timeout=SOON_MS)
    await expect(rows.nth(0)).to_contain_text("Tag and sign", timeout=SOON_MS)
    await tag.drag_to(rows.filter(has_text="Tell support"), target_position={"x": 200, "y": 35})
    await expect(texts).to_have_text(["Freeze", "<b>Tell support</b>", "Tag and sign"], timeout=SOON_MS)

    await expect(rows.nth(0)).to_contain_text("Freeze", timeout=SOON_MS)
    await rows.nth(0).get_by_role("button", name="Remove Freeze").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    await expect(texts).to_have_text(["<b>Tell support</b>", "Tag and sign"], timeout=SOON_MS)
    found = await ann.call("memory_checklist", action="get", name="Release")
    assert "Tag and sign" in str(found)
    await page.set_viewport_size({"width": 360, "height": 800})
    await dashboard.assert_fits()


async def test_two_who_change_the_same_entry_are_both_told_what_the_other_wrote(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await release(ann, "Freeze", "Tag")
    await dashboard.open(server.url, "/checklists/webshop/Release")
    page, alert = dashboard.page, dashboard.page.get_by_role("alert")
    await page.get_by_role("button", name="Reword Tag").click()
    await page.get_by_label("Text of the entry").fill("mine")
    await server.data(REWORD, entries=[{"index": 0}, {"index": 1, "text": "theirs"}])
    await expect(alert).to_contain_text("Somebody else changed the entry", timeout=SOON_MS)
    await expect(alert.get_by_label("Text of the entry")).to_have_value("mine")
    await alert.get_by_role("button", name="Save").click()
    await expect(alert).to_contain_text("theirs")
    await dashboard.assert_accessible()
    await alert.get_by_role("button", name="Replace it with mine").click()
    await expect(page.locator(".checklists-text")).to_have_text(["Freeze", "mine"])
    await expect(alert).to_have_count(0)

    pending = [True]

    async def between(route: Route) -> None:
        if "UpdateChecklist" in (route.request.post_data or "") and pending:
            pending.clear()
            await server.data(REWORD, entries=[{"text": "New first"}, {"index": 0}, {"index": 1}])
        await route.continue_()

    await page.route("**/graphql", between)
    await page.get_by_role("button", name="Remove mine").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    await expect(alert).to_contain_text("Your change was not made")
    await alert.get_by_role("button", name="Do mine now").click()
    await expect(page.locator(".checklists-text")).to_have_text(["New first", "Freeze"])

    await page.unroute("**/graphql")
    pending.append(True)

    async def before_the_tick(route: Route) -> None:
        if "CheckChecklistItem" in (route.request.post_data or "") and pending:
            pending.clear()
            await server.data(REWORD, entries=[{"index": 0}, {"text": "Between"}, {"index": 1}])
        await route.continue_()

    await page.route("**/graphql", before_the_tick)
    await page.get_by_role("checkbox", name="Freeze").click()
    await expect(page.get_by_text("Freeze was not ticked")).to_be_visible()
    await expect(page.locator(".checklists-text")).to_have_text(["New first", "Between", "Freeze"])
    await expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)


async def test_a_checklist_is_made_renamed_and_deleted_with_a_reason_but_not_by_who_may_only_read(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    await comes(server, "ann", key=owner)
    await dashboard.sign_in(server.url, owner, "/checklists")
    page = dashboard.page
    await page.get_by_role("button", name="New checklist").click()
    form = page.get_by_role("form", name="New checklist")
    await form.get_by_label("Name").fill("Launch")
    await form.get_by_label("Entries, one a line").fill("one\n\ntwo")
    await form.get_by_role("button", name="Create").click()
    await expect(page).to_have_url(f"{server.url}/checklists/webshop/Launch")
    await expect(page.locator(".checklists-entries > li")).to_have_count(2)

    looking = Watched(await browser.new_page())
    await looking.watch()
    await looking.sign_in(server.url, reader, "/checklists/webshop/Launch")
    seen = looking.panel("Launch")
    await expect(seen.get_by_role("checkbox").first).to_be_disabled()
    await expect(seen.get_by_role("button")).to_have_count(0)
    await expect(looking.page.get_by_role("button", name="New checklist")).to_have_count(0)
    await expect(looking.page.get_by_role("link", name="Admin")).to_have_count(0)
    await looking.assert_clean()

    await page.get_by_role("button", name="Rename the checklist").click()
    await page.get_by_label("New name").fill("Landing")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{server.url}/checklists/webshop/Landing")
    await expect(looking.page.get_by_text("Launch was deleted or renamed")).to_be_visible(timeout=SOON_MS)
    await page.get_by_role("button", name="Delete the checklist").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    await dialog.get_by_label("Reason").fill("landed")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Landing is deleted.")).to_be_visible()
    await expect(page).to_have_url(re.compile("/checklists$"))
    audited = (await server.data(AUDITED, owner))["auditLog"]["nodes"]
    assert {"act": "checklist.deleted", "detail": "landed"} in audited
