"""Presence in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import presence
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from schema.arguments import ProjectArgument, SessionArgument, needed_session_field
from schema.connections import After, Connection, First
from schema.enums import shown
from schema.fields import mutation, query

AgentState = shown(
    presence.AgentState,
    "What an agent says of itself.",
    idle="Ready for work.",
    busy="At work.",
    error="In trouble.",
)


@strawberry.type(description="What an agent last said it is doing.")
class AgentStatus:
    project: str = strawberry.field(description="The project.")
    agent: str = strawberry.field(description="The agent's name.")
    status: AgentState = strawberry.field(  # type: ignore[valid-type]
        description="What it said of itself.", resolver=lambda root: presence.AgentState(root.status)
    )
    current_task: str = strawberry.field(description="What it is doing, in its words.")
    tmux_target: str = strawberry.field(description="The terminal it runs in.")
    heartbeat_at: datetime = strawberry.field(description="When it said so.")
    is_stale: bool = strawberry.field(description="Whether that is too long ago to rely on (5 minutes).")


@strawberry.input(description="What the session's agent is doing.")
class HeartbeatInput:
    session_id: strawberry.ID = needed_session_field()
    status: AgentState = strawberry.field(  # type: ignore[valid-type]
        default=presence.AgentState.IDLE, description="Its state."
    )
    current_task: str | None = strawberry.field(default=None, description="What it is doing.")


@strawberry.type
class PresenceQuery:
    @query(
        needs=Role.READONLY,
        description="The latest heartbeat of a project's agents, newest first.",
        returns=Connection[AgentStatus],
    )
    async def agent_statuses(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        agent: Annotated[str | None, strawberry.argument(description="Only this one.")] = None,
        first: First = 50,
        after: After = None,
    ) -> Listing[presence.AgentStatus]:
        return await presence.agent_statuses(act, project=project, agent=agent, first=first, after=after)


@strawberry.type
class PresenceMutation:
    @mutation(
        needs=Role.AGENT,
        description="Say what you are doing. Pushed to those who listen, kept as your latest only.",
        returns=AgentStatus,
    )
    async def heartbeat(act: Act, input: HeartbeatInput) -> presence.AgentStatus:
        return await presence.heartbeat(act, status=input.status, current_task=input.current_task)
