"""What becomes of a transaction whose process died: the server would keep it, and all it wrote to, for a minute."""

from __future__ import annotations

import time
from typing import Any

from pymongo.errors import PyMongoError

from store.mongo.client import APP_NAME, Client

_IDLE_MICROSECONDS = 1_000_000
"""Between two commands of a live transaction lie milliseconds. One that is killed wrongly is only tried again."""
_PAUSE_SECONDS = 0.5


class Orphans:
    """Ends the transactions of this application that nobody goes on with. Needs no more rights than its own user's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._next = 0.0

    async def end(self) -> None:
        """End those there are, at most twice a second; what fails is left for the next time."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE_SECONDS
        idle: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": False, "idleSessions": True}},
            {
                "$match": {
                    "type": "idleSession",
                    "appName": APP_NAME,
                    "transaction.timeInactiveMicros": {"$gt": _IDLE_MICROSECONDS},
                }
            },
        ]
        try:
            found = await self._client.admin.aggregate(idle).to_list(None)
            if found:
                await self._client.admin.command("killSessions", [{"id": one["lsid"]["id"]} for one in found])
        except PyMongoError:
            return
