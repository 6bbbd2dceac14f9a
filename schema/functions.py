"""The register of functions in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.functions import fields as function_fields
from resolvers.functions import functions as rules
from resolvers.functions import search as function_search
from resolvers.functions.fields import QueueState
from resolvers.listing import Listing
from schema.arguments import CountsAsUse, ProjectArgument, SessionArgument, project_field, session_field
from schema.connections import After, Connection, First
from schema.enums import shown
from schema.fields import mutation, query
from store import records

shown(
    QueueState,
    "Where a function stands on its way to enrichment.",
    pending="It waits for a librarian.",
    leased="A librarian has it.",
    done="It is enriched.",
    failed="It was given up; changed code or `requeueFunctions` queues it again.",
)

shown(
    rules.Registration,
    "What registering a function did.",
    name="FunctionRegistration",
    registered="It is new.",
    updated="Something of it changed.",
    unchanged="It was so before; nothing was written.",
)


def _is_out_of_date(root: Any) -> bool:
    return function_fields.is_out_of_date(root)


@strawberry.type(description="A function of the code base: told by agents, enriched by a librarian.")
class Function:
    id: strawberry.ID = strawberry.field(
        description="It follows from project, file and name: lines and code may change."
    )
    project: str = strawberry.field(description="The project it belongs to.")
    name: str = strawberry.field(description="Its qualified name, such as `Basket.add`.")
    file: str = strawberry.field(description="The file, relative to the project's root.")
    line: int | None = strawberry.field(description="Where it began when last seen.")
    purpose: str = strawberry.field(description="What it is for.")
    gotchas: str = strawberry.field(description="What to beware of, as its author told it.")
    prefer_over: str = strawberry.field(description="What it is to be used instead of.")
    requires: list[str] = strawberry.field(description="What it needs.")
    code: str = strawberry.field(description="Its source when last sent, or empty.")
    has_code: bool = strawberry.field(
        description="Whether its source was sent.", resolver=lambda root: bool(root.code)
    )
    language: str = strawberry.field(description="Its language, or empty.")
    source_hash: str = strawberry.field(
        description="Of the code last seen, or empty: unless a client chose another, SHA-256 in hex, without "
        "white space at the end of its lines and of the whole."
    )
    registered_by: str = strawberry.field(description="Who registered it first.")
    queue: QueueState = strawberry.field(description="Where it stands on its way to enrichment.")
    queued_at: datetime | None = strawberry.field(description="Since when, or from when on, it waits.")
    lease_holder: str = strawberry.field(description="Who enriches it now, or empty.")
    lease_until: datetime | None = strawberry.field(description="Until when; then another may take it.")
    attempts: int = strawberry.field(description="How often its enrichment failed.")
    failure: str = strawberry.field(description="How it failed last, or empty.")
    enriched_at: datetime | None = strawberry.field(description="When it was enriched last.")
    enriched_by: str = strawberry.field(description="Who enriched it, or empty.")
    is_enriched: bool = strawberry.field(
        description="Whether it was enriched.", resolver=lambda root: root.enriched_at is not None
    )
    is_out_of_date: bool = strawberry.field(
        description="Whether its code has changed since.",
        resolver=_is_out_of_date,
    )
    signature: str = strawberry.field(description="How it is declared.")
    parameters: list[JSON] = strawberry.field(description="Its parameters, an object each.")
    returns: str = strawberry.field(description="What it returns.")
    calls: list[str] = strawberry.field(description="What it calls.")
    called_by: list[str] = strawberry.field(description="What calls it.")
    side_effects: list[str] = strawberry.field(description="What it changes beside its result.")
    complexity: str = strawberry.field(description="What it costs.")
    additional_gotchas: str = strawberry.field(description="What to beware of, as the librarian found.")
    search_summary: str = strawberry.field(description="What it does, in words that others search for.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    updated_at: datetime = strawberry.field(description="When it last changed.")


@strawberry.type(description="A function after it was registered.")
class RegisteredFunction:
    function: Function = strawberry.field(description="It as it stands.")
    id: strawberry.ID = strawberry.field(description="Its id.", resolver=lambda root: root.function.id)
    name: str = strawberry.field(description="Its name.", resolver=lambda root: root.function.name)
    file: str = strawberry.field(description="Its file.", resolver=lambda root: root.function.file)
    change: rules.Registration = strawberry.field(description="What registering it did.")
    is_new: bool = strawberry.field(description="Whether it was not known before.")
    is_queued: bool = strawberry.field(description="Whether its enrichment waits or is under way.")
    preserved_enrichment: bool = strawberry.field(description="Whether it had been enriched, and still is.")


@strawberry.type(description="How many functions of a batch were new, changed, or known as they are.")
class RegisteredFunctions:
    registered: int = strawberry.field(description="New ones.")
    updated: int = strawberry.field(description="Changed ones.")
    unchanged: int = strawberry.field(description="Those for which nothing was written.")


@strawberry.type(description="How many functions were removed.")
class RemovedFunctions:
    removed: int = strawberry.field(description="Those that were there.")


@strawberry.type(description="A function that a search found, its texts shortened.")
class FoundFunction:
    function: Function = strawberry.field(description="All of it.")
    id: strawberry.ID = strawberry.field(description="Its id.", resolver=lambda root: root.function.id)
    source: str = strawberry.field(description="Its project.", resolver=lambda root: root.function.project)
    name: str = strawberry.field(description="Its name.", resolver=lambda root: root.function.name)
    file: str = strawberry.field(description="Its file.", resolver=lambda root: root.function.file)
    line: int | None = strawberry.field(
        description="Where it began when last seen.", resolver=lambda root: root.function.line
    )
    relevance: float = strawberry.field(description="How well it matches, 0 to 1.")
    percent: str = strawberry.field(description="The same as text, such as 84%.")
    access_count: int = strawberry.field(description="How often it was handed out before.")
    purpose: str = strawberry.field(description="What it is for.")
    gotchas: str = strawberry.field(description="What to beware of, the author's and the librarian's.")
    signature: str = strawberry.field(description="How it is declared.")
    prefer_over: str = strawberry.field(description="What it is to be used instead of.")
    requires: list[str] = strawberry.field(description="What it needs.")
    is_enriched: bool = strawberry.field(description="Whether it was enriched.")
    is_out_of_date: bool | None = strawberry.field(
        description="True if its code has changed since, else null.",
        resolver=lambda root: root.is_out_of_date or None,
    )


@strawberry.type(description="What a search for functions found, best first.")
class FoundFunctions:
    query: str = strawberry.field(description="What was asked.")
    result_count: int = strawberry.field(
        description="How many are shown.", resolver=lambda root: len(root.results)
    )
    results: list[FoundFunction] = strawberry.field(description="The functions.")
    degraded: bool | None = strawberry.field(
        description="True if meaning was not compared, or not with all that is registered yet; else null.",
        resolver=lambda root: root.is_degraded or None,
    )
    left_out: int | None = strawberry.field(
        description="How many more there was no room for; null if none.",
        resolver=lambda root: root.left_out or None,
    )


@strawberry.input(description="What is told of a function; what is left out or null stays as it is.")
class FunctionInput:
    name: str = strawberry.field(description="Its qualified name, up to 300 bytes.")
    file: str = strawberry.field(description="Its file; may end in `:line` or `#L12`.")
    line: int | None = strawberry.field(default=None, description="Where it begins, from 1.")
    purpose: str | None = strawberry.field(
        default=None, description="What it is for; default: its name. One that was told singly stays."
    )
    gotchas: str | None = strawberry.field(default=None, description="What to beware of.")
    prefer_over: str | None = strawberry.field(default=None, description="What it replaces.")
    requires: list[str] | None = strawberry.field(default=None, description="What it needs, up to 100.")
    code: str | None = strawberry.field(default=None, description="Its source, up to 50 KB.")
    language: str | None = strawberry.field(default=None, description="Its language.")
    source_hash: str | None = strawberry.field(
        default=None, description="Identifies its source; default: made from `code`."
    )


@strawberry.input(description="A function to register.")
class RegisterFunctionInput(FunctionInput):
    purpose: str = strawberry.field(description="What it is for.")
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


@strawberry.input(description="Functions of one project to register in one step.")
class RegisterFunctionsInput:
    functions: list[FunctionInput] = strawberry.field(description="1 to 200 of them.")
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


@strawberry.input(description="Functions of one project that are gone from its code.")
class RemoveFunctionsInput:
    ids: list[strawberry.ID] = strawberry.field(description="1 to 200 of them.")
    session_id: strawberry.ID | None = session_field()
    project: str | None = project_field()


_Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
_File = Annotated[
    str | None, strawberry.argument(description="Only those of this file, or under a directory (`src/`).")
]
_Query = Annotated[str, strawberry.argument(description="What is needed, in words.")]
_Shared = Annotated[bool, strawberry.argument(description="Those of the project `shared` too.")]
_Limit = Annotated[int | None, strawberry.argument(description="How many to return, 1 to 50; null is 5.")]
_Tokens = Annotated[
    int | None,
    strawberry.argument(description="What the answer may take, 50 to 20,000; default: 120 for each."),
]


@strawberry.type
class FunctionQuery:
    @query(needs=Role.READONLY, description="One function.", returns=Function)
    async def function(act: Act, id: _Id, session_id: SessionArgument = None) -> records.Function:
        return await function_fields.function(act, id=id)

    @query(
        needs=Role.READONLY,
        description="A project's functions by file and name.",
        returns=Connection[Function],
    )
    async def functions(
        act: Act,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        file: _File = None,
        first: First = 100,
        after: After = None,
    ) -> Listing[records.Function]:
        return await rules.functions(act, project=project, file=file, first=first, after=after)

    @query(needs=Role.READONLY, description="Find functions by what they do.", returns=FoundFunctions)
    async def find_functions(
        act: Act,
        query: _Query,
        project: ProjectArgument = None,
        session_id: SessionArgument = None,
        include_shared: _Shared = True,
        limit: _Limit = 5,
        max_tokens: _Tokens = None,
        counts_as_use: CountsAsUse = True,
    ) -> function_search.FoundFunctions:
        return await function_search.find_functions(
            act,
            query=query,
            project=project,
            include_shared=include_shared,
            limit=limit,
            max_tokens=max_tokens,
            counts_as_use=counts_as_use,
        )


@strawberry.type
class FunctionMutation:
    @mutation(
        needs=Role.AGENT,
        description="Register a function, or tell more of it. Its enrichment stays.",
        returns=RegisteredFunction,
    )
    async def register_function(act: Act, input: RegisterFunctionInput) -> rules.RegisteredFunction:
        return await rules.register_function(act, **_given(input))

    @mutation(
        needs=Role.AGENT,
        description="Register the functions of a code base; those known as they are cost nothing.",
        returns=RegisteredFunctions,
    )
    async def register_functions(act: Act, input: RegisterFunctionsInput) -> rules.RegisteredFunctions:
        entries = [rules.Entry(**vars(one)) for one in input.functions]
        return await rules.register_functions(act, functions=entries, project=input.project)

    @mutation(
        needs=Role.AGENT,
        description="Remove functions that are no longer in the code.",
        returns=RemovedFunctions,
    )
    async def remove_functions(act: Act, input: RemoveFunctionsInput) -> rules.RemovedFunctions:
        return await rules.remove_functions(act, ids=input.ids, project=input.project)


def _given(input: Any) -> dict[str, Any]:
    """Return the input's fields, which are called as the rule's parameters, without the session."""
    return {name: value for name, value in vars(input).items() if name != "session_id"}
