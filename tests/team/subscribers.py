"""Those who follow a project's events and go on from their cursor wherever they are cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.team.history import Seen

_EVENTS = """subscription($project: String!, $after: String) {
  events(projects: [$project], after: $after) {
    __typename
    ... on FeedEvent { cursor sequence kind at }
    ... on Expired { cursor }
  }
}"""
_AGAIN_SECONDS = 0.05
_OPEN_SECONDS = 5.0


class Subscriber:
    """One subscription over as many connections as it takes. `seen` is what it got, `cuts` how often it was cut off."""

    def __init__(self, url: str, project: str, cursor: str) -> None:
        self.seen: list[Seen] = []
        self.cuts = 0
        self.port = 0
        self.grew = asyncio.Event()
        self._url = url.replace("http", "ws", 1) + "/graphql"
        self._project = project
        self._cursor = cursor

    async def follow(self) -> None:
        """Follow until cancelled."""
        while True:
            with suppress(WebSocketException, OSError, TimeoutError, EOFError):
                await self._connection()
            self.cuts += 1
            await asyncio.sleep(_AGAIN_SECONDS)

    async def until(self, sequence: int, seconds: float) -> None:
        """Wait until it got this event, at most so long."""
        await self._until(lambda: bool(self.seen) and self.seen[-1].sequence >= sequence, seconds)

    async def until_count(self, count: int, seconds: float) -> None:
        """Wait until it got so many events, at most so long."""
        await self._until(lambda: len(self.seen) >= count, seconds)

    async def _until(self, is_there: Callable[[], bool], seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not is_there():
                    self.grew.clear()
                    await self.grew.wait()

    async def _connection(self) -> None:
        protocols = [Subprotocol("graphql-transport-ws")]
        async with connect(self._url, subprotocols=protocols, open_timeout=_OPEN_SECONDS) as socket:
            self.port = socket.local_address[1]
            await socket.send('{"type":"connection_init"}')
            variables = {"project": self._project, "after": self._cursor}
            payload = {"query": _EVENTS, "variables": variables}
            async with asyncio.timeout(_OPEN_SECONDS):
                assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] in ("error", "complete"):
                    # Such as while MongoDB elects a primary: it says so, and the client comes again.
                    return
                if message["type"] == "next":
                    self._take(message["payload"]["data"]["events"])

    def _take(self, event: dict[str, Any]) -> None:
        self._cursor = event["cursor"]
        if event["__typename"] == "Expired":
            self.seen.append(Seen(-1, "expired", datetime.min))
        elif event["sequence"]:
            at = datetime.fromisoformat(event["at"])
            self.seen.append(Seen(event["sequence"], event["kind"], at))
        self.grew.set()
