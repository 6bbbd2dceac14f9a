"""The way by which the MCP adapter reaches GraphQL within this process: the same execution, no HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from api.execution import Execution, Response, refused
from api.identity import Identity
from resolvers.errors import DomainError


class InProcessExecutor:
    """Runs operations for callers known by their `Authorization` header."""

    def __init__(self, execution: Execution, identity: Identity) -> None:
        self._execution = execution
        self._identity = identity

    async def execute(
        self,
        document: str,
        *,
        operation: str | None,
        variables: Mapping[str, Any],
        authorization: str | None,
        notices: bool,
    ) -> Response:
        """Return the response of a query or mutation; failures are part of it."""
        try:
            caller = await self._identity.caller(authorization)
        except DomainError as error:
            return refused(error).response
        context = self._execution.context(caller, wants_notices=notices)
        outcome = await self._execution.execute(document, context, variables=variables, operation=operation)
        return outcome.response

    async def subscribe(
        self, document: str, *, variables: Mapping[str, Any], authorization: str | None
    ) -> AsyncIterator[Response]:
        """Yield a response for each event; one with errors and no data is the last."""
        try:
            caller = await self._identity.caller(authorization)
        except DomainError as error:
            yield refused(error).response
            return
        outcomes = self._execution.subscribe(document, self._execution.context(caller), variables=variables)
        async with aclosing(outcomes):
            async for outcome in outcomes:
                yield outcome.response
