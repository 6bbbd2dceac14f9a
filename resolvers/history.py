"""What happened how often: read from the tallies, never counted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from resolvers.acts import Act
from resolvers.inputs import page_size
from resolvers.tallies import REFUSAL, TAKEOVER, WAIT, Topic
from resolvers.tally_flush import Bucket, blank
from store.port import By, Span, Where
from store.records import Tally

MOST_BUCKETS = 400
MOST_DAYS = 90
_INSTANT = timedelta(microseconds=1)
_LENGTHS = {Bucket.HOUR: timedelta(hours=1), Bucket.DAY: timedelta(days=1)}
_ORDER = (By("starts_at"),)


@dataclass(frozen=True, slots=True)
class NamedCount:
    """How often something was counted."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ActivityBucket:
    """An hour or a day, and how often what happened in it, the most frequent first."""

    starts_at: datetime
    total: int
    counts: tuple[NamedCount, ...]


@dataclass(frozen=True, slots=True)
class ContestedPath:
    """How often a path was in the way of a request: it was refused, had to wait, or took it over."""

    path: str
    refusals: int
    waits: int
    takeovers: int

    @property
    def total(self) -> int:
        return self.refusals + self.waits + self.takeovers


async def activity(
    act: Act, *, project: str | None = None, topic: Topic = Topic.EVENTS, span: Bucket, last: int
) -> list[ActivityBucket]:
    """Return the `last` (1 to 400) hours or days up to now, oldest first, empty ones included.

    Days and hours are those of UTC. What happened a few seconds ago is not counted yet.

    Raises:
        BadInput: `last` is out of bounds.
    """
    where = act.project(project)
    count = page_size("last", last, limit=MOST_BUCKETS)
    newest = blank(where, topic, span, await act.store.now()).starts_at
    starts = [newest - _LENGTHS[span] * back for back in reversed(range(count))]
    found = {one.starts_at: one.counts for one in await _read(act, where, topic, span, starts[0])}
    return [_bucket(start, found.get(start, {})) for start in starts]


async def lock_contention(
    act: Act, *, project: str | None = None, days: int = 7, first: int = 20
) -> list[ContestedPath]:
    """Return the `first` (1 to 100) paths most fought over in the last `days` (1 to 90), today included.

    Raises:
        BadInput: a number is out of bounds.
    """
    where = act.project(project)
    size = page_size("first", first)
    back = timedelta(days=page_size("days", days, limit=MOST_DAYS) - 1)
    since = blank(where, Topic.LOCKS, Bucket.DAY, await act.store.now()).starts_at - back
    sums: dict[str, dict[str, int]] = {}
    for tally in await _read(act, where, Topic.LOCKS, Bucket.DAY, since):
        for name, count in tally.counts.items():
            how, sign, path = name.partition(":")
            if sign:
                row = sums.setdefault(path, {})
                row[how] = row.get(how, 0) + count
    paths = [
        ContestedPath(path, row.get(REFUSAL, 0), row.get(WAIT, 0), row.get(TAKEOVER, 0))
        for path, row in sums.items()
    ]
    return sorted(paths, key=lambda one: (-one.total, one.path))[:size]


async def _read(act: Act, project: str, topic: Topic, span: Bucket, since: datetime) -> tuple[Tally, ...]:
    where: Where = {
        "project": project,
        "topic": topic.value,
        "span": span.value,
        "starts_at": Span(after=since - _INSTANT),
    }
    return (await act.store.find(Tally, where, order=_ORDER, limit=MOST_BUCKETS)).records


def _bucket(starts_at: datetime, counts: Mapping[str, int]) -> ActivityBucket:
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ActivityBucket(
        starts_at, sum(counts.values()), tuple(NamedCount(name, count) for name, count in ranked)
    )
