"""A network between the browser and the server that can be slow, or dead without telling either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 4_096
QUEUED = 64


class Network:
    """A way to a server by another port: `url` is what a browser opens."""

    def __init__(self) -> None:
        self.url = ""
        self.latency = 0.0
        """Seconds that everything takes, each way."""
        self.bytes_per_second = 0
        """Shared by all connections, each way; 0: no limit."""
        self._port = 0
        self._is_dead = False
        self._is_over = False
        self._connections: set[_Connection] = set()
        self._free_at = {"up": 0.0, "down": 0.0}

    @classmethod
    @asynccontextmanager
    async def to(cls, server: str) -> AsyncIterator[Network]:
        """Be the network before a server, given by its address."""
        network = cls()
        network._port = int(server.rpartition(":")[2])
        listening = await asyncio.start_server(network._serve, "127.0.0.1", 0)
        network.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        try:
            yield network
        finally:
            listening.close()
            network._is_over = True
            tasks = [connection.task for connection in network._connections if connection.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def die(self) -> None:
        """Carry nothing any more, and say so to nobody."""
        self._is_dead = True
        for connection in self._connections:
            connection.is_dead = True

    def revive(self) -> None:
        """Carry what begins now. WebSockets from before stay dead and open; a browser drops the rest itself.

        It does so when the machine wakes (Chromium closes its idle connections then).
        """
        self._is_dead = False
        for connection in self._connections:
            if connection.is_dead and not connection.is_socket:
                connection.cut()

    def due(self, way: str, size: int) -> float:
        """Return the time at which so many bytes have arrived."""
        now = asyncio.get_running_loop().time()
        if not self.bytes_per_second:
            return now + self.latency
        begin = max(now, self._free_at[way])
        self._free_at[way] = begin + size / self.bytes_per_second
        return self._free_at[way] + self.latency

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_over:
            # Accepted before the end, told of after it.
            writer.transport.abort()
            return
        connection = _Connection(self, self._is_dead, writer)
        self._connections.add(connection)
        connection.task = asyncio.create_task(connection.carry(reader, self._port))
        # Not at the end of the task itself: it may be cancelled before it has begun.
        connection.task.add_done_callback(lambda _: self._ended(connection))

    def _ended(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        connection.cut()


class _Connection:
    def __init__(self, network: Network, is_dead: bool, writer: asyncio.StreamWriter) -> None:
        self.network = network
        self.is_dead = is_dead
        self.is_socket = False
        self.task: asyncio.Task[None] | None = None
        self._writers = [writer]

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, port: int) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            self._writers.append(back)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pipe("up", reader, back))
                group.create_task(self._pipe("down", there, self._writers[0]))
        except* OSError:
            pass

    async def _pipe(self, way: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUED)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(under_way, sink))
            data = b"."
            while data:
                data = await source.read(CHUNK)
                self.is_socket = self.is_socket or b"pgrade: websocket" in data
                await under_way.put((self.network.due(way, len(data)), data))

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if self.is_dead:
                # Not even that it was closed gets through.
                await asyncio.Event().wait()
            if not data:
                sink.close()
                return
            sink.write(data)
            await sink.drain()
