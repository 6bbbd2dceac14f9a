"""How a root field is declared: with what it needs, so that none can be reached without it."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any, TypeVar, get_type_hints

import strawberry
from strawberry.types import Info

from resolvers import audit
from resolvers.acts import Act
from resolvers.answers import Repeat
from resolvers.callers import Role
from resolvers.errors import BadInput, OutsideScope, Unauthenticated
from resolvers.inputs import line, storable
from schema.context import RequestContext

NEEDS: dict[tuple[str, str], Role] = {}
"""(root, field's Python name) -> the least role; filled by the decorators below."""

IDEMPOTENCY_KEY = Annotated[
    str | None,
    strawberry.argument(
        description="The same key within 24 hours returns the first answer. Up to 100 characters."
    ),
]

INPUT = strawberry.argument(description="What is wanted.")

Rule = Callable[..., Awaitable[Any]]
T = TypeVar("T")


def query(*, needs: Role, description: str, returns: object) -> Callable[[Rule], Any]:
    """Declare a field of Query.

    The function's first parameter is the `Act`; the others are the field's arguments. One named
    `session_id` is the session acted in. `returns` is the GraphQL type.
    """

    def declare(rule: Rule) -> Any:
        NEEDS["Query", rule.__name__] = needs

        async def resolve(*, info: Info[RequestContext, None], **arguments: Any) -> Any:
            storable("", arguments)
            act = await info.context.admit(needs, arguments.get("session_id"))
            return await _kept_to_scope(act, rule(act, **arguments))

        return _field(rule, resolve, description, returns)

    return declare


def mutation(
    *,
    needs: Role,
    description: str,
    returns: object,
    admits_api_key: bool = False,
    in_any_state: bool = False,
) -> Callable[[Rule], Any]:
    """Declare a field of Mutation: `rule(act, input)`.

    The session acted in is `input.session_id`, where there is one. The field also takes an
    `idempotencyKey`. With `admits_api_key` the key in `input.api_key` says who calls where the
    request has no header; the rule never sees it. With `in_any_state` the session may be over.
    """

    def declare(rule: Rule) -> Any:
        NEEDS["Mutation", rule.__name__] = needs

        async def resolve(
            *, info: Info[RequestContext, None], idempotency_key: str | None = None, **arguments: Any
        ) -> Any:
            storable("idempotency_key", idempotency_key)
            storable("input", arguments["input"])
            given, api_key = arguments["input"], None
            if admits_api_key:
                api_key = given.api_key
                arguments["input"] = replace(given, api_key=None)
            act = await info.context.admit(
                needs, getattr(given, "session_id", None), api_key=api_key, in_any_state=in_any_state
            )
            reason = getattr(given, "reason", None)
            if reason is not None or act.session is None:
                act = replace(act, reason=line("reason", reason))
            if idempotency_key is not None:
                if not 1 <= len(idempotency_key) <= 100:
                    raise BadInput("idempotency_key", "must have 1 to 100 characters")
                act = replace(act, repeat=Repeat.of(rule.__name__, idempotency_key, arguments))
            return await _kept_to_scope(act, rule(act, **arguments))

        return _field(rule, resolve, description, returns, {"idempotency_key": IDEMPOTENCY_KEY})

    return declare


def subscription(
    *, needs: Role, description: str, returns: object
) -> Callable[[Callable[..., Awaitable[AsyncGenerator[Any, None]]]], Any]:
    """Declare a field of Subscription: `rule(act, ...)` checks its arguments, then returns the events.

    They end as soon as the key that asked is revoked.
    """

    def declare(rule: Callable[..., Awaitable[AsyncGenerator[Any, None]]]) -> Any:
        NEEDS["Subscription", rule.__name__] = needs

        async def resolve(*, info: Info[RequestContext, None], **arguments: Any) -> AsyncIterator[Any]:
            storable("", arguments)
            act = await info.context.admit(needs, arguments.get("session_id"))
            async with aclosing(await _kept_to_scope(act, rule(act, **arguments))) as items:
                async for item in items:
                    if info.context.is_revoked(act.caller.key_id):
                        raise Unauthenticated("this API key was revoked")
                    yield item

        return _field(rule, resolve, description, returns, wrap=strawberry.subscription)

    return declare


async def _kept_to_scope(act: Act, ruling: Awaitable[T]) -> T:
    """Await a rule; a reach for a project that the key does not include is kept in the audit log."""
    try:
        return await ruling
    except OutsideScope as error:
        await audit.refused(act.engine, "auth.project_denied", act.caller, target=error.project)
        raise


def _field(
    rule: Callable[..., Any],
    resolve: Callable[..., Any],
    description: str,
    returns: object,
    more: dict[str, Any] | None = None,
    wrap: Callable[..., Any] = strawberry.field,
) -> Any:
    """Give `resolve` the arguments of `rule` but the act, so that GraphQL shows those."""
    hints = get_type_hints(rule, vars(sys.modules[rule.__module__]), include_extras=True)
    if "input" in hints:
        hints["input"] = Annotated[hints["input"], INPUT]
    taken = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in list(inspect.signature(rule).parameters.items())[1:]
    ]
    taken += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=None)
        for name, kind in (more or {}).items()
    ]
    info = inspect.Parameter("info", inspect.Parameter.KEYWORD_ONLY, annotation=Info)
    functools.update_wrapper(resolve, rule)
    del resolve.__wrapped__  # type: ignore[attr-defined]
    given = AsyncIterator[returns] if wrap is strawberry.subscription else returns  # type: ignore[valid-type]
    resolve.__signature__ = inspect.Signature([info, *taken], return_annotation=given)  # type: ignore[attr-defined]
    resolve.__annotations__ = {p.name: p.annotation for p in (info, *taken)} | {"return": given}
    return wrap(resolver=resolve, description=description)
