"""Where MCP is served: the adapter over this process's own execution, loaded off the start-up path."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from api.gate import in_json_rpc
from api.in_process import InProcessExecutor
from resolvers.errors import LimitExceeded, Unready
from schema.root import build_schema

if TYPE_CHECKING:
    from mcp_adapter.http import McpApp

log = logging.getLogger("interlock.mcp")

LOAD_AFTER_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


class Mcp:
    """The ASGI application at /mcp; enter `lifespan()` around serving.

    Importing the SDK takes longer than anything else at the start, so it waits for the first
    request to /mcp, or for a second of quiet. What fails then, such as for want of files, is tried again.
    """

    def __init__(self, executor: InProcessExecutor, *, max_body_bytes: int) -> None:
        self._executor = executor
        self._max_body_bytes = max_body_bytes
        self._app: McpApp | None = None
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()
        self.failure = ""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Serve while entered."""
        # The SDK's task group must be left by the task that entered it: one task does both.
        hosting = asyncio.create_task(self._host(), name="mcp")
        try:
            yield
        finally:
            self._ended.set()
            self._wanted.set()
            await hosting

    async def _host(self) -> None:
        await _within(LOAD_AFTER_SECONDS, self._wanted)
        pause = FIRST_PAUSE_SECONDS
        while not self._ended.is_set():
            try:
                await self._serve()
            except Exception as error:
                self.failure = f"{type(error).__name__}: {error}"
                log.exception("MCP cannot be served; it is tried again in %.0f s", pause)
            finally:
                self._app = None
                self._settled.set()
            await _within(pause, self._ended)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _serve(self) -> None:
        app = await asyncio.to_thread(self._load)
        async with app.lifespan():
            self._app = app
            self.failure = ""
            self._settled.set()
            await self._ended.wait()

    def _load(self) -> McpApp:
        from mcp_adapter.http import McpApp
        from mcp_adapter.server import build_server

        server = build_server(self._executor, build_schema()._schema, version=release())
        return McpApp(server, max_body_bytes=self._max_body_bytes)

    def stop(self) -> None:
        """End the open streams, so that stopping need not wait for them."""
        if self._app is not None:
            self._app.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._wanted.set()
        await self._settled.wait()
        if self._app is None:
            problem = Unready("MCP is not being served", hint="/health says why.")
            await JSONResponse(in_json_rpc(problem), 503)(scope, receive, send)
            return
        # The gate has judged Host and Origin by the settings; the adapter would judge by its own.
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"host", b"origin")]
        sent = _in_our_words(send, self._max_body_bytes)
        await self._app({**scope, "headers": [(b"host", b"localhost"), *headers]}, receive, sent)


def _in_our_words(send: Send, most: int) -> Send:
    """Say in JSON-RPC that a body is too large, which the SDK says in plain text."""
    is_replaced = False

    async def worded(message: Message) -> None:
        nonlocal is_replaced
        if message["type"] == "http.response.start" and message["status"] == 413:
            is_replaced = True
            body = json.dumps(in_json_rpc(LimitExceeded(f"the body is larger than {most:,} bytes")))
            headers = [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
            ]
            await send({**message, "headers": headers})
            await send({"type": "http.response.body", "body": body.encode()})
        elif not is_replaced:
            await send(message)

    return worded


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Wait for the event, but no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def release() -> str:
    """Return the version of the installed package."""
    try:
        return version("interlock")
    except PackageNotFoundError:
        return "0"
