"""What of a project's documents is worth cleaning up: pairs that say almost the same, and what nobody wrote for long."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from resolvers.knowledge.duplicates import NEAR, bands, shingles, similarity
from resolvers.knowledge.fields import DocumentStatus, readable
from resolvers.knowledge.finding import handed_out
from resolvers.listing import Listing, listing
from store.port import By, Span, Where
from store.records import Document, DocumentBand

MOST_DAYS = 3_650
_LOOKED_AT = 1_000
_PAGES = 3
_ALIKE = 20
_COMPARED = 100
_BY_BAND = (By("band"),)
_OLDEST = (By("updated_at"),)


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two active documents that say almost the same, the older one first; `similarity` is 0.8 to 1."""

    older: Document
    newer: Document
    similarity: float


@dataclass(frozen=True, slots=True)
class DuplicatePage:
    """Some pairs; `following` continues the search, None at its end."""

    pairs: tuple[DuplicatePair, ...]
    following: str | None


async def duplicate_documents(
    act: Act, *, project: str | None = None, first: int = 20, after: str | None = None
) -> DuplicatePage:
    """Return pairs of near duplicates as they are met going through the bands of all documents.

    At most 3,000 bands are looked at, 8 a document, of a band the first 20 documents, and some 100 of
    them are compared: a page may be short or empty though more follow, and longer than `first` (1 to
    100) by the pairs of one band.

    Raises:
        BadInput: `first` is out of bounds, or `after` is not a cursor of this list.
    """
    where, size = readable(act, project), page_size("first", first)
    behind = _band(after) if after else ""
    found: list[DuplicatePair] = []
    compared = 0
    for _ in range(_PAGES):
        alike, is_last = await _alike(act, where, behind)
        chosen = _chosen(alike)
        documents = await _active(act, [one for ids in chosen.values() for one in ids])
        # Beside the requests: long texts take a while.
        met, behind = await asyncio.to_thread(_met, chosen, documents, size - len(found), behind)
        found += met
        compared += len(documents)
        if is_last and behind == next(reversed(alike), behind):
            return DuplicatePage(tuple(found), None)
        if len(found) >= size or compared >= _COMPARED:
            break
    return DuplicatePage(tuple(found), _encoded(behind))


async def _alike(act: Act, project: str, behind: str) -> tuple[dict[str, list[str]], bool]:
    """Return the documents of the bands that follow, and whether no band comes after these."""
    span: Where = {"project": project, "band": Span(after=behind)}
    page = await act.store.find(DocumentBand, span, order=_BY_BAND, limit=_LOOKED_AT)
    alike: dict[str, list[str]] = {}
    for one in page.records:
        alike.setdefault(one.band, []).append(one.document_id)
    if page.after is not None and len(alike) > 1:
        # The last band may go on behind this page.
        alike.popitem()
    return alike, page.after is None


def _chosen(alike: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the first bands, of each the first 20 documents, none where there is one: some 100 documents in all."""
    chosen: dict[str, list[str]] = {}
    met: set[str] = set()
    for band, ids in alike.items():
        if len(met) >= _COMPARED:
            break
        chosen[band] = ids[:_ALIKE] if len(ids) > 1 else []
        met.update(chosen[band])
    return chosen


def _met(
    alike: Mapping[str, list[str]], documents: Mapping[str, Document], wanted: int, behind: str
) -> tuple[list[DuplicatePair], str]:
    """Return the pairs of these bands, until there are enough, and the last band looked at."""
    sketches = {one: shingles(found.title, found.content) for one, found in documents.items()}
    kept = {one: set(bands(sketch)) for one, sketch in sketches.items()}
    found: list[DuplicatePair] = []
    for behind, ids in alike.items():
        here = sorted(
            (documents[one] for one in ids if one in documents), key=lambda one: (one.created_at, one.id)
        )
        for one, other in combinations(here, 2):
            # Each pair once: in the first band that both are in.
            if min(kept[one.id] & kept[other.id], default=behind) == behind:
                alikeness = similarity(sketches[one.id], sketches[other.id])
                if alikeness >= NEAR:
                    found.append(DuplicatePair(one, other, round(alikeness, 3)))
        if len(found) >= wanted:
            break
    return found, behind


async def _active(act: Act, ids: Sequence[str]) -> dict[str, Document]:
    distinct = list(dict.fromkeys(ids))
    found = await act.store.get_many(Document, distinct) if distinct else {}
    return {name: one for name, one in found.items() if one.status == DocumentStatus.ACTIVE}


async def stale_documents(
    act: Act, *, project: str | None = None, days: int = 30, first: int = 50, after: str | None = None
) -> Listing[Any]:
    """Return active documents not written for `days` (1 to 3,650), the oldest first, as they are handed out.

    Raises:
        BadInput: a number is out of bounds, or `after` is not a cursor of this list.
    """
    where = readable(act, project)
    old = timedelta(days=page_size("days", days, limit=MOST_DAYS))
    asked: Where = {
        "project": where,
        "status": DocumentStatus.ACTIVE.value,
        "updated_at": Span(before=await act.store.now() - old),
    }
    page: Listing[Any] = await listing(
        act, Document, asked, _OLDEST, first=first, after=after, projects=(where,)
    )
    return Listing(tuple(await handed_out(act, page.records)), page.order, page.after, page.cursor)


def _encoded(band: str) -> str:
    return base64.urlsafe_b64encode(band.encode()).decode().rstrip("=")


def _band(after: str) -> str:
    try:
        return base64.b64decode(after.encode() + b"=" * (-len(after) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
