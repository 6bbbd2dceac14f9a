"""How records and logs are put back as they were, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from motor.motor_asyncio import AsyncIOMotorClientSession

from store.errors import Conflict
from store.mongo.client import Database
from store.mongo.collections import EVENTS, LOGS, Document, collection_of, encode_event, event_id
from store.mongo.writes import Batch, Decision
from store.moving.snapshot import Restoration, by_log
from store.records import Record

LOG = "Log"


@dataclass(frozen=True, slots=True)
class Restored:
    """A restoration made into documents."""

    decision: Decision
    logs: Mapping[str, int]
    runs: Mapping[str, tuple[Document, ...]]

    async def write(self, database: Database, session: AsyncIOMotorClientSession) -> None:
        """Write all of it inside the session's transaction.

        Raises:
            Conflict, Duplicate: as the store's `restore`.
        """
        await self.decision.write(database, session)
        for project, first in self.logs.items():
            await _begin(database, session, project, first)
        for project, run in self.runs.items():
            await _append(database, session, project, run)


def documents_to_restore(restoration: Restoration) -> Restored:
    """Return the documents of `restoration`.

    Raises:
        ValueError: a value cannot be kept, or events leave a gap.
    """
    batches: dict[type[Record], Batch] = {}
    for record, over in restoration.records:
        if record.version < 1:
            raise ValueError(f"{type(record).__name__} {record.id} was never stored")
        kind = type(record)
        batch = batches.setdefault(kind, Batch(collection_of(kind)))
        document = batch.collection.encode(replace(record, version=record.version - 1))
        (batch.updates if over else batch.creates).append((record.id, over, document))
    runs = {
        project: tuple({"_id": event_id(project, event.sequence)} | encode_event(event) for event in run)
        for project, run in by_log(restoration.events).items()
    }
    return Restored(Decision(tuple(batches.values()), ()), dict(restoration.logs), runs)


async def _begin(database: Database, session: AsyncIOMotorClientSession, project: str, first: int) -> None:
    found = await database[LOGS].find_one({"_id": project}, session=session)
    if found is not None and found["last"] != 0:
        raise Conflict(LOG, project)
    made = {"_id": project, "first": first, "last": first - 1}
    await database[LOGS].replace_one({"_id": project}, made, upsert=True, session=session)


async def _append(
    database: Database, session: AsyncIOMotorClientSession, project: str, run: tuple[Document, ...]
) -> None:
    first, last = run[0]["_id"]["s"], run[-1]["_id"]["s"]
    done = await database[LOGS].update_one(
        {"_id": project, "last": first - 1}, {"$set": {"last": last}}, session=session
    )
    if done.matched_count != 1:
        raise Conflict(LOG, project)
    await database[EVENTS].insert_many(list(run), session=session)
