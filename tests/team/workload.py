"""What a team does all day, in a minute: agents that want the same paths, items and spec, and write to each other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from store.mongo.address import MongoAddress
from store.mongo.store import MongoStore
from tests.faults.processes import ask
from tests.team.agents import Agent, KeyedAgent, McpAgent
from tests.team.checker import check, times_are_the_stores
from tests.team.history import History, end_of
from tests.team.subscribers import Subscriber

PATHS = ("src/a.py", "src/b.py", "src/c.py", "src/", "docs/a.md", "docs/b.md")
SPEC = "api"
PAUSE_SECONDS = 0.04
HELD_SECONDS = 0.05
PATIENCE_SECONDS = 90.0
_WORD = str.maketrans("0123456789", "qwertzuiop", " ")
_OPEN_ITEMS = 3
_EPSILON_SECONDS = 2.0


@dataclass
class Team:
    """The agents of a project, what they know together, and what they did."""

    url: str
    project: str
    history: History
    agents: list[Agent]
    subscribers: list[Subscriber]
    rest: asyncio.Barrier
    is_over: bool = False
    open_items: list[str] = field(default_factory=list)
    working: list[asyncio.Task[None]] = field(default_factory=list)
    _serial: int = 0

    def name(self, what: str) -> str:
        """Return a text that nobody else writes."""
        self._serial += 1
        return f"{what} {self._serial} of {self.project}"

    @property
    def acknowledged(self) -> int:
        """How many calls were answered as done."""
        return sum(call.is_acknowledged for call in self.history.calls)

    async def grow(self, by: int) -> None:
        """Wait until so many more calls were answered as done."""
        wanted = self.acknowledged + by
        await self._until(lambda: self.acknowledged >= wanted)

    async def until_all_began(self) -> None:
        """Wait until all have a session: to some of them others write."""
        await self._until(lambda: all(agent.session for agent in self.agents))

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so():
                for task in self.working:
                    if task.done():
                        # It ends before all is over only by failing: that is what went wrong.
                        task.result()
                await asyncio.sleep(0.02)

    async def work(self, agent: Agent) -> None:
        """Let an agent do one thing after the other until all is over, then hand back and read what is left."""
        acts = tuple(_ACTS)
        weights = tuple(_ACTS.values())
        await agent.start(self.project)
        while not self.is_over:
            (act,) = random.choices(acts, weights)
            await act(self, agent)
            await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))
        await _until_acknowledged(agent, "unlock", files=list(PATHS))
        # Nobody writes any more: now there is nothing that comes too late to be read.
        await self.rest.wait()
        await _until_acknowledged(agent, "read", include_delivered=True, limit=100)
        await agent.close()


async def lock(team: Team, agent: Agent) -> None:
    """Take a path, hold it for a moment, let it go; of a lock that may have been taken, too."""
    path = random.choice(PATHS)
    wait = random.choice((0, 0, 1))
    call = await agent.call("lock", files=[path], reason="work", wait_seconds=wait)
    if call.is_acknowledged and not call.result.get("success"):
        return
    if call.is_acknowledged:
        await asyncio.sleep(random.uniform(0, HELD_SECONDS))
    await _until_acknowledged(agent, "unlock", files=[path])


async def _until_acknowledged(agent: Agent, what: str, **given: object) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await agent.call(what, **given)).is_acknowledged:
            await asyncio.sleep(PAUSE_SECONDS)


async def claim(team: Team, agent: Agent) -> None:
    """See to it that there is work, then go for what the others go for, too."""
    if len(team.open_items) < _OPEN_ITEMS:
        given = {"title": team.name("item"), "description": f"by {agent.name}"}
        call = await agent.call("add", **given)
        if call.is_acknowledged:
            team.open_items.append(call.result["id"])
    if not team.open_items:
        return
    item = team.open_items[0]
    call = await agent.call("claim", item_id=item, claim=True)
    if call.ended < float("inf") and item in team.open_items:
        # Whoever got it, it is gone.
        team.open_items.remove(item)


async def define(team: Team, agent: Agent) -> None:
    """Give the team's spec its next version."""
    await agent.call("spec", name=SPEC, content=team.name("content"), force=True)


async def send(team: Team, agent: Agent) -> None:
    """Write to one or two others."""
    others = [other.name for other in team.agents if other is not agent]
    to = sorted(random.sample(others, k=min(len(others), random.choice((1, 2)))))
    await agent.call("send", to_instance=",".join(to), message=team.name("message"))


async def read(team: Team, agent: Agent) -> None:
    """Read what is new."""
    await agent.call("read")


async def learn(team: Team, agent: Agent) -> None:
    """Keep something, and look for it by the one word that is in nothing else."""
    title = team.name("lesson")
    details = f"learnt as {title.translate(_WORD)}"
    call = await agent.call("learn", title=title, details=details)
    if call.is_acknowledged:
        await agent.call("ask", query=title.translate(_WORD))


async def beat(team: Team, agent: Agent) -> None:
    """Say that it is there."""
    await agent.call("beat", current_task="to lose nothing")


_ACTS: dict[Callable[[Team, Agent], Awaitable[None]], int] = {
    lock: 6,
    claim: 4,
    define: 2,
    send: 3,
    read: 3,
    learn: 1,
    beat: 1,
}
"""What they do, each with how often."""


@asynccontextmanager
async def at_work(
    url: str, address: MongoAddress, project: str, clients: int, subscribers: int
) -> AsyncIterator[Team]:
    """Let a team work while entered, then wait for all of it and judge."""
    store = await MongoStore.open(address)
    try:
        began = await store.now()
        team = await _team(url, project, clients, subscribers)
        following = [asyncio.create_task(one.follow()) for one in team.subscribers]
        working = team.working = [asyncio.create_task(team.work(agent)) for agent in team.agents]
        try:
            await team.until_all_began()
            yield team
            team.is_over = True
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*working)
            end = await end_of(store, project)
            for number, one in enumerate(team.subscribers):
                await one.until(len(end.log), PATIENCE_SECONDS)
                team.history.seen[f"subscriber {number}"] = one.seen
        finally:
            for task in (*working, *following):
                task.cancel()
            await asyncio.gather(*working, *following, return_exceptions=True)
        slack = timedelta(seconds=_EPSILON_SECONDS)
        in_time = times_are_the_stores(began - slack, await store.now() + slack)
        problems = [*check(team.history, end), *in_time(team.history, end)]
        assert not problems, "\n".join(problems[:20])
    finally:
        await store.close()


async def _team(url: str, project: str, clients: int, subscribers: int) -> Team:
    history = History()
    makers: tuple[Callable[[str], Agent], ...] = (
        lambda name: McpAgent(url, name, history, "2026-07-28"),
        lambda name: KeyedAgent(url, name, history),
        lambda name: McpAgent(url, name, history, "legacy"),
        lambda name: KeyedAgent(url, name, history),
    )
    agents = [makers[n % len(makers)](f"agent_{n}") for n in range(clients)]
    async with httpx.AsyncClient() as client:
        asked = "query($p: String!) { feedCursor(projects: [$p]) }"
        cursor = (await ask(client, url, asked, p=project))["feedCursor"]
    following = [Subscriber(url, project, cursor) for _ in range(subscribers)]
    return Team(url, project, history, agents, following, asyncio.Barrier(clients))
