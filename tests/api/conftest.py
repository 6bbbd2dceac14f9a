"""A real server on a free port, in a thread of its own; clients over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from api.app import Server
from api.serve import serve
from api.settings import Settings
from tests.engines.ports import free_port

PATIENCE_SECONDS = 30.0


class Running:
    """A server that runs, and ways to talk to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self._uvicorn: uvicorn.Server | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run)

    def start(self) -> Running:
        self._thread.start()
        assert self._started.wait(PATIENCE_SECONDS), "the server did not start"
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True
        self._thread.join(PATIENCE_SECONDS * 2)
        assert not self._thread.is_alive(), "the server did not stop"

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to the test that started it
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await serve(
            self.settings, on_start=self._note, on_server=lambda server: setattr(self, "_uvicorn", server)
        )

    def _note(self, url: str) -> None:
        self.url = url
        self._started.set()

    def within(self, work: Callable[[Server], Any]) -> Any:
        """Run `work` (a coroutine function) on the server's own loop."""
        assert self._loop is not None and self._uvicorn is not None
        server: Server = self._uvicorn.config.app.state.server  # type: ignore[union-attr]
        return asyncio.run_coroutine_threadsafe(work(server), self._loop).result(PATIENCE_SECONDS)

    async def post(self, document: str, key: str | None = None, **variables: Any) -> httpx.Response:
        """Send a document by POST."""
        headers = {"accept": "application/graphql-response+json"}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        async with httpx.AsyncClient() as client:
            return await client.post(
                f"{self.url}/graphql", json={"query": document, "variables": variables}, headers=headers
            )

    async def data(self, document: str, key: str | None = None, **variables: Any) -> Any:
        """Return the data of an operation that must succeed."""
        response = (await self.post(document, key, **variables)).json()
        assert "errors" not in response, response
        return response["data"]

    @asynccontextmanager
    async def socket(self, *, is_initialised: bool = True, **payload: Any) -> AsyncIterator[Socket]:
        """Connect by graphql-transport-ws."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=["graphql-transport-ws"], max_size=None) as connection:
            socket = Socket(connection)
            if is_initialised:
                await socket.say(type="connection_init", payload=payload)
                assert (await socket.hear())["type"] == "connection_ack"
            yield socket


class Socket:
    """One client of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            heard: dict[str, Any] = json.loads(await self.connection.recv())
            return heard

    async def subscribe(self, document: str, *, id: str = "1", **variables: Any) -> None:
        await self.say(id=id, type="subscribe", payload={"query": document, "variables": variables})

    async def next(self) -> Any:
        """Return the data of the next result."""
        message = await self.hear()
        assert message["type"] == "next", message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes; return its code and reason."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


def settings_for(data: Path, **given: Any) -> Settings:
    """Return settings for a test server, whatever the environment holds."""
    return Settings(_env_file=None, data=data, host="127.0.0.1", port=free_port(), **given)  # type: ignore[call-arg]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start servers with settings of the test's own; they are stopped after it."""
    started: list[Running] = []

    def start(**given: Any) -> Running:
        running = Running(settings_for(given.pop("data", tmp_path / f"data{len(started)}"), **given)).start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with authentication off, shared by a module's tests."""
    running = Running(settings_for(tmp_path_factory.mktemp("shared") / "data")).start()
    yield running
    running.stop()
