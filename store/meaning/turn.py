"""Whose turn it is to index where several processes share a store and a Chroma server: by a lease, renewed."""

from __future__ import annotations

import math
from datetime import timedelta

from store import leases
from store.port import Store
from store.steady import steady

NAME = "search index"
LEASE_SECONDS = 12.0
RENEW_SECONDS = 3.0
"""How often the one that indexes renews its lease, and the others ask whether it is theirs."""
WRITE_SECONDS = 5.0
"""A call of Chroma begins so long before the lease may end: it takes no longer."""


class NotOurTurn(Exception):
    """Another process may index now; nothing was written."""


class Turn:
    """This process's right to write to the index. `name` tells processes apart."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store
        self._until = -math.inf

    def is_ours(self) -> bool:
        """Tell whether a write that begins now ends before the lease does. Safe to call from any thread."""
        return steady() < self._until

    async def take(self) -> bool:
        """Take the lease or renew it; return whether it is this process's now. May raise `Unavailable`."""
        began = steady()
        if not await leases.acquire(self._store, NAME, self.name, timedelta(seconds=LEASE_SECONDS)):
            self._until = -math.inf
            return False
        self._until = began + LEASE_SECONDS - WRITE_SECONDS
        return True

    async def give_back(self) -> None:
        """Let another process have it at once. May raise `Unavailable`."""
        self._until = -math.inf
        await leases.release(self._store, NAME, self.name)
