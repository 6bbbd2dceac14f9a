"""What a client is told when the server stops."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import anyio
from mcp import Client

from api.app import create_app
from api.serve import GRACE_SECONDS, http_server
from api.settings import Settings


async def test_an_open_listener_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": tmp_path})
    app = create_app(settings)
    ready, stop = asyncio.Event(), asyncio.Event()

    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def run() -> None:
            async with app.router.lifespan_context(app):
                server = http_server(settings, app, on_start=ready.set)
                serving = asyncio.create_task(server.serve(sockets=[listener]))
                await stop.wait()
                server.should_exit = True
                await serving

        task = asyncio.create_task(run())
        await asyncio.wait_for(ready.wait(), 10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        async with (
            Client(url, mode="2026-07-28") as client,
            client.listen(resource_subscriptions=["interlock://p/locks"]) as stream,
        ):
            began = time.monotonic()
            stop.set()
            with anyio.fail_after(10):
                assert [change async for change in stream] == []
            assert time.monotonic() - began < GRACE_SECONDS - 1
        await asyncio.wait_for(task, 10)
