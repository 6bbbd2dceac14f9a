"""The view Admin in a real browser: keys, sessions, projects, the audit log, and how the server does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import Browser, expect

from api.app import Server
from resolvers import projects
from resolvers.acts import Act
from resolvers.callers import LOCAL_OWNER, Role
from store.port import Changes
from store.records import Agent, Project
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.watched import Watched

Serving = Callable[..., Running]
SOON_MS = 5_000
POLLED_MS = 12_000
WHO = "{ authStatus { keyName role projects } }"


async def test_a_key_is_made_its_secret_shown_once_used_and_revoked(
    browser: Browser, dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    await comes(server, "ann", key=owner)
    page = dashboard.page
    await dashboard.sign_in(server.url, owner, "/admin/keys")
    keys = dashboard.panel("Keys")
    await expect(keys.get_by_role("row", name=re.compile("^boss"))).to_contain_text("yours")
    second = Watched(await browser.new_page())
    await second.watch()
    await second.sign_in(server.url, owner, "/admin/keys")

    await keys.get_by_role("button", name="New key").click()
    form = page.get_by_role("form", name="New key")
    await form.get_by_label("Name", exact=True).fill("ci")
    await form.get_by_label("Role").select_option("READONLY")
    await form.get_by_text("webshop", exact=True).click()
    await dashboard.assert_accessible()
    await form.get_by_role("button", name="Make the key").click()
    secret = (await keys.get_by_role("alert").locator("code").text_content()) or ""
    assert (await server.data(WHO, secret))["authStatus"] == {
        "keyName": "ci",
        "role": "READONLY",
        "projects": ["webshop"],
    }
    await keys.get_by_role("button", name="I have stored it").click()
    await expect(page.locator("body")).not_to_contain_text(secret)
    row = keys.get_by_role("row", name=re.compile("^ci"))
    await expect(row).to_contain_text("readonly")
    there = second.panel("Keys").get_by_role("row", name=re.compile("^ci"))
    await expect(there).to_contain_text("webshop", timeout=SOON_MS)
    await expect(row).not_to_contain_text("never", timeout=POLLED_MS)

    await row.get_by_role("button", name="Revoke ci").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Revoke")).to_be_disabled()
    await dialog.get_by_label("Reason").fill("it leaked")
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("ci is revoked.")).to_be_visible()
    await expect(there).to_have_count(0, timeout=SOON_MS)
    assert (await server.post(WHO, secret)).status_code == 401
    await page.get_by_label("Revoked ones too").check()
    await expect(row).to_contain_text("revoked")
    await page.set_viewport_size({"width": 360, "height": 800})
    await dashboard.assert_fits()
    await dashboard.assert_accessible()
    await second.assert_clean()


async def test_a_lost_session_is_ended_after_one_question_and_the_act_is_in_the_audit_log(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "bob", task="stays")
    ann = await comes(server, "ann", task="lost at sea")
    await ann.lock("src/cart.ts")
    page = dashboard.page
    await dashboard.open(server.url, "/admin/sessions")
    row = dashboard.panel("Sessions under way").get_by_role("row", name=re.compile("^ann"))
    await expect(row).to_contain_text("lost at sea")
    await row.get_by_role("button", name=re.compile("^End")).click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("its lock on src/cart.ts")
    await expect(dialog.get_by_role("button", name="End the session")).to_be_disabled()
    await dialog.get_by_label("Reason").fill("the laptop sank")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 lock is free.")).to_be_visible()
    await expect(row).to_have_count(0, timeout=SOON_MS)
    assert "the laptop sank" in await ann.said("memory_get_locks")
    last = page.get_by_role("button", name="End the session of bob in webshop")
    await expect(last).to_be_focused()
    await page.keyboard.press("Enter")
    await dialog.get_by_label("Reason").fill("he may go, too")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("No session is under way")).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_role("heading", name="Sessions under way")).to_be_focused()

    await page.get_by_role("link", name="Audit log").click()
    log = dashboard.panel("Audit log")
    entry = log.get_by_role("row").filter(has_text="session.forced").filter(has_text="ann:")
    await expect(entry).to_contain_text("the laptop sank")
    await entry.get_by_role("button", name="session.forced").click()
    await expect(page).to_have_url(f"{server.url}/admin/audit?act=session.forced")
    await expect(log.get_by_role("row")).to_have_count(3)
    await expect(log).to_contain_text("That is all, 2 in number.")
    await dashboard.assert_accessible()
    await entry.get_by_role("link", name=ann.session).click()
    await expect(page).to_have_url(f"{server.url}/history/{ann.session}")
    await expect(dashboard.panel("Sessions that ended")).to_contain_text("the laptop sank")


async def test_the_audit_log_goes_on_to_older_pages_while_new_entries_come(
    dashboard: Watched, serving: Serving
) -> None:
    server = serving()

    async def register(running: Server) -> None:
        for number in range(60):
            await projects.create_project(Act(running.engine, LOCAL_OWNER), name=f"p{number:02}")

    await asyncio.to_thread(server.within, register)
    await dashboard.open(server.url, "/admin/audit?act=project.created")
    log = dashboard.panel("Audit log")
    await expect(log.get_by_role("row")).to_have_count(51)
    await log.get_by_role("button", name="Show older").click()
    await expect(log.get_by_role("row")).to_have_count(61)
    made = 'mutation { createProject(input: {name: "newest"}) { name } }'
    await server.data(made)
    await expect(log.get_by_role("row").nth(1)).to_contain_text("newest", timeout=SOON_MS)
    await expect(log.get_by_role("row")).to_have_count(62)


async def test_projects_and_their_agents_are_managed(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving()
    await comes(server, "ann")
    page = dashboard.page
    await dashboard.open(server.url, "/admin/projects")
    listed = dashboard.panel("Projects")
    await listed.get_by_role("button", name="Register webshop").click()
    await expect(page.get_by_text("webshop is registered.")).to_be_visible()
    await listed.get_by_role("link", name="webshop").click()
    agents = dashboard.panel("Agents of webshop")
    await agents.get_by_label("Tier of ann").select_option("ADMIN")
    await expect(page.get_by_text("ann is admin now.")).to_be_visible()
    await dashboard.assert_accessible()
    await agents.get_by_role("button", name="Remove ann").click()
    dialog = page.get_by_role("alertdialog")
    await dialog.get_by_label("Reason").fill("left the team")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(agents.get_by_role("row", name=re.compile("^ann"))).to_have_count(0, timeout=SOON_MS)
    await listed.get_by_role("button", name="Take out webshop").click()
    await dialog.get_by_label("Reason").fill("shop is closed")
    await dialog.get_by_role("button", name="Take it out").click()
    await expect(page.get_by_text("webshop is not registered any more.")).to_be_visible()
    kept = (await server.data("{ auditLog(first: 2) { nodes { act detail } } }"))["auditLog"]["nodes"]
    assert kept == [
        {"act": "project.deleted", "detail": "shop is closed"},
        {"act": "agent.removed", "detail": "left the team"},
    ]


async def test_more_than_a_hundred_projects_and_agents_are_all_listed(
    dashboard: Watched, serving: Serving
) -> None:
    server = serving()

    async def put(running: Server) -> None:
        now = await running.engine.store.now()
        for start in (0, 60):
            numbers = range(start, start + 60)
            names = [f"p{n:03}" for n in numbers]
            agents = [
                Agent(
                    id=f"p000/a{n:03}",
                    project="p000",
                    name=f"a{n:03}",
                    tier="named",
                    last_seen_at=now,
                    created_at=now,
                )
                for n in numbers
            ]
            made = (Project(id=name, project=name, created_by="me", created_at=now) for name in names)
            await running.engine.store.commit(Changes(puts=(*made, *agents)))

    await asyncio.to_thread(server.within, put)
    await dashboard.open(server.url, "/admin/projects/p000")
    rows = dashboard.panel("Projects").get_by_role("row")
    await expect(rows).to_have_count(121)
    await expect(rows.last).to_contain_text("p119")
    await expect(dashboard.page.get_by_label("Project").locator("option")).to_have_count(121)
    await expect(dashboard.panel("Agents of p000").get_by_role("row")).to_have_count(121)


async def test_the_parts_of_the_server_are_told_and_each_role_sees_its_own(
    dashboard: Watched, serving: Serving
) -> None:
    server = serving(auth_enabled=True)
    admin = await key(server, "lead", Role.ADMIN)
    agent = await key(server, "worker", Role.AGENT)
    page = dashboard.page
    await dashboard.sign_in(server.url, admin, "/admin")
    await expect(dashboard.panel("Health")).to_contain_text("Store: writing")
    await expect(dashboard.panel("Search index")).to_contain_text("State")
    await expect(dashboard.panel("Sizes")).to_contain_text("Key")
    await dashboard.assert_accessible()
    parts = page.get_by_role("navigation", name="Parts of Admin")
    await expect(parts.get_by_role("link", name="Keys")).to_have_count(0)
    await parts.get_by_role("link", name="Databases").click()
    await expect(page.get_by_text("No database is registered")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await dashboard.sign_in(server.url, agent, "/admin/keys")
    await expect(page.get_by_text("There is no such view")).to_be_visible()


async def test_a_key_that_another_revokes_takes_its_secret_and_its_sessions_along(
    dashboard: Watched, serving: Serving, comes: Comes
) -> None:
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    page = dashboard.page
    await dashboard.sign_in(server.url, owner, "/admin/keys")
    keys = dashboard.panel("Keys")
    await keys.get_by_role("button", name="New key").click()
    form = page.get_by_role("form", name="New key")
    await form.get_by_label("Name", exact=True).fill("ci")
    await form.get_by_role("button", name="Make the key").click()
    secret = (await keys.get_by_role("alert").locator("code").text_content()) or ""
    await expect(keys.get_by_role("row", name=re.compile("^ci"))).to_be_visible()
    ann = await comes(server, "ann", key=secret)
    await ann.call("memory_lock_files", files=["src/a.py"], reason="edit")
    revoke = 'mutation { revokeKey(input: {name: "ci", reason: "leaked"}) { name } }'
    await server.data(revoke, owner)
    await expect(keys.get_by_role("alert")).to_have_count(0, timeout=10_000)
    left = await server.data('{ locks(project: "webshop") { nodes { path } } }', owner)
    assert left["locks"]["nodes"] == []
