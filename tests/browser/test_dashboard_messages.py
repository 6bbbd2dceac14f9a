"""The view Messages in a real browser, against a real server to which real agents come over MCP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import Browser, Route, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import Watched

Serving = Callable[..., Running]
SOON_MS = 5_000


async def test_what_agents_say_is_listed_at_once_and_each_message_tells_who_has_read_and_answered_it(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    page = dashboard.page
    await dashboard.open(server.url, "/messages")
    await expect(page.get_by_text("Nothing has been said yet")).to_be_visible()
    asked = await ann.call(
        "memory_send_message", to_instance="bob", message="Are prices in cents?", category="question"
    )
    threads = dashboard.panel("Threads")
    await expect(threads).to_contain_text("Are prices in cents?", timeout=SOON_MS)
    await expect(threads).to_contain_text("1 unread")
    await threads.get_by_role("link", name=re.compile("ann → bob")).click()
    await expect(page).to_have_url(f"{server.url}/messages/webshop/{asked['message_id']}")
    thread = dashboard.panel("Conversation").get_by_role("article")
    await expect(thread.first).to_contain_text("bob waiting")
    await bob.call("memory_get_messages")
    await expect(thread.first).to_contain_text("bob read", timeout=SOON_MS)
    await bob.call(
        "memory_send_message", to_instance="ann", message="<b>Yes</b>", reply_to=asked["message_id"]
    )
    await expect(thread.first).to_contain_text("bob answered", timeout=SOON_MS)
    await expect(thread.nth(1)).to_contain_text("<b>Yes</b>")
    await dashboard.assert_accessible()

    await thread.nth(1).get_by_role("button", name="Move on for ann").click()
    await page.get_by_role("menuitem", name="Complete").click()
    dialog = page.locator(".modal")
    await expect(dialog).to_contain_text("Mark as completed for ann?")
    await dialog.get_by_role("button", name="Mark as completed").click()
    await expect(thread.nth(1)).to_contain_text("ann done", timeout=SOON_MS)


async def test_the_person_writes_to_one_and_to_all_and_another_browser_sees_it(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann, bob = await comes(server, "ann"), await comes(server, "bob")
    page = dashboard.page
    other = await browser.new_page()
    await other.goto(f"{server.url}/messages")
    await dashboard.open(server.url, "/messages")
    await page.get_by_role("button", name="Write to agents").click()
    form = dashboard.panel("Write to agents")
    await expect(form.get_by_role("button", name="Send")).to_be_disabled()
    await form.get_by_role("checkbox", name=re.compile("ann")).focus()
    await page.keyboard.press("Space")
    await form.get_by_label("Message").fill("Use cents, please.")
    await dashboard.assert_accessible()
    await form.get_by_role("button", name="Send").click()
    await expect(dashboard.panel("Conversation")).to_contain_text("ann waiting")
    await expect(other.get_by_role("region", name="Threads")).to_contain_text(
        "Use cents, please.", timeout=SOON_MS
    )
    assert "user-local" in await ann.said("memory_get_locks")
    await ann.call("memory_get_messages")
    await expect(dashboard.panel("Conversation")).to_contain_text("ann read", timeout=SOON_MS)

    await page.get_by_role("button", name="Write to agents").click()
    await form.get_by_role("checkbox", name=re.compile("Everyone")).focus()
    await page.keyboard.press("Space")
    await form.get_by_label("Message").fill("main is frozen")
    await form.get_by_label("Priority").select_option("URGENT")
    await form.get_by_role("button", name="Send to everyone").click()
    dialog = page.locator(".modal")
    await expect(dialog).to_contain_text("All 2 agents")
    await dialog.get_by_role("button", name="Send to everyone").click()
    await expect(dashboard.panel("Conversation")).to_contain_text("2 waiting")
    assert "main is frozen" in await bob.said("memory_get_messages")
    await other.close()


async def test_a_message_to_the_person_is_acknowledged_and_answered_to_its_sender(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    sent = await ann.call("memory_send_message", to_instance="user-local", message="May I drop the column?")
    await dashboard.open(server.url, f"/messages/webshop/{sent['message_id']}")
    thread = dashboard.panel("Conversation")
    await thread.get_by_role("button", name="Acknowledge the message").click()
    await expect(thread).to_contain_text("user-local (you) acknowledged", timeout=SOON_MS)
    await expect(thread.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await thread.get_by_label("Answer").fill("Yes, after the backup.")
    await thread.get_by_role("button", name="Send the answer").click()
    await expect(thread).to_contain_text("user-local (you) answered", timeout=SOON_MS)
    assert "Yes, after the backup." in await ann.said("memory_get_messages")


async def test_an_answer_that_comes_late_leads_nobody_away_and_takes_no_later_word_along(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    sent = await ann.call("memory_send_message", to_instance="user-local", message="May I?")
    page = dashboard.page
    go = asyncio.Event()

    async def hold(route: Route) -> None:
        if "mutation SendMessage(" in (route.request.post_data or ""):
            await go.wait()
        await route.continue_()

    await page.route("**/graphql", hold)
    await dashboard.open(server.url, f"/messages/webshop/{sent['message_id']}")
    answer = dashboard.panel("Conversation").get_by_label("Answer")
    await answer.fill("Yes.")
    await page.keyboard.press("Control+Enter")
    await answer.fill("Not on Fridays, though.")
    go.set()
    await expect(page.get_by_text("Sent to ann")).to_be_visible()
    await expect(answer).to_have_value("Not on Fridays, though.")

    go.clear()
    await page.get_by_role("button", name="Write to agents").click()
    form = dashboard.panel("Write to agents")
    await form.get_by_role("checkbox", name=re.compile("ann")).focus()
    await page.keyboard.press("Space")
    await form.get_by_label("Message").fill("Use cents.")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("navigation", name="Views").get_by_role("link", name="Specs").click()
    go.set()
    await expect(page.get_by_text("Sent to 1 agent")).to_be_visible()
    await expect(page).to_have_url(f"{server.url}/specs")


async def test_what_waits_for_the_person_is_counted_stands_first_and_goes_with_the_answer(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await comes(server, "bob")
    page = dashboard.page
    await dashboard.open(server.url, "/now")
    entry = page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile("Messages"))
    await expect(entry).to_have_text("Messages")
    await ann.call("memory_send_message", to_instance="user-local", message="May I drop it?")
    await expect(entry.locator(".to-you")).to_have_text("1", timeout=SOON_MS)
    await expect(entry.locator("[aria-live]")).to_have_text("1 thread waits for you")
    await ann.call("memory_send_message", to_instance="bob", message="wait for a yes", require_human=True)
    await expect(entry.locator(".to-you")).to_have_text("2", timeout=SOON_MS)
    await ann.call("memory_send_message", to_instance="bob", message="urgent!", priority="urgent")
    await entry.click()
    rows = dashboard.panel("Threads").get_by_role("listitem")
    await expect(rows).to_have_text(
        [re.compile("wait for a yes"), re.compile("May I drop it"), re.compile("urgent!")], timeout=SOON_MS
    )
    await page.get_by_role("button", name="For you (2)").click()
    await expect(page).to_have_url(re.compile(r"only=you"))
    await expect(rows).to_have_count(2)
    await dashboard.assert_accessible()
    for text in ("May I drop it", "wait for a yes"):
        await rows.get_by_role("link").filter(has_text=text).click()
        answer = dashboard.panel("Conversation").get_by_label("Answer")
        await answer.fill(f"Yes to {text}.")
        await answer.press("Control+Enter")
        await expect(rows.filter(has_text=text)).to_have_count(0, timeout=SOON_MS)
    await expect(entry.locator(".to-you")).to_have_count(0)
    await expect(page.get_by_text("No thread passes the filter")).to_be_visible()


async def test_keys_send_and_a_made_up_thread_is_said_to_be_none(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    page = dashboard.page
    await dashboard.open(server.url, "/messages/new?to=*")
    form = dashboard.panel("Write to agents")
    await expect(form.get_by_role("checkbox", name="Everyone who is here in webshop")).to_be_checked()
    await form.get_by_label("Message").fill("Tea?")
    await form.get_by_label("Message").press("Control+Enter")
    await expect(page.locator(".modal")).to_contain_text("Send to everyone in webshop?")
    await page.keyboard.press("Escape")
    await form.get_by_role("checkbox", name=re.compile("^ann")).check(force=True)
    await form.get_by_label("Message").press("Meta+Enter")
    await expect(dashboard.panel("Conversation").get_by_role("article")).to_contain_text("Tea?")
    assert "Tea?" in await ann.said("memory_get_messages")
    for made_up in ("msg_none", "webshop/msg_none"):
        await page.goto(f"{server.url}/messages/{made_up}")
        await expect(dashboard.panel("Conversation")).to_contain_text("There is no such thread")
        await expect(page.get_by_text("Open a thread")).to_have_count(0)
    await page.get_by_role("link", name="See all threads").click()
    await expect(page).to_have_url(f"{server.url}/messages")


async def test_filters_stand_in_the_address(dashboard: Watched, serving: Serving, comes: Comes) -> None:
    server = serving()
    ann = await comes(server, "ann")
    await comes(server, "bob")
    begun = await ann.call("memory_send_message", to_instance="bob", message="one", category="task")
    for message, category in (("between", "blocker"), ("one more", "info")):
        given = {"to_instance": "bob", "message": message, "category": category}
        await ann.call("memory_send_message", reply_to=begun["message_id"], **given)
    await ann.call(
        "memory_send_message", to_instance="cat", message="two", category="info", priority="urgent"
    )
    page = dashboard.page
    await dashboard.open(server.url, "/messages?category=TASK")
    rows = dashboard.panel("Threads").get_by_role("listitem")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("one")
    await page.get_by_label("Category").select_option("BLOCKER")
    await expect(rows).to_contain_text("one more")
    await page.get_by_label("Category").select_option("")
    await page.get_by_label("Agent").select_option("cat")
    await expect(page).to_have_url(f"{server.url}/messages?agent=cat")
    await expect(rows).to_have_text([re.compile("two")])
    await rows.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"/messages/webshop/msg_\w+\?agent=cat$"))
    await page.get_by_role("button", name="Overdue").click()
    await page.get_by_role("button", name="Clear the filter").click()
    await expect(rows).to_have_text([re.compile("two"), re.compile("one")])


async def test_a_readonly_key_is_offered_nothing_to_write(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    dashboard.expected = ["401 (Unauthorized)"]
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    ann = await comes(server, "ann", key=owner)
    sent = await ann.call("memory_send_message", to_instance="bob", message="between us")
    page = dashboard.page
    await page.goto(f"{server.url}/messages/webshop/{sent['message_id']}")
    await page.get_by_label("API key").fill(reader)
    await page.keyboard.press("Enter")
    await dashboard.is_live()
    await expect(dashboard.panel("Conversation").get_by_role("article")).to_have_count(1)
    for name in ("Write to agents", "Send the answer", "Move on", "Acknowledge"):
        await expect(page.get_by_role("button", name=re.compile(name))).to_have_count(0)
    await expect(page.locator("body")).not_to_contain_text("between us")


async def test_messages_fit_each_width_and_axe_finds_nothing_serious_in_either_theme(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    ann = await comes(server, "ann")
    sent = await ann.call(
        "memory_send_message", to_instance="user-local", message="word" * 200, priority="urgent"
    )
    page = dashboard.page
    await dashboard.open(server.url, f"/messages/webshop/{sent['message_id']}")
    await expect(dashboard.panel("Conversation")).to_contain_text("user-local (you)")
    for width, scheme in ((360, "light"), (1200, "dark"), (3840, "light")):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 800})
        await dashboard.assert_fits()
        await dashboard.assert_accessible()
