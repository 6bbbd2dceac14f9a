"""How subscribers that are behind the rings read the log: in shared pages, few at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from store.errors import Unavailable
from store.feed.channel import weigh
from store.port import Head, Store
from store.records import Event

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAGE = 200
_PAGES_KEPT = 256
_BYTES_KEPT = 32 * 1024 * 1024
_READS_AT_ONCE = 4
_HEADS_AT_ONCE = 500
_RETRY_SECONDS = (0.05, 2.0)


class Log:
    """The store's log, read a page of 200 events at a time; readers queue first come first served.

    A page is kept here and not with its reader, so that a reader that stops half-way holds nothing.
    A store that is unavailable is waited for, until the feed is closed; `failure` then says why.
    """

    def __init__(self, store: Store, closed: asyncio.Event) -> None:
        self.failure = ""
        self._store = store
        self._closed = closed
        self._pages: OrderedDict[tuple[str, int], tuple[list[Event], int]] = OrderedDict()
        self._bytes = 0
        self._turns = asyncio.Semaphore(_READS_AT_ONCE)

    async def first_from(self, project: str, sequence: int) -> Event | None:
        """Return the first event kept whose number is `sequence` or more, or None."""
        key = (project, (sequence - 1) // PAGE)
        event = self._look(key, sequence)
        if event is not None:
            return event
        return await self._patiently(lambda: self._bring(key, sequence))

    async def after(self, project: str, sequence: int) -> list[Event]:
        """Return the page of events that follow `sequence`."""
        return await self._patiently(lambda: self._store.events_after(project, sequence, PAGE))

    async def head(self, project: str) -> Head:
        """Return the ends of one log."""
        return (await self._patiently(lambda: self._store.heads([project])))[project]

    async def heads(self, projects: Sequence[str]) -> dict[str, Head]:
        """Return the ends of the named logs; raises `Unavailable` at once."""
        found: dict[str, Head] = {}
        for start in range(0, len(projects), _HEADS_AT_ONCE):
            found |= await self._store.heads(projects[start : start + _HEADS_AT_ONCE])
        return found

    async def projects(self) -> list[str]:
        """Return every project that has a log, and the server's own. Raises `Unavailable` at once."""
        names = [""]
        while page := await self._store.logged_projects(after=names[-1], limit=_HEADS_AT_ONCE):
            names += page
        return names

    def forget(self) -> None:
        """Drop the pages held."""
        self._pages.clear()
        self._bytes = 0

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        pause, longest = _RETRY_SECONDS
        while True:
            try:
                async with self._turns:
                    result = await call()
            except Unavailable as exc:
                if not self.failure:
                    logger.warning("the feed cannot read the log, retrying: %s", exc)
                self.failure = str(exc) or "unavailable"
                if await self._is_closed_within(pause * random.uniform(0.5, 1.0)):
                    raise
                pause = min(pause * 2, longest)
            else:
                self.failure = ""
                return result

    async def _is_closed_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return False
        return True

    async def _bring(self, key: tuple[str, int], sequence: int) -> Event | None:
        # Someone before us in the queue may have brought the page.
        event = self._look(key, sequence)
        if event is None:
            self._keep(key, await self._store.events_after(key[0], key[1] * PAGE, PAGE))
            event = self._look(key, sequence)
        return event

    def _look(self, key: tuple[str, int], sequence: int) -> Event | None:
        if key not in self._pages:
            return None
        page = self._pages[key][0]
        offset = sequence - page[0].sequence
        if offset >= len(page):
            return None
        self._pages.move_to_end(key)
        return page[max(offset, 0)]

    def _keep(self, key: tuple[str, int], page: list[Event]) -> None:
        self._bytes -= self._pages.pop(key, ([], 0))[1]
        if not page:
            return
        weight = sum(map(weigh, page))
        self._pages[key] = (page, weight)
        self._bytes += weight
        while len(self._pages) > 1 and (len(self._pages) > _PAGES_KEPT or self._bytes > _BYTES_KEPT):
            self._bytes -= self._pages.popitem(last=False)[1][1]
