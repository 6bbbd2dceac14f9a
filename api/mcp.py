"""Where MCP is served: the adapter over this process's own execution, at /mcp."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from starlette.types import Receive, Scope, Send

from api.in_process import InProcessExecutor
from mcp_adapter.http import McpApp
from mcp_adapter.server import build_server
from schema.root import build_schema


class Mcp:
    """The ASGI application at /mcp; enter `lifespan()` around serving."""

    def __init__(self, executor: InProcessExecutor, *, max_body_bytes: int) -> None:
        server = build_server(executor, build_schema()._schema, version=release())
        self._app = McpApp(server, max_body_bytes=max_body_bytes)
        self.is_up = False

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Serve while entered."""
        async with self._app.lifespan():
            self.is_up = True
            try:
                yield
            finally:
                self.is_up = False

    def stop(self) -> None:
        """End the open streams, so that stopping need not wait for them."""
        self._app.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The gate has judged Host and Origin by the settings; the adapter would judge by its own.
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"host", b"origin")]
        await self._app({**scope, "headers": [(b"host", b"localhost"), *headers]}, receive, send)


def release() -> str:
    """Return the version of the installed package."""
    try:
        return version("interlock")
    except PackageNotFoundError:
        return "0"
