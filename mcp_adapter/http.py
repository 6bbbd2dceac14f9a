"""Serving MCP over HTTP at one path: stateless for both eras, cancelled when the client goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mcp_adapter.in_flight import SESSION_HEADER, InFlight, new_session_name
from mcp_adapter.server import McpServer

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY_BYTES = 4 * 1024 * 1024
WATCH_AFTER_SECONDS = 0.05

_MAX_OPENING_BYTES = 16_384
_VERSION_HEADER = MCP_PROTOCOL_VERSION_HEADER.encode()


class McpApp:
    """An ASGI application to mount; enter `lifespan()` around serving.

    `allowed_hosts` are values of `Host` (`name`, `name:port` or `name:*`); `allowed_origins` are
    origins of pages that may call. None means this machine's own names.
    """

    def __init__(
        self,
        server: McpServer,
        *,
        allowed_hosts: Sequence[str] | None = None,
        allowed_origins: Sequence[str] | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._server = server
        self._in_flight = InFlight()
        server.middleware.append(self._in_flight.track)
        self._security = _security(allowed_hosts, allowed_origins)
        self._max_body_bytes = max_body_bytes
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Serve while entered; requests that still run at the end are cancelled."""
        self._manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=self._security,
            max_request_body_size=self._max_body_bytes,
        )
        try:
            async with self._manager.run():
                yield
        finally:
            self._manager = None

    def stop(self) -> None:
        """End the open streams, so that a graceful shutdown need not wait for them."""
        self._server.close_streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        manager = self._manager
        if manager is None:
            await Response("Not serving", status_code=503)(scope, receive, send)
        elif scope["method"] != "POST":
            # No stream of the server's own exists outside `subscriptions/listen`, and no session to end.
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
        else:
            session = next((value for name, value in scope["headers"] if name == SESSION_HEADER), None)
            with anyio.CancelScope() as cancellation:
                watch = _Watch(receive, cancellation)
                if session is not None:
                    watch.on_body = partial(self._in_flight.cancel, session.decode("latin-1"))
                    await self._handle(manager, watch, scope, send)
                else:
                    await self._handle(manager, watch, scope, _naming(scope, send, watch))

    async def _handle(
        self, manager: StreamableHTTPSessionManager, watch: _Watch, scope: Scope, send: Send
    ) -> None:
        try:
            await manager.handle_request(scope, watch.receive, send)
        finally:
            watch.stop()


def _naming(scope: Scope, send: Send, watch: _Watch) -> Send:
    """Give the client that initializes a session id, so that it can name its calls when cancelling."""
    if any(name == _VERSION_HEADER for name, _ in scope["headers"]):
        return send
    is_opening = False

    def look(body: bytes) -> None:
        nonlocal is_opening
        is_opening = b'"initialize"' in body

    async def named(message: Message) -> None:
        if is_opening and message["type"] == "http.response.start" and message["status"] == 200:
            headers = [*message["headers"], (SESSION_HEADER, new_session_name())]
            message = {**message, "headers": headers}
        await send(message)

    watch.on_body = look
    return named


class _Watch:
    """Hands on the request's body, then notices that the client has gone and cancels the request.

    In JSON mode the SDK reads nothing after the body, so a waiting tool would wait for nobody. The
    watching task starts only when a request lasts longer than `WATCH_AFTER_SECONDS`.

    `on_body` is told how the body begins, however many pieces it came in.
    """

    def __init__(self, receive: Receive, cancellation: anyio.CancelScope) -> None:
        self._receive = receive
        self._cancellation = cancellation
        self.on_body: Callable[[bytes], None] | None = None
        self._beginning = b""
        self._is_body_read = False
        self._gone: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def receive(self) -> Message:
        if not self._is_body_read:
            message = await self._receive()
            self._beginning += message.get("body", b"")[: _MAX_OPENING_BYTES - len(self._beginning)]
            if message["type"] != "http.request" or not message.get("more_body", False):
                self._is_body_read = True
                if self.on_body is not None:
                    self.on_body(self._beginning)
                self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._start)
            return message
        await self._start().wait()
        return {"type": "http.disconnect"}

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> asyncio.Event:
        if self._gone is None:
            self._gone = asyncio.Event()
            self._task = asyncio.create_task(self._follow(self._gone))
        return self._gone

    async def _follow(self, gone: asyncio.Event) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        gone.set()
        self._cancellation.cancel()


def _security(hosts: Sequence[str] | None, origins: Sequence[str] | None) -> TransportSecuritySettings:
    if hosts is None:
        hosts = [form for name in LOOPBACK for form in (name, f"{name}:*")]
    if origins is None:
        origins = [
            f"{scheme}://{form}"
            for scheme in ("http", "https")
            for name in LOOPBACK
            for form in (name, f"{name}:*")
        ]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=list(hosts), allowed_origins=list(origins)
    )
