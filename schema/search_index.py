"""The index by meaning in GraphQL: how it does, and making it anew."""

from __future__ import annotations

import strawberry

from resolvers import search_index as rules
from resolvers.acts import Act
from resolvers.callers import Role
from schema.arguments import SessionArgument, session_field
from schema.fields import mutation, query
from store.index import IndexHealth


@strawberry.type(description="How searches by meaning do.")
class SearchIndexStatus:
    state: str = strawberry.field(
        description="`switched off`, `off` (no model), `idle` (not loaded yet), `ready`, `catching up` or `failing`."
    )
    detail: str = strawberry.field(description="Why, where it does not do well.")
    model: str = strawberry.field(description="The embedding model; empty until it is loaded.")
    lag: int | None = strawberry.field(description="Events that wait to be indexed; null: not known.")
    indexed: int = strawberry.field(description="Records that the latest rebuild has indexed.")
    total: int = strawberry.field(description="Of how many.")
    is_degraded: bool = strawberry.field(description="Whether searches go by words alone, or miss some.")
    process: str = strawberry.field(description="The server process that answers; empty: switched off.")
    indexer: str = strawberry.field(
        description="The server process that indexes for all that share the Chroma server; empty: none now."
    )
    is_reachable: bool | None = strawberry.field(
        description="Whether the answering process reached Chroma the last time; null: it did not try yet."
    )


@strawberry.type(description="A rebuild that has begun.")
class Reindexing:
    project: str = strawberry.field(description="The project; empty: all.")
    total: int = strawberry.field(description="Records to index.")


@strawberry.input(description="What to index anew.")
class ReindexInput:
    project: str | None = strawberry.field(
        default=None, description="A project's name; default: all projects."
    )
    session_id: strawberry.ID | None = session_field()


@strawberry.type
class SearchIndexQuery:
    @query(needs=Role.ADMIN, description="How searches by meaning do.", returns=SearchIndexStatus)
    async def search_index(act: Act, session_id: SessionArgument = None) -> IndexHealth:
        return await rules.search_index(act)


@strawberry.type
class SearchIndexMutation:
    @mutation(
        needs=Role.ADMIN,
        description="Ask whichever process indexes to make the search index anew; searches go by words meanwhile.",
        returns=Reindexing,
    )
    async def reindex(act: Act, input: ReindexInput) -> rules.Reindexing:
        return await rules.reindex(act, project=input.project)
