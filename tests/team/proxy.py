"""What stands before several servers: a connection goes to the next of them in turn, dead ones are left out."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_CHECK_SECONDS = 0.3
_DIAL_SECONDS = 2.0
_ASKED = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
_CHUNK = 65_536


class Proxy:
    """Hands on bytes both ways, so HTTP and WebSockets alike."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.served: Counter[int] = Counter()
        self._ports = tuple(ports)
        self._alive = set(ports)
        self._turn = 0
        self._routes: dict[int, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._is_over = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        for port in self._ports:
            self._keep(asyncio.create_task(self._watch(port)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def behind(self, client_port: int) -> int:
        """Return the port of the server that has the connection which a client made from this port of its own."""
        return self._routes[client_port]

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, port: int) -> None:
        while True:
            try:
                async with asyncio.timeout(_DIAL_SECONDS):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    with contextlib.closing(writer):
                        writer.write(_ASKED)
                        is_alive = (await reader.readline()).startswith(b"HTTP/1.1 ")
            except (OSError, TimeoutError, ValueError):
                is_alive = False
            (self._alive.add if is_alive else self._alive.discard)(port)
            await asyncio.sleep(_CHECK_SECONDS)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._keep(task)
        # Not at the end of the task itself: it may be cancelled before it has begun.
        task.add_done_callback(lambda _: writer.close())
        if self._is_over:
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client_port = writer.get_extra_info("peername")[1]
        with contextlib.suppress(OSError, asyncio.CancelledError):
            dialled = await self._dial()
            if dialled is None:
                return
            port, (there, back) = dialled
            self.served[port] += 1
            self._routes[client_port] = port
            with contextlib.closing(back):
                await _until_one_ends(_pump(reader, back), _pump(there, writer))

    async def _dial(self) -> tuple[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] | None:
        for _ in self._ports:
            self._turn += 1
            port = self._ports[self._turn % len(self._ports)]
            if port not in self._alive:
                continue
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_DIAL_SECONDS):
                    return port, await asyncio.open_connection("127.0.0.1", port)
            self._alive.discard(port)
        return None


async def _until_one_ends(*ways: object) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
