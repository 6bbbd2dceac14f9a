"""An hour of events, quicker than real time, in a page that a person walks through: what it keeps must not grow."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
from playwright.async_api import Browser

from api.dashboard import VIEWS
from benchmarks.browser import Kept, Measured, measured, visit
from benchmarks.crowd import PRIORITIES, Agent, crowd
from benchmarks.progress import Progress
from benchmarks.servers import Server, interlock
from benchmarks.workload import PROJECT

EVENTS = 180_000
"""50 a second for an hour."""
_QUICK_EVENTS = 12_000
_LAPS = 12
MOST_GROWTH = 1.5
"""How many times its heap and nodes of the first quarter a page may hold in the last."""
_AHEAD = 300
"""Events that may be on their way: more are sent when the page has taken these."""
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 60.0
_OTHERS = sorted(VIEWS - {"now"})

# As agents work, but many steps in one request: three files in turn, mail, work, an item, a sign of life.
_STEPS = """mutation ($s: ID!, $a: [String!]!, $b: [String!]!, $c: [String!]!, $to: [String!]!, $text: String!,
  $item: ID!, $priority: BacklogPriority!) {
  a: lockFiles(input: {sessionId: $s, files: $a, reason: "edit"}) { isGranted }
  b: lockFiles(input: {sessionId: $s, files: $b, reason: "edit"}) { isGranted }
  c: unlockFiles(input: {sessionId: $s, files: $a}) { __typename }
  d: lockFiles(input: {sessionId: $s, files: $c, reason: "edit"}) { isGranted }
  e: unlockFiles(input: {sessionId: $s, files: $b}) { __typename }
  f: sendMessage(input: {sessionId: $s, to: $to, message: $text}) { __typename }
  r: receiveMessages(input: {sessionId: $s}) { messages { id } }
  g: unlockFiles(input: {sessionId: $s, files: $c}) { __typename }
  h: updateWork(input: {sessionId: $s, title: $text, status: IN_PROGRESS}) { __typename }
  i: updateBacklogItem(input: {sessionId: $s, itemId: $item, title: $text, priority: $priority}) { __typename }
  j: heartbeat(input: {sessionId: $s, status: BUSY, currentTask: $text}) { __typename }
}"""


_STEPS_EVENTS = 10
"""Of one request, beside the messages that it delivers."""


class Hour:
    """Events pushed as fast as one page takes them."""

    def __init__(self, page: Measured, http: httpx.AsyncClient, agents: list[Agent], total: int) -> None:
        self.page = page
        self.came = 0
        self._http = http
        self._agents = agents
        self.sent = 0
        self._round = 0
        self._progress = Progress("events", total)

    async def until(self, count: int) -> None:
        """Push until the page has had so many events."""
        workers = [asyncio.create_task(self._work(agent, count)) for agent in self._agents]
        try:
            looked = time.perf_counter()
            while self.came < count:
                came = await self.page.events()
                if came > self.came:
                    looked = time.perf_counter()
                elif time.perf_counter() - looked > _PATIENCE_SECONDS:
                    raise SystemExit(f"the page had {came:,} events of {self.sent:,} and gets no more")
                self.came = came
                self._progress.at(came)
                for worker in workers:
                    if worker.done():
                        worker.result()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            # A step that has begun comes to its end: it would leave its locks behind.
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*workers)

    async def _work(self, agent: Agent, count: int) -> None:
        while self.sent < count:
            if self.sent - self.came >= _AHEAD:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            self._round += 1
            self.sent += _STEPS_EVENTS
            delivered = await self._step(agent, self._round)
            self.sent += delivered

    async def _step(self, agent: Agent, number: int) -> int:
        """Take all steps of one turn; returns how many messages were delivered by it, each of which is an event."""
        paths = [[f"src/{agent.name}/{number % 100}/{part}.py"] for part in "abc"]
        given = {
            "s": agent.session,
            **dict(zip("abc", paths, strict=True)),
            "to": [f"bench-{number % len(self._agents)}"],
            "text": f"step {number} of {agent.name}",
            "item": agent.items[number % len(agent.items)],
            "priority": PRIORITIES[number % 4].upper(),
        }
        answer = (await self._http.post("/graphql", json={"query": _STEPS, "variables": given})).json()
        if "errors" in answer:
            raise SystemExit(str(answer["errors"]))
        return len(answer["data"]["r"]["messages"])


async def run(browser: Browser, *, quick: bool) -> None:
    """Print what is kept along the way; a page that grows ends the benchmark."""
    total = _QUICK_EVENTS if quick else EVENTS
    print(
        f"\n{total:,} events{'' if quick else ', as many as come in an hour of 50 a second,'} as fast as the page takes them,"
    )
    print(
        "a dozen to a request; Now for half of them, each other view for a part; kept on Now, after garbage is collected"
    )
    with tempfile.TemporaryDirectory() as folder:
        async with (
            interlock(Path(folder)) as server,
            crowd(server.mcp) as agents,
            httpx.AsyncClient(base_url=server.url, timeout=60) as http,
            visit(browser) as context,
            measured(context) as page,
        ):
            await page.open(f"{server.url}/now?project={PROJECT}")
            found = await _walked(Hour(page, http, agents.agents, total), server, total)
    _judged(found)


async def _walked(hour: Hour, server: Server, total: int) -> list[tuple[Kept, float]]:
    found: list[tuple[Kept, float]] = []
    print(f"{'events':>9} {'events/s':>8} {'heap MB':>8} {'nodes':>8} {'listeners':>9} {'server MB':>9}")
    for lap in range(1, _LAPS + 1):
        began, before = time.perf_counter(), hour.came
        goal, part = total * (lap - 1) // _LAPS, total // _LAPS // (2 * len(_OTHERS))
        for number, view in enumerate(_OTHERS, 1):
            await _go(hour.page, view)
            await hour.until(goal + number * part)
        await _go(hour.page, "now")
        await hour.until(total * lap // _LAPS)
        rate = (hour.came - before) / (time.perf_counter() - began)
        kept, memory = await hour.page.kept(), server.memory()
        found.append((kept, memory))
        print(
            f"{hour.came:9,} {rate:8.0f} {kept.heap:8.2f} {kept.nodes:8,} {kept.listeners:9,} {memory:9.0f}",
            flush=True,
        )
    return found


async def _go(page: Measured, view: str) -> None:
    await page.page.locator(f'nav.views a[href^="/{view}"]').click()


def _judged(found: list[tuple[Kept, float]]) -> None:
    quarter = len(found) // 4
    for what, figures in (
        ("the page's heap", [kept.heap for kept, _ in found]),
        ("its nodes", [float(kept.nodes) for kept, _ in found]),
        ("its listeners", [float(kept.listeners) for kept, _ in found]),
        ("the server's memory", [memory for _, memory in found]),
    ):
        growth = statistics.fmean(figures[-quarter:]) / statistics.fmean(figures[:quarter])
        print(
            f"{what}: the last quarter's is {growth:.2f} times the first's, at most {MOST_GROWTH}", flush=True
        )
        if growth > MOST_GROWTH:
            raise SystemExit(f"what is kept grows: {what}")
