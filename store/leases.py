"""Who does a chore that only one process may do at a time: the one that holds its lease in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store.errors import Conflict, Duplicate
from store.port import Changes, Store
from store.records import Lease


async def acquire(store: Store, name: str, holder: str, kept: timedelta) -> bool:
    """Take or renew the lease `name` for `holder`; return whether it has it, until `kept` from now.

    By the store's clock. A process that dies loses it in that time; the others then may take it.
    Alone with its store, a process needs none. May raise `Unavailable`.
    """
    if not store.is_shared:
        return True
    now = await store.now()
    lease = await store.get(Lease, name)
    if lease is not None and lease.holder != holder and lease.expires_at > now:
        return False
    before = lease or Lease(id=name, project="", holder="", expires_at=now, created_at=now)
    taken = replace(before, holder=holder, expires_at=now + kept, updated_at=now)
    try:
        await store.commit(Changes(puts=(taken,)))
    except (Conflict, Duplicate):
        return False
    return True


async def release(store: Store, name: str, holder: str) -> None:
    """Give back the lease `name` if `holder` has it, so that the next need not wait. May raise `Unavailable`."""
    if not store.is_shared:
        return
    lease = await store.get(Lease, name)
    if lease is not None and lease.holder == holder:
        try:
            await store.commit(Changes(deletes=(lease,)))
        except Conflict:
            return
