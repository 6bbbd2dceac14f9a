"""Who does a chore of the rules that only one process may do at a time: the process that holds its lease."""

from __future__ import annotations

from datetime import timedelta

from resolvers.acts import Engine
from store import leases


async def acquire(engine: Engine, name: str, kept: timedelta) -> bool:
    """Take or renew the lease `name` for this process as the store's leases do."""
    return await leases.acquire(engine.store, name, engine.name, kept)


async def release(engine: Engine, name: str) -> None:
    """Give back the lease `name` if this process has it."""
    await leases.release(engine.store, name, engine.name)
