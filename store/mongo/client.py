"""How MongoDB is reached: within the time a caller waits, a replica set only, its collections made ready."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from store.errors import Unavailable
from store.mongo.address import MongoAddress
from store.mongo.collections import EVENTS, LOGS, META, Collection, Document, collection_of, digest_of
from store.records import Record

# Motor reads it when it is imported: with its own few threads, commits would queue up for the disk of the server.
os.environ.setdefault("MOTOR_MAX_WORKERS", "32")

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import CollectionInvalid, OperationFailure, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

SNAPSHOT = ReadConcern("snapshot")
"""Acknowledged by a majority, and of one moment."""

MAJORITY = ReadConcern("majority")
DURABLE = WriteConcern("majority")

APP_NAME = "interlock"

_SELECTION_MS = 3_500
_CONNECT_MS = 2_000
_HEARTBEAT_MS = 1_000
_MOST_CONNECTIONS = 64
_OLDEST_SERVER = 5
_NO_SUCH_INDEX = 27
_COLLECTION_EXISTS = 48
_SHAPE = "shape"

Client = AsyncIOMotorClient[Document]
Database = AsyncIOMotorDatabase[Document]


def client_of(address: MongoAddress) -> Client:
    """Return a client that connects when it is first used.

    Raises:
        pymongo.errors.ConfigurationError: the address makes no sense.
    """
    return AsyncIOMotorClient(
        **address.options,
        appname=APP_NAME,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_CONNECT_MS,
        heartbeatFrequencyMS=_HEARTBEAT_MS,
        maxPoolSize=_MOST_CONNECTIONS,
        retryReads=True,
        retryWrites=True,
        document_class=dict,
    )


def database_of(client: Client, address: MongoAddress) -> Database:
    """Return the database, where every write is durable when it is acknowledged."""
    return client.get_database(address.database, write_concern=DURABLE)


async def require_replica_set(client: Client, address: MongoAddress) -> None:
    """Check that the server can do transactions.

    Raises:
        Unavailable: it is a standalone server, a set that was never begun, or too old.
    """
    shown, begin = address.shown, "run rs.initiate() once in its shell (mongosh)"
    try:
        hello: dict[str, Any] = await client.admin.command("hello")
    except ServerSelectionTimeoutError:
        servers = client.delegate.topology_description.server_descriptions().values()
        if any(server.server_type_name == "RSGhost" for server in servers):
            raise Unavailable(f"the replica set of MongoDB at {shown} was never initiated", begin) from None
        raise
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise Unavailable(
            f"MongoDB at {shown} is a standalone server, which has no transactions",
            f"restart it as a replica set, one member will do: mongod --replSet rs0, then {begin}",
        )
    version = (await client.server_info())["version"]
    if int(str(version).partition(".")[0]) < _OLDEST_SERVER:
        raise Unavailable(f"MongoDB at {shown} is version {version}", "use MongoDB 6.0 or newer")


async def bring_up_to_date(database: Database, kinds: tuple[type[Record], ...]) -> None:
    """Make every collection and index, and give older documents the fields they lack; nothing if all is so.

    Several processes may do it at once.
    """
    digest = digest_of(kinds)
    shape = await database[META].with_options(read_concern=MAJORITY).find_one({"_id": _SHAPE}) or {}
    if shape.get("digest") == digest:
        return
    present = set(await database.list_collection_names())
    collections = [collection_of(kind) for kind in kinds]
    for name in (*(collection.name for collection in collections), LOGS, EVENTS, META):
        if name not in present:
            await _create(database, name)
    for collection in collections:
        await _fill_in(database, collection, shape.get("fields", {}).get(collection.name))
        await _index(database, collection)
    fields = {collection.name: sorted(collection.defaults) for collection in collections}
    made = {"digest": digest, "fields": shape.get("fields", {}) | fields}
    await database[META].update_one({"_id": _SHAPE}, {"$set": made}, upsert=True)


async def _create(database: Database, name: str) -> None:
    try:
        await database.create_collection(name)
    except (CollectionInvalid, OperationFailure) as exc:
        if getattr(exc, "code", None) not in (None, _COLLECTION_EXISTS):
            raise


async def _fill_in(database: Database, collection: Collection, known: list[str] | None) -> None:
    """Write the defaults of new fields, for a filter finds no field that is not there."""
    if known is None:
        return
    for name, value in collection.defaults.items():
        if name not in known:
            await database[collection.name].update_many({name: {"$exists": False}}, {"$set": {name: value}})


async def _index(database: Database, collection: Collection) -> None:
    wanted = {index["name"]: index for index in collection.indexes}
    found = [index["name"] async for index in database[collection.name].list_indexes()]
    for name in found:
        # Others are the operator's own.
        if name[0] in "!:" and name not in wanted:
            await _drop_index(database, collection.name, name)
    missing = [index for name, index in wanted.items() if name not in found]
    if missing:
        await database.command({"createIndexes": collection.name, "indexes": missing})


async def _drop_index(database: Database, collection: str, name: str) -> None:
    try:
        await database[collection].drop_index(name)
    except OperationFailure as exc:
        # Of several processes that start together one drops it.
        if exc.code != _NO_SUCH_INDEX:
            raise


async def close(client: Client) -> None:
    """Close the client's connections, off the event loop."""
    await asyncio.to_thread(client.close)
