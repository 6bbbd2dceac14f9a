"""What runs beside the requests: tidying, counting uses, and closing what stands on a revoked key; restarted on failure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from api.execution import Execution
from api.graphql_ws import Sockets
from api.multipart import Streams
from resolvers.acts import Engine
from resolvers.errors import DomainError
from resolvers.retention import tidy
from resolvers.tally_flush import flush_tallies
from resolvers.usage_flush import flush_usage
from store.errors import StoreError
from store.records import Event

log = logging.getLogger("interlock.tasks")

TIDY_SECONDS = 300.0
FLUSH_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0


async def supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever; when it fails, log it and start again, at most a minute later.

    What went well for a minute before is not made to wait for failures of long ago.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            await work()
            pause = _FIRST_PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001  (whatever it is, the chore goes on)
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            _tell(name, pause, error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _tell(name: str, pause: float, error: Exception) -> None:
    if isinstance(error, DomainError | StoreError):
        # Such as a database that is away: whoever reads the log can do nothing with a traceback.
        log.warning("%s failed; it starts again in %.1f s: %s", name, pause, error)
    else:
        log.error("%s failed; it starts again in %.1f s", name, pause, exc_info=error)


async def tidy_for_ever(engine: Engine) -> None:
    """Forget what has outlived its use, every five minutes; the first time when the server has settled."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        gone = {name: count for name, count in (await tidy(engine)).items() if count}
        if gone:
            log.info("forgotten: %s", ", ".join(f"{count} {name}" for name, count in gone.items()))


async def flush_for_ever(engine: Engine) -> None:
    """Write what was handed out and what happened how often, every few seconds."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await flush_usage(engine)
        await flush_tallies(engine)


async def flush_at_last(engine: Engine) -> None:
    """Write what is still to be counted when the server stops; what cannot be written is not waited for."""
    try:
        await flush_usage(engine)
        await flush_tallies(engine)
    except DomainError as error:
        log.warning("what happened since the last flush is not counted: %s", error)


async def follow_revocations(
    engine: Engine, execution: Execution, sockets: Sockets, streams: Streams
) -> None:
    """Take from the holders of a key that is revoked what they have open, at once."""
    items = engine.feed.subscribe([""], accept=_is_revocation, live=False)
    async with aclosing(items):
        async for item in items:
            if item.event is not None:
                key_id = str(item.event.data.get("id", ""))
                execution.revoke(key_id)
                sockets.close_key(key_id)
                streams.close_key(key_id)


def _is_revocation(event: Event) -> bool:
    return event.kind == "key.revoked"
