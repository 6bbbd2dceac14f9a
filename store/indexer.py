"""How the index by meaning is kept up to date: it follows the feed, and makes itself anew when it must."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from store.chroma import Chroma, ChromaAway, Shelf, State
from store.cursor import Cursor
from store.embedder import EmbedderAway, EmbedderChoice, NoEmbedder, TextRefused
from store.errors import StoreError
from store.feed import Feed
from store.index import IndexAway, IndexHealth, Near, SearchIndex, indexed_text
from store.index_queue import IndexQueue, Waiting
from store.meanings import Meanings, Text
from store.port import Store, Where
from store.records import Document, Event, Function, Record

logger = logging.getLogger("interlock.search")

T = TypeVar("T")

KINDS: Mapping[str, type[Record]] = {"document": Document, "function": Function}
"""What is indexed, by the first part of its events' kinds."""

SETTLE_SECONDS = 3.0
"""After its start the server answers requests for so long before an index that is behind catches up."""

_LOAD_SECONDS = 2.0
_FRESH_SECONDS = 0.15
_ASK_SECONDS = 3.0
_REST_SECONDS = 2.0
_FEW = 16
_EVENTS_AT_ONCE, _RECORDS_AT_ONCE, _PAGE = 32, 8, 32
_MOST_WAITING = 5_000
_SAVE_SECONDS = 60.0
_PAUSE_SECONDS = (0.5, 30.0)
_AWAY = (ChromaAway, EmbedderAway, StoreError, OSError)


@dataclass(frozen=True, slots=True)
class Rest:
    """What a rebuild still has to read: the records of a kind, in one project or all, behind a cursor."""

    kind: str
    project: str | None = None
    after: str | None = None

    @property
    def where(self) -> Where:
        return {} if self.project is None else {"project": self.project}


class Indexer(SearchIndex):
    """The index of one server process. Nothing of model or Chroma is loaded before there is need."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        choice: EmbedderChoice,
        chroma: Chroma,
        *,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._store = store
        self._feed = feed
        self._meanings = Meanings(choice, chroma)
        self._settle_seconds = settle_seconds
        self._queue = IndexQueue()
        self._todo: list[Rest] = []
        self._indexed = self._total = 0
        self._saved: State | None = None
        self._off = ""
        self._failure = ""
        self._rest_until = 0.0
        self._suspects: list[Shelf] = []
        self._loading: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._has_begun = False
        # Queries do not queue behind what is indexed; the thread that indexes gives way to all others.
        self._ask = ThreadPoolExecutor(1, "interlock-asks")
        self._work = ThreadPoolExecutor(1, "interlock-indexes", initializer=_step_back)

    async def run(self) -> None:
        """Follow the feed until cancelled; wait out what fails."""
        cursor = await self._begin()
        self._has_begun = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(cursor))
            tasks.create_task(self._keep_up())

    async def close(self) -> None:
        """Save how far it is and let go; `run` must have ended."""
        loading, self._loading = self._loading, None
        if loading is not None and not loading.done():
            loading.cancel()
        with contextlib.suppress(*_AWAY):
            await self._save()
        await asyncio.get_running_loop().run_in_executor(self._work, self._meanings.close)
        self._ask.shutdown(wait=False, cancel_futures=True)
        self._work.shutdown(wait=False, cancel_futures=True)

    async def nearest(
        self, kind: type[Record], projects: Sequence[str], text: str, limit: int = 100
    ) -> list[Near] | None:
        now = asyncio.get_running_loop().time()
        if self._off or now < self._rest_until or not await self._is_loaded_soon():
            return None
        await self._freshen(projects)
        shelves = [Shelf(project, _name_of(kind)) for project in dict.fromkeys(projects)]
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                found = await self._in(self._ask, lambda: self._meanings.nearest(shelves, text, limit))
        except TextRefused:
            return None
        except (ChromaAway, EmbedderAway, TimeoutError) as exc:
            self._rest_until = asyncio.get_running_loop().time() + _REST_SECONDS
            self._note_failure(exc)
            if isinstance(exc, ChromaAway):
                await self._in(self._ask, partial(self._meanings.failed, str(exc)))
            self._suspects = shelves
            self._wake.set()
            return None
        return found

    async def reindex(self, project: str | None) -> int:
        if self._off:
            raise IndexAway(self._off)
        try:
            await self._loaded()
            await self._in(self._work, lambda: self._meanings.chroma.drop(project, tuple(KINDS)))
            return await self._begin_anew(project)
        except NoEmbedder as exc:
            raise IndexAway(str(exc)) from exc
        except _AWAY as exc:
            raise IndexAway(str(exc)) from exc

    def is_behind(self, projects: Sequence[str]) -> bool:
        return any(self._queue.waits(project) for project in projects) or any(
            rest.project is None or rest.project in projects for rest in self._todo
        )

    def health(self) -> IndexHealth:
        waiting = len(self._queue)
        if self._off:
            state = "off"
        elif self._failure:
            state = "failing"
        elif self._todo or waiting > _FEW:
            state = "catching up"
        else:
            state = "ready" if self._meanings.is_loaded else "idle"
        figures = {"indexed": self._meanings.indexed, "embed_seconds": self._meanings.embed_seconds}
        return IndexHealth(
            state,
            self._off or self._failure,
            self._meanings.model,
            waiting if self._has_begun else None,
            self._indexed,
            self._total,
            figures,
        )

    async def _begin(self) -> Cursor:
        """Return where to follow the feed from, and know what must be read beside it."""
        if self._meanings.chroma.directory is None:
            await asyncio.sleep(self._settle_seconds)
            await self._loaded_at_last()
            state = self._saved
        else:
            state = await asyncio.to_thread(self._meanings.chroma.state)
        if state is None:
            cursor = await self._head()
            await self._begin_anew(None)
        else:
            self._saved = state
            cursor = Cursor({str(name): int(place) for name, place in state["positions"].items()})
            # A query may have found meanwhile that the model is another one: all is being read then.
            if not self._todo:
                self._todo = [Rest(*one) for one in state["todo"]]
                self._total = await self._count()
        self._queue.start(cursor.positions)
        return cursor

    async def _head(self) -> Cursor:
        names: list[str] = [""]
        while page := await self._store.logged_projects(after=names[-1]):
            names += page
        return await self._feed.cursor(names)

    async def _begin_anew(self, project: str | None) -> int:
        """Put all records, or one project's, on the list of what is to be read."""
        kept = [rest for rest in self._todo if project is not None and rest.project not in (None, project)]
        if project is not None and any(rest.project is None for rest in self._todo):
            kept = [rest for rest in self._todo if rest.project is None]
        self._todo = [*kept, *(Rest(kind, project) for kind in KINDS)]
        self._indexed, self._total = 0, await self._count()
        if not self._total:
            self._todo = []
        self._wake.set()
        return self._total

    async def _count(self) -> int:
        return sum([await self._store.count(KINDS[rest.kind], rest.where) for rest in self._todo])

    async def _follow(self, cursor: Cursor) -> None:
        """Put what the feed brings into the queue; while that is full, the feed waits in the log."""
        items = self._feed.subscribe(None, cursor, accept=self._accepts, live=False)
        async with aclosing(items):
            async for item in items:
                if item.expired:
                    logger.info("the log no longer holds what was to be indexed: reading all records")
                    for project in item.expired:
                        self._queue.see(project, item.cursor.positions[project])
                    await self._begin_anew(None)
                if item.event is not None:
                    self._queue.add(_waiting(item.event))
                    self._wake.set()
                while len(self._queue) >= _MOST_WAITING:
                    await self._moved.wait()
        await asyncio.Event().wait()

    def _accepts(self, event: Event) -> bool:
        if event.kind.partition(".")[0] in KINDS:
            return True
        self._queue.see(event.project, event.sequence)
        self._advance()
        return False

    async def _keep_up(self) -> None:
        """Index what waits, oldest first; in between read on what a rebuild has left."""
        loop = asyncio.get_running_loop()
        settled_at = loop.time() + self._settle_seconds
        shortest, longest = _PAUSE_SECONDS
        pause = shortest
        while True:
            await self._woken()
            if not self._meanings.is_loaded and loop.time() < settled_at:
                await asyncio.sleep(settled_at - loop.time())
            try:
                await self._loaded()
                await self._step()
                self._is_well()
                pause = shortest
            except NoEmbedder:
                # Said by now; whoever installs a model starts the server anew.
                await asyncio.Event().wait()
            except _AWAY as exc:
                self._note_failure(exc)
                if isinstance(exc, ChromaAway):
                    await self._in(self._work, partial(self._meanings.failed, str(exc)))
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)

    async def _step(self) -> None:
        if len(self._queue):
            await self._index_events()
        elif self._todo:
            await self._index_page()
        if self._suspects:
            await self._in(self._work, lambda: self._meanings.probe(self._suspects))
            self._suspects = []

    async def _woken(self) -> None:
        while not (len(self._queue) or self._todo or self._failure):
            self._wake.clear()
            try:
                async with asyncio.timeout(_SAVE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                with contextlib.suppress(*_AWAY):
                    await self._save()

    async def _index_events(self) -> None:
        events = self._queue.take(_EVENTS_AT_ONCE)
        try:
            wanted: dict[Shelf, dict[str, None]] = {}
            for event in events:
                shelf = Shelf(event.project, event.kind)
                wanted.setdefault(shelf, {}).update(dict.fromkeys(event.record_ids))
            for shelf, ids in wanted.items():
                await self._index_ids(shelf, list(ids))
        except BaseException:
            self._queue.back(events)
            raise
        self._queue.done(events)
        self._advance()
        await self._save()

    def _advance(self) -> None:
        """Tell those who wait for the index that it has moved on."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _index_ids(self, shelf: Shelf, ids: list[str]) -> None:
        for start in range(0, len(ids), _RECORDS_AT_ONCE):
            some = ids[start : start + _RECORDS_AT_ONCE]
            found = await self._store.get_many(KINDS[shelf.kind], some)
            held = {one: record for one, record in found.items() if record.project == shelf.project}
            await self._index(shelf, list(held.values()))
            gone = [one for one in some if one not in held]
            if gone:
                await self._in(self._work, partial(self._meanings.remove, shelf, gone))

    async def _index(self, shelf: Shelf, records: list[Record]) -> None:
        if records:
            texts = [Text(record.id, indexed_text(record)) for record in records]
            await self._in(self._work, lambda: self._meanings.index(shelf, texts))

    async def _index_page(self) -> None:
        rest = self._todo[0]
        page = await self._store.find(KINDS[rest.kind], rest.where, limit=_PAGE, after=rest.after)
        shelves: dict[str, list[Record]] = {}
        for record in page.records:
            shelves.setdefault(record.project, []).append(record)
        for project, records in shelves.items():
            for start in range(0, len(records), _RECORDS_AT_ONCE):
                await self._index(Shelf(project, rest.kind), records[start : start + _RECORDS_AT_ONCE])
        if self._todo and self._todo[0] is rest:
            self._indexed += len(page.records)
            onward = [Rest(rest.kind, rest.project, page.after)] if page.after is not None else []
            self._todo = [*onward, *self._todo[1:]]
            if not self._todo:
                logger.info("the search index holds %d records", self._indexed)
                self._indexed = self._total
        await self._save()

    async def _save(self) -> None:
        """Keep how far it is; nothing is written where nothing was ever indexed."""
        if not (self._has_begun and (self._saved is not None or self._meanings.is_loaded)):
            return
        if self._meanings.chroma.is_gone or (
            self._meanings.chroma.directory is None and not self._meanings.is_loaded
        ):
            return
        state = {
            "model": self._meanings.model or (self._saved or {}).get("model", ""),
            "positions": dict(self._queue.cursor().positions),
            "todo": [[rest.kind, rest.project, rest.after] for rest in self._todo],
        }
        if state != self._saved:
            await self._in(self._work, lambda: self._meanings.chroma.save(state))
            self._saved = state

    async def _is_loaded_soon(self) -> bool:
        if self._meanings.is_loaded:
            return True
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                await self._loaded()
        except (TimeoutError, NoEmbedder):
            return False
        except _AWAY as exc:
            self._rest_until = asyncio.get_running_loop().time() + _REST_SECONDS
            self._note_failure(exc)
            self._wake.set()
            return False
        return True

    async def _loaded(self) -> None:
        """Load model and Chroma, once for all who wait for it."""
        if self._meanings.is_loaded:
            return
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            # Whoever waits gets the failure; when nobody does any more it is no news.
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        try:
            state = await self._in(self._ask, self._meanings.load)
        except NoEmbedder as exc:
            if not self._off:
                logger.warning("searches go by words alone: %s", exc)
            self._off = str(exc)
            raise
        is_lost = state is None and (self._has_begun and self._saved is not None)
        is_other = state is not None and state.get("model") not in ("", self._meanings.model)
        if is_other and state is not None:
            logger.info("the embedder is another one (%s): all is indexed anew", self._meanings.model)
        if is_lost or is_other:
            await self._begin_anew(None)
        if not self._has_begun:
            self._saved = None if is_other else state

    async def _loaded_at_last(self) -> None:
        pause, longest = _PAUSE_SECONDS
        while True:
            try:
                return await self._loaded()
            except NoEmbedder:
                await asyncio.Event().wait()
            except _AWAY as exc:
                self._note_failure(exc)
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)

    async def _freshen(self, projects: Sequence[str]) -> None:
        """Wait a moment for what was committed just now, if it is little."""
        wanted = {project: self._feed.reached(project) for project in projects}
        if self._failure or self._todo or not self._has_begun:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FRESH_SECONDS):
                while len(self._queue) <= _FEW and any(
                    self._queue.settled(project) < sequence for project, sequence in wanted.items()
                ):
                    await self._moved.wait()

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _note_failure(self, exc: BaseException) -> None:
        text = str(exc) or type(exc).__name__
        if not self._failure:
            logger.warning("the search index fails, searches go by words alone: %s", text)
        self._failure = text

    def _is_well(self) -> None:
        self._meanings.worked()
        if self._failure:
            logger.info("the search index works again")
        self._failure = ""


def _name_of(kind: type[Record]) -> str:
    return next(name for name, one in KINDS.items() if one is kind)


def _waiting(event: Event) -> Waiting:
    ids: Any = event.data.get("ids")
    listed = tuple(str(one) for one in ids) if isinstance(ids, list | tuple) else (event.subject,)
    return Waiting(event.project, event.sequence, event.kind.partition(".")[0], listed)


def _step_back() -> None:
    """Let the thread that indexes run when no other wants to, where the system ranks threads (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
