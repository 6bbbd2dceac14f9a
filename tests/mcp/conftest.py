"""A server of the small tools, and the same over real HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from api.execution import Execution
from api.identity import Identity
from api.in_process import InProcessExecutor
from api.metrics import Metrics
from mcp_adapter.http import McpApp
from mcp_adapter.server import McpServer, build_server
from resolvers.acts import Engine
from schema.limits import Limits
from schema.root import build_schema
from tests.mcp.small import SDL, StubExecutor, write_resources, write_tools

MODES = ("legacy", "2026-07-28")


@pytest.fixture
def executor() -> StubExecutor:
    return StubExecutor()


@pytest.fixture
def small_server(executor: StubExecutor, tmp_path: Path) -> McpServer:
    return small(executor, tmp_path)


def small(executor: StubExecutor, folder: Path, **options: Any) -> McpServer:
    """Return a server of the small tools and resources."""
    for name in ("tools", "resources"):
        (folder / name).mkdir(exist_ok=True)
    return build_server(
        executor,
        SDL,
        tools_folder=write_tools(folder / "tools"),
        resources_folder=write_resources(folder / "resources"),
        **options,
    )


@asynccontextmanager
async def served(app: McpApp) -> AsyncIterator[str]:
    """Serve the application at /mcp on a free port; yields the URL."""
    outer = Starlette(routes=[Route("/mcp", app)])
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(outer, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    uvicorn_server = uvicorn.Server(config)
    ready, done = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        # The SDK's task group must be left by the task that entered it; fixtures change tasks.
        async with app.lifespan():
            task = asyncio.create_task(uvicorn_server.serve(sockets=[listener]))
            ready.set()
            await done.wait()
            uvicorn_server.should_exit = True
            await asyncio.wait_for(task, 10)

    task = asyncio.create_task(run())
    await ready.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        done.set()
        await asyncio.wait_for(task, 15)
        listener.close()


@pytest.fixture
async def url(small_server: McpServer) -> AsyncIterator[str]:
    async with served(McpApp(small_server)) as address:
        yield address


@pytest.fixture
async def real(engine: Engine) -> AsyncIterator[str]:
    """The whole adapter over the real schema and store."""
    async with served_by(engine) as address:
        yield address


@asynccontextmanager
async def served_by(engine: Engine) -> AsyncIterator[str]:
    """Serve the real tools of an engine; yields the URL."""
    executor = InProcessExecutor(Execution(engine, Limits(), Metrics()), Identity(engine))
    async with served(McpApp(build_server(executor, build_schema()._schema))) as address:
        yield address
