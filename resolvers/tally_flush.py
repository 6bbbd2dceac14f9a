"""How tallies are written: in batches beside the requests, each hour also into its day; and for how long they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from resolvers.acts import Act, Decision, Engine
from resolvers.flushing import flush
from resolvers.tallies import Hour, Topic
from store.port import Changes
from store.records import Tally

HOURS_KEPT = timedelta(days=14)
MOST_NAMES = 300
REST = "…"
"""What names count as that come after the first 300 of a day."""


class Bucket(StrEnum):
    """How long a time one tally covers."""

    HOUR = "hour"
    DAY = "day"


async def flush_tallies(engine: Engine) -> int:
    """Write what was counted; return of how many hours and topics. What fails is kept for the next time.

    Raises:
        Clash, Unready: it could not be written.
    """
    return await flush(engine, engine.tallies, _write)


async def _write(act: Act, taken: dict[Hour, dict[str, int]]) -> None:
    wanted: dict[str, Tally] = {}
    for (project, topic, hour), counts in taken.items():
        # Of locks only days are asked for: paths are many.
        for bucket in (Bucket.DAY,) if topic is Topic.LOCKS else (Bucket.HOUR, Bucket.DAY):
            fresh = blank(project, topic, bucket, hour)
            before = wanted.get(fresh.id, fresh)
            wanted[fresh.id] = replace(before, counts=_sum(before.counts, counts))

    async def decision(now: datetime) -> Decision[None]:
        found = await act.store.get_many(Tally, list(wanted))
        puts = []
        for made in wanted.values():
            known = found.get(made.id) or replace(made, counts={}, created_at=now)
            puts.append(replace(known, counts=_sum(known.counts, made.counts), updated_at=now))
        return Decision(None, Changes(puts=tuple(puts)))

    await act.decide(decision)


def blank(project: str, topic: Topic, bucket: Bucket, at: datetime) -> Tally:
    """Return the empty tally that the moment `at` falls into."""
    starts_at = at.replace(minute=0, second=0, microsecond=0)
    if bucket is Bucket.DAY:
        starts_at = starts_at.replace(hour=0)
    return Tally(
        id=f"{project}:{topic}:{bucket}:{starts_at:%Y-%m-%dT%H}",
        project=project,
        topic=topic.value,
        span=bucket.value,
        starts_at=starts_at,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    total = dict(one)
    for name, count in other.items():
        place = name if name in total or len(total) < MOST_NAMES else REST
        total[place] = total.get(place, 0) + count
    return total
