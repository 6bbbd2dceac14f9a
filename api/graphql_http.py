"""GraphQL over HTTP: how a request is read and its answer written (GraphQL over HTTP draft, 2025)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.execution import UNARY, Execution, Outcome, WrongMethod, refused
from api.explorer import PAGE_HEADERS, page
from api.multipart import Streams
from api.text import as_text
from resolvers.errors import BadInput, Code, DomainError, LimitExceeded

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
_PATIENCE_SECONDS = 1.0
_QUERY_ONLY = frozenset({OperationType.QUERY})
_STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.UNAVAILABLE: 503,
}


class TooLarge(LimitExceeded):
    """The body is larger than allowed."""


class WrongType(BadInput):
    """The body is not JSON by its own account."""


class Gone(Exception):
    """The client went away before its request was read."""


class GraphQLHttp:
    """The ASGI application at /graphql for HTTP."""

    def __init__(self, execution: Execution, streams: Streams, *, max_body_bytes: int) -> None:
        self._execution = execution
        self._streams = streams
        self._max_body_bytes = max_body_bytes
        self._page = page()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        method = scope["method"]
        if method in ("GET", "HEAD") and _wants_page(headers, scope["query_string"]):
            await _send(send, 200, PAGE_HEADERS, b"" if method == "HEAD" else self._page)
            return
        if method not in ("GET", "POST"):
            problem = WrongMethod("use GET or POST")
            await _answer(send, headers, refused(problem), 405, ((b"allow", b"GET, POST"),))
            return
        try:
            parameters = await self._parameters(scope, receive, headers)
            if method == "POST" and self._streams.takes(parameters, headers):
                await self._streams.serve(scope, receive, send, parameters)
                return
        except Gone:
            return
        except DomainError as error:
            await _answer(send, headers, refused(error), _status_of(error))
            return
        allowed = UNARY if method == "POST" else _QUERY_ONLY
        context = self._execution.context(
            scope["caller"], wants_notices=headers.get(b"interlock-notices") == "1"
        )
        running = self._execution.execute(
            parameters["query"],
            context,
            variables=parameters.get("variables"),
            operation=parameters.get("operationName"),
            allowed=allowed,
        )
        outcome = await _while_connected(running, receive)
        if outcome is not None:
            is_other_method = outcome.is_refused and method == "GET" and self._is_mutation(parameters)
            await _answer(send, headers, outcome, 405 if is_other_method else None)

    def _is_mutation(self, parameters: Mapping[str, Any]) -> bool:
        found = self._execution.prepare(parameters["query"]).operation(parameters.get("operationName"))
        return found is not None and found.kind is not OperationType.QUERY

    async def _parameters(
        self, scope: Scope, receive: Receive, headers: dict[bytes, str]
    ) -> Mapping[str, Any]:
        if scope["method"] == "GET":
            return _checked(_from_url(scope["query_string"]))
        _require_json(headers.get(b"content-type", ""))
        return _checked(_json("the body", await self._body(receive, headers)))

    async def _body(self, receive: Receive, headers: dict[bytes, str]) -> bytes:
        most = self._max_body_bytes
        length = headers.get(b"content-length", "")
        if length.isdecimal() and int(length) > most:
            raise TooLarge(f"the body is larger than {most:,} bytes")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise TooLarge(f"the body is larger than {most:,} bytes")
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)


def _wants_page(headers: Mapping[bytes, str], query: bytes) -> bool:
    accepted = headers.get(b"accept", "")
    return "text/html" in accepted and GRAPHQL_JSON not in accepted and b"query=" not in query


def _require_json(content_type: str) -> None:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != JSON:
        raise WrongType("", "the Content-Type must be application/json")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in ("utf-8", "utf8"):
            raise WrongType("", "the charset must be utf-8")


def _from_url(query: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadInput("", "the URL's parameters are not UTF-8, or too many") from error
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadInput(name[:100], "stands in the URL twice")
        found[name] = value
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = _json(name, found[name].encode()) if found[name] else None
    return found


def _json(what: str, text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadInput("", f"{what} is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("", f"{what} is not JSON") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _checked(parameters: Any) -> Mapping[str, Any]:
    """Return the parameters of a request if each is of its type.

    Raises:
        BadInput: one is not; a list of requests (batching) is not taken either.
    """
    if not isinstance(parameters, dict):
        raise BadInput("", "one JSON object is needed, with `query`, `variables`, `operationName`")
    if not isinstance(parameters.get("query"), str) or not parameters["query"].strip():
        raise BadInput("query", "must be a GraphQL document")
    if not isinstance(parameters.get("operationName"), str | None):
        raise BadInput("operation_name", "must be a string")
    for name in ("variables", "extensions"):
        if not isinstance(parameters.get(name), dict | None):
            raise BadInput(name, "must be an object")
    return parameters


async def _while_connected(running: Any, receive: Receive) -> Outcome | None:
    """Await an operation; one that takes long is cancelled when its client goes away (then None)."""
    task = asyncio.ensure_future(running)
    try:
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not done:
            watch = asyncio.create_task(_gone(receive))
            try:
                await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                watch.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
                return None
        outcome: Outcome = task.result()
        return outcome
    except asyncio.CancelledError:
        task.cancel()
        raise


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _status_of(error: DomainError) -> int:
    if isinstance(error, TooLarge):
        return 413
    return 415 if isinstance(error, WrongType) else 400


def _media_type(accepted: str) -> str:
    """Return the better liked of the two media types; application/json when in doubt."""
    weights = {JSON: -1.0, GRAPHQL_JSON: -1.0}
    order = {JSON: 99, GRAPHQL_JSON: 99}
    for place, entry in enumerate(accepted.split(",")[:50]):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        named = [kind] if kind in weights else [JSON] if kind in ("*/*", "application/*") else []
        for name in named:
            if weight > weights[name]:
                weights[name], order[name] = weight, place
    return max(weights, key=lambda name: (weights[name], -order[name], name == JSON))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


async def _answer(
    send: Send,
    headers: Mapping[bytes, str],
    outcome: Outcome,
    status: int | None = None,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    media_type = _media_type(headers.get(b"accept", ""))
    if status is None:
        status = _status(outcome) if media_type == GRAPHQL_JSON else 200
    sent = (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        *more,
    )
    await _send(send, status, sent, as_text(outcome.response).encode())


def _status(outcome: Outcome) -> int:
    if outcome.is_refused:
        return 400
    if outcome.code is None or outcome.response.get("data") is not None:
        return 200
    return _STATUS.get(outcome.code, 200)


async def _send(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    sent = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
