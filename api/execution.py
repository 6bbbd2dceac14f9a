"""How an operation is run, whichever way it came: bounded in time, errors told, figures kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, OperationType, execute, subscribe
from strawberry.execution import optimized_is_awaitable

from api.metrics import Metrics
from resolvers.acts import Engine
from resolvers.callers import Caller
from resolvers.errors import BadInput, Code, DomainError, LimitExceeded, Unready
from schema.context import RequestContext
from schema.documents import Documents, Operation, Prepared
from schema.errors import told
from schema.limits import Limits
from schema.notices import notices_of
from schema.root import build_schema

log = logging.getLogger("interlock.operations")

SLOW_SECONDS = 1.0
STOP_SECONDS = 2.0
UNARY = frozenset({OperationType.QUERY, OperationType.MUTATION})

Response = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response, and what the transport must know: `is_refused` if nothing was run."""

    response: Response
    code: Code | None = None
    is_refused: bool = False


class WrongMethod(DomainError):
    """The operation is of a kind that this way in does not take."""

    code = Code.BAD_INPUT


class Execution:
    """Runs operations of the schema for one server process."""

    def __init__(self, engine: Engine, limits: Limits, metrics: Metrics) -> None:
        schema = build_schema()
        self.engine = engine
        self.metrics = metrics
        self._schema = schema._schema
        self._executor = schema.execution_context_class
        self._documents = Documents(self._schema, limits)
        self._seconds = limits.seconds
        self._revoked: set[str] = set()
        self._deadlines: set[asyncio.Timeout] = set()
        self._is_stopping = False

    def context(self, caller: Caller | None, *, wants_notices: bool = False) -> RequestContext:
        """Return what one operation of `caller` carries."""
        return RequestContext(self.engine, caller, wants_notices, is_revoked=self._revoked.__contains__)

    def revoke(self, key_id: str) -> None:
        """End what the key's holder is still following, with its next event."""
        self._revoked.add(key_id)

    def stop(self) -> None:
        """Let what is under way finish within two seconds; waits end then, as UNAVAILABLE."""
        self._is_stopping = True
        until = asyncio.get_running_loop().time() + STOP_SECONDS
        for deadline in self._deadlines:
            when = deadline.when()
            if not deadline.expired() and (when is None or when > until):
                deadline.reschedule(until)

    def prepare(self, document: str) -> Prepared:
        """Return the document parsed and validated, or its errors."""
        return self._documents.prepare(document)

    async def execute(
        self,
        document: str,
        context: RequestContext,
        *,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
        allowed: Collection[OperationType] = UNARY,
    ) -> Outcome:
        """Run a query or mutation. Failures are part of the response; only cancelling raises."""
        began = time.perf_counter()
        prepared = self._documents.prepare(document)
        found = prepared.operation(operation)
        refusal = _refusal(prepared, found, operation, allowed)
        if refusal is not None or found is None:
            outcome = Outcome({"errors": refusal}, _code(refusal), is_refused=True)
            self.metrics.operation("refused", outcome.code or "ok", time.perf_counter() - began)
            return outcome
        result = await self._run(prepared, context, variables, operation)
        outcome = self._outcome(result)
        extensions = await notices_of(context)
        if extensions:
            outcome.response["extensions"] = extensions
        self._note(found, outcome, time.perf_counter() - began)
        return outcome

    async def _run(
        self,
        prepared: Prepared,
        context: RequestContext,
        variables: Mapping[str, Any] | None,
        operation: str | None,
    ) -> ExecutionResult:
        deadline = asyncio.timeout(STOP_SECONDS if self._is_stopping else self._seconds)
        try:
            async with deadline:
                self._deadlines.add(deadline)
                result = execute(
                    self._schema,
                    prepared.node,  # type: ignore[arg-type]
                    context_value=context,
                    variable_values=cast("dict[str, Any]", variables),
                    operation_name=operation,
                    executor_class=self._executor,
                    is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
                    operation_extensions=None,
                )
                return result if isinstance(result, ExecutionResult) else await result
        except TimeoutError:
            return ExecutionResult(None, [_wrapped(self._too_late())])
        finally:
            self._deadlines.discard(deadline)

    def _too_late(self) -> DomainError:
        if self._is_stopping:
            return Unready("the server is stopping", hint="Try again in a moment.")
        return LimitExceeded(
            f"the operation took longer than {self._seconds:g} seconds",
            hint="It may have been carried out: read before you repeat it, or use an idempotencyKey.",
        )

    def _outcome(self, result: ExecutionResult) -> Outcome:
        response: Response = {}
        code = None
        is_refused = False
        if result.errors:
            errors = [told(error) for error in result.errors]
            response["errors"] = [error.formatted for error in errors]
            code = _code(response["errors"])
            is_refused = result.data is None and all(error.path is None for error in errors)
        if not is_refused:
            response["data"] = result.data
        return Outcome(response, code, is_refused)

    def _note(self, found: Operation, outcome: Outcome, seconds: float) -> None:
        self.metrics.operation(found.label, outcome.code or "ok", seconds)
        if seconds > SLOW_SECONDS:
            level = logging.DEBUG if found.may_wait else logging.WARNING
            log.log(level, "%s took %.1f s", found.label, seconds)

    async def subscribe(
        self,
        document: str,
        context: RequestContext,
        *,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> AsyncGenerator[Outcome, None]:
        """Yield a response for each event. One that `is_refused` comes alone, before anything ran."""
        prepared = self._documents.prepare(document)
        found = prepared.operation(operation)
        refusal = _refusal(prepared, found, operation, (OperationType.SUBSCRIPTION,))
        if refusal is not None:
            yield Outcome({"errors": refusal}, _code(refusal), is_refused=True)
            return
        started = subscribe(
            self._schema,
            prepared.node,  # type: ignore[arg-type]
            context_value=context,
            variable_values=cast("dict[str, Any]", variables),
            operation_name=operation,
            executor_class=self._executor,
            operation_extensions=None,
        )
        source: Any = started
        if optimized_is_awaitable(started):
            source = await cast("Awaitable[Any]", started)
        if isinstance(source, ExecutionResult):
            outcome = self._outcome(source)
            yield Outcome({"errors": outcome.response["errors"]}, outcome.code, is_refused=True)
            return
        with self.metrics.subscriptions.track_inprogress():
            async with aclosing(self._items(source)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _items(self, source: AsyncIterator[ExecutionResult]) -> AsyncGenerator[Outcome, None]:
        async with contextlib.AsyncExitStack() as stack:
            if hasattr(source, "aclose"):
                stack.push_async_callback(source.aclose)
            try:
                async for result in source:
                    self.metrics.items.inc()
                    yield self._outcome(result)
            except Exception as error:  # noqa: BLE001 - whatever ends a subscription is told to its client
                wrapped = error if isinstance(error, GraphQLError) else _wrapped(error)
                outcome = self._outcome(ExecutionResult(None, [wrapped]))
                yield Outcome(outcome.response, outcome.code, is_refused=True)


def refused(error: DomainError) -> Outcome:
    """Return the outcome of a request that failed with `error` before it was run."""
    response = {"errors": [told(_wrapped(error)).formatted]}
    return Outcome(response, error.code, is_refused=True)


def _refusal(
    prepared: Prepared,
    found: Operation | None,
    operation: str | None,
    allowed: Collection[OperationType],
) -> list[Any] | None:
    if prepared.errors:
        return [error.formatted for error in prepared.errors]
    if found is None:
        if operation:
            problem: DomainError = BadInput(
                "operation_name", f"there is no operation {operation!r} in the document"
            )
        elif prepared.operations:
            problem = BadInput("operation_name", "is needed: the document holds several operations")
        else:
            problem = BadInput("query", "holds no operation")
    elif found.kind in allowed:
        return None
    elif found.kind is OperationType.SUBSCRIPTION:
        problem = WrongMethod(
            "subscriptions are served over WebSocket",
            hint="Use graphql-transport-ws, or `Accept: multipart/mixed;subscriptionSpec=1.0` on a POST.",
        )
    elif OperationType.SUBSCRIPTION in allowed:
        problem = WrongMethod(f"this takes a subscription, not a {found.kind.value}")
    else:
        problem = WrongMethod(f"a {found.kind.value} cannot be sent by GET", hint="Use POST.")
    return [told(_wrapped(problem)).formatted]


def _wrapped(error: Exception) -> GraphQLError:
    return GraphQLError(str(error), original_error=error)


def _code(errors: list[Any] | None) -> Code | None:
    if not errors:
        return None
    return Code(errors[0]["extensions"]["code"])
