"""How a function is found before another one is written: ranked, and cut to what a reader has room for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.functions.fields import is_out_of_date, seen
from resolvers.inputs import page_size, text
from resolvers.search import Found, search
from store.port import GetMany
from store.records import SHARED, Function, Usage

FOUND, MOST_FOUND = 5, 50
MAX_QUERY = 2_000
FEWEST_TOKENS, MOST_TOKENS = 50, 20_000
TOKENS_EACH = 120
"""What an entry may take where nothing else is said."""

_CHARACTERS_A_TOKEN = 4
_ROOM = (600, 300, 200, 140, 100, 70, 50, 35)
"""Characters of the purpose, from generous to terse: the first that fits is taken; other texts get less."""

_KEYS = 170
"""Characters of an entry's keys and punctuation."""


@dataclass(frozen=True, slots=True)
class FoundFunction:
    """A function found. Its texts are shortened; `relevance` is 0 to 1."""

    function: Function
    relevance: float
    access_count: int
    purpose: str
    gotchas: str
    signature: str
    prefer_over: str
    requires: tuple[str, ...]

    @property
    def percent(self) -> str:
        return f"{round(self.relevance * 100)}%"

    @property
    def is_enriched(self) -> bool:
        return self.function.enriched_at is not None

    @property
    def is_out_of_date(self) -> bool:
        return is_out_of_date(self.function)

    @property
    def characters(self) -> int:
        """About how long it is as JSON."""
        one = self.function
        told = [one.id, one.name, one.file, one.project, self.purpose, self.gotchas, self.signature]
        return _KEYS + len(json.dumps([*told, self.prefer_over, *self.requires], ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class FoundFunctions:
    """What was found, best first. Degraded: by words alone. `left_out` had no room."""

    query: str
    results: tuple[FoundFunction, ...]
    is_degraded: bool
    left_out: int


async def find_functions(
    act: Act,
    *,
    query: str,
    project: str | None = None,
    include_shared: bool = True,
    limit: int | None = None,
    max_tokens: int | None = None,
    counts_as_use: bool = True,
) -> FoundFunctions:
    """Return the 5, or up to 50, functions that best match a description of what is needed.

    The answer takes at most `max_tokens` (50 to 20,000; by default 120 for each asked for): texts
    are shortened first, then the last are left out. `counts_as_use`: it raises their `access_count`.

    Raises:
        BadInput: a value cannot be taken.
    """
    project = seen(act, project)
    asked = text("query", query, required=True, max_bytes=MAX_QUERY)
    size = FOUND if limit is None else page_size("limit", limit, limit=MOST_FOUND)
    room = size * TOKENS_EACH if max_tokens is None else max_tokens
    if max_tokens is not None and not FEWEST_TOKENS <= max_tokens <= MOST_TOKENS:
        raise BadInput("max_tokens", f"must be between {FEWEST_TOKENS} and {MOST_TOKENS:,}")
    projects = tuple(dict.fromkeys((project, *((SHARED,) if include_shared else ()))))
    results = await search(act, Function, asked, {}, projects=projects, limit=size)
    counts = await _counts(act, [found.record.id for found in results.found])
    shown = _fitting(results.found, counts, room * _CHARACTERS_A_TOKEN - len(asked) - 100)
    if counts_as_use:
        act.engine.usage.add(found.function for found in shown)
    return FoundFunctions(asked, shown, results.is_degraded, len(results.found) - len(shown))


async def _counts(act: Act, ids: Sequence[str]) -> dict[str, int]:
    if not ids:
        return {}
    (found,) = await act.store.read(GetMany(Usage, tuple(ids)))
    written = {record_id: usage.count for record_id, usage in found.items()}
    return {record_id: written.get(record_id, 0) + act.engine.usage.pending(record_id) for record_id in ids}


def _fitting(
    found: Sequence[Found[Function]], counts: dict[str, int], characters: int
) -> tuple[FoundFunction, ...]:
    for room in _ROOM:
        shown = [_shown(one, counts.get(one.record.id, 0), room) for one in found]
        if sum(one.characters for one in shown) <= characters:
            return tuple(shown)
    while len(shown) > 1 and sum(one.characters for one in shown) > characters:
        shown.pop()
    return tuple(shown)


def _shown(found: Found[Function], count: int, room: int) -> FoundFunction:
    one = found.record
    gotchas = " ".join(part for part in (one.gotchas, one.additional_gotchas) if part)
    kept: list[str] = []
    for needed in one.requires:
        if sum(map(len, kept)) + len(needed) <= room // 2:
            kept.append(needed)
    return FoundFunction(
        function=one,
        relevance=round(found.relevance, 4),
        access_count=count,
        purpose=_cut(one.purpose, room),
        gotchas=_cut(gotchas, room * 3 // 4),
        signature=_cut(one.signature, room * 3 // 4),
        prefer_over=_cut(one.prefer_over, room // 2),
        requires=tuple(kept),
    )


def _cut(said: str, room: int) -> str:
    said = " ".join(said.split())
    return said if len(said) <= room else said[: room - 1].rstrip() + "…"
