"""What a tool asks of MongoDB, counted, and the same asked by bare calls of the driver: what all else is measured by."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReplaceOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from benchmarks.calls import Call
from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER
from schema.context import RequestContext
from schema.root import build_schema
from store.feed.feed import Feed
from store.mongo.address import MongoAddress
from store.mongo.store import MongoStore
from store.port import Ask, Changes
from store.records import Event

TOOLS = Path(__file__).resolve().parent.parent / "mcp_adapter" / "tools"
RECORDS = 1_000
_CONTENT = "x" * 300


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip of a call to the store: so many reads at once, or a transaction of so many writes and events."""

    reads: int = 0
    writes: int = 0
    events: int = 0


class _CountingStore(MongoStore):
    """The product's own store, that notes what is asked of it."""

    trips: list[Trip]

    async def read(self, *asks: Ask) -> tuple[Any, ...]:
        self.trips.append(Trip(reads=len(asks)))
        return await super().read(*asks)

    async def commit(self, changes: Changes) -> tuple[Event, ...]:
        writes = len(changes.puts) + len(changes.deletes) + len(changes.checks)
        self.trips.append(Trip(writes=writes, events=len(changes.events)))
        return await super().commit(changes)


async def trips_of(address: MongoAddress, call: Call) -> list[Trip]:
    """Make a call once and return its trips to the store."""
    store = await _CountingStore.open(address)
    store.trips = []
    try:
        async with Feed(store) as feed:
            engine = Engine(store, feed)
            # Once before: what the engine reads once and keeps is no part of a call.
            for number in (10_001, 10_002):
                store.trips.clear()
                result = await build_schema().execute(
                    (TOOLS / f"{call.name}.graphql").read_text(),
                    variable_values=_spelt(call.arguments(0, number)),
                    context_value=RequestContext(engine, LOCAL_OWNER),
                )
                if result.errors:
                    raise SystemExit(f"{call.name}: {result.errors}")
            return list(store.trips)
    finally:
        await store.close()


def _spelt(arguments: Any) -> dict[str, Any]:
    """Return a tool's arguments as GraphQL spells them: a status is an enum's name there."""
    return {name: value.upper() if name == "status" else value for name, value in arguments.items()}


class BareMongo:
    """The driver, with nothing between: records of an ordinary size, events numbered in their log."""

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]]) -> None:
        self._client = client
        database = client.get_database("bare", write_concern=WriteConcern("majority"))
        self._records = database["records"]
        self._read = self._records.with_options(read_concern=ReadConcern("snapshot"))
        self._logs, self._events = database["logs"], database["events"]
        self._numbers = itertools.count()

    @classmethod
    @asynccontextmanager
    async def open(cls, address: MongoAddress) -> AsyncIterator[Self]:
        """Connect, and put some records there."""
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(**address.options, maxPoolSize=64)
        bare = cls(client)
        await bare._records.delete_many({})
        await bare._records.insert_many([{"_id": str(n), "text": _CONTENT} for n in range(RECORDS)])
        await bare._logs.replace_one({"_id": "bench"}, {"last": 0}, upsert=True)
        await bare._events.insert_one({"_id": secrets.token_hex(8)})
        try:
            yield bare
        finally:
            client.close()

    async def run(self, trips: list[Trip]) -> None:
        """Make these trips, one after the other; the reads of one at once."""
        for trip in trips:
            if trip.reads:
                asked = (str(next(self._numbers) % RECORDS) for _ in range(trip.reads))
                await asyncio.gather(*(self._read.find_one({"_id": one}) for one in asked))
            if trip.writes or trip.events:
                await self._committed(trip)

    async def _committed(self, trip: Trip) -> None:
        async with await self._client.start_session(causal_consistency=False) as session:

            async def write(_: Any) -> None:
                first = 0
                if trip.events:
                    up = {"$inc": {"last": trip.events}}
                    log = await self._logs.find_one_and_update({"_id": "bench"}, up, session=session)
                    first = log["last"] if log else 0
                if trip.writes:
                    names = [str(next(self._numbers)) for _ in range(trip.writes)]
                    made = [ReplaceOne({"_id": name}, {"text": _CONTENT}, upsert=True) for name in names]
                    await self._records.bulk_write(made, session=session)
                if trip.events:
                    told = [
                        {"_id": f"{first + n} {secrets.token_hex(4)}", "text": _CONTENT}
                        for n in range(trip.events)
                    ]
                    await self._events.insert_many(told, session=session)

            await session.with_transaction(
                write, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )
