"""Which agents mcp-shared-memory knew: of its registry, of its directory, and named as admins, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resolvers.agents import Tier
from store.records import Agent

_RANKS = {tier.value: rank for rank, tier in enumerate((Tier.PENDING, Tier.NAMED, Tier.ADMIN))}


class Agents:
    """The agents seen so far; what is told of one twice is joined."""

    def __init__(self) -> None:
        self._agents: dict[str, Agent] = {}

    def add(self, told: Iterable[Agent]) -> None:
        """Take what is told: the highest tier, the longest role, the latest sight."""
        for one in told:
            known = self._agents.get(one.id)
            self._agents[one.id] = one if known is None else _joined(known, one)

    def all(self) -> list[Agent]:
        """Return them by project and name."""
        return [self._agents[one] for one in sorted(self._agents)]

    def of(self, project: str) -> list[str]:
        """Return the names of a project's agents."""
        return [agent.name for agent in self.all() if agent.project == project]

    def home_of(self, name: str) -> str:
        """Return the project in which an agent of this name was seen last; empty for none."""
        homes = [agent for agent in self._agents.values() if agent.name == name]
        return max(homes, key=lambda agent: agent.last_seen_at or agent.created_at).project if homes else ""


def _joined(one: Agent, other: Agent) -> Agent:
    latest = (
        one if (one.last_seen_at or one.created_at) >= (other.last_seen_at or other.created_at) else other
    )
    sights = [at for at in (one.last_seen_at, other.last_seen_at) if at]
    return replace(
        one,
        tier=max(one.tier, other.tier, key=lambda tier: _RANKS.get(tier, 0)),
        role_description=max(one.role_description, other.role_description, key=len),
        path_patterns=tuple(dict.fromkeys((*one.path_patterns, *other.path_patterns)))[:50],
        first_seen_at=min((at for at in (one.first_seen_at, other.first_seen_at) if at), default=None),
        last_seen_at=max(sights, default=None),
        session_count=max(one.session_count, other.session_count),
        last_task=latest.last_task or one.last_task or other.last_task,
        created_at=min(one.created_at, other.created_at),
        updated_at=max(one.updated_at, other.updated_at),
    )
