"""The enrichment queue in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.functions import enrichment as rules
from resolvers.functions.fields import QueueState
from schema.arguments import (
    ProjectArgument,
    SessionArgument,
    needed_session_field,
    project_field,
    session_field,
)
from schema.connections import After, Connection, First
from schema.fields import mutation, query
from schema.functions import Function
from store import records


@strawberry.type(description="Functions lent to the caller, who alone enriches them until it ends.")
class FunctionLease:
    lease_id: strawberry.ID = strawberry.field(description="Pass it on with each enrichment.")
    expires_at: datetime = strawberry.field(description="When others may take them.")
    functions: list[Function] = strawberry.field(description="The functions; none when nothing waits.")


@strawberry.type(description="How many functions were given back.")
class ReleasedFunctions:
    released: int = strawberry.field(description="Those that the lease still held.")


@strawberry.type(description="How many functions wait for enrichment again.")
class RequeuedFunctions:
    requeued: int = strawberry.field(description="Those queued anew.")
    failed_count: int = strawberry.field(
        description="How many of the project are still given up, counted to 10,000."
    )


@strawberry.type(description="What an agent is to enrich.")
class LibrarianTask:
    project: str = strawberry.field(description="Where.")
    unenriched_count: int = strawberry.field(
        description="How many wait there in all, these included, counted to 10,000 a state."
    )
    lease_id: strawberry.ID | None = strawberry.field(
        description="Pass it on with each enrichment; null where nothing waits."
    )
    expires_at: datetime = strawberry.field(
        description="When others may take them.", resolver=lambda root: root.lease.expires_at
    )
    items: list[Function] = strawberry.field(
        description="The functions lent to the agent.", resolver=lambda root: root.lease.functions
    )


@strawberry.type(description="A page of the enrichment queue.")
class EnrichmentQueue(Connection[Function]):
    pending_count: int = strawberry.field(description="How many wait, counted to 10,000.")
    leased_count: int = strawberry.field(description="How many are lent out, counted to 10,000.")
    failed_count: int = strawberry.field(description="How many were given up, counted to 10,000.")
    done_count: int = strawberry.field(description="How many are enriched, counted to 10,000.")
    items: list[Function] = strawberry.field(
        description="The entries, as `nodes`.", resolver=lambda root: root.records
    )


@strawberry.input(description="How much work to take.")
class LeaseFunctionsInput:
    limit: int | None = strawberry.field(default=1, description="1 to 20 functions; null is 1.")
    seconds: int | None = strawberry.field(
        default=rules.LEASE_SECONDS, description="For 30 to 900 seconds; null is 300."
    )
    project: str | None = strawberry.field(
        default=None, description="Of which project; default: any that the key includes."
    )
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="How much work an agent takes.")
class BecomeLibrarianInput:
    session_id: strawberry.ID = needed_session_field()
    project: str | None = project_field()
    limit: int | None = strawberry.field(default=20, description="1 to 20 functions; null is 20.")
    seconds: int | None = strawberry.field(default=900, description="For 30 to 900 seconds; null is 900.")


@strawberry.input(description="Work to give back.")
class ReleaseFunctionsInput:
    lease_id: strawberry.ID = strawberry.field(description="The lease.")
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Which; default: all of it.")
    failure: str | None = strawberry.field(
        default=None, description="Why it failed: it then waits longer, and is given up after five attempts."
    )
    permanent: bool = strawberry.field(default=False, description="Whether trying again is of no use.")
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="Functions of one project whose enrichment failed.")
class RequeueFunctionsInput:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="1 to 200 of them; default: the 200 given up first."
    )
    project: str | None = project_field()
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="A lease to prolong.")
class ExtendLeaseInput:
    lease_id: strawberry.ID = strawberry.field(description="The lease.")
    seconds: int | None = strawberry.field(
        default=rules.LEASE_SECONDS, description="How long from now, 30 to 900 seconds; null is 300."
    )
    session_id: strawberry.ID | None = session_field()


@strawberry.input(description="What was found out about a function; what is left out or null stays.")
class EnrichFunctionInput:
    id: strawberry.ID = strawberry.field(description="The function's id.")
    lease_id: strawberry.ID | None = strawberry.field(
        default=None, description="CONFLICT if this lease no longer holds it; without one anybody may."
    )
    signature: str | None = strawberry.field(default=None, description="How it is declared.")
    parameters: list[JSON] | None = strawberry.field(
        default=None, description="Up to 50 objects such as {name, type, description}, 4 KB each."
    )
    returns: str | None = strawberry.field(default=None, description="What it returns.")
    calls: list[str] | None = strawberry.field(default=None, description="What it calls, up to 100.")
    called_by: list[str] | None = strawberry.field(default=None, description="What calls it, up to 100.")
    side_effects: list[str] | None = strawberry.field(
        default=None, description="What it changes beside its result, up to 100."
    )
    complexity: str | None = strawberry.field(default=None, description="What it costs.")
    additional_gotchas: str | None = strawberry.field(default=None, description="What to beware of.")
    search_summary: str | None = strawberry.field(
        default=None, description="What it does, in words that others search for."
    )
    source_hash: str | None = strawberry.field(
        default=None, description="Of the code looked at; default: that last registered."
    )
    code: str | None = strawberry.field(default=None, description="The code looked at, up to 50 KB.")
    session_id: strawberry.ID | None = session_field()


_State = Annotated[QueueState, strawberry.argument(description="Only those that stand so.")]


@strawberry.type
class EnrichmentQuery:
    @query(
        needs=Role.READONLY,
        description="The functions that wait for enrichment, longest first; default: of all projects seen.",
        returns=EnrichmentQueue,
    )
    async def enrichment_queue(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        state: _State = QueueState.PENDING,
        first: First = 20,
        after: After = None,
    ) -> rules.EnrichmentQueue:
        return await rules.enrichment_queue(act, project=project, state=state, first=first, after=after)


@strawberry.type
class EnrichmentMutation:
    @mutation(
        needs=Role.AGENT,
        description="Take functions to enrich; of all that ask, no two get the same.",
        returns=FunctionLease,
    )
    async def lease_functions(act: Act, input: LeaseFunctionsInput) -> rules.FunctionLease:
        return await rules.lease_functions(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Take functions for an agent to enrich.", returns=LibrarianTask)
    async def become_librarian(act: Act, input: BecomeLibrarianInput) -> rules.LibrarianTask:
        return await rules.become_librarian(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Prolong a lease.", returns=FunctionLease)
    async def extend_lease(act: Act, input: ExtendLeaseInput) -> rules.FunctionLease:
        return await rules.extend_lease(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Give work back, done or not.", returns=ReleasedFunctions)
    async def release_functions(act: Act, input: ReleaseFunctionsInput) -> rules.ReleasedFunctions:
        return await rules.release_functions(act, **_given(input))

    @mutation(
        needs=Role.AGENT,
        description="Queue functions anew whose enrichment failed, with all attempts before them.",
        returns=RequeuedFunctions,
    )
    async def requeue_functions(act: Act, input: RequeueFunctionsInput) -> rules.RequeuedFunctions:
        return await rules.requeue_functions(act, **_given(input))

    @mutation(needs=Role.AGENT, description="Write down what a function does.", returns=Function)
    async def enrich_function(act: Act, input: EnrichFunctionInput) -> records.Function:
        return await rules.enrich_function(act, **_given(input))


def _given(input: Any) -> dict[str, Any]:
    """Return the input's fields, which are called as the rule's parameters, without the session."""
    return {name: value for name, value in vars(input).items() if name != "session_id"}
