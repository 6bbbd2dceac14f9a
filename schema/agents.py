"""Agents in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import agents
from resolvers.acts import Act
from resolvers.agents import AgentEntry
from resolvers.callers import Role
from resolvers.listing import Listing
from schema.arguments import ProjectArgument, SessionArgument
from schema.connections import After, Connection, First
from schema.enums import shown
from schema.fields import query

Tier = shown(
    agents.Tier,
    "How an agent stands in its project.",
    admin="Manages the project's registry.",
    named="Known.",
    pending="New: an admin has yet to name it.",
    worker="Spawned by another; not in the registry.",
)


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
