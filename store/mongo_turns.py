"""Who commits next: those that number events of one project queue up within this process, not on the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A queue for each name, kept while somebody stands in it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, names: tuple[str, ...]) -> AsyncIterator[None]:
        """Wait for the turn in every queue named; `names` are sorted, so that nobody waits in a circle."""
        async with AsyncExitStack() as stack:
            for name in names:
                lock = self._locks.get(name)
                if lock is None:
                    lock = self._locks[name] = asyncio.Lock()
                await stack.enter_async_context(lock)
            yield
