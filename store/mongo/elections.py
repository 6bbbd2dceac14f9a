"""What is read after an election: all that was acknowledged before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from store.mongo.client import DURABLE, Client, Database
from store.mongo.collections import META

T = TypeVar("T")
Election = tuple[Any, Any]

_MARK = {"_id": "election"}


class Elections:
    """Lets no read come from a new primary before that shows what its predecessors acknowledged.

    Until a write of its own term is acknowledged, a primary may answer majority and snapshot reads from
    a state some commits old; so the first to meet a primary writes a mark. Where there is no primary to
    be known, as behind `mongos`, reads are as they come.
    """

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._meta = database.get_collection(META, write_concern=DURABLE)
        self._settled: Election | None = None
        self._turn = asyncio.Lock()

    def current(self) -> Election | None:
        """Return which election made the primary that the driver knows, or None if it knows none."""
        servers = self._client.delegate.topology_description.server_descriptions().values()
        return next(
            ((one.address, one.election_id) for one in servers if one.server_type_name == "RSPrimary"), None
        )

    async def read(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` reads; it is read again where another primary may have answered."""
        while True:
            await self._settle()
            settled = self._settled
            found = await ask()
            # The driver knows of an election before it can read from whom it made primary.
            if self.current() in (settled, None):
                return found

    async def _settle(self) -> None:
        if self.current() in (self._settled, None):
            return
        async with self._turn:
            election = self.current()
            if election in (self._settled, None):
                return
            await self._meta.update_one(_MARK, {"$inc": {"count": 1}}, upsert=True)
            if self.current() == election:
                self._settled = election
