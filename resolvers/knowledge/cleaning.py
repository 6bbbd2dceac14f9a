"""What of a project's documents is worth cleaning up: pairs that say almost the same, and what nobody wrote for long."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
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

    At most 3,000 bands are looked at, 8 a document, and of a band the first 20 documents: a page may
    be short or empty though more follow, and longer than `first` (1 to 100) by the pairs of one band.

    Raises:
        BadInput: `first` is out of bounds, or `after` is not a cursor of this list.
    """
    where, size = readable(act, project), page_size("first", first)
    behind = _band(after) if after else ""
    found: list[DuplicatePair] = []
    for _ in range(_PAGES):
        span: Where = {"project": where, "band": Span(after=behind)}
        page = await act.store.find(DocumentBand, span, order=_BY_BAND, limit=_LOOKED_AT)
        alike: dict[str, list[str]] = {}
        for one in page.records:
            alike.setdefault(one.band, []).append(one.document_id)
        if page.after is not None and len(alike) > 1:
            # The last band may go on behind this page.
            alike.popitem()
        shared = {band: ids[:_ALIKE] for band, ids in alike.items() if len(ids) > 1}
        documents = await _active(act, [one for ids in shared.values() for one in ids])
        for band in alike:
            behind = band
            if band in shared:
                found += _pairs(band, [documents[one] for one in shared[band] if one in documents])
            if len(found) >= size:
                return DuplicatePage(tuple(found), _encoded(behind))
        if page.after is None:
            return DuplicatePage(tuple(found), None)
    return DuplicatePage(tuple(found), _encoded(behind))


def _pairs(band: str, documents: Sequence[Document]) -> list[DuplicatePair]:
    """Return the pairs of which this is the first band that both are in."""
    sketches = {one.id: shingles(one.title, one.content) for one in documents}
    kept = {one.id: set(bands(sketches[one.id])) for one in documents} if len(documents) > 1 else {}
    found = []
    for one, other in combinations(sorted(documents, key=lambda one: (one.created_at, one.id)), 2):
        alike = similarity(sketches[one.id], sketches[other.id])
        if alike >= NEAR and min(kept[one.id] & kept[other.id], default=band) == band:
            found.append(DuplicatePair(one, other, round(alike, 3)))
    return found


async def _active(act: Act, ids: Sequence[str]) -> dict[str, Document]:
    distinct = list(dict.fromkeys(ids))
    found = await act.store.get_many(Document, distinct[:_LOOKED_AT]) if distinct else {}
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
