"""Who plays: the agents of each project, each with an MCP client of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from cli.demo.agent import Agent, Tally, Tell
from cli.demo.story import PROJECTS, Story, load


@dataclass(slots=True)
class Team:
    """The agents of one project, and what they are at."""

    story: Story
    agents: dict[str, Agent]
    busy: set[str] = field(default_factory=set)
    files_in_use: set[str] = field(default_factory=set)
    learnt: set[str] = field(default_factory=set)
    """Documents that scenes have written and may replace."""
    neighbour: Team | None = None

    @property
    def planner(self) -> Agent:
        return self.agents[self.story.told["planner"]]

    @property
    def librarian(self) -> Agent:
        return self.agents[self.story.told["librarian"]]

    @property
    def silent(self) -> Agent | None:
        """The agent that takes a lock and is not heard of again, if the project has one."""
        silent = self.story.told["silent"]
        return self.agents[silent["agent"]] if silent else None

    @property
    def players(self) -> list[Agent]:
        """All agents but the silent one."""
        return [agent for agent in self.agents.values() if agent is not self.silent]

    def free(self, names: Iterable[str]) -> list[str]:
        """Return those that are in a session and in no scene."""
        return [name for name in names if name not in self.busy and self.agents[name].is_here]

    def other(self, *names: str) -> Agent | None:
        """Return a worker beside those named, who may be in another scene but not away."""
        here = [name for name in self.story.workers if name not in names and self.agents[name].is_here]
        return self.agents[self.story.dice.choice(here)] if here else None

    @contextmanager
    def a_file(self) -> Iterator[str]:
        """Give a file that no other scene is at."""
        with self.some_files(1) as (file,):
            yield file

    @contextmanager
    def some_files(self, most: int) -> Iterator[list[str]]:
        """Give one to `most` files that no other scene is at."""
        free = [one for one in self.story.files if one not in self.files_in_use]
        files = self.story.dice.sample(free, min(self.story.dice.randint(1, most), max(1, len(free) // 2)))
        self.files_in_use.update(files)
        try:
            yield files
        finally:
            self.files_in_use.difference_update(files)


Teams = dict[str, Team]


@asynccontextmanager
async def connected(url: str, seed: int, told: int, tally: Tally, tell: Tell) -> AsyncIterator[Teams]:
    """Connect all agents of all projects, as their own programs do: over Streamable HTTP."""
    async with httpx2.AsyncClient(timeout=70, trust_env=False) as http, AsyncExitStack() as stack:
        teams: Teams = {}
        for project in PROJECTS:
            story = load(project, seed, told)
            agents = {}
            for name, role in story.told["agents"].items():
                transport = streamable_http_client(f"{url}/mcp", http_client=http)
                client = await stack.enter_async_context(Client(transport))
                agents[name] = Agent(name, role, project, client, tally, tell)
            teams[project] = Team(story, agents)
        first, second = teams.values()
        first.neighbour, second.neighbour = second, first
        yield teams
