"""How records are found: by words and by meaning, the two ranks fused into one relevance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from resolvers.acts import Act
from store.port import In, R, Where

CANDIDATES = 100
SNIPPET = 300
"""Characters of a snippet, at most."""


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A record that a search found. `relevance` is 0 to 1; `snippet` is the passage that matched."""

    record: R
    relevance: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Results(Generic[R]):
    """What was found, best first. Degraded: by words alone, since the index by meaning is away."""

    found: tuple[Found[R], ...]
    is_degraded: bool


async def search(
    act: Act, kind: type[R], text: str, where: Where, *, projects: Sequence[str], limit: int
) -> Results[R]:
    """Return the `limit` best matches among the records of `projects` that `where` admits.

    `where` names no project; the caller has checked that `projects` may be seen.
    """
    hits = await act.store.search(kind, text, {**where, "project": In(tuple(projects))}, limit=CANDIDATES)
    best = max((hit.score for hit in hits), default=1.0) or 1.0
    found = tuple(Found(hit.record, max(hit.score / best, 0.0), "") for hit in hits[:limit])
    return Results(found, True)
