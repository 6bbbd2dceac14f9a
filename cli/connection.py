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
from urllib.parse import urlsplit

import typer
from dotenv import dotenv_values
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

Url = Annotated[
    str, typer.Option("--url", envvar="INTERLOCK_URL", help="The server; default: the local one.")
]
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
    """Return where a local server keeps its data.

    Raises:
        Failure: it is in the home of a user who has none.
    """
    named = _setting("INTERLOCK_DATA")
    try:
        if named:
            return Path(named).expanduser()
        home = Path(os.environ.get("XDG_DATA_HOME", ""))
        return (home if home.is_absolute() else Path.home() / ".local" / "share") / "interlock"
    except RuntimeError as error:
        raise Failure("INTERLOCK_DATA: there is no such home directory; write the path in full") from error


def _setting(name: str) -> str:
    """Return a setting of the local server from where that reads it: the environment, else `.env`."""
    if name in os.environ:
        return os.environ[name]
    try:
        return dotenv_values(".env").get(name) or ""
    except (OSError, UnicodeDecodeError):
        return ""


def connection(url: str, key: str) -> Connection:
    """Return the server named, else the one that serves the local data directory.

    That one has written its address and its owner's secret into the directory, which only its
    user can read.

    Raises:
        Failure: the address is none, or the key cannot be one.
    """
    if key and (not key.isascii() or not key.isprintable() or " " in key):
        raise Failure("this is no API key: it holds characters that none has")
    local, secret = _local()
    url = _address(url or local or _configured() or DEFAULT_URL)
    return Connection(url, key or (secret if url == local else ""))


def renewed(to: Connection, url: str, key: str) -> Connection:
    """Return where the local server is after a restart, which gave it a new secret and maybe a new address.

    What was asked for by key, or is not local, stays as it is.
    """
    if key or not to.secret or not _local()[1]:
        return to
    return connection(url, key)


def _local() -> tuple[str, str]:
    try:
        owner = json.loads((data_directory() / "interlock.lock").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", ""
    if not isinstance(owner, dict):
        return "", ""
    return str(owner.get("url") or "").rstrip("/"), str(owner.get("secret") or "")


def _configured() -> str:
    host, port = _setting("INTERLOCK_HOST") or "127.0.0.1", _setting("INTERLOCK_PORT")
    if not port:
        return ""
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address(text: str) -> str:
    """Return the server's address without a path of ours at its end."""
    url = text.strip().rstrip("/").removesuffix("/graphql").removesuffix("/mcp")
    try:
        parts = urlsplit(url)
        # The port is only parsed, and refused, when it is read.
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isprintable() or " " in url:
        raise Failure(f"{text!r} is no address of a server: one looks like {DEFAULT_URL}")
    return url


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


def request(
    document: str, variables: Mapping[str, Any] | None = None, operation: str | None = None
) -> GraphQLRequest:
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
        raise Failure(refusals(error)) from error
    except BrokenPipeError:
        # Of our own output: the transports wrap theirs.
        raise
    except (TransportError, OSError, TimeoutError) as error:
        raise Failure(unreachable(error, to)) from error
    except TypeError as error:
        # gql looks into an answer before it knows that it is an object.
        raise Failure(f"{to.url} does not speak GraphQL: {error}") from error


def refusals(error: TransportQueryError) -> str:
    """Return one line for the errors of a GraphQL response."""
    return "; ".join(_refusal(one) for one in error.errors or ({"message": str(error)},))


def _refusal(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions") or {}
    text = " ".join(part for part in (extensions.get("code", ""), str(error.get("message", ""))) if part)
    hint = extensions.get("hint")
    if extensions.get("code") == "UNAUTHENTICATED":
        # The server's speaks of headers and tools.
        hint = "Set INTERLOCK_API_KEY or pass --key."
    return " ".join((f"{text} ({hint})" if hint else text).split())


def unreachable(error: BaseException, to: Connection) -> str:
    """Return one line for a failure to talk to the server."""
    from websockets.exceptions import InvalidHandshake

    if said := refused(error):
        return f"{to.url} refuses this key ({said}): set INTERLOCK_API_KEY or pass --key"
    if status := _status(error):
        return f"{to.url} answered HTTP {status}"
    if isinstance(error, TransportProtocolError):
        return f"{to.url} does not speak GraphQL: {error}"
    if isinstance(error.__cause__, UnicodeEncodeError):
        return "what was given is not UTF-8, so it cannot be sent"
    if isinstance(error.__cause__, InvalidHandshake):
        return f"{to.url} does not speak GraphQL over WebSocket: {error.__cause__}"
    if isinstance(error, TransportConnectionFailed | OSError | TimeoutError):
        return f"no server at {to.url}: start one with `interlock serve`, or set INTERLOCK_URL"
    return f"{to.url}: {error}"


def refused(error: BaseException) -> str:
    """Return why the server does not take the key, or nothing if that is not the failure."""
    from websockets.exceptions import ConnectionClosed

    cause = error.__cause__
    if isinstance(cause, ConnectionClosed) and cause.rcvd and cause.rcvd.code in _KEY_REFUSED:
        return cause.rcvd.reason or "it closed the connection"
    status = _status(error)
    return f"HTTP {status}" if status in (401, 403) else ""


_KEY_REFUSED = (4401, 4403)


def _status(error: BaseException) -> int | None:
    from websockets.exceptions import InvalidStatus

    if isinstance(error, TransportServerError):
        return error.code
    return error.__cause__.response.status_code if isinstance(error.__cause__, InvalidStatus) else None
