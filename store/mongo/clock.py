"""Which time it is: the server's, so that processes whose clocks differ judge leases alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from store.errors import Unavailable
from store.steady import steady

_FRESH_SECONDS = 30.0
_USABLE_SECONDS = 600.0
_SLOW_SECONDS = 0.5
"""An answer that took longer says less than an older one that did not."""


class ServerClock:
    """The server's clock, asked every half minute and carried on by this machine's steady one."""

    def __init__(self, ask: Callable[[], Awaitable[datetime]]) -> None:
        self._ask = ask
        self._read_at = -_USABLE_SECONDS * 2
        self._base = datetime.fromtimestamp(0, UTC)
        self._latest = self._base
        self._asking: asyncio.Task[None] | None = None

    async def now(self) -> datetime:
        """Return the time, never an earlier one than before.

        Raises:
            Unavailable: the server has not said for ten minutes.
        """
        age = steady() - self._read_at
        if age > _USABLE_SECONDS:
            await self.set()
        elif age > _FRESH_SECONDS and (self._asking is None or self._asking.done()):
            # Nobody waits for it: the answer at hand is good to milliseconds.
            self._asking = asyncio.create_task(self._refresh())
        self._latest = max(self._latest, self._base + timedelta(seconds=steady() - self._read_at))
        return self._latest

    async def set(self) -> None:
        """Ask the server. May raise `Unavailable`."""
        before = steady()
        told = await self._ask()
        after = steady()
        if after - before > _SLOW_SECONDS and after - self._read_at < _USABLE_SECONDS:
            return
        self._base, self._read_at = told, (before + after) / 2

    async def _refresh(self) -> None:
        with contextlib.suppress(Unavailable):
            await self.set()

    async def close(self) -> None:
        """End what is still asked."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking
