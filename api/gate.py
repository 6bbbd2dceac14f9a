"""What every request passes first: which host was meant, which page sent it, whose key it carries."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.execution import refused
from api.identity import Identity
from api.logs import request_id
from api.metrics import Metrics
from api.settings import LOOPBACK_NAMES, Settings
from resolvers.errors import DomainError, Forbidden, Unauthenticated

log = logging.getLogger("interlock.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PARTING_SECONDS = 1.0
_GUARDED = ("/graphql", "/mcp")


class Misdirected(DomainError):
    """The request was meant for another host."""

    code = Forbidden.code


class Gate:
    """ASGI middleware around the whole application, for HTTP and WebSocket alike."""

    def __init__(self, app: ASGIApp, settings: Settings, identity: Identity, metrics: Metrics) -> None:
        self._app = app
        self._identity = identity
        self._metrics = metrics
        self._hosts = {name.lower() for name in settings.allowed_hosts} | LOOPBACK_NAMES
        self._hosts.add(settings.host.lower().strip("[]"))
        self._is_any_host = "*" in settings.allowed_hosts
        self._is_loopback = settings.is_loopback
        self._origins = set(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        named = headers.get(b"x-request-id", b"").decode("latin-1")
        token = request_id.set(named if _REQUEST_ID.fullmatch(named) else os.urandom(8).hex())
        began = time.perf_counter()
        try:
            problem, status = self._door(headers)
            if problem is None and scope["path"].startswith(_GUARDED):
                problem, status = await self._key(scope, headers)
            if problem is not None:
                self._metrics.refusals.labels(str(status)).inc()
                await refuse(scope, receive, send, problem, status)
                return
            await self._app(scope, receive, _marked(scope, send))
        finally:
            if log.isEnabledFor(logging.DEBUG):
                spent = (time.perf_counter() - began) * 1000
                log.debug("%s %s %.1f ms", scope.get("method", "WS"), scope["path"], spent)
            request_id.reset(token)

    def _door(self, headers: dict[bytes, bytes]) -> tuple[DomainError | None, int]:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._knows_host(host):
            hint = "Add it to INTERLOCK_ALLOWED_HOSTS if clients reach the server by this name."
            return Misdirected(f"this server is not {host[:200] or 'without a name'!r}", hint=hint), 421
        origin = headers.get(b"origin")
        if origin is not None and not self._knows_origin(origin.decode("latin-1").lower(), host):
            hint = "Add it to INTERLOCK_ALLOWED_ORIGINS if that page is yours."
            return Forbidden("pages of this origin may not call the server", hint=hint), 403
        return None, 0

    def _knows_host(self, host: str) -> bool:
        name = _name(host)
        if not name:
            return False
        if self._is_any_host or name in self._hosts or host in self._hosts:
            return True
        # A page can only rebind a name of its own; an address in `Host` was typed by the caller.
        return not self._is_loopback and _is_address(name)

    def _knows_origin(self, origin: str, host: str) -> bool:
        return origin in self._origins or (origin.count("://") == 1 and _authority(origin) == host)

    async def _key(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[DomainError | None, int]:
        given = headers.get(b"authorization")
        try:
            scope["caller"] = await self._identity.caller(
                given.decode("latin-1") if given is not None else None, client=_client(scope)
            )
        except Unauthenticated as error:
            return error, 401
        except DomainError as error:
            return error, 503
        return None, 0


def _authority(origin: str) -> str:
    """Return host and port of an origin, or "" if it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(reversed(scope["headers"]))


def _name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _marked(scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
    """Return a `send` that adds the request's id to the answer."""
    if scope["type"] != "http":
        return send
    mark = (b"x-request-id", request_id.get().encode())

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), mark]
        await send(message)

    return marked


def in_json_rpc(problem: DomainError) -> dict[str, Any]:
    """Return what a request to /mcp is refused with: an MCP client tells its agent nothing of any other body."""
    [error] = refused(problem).response["errors"]
    told = {"code": -32603, "message": f"{problem.code}: {error['message']}", "data": error["extensions"]}
    return {"jsonrpc": "2.0", "id": None, "error": told}


async def refuse(scope: Scope, receive: Receive, send: Send, problem: DomainError, status: int) -> None:
    """Answer with a JSON error and an HTTP status; a WebSocket is refused before it is accepted."""
    answer = in_json_rpc(problem) if scope["path"].startswith("/mcp") else refused(problem).response
    body = json.dumps(answer).encode()
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 4403})
            return
        kind = "websocket.http.response"
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.get().encode()),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="interlock", error="invalid_token"'))
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
    if kind != "http.response":
        # uvicorn holds the handshake for unfinished until the connection is lost, and says so in the log.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await receive()
                await receive()
