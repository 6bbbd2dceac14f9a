"""What a store offers to those who move all of it: a snapshot of everything, and putting back as it was."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from store.codec import Codec, encode_int
from store.moving.portable import check_lists
from store.port import Head, Store
from store.records import Event, Record

R = TypeVar("R", bound=Record)
Entry = TypeVar("Entry", bound=Record | Event)
Row = TypeVar("Row")

PAGE = 200
"""Records or events that are in memory at once."""

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What decoding raises where the storage holds something else than was written."""

Refuse = Callable[[str], object]


def refused(said: str) -> NoReturn:
    """Raise what is said of a record that cannot be read."""
    raise ValueError(said)


class Snapshot(ABC):
    """Everything as it was at one moment, whatever is written meanwhile. Any call may raise `Unavailable`.

    `project` leaves the records of that project alone.
    """

    @abstractmethod
    async def count(self, kind: type[Record], project: str | None = None) -> int:
        """Return how many records of the kind there are."""

    @abstractmethod
    def pages(
        self, kind: type[R], project: str | None = None, refuse: Refuse = refused
    ) -> AsyncIterator[list[R]]:
        """Yield all records of the kind by id (the bytes of its UTF-8), at most 200 at a time.

        Of one that cannot be read `refuse` is told which, and why; by default that is raised.

        Raises:
            ValueError: one cannot be read.
        """

    @abstractmethod
    async def get_many(self, kind: type[R], record_ids: Sequence[str]) -> dict[str, R]:
        """Return the records that exist among `record_ids` (at most 1,000) and can be read, by id."""

    @abstractmethod
    async def logs(self) -> dict[str, Head]:
        """Return the ends of all logs as their counters have them, by project; the server's own is "".

        Raises:
            ValueError: a counter cannot be read.
        """

    @abstractmethod
    async def logged(self) -> list[str]:
        """Return every project of which there is an event, whether it has a counter or not."""

    @abstractmethod
    def events(self, project: str, refuse: Refuse = refused) -> AsyncIterator[list[Event]]:
        """Yield the events of a log by number, at most 200 at a time; `refuse` as for `pages`."""

    @abstractmethod
    def misworded(self, kind: type[Record]) -> AsyncIterator[list[str]]:
        """Yield the ids of records whose words, by which they are searched, are not those of their text."""

    @abstractmethod
    async def damages(self) -> list[str]:
        """Return what the storage itself finds wrong with its files, a line each; empty where it cannot tell."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """What is put back at once, each with the version or number that it had.

    A record comes with the version of the one that it replaces (0: there must be none). `logs` begins
    logs, with the number of their first event. `events` follow the last one of their log without a gap.
    """

    records: tuple[tuple[Record, int], ...] = ()
    logs: Mapping[str, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


class MovableStore(Store):
    """A store that can be exported and imported. Nothing that a request can reach has these calls."""

    @abstractmethod
    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Hold a snapshot of this moment; the store goes on meanwhile."""

    @abstractmethod
    async def restore(self, restoration: Restoration) -> None:
        """Write all of `restoration` or nothing, durably, versions, times and numbers as they are given.

        Words to search by and unique keys are made as by `commit`; nobody is told.

        Raises:
            Conflict: a record is not at the version to be replaced, a log to be begun has begun, or
                an event does not follow the last one of its log.
            Duplicate: a unique key would be broken.
            ValueError: a value cannot be kept.
        """


def readable(
    rows: Iterable[Row],
    decode: Callable[[Row], Entry],
    codec: Codec,
    named: Callable[[Row], str],
    refuse: Refuse = refused,
) -> list[Entry]:
    """Return what the rows hold; `refuse` is told of each that is not what could have been written."""
    found = []
    for row in rows:
        try:
            entry = decode(row)
            codec.encode(entry)
            check_lists(entry)
        except UNREADABLE as exc:
            refuse(f"{named(row)}: {exc}")
        else:
            found.append(entry)
    return found


def head_of(project: str, first: Any, last: Any) -> Head:
    """Return the ends of a log.

    Raises:
        ValueError: they are no numbers.
    """
    try:
        return Head(encode_int(first), encode_int(last))
    except ValueError as exc:
        raise ValueError(f"the counter of the log of {project!r} {exc}") from None


def by_log(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Return the events by project, in their order.

    Raises:
        ValueError: those of a project leave a gap, or one is not logged.
    """
    found: dict[str, list[Event]] = {}
    for event in events:
        run = found.setdefault(event.project, [])
        if event.sequence < 1 or (run and event.sequence != run[-1].sequence + 1):
            raise ValueError(f"event {event.sequence} of {event.project!r} is out of its order")
        run.append(event)
    return found
