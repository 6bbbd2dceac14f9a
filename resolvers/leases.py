"""Who does a chore that only one process may do at a time: the one that holds its lease."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from resolvers.acts import Engine
from store.errors import Conflict, Duplicate
from store.port import Changes
from store.records import Lease


async def acquire(engine: Engine, name: str, kept: timedelta) -> bool:
    """Take or renew the lease `name` for this process; return whether it has it, until `kept` from now.

    By the store's clock. A process that dies loses it in that time; the others then may take it.
    Alone with its store, a process needs none. May raise `Unavailable`.
    """
    if not engine.store.is_shared:
        return True
    now = await engine.store.now()
    lease = await engine.store.get(Lease, name)
    if lease is not None and lease.holder != engine.name and lease.expires_at > now:
        return False
    before = lease or Lease(id=name, project="", holder="", expires_at=now, created_at=now)
    taken = replace(before, holder=engine.name, expires_at=now + kept, updated_at=now)
    try:
        await engine.write(Changes(puts=(taken,)))
    except (Conflict, Duplicate):
        return False
    return True


async def release(engine: Engine, name: str) -> None:
    """Give back the lease `name` if this process has it, so that the next need not wait. May raise `Unavailable`."""
    if not engine.store.is_shared:
        return
    lease = await engine.store.get(Lease, name)
    if lease is not None and lease.holder == engine.name:
        try:
            await engine.write(Changes(deletes=(lease,)))
        except Conflict:
            return
