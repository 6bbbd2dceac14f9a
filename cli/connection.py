"""Which server a command talks to, and as whom."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from gql import Client, GraphQLRequest
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from graphql import GraphQLError

from cli.failure import Failure

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8080"

Url = Annotated[str, typer.Option("--url", envvar="INTERLOCK_URL", help="The server; default: the local one.")]
ApiKey = Annotated[
    str, typer.Option("--key", envvar="INTERLOCK_API_KEY", help="An API key; default: the local owner's.")
]


@dataclass(frozen=True, slots=True)
class Connection:
    """A server's address and the secret sent to it."""

    url: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"


def data_directory() -> Path:
    """Return where a local server keeps its data."""
    named = os.environ.get("INTERLOCK_DATA")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "interlock"


def connection(url: str, key: str) -> Connection:
    """Return the server named, else the one that serves the local data directory.

    That one has written its address and its owner's secret into the directory, which only its
    user can read.
    """
    owner: Mapping[str, str] = {}
    try:
        owner = json.loads((data_directory() / "interlock.lock").read_text() or "{}")
    except (OSError, ValueError):
        pass
    local = owner.get("url", "").rstrip("/")
    if not url:
        host = os.environ.get("INTERLOCK_HOST", "127.0.0.1")
        url = local or (f"http://{host}:{os.environ['INTERLOCK_PORT']}" if "INTERLOCK_PORT" in os.environ else "")
    url = (url or DEFAULT_URL).rstrip("/").removesuffix("/graphql")
    if not url.startswith(("http://", "https://")):
        raise Failure(f"{url!r} is no address: it must begin with http:// or https://")
    return Connection(url, key or (owner.get("secret", "") if url == local else ""))


@asynccontextmanager
async def session(to: Connection) -> AsyncIterator[Any]:
    """Connect for queries and mutations."""
    from gql.transport.httpx import HTTPXAsyncTransport

    transport = HTTPXAsyncTransport(url=to.graphql, headers=to.headers, timeout=70)
    async with Client(transport=transport, execute_timeout=70) as connected:
        yield connected


@asynccontextmanager
async def stream(to: Connection) -> AsyncIterator[Any]:
    """Connect for subscriptions, over graphql-transport-ws."""
    from gql.transport.websockets import WebsocketsTransport

    transport = WebsocketsTransport(
        url="ws" + to.graphql.removeprefix("http"),
        init_payload={"authorization": to.headers["Authorization"]} if to.secret else {},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        ping_interval=20,
        pong_timeout=20,
    )
    async with Client(transport=transport, execute_timeout=None) as connected:
        yield connected


def request(document: str, variables: Mapping[str, Any] | None = None, operation: str | None = None) -> GraphQLRequest:
    """Return a request for a document.

    Raises:
        Failure: it is not GraphQL.
    """
    try:
        return GraphQLRequest(document, variable_values=dict(variables or {}), operation_name=operation)
    except GraphQLError as error:
        raise Failure(f"not a GraphQL document: {error.message}") from error


def ask(to: Connection, document: str, variables: Mapping[str, Any] | None = None) -> Any:
    """Run one operation and return its data.

    Raises:
        Failure: the server is away, or it refused.
    """

    async def run() -> Any:
        async with session(to) as connected:
            return await connected.execute(request(document, variables))

    return complete(run, to)


def complete(run: Callable[[], Awaitable[T]], to: Connection) -> T:
    """Run to the end; what the transport or the server raises becomes one line.

    Raises:
        Failure: with that line.
    """
    try:
        return asyncio.run(run())  # type: ignore[arg-type]
    except TransportQueryError as error:
        raise Failure("; ".join(refusal(one) for one in error.errors or ({"message": str(error)},))) from error
    except (TransportError, OSError, TimeoutError) as error:
        raise Failure(unreachable(error, to)) from error


def refusal(error: Mapping[str, Any]) -> str:
    """Return one line for an error of a GraphQL response."""
    extensions = error.get("extensions") or {}
    text = " ".join(part for part in (extensions.get("code", ""), str(error.get("message", ""))) if part)
    hint = extensions.get("hint")
    return " ".join((f"{text} ({hint})" if hint else text).split())


def unreachable(error: BaseException, to: Connection) -> str:
    """Return one line for a failure to talk to the server."""
    if isinstance(error, TransportServerError) and error.code:
        if error.code in (401, 403):
            return f"{to.url} refuses this key (HTTP {error.code}): set INTERLOCK_API_KEY or pass --key"
        return f"{to.url} answered HTTP {error.code}"
    if isinstance(error, TransportProtocolError):
        return f"{to.url} does not speak GraphQL: {error}"
    if isinstance(error, TransportConnectionFailed | OSError | TimeoutError):
        return f"no server at {to.url}: start one with `interlock serve`, or set INTERLOCK_URL"
    return f"{to.url}: {error}"
