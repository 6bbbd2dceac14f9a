"""How nested fields read: what the entries of a list ask for in one turn becomes one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from schema.context import RequestContext

V = TypeVar("V")

# What the store takes in one `get_many`.
MAX_BATCH = 1_000


def loader(
    context: RequestContext, name: str, load: Callable[[Sequence[str]], Awaitable[Sequence[V]]]
) -> DataLoader[str, V]:
    """Return the operation's loader of that name, made with `load` when it is first asked for.

    It keeps nothing: a subscription lives on, and what it reads changes.
    """
    found: DataLoader[str, Any] | None = context.loaders.get(name)
    if found is None:
        found = context.loaders[name] = DataLoader(load_fn=load, cache=False, max_batch_size=MAX_BATCH)
    return found
