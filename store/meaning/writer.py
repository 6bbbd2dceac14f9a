"""How the index is kept up to date: what the feed brings is indexed, and all is made anew when it must be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from store.cursor import Cursor
from store.feed.feed import Feed
from store.index import indexed_text
from store.meaning.access import AWAY, Access
from store.meaning.chroma import ChromaAway, Shelf, State
from store.meaning.embedder import NoEmbedder
from store.meaning.meanings import Text
from store.meaning.memory import Order, Progress, Rest, StoreMemory, file_of, progress_of
from store.meaning.queue import IndexQueue, Waiting
from store.port import Store
from store.record import new_id
from store.records import Document, Event, Function, Record

logger = logging.getLogger("interlock.search")

KINDS: Mapping[str, type[Record]] = {"document": Document, "function": Function}
"""What is indexed, by the first part of its events' kinds."""

FEW = 16
"""So many events may wait without it being worth a word."""

PAUSE_SECONDS = (0.5, 30.0)
"""After a failure: the first pause, and the longest."""

_EVENTS_AT_ONCE, _RECORDS_AT_ONCE, _PAGE = 32, 8, 32
_MOST_WAITING = 5_000
_SAVE_SECONDS, _LOOK_SECONDS = 60.0, 15.0


class IndexWriter:
    """Writes the index while it is this process's to write.

    With `memory`, Chroma is a server and how far the index is stands in the store; without, both lie in
    a directory. Nothing of model or Chroma is loaded before there is need.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        access: Access,
        memory: StoreMemory | None,
        settled_at: Callable[[], float],
    ) -> None:
        self.queue = IndexQueue()
        self.todo: list[Rest] = []
        self._coming: list[tuple[Rest, ...]] = []
        self.suspects: list[Shelf] = []
        self.indexed = self.total = 0
        self.has_begun = False
        self.moved = asyncio.Event()
        self._store = store
        self._feed = feed
        self._access = access
        self._meanings = access.meanings
        self._memory = memory
        self._settled_at = settled_at
        self._saved: Progress | None = None
        self._stamp = self._model = ""
        self._is_doubtful = False
        self._obeying: Order | None = None
        self._writing: Order | None = None
        self._written: list[Order] = []
        self._has_written = False
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Follow the feed until cancelled; wait out what fails.

        Raises:
            NoEmbedder: this process cannot index.
            NotOurTurn: another process may index now.
        """
        cursor = await self._begin()
        self.has_begun = True
        following = asyncio.create_task(self._follow(cursor))
        keeping = asyncio.create_task(self._keep_up())
        try:
            await asyncio.wait((following, keeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (following, keeping):
                task.cancel()
            ended = await asyncio.gather(following, keeping, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    @property
    def model(self) -> str:
        """The embedder that the index is made with, as far as is known."""
        return self._model

    @property
    def orders(self) -> tuple[Order, ...]:
        """What other processes ask for."""
        return self._memory.orders if self._memory is not None else ()

    @property
    def unsure(self) -> list[Order]:
        """What was written since it was last sure that the turn was ours: it may be written late."""
        return [one for one in (*self._written, self._obeying, self._writing) if one is not None]

    @property
    def is_rebuilding(self) -> bool:
        return bool(self.todo) or any(order.is_rebuild for order in self.orders)

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def is_behind(self, projects: Sequence[str]) -> bool:
        """Tell whether records of these projects wait to be indexed."""
        rebuilt = [rest.project for rest in self.todo] + [order.project for order in self.orders]
        return any(self.queue.waits(project) for project in projects) or any(
            project is None or project in projects for project in rebuilt
        )

    async def check(self, kept: State | None) -> None:
        """Compare what was found with the vectors to what is known here; begin anew if they are others."""
        if self._memory is None:
            await self._check_directory(kept)
        else:
            await self._check_server(kept)

    async def _check_server(self, kept: State | None) -> None:
        saved = self._saved or Progress()
        is_other = self._model not in ("", self._meanings.model)
        self._model = self._meanings.model
        is_lost = kept is None or kept.get("stamp") != self._stamp
        self._is_doubtful = False
        if not (is_other or is_lost):
            return
        if kept is not None and kept.get("stamp") and is_lost:
            logger.warning(
                "the Chroma server holds another index: each store needs a CHROMA_DATABASE of its own"
            )
        elif saved.stamp:
            logger.warning(
                "all is indexed anew: %s", "another embedder" if is_other else "the vectors are lost"
            )
        # The store comes first: a stamp that only the store knows is a loss, and leads here again.
        self._stamp = new_id("idx")
        await self.begin_anew(None)
        await self.save()
        chroma, stamp = self._meanings.chroma, {"stamp": self._stamp}
        await self._access.index(chroma.keep_model)
        await self._access.index(lambda: chroma.save(stamp))

    async def _check_directory(self, kept: State | None) -> None:
        # What was lost may be so before how far it was has ever been saved.
        is_lost = kept is None and self.has_begun and (self._saved is not None or self._has_written)
        is_other = kept is not None and kept.get("model") not in ("", self._meanings.model)
        if is_other:
            logger.info("the embedder is another one (%s): all is indexed anew", self._meanings.model)
        if is_lost or is_other:
            await self.begin_anew(None)
        if not self.has_begun:
            self._saved = None if is_other or kept is None else progress_of(kept)

    async def reindex(self, project: str | None) -> int:
        """Throw away what is kept of a project, or of all, and begin to make it anew."""
        coming = tuple(Rest(kind, project) for kind in KINDS)
        self._coming.append(coming)
        try:
            # On record before anything goes: a process killed meanwhile reads all of it at its next start.
            await self.save()
            await self._access.index(lambda: self._meanings.chroma.drop(project, tuple(KINDS)))
            return await self.begin_anew(project)
        finally:
            self._coming = [one for one in self._coming if one is not coming]

    async def begin_anew(self, project: str | None) -> int:
        """Put all records, or one project's, on the list of what is to be read; return how many."""
        kept = [rest for rest in self.todo if project is not None and rest.project not in (None, project)]
        if project is not None and any(rest.project is None for rest in self.todo):
            kept = [rest for rest in self.todo if rest.project is None]
        self.todo = [*kept, *(Rest(kind, project) for kind in KINDS)]
        self.indexed, self.total = 0, await self._count()
        if not self.total:
            self.todo = []
        self._wake.set()
        return self.total

    async def save(self, *done: Order) -> None:
        """Keep how far it is; nothing is written where nothing was ever indexed."""
        positions = dict(self.queue.cursor().positions)
        todo = (*self.todo, *(rest for coming in self._coming for rest in coming))
        if self._memory is not None:
            if not self.has_begun:
                return
            counts = (self.indexed, self.total, len(self.queue), self._access.failure)
            progress = Progress(self._model, positions, todo, self._stamp, *counts)
            written = list(self._written)
            if await self._memory.save(progress, done):
                self._written = [one for one in self._written if one not in written]
            self._saved = progress
            return
        progress = Progress(self._meanings.model or (self._saved or Progress()).model, positions, todo)
        chroma = self._meanings.chroma
        is_needed = self.has_begun and (self._saved is not None or self._meanings.is_loaded)
        if is_needed and not chroma.is_gone and progress != self._saved:
            await self._access.index(lambda: chroma.save(file_of(progress)))
            self._saved = progress

    async def _begin(self) -> Cursor:
        """Return where to follow the feed from, and know what must be read beside it."""
        if self._memory is not None:
            progress = await self._memory.take()
            self._is_doubtful = progress is not None
        else:
            state = await asyncio.to_thread(self._meanings.chroma.state)
            progress = progress_of(state) if state is not None else None
        if progress is None:
            cursor = await self._head()
            await self.begin_anew(None)
        else:
            self._saved, self._stamp, self._model = progress, progress.stamp, progress.model
            cursor = Cursor(progress.positions)
            # A query may have found meanwhile that the model is another one: all is being read then.
            if not self.todo:
                self.todo = list(progress.todo)
                self.indexed, self.total = progress.indexed, progress.total
                if self._memory is None:
                    self.total = await self._count()
        self.queue.start(cursor.positions)
        self._access.check = self.check
        return cursor

    async def _head(self) -> Cursor:
        names: list[str] = [""]
        while page := await self._store.logged_projects(after=names[-1]):
            names += page
        return await self._feed.cursor(names)

    async def _count(self) -> int:
        return sum([await self._store.count(KINDS[rest.kind], rest.where) for rest in self.todo])

    async def _follow(self, cursor: Cursor) -> None:
        """Put what the feed brings into the queue; while that is full, the feed waits in the log."""
        items = self._feed.subscribe(None, cursor, accept=self._accepts, live=False)
        async with aclosing(items):
            async for item in items:
                if item.expired:
                    logger.info("the log no longer holds what was to be indexed: reading all records")
                    for project in item.expired:
                        self.queue.place(project, item.cursor.positions.get(project, 0))
                    await self.begin_anew(None)
                if item.event is not None:
                    self.queue.add(_waiting(item.event))
                    self._wake.set()
                while len(self.queue) >= _MOST_WAITING:
                    await self.moved.wait()
        await asyncio.Event().wait()

    def _accepts(self, event: Event) -> bool:
        if event.kind.partition(".")[0] in KINDS:
            return True
        self.queue.see(event.project, event.sequence)
        self._advance()
        return False

    async def _keep_up(self) -> None:
        """Index what waits, oldest first; in between read on what a rebuild has left."""
        loop = asyncio.get_running_loop()
        shortest, longest = PAUSE_SECONDS
        pause = shortest
        while True:
            await self._woken()
            if not self._meanings.is_loaded and loop.time() < self._settled_at():
                await asyncio.sleep(self._settled_at() - loop.time())
            try:
                await self._access.loaded()
                await self._step()
                self._access.is_well()
                pause = shortest
            except NoEmbedder:
                if self._memory is not None:
                    raise
                # Said by now; whoever installs a model starts the server anew.
                await asyncio.Event().wait()
            except AWAY as exc:
                await self._access.failed(exc)
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)

    async def _step(self) -> None:
        if self.orders:
            await self._obey(self.orders[0])
        elif len(self.queue):
            await self._index_events()
        elif self.todo:
            await self._index_page()
        if self.suspects:
            await self._access.index(lambda: self._meanings.probe(self.suspects))
            self.suspects = []

    async def _woken(self) -> None:
        while not (len(self.queue) or self.todo or self.orders or self._is_doubtful or self._access.failure):
            self._wake.clear()
            try:
                async with asyncio.timeout(_SAVE_SECONDS if self._memory is None else _LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                with contextlib.suppress(*AWAY):
                    await self.save()
                await self._look_after_the_server()

    async def _look_after_the_server(self) -> None:
        """Notice that a server has lost all, although nobody asks or stores anything."""
        if self._memory is not None and self._meanings.is_loaded:
            try:
                await self._access.index(self._meanings.chroma.check_place)
            except ChromaAway as exc:
                await self._access.failed(exc)

    async def _obey(self, order: Order) -> None:
        self._obeying = order
        if order.is_rebuild:
            logger.info("indexing anew, as was asked: %s", order.project or "all")
            await self.reindex(order.project)
        elif order.project is not None:
            await self._index_ids(Shelf(order.project, order.kind), list(order.ids))
        await self.save(order)
        self._obeying = None

    async def _index_events(self) -> None:
        events = self.queue.take(_EVENTS_AT_ONCE)
        try:
            wanted: dict[Shelf, dict[str, None]] = {}
            for event in events:
                shelf = Shelf(event.project, event.kind)
                wanted.setdefault(shelf, {}).update(dict.fromkeys(event.record_ids))
            for shelf, ids in wanted.items():
                await self._index_ids(shelf, list(ids))
        except BaseException:
            self.queue.back(events)
            raise
        self.queue.done(events)
        self._advance()
        await self.save()

    def _advance(self) -> None:
        """Tell those who wait for the index that it has moved on."""
        moved, self.moved = self.moved, asyncio.Event()
        moved.set()

    async def _index_ids(self, shelf: Shelf, ids: list[str]) -> None:
        for start in range(0, len(ids), _RECORDS_AT_ONCE):
            some = ids[start : start + _RECORDS_AT_ONCE]
            found = await self._store.get_many(KINDS[shelf.kind], some)
            held = {one: record for one, record in found.items() if record.project == shelf.project}
            await self._index(shelf, list(held.values()))
            gone = [one for one in some if one not in held]
            if gone:
                await self._write(shelf, gone, partial(self._meanings.remove, shelf, gone))

    async def _index(self, shelf: Shelf, records: list[Record]) -> None:
        if records:
            texts = [Text(record.id, indexed_text(record)) for record in records]
            ids = [record.id for record in records]
            await self._write(shelf, ids, lambda: self._meanings.index(shelf, texts))

    async def _write(self, shelf: Shelf, ids: Sequence[str], work: Callable[[], None]) -> None:
        """Write to Chroma; when this is cut off it stays on record what was being written."""
        self._writing = Order(shelf.project, shelf.kind, tuple(ids))
        self._has_written = True
        await self._access.index(work)
        if self._memory is not None:
            self._written.append(self._writing)
        self._writing = None

    async def _index_page(self) -> None:
        rest = self.todo[0]
        page = await self._store.find(KINDS[rest.kind], rest.where, limit=_PAGE, after=rest.after)
        shelves: dict[str, list[Record]] = {}
        for record in page.records:
            shelves.setdefault(record.project, []).append(record)
        for project, records in shelves.items():
            for start in range(0, len(records), _RECORDS_AT_ONCE):
                await self._index(Shelf(project, rest.kind), records[start : start + _RECORDS_AT_ONCE])
        if self.todo and self.todo[0] is rest:
            self.indexed += len(page.records)
            onward = [Rest(rest.kind, rest.project, page.after)] if page.after is not None else []
            self.todo = [*onward, *self.todo[1:]]
            if not self.todo:
                logger.info("the search index holds %d records", self.indexed)
                self.indexed = self.total
        await self.save()


def kind_name(kind: type[Record]) -> str:
    """Return by which name a kind of record is indexed."""
    return next(name for name, one in KINDS.items() if one is kind)


def _waiting(event: Event) -> Waiting:
    ids: Any = event.data.get("ids")
    listed = tuple(str(one) for one in ids) if isinstance(ids, list | tuple) else (event.subject,)
    return Waiting(event.project, event.sequence, event.kind.partition(".")[0], listed)
