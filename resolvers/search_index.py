"""How far the index by meaning is, and its making anew on an administrator's word."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.acts import Act
from resolvers.errors import Forbidden, Unready
from store.index import IndexAway, IndexHealth


@dataclass(frozen=True, slots=True)
class Reindexing:
    """A rebuild that has begun; `project` is empty when it is of all. Switched off, there is nothing to do."""

    project: str
    total: int


async def search_index(act: Act) -> IndexHealth:
    """Return how the index does."""
    index = act.engine.index
    return IndexHealth("switched off", "INTERLOCK_EMBEDDER is off") if index is None else await index.look()


async def reindex(act: Act, *, project: str | None) -> Reindexing:
    """Begin to make the index anew, of one project or of all.

    Raises:
        Forbidden: all are meant, and the key does not include all.
        Unready: the index cannot be reached.
    """
    name = act.project(project) if project else None
    if name is None and act.caller.projects is not None:
        raise Forbidden("this key does not include all projects", hint="Name one of them as project.")
    index = act.engine.index
    if index is None:
        return Reindexing(name or "", 0)
    try:
        total = await index.reindex(name)
    except IndexAway as error:
        raise Unready(f"the search index is away: {error}") from error
    return Reindexing(name or "", total)
