"""Documents worth cleaning up, in GraphQL."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.knowledge import cleaning as rules
from resolvers.listing import Listing
from schema.arguments import ProjectArgument, SessionArgument
from schema.connections import After, Connection, First
from schema.fields import query
from schema.knowledge import Document, HandedDocument


@strawberry.type(description="Two active documents that say almost the same.")
class DuplicatePair:
    similarity: float = strawberry.field(description="How alike they are, 0.8 to 1.")
    older: Document = strawberry.field(description="The one that was stored first.")
    newer: Document = strawberry.field(description="The one that was stored later.")


@strawberry.type(description="Some pairs of near duplicates.")
class DuplicatePage:
    nodes: list[DuplicatePair] = strawberry.field(description="The pairs.", resolver=lambda root: root.pairs)
    next: str | None = strawberry.field(
        description="Pass it as `after` to look on; null at the end. A page may be empty before it.",
        resolver=lambda root: root.following,
    )


@strawberry.type
class CleaningQuery:
    @query(
        needs=Role.READONLY,
        description="Active documents of a project that say almost the same, in pairs.",
        returns=DuplicatePage,
    )
    async def duplicate_documents(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        first: First = 20,
        after: After = None,
    ) -> rules.DuplicatePage:
        return await rules.duplicate_documents(act, project=project, first=first, after=after)

    @query(
        needs=Role.READONLY,
        description="Active documents that nobody wrote for long, the oldest first.",
        returns=Connection[HandedDocument],
    )
    async def stale_documents(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        days: Annotated[
            int, strawberry.argument(description="Not written for so many days, 1 to 3,650.")
        ] = 30,
        first: First = 50,
        after: After = None,
    ) -> Listing[Any]:
        return await rules.stale_documents(act, project=project, days=days, first=first, after=after)
