"""Who commits next: within a process, those that want the same records queue up here, not on the server.

On the server the losers of a race would each be refused and come again, and most of them again in vain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from store.errors import Conflict

Name = tuple[str, str]
"""A kind of record and an id."""


class _Turn:
    """A queue, and what was last written by those who stood in it."""

    __slots__ = ("__weakref__", "lock", "version", "writes")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.version = 0
        self.writes = 0


class Turns:
    """A queue for each name, kept while somebody stands in it."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[Name, _Turn] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, versions: Mapping[Name, int]) -> AsyncIterator[None]:
        """Wait for the turn of these records, each read at a version.

        Raises:
            Conflict: a record was written meanwhile by one who stood before: what was read is stale.
        """
        # Sorted, so that nobody waits in a circle.
        turns = [(name, self._turn(name)) for name in sorted(versions)]
        seen = {name: turn.writes for name, turn in turns}
        async with AsyncExitStack() as stack:
            for name, turn in turns:
                await stack.enter_async_context(turn.lock)
                if turn.writes != seen[name] and versions[name] != turn.version:
                    raise Conflict(*name)
            yield

    def _turn(self, name: Name) -> _Turn:
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = _Turn()
        return turn

    def written(self, versions: Mapping[Name, int]) -> None:
        """Tell those who wait what these records have become: their versions, 0 for those deleted."""
        for name, version in versions.items():
            turn = self._turns.get(name)
            if turn is not None:
                turn.version, turn.writes = version, turn.writes + 1
