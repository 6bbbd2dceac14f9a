"""What the adapter asks of a GraphQL server, however it is reached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

Response = Mapping[str, Any]
"""A GraphQL response: `data`, `errors`, `extensions`."""


class Executor(Protocol):
    """Runs GraphQL operations for callers that are known by their `Authorization` header."""

    async def execute(
        self,
        document: str,
        *,
        operation: str | None,
        variables: Mapping[str, Any],
        authorization: str | None,
        notices: bool,
    ) -> Response:
        """Return the response; failures are `errors` with `extensions.code`, never exceptions.

        With `notices`, lines that the session's agent should read come as `extensions.notices`.
        Cancelling the call cancels the operation.
        """
        ...

    def subscribe(
        self, document: str, *, variables: Mapping[str, Any], authorization: str | None
    ) -> AsyncIterator[Response]:
        """Yield a response for each event; one with `errors` and no data is the last."""
        ...


def failure(code: str, message: str, *, hint: str = "") -> Response:
    """Return a response that carries one error."""
    extensions = {"code": code, "detail": message, **({"hint": hint} if hint else {})}
    return {"data": None, "errors": [{"message": message, "extensions": extensions}]}
