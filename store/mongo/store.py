"""The store of a team: a MongoDB replica set that several processes share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import pymongo
from bson import MaxKey
from bson.errors import BSONError
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCursor
from pymongo.errors import ConfigurationError, PyMongoError

from store.bounds import check_limit
from store.errors import StoreError, Unavailable
from store.mongo.address import MongoAddress
from store.mongo.client import (
    DURABLE,
    MAJORITY,
    SNAPSHOT,
    Client,
    bring_up_to_date,
    client_of,
    close,
    database_of,
    require_replica_set,
)
from store.mongo.clock import ServerClock
from store.mongo.collections import (
    EVENTS,
    LOGS,
    META,
    UNSEEN,
    Document,
    collection_of,
    decode_event,
    event_id,
)
from store.mongo.elections import Elections
from store.mongo.errors import is_race, translate
from store.mongo.groups import Groups
from store.mongo.queries import matching
from store.mongo.reads import Known, Query, query_of, united
from store.mongo.restore import documents_to_restore
from store.mongo.search import Searches
from store.mongo.snapshot import snapshot_of
from store.mongo.transactions import PATIENCE_SECONDS, Transactions
from store.mongo.turns import Turns
from store.mongo.words import asked_stems
from store.mongo.writes import (
    Decision,
    Front,
    decision_of,
    drop_front,
    old_fronts,
    searched_length,
    standing,
)
from store.moving.snapshot import MovableStore, Restoration, Snapshot
from store.port import Ask, Changes, Health, Hit, Where
from store.records import KINDS, Event, Record

__all__ = ["MongoAddress", "MongoStore"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")
_PROBE_SECONDS = 2.0
_GRACE_SECONDS = 0.3
_BATCH = 10_000
_LONG_TEXT = 4_000
_RESTORE_SECONDS = 30.0


class MongoStore(MovableStore):
    """Keeps everything in one database of a replica set; other processes may use it meanwhile."""

    is_shared = True

    def __init__(
        self, client: Client, address: MongoAddress, clock: Callable[[], float] | None = None
    ) -> None:
        self._client = client
        self._shown = address.shown
        self._database = database_of(client, address)
        self._turned_clock = clock
        self._clock = ServerClock(self._server_time)
        self._elections = Elections(client, self._database)
        self._searches = Searches(self._database)
        self._turns = Turns()
        self._transactions = Transactions(client)
        self._groups = Groups(self._database, self._transactions)
        self._commits: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        address: MongoAddress,
        *,
        clock: Callable[[], float] | None = None,
        kinds: Sequence[type[Record]] = KINDS,
    ) -> MongoStore:
        """Connect, and make or extend the collections.

        `clock` returns seconds since 1970 and stands instead of the server's.

        Raises:
            Unavailable: nothing answers, it is no replica set, or the credentials are refused.
        """
        try:
            client = client_of(address)
        except PyMongoError as exc:
            raise translate(exc, address.shown) from exc
        except ValueError as exc:
            raise translate(ConfigurationError(str(exc)), address.shown) from exc
        store = cls(client, address, clock)
        try:
            async with store._asked():
                await require_replica_set(client, address)
            # Building indexes over what is there may take its time.
            async with store._translated():
                await bring_up_to_date(store._database, tuple(kinds))
            await store._clock.set()
        except BaseException:
            await store.close()
            raise
        return store

    async def read(self, *asks: Ask) -> tuple[Any, ...]:
        queries = [query_of(ask) for ask in asks]
        asked = [query for query in queries if isinstance(query, Query)]
        async with self._asked():
            rows = iter(await self._elections.read(lambda: self._fetched(asked)) if asked else ())
        return tuple(
            query.answer if isinstance(query, Known) else query.decode(next(rows)) for query in queries
        )

    async def _fetched(self, queries: list[Query]) -> list[list[Document]]:
        first = queries[0]
        source = self._database.get_collection(first.collection, read_concern=SNAPSHOT)
        if len(queries) > 1:
            found: list[list[Document]] = [[] for _ in queries]
            for row in await source.aggregate(united(queries), batchSize=_BATCH).to_list(None):
                found[row["k"]].append(row["d"])
            return found
        if first.is_count:
            return [await source.aggregate(first.stages).to_list(None)]
        cursor = source.find(first.filter, UNSEEN, limit=first.limit, batch_size=_BATCH)
        if first.sort:
            cursor = cursor.sort(list(first.sort.items()))
        return [await cursor.to_list(None)]

    async def search(self, kind: type[R], text: str, where: Where, *, limit: int = 20) -> list[Hit[R]]:
        check_limit(limit)
        if not kind.SEARCHED:
            raise ValueError(f"{kind.__name__} is not searched")
        collection = collection_of(kind)
        condition = matching(collection.codec, where)
        stems = asked_stems(text)
        if not stems:
            return []
        async with self._asked():
            found = await self._elections.read(
                lambda: self._searches.find(collection, stems, condition, limit)
            )
        return [Hit(cast(R, collection.decode(document)), score) for document, score in found]

    async def commit(self, changes: Changes) -> tuple[Event, ...]:
        # Made before anything is awaited: what the caller changes later is not written. But the stems
        # of a long text take so long that others would notice.
        is_long = searched_length(changes) > _LONG_TEXT
        decision = await asyncio.to_thread(decision_of, changes) if is_long else decision_of(changes)
        if decision.only_checks:
            return await self._checked(decision) if decision.batches else ()
        until = time.monotonic() + PATIENCE_SECONDS
        return await self._written(lambda: self._in_turn(decision, until))

    async def _in_turn(self, decision: Decision, until: float) -> tuple[Event, ...]:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await stack.enter_async_context(self._turns.taken(decision.versions))
            events = await self._groups.commit(decision, until)
            self._turns.written(decision.outcome)
            return events

    async def _checked(self, decision: Decision) -> tuple[Event, ...]:
        async def checked() -> tuple[Event, ...]:
            session = await self._client.start_session(snapshot=True, causal_consistency=False)
            async with session:
                return await standing(self._database, session, decision)

        async with self._asked():
            return await self._elections.read(checked)

    async def _written(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write in a task of its own: a caller that goes away leaves it whole."""

        async def written() -> T:
            async with self._translated():
                return await write()

        self._refuse_if_closed()
        task = asyncio.create_task(written())
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def events_after(self, project: str, sequence: int, limit: int = 500) -> list[Event]:
        if limit <= 0:
            return []
        span = {"$gt": event_id(project, sequence), "$lt": event_id(project, MaxKey())}
        source = self._database.get_collection(EVENTS, read_concern=SNAPSHOT)
        found = await self._by_id(lambda: source.find({"_id": span}, limit=limit, batch_size=_BATCH))
        return [decode_event(document) for document in found]

    async def logged_projects(self, *, after: str = "", limit: int = 1000) -> list[str]:
        if limit <= 0:
            return []
        source = self._database.get_collection(LOGS, read_concern=SNAPSHOT)
        found = await self._by_id(lambda: source.find({"_id": {"$gt": after}}, {"_id": 1}, limit=limit))
        return [log["_id"] for log in found]

    async def _by_id(self, find: Callable[[], AsyncIOMotorCursor[Document]]) -> list[Document]:
        """Return what a query finds, by id."""
        async with self._asked():
            return await self._elections.read(lambda: find().sort("_id", 1).to_list(None))

    async def drop_events(self, before: datetime, limit: int = 1000) -> int:
        if limit <= 0:
            return 0
        async with (
            self._asked(),
            await self._client.start_session(snapshot=True, causal_consistency=False) as session,
        ):
            fronts = await old_fronts(self._database, session, before, limit)
        return sum([await self._dropped(front) for front in fronts])

    async def _dropped(self, front: Front) -> int:
        """Drop the front of one log; one that is written to without a pause keeps it until the next time."""
        until = time.monotonic() + PATIENCE_SECONDS

        async def drop() -> int:
            try:
                return await self._transactions.run(
                    lambda session: drop_front(self._database, session, front), until
                )
            except PyMongoError as exc:
                if is_race(exc):
                    return 0
                raise

        return await self._written(drop)

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        self._refuse_if_closed()
        return snapshot_of(self._client, self._database, self._translated)

    async def restore(self, restoration: Restoration) -> None:
        made = documents_to_restore(restoration)
        until = time.monotonic() + _RESTORE_SECONDS

        async def write(session: AsyncIOMotorClientSession) -> None:
            await made.write(self._database, session)

        await self._written(lambda: self._transactions.run(write, until))

    async def now(self) -> datetime:
        if self._turned_clock is not None:
            return datetime.fromtimestamp(self._turned_clock(), UTC)
        self._refuse_if_closed()
        return await self._clock.now()

    async def _server_time(self) -> datetime:
        async with self._asked():
            told = (await self._client.admin.command("hello"))["localTime"]
        return cast(datetime, told).replace(tzinfo=UTC)

    async def health(self) -> Health:
        figures: dict[str, Any] = {}
        meta = self._database.get_collection(META, read_concern=MAJORITY, write_concern=DURABLE)
        beat = {"$set": {"at": time.time_ns() // 1000}}
        (can_read, read_detail), (can_write, write_detail) = await asyncio.gather(
            self._probe(lambda: self._figures(figures)),
            self._probe(lambda: meta.update_one({"_id": "health"}, beat, upsert=True)),
        )
        return Health("mongodb", can_read, can_write, write_detail or read_detail, figures)

    async def _figures(self, figures: dict[str, Any]) -> None:
        hello = await self._client.admin.command("hello")
        await self._database.get_collection(META, read_concern=MAJORITY).find_one({"_id": "health"})
        figures |= {"set": hello.get("setName", ""), "primary": hello.get("primary", "")}

    async def _probe(self, ask: Callable[[], Awaitable[Any]]) -> tuple[bool, str]:
        try:
            async with self._asked(_PROBE_SECONDS):
                await ask()
        except StoreError as exc:
            return False, str(exc)
        return True, ""

    async def close(self) -> None:
        self._is_closed = True
        while self._commits:
            await asyncio.gather(*self._commits, return_exceptions=True)
        await self._clock.close()
        await close(self._client)

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise Unavailable("the store is closed")

    @asynccontextmanager
    async def _asked(self, seconds: float = PATIENCE_SECONDS) -> AsyncIterator[None]:
        """Let the driver try for `seconds`, and wait no longer than a moment beyond."""
        self._refuse_if_closed()
        async with self._translated(seconds + _GRACE_SECONDS):
            with pymongo.timeout(seconds):
                yield

    @asynccontextmanager
    async def _translated(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Raise the driver's errors as ours. The time-out is for calls that wait for a thread."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except (PyMongoError, BSONError, OSError) as exc:
            raise translate(exc, self._shown) from exc


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Take the error of a commit whose caller went away, that nobody else will."""
    if not task.cancelled():
        task.exception()
