"""A page of which is noted what it asks for and complains of; and an agent that works over MCP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mcp import Client
from playwright.async_api import Locator, Page, expect

from tests.js import missing

PATIENCE_MS = 15_000
AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
ASK_AXE = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)
"""


@dataclass
class Watched:
    """A page of the dashboard."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that the test brings about, such as a server that is away."""

    async def watch(self) -> None:
        def asked(address: str) -> None:
            if not address.startswith(("data:", "blob:")):
                self.hosts.add(urlsplit(address).netloc)

        self.page.on("request", lambda request: asked(request.url))
        self.page.on("websocket", lambda socket: asked(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        await self.page.add_init_script(NOTE_VIOLATIONS)

    async def open(self, url: str, path: str = "/") -> None:
        """Open an address and wait until the page is live."""
        await self.page.goto(url + path)
        await self.is_live()

    async def sign_in(self, url: str, key: str, path: str = "/") -> None:
        """Open an address of a server that wants a key, and enter it."""
        self.expected = [*self.expected, "401 (Unauthorized)"]
        await self.page.goto(url + path)
        await self.page.get_by_label("API key").fill(key)
        await self.page.keyboard.press("Enter")
        await self.is_live()

    async def is_live(self) -> None:
        await expect(self.state).to_have_text("Live")

    @property
    def state(self) -> Locator:
        return self.page.locator(".live-state")

    def panel(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title)

    def counter(self, name: str) -> Locator:
        return self.page.locator(".now-counters > div", has_text=name).locator("dd")

    async def assert_accessible(self) -> None:
        """Find nothing serious by axe, on the page as it is now."""
        if not AXE.exists():
            missing("axe-core is not installed; run `make install`")
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text("utf-8"))
        found = await self.page.evaluate(ASK_AXE)
        assert found == [], found

    async def assert_fits(self) -> None:
        """Find nothing wider than the window."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await self.page.evaluate(wide) <= 0

    async def assert_clean(self) -> None:
        unexpected = [said for said in self.complaints if not any(part in said for part in self.expected)]
        assert unexpected == []
        assert len(self.hosts) <= 1, self.hosts
        assert await self.page.evaluate("window.violations ?? []") == []


class Agent:
    """An agent with a session of its own."""

    def __init__(self, client: Client, name: str, project: str) -> None:
        self.client = client
        self.name = name
        self.project = project
        self.session = ""

    async def start(self, task: str, key: str | None) -> None:
        told = {
            "project": self.project,
            "agent": self.name,
            "task": task,
            **({"api_key": key} if key else {}),
        }
        result = await self.client.call_tool("memory_start_session", told)
        assert not result.is_error, result
        self.session = dict(result.structured_content or {})["session_id"]

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed; return its result."""
        result = await self.client.call_tool(tool, {"session_id": self.session, **arguments})
        assert not result.is_error, result
        return dict(result.structured_content or {})

    async def said(self, tool: str, **arguments: Any) -> str:
        """Call a tool and return all that its caller's model reads."""
        result = await self.client.call_tool(tool, {"session_id": self.session, **arguments})
        return json.dumps([getattr(part, "text", "") for part in result.content])

    async def lock(self, *files: str, reason: str = "editing", wait_seconds: int = 0) -> dict[str, Any]:
        return await self.call(
            "memory_lock_files", files=list(files), reason=reason, wait_seconds=wait_seconds
        )
