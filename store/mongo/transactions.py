"""How a commit happens exactly once, or not at all, whatever the servers do meanwhile; all within a few seconds.

A transaction that failed on its way left nothing behind and is tried again. Whether one was committed whose
answer was lost, the server knows by the number of its session: the commit is asked for again until it says.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo.errors import PyMongoError

from store.mongo.client import DURABLE, SNAPSHOT, Client
from store.mongo.errors import is_outcome_unknown, is_race, is_transient
from store.mongo.orphans import Orphans

T = TypeVar("T")
Work = Callable[[AsyncIOMotorClientSession], Awaitable[T]]

PATIENCE_SECONDS = 4.0
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.03
_ELECTION_PAUSE_SECONDS = 0.1
_SUSPICIOUS_SECONDS = 0.5
_ABORT_SECONDS = 0.5


class Transactions:
    """Transactions of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._orphans = Orphans(client)

    async def run(self, work: Work[T], until: float) -> T:
        """Run `work` in a transaction and commit it; on conflicts with others and fail-over again.

        `until` is when to give up, on `time.monotonic`.

        Raises:
            PyMongoError: time ran out, or the failure is for good; and whatever `work` raises.
        """
        started = time.monotonic()
        pause = _FIRST_PAUSE_SECONDS
        with pymongo.timeout(max(until - started, 0.001)):
            while True:
                # A session each time: after a lost connection the old one's state is anyone's guess.
                async with await self._client.start_session(causal_consistency=False) as session:
                    try:
                        return await _once(session, work, until)
                    except PyMongoError as exc:
                        if not is_transient(exc) or time.monotonic() + pause > until:
                            raise
                        is_lost_race = is_race(exc)
                if is_lost_race and time.monotonic() - started > _SUSPICIOUS_SECONDS:
                    await self._orphans.end()
                await asyncio.sleep(random.uniform(0, pause if is_lost_race else _ELECTION_PAUSE_SECONDS))
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _once(session: AsyncIOMotorClientSession, work: Work[T], until: float) -> T:
    session.start_transaction(read_concern=SNAPSHOT, write_concern=DURABLE)
    try:
        result = await work(session)
    except BaseException:
        # In a context of its own: when the time of this one is up, nothing would be sent any more.
        await asyncio.create_task(_let_go(session), context=contextvars.Context())
        raise
    while True:
        try:
            await session.commit_transaction()
        except PyMongoError as exc:
            if not is_outcome_unknown(exc) or time.monotonic() > until:
                raise
            await asyncio.sleep(random.uniform(0, _ELECTION_PAUSE_SECONDS))
        else:
            return result


async def _let_go(session: AsyncIOMotorClientSession) -> None:
    with contextlib.suppress(PyMongoError), pymongo.timeout(_ABORT_SECONDS):
        await session.abort_transaction()
