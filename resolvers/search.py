"""How records are found: by words and by meaning, the two ranks fused into one relevance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from resolvers.acts import Act
from resolvers.snippets import snippet
from store.index import Near, indexed_text
from store.port import In, R, Where
from store.words import asked_words

CANDIDATES = 100
WIDER = 400
"""Candidates by meaning when too many of the nearest are filtered out."""
_MANY = CANDIDATES // 2
"""So many may be all that an approximate index finds of 100; there may be more."""
SNIPPET = 300
"""Characters of a snippet, at most."""
WORDS = 0.35
"""Share of the score by words in the relevance, where the best hit holds all words asked for; the rest is the cosine."""
FLOOR = 0.2
"""Least cosine of what is found by meaning alone: right answers to paraphrases begin there, chance neighbours end."""
_STEM = 5
_ALIKE = 0.001
"""Relevances nearer than this may be ordered by age."""


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A record that a search found. `relevance` is 0 to 1; `snippet` is the passage that matched."""

    record: R
    relevance: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Results(Generic[R]):
    """What was found, best first. Degraded: the index by meaning is away, or has not read all yet."""

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
    (1 - w) x cosine + w x (score by words / the best such score), where w is 0.35 x the share of the
    words asked for that the best hit by words holds: a stray common word says little. Without the
    index by meaning it is the score by words x that share.
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
    found = await _with_near(act, kind, within, found, _in_reach(found, near, text, limit))
    if len(found) < limit and len(near) >= _MANY:
        near = await index.nearest(kind, projects, text, WIDER) or near
        found = await _with_near(act, kind, within, found, near)
    is_degraded = index.health().is_degraded or index.is_behind(projects)
    return _ranked(found, near, text, limit, is_degraded)


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


def _in_reach(found: dict[str, _Candidate[R]], near: list[Near], text: str, limit: int) -> list[Near]:
    """Leave out what was found by meaning alone and cannot come among the first: its record is not read.

    Among `limit` records that are read already the last sets the mark, less what rounding may hide.
    """
    if len(found) < limit:
        return near
    cosines = {one.record_id: one for one in near}
    share, scored = _scored({**found, **_joined(found, cosines)}, near, text)
    mark = sorted((score for score, _ in scored), reverse=True)[limit - 1] - _ALIKE
    return [one for one in near if one.record_id in found or (1 - share) * one.cosine >= mark]


def _joined(found: dict[str, _Candidate[R]], near: Mapping[str, Near]) -> dict[str, _Candidate[R]]:
    """Return what was found by words and by meaning, with its place in both."""
    return {
        name: _Candidate(one.record, one.words, near[name]) for name, one in found.items() if name in near
    }


def _ranked(
    found: dict[str, _Candidate[R]], near: list[Near], text: str, limit: int, is_degraded: bool
) -> Results[R]:
    _, scored = _scored(found, near, text)
    # Only what is as good to the third digit is ordered by age.
    scored.sort(key=lambda pair: (round(pair[0], 3), pair[1].record.created_at), reverse=True)
    return Results(
        tuple(
            Found(one.record, score, snippet(indexed_text(one.record), text, one.near, SNIPPET))
            for score, one in scored[:limit]
        ),
        is_degraded,
    )


def _scored(
    found: dict[str, _Candidate[R]], near: list[Near], text: str
) -> tuple[float, list[tuple[float, _Candidate[R]]]]:
    """Return the share of words in the relevance, and each candidate with its relevance."""
    first = max(found.values(), key=lambda one: one.words, default=None)
    best = (first.words if first else 0.0) or 1.0
    held = _held(indexed_text(first.record), text) if first else 0.0
    share = WORDS * held
    lowest = max(near[-1].cosine, 0.0) if near else 0.0
    scored = []
    for one in found.values():
        by_words = max(one.words / best, 0.0)
        cosine = one.near.cosine if one.near is not None else lowest
        score = (1 - share) * cosine + share * by_words if near else held * by_words
        scored.append((min(max(score, 0.0), 1.0), one))
    return share, scored


def _held(text: str, asked: str) -> float:
    """Return about which share of the words asked for a text holds: told by their first five letters."""
    wanted = {word[:_STEM] for word in asked_words(asked)}
    lower = text.lower()
    return sum(word in lower for word in wanted) / len(wanted) if wanted else 0.0
