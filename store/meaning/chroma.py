"""Chroma: where the vectors are kept. The only module that knows it; all calls block.

A record's passages are `<id>#0`, which carries the digest of its text and the spans of the others,
and `<id>#<number>:<start>:<end>`: so a query needs no metadata, and stale passages are known by name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.meaning.chroma_address import ChromaAddress
from store.meaning.turn import NotOurTurn

if TYPE_CHECKING:
    from store.meaning.embedder import Vectors

logger = logging.getLogger("interlock.search")

State = Mapping[str, Any]
_STATE_FILE = "interlock.json"
_STATE_COLLECTION = "interlock.state"
_OURS = "interlock"
_FORMAT = 1


class ChromaMissing(Exception):
    """Chroma is not installed."""


class ChromaAway(Exception):
    """Chroma cannot answer now."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection: the records of one kind in one project."""

    project: str
    kind: str

    @property
    def name(self) -> str:
        return f"{_OURS}-{hashlib.sha256(self.project.encode()).hexdigest()[:32]}-{self.kind}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a record: the digest of its text, and where its further passages stand."""

    digest: str
    spans: tuple[str, ...] = ()

    def ids(self, record_id: str) -> list[str]:
        """Return the ids of all its passages."""
        return [f"{record_id}#0", *(f"{record_id}#{span}" for span in self.spans)]


@dataclass(frozen=True, slots=True)
class NearPassage:
    """A passage that a query found."""

    record_id: str
    cosine: float
    start: int
    end: int


class Chroma:
    """A client of Chroma: embedded in a directory, or a server. Safe to call from several threads.

    Every call may raise `ChromaAway`, and each that writes `NotOurTurn`, which `may_write` decides.
    """

    def __init__(self, directory: Path | None, address: ChromaAddress | None = None) -> None:
        """Prepare; nothing is imported or opened yet. With `address` it is a server, else `directory`."""
        self.directory = None if address else directory
        self.may_write: Callable[[], bool] = lambda: True
        self._address = address
        self._stamp: Any = None
        self._client: Any = None
        self._inode = 0
        self._is_lost = False
        self._model = ""
        self._shelves: dict[str, Any] = {}
        self._names: set[str] = set()
        self._opening = threading.RLock()

    @property
    def is_open(self) -> bool:
        return self._client is not None

    @property
    def is_gone(self) -> bool:
        """Whether the directory was taken away while it was open."""
        return self.directory is not None and self.is_open and _inode(self._database) != self._inode

    def was_lost(self) -> bool:
        """Tell, once, whether a directory was taken away since this was last asked, whatever is left of it."""
        lost, self._is_lost = self._is_lost, False
        return lost

    @property
    def _database(self) -> Path:
        assert self.directory is not None
        return self.directory / "chroma.sqlite3"

    def open(self, model: str) -> None:
        """Open for the vectors of `model`; those of others are removed if it is our turn.

        Raises:
            ChromaMissing: it is not installed.
        """
        with self._opening:
            self.close()
            make = self._maker()
            with _translated():
                client = make()
            self._client, self._model = client, model
            try:
                self._list()
                self._stamp = self.state() if self.directory is None else None
            except (ChromaAway, NotOurTurn):
                self.close()
                raise
            if self.directory is not None:
                self._inode = _inode(self._database)

    def close(self) -> None:
        """Let go of the client; a call under way in another thread fails."""
        with self._opening:
            self._is_lost = self._is_lost or self.is_gone
            client, self._client = self._client, None
            self._shelves, self._names = {}, set()
            if client is not None:
                with contextlib.suppress(Exception):
                    client.close()
            if self.directory is not None:
                _forget(str(self.directory))

    def set_aside(self) -> None:
        """Move a directory that cannot be used out of the way; the last one moved so is removed."""
        assert self.directory is not None
        self.close()
        parent, name = self.directory.parent, self.directory.name
        for older in parent.glob(f"{name}.broken-*"):
            shutil.rmtree(older, ignore_errors=True)
        aside = parent / f"{name}.broken-{time.strftime('%Y%m%d-%H%M%S')}"
        with contextlib.suppress(FileNotFoundError):
            self.directory.rename(aside)
        logger.warning("the search index cannot be read; it is kept as %s and made anew", aside)

    def state(self) -> State | None:
        """Return what `save` kept, or None. For a directory this needs neither Chroma nor `open`."""
        if self.directory is not None:
            return _parsed(_read(self.directory / _STATE_FILE))
        with _translated():
            try:
                kept = (
                    self._needed().get_collection(_STATE_COLLECTION, embedding_function=None).metadata or {}
                )
            except Exception as exc:
                if not _is_not_found(exc):
                    raise
                return None
        return _parsed(str(kept.get("state", "")))

    def save(self, state: State) -> None:
        """Keep `state`, small and JSON, with the vectors: who deletes them deletes it."""
        text = json.dumps({**state, "format": _FORMAT})
        self._check_turn()
        if self.directory is None:
            with _translated():
                held = self._needed().get_or_create_collection(_STATE_COLLECTION, embedding_function=None)
                held.modify(metadata={"state": text})
            self._stamp = _parsed(text)
            return
        try:
            fresh = self.directory / f"{_STATE_FILE}.new"
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.directory / _STATE_FILE)
        except OSError as exc:
            raise ChromaAway(f"{self.directory}: {exc.strerror}") from exc

    def drop(self, project: str | None = None, kinds: Sequence[str] = ()) -> None:
        """Remove the collections of a project, or all of ours."""
        if self.directory is None:
            # Others may have made some meanwhile.
            self._list()
        names = set(self._names) if project is None else {Shelf(project, kind).name for kind in kinds}
        for name in names & self._names:
            self._remove(name)

    def kept(self, shelf: Shelf, record_ids: Sequence[str]) -> dict[str, Kept]:
        """Return what is kept of these records."""
        found = self._in(
            shelf, lambda held: held.get(ids=[f"{one}#0" for one in record_ids], include=["metadatas"])
        )
        if found is None:
            return {}
        return {
            passage.rpartition("#")[0]: _kept(metadata or {})
            for passage, metadata in zip(found["ids"], found["metadatas"], strict=True)
        }

    def put(self, shelf: Shelf, ids: Sequence[str], vectors: Vectors, kept: Sequence[Kept | None]) -> None:
        """Write passages; those numbered 0 come with what is kept of their record."""
        metadatas = [one and {"digest": one.digest, "spans": " ".join(one.spans)} for one in kept]
        self._check_turn()
        self._in(
            shelf,
            lambda held: held.upsert(ids=list(ids), embeddings=vectors, metadatas=metadatas),
            is_needed=True,
        )

    def mark(self, shelf: Shelf, record_id: str, kept: Kept) -> None:
        """Change what is kept of a record."""
        metadata = {"digest": kept.digest, "spans": " ".join(kept.spans)}
        self._check_turn()
        self._in(shelf, lambda held: held.update(ids=[f"{record_id}#0"], metadatas=[metadata]))

    def remove(self, shelf: Shelf, ids: Sequence[str]) -> None:
        """Remove passages; those that are not there are none's business."""
        if ids:
            self._check_turn()
            self._in(shelf, lambda held: held.delete(ids=list(ids)))

    def nearest(self, shelf: Shelf, vector: Any, limit: int) -> list[NearPassage]:
        """Return up to `limit` passages nearest to the vector."""
        try:
            found = self._in(
                shelf,
                lambda held: held.query(query_embeddings=[vector], n_results=limit, include=["distances"]),
            )
        except ChromaAway as exc:
            # What Chroma says of a collection that was made and not written to yet.
            if "Nothing found on disk" not in str(exc):
                raise
            found = None
        if not found:
            return []
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [_near(passage, float(distance)) for passage, distance in pairs]

    def keep_model(self) -> None:
        """Remove the vectors of other models, if it is our turn, and learn what else there is."""
        self._list()

    def check_place(self) -> None:
        """Make sure that the server still has what it had when it was opened."""
        if self.directory is None and self._stamp is not None and self.state() is None:
            raise ChromaAway("the Chroma server has lost what it kept")

    def _check_turn(self) -> None:
        if not self.may_write():
            raise NotOurTurn("another process indexes now")

    def _maker(self) -> Callable[[], Any]:
        try:
            import chromadb
            from chromadb.config import Settings
        except ImportError as exc:
            raise ChromaMissing(f"{exc.name} is not installed: pip install 'interlock[semantic]'") from exc
        except RuntimeError as exc:
            # It asks for the home directory when it is imported.
            raise ChromaMissing(f"chromadb cannot be loaded: {exc} Set HOME.") from exc
        settings = Settings(anonymized_telemetry=False)
        address = self._address
        if address is not None:
            from store.meaning.chroma_server import connect

            return lambda: connect(address)
        assert self.directory is not None
        path = self.directory
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _size(self._database):
            # What it says of vectors that are gone must not outlive them.
            (path / _STATE_FILE).unlink(missing_ok=True)
        _forget(str(path))
        return lambda: chromadb.PersistentClient(str(path), settings=settings)

    def _list(self) -> None:
        """Learn which collections there are; those of another model go."""
        with _translated():
            held = list(self._needed().list_collections())
        for one in held:
            if not one.name.startswith(f"{_OURS}-"):
                continue
            self._names.add(one.name)
            if (one.metadata or {}).get("model") != self._model and self.may_write():
                self._remove(one.name)

    def _remove(self, name: str) -> None:
        self._check_turn()
        with _translated():
            try:
                self._needed().delete_collection(name)
            except Exception as exc:
                if not _is_not_found(exc):
                    raise
        self._names.discard(name)
        self._shelves.pop(name, None)

    def _in(self, shelf: Shelf, work: Callable[[Any], Any], *, is_needed: bool = False) -> Any:
        """Do `work` in a collection; without one return None, or make it."""
        name = shelf.name
        for is_last in (False, True):
            if name not in self._names and not is_needed and self.directory is not None:
                return None
            with _translated():
                try:
                    return work(self._of(name, shelf if is_needed else None))
                except Exception as exc:
                    if not _is_not_found(exc) or (is_last and is_needed):
                        raise
                    # Another process has removed the collection, made it anew, or not made it yet.
                    if self._shelves.pop(name, None) is not None:
                        self.check_place()
        return None

    def _of(self, name: str, shelf: Shelf | None = None) -> Any:
        held = self._shelves.get(name)
        if held is None:
            client = self._needed()
            if shelf is None:
                held = client.get_collection(name, embedding_function=None)
            else:
                metadata = {"hnsw:space": "cosine", "model": self._model, "project": shelf.project}
                held = client.get_or_create_collection(name, embedding_function=None, metadata=metadata)
            if (held.metadata or {}).get("model") != self._model:
                raise ChromaAway("the search index is being made anew with another embedder")
            self._shelves[name] = held
            self._names.add(name)
        return held

    def _needed(self) -> Any:
        client = self._client
        if client is None:
            raise ChromaAway("the search index is not open")
        return client


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn whatever Chroma raises into `ChromaAway`: its own errors, its driver's, panics of its core."""
    try:
        yield
    except (ChromaAway, NotOurTurn):
        raise
    except Exception as exc:
        raise ChromaAway(_line(exc)) from exc
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":
            raise
        raise ChromaAway(_line(exc)) from exc


def _line(exc: BaseException) -> str:
    if type(exc).__name__ == "Unfit":
        return str(exc)
    return f"{type(exc).__name__}: {' '.join(str(exc).split())[:200]}"


def _is_not_found(exc: BaseException) -> bool:
    return type(exc).__name__ == "NotFoundError"


def _forget(path: str) -> None:
    """Make Chroma forget a client that it could not open or stop: it keeps one for each path for ever."""
    import sys

    module = sys.modules.get("chromadb.api.shared_system_client")
    if module is not None:
        module.SharedSystemClient._identifier_to_system.pop(path, None)
        module.SharedSystemClient._identifier_to_refcount.pop(path, None)


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 (asked before every batch)
    except OSError:
        return -1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _parsed(text: str) -> State | None:
    try:
        state = json.loads(text)
    except ValueError:
        return None
    return state if isinstance(state, dict) and state.get("format") == _FORMAT else None


def _kept(metadata: Mapping[str, Any]) -> Kept:
    return Kept(str(metadata.get("digest", "")), tuple(str(metadata.get("spans", "")).split()))


def _near(passage: str, distance: float) -> NearPassage:
    record_id, _, place = passage.rpartition("#")
    _, *span = place.split(":")
    start, end = (int(span[0]), int(span[1])) if len(span) == 2 else (0, 0)
    return NearPassage(record_id, 1.0 - distance, start, end)
