"""How the server does, in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import server as rules
from resolvers.acts import Act
from resolvers.callers import Role
from schema.arguments import SessionArgument
from schema.fields import query


@strawberry.type(description="A part of the server.")
class HealthPart:
    name: str = strawberry.field(description="`store_read`, `store_write`, `feed`, `search` or `mcp`.")
    is_ok: bool = strawberry.field(description="Whether it does what it must.")
    is_degraded: bool = strawberry.field(description="Whether it works, but not with all that it has.")
    state: str = strawberry.field(description="How it is, in a word, or empty.")
    detail: str = strawberry.field(description="What is wrong, or empty.")


@strawberry.type(description="How the process does that answers.")
class ServerHealth:
    status: str = strawberry.field(description="`ok`, `degraded` or `failing`.")
    process: str = strawberry.field(description="Tells it from other processes of the server.")
    version: str = strawberry.field(description="The version that it runs.")
    started_at: datetime | None = strawberry.field(description="When it started.")
    parts: list[HealthPart] = strawberry.field(description="Its parts.")


@strawberry.type(description="How long an operation takes.")
class OperationFigure:
    operation: str = strawberry.field(description="The root field; a tool's is called as the tool.")
    count: int = strawberry.field(description="How often it ran.")
    failures: int = strawberry.field(description="How often it ended with an error.")
    p50_ms: float = strawberry.field(description="Half of them took no longer, in milliseconds.")
    p95_ms: float = strawberry.field(description="95 of 100 took no longer.")
    p99_ms: float = strawberry.field(description="99 of 100 took no longer.")


@strawberry.type(description="What the process that answers measured since its start; others have their own.")
class OperationFigures:
    process: str = strawberry.field(description="Tells it from other processes of the server.")
    started_at: datetime | None = strawberry.field(description="When it started.")
    operations: list[OperationFigure] = strawberry.field(description="The most frequent first.")


@strawberry.type(description="How many records of a kind there are.")
class KindCount:
    kind: str = strawberry.field(description="The kind.")
    count: int = strawberry.field(description="How many, counted to 10,000.")
    is_more: bool = strawberry.field(description="Whether there may be more.")


@strawberry.type(description="What the store holds.")
class Storage:
    adapter: str = strawberry.field(description="`sqlite` or `mongodb`.")
    bytes: float | None = strawberry.field(description="Its size, where it says so; null of a project.")
    kinds: list[KindCount] = strawberry.field(description="The records by kind.")


@strawberry.type
class ServerQuery:
    @query(needs=Role.READONLY, description="How each part of the server does.", returns=ServerHealth)
    async def health(act: Act, session_id: SessionArgument = None) -> rules.ServerHealth:
        return await rules.health(act)

    @query(
        needs=Role.ADMIN,
        description="How long operations take, in the process that answers.",
        returns=OperationFigures,
    )
    async def operation_figures(act: Act, session_id: SessionArgument = None) -> rules.OperationFigures:
        return await rules.operation_figures(act)

    @query(needs=Role.ADMIN, description="What the store holds, by kind of record.", returns=Storage)
    async def storage(
        act: Act,
        project: Annotated[
            str | None, strawberry.argument(description="Only this project; default: all the key includes.")
        ] = None,
        session_id: SessionArgument = None,
    ) -> rules.Storage:
        return await rules.storage(act, project=project)
