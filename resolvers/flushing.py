"""How what is counted in memory gets into the store: a batch a commit, beside the requests, none lost and none twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from resolvers.acts import Act, Engine
from resolvers.callers import LOCAL_OWNER

T = TypeVar("T", bound=Mapping[Any, Any])


class Counted(Protocol[T]):
    """Counts in memory."""

    def taken(self) -> T:
        """Take a batch out; an empty one is the end."""

    def put_back(self, counts: T, /) -> None:
        """Count again what could not be written."""


async def flush(
    engine: Engine, counted: Counted[T], write: Callable[[Act, T], Coroutine[Any, Any, None]]
) -> int:
    """Write all that was counted, a batch at a time; return how much. What fails is kept for the next time.

    Raises:
        Clash, Unready: it could not be written.
    """
    act, total = Act(engine, LOCAL_OWNER), 0
    while counts := counted.taken():
        writing = asyncio.create_task(write(act, counts))
        writing.add_done_callback(partial(_kept, counted, counts))
        # A caller that gives up does not undo a commit: what it wrote must not be counted again.
        await asyncio.shield(writing)
        total += len(counts)
    return total


def _kept(counted: Counted[T], counts: T, writing: asyncio.Task[None]) -> None:
    if writing.cancelled() or writing.exception() is not None:
        counted.put_back(counts)
