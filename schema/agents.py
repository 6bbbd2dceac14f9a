"""Agents in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import agents, presence, sessions
from resolvers.acts import Act
from resolvers.agents import AgentEntry
from resolvers.callers import Role
from resolvers.listing import Listing
from resolvers.messages import views as message_views
from schema.arguments import ProjectArgument, SessionArgument
from schema.connections import After, Connection, First
from schema.context import RequestContext
from schema.enums import shown
from schema.fields import query
from schema.loaders import of_agent
from schema.presence import AgentStatus

if TYPE_CHECKING:
    from schema.sessions import Session

Tier = shown(
    agents.Tier,
    "How an agent stands in its project.",
    admin="Manages the project's registry.",
    named="Known.",
    pending="New: an admin has yet to name it.",
    worker="Spawned by another; not in the registry.",
)


async def _presence(root: Any, info: Info[RequestContext, None]) -> Any:
    return await of_agent(info, "presence", presence.statuses_of, root.project, root.name)


async def _sessions(root: Any, info: Info[RequestContext, None]) -> Any:
    return await of_agent(info, "active_sessions", sessions.active_of, root.project, root.name)


async def _unread(root: Any, info: Info[RequestContext, None]) -> int:
    count: int = await of_agent(info, "unread", message_views.unread_of, root.project, root.name)
    return count


@strawberry.type(description="An agent known in a project.")
class Agent:
    project: str = strawberry.field(description="The project.")
    name: str = strawberry.field(description="Its name, unique in the project.")
    tier: Tier = strawberry.field(  # type: ignore[valid-type]
        description="How it stands there.", resolver=lambda root: agents.Tier(root.tier)
    )
    role_description: str = strawberry.field(description="Its role, in its words or an admin's.")
    path_patterns: list[str] = strawberry.field(description="Working directories that suggest its name.")
    first_seen_at: datetime | None = strawberry.field(description="When it first started a session.")
    last_seen_at: datetime | None = strawberry.field(description="When it last started one.")
    days_ago: int | None = strawberry.field(
        description="Whole days since then.",
        resolver=lambda root: root.days_ago if root.days_ago >= 0 else None,
    )
    session_count: int = strawberry.field(description="How many sessions it started.")
    last_task: str = strawberry.field(description="What it last set out to do.")
    presence: AgentStatus | None = strawberry.field(
        description="What it last said it is doing.", resolver=_presence
    )
    sessions: list[Annotated[Session, strawberry.lazy("schema.sessions")]] = strawberry.field(
        description="Its sessions under way, the latest active first.", resolver=_sessions
    )
    unread_messages: int = strawberry.field(
        description="How many messages wait for it; of a list's agents 1,000 in all are counted.",
        resolver=_unread,
    )


@strawberry.type
class AgentQuery:
    @query(
        needs=Role.READONLY,
        description="A project's agents, the latest seen first; with `query` those that fit it best.",
        returns=Connection[Agent],
    )
    async def agents(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        query: Annotated[
            str | None, strawberry.argument(description="Words of the name, the role or the last task.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> Listing[AgentEntry]:
        return await agents.agents(act, project=project, query=query, first=first, after=after)
