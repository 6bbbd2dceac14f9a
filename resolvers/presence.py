"""The rules of presence: what each agent last said it is doing, per project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from resolvers import answers
from resolvers.acts import Act, Decision
from resolvers.inputs import agent_name, line
from resolvers.listing import Listing, listing, snapshot
from store.port import By, Changes, Where
from store.records import NewEvent, Presence


@answers.answer
class AgentState(StrEnum):
    """What an agent says of itself."""

    IDLE = "idle"
    BUSY = "busy"
    ERROR = "error"


@answers.answer
@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus(Presence):
    """An agent's latest heartbeat; `is_stale` after 5 minutes."""

    is_stale: bool


async def heartbeat(
    act: Act, *, status: AgentState = AgentState.IDLE, current_task: str | None = None
) -> AgentStatus:
    """Say what the session's agent is doing; those who listen now are told, no history is kept."""
    session = act.in_session
    task = line("current_task", current_task)

    async def decision(now: datetime) -> Decision[AgentStatus]:
        key = f"{session.project}/{session.agent}"
        found = await act.store.get(Presence, key)
        fresh = found or Presence(
            id=key, project=session.project, agent=session.agent, heartbeat_at=now, created_at=now
        )
        made = replace(
            fresh,
            status=status.value,
            current_task=task,
            tmux_target=session.tmux_target,
            heartbeat_at=now,
            updated_at=now,
        )
        return Decision(_shown(made, now, act.rules.presence_stale_after), Changes(puts=(made,)))

    beat = await act.decide(decision, turn=f"presence:{session.project}/{session.agent}")
    act.announce_live(
        NewEvent(
            project=session.project,
            kind="presence.heartbeat",
            subject=session.agent,
            data=snapshot(beat, "agent", "status", "current_task", "heartbeat_at"),
            at=beat.heartbeat_at,
        )
    )
    return beat


async def agent_statuses(
    act: Act,
    *,
    project: str | None = None,
    agent: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[AgentStatus]:
    """Return the latest heartbeat of a project's agents, newest first, or of the one named."""
    name = act.project(project)
    where: Where = {"project": name}
    if agent:
        where = {**where, "id": f"{name}/{agent_name('agent', agent)}"}
    order = (By("heartbeat_at", "desc"),)
    page = await listing(act, Presence, where, order, first=first, after=after)
    now = await act.store.now()
    shown = tuple(_shown(found, now, act.rules.presence_stale_after) for found in page.records)
    return Listing(shown, page.order, page.after, page.cursor)


async def statuses_of(act: Act, agent_ids: Sequence[str]) -> list[AgentStatus | None]:
    """Return the latest heartbeat of each agent, by `project/name`."""
    found, now = await act.store.get_many(Presence, agent_ids), await act.store.now()
    kept = act.rules.presence_stale_after
    return [_shown(found[one], now, kept) if one in found else None for one in agent_ids]


def _shown(found: Presence, now: datetime, stale_after: timedelta) -> AgentStatus:
    return AgentStatus(
        **{f.name: getattr(found, f.name) for f in fields(found)},
        is_stale=now - found.heartbeat_at > stale_after,
    )
