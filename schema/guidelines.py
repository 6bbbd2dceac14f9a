"""Guidelines in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from resolvers import guidelines
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.listing import Listing
from schema.arguments import SessionArgument, reason_field, session_field
from schema.connections import After, Connection, First
from schema.fields import mutation, query
from store import records

_SCOPE = "`global`, or a project's name."


def _scope(root: Any) -> str:
    return root.project or guidelines.GLOBAL


@strawberry.type(description="A rule that every agent in its scope is told at session start.")
class Guideline:
    name: str = strawberry.field(description="Unique in its scope.")
    scope: str = strawberry.field(description=_SCOPE, resolver=_scope)
    rule: str = strawberry.field(description="What to obey.")
    priority: int = strawberry.field(description="1 (told first) to 100.")
    created_by: str = strawberry.field(description="Who set it first.")
    created_at: datetime = strawberry.field(description="When it was set first.")
    updated_at: datetime = strawberry.field(description="When it was set last.")
    updated_by: str = strawberry.field(description="Who set it last; empty where that was not kept yet.")


@strawberry.input(description="Which guideline.")
class GuidelineInput:
    name: str = strawberry.field(description="The guideline's name.")
    scope: str = strawberry.field(default=guidelines.GLOBAL, description=_SCOPE)
    updated_at: datetime | None = strawberry.field(
        default=None, description="As it was read: CONFLICT if it has changed or gone since."
    )
    reason: str | None = reason_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="A guideline to create or to replace.")
class SetGuidelineInput(GuidelineInput):
    rule: str = strawberry.field(description="What to obey, up to 4,000 bytes.")
    priority: int = strawberry.field(
        default=50, description="1 (told first) to 100; others are brought within."
    )


@strawberry.type
class GuidelineQuery:
    @query(needs=Role.READONLY, description="One guideline by name.", returns=Guideline)
    async def guideline(
        act: Act,
        name: Annotated[str, strawberry.argument(description="Its name.")],
        scope: Annotated[str, strawberry.argument(description=_SCOPE)] = guidelines.GLOBAL,
        session_id: SessionArgument = None,
    ) -> records.Guideline:
        return await guidelines.guideline(act, name=name, scope=scope)

    @query(needs=Role.READONLY, description="Guidelines by priority.", returns=Connection[Guideline])
    async def guidelines(
        act: Act,
        scope: Annotated[
            str | None,
            strawberry.argument(description="A project's name: only its own. `global` or none: all you see."),
        ] = None,
        session_id: SessionArgument = None,
        first: First = 100,
        after: After = None,
    ) -> Listing[records.Guideline]:
        return await guidelines.guidelines(act, scope=scope, first=first, after=after)


@strawberry.type
class GuidelineMutation:
    @mutation(
        needs=Role.AGENT,
        description="Create or replace a guideline: needs an admin key, or in its project an agent of tier admin.",
        returns=Guideline,
    )
    async def set_guideline(act: Act, input: SetGuidelineInput) -> records.Guideline:
        return await guidelines.set_guideline(
            act,
            name=input.name,
            rule=input.rule,
            scope=input.scope,
            priority=input.priority,
            updated_at=input.updated_at,
        )

    @mutation(
        needs=Role.AGENT, description="Delete a guideline; needs what setting it needs.", returns=Guideline
    )
    async def delete_guideline(act: Act, input: GuidelineInput) -> records.Guideline:
        return await guidelines.delete_guideline(
            act, name=input.name, scope=input.scope, updated_at=input.updated_at
        )
