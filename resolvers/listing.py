"""How a list that grows is read: a page of records, with the feed's cursor from before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from resolvers.rules import MAX_PAGE
from store.cursor import Cursor
from store.port import By, Find, Heads, R, Where
from store.records import Record


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """A page of records in order.

    `after` continues it (None at the end). `cursor` is the feed's, of the moment at which the page
    was read: a subscription from there misses nothing of what happens to the list.
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
    return await page_of(act, Find(kind, where, tuple(order), size, after), tuple(named))


async def page_of(act: Act, ask: Find, projects: Sequence[str]) -> Listing[Any]:
    """Return what `ask` finds, with the cursor of these projects' feed in the same snapshot.

    Raises:
        BadInput: `ask.after` is not a cursor of this list.
    """
    # What the key does not include it cannot follow either: the server's own log, for a list with global entries.
    followed = tuple(project for project in projects if act.caller.sees(project))
    try:
        heads, page = await act.store.read(Heads(followed), ask)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
    cursor = Cursor({name: head.last for name, head in heads.items()})
    return Listing(page.records, ask.order, page.after, cursor.encode())


def snapshot(record: Record, *fields: str) -> dict[str, object]:
    """Return the named fields of a record as JSON for an event's data."""
    return {name: _plain(getattr(record, name)) for name in fields}


def _plain(value: object) -> object:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
