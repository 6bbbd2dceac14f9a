"""The rules of a document's status: who says that it no longer holds, one by one or all of a tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from resolvers import audit
from resolvers.acts import Act, Decision
from resolvers.answers import answer
from resolvers.errors import BadInput, NotFound
from resolvers.inputs import line
from resolvers.knowledge.fields import DocumentStatus, event_of, expiry, readable
from resolvers.rules import MAX_LINE, MAX_NAME
from store.knowledge import DocumentTag
from store.port import By, Changes, In, Where
from store.records import Document, NewEvent

ALL = "all"
MAX_SHOWN = 20
_BATCH = 200


@answer
@dataclass(frozen=True, slots=True)
class DocumentStatusChange:
    """A document with the status it has now, and the one before."""

    document: Document
    old_status: DocumentStatus


@answer
@dataclass(frozen=True, slots=True)
class TagChange:
    """How many documents of a tag were changed, and the first 20 of them."""

    count: int
    documents: tuple[Document, ...]


async def found_document(act: Act, document_id: str, project: str | None, *, field: str) -> Document:
    """Return a document by its whole id.

    Raises:
        NotFound: there is none where the caller may look, or it is in another project than the one named.
    """
    where = readable(act, project) if project else None
    found = await act.store.get(Document, document_id) if len(document_id) <= MAX_NAME else None
    if found is None or (where is not None and found.project != where):
        place = f" in {where!r}" if where else ""
        raise NotFound(
            f"there is no document {document_id[:80]!r}{place}",
            field=field,
            hint="Pass the whole id, as memory_query or memory_store returned it.",
        )
    return found


async def change_document_status(
    act: Act,
    *,
    document_id: str,
    status: DocumentStatus,
    superseded_by: str | None = None,
    reason: str | None = None,
    project: str | None = None,
) -> DocumentStatusChange:
    """Say whether a document still holds; any agent of its project may.

    Raises:
        NotFound: there is no such document where the caller may look.
        BadInput: what it is superseded by is not there, or goes with another status.
        Forbidden: the key does not include the document's project.
    """
    why = line("reason", reason, max_bytes=MAX_LINE)
    if superseded_by and status is not DocumentStatus.SUPERSEDED:
        raise BadInput("superseded_by", "goes with the status superseded only")
    if superseded_by == document_id:
        raise BadInput("superseded_by", "must be another document")

    async def decision(now: datetime) -> Decision[DocumentStatusChange]:
        found = await found_document(act, document_id, project, field="document_id")
        if superseded_by:
            await _require_successor(act, found, superseded_by)
        old = DocumentStatus(found.status)
        made = replace(
            found,
            status=status.value,
            status_reason=why,
            status_at=now,
            previous_status="",
            superseded_by=superseded_by or "",
            updated_at=found.updated_at,
        )
        made = replace(made, expires_at=_expiry(made, now))
        detail = f"{old} -> {status}" + (f": {why}" if why else "")
        kept = audit.entry(act, now, "document.status_changed", made.project, made.id, detail)
        told = {"old_status": old.value, "superseded_by": made.superseded_by, "reason": why}
        event = event_of(made, "status_changed", **told)
        return Decision(DocumentStatusChange(made, old), Changes(puts=(made, kept), events=(event,)))

    return await act.decide(decision, turn=f"document:{document_id[:MAX_NAME]}")


async def _require_successor(act: Act, found: Document, document_id: str) -> None:
    successor = await act.store.get(Document, document_id) if len(document_id) <= MAX_NAME else None
    if successor is None:
        raise BadInput("superseded_by", f"there is no document {document_id[:80]!r}", hint="Store it first.")
    if successor.superseded_by == found.id:
        raise BadInput("superseded_by", "is itself superseded by this document")


def _expiry(made: Document, now: datetime) -> datetime:
    """Return when it expires now: what is brought back to life past its time gets a new span."""
    if made.status == DocumentStatus.EXPIRED:
        return min(made.expires_at, now)
    if made.status == DocumentStatus.ACTIVE and made.expires_at <= now:
        return expiry(made.type, None, now)
    return made.expires_at


async def archive_documents_by_tag(
    act: Act, *, tag: str, reason: str | None = None, project: str | None = None
) -> TagChange:
    """Archive all documents of a tag; `restore_documents_by_tag` brings each back as it was.

    `project` `all` means every project of the key. Up to 200 documents a commit.

    Raises:
        Forbidden: the key does not include the project.
    """
    why = line("reason", reason, max_bytes=MAX_LINE)

    def archived(found: Document, now: datetime) -> Document | None:
        if found.status == DocumentStatus.ARCHIVED:
            return None
        return replace(
            found,
            status=DocumentStatus.ARCHIVED.value,
            previous_status=found.status,
            status_reason=why,
            status_at=now,
        )

    return await _each_of_tag(act, tag, project, "archived", archived, why)


async def restore_documents_by_tag(act: Act, *, tag: str, project: str | None = None) -> TagChange:
    """Give the documents that were archived by tag the status they had before.

    Raises:
        Forbidden: the key does not include the project.
    """

    def restored(found: Document, now: datetime) -> Document | None:
        if found.status != DocumentStatus.ARCHIVED or not found.previous_status:
            return None
        return replace(
            found, status=found.previous_status, previous_status="", status_reason="", status_at=now
        )

    return await _each_of_tag(act, tag, project, "restored", restored, "")


class _Changing(Protocol):
    def __call__(self, found: Document, now: datetime) -> Document | None: ...


async def _each_of_tag(
    act: Act, tag: str, project: str | None, verb: str, change: _Changing, why: str
) -> TagChange:
    """Change the documents of a tag in batches, each read by the tag's index and committed by itself."""
    label = line("tag", tag, required=True, max_bytes=MAX_NAME * 2)
    where: Where = {"tag": label}
    if (project or "").strip().lower() != ALL:
        where = {**where, "project": act.project(project)}
    elif act.caller.projects is not None:
        where = {**where, "project": In(tuple(sorted(act.caller.projects)))}
    earlier = await act.decide(_nothing) if act.repeat is not None else None
    if earlier is not None:
        return earlier
    count, shown = 0, list[Document]()
    after: str | None = None
    while True:
        page = await act.store.find(DocumentTag, where, order=(By("created_at"),), limit=_BATCH, after=after)
        ids = tuple(record.document_id for record in page.records)
        changed = await _batch(act, ids, label, verb, change, why) if ids else ()
        count += len(changed)
        shown += changed[: MAX_SHOWN - len(shown)]
        after = page.after
        if after is None:
            break

    async def decision(now: datetime) -> Decision[TagChange]:
        return Decision(TagChange(count, tuple(shown)))

    return await act.decide(decision)


async def _nothing(now: datetime) -> Decision[TagChange | None]:
    """Decide nothing: of a repeat the first answer comes back."""
    return Decision(None)


async def _batch(
    act: Act, ids: tuple[str, ...], tag: str, verb: str, change: _Changing, why: str
) -> tuple[Document, ...]:
    async def decision(now: datetime) -> Decision[tuple[Document, ...]]:
        found = await act.store.get_many(Document, ids)
        made = tuple(new for one in ids if one in found if (new := change(found[one], now)) is not None)
        kept = tuple(
            audit.entry(act, now, f"document.{verb}", name, tag, f"{number} documents")
            for name, number in Counter(one.project for one in made).items()
        )
        return Decision(made, Changes(puts=(*made, *kept), events=_told(made, tag, verb, why)))

    return await act.decide(decision, is_final=False)


def _told(changed: Sequence[Document], tag: str, verb: str, why: str) -> tuple[NewEvent, ...]:
    by_project: dict[str, list[Document]] = {}
    for one in changed:
        by_project.setdefault(one.project, []).append(one)
    return tuple(
        NewEvent(
            project=project,
            kind=f"document.{verb}",
            subject=tag,
            data={"tag": tag, "ids": [one.id for one in documents], "reason": why},
        )
        for project, documents in by_project.items()
    )
