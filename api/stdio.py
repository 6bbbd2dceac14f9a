"""Serving one editor on standard input and output, so that all of one machine share one brain."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from types import FrameType
from typing import Any, Self

import uvicorn

from api.app import create_app
from api.logs import configure_logs
from api.mcp import release
from api.serve import Refused, cannot_open, http_server, listen, loop_factory, url_of
from api.settings import Settings
from mcp_adapter.executor import Executor, Response, failure
from mcp_adapter.http_executor import HttpExecutor
from mcp_adapter.stdio import run_stdio
from schema.root import build_schema
from store.errors import AlreadyServed, StoreError
from store.sqlite.store import served_by

ATTEMPTS = 20
PAUSE_SECONDS = 0.25


def serve_stdio(settings: Settings) -> None:
    """Serve one MCP client on standard input and output until its end.

    Raises:
        Refused: neither a running server nor the data directory can be used.
    """
    configure_logs(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    told = _stop_signal()
    async with SharedExecutor(settings) as executor:
        speaking = asyncio.create_task(run_stdio(executor, build_schema()._schema, version=release()))
        await asyncio.wait({speaking, told}, return_when=asyncio.FIRST_COMPLETED)
        if speaking.done():
            try:
                await speaking
            except* BrokenPipeError:
                pass  # The client went away without waiting for its answer.
            return
    # A thread still reads from the client. It cannot be interrupted, and Python would wait for it.
    os._exit(0)


def _stop_signal() -> asyncio.Future[None]:
    """Return what is done when the process is told to end; the second time it is obeyed at once."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)

    def obey(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(tell)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, obey)
    return told


class SharedExecutor:
    """Reaches the one server of a data directory; where there is none, it becomes that server.

    `INTERLOCK_URL` names a server instead; `INTERLOCK_API_KEY` says who calls.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        key = os.environ.get("INTERLOCK_API_KEY")
        self._authorization = f"Bearer {key}" if key else None
        self._named = os.environ.get("INTERLOCK_URL")
        self._turn = asyncio.Lock()
        self._parts = AsyncExitStack()
        self._current: Executor | None = None
        self._url: str | None = None
        self._is_server = False

    async def __aenter__(self) -> Self:
        try:
            await self._reach()
        except BaseException:
            await self._parts.aclose()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._parts.aclose()

    async def execute(
        self,
        document: str,
        *,
        operation: str | None,
        variables: Mapping[str, Any],
        authorization: str | None,
        notices: bool,
    ) -> Response:
        """Return the response; a server that has gone is replaced before the operation is sent."""
        try:
            executor = await self._reach()
        except Refused as error:
            return failure("UNAVAILABLE", str(error))
        return await executor.execute(
            document,
            operation=operation,
            variables=variables,
            authorization=authorization or self._authorization,
            notices=notices,
        )

    async def subscribe(
        self, document: str, *, variables: Mapping[str, Any], authorization: str | None
    ) -> AsyncIterator[Response]:
        """Yield a response for each event."""
        try:
            executor = await self._reach()
        except Refused as error:
            yield failure("UNAVAILABLE", str(error))
            return
        responses = executor.subscribe(
            document, variables=variables, authorization=authorization or self._authorization
        )
        async with aclosing(responses) as open_responses:  # type: ignore[type-var]
            async for response in open_responses:
                yield response

    async def _reach(self) -> Executor:
        if self._current is not None and (self._is_server or self._named is not None):
            return self._current
        async with self._turn:
            for _ in range(ATTEMPTS):
                found = await self._found()
                if found is not None:
                    return found
                # The owner has the directory but not yet an address, or lets go of it right now.
                await asyncio.sleep(PAUSE_SECONDS)
        raise Refused(f"{self._settings.data} is in use, but its server does not answer")

    async def _found(self) -> Executor | None:
        if self._current is not None and self._is_server:
            return self._current
        if self._named is not None:
            return await self._bridge(self._named)
        owner = served_by(self._settings.data)
        if owner is None:
            return await self._become()
        url = owner.get("url")
        return await self._bridge(url) if url else None

    async def _bridge(self, url: str) -> Executor:
        if self._current is None or url != self._url:
            address = url.rstrip("/")
            address = address if address.endswith("/graphql") else f"{address}/graphql"
            self._current = await self._parts.enter_async_context(HttpExecutor(address))
            self._url = url
        return self._current

    async def _become(self) -> Executor | None:
        """Open the store and serve it to the others, too; None when another was faster."""
        try:
            listener = listen(self._settings.host, self._settings.port)
        except Refused:
            listener = listen("127.0.0.1", 0)
        app = create_app(self._settings, url=url_of(listener))
        own = AsyncExitStack()
        own.callback(listener.close)
        try:
            await own.enter_async_context(app.router.lifespan_context(app))
        except AlreadyServed:
            await own.aclose()
            return None
        except StoreError as error:
            await own.aclose()
            raise cannot_open(error) from error
        server = http_server(self._settings, app, obeys_signals=False)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        own.push_async_callback(_end, server, serving)
        self._parts.push_async_callback(own.aclose)
        self._current = app.state.server.executor
        self._is_server = True
        return self._current


async def _end(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    with suppress(asyncio.CancelledError):
        await serving
