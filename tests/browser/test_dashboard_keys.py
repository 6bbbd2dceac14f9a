"""What a key may not see or do is in no view: not shown, not offered, not brought, and refused if forced."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest_asyncio
from playwright.async_api import Browser, Route, WebSocket, expect

from resolvers.callers import Role
from tests.api.conftest import Running
from tests.api.test_gate import key
from tests.browser.conftest import Comes
from tests.browser.scenes import DEEDS, Team
from tests.browser.watched import Watched

Serving = Callable[..., Running]
VIEWS = (
    "Now",
    "Messages",
    "Backlog",
    "Knowledge",
    "Functions",
    "Specs",
    "Checklists",
    "Guidelines",
    "History",
)
PARTS_OF_ADMIN = ("sessions", "projects", "projects/webshop", "audit", "databases", "keys")
RECORDS = (
    "/now/{project}/ann",
    "/messages/{project}/{message}",
    "/backlog/{item}",
    "/knowledge/{document}",
    "/functions/{function}",
    "/specs/{project}/spec-of-{project}",
    "/checklists/{project}/list%20of%20{project}",
    "/guidelines/{project}/rule-of-{project}",
    "/history/{session}",
)
PLACES = (
    "/now",
    "/messages",
    "/backlog?closed=1",
    "/knowledge",
    "/knowledge?q=text",
    "/knowledge?tag=money",
    "/knowledge/cleaning",
    "/functions",
    "/functions?queue=pending",
    "/specs",
    "/checklists",
    "/guidelines",
    "/history",
)
HARMLESS = re.compile(
    r"^(Sign out.*|Pause|Resume|Copy.*|Close|Closed too|Clear.*|Unread|Overdue|.+[.]py|Text|What changed|Show.*"
    r"|JSON Schema|Read more.*|Messages|Locks|Sessions|Backlog|Knowledge|Functions|Specs|Other|Agents|Work"
    r"|Ready|Blocked|For you.*|[0-9]+ (hours|days))$"
)
"""Buttons that change nothing but what this page shows."""
SEEN = re.compile(
    "(lock|item|document|text|list|rule|summary|spec)[- _](text )?of[- _]webshop|what function_of_webshop"
    "|[Nn]ot for this key|for its sender|No two documents|No document passes"
)
"""Each view says something of the project, or that it is not for this key."""
NAMES = """() => [...document.querySelectorAll("button, [role=button], [role=menuitem], input[type=submit]")]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .map((one) => (one.getAttribute("aria-label") || one.textContent).trim())"""
WHAT_IS_THERE = re.compile(
    "(lock|message|item|text|document|list|summary|what function)[_ ]of[_ ]secret|(spec|rule) text of secret"
)
CHANGEABLE = "main input[type=checkbox]:enabled, main textarea:enabled, main form, [draggable=true]"


@pytest_asyncio.fixture(loop_scope="session")
async def two(serving: Serving, comes: Comes) -> tuple[str, Team, Team]:
    """A server with two projects that hold one record of each kind, and its owner's key."""
    server = serving(auth_enabled=True)
    owner = await key(server, "boss", Role.OWNER)
    ours = await Team.comes(server, comes, key=owner)
    return owner, ours, await Team.comes(server, comes, key=owner, project="secret")


async def test_a_readonly_key_sees_its_project_in_every_view_and_is_offered_nothing(
    dashboard: Watched, two: tuple[str, Team, Team]
) -> None:
    _, ours, _ = two
    server, page = ours.server, dashboard.page
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    await dashboard.sign_in(server.url, reader)
    links = page.get_by_role("navigation", name="Views").get_by_role("link")
    await expect(links).to_have_text([re.compile(f"^{name}") for name in (*VIEWS, "API")])
    records = [one.format(project="webshop", **ours.ids) for one in RECORDS]
    offered = {}
    for path in (*PLACES, *records):
        await dashboard.open(server.url, path)
        await expect(page.locator(".coming, [aria-busy=true]")).to_have_count(0)
        await expect(page.locator("main")).to_contain_text(SEEN)
        names = await page.evaluate(NAMES)
        changeable = await page.locator(CHANGEABLE).count()
        offered[path] = [name for name in names if not HARMLESS.match(name)] + ["a field"] * changeable
    unexpected = {path: names for path, names in offered.items() if names}
    assert unexpected == {}, unexpected


async def test_what_a_readonly_key_is_not_offered_the_server_refuses_it(
    browser: Browser, dashboard: Watched, two: tuple[str, Team, Team]
) -> None:
    owner, ours, _ = two
    server, page = ours.server, dashboard.page
    reader = await key(server, "reader", Role.READONLY, ("webshop",))
    forced: list[dict[str, object]] = []

    async def catch(route: Route) -> None:
        asked = route.request.post_data_json or {}
        if not asked.get("query", "").startswith("mutation"):
            await route.continue_()
            return
        forced.append(asked)
        refused = {"errors": [{"message": "caught", "extensions": {"code": "FORBIDDEN"}}]}
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(refused))

    await dashboard.sign_in(server.url, owner)
    await page.route("**/graphql", catch)
    for deed in DEEDS:
        await page.goto(f"{server.url}{deed.path.format(**ours.ids)}?project=webshop")
        await (await deed.prepare(page, ours)).click()
        await expect(page.get_by_text("caught")).to_be_visible()
    assert len(forced) == len(DEEDS)
    for asked in forced:
        answer = await server.post(str(asked["query"]), reader, **dict(asked["variables"]))  # type: ignore[call-overload]
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN", (asked, answer.text)
    await page.unroute_all(behavior="wait")


async def test_a_key_is_brought_nothing_of_a_project_that_is_not_its_own(
    dashboard: Watched, two: tuple[str, Team, Team]
) -> None:
    _, ours, theirs = two
    server, page = ours.server, dashboard.page
    lead = await key(server, "lead", Role.ADMIN, ("webshop",))
    dashboard.expected = ["403 (Forbidden)"]
    brought: list[str] = []

    async def note(route: Route) -> None:
        answer = await route.fetch()
        brought.append(await answer.text())
        await route.fulfill(response=answer)

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: brought.append(str(frame)))

    page.on("websocket", follow)
    await page.route("**/graphql", note)
    await dashboard.sign_in(server.url, lead)
    for path in (*PLACES, *(f"/admin/{part}" for part in ("", *PARTS_OF_ADMIN))):
        await dashboard.open(server.url, path)
        await expect(page.locator(".coming, [aria-busy=true]")).to_have_count(0)
        assert "secret" not in await page.locator("body").inner_html(), path
        options = page.get_by_label("Project", exact=True).first.get_by_role("option")
        await expect(options).to_have_text(["All projects", "webshop"])
    await dashboard.open(server.url, "/now")
    await theirs.ann.lock("secret/plan.py", reason="a secret event")
    await theirs.ann.call("memory_heartbeat", status="busy", current_task="a secret task")
    await ours.ann.lock("open/plan.py", reason="no longer secret")
    await expect(dashboard.panel("Locks")).to_contain_text("no longer secret")
    assert [said for said in brought if "secret" in said.replace("no longer secret", "")] == []
    assert any("webshop" in said for said in brought)

    for path in RECORDS:
        address = path.format(project="secret", **theirs.ids)
        await dashboard.open(server.url, address)
        await expect(page.locator(".coming, [aria-busy=true]")).to_have_count(0)
        await page.goto(f"{server.url}{address}?project=secret")
        await expect(dashboard.state).to_have_text("Refused")
    assert [said for said in brought if WHAT_IS_THERE.search(said)] == []
    await page.unroute_all(behavior="wait")
