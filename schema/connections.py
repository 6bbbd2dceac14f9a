"""How lists are shown: Relay connections for those that grow."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from resolvers.listing import Listing
from store.keyset import keyset_of

T = TypeVar("T")

First = Annotated[int, strawberry.argument(description="How many to return, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="`pageInfo.endCursor` of the page before.")]


@strawberry.type(description="Where a page ends.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow.")
    end_cursor: str | None = strawberry.field(description="Pass it as `after` for the next page.")
    has_previous_page: bool = strawberry.field(description="Always false: lists are read forwards.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first entry.")


@strawberry.type(description="An entry and its place in the list.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Its place; pass it as `after` to go on behind it.")


def _keyset(listing: Listing[Any], index: int) -> str | None:
    return keyset_of(listing.records[index], listing.order) if listing.records else None


def _edges(root: Any) -> Any:
    return [Edge(node=record, cursor=keyset_of(record, root.order)) for record in root.records]


def _page_info(root: Any) -> PageInfo:
    return PageInfo(
        has_next_page=root.after is not None,
        end_cursor=_keyset(root, -1),
        has_previous_page=False,
        start_cursor=_keyset(root, 0),
    )


@strawberry.type(description="A page of a list that grows (Relay connection).")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The entries.", resolver=lambda root: root.records)
    edges: list[Edge[T]] = strawberry.field(description="The entries with their cursors.", resolver=_edges)
    page_info: PageInfo = strawberry.field(description="Where the page ends.", resolver=_page_info)
    cursor: str = strawberry.field(
        description="The feed's cursor from before the page was read: subscribe `after` it to miss nothing."
    )
