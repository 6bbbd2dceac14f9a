"""The one `mongod` of a test run, and databases on it that are empty for each test."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.engines.mongod import ReplicaSet, mongod_path

if TYPE_CHECKING:
    from store.mongo.store import MongoStore

_KEPT = {"meta"}


class Databases:
    """Opens stores on one database, emptied whenever another directory is asked for.

    Making collections and indexes takes seconds; emptying them does not.
    """

    def __init__(self, replicas: ReplicaSet) -> None:
        self.replicas = replicas
        self._directory: Path | None = None

    async def open(self, directory: Path, *, clock: Callable[[], float] | None = None) -> MongoStore:
        """Open the database that stands for `directory`: only the last one asked for is kept."""
        from store.mongo.store import MongoAddress, MongoStore

        if directory != self._directory:
            self.empty()
            self._directory = directory
        return await MongoStore.open(MongoAddress(self.replicas.hosts, database="contract"), clock=clock)

    def empty(self) -> None:
        """Forget everything but the collections themselves."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](self.replicas.hosts.split(","), w="majority") as client:
            database = client["contract"]
            for name in database.list_collection_names():
                if name not in _KEPT and database[name].find_one({}, {"_id": 1}) is not None:
                    database[name].delete_many({})


@cache
def _started() -> Databases:
    # Memory, where there is some: what a disk takes to sync is not what these tests are about.
    shared = Path("/dev/shm")
    place = shared if shared.is_dir() and os.access(shared, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="interlock-mongod-", dir=place))
    replicas = ReplicaSet(directory)

    def end() -> None:
        replicas.kill()
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    replicas.start()
    return Databases(replicas)


def mongo_databases() -> Databases:
    """Return the databases of this test run; skips, or fails where `CI` is set, without a `mongod`."""
    mongod_path()
    return _started()
