"""How records are found: by words and by meaning, the two ranks fused into one relevance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from resolvers.acts import Act
from resolvers.snippets import snippet
from store.index import Near, indexed_text
from store.port import In, R, Where

CANDIDATES = 100
WIDER = 400
"""Candidates by meaning when too many of the nearest are filtered out."""
_MANY = CANDIDATES // 2
"""So many may be all that an approximate index finds of 100; there may be more."""
SNIPPET = 300
"""Characters of a snippet, at most."""
MEANING = 0.8
"""Share of the cosine in the relevance; the rest is the share of the best score by words."""
FLOOR = 0.3
"""Least cosine of what is found by meaning alone: below it are chance neighbours."""


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


@dataclass(frozen=True, slots=True)
class _Candidate(Generic[R]):
    record: R
    words: float = 0.0
    near: Near | None = None


async def search(
    act: Act, kind: type[R], text: str, where: Where, *, projects: Sequence[str], limit: int
) -> Results[R]:
    """Return the `limit` best matches among the records of `projects` that `where` admits.

    `where` names no project; the caller has checked that `projects` may be seen. Relevance is
    0.8 x cosine + 0.2 x (score by words / the best such score); without the index by meaning it is
    the latter alone.
    """
    if not text.strip():
        return Results((), False)
    within: Where = {**where, "project": In(tuple(projects))}
    index = act.engine.index
    if index is None:
        hits = await act.store.search(kind, text, within, limit=CANDIDATES)
        return _ranked(
            {hit.record.id: _Candidate(hit.record, hit.score) for hit in hits}, [], text, limit, False
        )
    hits, near = await asyncio.gather(
        act.store.search(kind, text, within, limit=CANDIDATES),
        index.nearest(kind, projects, text, CANDIDATES),
    )
    found = {hit.record.id: _Candidate(hit.record, hit.score) for hit in hits}
    if near is None:
        return _ranked(found, [], text, limit, True)
    found = await _with_near(act, kind, within, found, near)
    if len(found) < limit and len(near) >= _MANY:
        near = await index.nearest(kind, projects, text, WIDER) or near
        found = await _with_near(act, kind, within, found, near)
    return _ranked(found, near, text, limit, index.health().is_degraded)


async def _with_near(
    act: Act, kind: type[R], within: Where, found: dict[str, _Candidate[R]], near: list[Near]
) -> dict[str, _Candidate[R]]:
    """Add what was found by meaning; the records come through the caller's scope and the filter."""
    missing = tuple(one.record_id for one in near if one.cosine >= FLOOR and one.record_id not in found)
    records: dict[str, R] = {}
    if missing:
        page = await act.store.find(kind, {**within, "id": In(missing)}, limit=len(missing))
        records = {record.id: record for record in page.records}
    together = dict(found)
    for one in near:
        held = together.get(one.record_id)
        if held is not None:
            together[one.record_id] = _Candidate(held.record, held.words, one)
        elif one.record_id in records:
            together[one.record_id] = _Candidate(records[one.record_id], 0.0, one)
    return together


def _ranked(
    found: dict[str, _Candidate[R]], near: list[Near], text: str, limit: int, is_degraded: bool
) -> Results[R]:
    best = max((one.words for one in found.values()), default=0.0) or 1.0
    lowest = max(near[-1].cosine, 0.0) if near else 0.0
    scored = []
    for one in found.values():
        by_words = max(one.words / best, 0.0)
        cosine = one.near.cosine if one.near is not None else lowest
        score = MEANING * cosine + (1 - MEANING) * by_words if near else by_words
        scored.append((min(max(score, 0.0), 1.0), one))
    # Only what is as good to the third digit is ordered by age.
    scored.sort(key=lambda pair: (round(pair[0], 3), pair[1].record.created_at), reverse=True)
    return Results(
        tuple(
            Found(one.record, score, snippet(indexed_text(one.record), text, one.near, SNIPPET))
            for score, one in scored[:limit]
        ),
        is_degraded,
    )
