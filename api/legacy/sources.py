"""How the databases of mcp-shared-memory are read; nothing of them is changed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.legacy.values import Row, cleaned, project_of
from store.records import SHARED

PROJECT, SHARED_PREFIX = "proj_", "shared_"
DATABASE = "mcp_orchestrator"
PAGE = 200
_WAIT_MS = 5_000


class SourceAway(Exception):
    """A source cannot be read; the message says which, and why."""


class MongoSource:
    """Its database in MongoDB: any server will do, a standalone one too."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def names(self) -> list[str]:
        """Return its collections."""
        with _told("MongoDB"):
            return sorted(self._database.list_collection_names())

    def count(self, name: str) -> int:
        with _told("MongoDB"):
            return int(self._database[name].count_documents({}))

    def rows(self, name: str, *, order: str = "_id") -> Iterator[Row]:
        """Yield the documents of a collection."""
        with _told("MongoDB"):
            for found in self._database[name].find({}, batch_size=PAGE).sort(order, 1):
                yield Row(str(found.get("_id", "")), found)


class ChromaSource:
    """Its documents in Chroma; vectors are not read, for ours are made of the texts."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def names(self) -> list[str]:
        """Return all collections."""
        with _told("Chroma"):
            return sorted(str(one.name) for one in self._client.list_collections())

    def count(self, name: str) -> int:
        with _told("Chroma"):
            return int(self._collection(name).count())

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the documents of a collection."""
        with _told("Chroma"):
            held, offset = self._collection(name), 0
            home = self._home(held)
            while True:
                page = held.get(limit=PAGE, offset=offset, include=["documents", "metadatas"])
                for one, text, data in zip(page["ids"], page["documents"], page["metadatas"], strict=True):
                    yield Row(str(one), data if isinstance(data, Mapping) else {}, cleaned(text), home)
                if len(page["ids"]) < PAGE:
                    return
                offset += PAGE

    def _collection(self, name: str) -> Any:
        return self._client.get_collection(name, embedding_function=None)

    def _home(self, held: Any) -> str:
        """Return the project that a collection is of; its own name has lost what Chroma does not take."""
        if not held.name.startswith(PROJECT):
            return SHARED
        named = (held.metadata or {}).get("project")
        return project_of(named) or project_of(held.name.removeprefix(PROJECT))


@contextmanager
def mongo_source(url: str, database: str) -> Iterator[MongoSource]:
    """Connect to its MongoDB; the database is that of the address, else the one named.

    Raises:
        SourceAway: it does not answer, or refuses.
    """
    from bson.codec_options import DatetimeConversion
    from pymongo import MongoClient

    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise SourceAway("MongoDB of mcp-shared-memory is named by a mongodb:// address")
    with _told("MongoDB"):
        waits: dict[str, Any] = (
            {} if "serverselectiontimeoutms=" in url.lower() else {"serverSelectionTimeoutMS": _WAIT_MS}
        )
        # One time or text that Python does not know must not end the whole.
        loose: dict[str, Any] = {
            "datetime_conversion": DatetimeConversion.DATETIME_CLAMP,
            "unicode_decode_error_handler": "replace",
        }
        client = MongoClient[dict[str, Any]](url, appname="interlock", **waits, **loose)
    try:
        with _told("MongoDB"):
            held = client[database or urlsplit(url).path.strip("/") or DATABASE]
        source = MongoSource(held)
        source.names()
        yield source
    finally:
        client.close()


@contextmanager
def chroma_source(place: str) -> Iterator[ChromaSource]:
    """Connect to its Chroma server at an address, or read a copy of its directory.

    A directory that Chroma opens is brought up to date by it: the original is left as it is.

    Raises:
        SourceAway: there is none.
    """
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if place.startswith(("http://", "https://")):
        parts = urlsplit(place)
        with _told("Chroma"):
            port = parts.port or 8000
            client: Any = chromadb.HttpClient(
                parts.hostname or "", port, ssl=parts.scheme == "https", settings=settings
            )
        yield ChromaSource(client)
        return
    directory = Path(place).expanduser()
    if not (directory / "chroma.sqlite3").is_file():
        raise SourceAway(f"{directory} is no directory of Chroma: it has no chroma.sqlite3")
    with tempfile.TemporaryDirectory(prefix="interlock-chroma-", ignore_cleanup_errors=True) as copied:
        with _told("Chroma"):
            shutil.copytree(directory, copied, dirs_exist_ok=True)
            client = chromadb.PersistentClient(copied, settings=settings)
        try:
            yield ChromaSource(client)
        finally:
            client.close()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Raise what a driver raises as one line."""
    try:
        yield
    except (SourceAway, GeneratorExit):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise SourceAway(f"{what} of mcp-shared-memory cannot be read: {reason}") from error
