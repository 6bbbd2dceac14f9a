"""What becomes of documents past their time: they are marked as expired, and later forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from resolvers.acts import Act, Decision, Engine
from resolvers.callers import LOCAL_OWNER
from resolvers.knowledge.fields import DocumentStatus
from store.knowledge import DocumentBand, DocumentDigest, DocumentTag
from store.port import By, Changes, Find, Get, GetMany, Span, Where
from store.records import Document, NewEvent, Record, Usage

_ENDING = tuple(
    status.value
    for status in DocumentStatus
    if status not in (DocumentStatus.EXPIRED, DocumentStatus.ARCHIVED)
)
PURGED_AT_ONCE = 50
_BY_EXPIRY = (By("expires_at"),)


async def expire_documents(engine: Engine, limit: int = 200) -> int:
    """Mark up to `limit` documents past their time as expired; return how many. Archived ones stay so."""
    act = Act(engine, LOCAL_OWNER)

    async def decision(now: datetime) -> Decision[int]:
        over = Span(before=now)
        pages = await act.store.read(
            *(Find(Document, {"status": status, "expires_at": over}, _BY_EXPIRY, limit) for status in _ENDING)
        )
        due = [record for page in pages for record in page.records][:limit]
        puts = tuple(replace(one, status=DocumentStatus.EXPIRED.value, status_at=now) for one in due)
        return Decision(len(puts), Changes(puts=puts, events=_told(puts, "status_changed")))

    return await act.decide(decision)


async def purge_documents(engine: Engine, limit: int = PURGED_AT_ONCE) -> int:
    """Forget up to `limit` documents that expired longer ago than they are kept; return how many.

    Their tags, sketches, digests and counts go with them.
    """
    act = Act(engine, LOCAL_OWNER)

    async def decision(now: datetime) -> Decision[int]:
        before = Span(before=now - act.rules.document_retention)
        where: Where = {"status": DocumentStatus.EXPIRED.value, "expires_at": before}
        (page,) = await act.store.read(Find(Document, where, _BY_EXPIRY, limit))
        if not page.records:
            return Decision(0)
        ids = tuple(one.id for one in page.records)
        parts = await act.store.read(
            GetMany(Usage, ids),
            *(
                Find(kind, {"document_id": one}, limit=1_000)
                for one in ids
                for kind in (DocumentTag, DocumentBand)
            ),
            *(Get(DocumentDigest, f"{one.project}:{one.content_hash}") for one in page.records),
        )
        deletes = [*page.records, *_gone_with(parts, ids)]
        return Decision(len(ids), Changes(deletes=tuple(deletes), events=_told(page.records, "purged")))

    return await act.decide(decision)


def _gone_with(parts: Sequence[object], ids: Sequence[str]) -> list[Record]:
    """Return the records that belong to the documents and to no other."""
    gone: dict[tuple[type, str], Record] = {}
    for part in parts:
        if isinstance(part, dict):
            records = tuple(part.values())
        elif isinstance(part, DocumentDigest):
            records = (part,) if part.document_id in ids else ()
        else:
            records = getattr(part, "records", ())
        gone |= {(type(record), record.id): record for record in records}
    return list(gone.values())


def _told(changed: Sequence[Document], verb: str) -> tuple[NewEvent, ...]:
    by_project: dict[str, list[str]] = {}
    for one in changed:
        by_project.setdefault(one.project, []).append(one.id)
    status = DocumentStatus.EXPIRED.value
    return tuple(
        NewEvent(
            project=project,
            kind=f"document.{verb}",
            subject="",
            actor="interlock",
            data={"ids": ids, "status": status},
        )
        for project, ids in by_project.items()
    )
