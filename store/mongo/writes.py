"""How one decision is written: by collection its deletes, checks and puts, then its events with their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from pymongo import DeleteOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.errors import PyMongoError

from store.bounds import refuse_repeats
from store.errors import Conflict
from store.mongo.collections import (
    EVENTS,
    LOGS,
    MARK,
    Collection,
    Document,
    collection_of,
    encode_event,
    event_id,
    moment_of,
)
from store.mongo.errors import broken_key
from store.mongo.turns import Name
from store.port import Changes
from store.records import Event, NewEvent, Record, numbered

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase


Standing = tuple[str, int, int]
"""A record as it was read: its id, its version, and when it was made, as documents hold it."""


@dataclass(slots=True)
class Batch:
    """What is written to one collection."""

    collection: Collection
    deletes: list[Standing] = field(default_factory=list)
    checks: list[Standing] = field(default_factory=list)
    updates: list[tuple[str, int, Document]] = field(default_factory=list)
    creates: list[tuple[str, int, Document]] = field(default_factory=list)

    @property
    def expected(self) -> Iterator[tuple[str, int]]:
        """Return the records that must stand, each with its version."""
        yield from ((record_id, version) for record_id, version, _ in (*self.deletes, *self.checks))
        yield from ((record_id, version) for record_id, version, _ in self.updates)

    def statements(self) -> list[DeleteOne | UpdateOne | ReplaceOne[Document]]:
        """Return the statements in the order in which keys become free before they are taken."""
        # A check writes: a mere read would not exclude who changes the record in the same moment.
        mark = {"$set": {MARK: ObjectId()}}
        return [
            *(DeleteOne(_as_read(*standing)) for standing in self.deletes),
            *(UpdateOne(_as_read(*standing), mark) for standing in self.checks),
            *(ReplaceOne(_at(record_id, version), made) for record_id, version, made in self.updates),
            *(ReplaceOne(_at(record_id, 0), made, upsert=True) for record_id, _, made in self.creates),
        ]


def _at(record_id: str, version: int) -> Document:
    return {"_id": record_id, "version": version}


def _as_read(record_id: str, version: int, made: int) -> Document:
    # Made anew under the same id, a record begins at the same version again.
    return {"_id": record_id, "version": version, "created_at": made}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a commit writes, already made into documents, so that nothing can change it on its way."""

    batches: tuple[Batch, ...]
    events: tuple[tuple[NewEvent, Document], ...]

    @property
    def logs(self) -> set[str]:
        """The projects that get events."""
        return {event.project for event, _ in self.events}

    @property
    def versions(self) -> dict[Name, int]:
        """The records that must stand, each with the version it was read at."""
        return {
            (batch.collection.kind.__name__, record_id): version
            for batch in self.batches
            for record_id, version in batch.expected
        }

    @property
    def outcome(self) -> dict[Name, int]:
        """What the records written become: their next versions, 0 for those deleted."""
        outcome: dict[Name, int] = {}
        for batch in self.batches:
            kind = batch.collection.kind.__name__
            outcome |= {(kind, record_id): 0 for record_id, _, _ in batch.deletes}
            outcome |= {(kind, record_id): version + 1 for record_id, version, _ in batch.updates}
        return outcome

    @property
    def only_checks(self) -> bool:
        """Whether nothing is written."""
        return not self.events and not any(b.deletes or b.updates or b.creates for b in self.batches)

    async def write(
        self, database: AsyncIOMotorDatabase[Document], session: AsyncIOMotorClientSession
    ) -> tuple[Event, ...]:
        """Write all of it inside the session's transaction.

        Raises:
            Conflict: a record is not at its version.
            Duplicate: a unique key would be broken.
        """
        # First of all: who loses a race for the numbers has then wasted nothing else.
        first = await _numbers(database, session, self.events) if self.events else {}
        for batch in self.batches:
            await _write_batch(database, session, batch)
        if not self.events:
            return ()
        events: list[Event] = []
        documents: list[Document] = []
        for event, document in self.events:
            sequence = first[event.project]
            first[event.project] = sequence + 1
            events.append(numbered(event, sequence))
            documents.append({"_id": event_id(event.project, sequence)} | document)
        await database[EVENTS].insert_many(documents, session=session)
        return tuple(events)


def decision_of(changes: Changes) -> Decision:
    """Return what is written for `changes`.

    Raises:
        ValueError: a record is written twice, or a value cannot be kept.
    """
    refuse_repeats(changes)
    batches: dict[type[Record], Batch] = {}

    def batch_of(record: Record) -> Batch:
        kind = type(record)
        if kind not in batches:
            batches[kind] = Batch(collection_of(kind))
        return batches[kind]

    written: dict[tuple[type[Record], str], int] = {}
    for record in changes.deletes:
        batch_of(record).deletes.append(_standing(record))
        written[type(record), record.id] = record.version
    for record in changes.puts:
        batch = batch_of(record)
        target = batch.updates if record.version else batch.creates
        target.append((record.id, record.version, batch.collection.encode(record)))
        written[type(record), record.id] = record.version
    for record in changes.checks:
        # What is written at the version checked needs no check.
        if record.version == 0 or written.get((type(record), record.id)) != record.version:
            batch_of(record).checks.append(_standing(record))
    events = tuple((event, encode_event(numbered(event, 0))) for event in changes.events)
    return Decision(tuple(batches.values()), events)


def searched_length(changes: Changes) -> int:
    """Return roughly how many characters `decision_of` must split into words."""
    texts = (getattr(record, name) for record in changes.puts for name in record.SEARCHED)
    return sum(len(text) for text in texts if isinstance(text, str))


def _standing(record: Record) -> Standing:
    return record.id, record.version, moment_of(record.created_at)


def together(decisions: Sequence[Decision]) -> Decision:
    """Return what writes all of `decisions`, their events in this order."""
    batches: dict[type[Record], Batch] = {}
    for decision in decisions:
        for batch in decision.batches:
            joined = batches.setdefault(batch.collection.kind, Batch(batch.collection))
            joined.deletes += batch.deletes
            joined.checks += batch.checks
            joined.updates += batch.updates
            joined.creates += batch.creates
    return Decision(
        tuple(batches.values()), tuple(event for decision in decisions for event in decision.events)
    )


async def _numbers(
    database: AsyncIOMotorDatabase[Document],
    session: AsyncIOMotorClientSession,
    events: tuple[tuple[NewEvent, Document], ...],
) -> dict[str, int]:
    """Take the next numbers of each project and return the first of them."""
    first: dict[str, int] = {}
    for project, number in sorted(Counter(event.project for event, _ in events).items()):
        log = await database[LOGS].find_one_and_update(
            {"_id": project},
            {"$inc": {"last": number}, "$setOnInsert": {"first": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        assert log is not None
        first[project] = int(log["last"]) - number + 1
    return first


async def _write_batch(
    database: AsyncIOMotorDatabase[Document], session: AsyncIOMotorClientSession, batch: Batch
) -> None:
    kind = batch.collection.kind
    try:
        done = await database[batch.collection.name].bulk_write(batch.statements(), session=session)
    except PyMongoError as exc:
        broken = broken_key(exc, kind, [record_id for record_id, _, _ in batch.creates] or [""])
        if broken is None:
            raise
        raise broken from exc
    is_whole = (
        done.deleted_count == len(batch.deletes)
        and done.matched_count == len(batch.checks) + len(batch.updates)
        and done.upserted_count == len(batch.creates)
    )
    if not is_whole:
        raise Conflict(kind.__name__, await _changed(database, batch))


async def _changed(database: AsyncIOMotorDatabase[Document], batch: Batch) -> str:
    """Return the id of a record that is not at its version; outside the transaction, which has seen its own."""
    expected = dict(batch.expected)
    found = database[batch.collection.name].find({"_id": {"$in": list(expected)}}, {"version": 1})
    versions = {document["_id"]: document["version"] for document in await found.to_list(None)}
    stale = (record_id for record_id, version in expected.items() if versions.get(record_id) != version)
    return next(stale, next(iter(expected), ""))


async def standing(
    database: AsyncIOMotorDatabase[Document], session: AsyncIOMotorClientSession, decision: Decision
) -> tuple[Event, ...]:
    """Check, on the session's snapshot, that every record of `decision` stands at its version.

    Raises:
        Conflict: one does not.
    """
    for batch in decision.batches:
        asked = {"_id": {"$in": [record_id for record_id, _, _ in batch.checks]}}
        shown = {"version": 1, "created_at": 1}
        cursor = database[batch.collection.name].find(asked, shown, session=session)
        found = {
            (document["_id"], document["version"], document["created_at"])
            for document in await cursor.to_list(None)
        }
        for standing in batch.checks:
            if standing not in found:
                raise Conflict(batch.collection.kind.__name__, standing[0])
    return ()


@dataclass(frozen=True, slots=True)
class Front:
    """The events of a log from its first up to, not including, `end`."""

    project: str
    first: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.first


_FRONTS: list[Document] = [
    {"$set": {"front": {"p": "$_id", "s": "$first"}}},
    {"$lookup": {"from": EVENTS, "localField": "front", "foreignField": "_id", "as": "event"}},
    {"$unwind": "$event"},
]


async def old_fronts(
    database: AsyncIOMotorDatabase[Document], session: AsyncIOMotorClientSession, before: datetime, limit: int
) -> list[Front]:
    """Return what of the logs is older than `before` on the session's snapshot, the oldest first, `limit` events at most.

    Only fronts may go, so that what is kept of a log has no hole.
    """
    moment = moment_of(before)
    stages = [
        *_FRONTS,
        {"$match": {"event.at": {"$lt": moment}}},
        {"$sort": {"event.at": 1, "_id": 1}},
        {"$limit": limit},
        {"$project": {"first": 1, "last": 1}},
    ]
    fronts: list[Front] = []
    for log in await database[LOGS].aggregate(stages, session=session).to_list(None):
        project, first, last = log["_id"], int(log["first"]), int(log["last"])
        end = min(last, first + limit - 1) + 1
        span: dict[str, Any] = {"$gte": event_id(project, first), "$lt": event_id(project, end)}
        kept = await database[EVENTS].find_one(
            {"_id": span, "at": {"$gte": moment}}, {"_id": 1}, sort=[("_id", 1)], session=session
        )
        fronts.append(Front(project, first, end if kept is None else int(kept["_id"]["s"])))
        limit -= fronts[-1].length
        if limit <= 0:
            break
    return fronts


async def drop_front(
    database: AsyncIOMotorDatabase[Document], session: AsyncIOMotorClientSession, front: Front
) -> int:
    """Delete what comes before `front.end` inside the session's transaction; return how many events went.

    Nothing, where the log does not begin there any more.
    """
    # First of all, and nothing read before: else every commit to the log since would make this one lose.
    done = await database[LOGS].update_one(
        {"_id": front.project, "first": front.first}, {"$set": {"first": front.end}}, session=session
    )
    if not done.matched_count:
        return 0
    span = {"$gte": event_id(front.project, 0), "$lt": event_id(front.project, front.end)}
    await database[EVENTS].delete_many({"_id": span}, session=session)
    return front.length
