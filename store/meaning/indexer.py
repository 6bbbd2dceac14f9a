"""The index by meaning of one server process: it answers queries, and indexes when that is its turn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import replace

from store.errors import StoreError
from store.feed.feed import Feed
from store.index import IndexAway, IndexHealth, Near, SearchIndex
from store.meaning.access import AWAY, Access, NotIndexedYet
from store.meaning.chroma import Chroma, ChromaAway, Shelf, State
from store.meaning.embedder import EmbedderAway, EmbedderChoice, NoEmbedder, TextRefused
from store.meaning.meanings import Meanings
from store.meaning.memory import STATE_ID, Order, StoreMemory, orders_of
from store.meaning.turn import NAME, RENEW_SECONDS, NotOurTurn, Turn
from store.meaning.writer import FEW, KINDS, IndexWriter, kind_name
from store.port import Get, Store
from store.records import IndexState, Lease, Record

logger = logging.getLogger("interlock.search")

SETTLE_SECONDS = 3.0
"""After its start the server answers requests for so long before an index that is behind catches up."""

HANDED_ON_SECONDS = 40.0
"""A process that cannot index for so long lets others try, and tries again itself after as long."""

_LOAD_SECONDS = 2.0
_FRESH_SECONDS = 0.15
_ASK_SECONDS = 3.0
_REST_SECONDS = 2.0
_LEAVE_SECONDS = 2.0


class Indexer(SearchIndex):
    """The index of one server process. Nothing of model or Chroma is loaded before there is need.

    A directory is this process's own. A Chroma server is written to by one process at a time, by a lease
    in the store if others share that; all query it.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        choice: EmbedderChoice,
        chroma: Chroma,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._store = store
        self._feed = feed
        self._access = Access(Meanings(choice, chroma))
        self._settle_seconds = settle_seconds
        self._renew_seconds = renew_seconds
        self._settled_at = 0.0
        self._rest_until = 0.0
        self._hands_off_until = 0.0
        is_server = chroma.directory is None
        self._memory = StoreMemory(store, self.name) if is_server else None
        self._turn = Turn(store, self.name) if is_server and store.is_shared else None
        self._writer = self._new_writer() if self._turn is None else None
        self._others: str | None = None
        self._late: list[Order] = []
        self._seen: IndexState | None = None
        self._read_stamp = ""
        if self._memory is not None:
            self._access.check = self._check_as_reader
        elif self._writer is not None:
            self._access.check = self._writer.check
        if self._turn is not None:
            chroma.may_write = self._turn.is_ours

    def _new_writer(self) -> IndexWriter:
        return IndexWriter(self._store, self._feed, self._access, self._memory, lambda: self._settled_at)

    async def run(self) -> None:
        """Index while that is this process's turn, until cancelled; wait out what fails."""
        self._settled_at = asyncio.get_running_loop().time() + self._settle_seconds
        if self._turn is not None:
            await self._take_turns(self._turn)
        assert self._writer is not None
        try:
            await self._writer.run()
        except NoEmbedder:
            # Said by now; whoever installs a model starts the server anew.
            await asyncio.Event().wait()

    async def close(self) -> None:
        """Save how far it is and let go; `run` must have ended."""
        writer = self._writer
        if writer is not None:
            with contextlib.suppress(NotOurTurn, *AWAY):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await writer.save()
        await self._access.close()
        if self._turn is not None:
            # Nothing is written any more.
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._turn.give_back()
        self._access.end()

    async def nearest(
        self, kind: type[Record], projects: Sequence[str], text: str, limit: int = 100
    ) -> list[Near] | None:
        access, now = self._access, asyncio.get_running_loop().time()
        # A process that does not index looks by itself whether failures are over.
        is_waiting = self._turn is not None and self._writer is None and access.failure
        if access.off or is_waiting or now < self._rest_until or not await self._is_loaded_soon():
            return None
        await self._freshen(projects)
        shelves = [Shelf(project, kind_name(kind)) for project in dict.fromkeys(projects)]
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                found = await access.ask(lambda: access.meanings.nearest(shelves, text, limit))
        except TextRefused:
            return None
        except (ChromaAway, EmbedderAway, TimeoutError) as exc:
            self._rest()
            await access.failed(exc, is_query=True)
            if self._writer is not None:
                self._writer.suspects = shelves
                self._writer.wake()
            return None
        return found

    async def reindex(self, project: str | None) -> int:
        access, writer = self._access, self._writer
        if access.off:
            raise IndexAway(access.off)
        try:
            with contextlib.suppress(NotIndexedYet):
                await access.loaded()
            if self._memory is None:
                assert writer is not None
                return await writer.reindex(project)
            where = {} if project is None else {"project": project}
            total = sum([await self._store.count(kind, where) for kind in KINDS.values()])
            await self._memory.ask(Order(project), total)
        except (NoEmbedder, NotOurTurn, *AWAY) as exc:
            raise IndexAway(str(exc)) from exc
        if writer is not None:
            writer.wake()
        return total

    def is_behind(self, projects: Sequence[str]) -> bool:
        if self._writer is not None:
            return self._writer.is_behind(projects)
        state = self._seen
        if state is None:
            return True
        asked = [one["project"] for one in (*state.todo, *state.orders)]
        return state.lag > 0 or any(one is None or one in projects for one in asked)

    def health(self) -> IndexHealth:
        access, writer = self._access, self._writer
        indexer = self._others or ""
        if self._turn is None or writer is not None:
            indexer = self.name
        health = self._of_writer(writer) if writer is not None else self._of_others()
        if access.off or access.failure:
            health = replace(
                health, state="off" if access.off else "failing", detail=access.off or access.failure
            )
        meanings = access.meanings
        return replace(
            health,
            model=meanings.model or health.model,
            figures={"indexed": meanings.indexed, "embed_seconds": meanings.embed_seconds},
            process=self.name,
            indexer=indexer,
            is_reachable=access.is_reachable,
        )

    async def look(self) -> IndexHealth:
        if self._memory is not None:
            with contextlib.suppress(StoreError):
                await self._read()
        return self.health()

    def _of_writer(self, writer: IndexWriter) -> IndexHealth:
        waiting = len(writer.queue)
        is_busy = writer.is_rebuilding or waiting > FEW
        lag = waiting if writer.has_begun else None
        return IndexHealth(self._state(is_busy), "", writer.model, lag, writer.indexed, writer.total)

    def _of_others(self) -> IndexHealth:
        seen = self._seen
        if seen is None:
            return IndexHealth("idle")
        if seen.failure:
            return IndexHealth("failing", f"the process that indexes: {seen.failure}", lag=seen.lag)
        is_busy = bool(seen.todo) or any(one.is_rebuild for one in orders_of(seen)) or seen.lag > FEW
        return IndexHealth(self._state(is_busy), "", seen.model, seen.lag, seen.indexed, seen.total)

    def _state(self, is_busy: bool) -> str:
        if is_busy:
            return "catching up"
        return "ready" if self._access.meanings.is_loaded else "idle"

    async def _take_turns(self, turn: Turn) -> None:
        """Index while the lease is ours, else look at how those do that index."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._tell_what_was_late()
                if not self._access.off and loop.time() >= self._hands_off_until and await turn.take():
                    await self._serve_turn(turn)
                else:
                    await self._look_on()
            except (NotOurTurn, StoreError) as exc:
                logger.debug("the search index is left to others: %s", exc)
            await asyncio.sleep(self._renew_seconds)

    async def _serve_turn(self, turn: Turn) -> None:
        logger.info("this process keeps the search index now (%s)", self.name)
        writer = self._writer = self._new_writer()
        work = asyncio.create_task(writer.run())
        try:
            await self._renew(turn, writer, work)
        finally:
            work.cancel()
            (outcome,) = await asyncio.gather(work, return_exceptions=True)
            if not self._is_stopping():
                await self._leave_turn(turn, writer)
        if isinstance(outcome, Exception) and not isinstance(outcome, NotOurTurn | NoEmbedder | StoreError):
            raise outcome

    async def _renew(self, turn: Turn, writer: IndexWriter, work: asyncio.Task[None]) -> None:
        """Return when the turn is over: lost, given up, or because the work has ended."""
        loop = asyncio.get_running_loop()
        failing_since = loop.time()
        while not work.done():
            await asyncio.wait((work,), timeout=self._renew_seconds)
            try:
                if not await turn.take():
                    logger.warning("another process keeps the search index now")
                    return
                await self._read()
                if writer.has_begun:
                    await writer.save()
            except NotOurTurn:
                return
            except StoreError:
                if not turn.is_ours():
                    return
            if writer.orders:
                writer.wake()
            if not self._access.failure:
                failing_since = loop.time()
            elif loop.time() - failing_since > HANDED_ON_SECONDS:
                self._hands_off_until = loop.time() + HANDED_ON_SECONDS
                return

    def _is_stopping(self) -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    async def _leave_turn(self, turn: Turn, writer: IndexWriter) -> None:
        """Become a reader. What was being written when the turn ended may have come too late: others look again."""
        await self._access.index(lambda: None)
        self._writer = None
        self._access.check = self._check_as_reader
        self._late += writer.unsure
        with contextlib.suppress(StoreError):
            await turn.give_back()

    async def _look_on(self) -> None:
        """Do what a process does that does not index: know how it goes, and notice when failures are over."""
        assert self._memory is not None
        await self._read()
        access, seen = self._access, self._seen
        model = access.meanings.model
        if (
            seen is not None
            and access.meanings.is_loaded
            and (seen.stamp, seen.model) != (self._read_stamp, model)
        ):
            await access.unload()
        if access.failure and not access.off:
            try:
                await access.loaded()
                await access.ask(access.meanings.chroma.check_place)
                await access.ask(lambda: access.meanings.probe([]))
                access.is_reachable = True
                access.is_well()
            except NotIndexedYet:
                access.is_well()
            except (NoEmbedder, ChromaAway, EmbedderAway, OSError) as exc:
                access.note_failure(exc)

    async def _tell_what_was_late(self) -> None:
        assert self._memory is not None
        while self._late:
            await self._memory.ask(self._late[0])
            del self._late[0]

    async def _read(self) -> None:
        """Read how far the index is, and who keeps it."""
        assert self._memory is not None
        state, lease = await self._store.read(Get(IndexState, STATE_ID), Get(Lease, NAME))
        self._memory.learn(state)
        self._seen = state
        self._others = lease.holder if lease is not None else ""

    async def _check_as_reader(self, kept: State | None) -> None:
        """Accept what the Chroma server holds only if it is what the store says was made, with our model."""
        state = await self._store.get(IndexState, STATE_ID)
        if state is None or not state.stamp or kept is None or kept.get("stamp") != state.stamp:
            raise NotIndexedYet("no process has indexed yet")
        model = self._access.meanings.model
        if state.model not in ("", model):
            raise ChromaAway(
                f"the search index is made with the embedder {state.model}, this process has {model}"
            )
        self._seen, self._read_stamp = state, state.stamp

    async def _is_loaded_soon(self) -> bool:
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                await self._access.loaded()
        except (TimeoutError, NoEmbedder):
            return False
        except (NotIndexedYet, NotOurTurn):
            self._rest()
            return False
        except AWAY as exc:
            self._rest()
            self._access.note_failure(exc)
            if self._writer is not None:
                self._writer.wake()
            return False
        return True

    def _rest(self) -> None:
        """Let queries go by words for a moment."""
        self._rest_until = asyncio.get_running_loop().time() + _REST_SECONDS

    async def _freshen(self, projects: Sequence[str]) -> None:
        """Wait a moment for what was committed just now, if it is little and ours to index."""
        writer = self._writer
        wanted = {project: self._feed.reached(project) for project in projects}
        if writer is None or self._access.failure or writer.is_rebuilding or not writer.has_begun:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FRESH_SECONDS):
                while len(writer.queue) <= FEW and any(
                    writer.queue.settled(project) < sequence for project, sequence in wanted.items()
                ):
                    await writer.moved.wait()
