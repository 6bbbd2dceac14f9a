"""How a list that grows is read: a page of records, with the feed's cursor from before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from resolvers.rules import MAX_PAGE
from store.port import By, R, Where
from store.records import Record


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """A page of records in order.

    `after` continues it (None at the end). `cursor` is the feed's, taken before the page was
    read: a subscription from there misses nothing of what happens to the list.
    """

    records: tuple[R, ...]
    order: tuple[By, ...]
    after: str | None
    cursor: str


async def listing(
    act: Act,
    kind: type[R],
    where: Where,
    order: Sequence[By],
    *,
    first: int,
    after: str | None,
    projects: Sequence[str] | None = None,
    limit: int = MAX_PAGE,
) -> Listing[R]:
    """Return a page of `kind`, at most `limit` records (100 by default).

    `projects` are those whose feed the cursor covers; by default the one in `where`.

    Raises:
        BadInput: `first` is out of bounds, or `after` is not a cursor of this list.
    """
    size = page_size("first", first, limit=limit)
    named = projects if projects is not None else (str(where["project"]),)
    cursor = await act.feed.cursor(tuple(named))
    try:
        page = await act.store.find(kind, where, order=order, limit=size, after=after)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
    return Listing(page.records, tuple(order), page.after, cursor.encode())


def snapshot(record: Record, *fields: str) -> dict[str, object]:
    """Return the named fields of a record as JSON for an event's data."""
    return {name: _plain(getattr(record, name)) for name in fields}


def _plain(value: object) -> object:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
