"""The registry of projects in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import projects
from resolvers.acts import Act
from resolvers.agents import Tier as TierOfRecord
from resolvers.callers import Role
from resolvers.listing import Listing
from resolvers.projects import ProjectEntry, Registration
from schema.agents import Agent, Tier
from schema.arguments import SessionArgument, kept_reason_field, session_field
from schema.connections import After, Connection, First
from schema.fields import mutation, query
from store import records


@strawberry.type(description="A project.")
class Project:
    name: str = strawberry.field(description="Its canonical name.", resolver=lambda root: root.id)
    display_name: str = strawberry.field(description="How to show it; empty: its name.")
    created_by: str = strawberry.field(description="Who registered it.")


@strawberry.type(description="A project and what goes on in it.")
class ListedProject(Project):
    is_registered: bool = strawberry.field(description="Whether it is in the registry, not just in use.")
    active_sessions: int = strawberry.field(description="Sessions under way.")
    locks: int = strawberry.field(description="Locks held.")


@strawberry.type(description="A registered project and its agents.")
class RegisteredProject:
    name: str = strawberry.field(description="Its canonical name.", resolver=lambda root: root.project.id)
    display_name: str = strawberry.field(
        description="How to show it; empty: its name.", resolver=lambda root: root.project.display_name
    )
    created_by: str = strawberry.field(
        description="Who registered it.", resolver=lambda root: root.project.created_by
    )
    created_at: datetime = strawberry.field(
        description="When it was registered.", resolver=lambda root: root.project.created_at
    )
    agents: list[Agent] = strawberry.field(description="Its agents, admins first, up to 100.")


@strawberry.type(description="An agent as the registry has it.")
class RegisteredAgent:
    project: str = strawberry.field(description="The project.")
    name: str = strawberry.field(description="Its name.")
    tier: Tier = strawberry.field(
        description="How it stands there.", resolver=lambda root: TierOfRecord(root.tier)
    )
    role_description: str = strawberry.field(description="Its role.")
    path_patterns: list[str] = strawberry.field(description="Working directories that suggest its name.")


@strawberry.input(description="A project to register.")
class CreateProjectInput:
    name: str = strawberry.field(description="Its name.")
    display_name: str | None = strawberry.field(default=None, description="How to show it.")
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="A project to take out of the registry.")
class DeleteProjectInput:
    name: str = strawberry.field(description="Its name.")
    reason: str | None = kept_reason_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="An agent of a project.")
class ProjectAgentInput:
    agent: str = strawberry.field(description="The agent's name.")
    name: str | None = strawberry.field(default=None, description="The project; default: the session's.")
    reason: str | None = kept_reason_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="What the registry shall say of an agent; what is left out stays.")
class ProjectAgentDetailsInput(ProjectAgentInput):
    role_description: str | None = strawberry.field(default=None, description="Its role.")
    tier: Tier | None = strawberry.field(default=None, description="ADMIN or NAMED.")
    path_patterns: list[str] | None = strawberry.field(
        default=None,
        description="Working directories that suggest its name, such as `*/app/web/*`; up to 20.",
    )


@strawberry.type
class ProjectQuery:
    @query(needs=Role.READONLY, description="A registered project.", returns=RegisteredProject)
    async def project(
        act: Act,
        name: Annotated[
            str | None, strawberry.argument(description="Its name; default: the session's.")
        ] = None,
        session_id: SessionArgument = None,
    ) -> Registration:
        return await projects.project(act, name=name)

    @query(
        needs=Role.READONLY,
        description="The projects that you may see, by name: those that are registered or have ever been written to.",
        returns=Connection[ListedProject],
    )
    async def projects(
        act: Act, session_id: SessionArgument = None, first: First = 50, after: After = None
    ) -> Listing[ProjectEntry]:
        return await projects.projects(act, first=first, after=after)


@strawberry.type
class ProjectMutation:
    @mutation(
        needs=Role.AGENT,
        description="Register a project; you and `coordinator` become its admins.",
        returns=Project,
    )
    async def create_project(act: Act, input: CreateProjectInput) -> records.Project:
        return await projects.create_project(act, name=input.name, display_name=input.display_name)

    @mutation(
        needs=Role.AGENT,
        description="Take a project out of the registry; its data stays. Needs an admin of it.",
        returns=Project,
    )
    async def delete_project(act: Act, input: DeleteProjectInput) -> records.Project:
        return await projects.delete_project(act, name=input.name)

    @mutation(
        needs=Role.AGENT,
        description="Name an agent in the registry; default tier NAMED. Needs an admin of the project.",
        returns=RegisteredAgent,
    )
    async def add_project_agent(act: Act, input: ProjectAgentDetailsInput) -> records.Agent:
        return await projects.add_project_agent(
            act,
            agent=input.agent,
            name=input.name,
            role_description=input.role_description,
            tier=input.tier,
            patterns=input.path_patterns,
        )

    @mutation(
        needs=Role.AGENT,
        description="Change what the registry says of an agent. Needs an admin of the project.",
        returns=RegisteredAgent,
    )
    async def update_project_agent(act: Act, input: ProjectAgentDetailsInput) -> records.Agent:
        return await projects.update_project_agent(
            act,
            agent=input.agent,
            name=input.name,
            role_description=input.role_description,
            tier=input.tier,
            patterns=input.path_patterns,
        )

    @mutation(
        needs=Role.AGENT,
        description="Take an agent out of the registry. Needs an admin of the project.",
        returns=RegisteredAgent,
    )
    async def remove_project_agent(act: Act, input: ProjectAgentInput) -> records.Agent:
        return await projects.remove_project_agent(act, agent=input.agent, name=input.name)
