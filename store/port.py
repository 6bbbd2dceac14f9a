"""The port of the store: the few calls that every adapter offers, and what they promise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from store.records import Event, NewEvent, Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")

Scalar = str | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class In:
    """The field equals one of `values` (at most 1,000). An empty tuple matches nothing."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The field differs from `value`; `Not(None)` means that it is set."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Span:
    """The field lies between `after` (exclusive) and `before` (exclusive); either may be absent."""

    after: datetime | int | str | None = None
    before: datetime | int | str | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """The text field starts with `text`, compared byte for byte."""

    text: str


@dataclass(frozen=True, slots=True)
class Has:
    """The field is a list of texts that contains `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of `conditions` holds for the field."""

    conditions: tuple[In | Prefix | Scalar, ...]


Condition = Scalar | In | Not | Span | Prefix | Has | AnyOf
Where = Mapping[str, Condition]
"""Field name -> condition; all must hold. A bare scalar means equality, `None` means unset."""

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class By:
    """A field to order by. Ties are always broken by `id` in the direction of the last field."""

    name: str
    direction: Direction = "asc"


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """A run of records in the order asked for; `after` continues it, and is None at the end."""

    records: tuple[R, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Hit(Generic[R]):
    """A record that a search found, with its lexical rank (higher is better, scale free)."""

    record: R
    score: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that one decision wants written, at once.

    A put with `version` 0 creates the record and conflicts if the id exists; any other version
    must be the stored one. `checks` are records that must still stand at the version read. What is
    checked or deleted is given as it was read: of one deleted and made anew since, its version may
    be the same, its `created_at` is not.
    """

    puts: tuple[Record, ...] = ()
    deletes: tuple[Record, ...] = ()
    checks: tuple[Record, ...] = ()
    events: tuple[NewEvent, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.puts or self.deletes or self.events)


@dataclass(frozen=True, slots=True)
class Head:
    """The ends of a project's log: `first` is the oldest sequence number kept, `last` the newest.

    An empty log has `last == first - 1`; both start at `first=1, last=0`.
    """

    first: int = 1
    last: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the store can read and write now, and why not."""

    adapter: str
    can_read: bool
    can_write: bool
    detail: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Get:
    """Asks `read` for what `Store.get` returns."""

    kind: type[Record]
    record_id: str


@dataclass(frozen=True, slots=True)
class GetMany:
    """Asks `read` for what `Store.get_many` returns."""

    kind: type[Record]
    record_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Find:
    """Asks `read` for what `Store.find` returns."""

    kind: type[Record]
    where: Where
    order: tuple[By, ...] = ()
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Asks `read` for what `Store.count` returns."""

    kind: type[Record]
    where: Where
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Heads:
    """Asks `read` for what `Store.heads` returns."""

    projects: tuple[str, ...]


Ask = Get | GetMany | Find | Count | Heads


class Store(ABC):
    """What survives. All reads see every commit acknowledged before they began.

    Every call may raise `Unavailable`. No call blocks the event loop. Cancelling a call does
    not undo a commit that has reached the writer.
    """

    is_shared: ClassVar[bool] = True
    """Whether other processes may write to the same records meanwhile."""

    @abstractmethod
    async def read(self, *asks: Ask) -> tuple[Any, ...]:
        """Answer several questions from one snapshot, in their order: one trip for all of them.

        The answers are those of `get`, `get_many`, `find`, `count` and `heads`, which ask a single one.

        Raises:
            ValueError: a field is unknown, a number is out of bounds, or a cursor is not of the order.
        """

    async def get(self, kind: type[R], record_id: str) -> R | None:
        """Return the record with this id, or None."""
        (found,) = await self.read(Get(kind, record_id))
        return found  # type: ignore[no-any-return]

    async def get_many(self, kind: type[R], record_ids: Sequence[str]) -> dict[str, R]:
        """Return the records that exist among `record_ids` (at most 1,000), by id."""
        (found,) = await self.read(GetMany(kind, tuple(record_ids)))
        return found  # type: ignore[no-any-return]

    async def find(
        self,
        kind: type[R],
        where: Where,
        *,
        order: Sequence[By] = (),
        limit: int = 100,
        after: str | None = None,
    ) -> Page[R]:
        """Return the records that match, in order, `limit` (1 to 1,000) at a time.

        `after` is the opaque keyset cursor of an earlier page of the same `order`: records
        inserted meanwhile neither repeat nor hide others. Order defaults to id.

        Raises:
            ValueError: a field is unknown, or `after` is not a cursor of this order.
        """
        (page,) = await self.read(Find(kind, where, tuple(order), limit, after))
        return page  # type: ignore[no-any-return]

    async def count(self, kind: type[R], where: Where, *, limit: int | None = None) -> int:
        """Return how many records match; with `limit`, count no further than that."""
        (number,) = await self.read(Count(kind, where, limit))
        return number  # type: ignore[no-any-return]

    @abstractmethod
    async def search(self, kind: type[R], text: str, where: Where, *, limit: int = 20) -> list[Hit[R]]:
        """Return the records whose `SEARCHED` fields best match the words of `text`, best first.

        Words are compared stemmed, without case or accents; identifiers match whole and by their
        camelCase and snake_case parts. A text without a word finds nothing.
        """

    @abstractmethod
    async def commit(self, changes: Changes) -> tuple[Event, ...]:
        """Write all of `changes` or nothing, durably; return the events with their numbers.

        Sequence numbers grow by one per project, in commit order. Stored records get
        `version + 1`; `created_at` and `updated_at` are the caller's.

        Raises:
            Conflict: a record is not at the version it was read at.
            Duplicate: a unique key would be broken.
        """

    async def settle(
        self, decide: Callable[[], Awaitable[tuple[T, Changes]]]
    ) -> tuple[T, Changes, tuple[Event, ...]]:
        """Run `decide`, commit the changes it wants, and return its result, these and their events.

        `decide` may await nothing but this store's reads, and may run in another thread. An adapter
        with a single writer runs it inside the transaction: nothing comes between read and write,
        and the whole is one trip. Elsewhere it runs first, and the versions it read are checked.

        Raises:
            Conflict, Duplicate: as `commit`; and whatever `decide` raises, with nothing written.
        """
        result, changes = await decide()
        events = await self.commit(changes) if changes or changes.checks else ()
        return result, changes, events

    @abstractmethod
    async def events_after(self, project: str, sequence: int, limit: int = 500) -> list[Event]:
        """Return up to `limit` events of the project with a greater sequence number, in order."""

    async def heads(self, projects: Sequence[str]) -> dict[str, Head]:
        """Return the ends of each named project's log (`Head()` where it has none)."""
        (found,) = await self.read(Heads(tuple(projects)))
        return found  # type: ignore[no-any-return]

    @abstractmethod
    async def logged_projects(self, *, after: str = "", limit: int = 1000) -> list[str]:
        """Return up to `limit` projects that ever had an event, by name, those behind `after`.

        The server's own log (project "") is not among them.
        """

    @abstractmethod
    async def drop_events(self, before: datetime, limit: int = 1000) -> int:
        """Forget up to `limit` events older than `before`, oldest first; return how many."""

    @abstractmethod
    async def now(self) -> datetime:
        """Return the store's own clock, aware UTC: the one by which leases are judged."""

    @abstractmethod
    async def health(self) -> Health:
        """Try a read and a write, and say how they went. Never raises."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was accepted, then release the storage. Further calls raise `Unavailable`."""
