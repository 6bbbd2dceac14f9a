"""What is forgotten, and when: one bounded pass over what has outlived its use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from resolvers.acts import Engine
from resolvers.errors import Clash
from resolvers.knowledge.expiry import PURGED_AT_ONCE, expire_documents, purge_documents
from resolvers.leases import acquire, release
from resolvers.messages.deliveries import drop_finished_messages
from resolvers.messages.messages import REPEAT_WINDOW
from resolvers.sessions import lapse_sessions
from resolvers.tally_flush import HOURS_KEPT, Bucket
from store.errors import Conflict
from store.port import By, Changes, Span, Where
from store.records import Answer, Audit, LockWaiter, MessageDigest, Notice, Record, Signal, Tally

BATCH = 500
MAX_BATCHES = 20
LAPSED_AT_ONCE = 100
LEASE_KEPT = timedelta(minutes=10)
_ATTEMPTS = 3

_NOTICES_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Expiry:
    """A kind of record that goes when the moment in the field `moment` is longer ago than `kept`."""

    name: str
    kind: type[Record]
    moment: str
    kept: timedelta
    where: Where = field(default_factory=dict)


async def tidy(engine: Engine) -> dict[str, int]:
    """Forget what is past its time, at most 10,000 of each kind; return how many of each went.

    Each kind is read by an index and goes in batches of 500, so that no writer waits long. What
    others change meanwhile stays for the next pass. Of several processes on one store only the one
    that holds the lease does it; the rest return nothing. May raise `Unavailable`.
    """
    if not await acquire(engine, "tidy", LEASE_KEPT):
        return {}
    try:
        return await _tidied(engine)
    finally:
        await release(engine, "tidy")


async def _tidied(engine: Engine) -> dict[str, int]:
    rules, counts = engine.rules, {}
    counts["sessions"] = await _repeated(partial(lapse_sessions, engine, LAPSED_AT_ONCE), LAPSED_AT_ONCE)
    counts["messages"] = await _repeated(partial(drop_finished_messages, engine, BATCH), BATCH)
    counts["expiries"] = await _repeated(partial(expire_documents, engine, BATCH), BATCH)
    counts["documents"] = await _repeated(partial(purge_documents, engine, PURGED_AT_ONCE), PURGED_AT_ONCE)
    for expiry in (
        _Expiry("signals", Signal, "updated_at", rules.signal_ttl),
        _Expiry("answers", Answer, "created_at", rules.answer_retention),
        _Expiry("waiters", LockWaiter, "expires_at", timedelta()),
        _Expiry("digests", MessageDigest, "updated_at", REPEAT_WINDOW),
        _Expiry("notices", Notice, "created_at", _NOTICES_KEPT),
        _Expiry("audit", Audit, "created_at", rules.audit_retention),
        _Expiry("days", Tally, "starts_at", rules.history_retention, {"span": Bucket.DAY.value}),
        _Expiry(
            "hours",
            Tally,
            "starts_at",
            min(HOURS_KEPT, rules.history_retention),
            {"span": Bucket.HOUR.value},
        ),
    ):
        counts[expiry.name] = await _repeated(partial(_dropped, engine, expiry), BATCH)
    before = await engine.store.now() - rules.event_retention
    counts["events"] = await _repeated(partial(engine.store.drop_events, before, BATCH), BATCH)
    return counts


async def _repeated(step: Callable[[], Awaitable[int]], full: int) -> int:
    """Repeat `step` while it fills its batch; requests come between."""
    total = 0
    for _ in range(MAX_BATCHES):
        try:
            count = await step()
        except (Conflict, Clash):
            break
        total += count
        if count < full:
            break
        await asyncio.sleep(0)
    return total


async def _dropped(engine: Engine, expiry: _Expiry) -> int:
    before: datetime = await engine.store.now() - expiry.kept
    for _ in range(_ATTEMPTS):
        old = await engine.store.find(
            expiry.kind,
            {**expiry.where, expiry.moment: Span(before=before)},
            order=(By(expiry.moment),),
            limit=BATCH,
        )
        if not old.records:
            return 0
        try:
            await engine.write(Changes(deletes=old.records))
        except Conflict:
            continue
        return len(old.records)
    return 0
