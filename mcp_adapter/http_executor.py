"""Reaching a running server: GraphQL over HTTP, and graphql-transport-ws for subscriptions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from mcp_adapter.executor import Response, failure

# A tool may wait 55 seconds; the server's answer must still get through.
TIMEOUT_SECONDS = 70.0
_PROTOCOL = Subprotocol("graphql-transport-ws")
_HINT = "Is the server running? Start it with `interlock serve`, or set INTERLOCK_URL."


class HttpExecutor:
    """Runs operations on the server at `url` (its GraphQL address), with `api_key` unless told otherwise.

    Failures to reach the server are responses with the code UNAVAILABLE.
    """

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self._url = url
        self._authorization = f"Bearer {api_key}" if api_key else None
        limits = httpx.Limits(max_connections=None)
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=5.0), limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def execute(
        self,
        document: str,
        *,
        operation: str | None,
        variables: Mapping[str, Any],
        authorization: str | None,
        notices: bool,
    ) -> Response:
        body: dict[str, Any] = {"query": document, "variables": dict(variables)}
        if operation:
            body["operationName"] = operation
        headers = self._headers(authorization)
        if notices:
            headers["Interlock-Notices"] = "1"
        try:
            answer = await self._http.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as error:
            return self._unreachable(error)
        try:
            response = answer.json()
        except ValueError:
            response = None
        if _is_graphql(response):
            return response  # type: ignore[no-any-return]
        return failure("UNAVAILABLE", f"the server answered {answer.status_code}, not GraphQL", hint=_HINT)

    async def subscribe(
        self, document: str, *, variables: Mapping[str, Any], authorization: str | None
    ) -> AsyncIterator[Response]:
        split = urlsplit(self._url)
        address = split._replace(scheme="wss" if split.scheme == "https" else "ws").geturl()
        headers = self._headers(authorization)
        try:
            async with connect(
                address, subprotocols=[_PROTOCOL], additional_headers=headers, open_timeout=5
            ) as socket:
                async for response in _follow(socket, document, variables):
                    yield response
        except (OSError, TimeoutError, WebSocketException, ValueError) as error:
            yield self._unreachable(error)

    def _headers(self, authorization: str | None) -> dict[str, str]:
        shown = authorization or self._authorization
        accept = {"Accept": "application/graphql-response+json, application/json"}
        return {**accept, "Authorization": shown} if shown else accept

    def _unreachable(self, error: Exception) -> Response:
        said = str(error) or type(error).__name__
        return failure("UNAVAILABLE", f"the server at {self._url} cannot be reached: {said}", hint=_HINT)


def _is_graphql(response: Any) -> bool:
    if not isinstance(response, dict):
        return False
    errors = response.get("errors")
    return "data" in response or (isinstance(errors, list) and bool(errors) and "extensions" in errors[0])


async def _follow(
    socket: ClientConnection, document: str, variables: Mapping[str, Any]
) -> AsyncIterator[Response]:
    await _send(socket, {"type": "connection_init"})
    async for frame in socket:
        message = json.loads(frame)
        kind = message.get("type")
        if kind == "connection_ack":
            payload = {"query": document, "variables": dict(variables)}
            await _send(socket, {"id": "1", "type": "subscribe", "payload": payload})
        elif kind == "ping":
            await _send(socket, {"type": "pong"})
        elif kind == "next":
            yield message["payload"]
        elif kind == "error":
            yield {"data": None, "errors": message["payload"]}
            return
        elif kind == "complete":
            return


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(json.dumps(message))
