"""How queries and indexing come at model and Chroma: loaded once, in threads, and what fails is told once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from store.errors import StoreError
from store.meaning.chroma import ChromaAway, State
from store.meaning.embedder import EmbedderAway, NoEmbedder
from store.meaning.meanings import Meanings

logger = logging.getLogger("interlock.search")

T = TypeVar("T")
Check = Callable[[State | None], Awaitable[None]]

AWAY = (ChromaAway, EmbedderAway, StoreError, OSError)
"""What is waited out."""


class NotIndexedYet(Exception):
    """Another process has to index first; nothing is wrong."""


class Access:
    """The model and Chroma of one process. `check` is asked about what is found whenever they are loaded."""

    def __init__(self, meanings: Meanings) -> None:
        self.meanings = meanings
        self.off = ""
        self.failure = ""
        self.is_reachable: bool | None = None
        """Whether Chroma answered the last time that it was asked; None: never."""
        self.check: Check | None = None
        self._checked: Check | None = None
        self._loading: asyncio.Task[None] | None = None
        self._loading_for: Check | None = None
        # Queries do not queue behind what is indexed; the thread that indexes gives way to all others.
        self._asking = ThreadPoolExecutor(1, "interlock-asks")
        self._indexing = ThreadPoolExecutor(1, "interlock-indexes", initializer=_step_back)

    async def ask(self, work: Callable[[], T]) -> T:
        """Do what a query waits for, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, work)

    async def index(self, work: Callable[[], T]) -> T:
        """Do what nobody waits for, in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._indexing, work)

    async def loaded(self) -> None:
        """Load model and Chroma, once for all who wait for it.

        Raises:
            NoEmbedder: there is none.
            NotIndexedYet: what Chroma holds is not the index, or no longer.
        """
        while not (self.meanings.is_loaded and self._checked == self.check):
            if self._loading is None or self._loading.done():
                self._loading_for = self.check
                self._loading = asyncio.create_task(self._load(self.check))
                # Whoever waits gets the failure; when nobody does any more it is no news.
                self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
            asked = self._loading_for
            try:
                await asyncio.shield(self._loading)
            except NotIndexedYet:
                # Meanwhile it may have become this process that indexes.
                if asked == self.check:
                    raise

    async def _load(self, check: Check | None) -> None:
        try:
            state = await self.ask(self.meanings.load)
        except NoEmbedder as exc:
            if not self.off:
                logger.warning("searches go by words alone: %s", exc)
            self.off = str(exc)
            raise
        except ChromaAway:
            self.is_reachable = False
            raise
        self.is_reachable = True
        if check is not None:
            try:
                await check(state)
            except BaseException:
                await self.ask(self.meanings.chroma.close)
                raise
        self._checked = check

    async def unload(self) -> None:
        """Let go of Chroma; the next that needs it opens and checks it anew."""
        self._checked = None
        await self.ask(self.meanings.chroma.close)

    async def failed(self, exc: BaseException, *, is_query: bool = False) -> None:
        """Be told that a call failed."""
        self.note_failure(exc)
        if isinstance(exc, ChromaAway):
            self.is_reachable = False
            await (self.ask if is_query else self.index)(partial(self.meanings.failed, str(exc)))

    def note_failure(self, exc: BaseException) -> None:
        """Remember why searches go by words, and log it unless it is known."""
        text = str(exc) or type(exc).__name__
        if not self.failure:
            logger.warning("the search index fails, searches go by words alone: %s", text)
        self.failure = text

    def is_well(self) -> None:
        """Be told that calls work."""
        self.meanings.worked()
        if self.failure:
            logger.info("the search index works again")
        self.failure = ""

    async def close(self) -> None:
        """Let go of all, when what is under way has ended."""
        loading, self._loading = self._loading, None
        if loading is not None and not loading.done():
            loading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await loading
        await self.index(self.meanings.close)

    def end(self) -> None:
        """End the threads."""
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._indexing.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Let the thread that indexes run when no other wants to, where the system ranks threads (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
