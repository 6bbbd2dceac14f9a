"""How all of a database is read at one moment: one session on the server's snapshot of a cluster time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, cast

import pymongo
from bson import MaxKey
from motor.motor_asyncio import AsyncIOMotorClientSession

from store.bounds import MOST_VALUES
from store.codec import codec_of
from store.mongo.client import Client, Database
from store.mongo.collections import (
    EVENTS,
    LOGS,
    UNSEEN,
    WEIGHTS,
    WORDS,
    Collection,
    Document,
    collection_of,
    decode_event,
    event_id,
)
from store.moving.snapshot import PAGE, UNREADABLE, Refuse, Snapshot, head_of, readable, refused
from store.port import Head
from store.records import Event, Record

R = TypeVar("R", bound=Record)
PATIENCE_SECONDS = 60.0
"""Of one page. The server keeps the moment itself for five minutes (`minSnapshotHistoryWindowInSeconds`)."""

Translated = Callable[[], AbstractAsyncContextManager[None]]


class MongoSnapshot(Snapshot):
    """A session that reads what a majority had acknowledged at its first read."""

    def __init__(
        self, database: Database, session: AsyncIOMotorClientSession, translated: Translated
    ) -> None:
        self._database = database
        self._session = session
        self._translated = translated

    async def count(self, kind: type[Record], project: str | None = None) -> int:
        stages: list[Document] = [{"$match": _within(project)}, {"$count": "number"}]
        rows = await self._all(
            self._database[collection_of(kind).name].aggregate(stages, session=self._session)
        )
        return int(rows[0]["number"]) if rows else 0

    async def pages(
        self, kind: type[R], project: str | None = None, refuse: Refuse = refused
    ) -> AsyncIterator[list[R]]:
        collection = collection_of(kind)
        async for page in self._pages(collection.name, _within(project), UNSEEN):
            if records := _records(collection, page, refuse):
                yield records

    async def get_many(self, kind: type[R], record_ids: Sequence[str]) -> dict[str, R]:
        collection = collection_of(kind)
        asked = list(dict.fromkeys(record_ids))
        if len(asked) > MOST_VALUES:
            raise ValueError(f"at most {MOST_VALUES} records can be asked for at once")
        if not asked:
            return {}
        source = self._database[collection.name]
        rows = await self._all(source.find({"_id": {"$in": asked}}, UNSEEN, session=self._session))
        return {record.id: record for record in _records(collection, rows, lambda said: None)}

    async def logs(self) -> dict[str, Head]:
        rows = await self._all(self._database[LOGS].find({}, session=self._session).sort("_id", 1))
        return {row["_id"]: head_of(row["_id"], row.get("first"), row.get("last")) for row in rows}

    async def logged(self) -> list[str]:
        found: list[str] = []
        condition: Document = {}
        while True:
            # Each step is one look-up in the index: the events themselves are not walked through.
            cursor = self._database[EVENTS].find(condition, {"_id": 1}, limit=1, session=self._session)
            rows = await self._all(cursor.sort("_id", 1))
            if not rows:
                return found
            found.append(rows[0]["_id"]["p"])
            condition = {"_id": {"$gt": event_id(found[-1], MaxKey())}}

    async def events(self, project: str, refuse: Refuse = refused) -> AsyncIterator[list[Event]]:
        span = {"$gte": event_id(project, 0), "$lt": event_id(project, MaxKey())}
        async for page in self._pages(EVENTS, {"_id": span}, None):
            if events := readable(page, decode_event, codec_of(Event), _event_name, refuse):
                yield events

    async def misworded(self, kind: type[Record]) -> AsyncIterator[list[str]]:
        if not kind.SEARCHED:
            return
        collection = collection_of(kind)
        async for page in self._pages(collection.name, {}, None):
            wrong = []
            for document in page:
                try:
                    made = collection.encode(collection.decode(document))
                except UNREADABLE:
                    # Told of where the records themselves are read.
                    continue
                words = document.get(WORDS) or []
                if set(made[WORDS]) != set(words) or made[WEIGHTS] != document.get(WEIGHTS):
                    wrong.append(document["_id"])
            if wrong:
                yield wrong

    async def damages(self) -> list[str]:
        return []

    async def _pages(
        self, name: str, condition: Document, shown: Document | None
    ) -> AsyncIterator[list[Document]]:
        cursor = self._database[name].find(condition, shown, session=self._session, batch_size=PAGE)
        cursor = cursor.sort("_id", 1)
        try:
            while True:
                async with self._waited():
                    page = await cursor.to_list(PAGE)
                if not page:
                    return
                yield page
        finally:
            await cursor.close()

    async def _all(self, cursor: Any) -> list[Document]:
        async with self._waited():
            return cast(list[Document], await cursor.to_list(None))

    @asynccontextmanager
    async def _waited(self) -> AsyncIterator[None]:
        async with self._translated():
            with pymongo.timeout(PATIENCE_SECONDS):
                yield


@asynccontextmanager
async def snapshot_of(
    client: Client, database: Database, translated: Translated
) -> AsyncIterator[MongoSnapshot]:
    """Hold a snapshot of this moment; `translated` raises the driver's errors as ours."""
    async with translated():
        session = await client.start_session(snapshot=True, causal_consistency=False)
    async with session:
        snapshot = MongoSnapshot(database, session, translated)
        # The session takes its moment with its first read.
        await snapshot.logs()
        yield snapshot


def _records(collection: Collection, page: list[Document], refuse: Refuse) -> list[Any]:
    return readable(page, collection.decode, collection.codec, lambda one: str(one["_id"]), refuse)


def _event_name(document: Document) -> str:
    return f"event {document['_id']['s']} of {document['_id']['p']!r}"


def _within(project: str | None) -> Document:
    return {} if project is None else {"project": project}
